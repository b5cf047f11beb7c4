/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A node is a next hop that serves requests: address, port and transport. What seldom changes is part of the
 * snapshot; what changes often is one atomic word that outlives the snapshots which point to it.
 */
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include "base/addr.h"
#include "base/ensure.h"
#include "limits.h"

#include <stdbool.h>
#include <stdint.h>

enum node_health { NODE_UNKNOWN = 0, NODE_UP = 1, NODE_SUSPECT = 2, NODE_DOWN = 3 };
enum node_admin { NODE_READY = 0, NODE_DRAIN = 1, NODE_MAINT = 2 };

enum node_word_bits {
	NODE_WORD_HEALTH_MASK = 0x3,
	NODE_WORD_ADMIN_SHIFT = 2,
	NODE_WORD_ADMIN_MASK = 0xc,
	NODE_WORD_BUSY = 0x10, /* answered 503 to a probe: not for new work (Retry-After, capped) */
	NODE_WORD_HELD = 0x20, /* came back: waits for the hold time or for the operator (R-LB-3) */
};

/* Writer: control (release). Readers: workers (relaxed: the word stands alone). One cache line each. */
struct node_live {
	_Alignas(64) uint32_t word;
};

struct node_probe_settings {
	uint32_t interval_ms;
	uint32_t timeout_ms;
	uint16_t fall; /* failures in a row until down */
	uint16_t rise; /* successes in a row until up */
};

struct node {
	uint32_t id;   /* stable hash of address, port, transport: what cookies carry */
	uint16_t slot; /* index in the table and in per-worker statistics, stable while the node exists */
	uint8_t transport;
	struct endpoint remote;
	struct ip_addr local; /* our source address toward it, chosen when the snapshot is built */
	struct node_probe_settings probe;
	struct node_live
		*live; /* owner: control; freed a grace period after the last snapshot that names it */
	char name[NODE_NAME_MAX];
};

enum { NODE_INDEX_SIZE = 2 * NODES_MAX }; /* at most half full, so probing ends soon */

/*
 * Slots without a node are NULL. Part of a snapshot: immutable once it is published. The nodes belong to
 * whoever fills the table. The indexes are open-addressing tables of slot + 1, 0 is empty.
 */
struct node_table {
	uint16_t slot_count; /* slots in use are below this */
	struct node *slots[NODES_MAX];
	uint16_t by_id[NODE_INDEX_SIZE];
	uint16_t by_endpoint[NODE_INDEX_SIZE];
	uint16_t by_ip[NODE_INDEX_SIZE];
};

/* Never 0, and the same in every process and instance: cookies carry it. */
uint32_t node_id(const struct endpoint *remote, enum transport transport);

void node_table_init(struct node_table *table);

/*
 * Adds a node at node->slot. Returns 0, -EINVAL (no such slot, or node->id is not that of its endpoint),
 * or -EEXIST: the slot is taken, or another node has the same id.
 */
must_use int node_table_add(struct node_table *table, struct node *node);

/* NULL when the slot is empty or out of range. */
static inline const struct node *node_by_slot(const struct node_table *table, unsigned slot)
{
	return slot < table->slot_count ? table->slots[slot] : NULL;
}

/* By identity, for cookies: NULL when no such node is configured any more. O(1). */
const struct node *node_by_id(const struct node_table *table, uint32_t id);
/* By source address, to know whether a request comes from a node: the one of the lowest slot. O(1). */
const struct node *node_by_endpoint(const struct node_table *table, const struct endpoint *remote);
/* The node of the lowest slot with that address, whatever its port; NULL when none. O(1). */
const struct node *node_by_ip(const struct node_table *table, const struct ip_addr *ip);

static inline uint32_t node_word(const struct node *node)
{
	return __atomic_load_n(&node->live->word, __ATOMIC_RELAXED);
}

static inline uint32_t node_word_make(enum node_health health, enum node_admin admin, uint32_t flags)
{
	return (uint32_t)health | ((uint32_t)admin << NODE_WORD_ADMIN_SHIFT) | flags;
}

static inline enum node_health node_word_health(uint32_t word)
{
	return (enum node_health)(word & NODE_WORD_HEALTH_MASK);
}

static inline enum node_admin node_word_admin(uint32_t word)
{
	return (enum node_admin)((word & NODE_WORD_ADMIN_MASK) >> NODE_WORD_ADMIN_SHIFT);
}

const char *node_health_name(enum node_health health);
const char *node_admin_name(enum node_admin admin);

#endif
