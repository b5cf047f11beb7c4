/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each pool driven to empty, and each allocation failed in turn. In the end every byte that was promised has
 * arrived, whoever was refused could try again, and everything is as it was at the beginning.
 */
#include "fixture.h"
#include "pair.h"

#include "support/eal.h"
#include "support/failing_heap.h"
#include "support/failing_pool.h"

#include <rte_malloc.h>
#include <rte_mempool.h>

#include <errno.h>

enum { MBUFS = 2047, BYTES = 20000, CROWD = 24 };

#define HOUR_NS 3600000000000ULL

static struct pair pair;
static struct rte_mempool *pool;

/* The linker brings the stack's calls for memory here: see meson.build. */
void *__real_rte_zmalloc_socket(const char *type, size_t size, unsigned align, int socket);
void *__wrap_rte_zmalloc_socket(const char *type, size_t size, unsigned align, int socket);
void *__real_rte_malloc_socket(const char *type, size_t size, unsigned align, int socket);
void *__wrap_rte_malloc_socket(const char *type, size_t size, unsigned align, int socket);
void __real_rte_free(void *memory);
void __wrap_rte_free(void *memory);

void *__wrap_rte_zmalloc_socket(const char *type, size_t size, unsigned align, int socket)
{
	return failing_heap_gives() ? __real_rte_zmalloc_socket(type, size, align, socket) : NULL;
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

static int setup(void **state)
{
	(void)state;
	assert_int_equal(eal_start(), 0);
	if (!pool)
		pool = failing_pool_create("exhaustion", MBUFS, 2176);
	failing_pool_arm(0);
	pair_prepare(&pair, pool);
	return 0;
}

/* After hours all timers have run out. */
static int teardown(void **state)
{
	(void)state;
	failing_pool_arm(0);
	pair_run(&pair, 2 * HOUR_NS);
	assert_true(pair_is_empty(&pair));
	pair_stop(&pair);
	assert_int_equal(rte_mempool_avail_count(pool), MBUFS);
	return 0;
}

static int pool_free(void **state)
{
	(void)state;
	rte_mempool_free(pool);
	return 0;
}

static int create_and_destroy(void)
{
	const struct ip_addr source = {.family = IP_V4, .bytes = {192, 0, 2, 1}};
	struct tcp *tcp;
	int ret = tcp_create(&pair.configs[0], pair.now_ns, &tcp);

	if (ret != 0)
		return ret;
	ret = tcp_add_source(tcp, &source);
	tcp_destroy(tcp);
	return ret;
}

static void test_each_allocation_of_the_start_may_fail(void **state)
{
	(void)state;
	failing_heap_each(create_and_destroy, 11);
	pair_start(&pair);
}

/* One connection, there and back, with its ends: how many packet buffers were asked for. */
static uint64_t carry(uint64_t fail_at)
{
	pair_prepare(&pair, pool);
	pair_start(&pair);
	failing_pool_arm(fail_at);
	assert_int_equal(pair_open(&pair, BYTES), 0);
	pair_run(&pair, HOUR_NS);
	assert_int_equal(pair_served(&pair), 1);
	assert_true(pair_is_empty(&pair));
	return failing_pool_requests();
}

static void test_each_packet_buffer_may_be_missing_once(void **state)
{
	uint64_t all;

	(void)state;
	all = carry(0);
	assert_true(all > 60);
	for (uint64_t nth = 1; nth <= all; nth++) {
		pair_stop(&pair);
		assert_int_equal(rte_mempool_avail_count(pool), MBUFS);
		(void)carry(nth);
	}
}

static unsigned open_crowd(void)
{
	unsigned begun = 0;

	for (unsigned i = 0; i < CROWD; i++)
		begun += pair_open(&pair, BYTES) == 0;
	return begun;
}

static void test_with_few_connections_the_rest_is_refused_and_may_come_later(void **state)
{
	(void)state;
	pair.configs[0].connections_max = 5;
	pair_start(&pair);
	assert_int_equal(open_crowd(), 5);
	assert_int_equal(pair_count(&pair, STAT_tcp_no_tcb), CROWD - 5);
	pair_run(&pair, HOUR_NS);
	assert_int_equal(pair_served(&pair), 5);
	assert_int_equal(pair_open(&pair, BYTES), 0);
	pair_run(&pair, HOUR_NS);
	assert_int_equal(pair_served(&pair), 6);
}

static void test_with_few_connections_to_accept_the_rest_waits_half_open(void **state)
{
	(void)state;
	pair.configs[1].connections_max = 5;
	pair_start(&pair);
	assert_int_equal(open_crowd(), CROWD);
	pair_run(&pair, HOUR_NS);
	assert_true(pair_count(&pair, STAT_tcp_no_tcb) > 0);
	assert_true(pair_served(&pair) >= 5);
}

static void test_with_few_half_open_entries_cookies_serve_all(void **state)
{
	(void)state;
	pair.configs[1].half_open_max = 4;
	pair_start(&pair);
	assert_int_equal(open_crowd(), CROWD);
	pair_run(&pair, HOUR_NS);
	assert_int_equal(pair_count(&pair, STAT_tcp_cookies_right), CROWD - 3);
	assert_int_equal(pair_served(&pair), CROWD);
}

static void test_with_few_time_wait_entries_the_oldest_make_room(void **state)
{
	(void)state;
	pair.configs[0].time_wait_max = 3;
	pair_start(&pair);
	assert_int_equal(open_crowd(), CROWD);
	pair_run(&pair, 30000000000ULL);
	assert_int_equal(pair_served(&pair), CROWD);
	assert_int_equal(pair_count(&pair, STAT_tcp_time_wait_evicted), CROWD - 3);
}

static void test_with_few_ports_the_rest_is_refused_until_they_are_free(void **state)
{
	(void)state;
	pair.configs[0].port_last = pair.configs[0].port_first + 3;
	pair_start(&pair);
	assert_int_equal(open_crowd(), 4);
	assert_int_equal(pair_count(&pair, STAT_tcp_ports_exhausted), CROWD - 4);
	pair_run(&pair, HOUR_NS);
	assert_int_equal(pair_served(&pair), 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pair_open(&pair, BYTES), 0);
	pair_run(&pair, HOUR_NS);
	assert_int_equal(pair_served(&pair), 8);
}

/* A record for each segment under way, and none for what arrives beyond a gap: all arrives in order here. */
static void test_with_few_records_all_arrives(void **state)
{
	(void)state;
	pair.configs[0].pieces_max = pair.configs[1].pieces_max = 2;
	pair_start(&pair);
	assert_int_equal(open_crowd(), CROWD);
	pair_run(&pair, HOUR_NS);
	assert_int_equal(pair_served(&pair), CROWD);
}

static void test_with_a_small_quota_all_arrives(void **state)
{
	(void)state;
	pair.configs[0].memory_max_bytes = pair.configs[1].memory_max_bytes = 64000;
	pair_start(&pair);
	assert_int_equal(open_crowd(), CROWD);
	pair_run(&pair, 4 * HOUR_NS);
	assert_true(pair_count(&pair, STAT_tcp_memory_full) > 0);
	assert_int_equal(pair_served(&pair), CROWD);
}

/* Less than the connections would pin: buffers are missing again and again. */
static void test_with_few_packet_buffers_all_arrives(void **state)
{
	static struct rte_mbuf *hoard[MBUFS];
	unsigned hoarded = MBUFS - 200;

	(void)state;
	pair.configs[0].memory_max_bytes = pair.configs[1].memory_max_bytes = 64 * 2304;
	pair.configs[0].send_max_bytes = pair.configs[1].send_max_bytes = 10000;
	pair_start(&pair);
	assert_int_equal(rte_mempool_get_bulk(pool, (void **)hoard, hoarded), 0);
	assert_int_equal(open_crowd(), CROWD);
	pair_run(&pair, 4 * HOUR_NS);
	rte_mempool_put_bulk(pool, (void **)hoard, hoarded);
	assert_true(pair_count(&pair, STAT_tcp_no_mbuf) + pair_count(&pair, STAT_tcp_memory_full) > 0);
	assert_int_equal(pair_served(&pair), CROWD);
}

#define PAIR_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(test_each_allocation_of_the_start_may_fail),
		PAIR_TEST(test_each_packet_buffer_may_be_missing_once),
		PAIR_TEST(test_with_few_connections_the_rest_is_refused_and_may_come_later),
		PAIR_TEST(test_with_few_connections_to_accept_the_rest_waits_half_open),
		PAIR_TEST(test_with_few_half_open_entries_cookies_serve_all),
		PAIR_TEST(test_with_few_time_wait_entries_the_oldest_make_room),
		PAIR_TEST(test_with_few_ports_the_rest_is_refused_until_they_are_free),
		PAIR_TEST(test_with_few_records_all_arrives),
		PAIR_TEST(test_with_a_small_quota_all_arrives),
		PAIR_TEST(test_with_few_packet_buffers_all_arrives),
	};

	return cmocka_run_group_tests(tests, NULL, pool_free);
}
