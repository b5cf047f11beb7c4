/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When requests went out, to know how long their first response took: a small direct-mapped table, because a
 * sample lost to a collision costs nothing and the proxy itself keeps no state. One worker's own.
 */
#ifndef LATENCY_H
#define LATENCY_H

#include "limits.h"

#include <stdbool.h>
#include <stdint.h>

struct latency_entry {
	uint64_t key; /* proxy_out.request_key; 0: free */
	uint64_t sent_ns;
	uint32_t node_id;
};

struct latency {
	struct latency_entry entries[LATENCY_ENTRIES];
};

/* A request went to a node. A retransmission to the same node keeps the first time: that is what a user
 * waits. */
static inline void latency_begin(struct latency *latency, uint64_t key, uint32_t node_id, uint64_t now_ns)
{
	struct latency_entry *entry = &latency->entries[key % LATENCY_ENTRIES];

	if (entry->key == key && entry->node_id == node_id)
		return;
	*entry = (struct latency_entry){.key = key, .sent_ns = now_ns, .node_id = node_id};
}

/* A response came from a node. True for the first one to a request that is still known. */
static inline bool latency_end(
	struct latency *latency, uint64_t key, uint32_t node_id, uint64_t now_ns, uint64_t *ret_ns)
{
	struct latency_entry *entry = &latency->entries[key % LATENCY_ENTRIES];

	if (entry->key != key || entry->node_id != node_id || key == 0)
		return false;
	*ret_ns = now_ns - entry->sent_ns;
	entry->key = 0;
	return true;
}

#endif
