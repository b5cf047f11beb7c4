/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who a segment belongs to: one open-addressing table over all entries of the worker, whatever their kind.
 * A slot is 8 bytes with the hash in it, so that a miss seldom touches an entry. The hash is keyed: a peer
 * chooses its address and port, and must not be able to choose where it lands. Removing moves later entries
 * of the run back (Knuth, vol. 3, 6.4, algorithm R), so there are no tombstones to clean.
 */
#include "tcp/tcp_priv.h"

static const uint32_t index_bits = 30;

static uint32_t hash_of(const struct tcp *tcp, const struct tcp_key *key)
{
	return (uint32_t)siphash(&tcp->config.secret, key, sizeof(*key));
}

static const struct pool *pool_of(const struct tcp *tcp, enum table_kind kind)
{
	ensure(kind != TABLE_NONE);
	return kind == TABLE_TCB ? &tcp->tcbs : kind == TABLE_HALF ? &tcp->halves : &tcp->waits;
}

static const struct tcp_key *key_in(enum table_kind kind, const void *object)
{
	return kind == TABLE_TCB ? &((const struct tcb *)object)->key : object;
}

/* The entry that a slot refers to. */
static void *entry_of(const struct tcp *tcp, struct table_slot slot, enum table_kind *ret_kind)
{
	*ret_kind = (enum table_kind)(slot.ref >> index_bits);
	return pool_at(pool_of(tcp, *ret_kind), slot.ref & ((1U << index_bits) - 1));
}

/* The slot that holds the key, or the empty one where its run ends. */
static uint32_t slot_find(const struct tcp *tcp, const struct tcp_key *key, uint32_t hash)
{
	const struct table *table = &tcp->table;
	uint32_t i = hash & table->mask;

	for (; table->slots[i].ref != 0; i = (i + 1) & table->mask) {
		enum table_kind kind;
		if (table->slots[i].hash != hash)
			continue;
		const void *entry = entry_of(tcp, table->slots[i], &kind);
		if (memcmp(key_in(kind, entry), key, sizeof(*key)) == 0)
			break;
	}
	return i;
}

void *table_find(const struct tcp *tcp, const struct tcp_key *key, enum table_kind *ret_kind)
{
	uint32_t i = slot_find(tcp, key, hash_of(tcp, key));

	*ret_kind = TABLE_NONE;
	return tcp->table.slots[i].ref ? entry_of(tcp, tcp->table.slots[i], ret_kind) : NULL;
}

void table_add(struct tcp *tcp, enum table_kind kind, void *object)
{
	struct table *table = &tcp->table;
	uint32_t hash = hash_of(tcp, key_in(kind, object));
	uint32_t i = slot_find(tcp, key_in(kind, object), hash);

	ensure(table->slots[i].ref == 0 && table->used <= table->mask / 2);
	table->slots[i] = (struct table_slot){
		.hash = hash,
		.ref = (uint32_t)kind << index_bits | pool_index(pool_of(tcp, kind), object),
	};
	table->used++;
}

void table_remove(struct tcp *tcp, const struct tcp_key *key)
{
	struct table *table = &tcp->table;
	uint32_t hole = slot_find(tcp, key, hash_of(tcp, key));

	ensure(table->slots[hole].ref != 0);
	for (uint32_t i = (hole + 1) & table->mask; table->slots[i].ref != 0; i = (i + 1) & table->mask) {
		uint32_t home = table->slots[i].hash & table->mask;
		/* It may move only to a place not before its own. */
		if (((i - home) & table->mask) >= ((i - hole) & table->mask)) {
			table->slots[hole] = table->slots[i];
			hole = i;
		}
	}
	table->slots[hole].ref = 0;
	table->used--;
}
