/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Called for each request on a transaction listener. Removing moves later entries of the run back (Knuth,
 * vol. 3, 6.4, algorithm R), so there are no tombstones to clean.
 */
#include "proxy/txn_table.h"

uint64_t txn_table_slots(uint32_t entries_max)
{
	uint64_t slots = 16;

	while (slots < 2 * (uint64_t)entries_max)
		slots *= 2;
	return slots;
}

void txn_table_init(struct txn_table *table, struct txn_slot *slots, uint64_t slot_count)
{
	ensure(slot_count > 0 && (slot_count & (slot_count - 1)) == 0);
	*table = (struct txn_table){.slots = slots, .mask = slot_count - 1};
}

/* The slot that holds the key, or the empty one where its run ends. */
static uint64_t slot_of(const struct txn_table *table, uint64_t key)
{
	uint64_t i = key & table->mask;

	while (table->slots[i].used && table->slots[i].key != key)
		i = (i + 1) & table->mask;
	return i;
}

uint32_t txn_table_find(const struct txn_table *table, uint64_t key)
{
	const struct txn_slot *slot = &table->slots[slot_of(table, key)];

	return slot->used ? slot->value : TXN_TABLE_NONE;
}

void txn_table_add(struct txn_table *table, uint64_t key, uint32_t value)
{
	struct txn_slot *slot = &table->slots[slot_of(table, key)];

	ensure(!slot->used && table->used <= table->mask / 2);
	*slot = (struct txn_slot){.key = key, .value = value, .used = 1};
	table->used++;
}

void txn_table_remove(struct txn_table *table, uint64_t key)
{
	uint64_t hole = slot_of(table, key);

	ensure(table->slots[hole].used);
	for (uint64_t i = (hole + 1) & table->mask; table->slots[i].used; i = (i + 1) & table->mask) {
		uint64_t home = table->slots[i].key & table->mask;

		/* It may move only to a place not before its own. */
		if (((i - home) & table->mask) >= ((i - hole) & table->mask)) {
			table->slots[hole] = table->slots[i];
			hole = i;
		}
	}
	table->slots[hole].used = 0;
	table->used--;
}
