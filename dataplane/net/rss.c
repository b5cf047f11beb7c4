/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forecast of rss.h. Some hundred cycles: for opening connections, not for each packet. */
#include "net/rss.h"

#include "base/ensure.h"

#include <rte_byteorder.h>
#include <rte_thash.h>

#include <string.h>

enum { TUPLE_WORDS_MAX = 9 };

static_assert(RSS_KEY_MIN == (TUPLE_WORDS_MAX + 1) * 4, "the hash reads one word beyond the tuple's last");

/* Addresses and ports as they stand in the segment: source first. Returns how many words. */
static uint32_t tuple_of(const struct endpoint *local, const struct endpoint *remote, uint32_t *words)
{
	uint32_t each = local->ip.family == IP_V4 ? 1 : 4;

	memcpy(words, remote->ip.bytes, each * sizeof(*words));
	memcpy(words + each, local->ip.bytes, each * sizeof(*words));
	for (uint32_t i = 0; i < 2 * each; i++)
		words[i] = rte_be_to_cpu_32(words[i]);
	words[2 * each] = (uint32_t)remote->port << 16 | local->port;
	return 2 * each + 1;
}

uint16_t net_rss_queue(const struct net_rss *rss, const struct endpoint *local, const struct endpoint *remote)
{
	uint32_t words[TUPLE_WORDS_MAX];
	uint32_t key[RSS_KEY_MAX / 4];
	uint32_t count = tuple_of(local, remote, words);

	ensure(rss->reta_size > 0 && rss->reta_size <= RSS_RETA_MAX);
	ensure((rss->reta_size & (rss->reta_size - 1)) == 0);
	memcpy(key, rss->key, sizeof(key));
	rte_convert_rss_key(key, key, sizeof(key));
	return rss->reta[rte_softrss_be(words, count, (const uint8_t *)key) & (rss->reta_size - 1U)];
}
