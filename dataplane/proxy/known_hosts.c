/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Called by target.c when a host was looked up anew. */
#include "proxy/known_hosts.h"

static_assert(KNOWN_HOSTS == 1 << 8, "places are the highest eight bits of a hash, or masked");
static_assert(sizeof(struct known_host) == KNOWN_HOST_BYTES, "two cache lines");
static_assert(KNOWN_HOST_MAX <= UINT8_MAX, "lengths are bytes");

void known_host_learn(struct known_hosts *hosts, const struct snapshot *snap, struct span host,
	const struct route_result *result, bool served)
{
	struct known_host *known;

	if (result->host != ROUTE_HOST_DOMAIN || result->count > KNOWN_PATTERNS_MAX || host.len == 0 ||
		host.len > KNOWN_HOST_MAX)
		return;
	known = known_host_place(hosts, host);
	known->serial = snap->serial;
	known->host_len = (uint8_t)host.len;
	known->pattern_count = (uint8_t)result->count;
	known->served = served;
	memcpy(known->host, host.p, host.len);
	for (unsigned i = 0; i < result->count; i++)
		known->patterns[i] = result->patterns[i];
}
