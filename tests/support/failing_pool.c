/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store below DPDK's pool: a stack of free objects that refuses the request it was told to refuse. */
#include "support/failing_pool.h"

#include "base/ensure.h"

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A stack of the objects that are free. */
struct store {
	unsigned count;
	void *objects[];
};

static uint64_t requests;
static uint64_t fails_at;

static int store_alloc(struct rte_mempool *pool)
{
	struct store *store = calloc(1, sizeof(*store) + pool->size * sizeof(store->objects[0]));

	pool->pool_data = store;
	return store ? 0 : -ENOMEM;
}

static void store_free(struct rte_mempool *pool)
{
	free(pool->pool_data);
}

static int store_put(struct rte_mempool *pool, void *const *objects, unsigned count)
{
	struct store *store = pool->pool_data;

	ensure(store->count + count <= pool->size);
	memcpy(&store->objects[store->count], objects, count * sizeof(objects[0]));
	store->count += count;
	return 0;
}

static int store_get(struct rte_mempool *pool, void **objects, unsigned count)
{
	struct store *store = pool->pool_data;

	if (++requests == fails_at || store->count < count)
		return -ENOBUFS;
	store->count -= count;
	memcpy(objects, &store->objects[store->count], count * sizeof(objects[0]));
	return 0;
}

static unsigned store_count(const struct rte_mempool *pool)
{
	const struct store *store = pool->pool_data;

	return store->count;
}

static const struct rte_mempool_ops store_ops = {
	.name = "failing",
	.alloc = store_alloc,
	.free = store_free,
	.enqueue = store_put,
	.dequeue = store_get,
	.get_count = store_count,
};

struct rte_mempool *failing_pool_create(const char *name, unsigned count, uint16_t data_room)
{
	static int registered = -1;
	struct rte_mempool *pool;

	if (registered < 0)
		registered = rte_mempool_register_ops(&store_ops);
	ensure(registered >= 0);
	pool = rte_pktmbuf_pool_create_by_ops(name, count, 0, 0, data_room, SOCKET_ID_ANY, store_ops.name);

	ensure(pool != NULL);
	return pool;
}

void failing_pool_arm(uint64_t nth)
{
	requests = 0;
	fails_at = nth;
}

uint64_t failing_pool_requests(void)
{
	return requests;
}
