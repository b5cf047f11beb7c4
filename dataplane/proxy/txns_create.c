/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of a worker's transactions: taken here, on control's thread, and none later. Pages that no
 * transaction has used were never touched, so a large limit costs address space and no memory.
 */
#include "proxy/transactions.h"
#include "proxy/txn_stages_priv.h"

#include <errno.h>
#include <stdlib.h>

/* More than one client transaction for each server transaction: failovers and CANCELs. */
static uint32_t clients_for(uint32_t transactions_max)
{
	return transactions_max + transactions_max / 4 + 4;
}

static int texts_create(struct text_store *store, const struct txns_config *config)
{
	uint32_t counts[TEXT_CLASSES];
	uint32_t *next;
	void *memory;

	text_store_counts(config->transactions_max, counts);
	if (config->text_counts[0] != 0)
		memcpy(counts, config->text_counts, sizeof(counts));
	memory = calloc(1, text_store_bytes(counts));
	next = calloc(text_store_blocks(counts), sizeof(*next));
	if (!memory || !next) {
		free(memory);
		free(next);
		return -ENOMEM;
	}
	text_store_init(store, memory, next, counts);
	return 0;
}

static int table_create(struct txn_table *table, uint32_t transactions_max)
{
	uint64_t slot_count = txn_table_slots(transactions_max);
	struct txn_slot *slots = calloc(slot_count, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	txn_table_init(table, slots, slot_count);
	return 0;
}

static int stores_create(struct txns *txns, const struct txns_config *config)
{
	int ret = pool_create(&txns->servers, sizeof(struct server_txn), config->transactions_max);

	if (ret == 0)
		ret = pool_create(
			&txns->clients, sizeof(struct client_txn), clients_for(config->transactions_max));
	if (ret == 0)
		ret = table_create(&txns->table, config->transactions_max);
	if (ret == 0)
		ret = texts_create(&txns->texts, config);
	return ret;
}

int txns_create(struct proxy *proxy, const struct txns_config *config, struct txns **ret_txns)
{
	struct txns *txns;
	int ret;

	*ret_txns = NULL;
	if (config->transactions_max == 0)
		return 0;
	txns = calloc(1, sizeof(*txns));
	if (!txns)
		return -ENOMEM;
	ret = stores_create(txns, config);
	if (ret != 0) {
		txns_destroy(txns);
		return ret;
	}
	txns->proxy = proxy;
	lightmac_key_init(&txns->key, &config->key);
	txns->first_generation = (uint32_t)hash_mix(config->key.k0) & 0xffffff;
	timer_wheel_init(&txns->wheel, config->now_ns);
	retry_budget_init(&txns->retries, config->now_ns);
	pending_init(txns);
	*ret_txns = txns;
	return 0;
}

void txns_destroy(struct txns *txns)
{
	if (!txns)
		return;
	pool_destroy(&txns->servers);
	pool_destroy(&txns->clients);
	free(txns->table.slots);
	/* The first class begins where the memory and the list of all of them do. */
	pool_destroy(&txns->texts.pools[0]);
	free(txns);
}
