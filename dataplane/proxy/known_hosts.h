/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the hosts that requests asked for lately are to us: served or not, and which patterns cover them. Most
 * requests are for few hosts, and finding that out is most of what routing them costs. One worker's own, a
 * direct-mapped table. An answer counts for the snapshot that gave it alone: each has a serial of its own, so
 * nobody has to empty the table. The whole host is compared: whoever makes up hosts that share a place only
 * makes himself slow.
 */
#ifndef PROXY_KNOWN_HOSTS_H
#define PROXY_KNOWN_HOSTS_H

#include "base/span.h"
#include "policy/route.h"
#include "snapshot.h"

#include <stdbool.h>

enum {
	KNOWN_HOSTS = 256,      /* a power of two */
	KNOWN_PATTERNS_MAX = 3, /* hosts with more nested patterns are seldom, and matched each time */
	KNOWN_HOST_BYTES = 128,
	KNOWN_HOST_MAX = KNOWN_HOST_BYTES - KNOWN_PATTERNS_MAX * 8 - 8 - 3,
};

/* A name in the sense of RFC 3261 25.1, never an address. One that is not long lies in one cache line. */
struct known_host {
	uint64_t serial; /* of the snapshot */
	const struct route_pattern *patterns[KNOWN_PATTERNS_MAX];
	uint8_t host_len; /* 0: free */
	uint8_t pattern_count;
	bool served;               /* a presence domain, or all are */
	char host[KNOWN_HOST_MAX]; /* as it was asked: case and a trailing dot count here */
};

/* All zero is an empty one. */
struct known_hosts {
	struct known_host places[KNOWN_HOSTS];
};

/* Eight bytes at `i`, or the last eight. */
static inline uint64_t known_host_word(const char *host, size_t len, size_t i)
{
	uint64_t word;

	memcpy(&word, host + (i + sizeof(word) <= len ? i : len - sizeof(word)), sizeof(word));
	return word;
}

static inline bool known_host_equal(const struct known_host *known, struct span host)
{
	uint64_t differ = 0;

	if (known->host_len != host.len)
		return false;
	if (unlikely_true(host.len < sizeof(uint64_t)))
		return memcmp(known->host, host.p, host.len) == 0;
	for (size_t i = 0; i < host.len; i += sizeof(uint64_t))
		differ |= known_host_word(known->host, host.len, i) ^ known_host_word(host.p, host.len, i);
	return differ == 0;
}

/* Where an answer about the host is or would be. */
static inline struct known_host *known_host_place(struct known_hosts *hosts, struct span host)
{
	uint64_t hash = host.len;

	if (unlikely_true(host.len < sizeof(uint64_t)))
		return &hosts->places[siphash_rest(host.p, host.len) * 0x9e3779b97f4a7c15ULL >> 56];
	for (size_t i = 0; i < host.len; i += sizeof(uint64_t)) {
		hash = (hash ^ known_host_word(host.p, host.len, i)) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 32;
	}
	return &hosts->places[hash % KNOWN_HOSTS];
}

/* NULL when nothing is known. Valid until another host is learned. */
static inline const struct known_host *known_host_find(
	struct known_hosts *hosts, const struct snapshot *snap, struct span host)
{
	const struct known_host *known;

	if (unlikely_true(host.len == 0 || host.len > KNOWN_HOST_MAX))
		return NULL;
	known = known_host_place(hosts, host);
	return likely_true(known->serial == snap->serial && known_host_equal(known, host)) ? known : NULL;
}

/* Remembers what route_match() and domain_find() said, when it is worth it. */
void known_host_learn(struct known_hosts *hosts, const struct snapshot *snap, struct span host,
	const struct route_result *result, bool served);

#endif
