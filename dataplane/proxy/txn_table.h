/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds a server transaction by what matches a request to it (RFC 3261 17.2.3): an open-addressing table of
 * 64-bit keyed hashes. The hash stands for the fields: its key is secret, so nobody can make two requests
 * collide, and by chance one in 2^44 requests would meet a stranger's among a million.
 */
#ifndef PROXY_TXN_TABLE_H
#define PROXY_TXN_TABLE_H

#include "base/ensure.h"

#include <stddef.h>
#include <stdint.h>

#define TXN_TABLE_NONE UINT32_MAX

struct txn_slot {
	uint64_t key;
	uint32_t value;
	uint32_t used;
};

struct txn_table {
	struct txn_slot *slots; /* owner: the caller of txn_table_init */
	uint64_t mask;
	uint32_t used;
};

/* So many slots for so many entries: a power of two, at most half full, so that probing ends soon. */
uint64_t txn_table_slots(uint32_t entries_max);
/* The slots are the caller's, all zero. */
void txn_table_init(struct txn_table *table, struct txn_slot *slots, uint64_t slot_count);

/* The value, or TXN_TABLE_NONE. */
uint32_t txn_table_find(const struct txn_table *table, uint64_t key);
/* The key is not there yet, and the table is not full. */
void txn_table_add(struct txn_table *table, uint64_t key, uint32_t value);
/* The key is there. */
void txn_table_remove(struct txn_table *table, uint64_t key);

#endif
