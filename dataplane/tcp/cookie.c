/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SYN cookies (RFC 4987 3.6): when half-open entries run high, the SYN-ACK's own sequence number carries what
 * we would have to remember, authenticated, and no entry is made.
 *
 *   31    27 26  24 23                 0      The period says when it was made; two are good. The MSS is one
 *  | period | mss  | keyed hash         |     of eight. The hash covers both ends, the peer's number, period
 *                                             and mss.
 *
 * Window scale and SACK ride in the low bits of our timestamp, which the peer echoes. They are not
 * authenticated: a peer that lies about them harms its own connection only.
 */
#include "tcp/stages_priv.h"

enum { TS_BITS = 5, SHIFT_NONE = 15, MAC_MASK = 0xffffff };

/* What a peer named is rounded down, for it takes no more than that. */
static const uint16_t mss_table[8] = {
	TCP_MSS_MIN, TCP_MSS_DEFAULT, TCP_MSS_DEFAULT_V6, 1300, 1360, 1400, 1440, 1460};

static uint32_t period_of(const struct tcp *tcp)
{
	return (uint32_t)(tcp->now_ns / (TCP_COOKIE_PERIOD_S * TCP_S));
}

static uint32_t cookie_make(
	const struct tcp *tcp, const struct tcp_key *key, uint32_t irs, uint32_t period, uint32_t mss_index)
{
	const uint32_t covered[] = {irs, period, mss_index};
	struct siphash h;

	siphash_init(&h, &tcp->config.secret);
	siphash_add(&h, "c", 1);
	siphash_add(&h, key, sizeof(*key));
	siphash_add(&h, covered, sizeof(covered));
	return (period & 31) << 27 | mss_index << 24 | (uint32_t)(siphash_final(&h) & MAC_MASK);
}

static uint32_t mss_index_of(uint16_t mss)
{
	uint32_t index = 0;

	while (index < 7 && mss >= mss_table[index + 1])
		index++;
	return index;
}

/* The clock rounded down to a value whose low bits carry the options: never ahead of the clock. */
static uint32_t ts_with(uint32_t clock, const struct half *half)
{
	uint32_t bits = (half->flags & HALF_SHIFT ? half->shift : (uint32_t)SHIFT_NONE) << 1 |
			((half->flags & HALF_SACK) != 0);
	uint32_t ts = (clock & ~((1U << TS_BITS) - 1)) | bits;

	return seq_lt(clock, ts) ? ts - (1U << TS_BITS) : ts;
}

void cookie_answer(struct tcp *tcp, const struct segment *seg)
{
	struct half half = {.tcp = tcp};
	uint32_t clock = tcp_now_ms(tcp);

	half_learn(&half, seg);
	/* Without timestamps there is no place for them. */
	if (!(half.flags & HALF_TS))
		half.flags = 0;
	half.iss = cookie_make(tcp, &seg->key, seg->seq, period_of(tcp),
		mss_index_of(mss_of_peer(&seg->key, half.mss_peer)));
	half.ts_offset = ts_with(clock + isn_ts_offset(tcp, &seg->key), &half) - clock;
	tcp->cookie_until_ns = tcp->now_ns + 2 * TCP_COOKIE_PERIOD_S * TCP_S;
	tcp_count(tcp, STAT_tcp_cookies_sent);
	synack_send(tcp, &half);
}

/* The period a cookie was made in, if it is one. */
static bool cookie_right(const struct tcp *tcp, const struct segment *seg, uint32_t cookie)
{
	uint32_t age = (period_of(tcp) - (cookie >> 27)) & 31;
	uint32_t mss_index = cookie >> 24 & 7;

	return age <= 1 &&
	       cookie == cookie_make(tcp, &seg->key, seg->seq - 1, period_of(tcp) - age, mss_index);
}

bool cookie_input(struct tcp *tcp, const struct tcp_listener *listener, struct segment *seg)
{
	uint32_t cookie = seg->ack - 1;
	struct half half = {.tcp = tcp,
		.key = seg->key,
		.irs = seg->seq - 1,
		.iss = cookie,
		.wnd = seg->window,
		.tries = 1,
		.listener = (uint8_t)(listener - tcp->listeners),
		.listener_life = listener->life};

	/* As long as none was sent, a guess has nothing to hit. */
	if (tcp->now_ns > tcp->cookie_until_ns)
		return false;
	if (!cookie_right(tcp, seg, cookie)) {
		tcp_count(tcp, STAT_tcp_cookies_wrong);
		return false;
	}
	half.mss_peer = mss_table[cookie >> 24 & 7];
	half.ts_offset = isn_ts_offset(tcp, &seg->key);
	if (seg->options.has_ts) {
		uint32_t bits = seg->options.tsecr & ((1U << TS_BITS) - 1);
		half.ts_recent = seg->options.tsval;
		half.shift = (uint8_t)(bits >> 1);
		half.flags =
			HALF_TS | (bits & 1 ? HALF_SACK : 0) | (half.shift != SHIFT_NONE ? HALF_SHIFT : 0);
	}
	tcp_count(tcp, STAT_tcp_cookies_right);
	(void)half_accept(tcp, &half, seg);
	return true;
}
