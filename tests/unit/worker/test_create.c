/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of a whole worker, from whatever heap: all of it or none. */
#include "rcu.h"
#include "snapshot.h"
#include "support/eal.h"
#include "support/failing_heap.h"
#include "support/small_tcp.h"
#include "wire.h"
#include "worker/worker.h"

#include <rte_ip_frag.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring_elem.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct rte_mempool *pool;
static struct snapshot snap = {.generation = 1};
static struct rcu *rcu;

/* The linker brings the calls of the code under test here (--wrap); the C library's go to failing_libc.c. */
void *__real_rte_zmalloc_socket(const char *type, size_t size, unsigned align, int socket);
void *__wrap_rte_zmalloc_socket(const char *type, size_t size, unsigned align, int socket);
void *__real_rte_calloc_socket(const char *type, size_t count, size_t size, unsigned align, int socket);
void *__wrap_rte_calloc_socket(const char *type, size_t count, size_t size, unsigned align, int socket);
void *__real_rte_malloc_socket(const char *type, size_t size, unsigned align, int socket);
void *__wrap_rte_malloc_socket(const char *type, size_t size, unsigned align, int socket);
void __real_rte_free(void *memory);
void __wrap_rte_free(void *memory);
struct rte_ring *__real_rte_ring_create_elem(
	const char *name, unsigned bytes, unsigned count, int socket, unsigned flags);
struct rte_ring *__wrap_rte_ring_create_elem(
	const char *name, unsigned bytes, unsigned count, int socket, unsigned flags);
void __real_rte_ring_free(struct rte_ring *ring);
void __wrap_rte_ring_free(struct rte_ring *ring);
struct rte_ip_frag_tbl *__real_rte_ip_frag_table_create(
	uint32_t buckets, uint32_t entries, uint32_t max, uint64_t cycles, int socket);
struct rte_ip_frag_tbl *__wrap_rte_ip_frag_table_create(
	uint32_t buckets, uint32_t entries, uint32_t max, uint64_t cycles, int socket);
void __real_rte_ip_frag_table_destroy(struct rte_ip_frag_tbl *table);
void __wrap_rte_ip_frag_table_destroy(struct rte_ip_frag_tbl *table);

void *__wrap_rte_zmalloc_socket(const char *type, size_t size, unsigned align, int socket)
{
	return failing_heap_gives() ? __real_rte_zmalloc_socket(type, size, align, socket) : NULL;
}

void *__wrap_rte_calloc_socket(const char *type, size_t count, size_t size, unsigned align, int socket)
{
	return failing_heap_gives() ? __real_rte_calloc_socket(type, count, size, align, socket) : NULL;
}

void *__wrap_rte_malloc_socket(const char *type, size_t size, unsigned align, int socket)
{
	return failing_heap_gives() ? __real_rte_malloc_socket(type, size, align, socket) : NULL;
}

void __wrap_rte_free(void *memory)
{
	failing_heap_given_back(memory);
	__real_rte_free(memory);
}

struct rte_ring *__wrap_rte_ring_create_elem(
	const char *name, unsigned bytes, unsigned count, int socket, unsigned flags)
{
	return failing_heap_gives() ? __real_rte_ring_create_elem(name, bytes, count, socket, flags) : NULL;
}

void __wrap_rte_ring_free(struct rte_ring *ring)
{
	failing_heap_given_back(ring);
	__real_rte_ring_free(ring);
}

struct rte_ip_frag_tbl *__wrap_rte_ip_frag_table_create(
	uint32_t buckets, uint32_t entries, uint32_t max, uint64_t cycles, int socket)
{
	return failing_heap_gives() ? __real_rte_ip_frag_table_create(buckets, entries, max, cycles, socket)
				    : NULL;
}

void __wrap_rte_ip_frag_table_destroy(struct rte_ip_frag_tbl *table)
{
	failing_heap_given_back(table);
	__real_rte_ip_frag_table_destroy(table);
}

static uint16_t nothing_comes(void *ctx, struct rte_mbuf **mbufs, uint16_t max)
{
	(void)ctx;
	(void)mbufs;
	(void)max;
	return 0;
}

static uint16_t all_leaves(void *ctx, struct rte_mbuf **mbufs, uint16_t count)
{
	(void)ctx;
	rte_pktmbuf_free_bulk(mbufs, count);
	return count;
}

static struct ip_prefix local(void)
{
	struct ip_prefix prefix = {.len = 24};

	assert_int_equal(ip_parse(span_str("192.0.2.1"), &prefix.addr), 0);
	return prefix;
}

static int create_and_destroy(void)
{
	static const struct wire wire = {
		.rx = nothing_comes, .tx = all_leaves, .mtu = 1500, .mac = {2, 0, 0, 0, 0, 1}};
	struct worker_config config = {
		.count = 1,
		.port_count = 1,
		.ports[0] = {.own_queue = true,
			.net = {.wire = &wire, .local[0] = local(), .local_count = 1}},
		.pool = pool,
		.rcu = rcu,
		.transactions = {.transactions_max = 64},
		.tcp = small_tcp(),
		.seed = 1,
		.now_ns = 1,
	};
	struct worker *worker = NULL;
	int ret = worker_create(&config, &worker);

	if (ret != 0)
		assert_null(worker);
	worker_destroy(worker);
	/* It had announced itself. */
	assert_int_equal(rte_mempool_in_use_count(pool), 0);
	return ret;
}

/* The worker itself, and what its transactions, rings, network, TCP and connections take. */
static void test_each_allocation_of_the_start_may_fail(void **state)
{
	(void)state;
	failing_heap_each(create_and_destroy, 34);
}

static int setup(void **state)
{
	if (eal_setup(state) != 0)
		return -1;
	pool = eal_pool("create", 255, RTE_PKTMBUF_HEADROOM + 2048);
	return rcu_create(1, &snap, &rcu);
}

static int teardown(void **state)
{
	rcu_destroy(rcu);
	return eal_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation_of_the_start_may_fail),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
