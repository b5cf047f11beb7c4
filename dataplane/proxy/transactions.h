/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many transactions a worker can hold, and how many it does. The memory is taken at start; what is not
 * used is never touched.
 */
#ifndef PROXY_TRANSACTIONS_H
#define PROXY_TRANSACTIONS_H

#include "base/ensure.h"
#include "base/hash.h"
#include "proxy/text_store.h"

#include <stdint.h>

struct proxy;
struct txns;

struct txns_config {
	uint32_t transactions_max;          /* of one worker; 0: none, every listener is stateless */
	uint32_t text_counts[TEXT_CLASSES]; /* all 0: as many as text_store_counts() says */
	struct hash_key key;                /* random, of this worker */
	uint64_t now_ns;
};

/* Returns 0 or -ENOMEM; *ret_txns is NULL when none are wanted. */
must_use int txns_create(struct proxy *proxy, const struct txns_config *config, struct txns **ret_txns);
void txns_destroy(struct txns *txns); /* NULL is fine */

/* How full the stores are, and how many machines are in each state. */
struct txns_level {
	const char *name;
	uint64_t used;
	uint64_t size; /* 0: it has none of its own */
	uint64_t exhausted;
};

enum { TXNS_LEVELS_MAX = 2 + TEXT_CLASSES + 14 };

/* Any thread, relaxed. Returns how many rows. */
unsigned txns_levels(const struct txns *txns, struct txns_level ret_levels[static TXNS_LEVELS_MAX]);

#endif
