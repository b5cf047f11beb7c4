/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where numbers begin. Sequence numbers: a 4 us clock plus a keyed function of the connection's two ends
 * (RFC 6528 3). Timestamps: a millisecond clock plus another such function, so that neither our uptime nor
 * another connection's clock can be read from them, and a cookie needs no memory of it (RFC 7323 7.1).
 */
#include "tcp/stages_priv.h"

static uint64_t keyed(const struct tcp *tcp, const struct tcp_key *key, char purpose)
{
	struct siphash h;

	siphash_init(&h, &tcp->config.secret);
	siphash_add(&h, &purpose, 1);
	siphash_add(&h, key, sizeof(*key));
	return siphash_final(&h);
}

uint32_t isn_choose(const struct tcp *tcp, const struct tcp_key *key)
{
	return (uint32_t)(tcp->now_ns / 4000) + (uint32_t)keyed(tcp, key, 'i');
}

uint32_t isn_ts_offset(const struct tcp *tcp, const struct tcp_key *key)
{
	return (uint32_t)keyed(tcp, key, 't');
}
