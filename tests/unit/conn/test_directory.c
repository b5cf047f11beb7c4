/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What workers tell each other of their connections: the newest of each address, or nothing. */
#include "conn/directory.h"

#include "base/rng.h"
#include "limits.h"
#include "support/failing_heap.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct hash_key secret = {11, 12};
static struct directory *directory;

/* Of one line only, when there is but one connection. */
static void begin(uint32_t connections_max)
{
	assert_int_equal(directory_create(&secret, 1, connections_max, &directory), 0);
}

static void end(void)
{
	directory_destroy(directory);
}

static struct endpoint address(uint32_t number)
{
	struct endpoint at = {.ip = {.family = IP_V4}, .port = (uint16_t)number};

	memcpy(at.ip.bytes, &number, sizeof(number));
	return at;
}

static conn_id find(uint32_t number)
{
	const struct endpoint at = address(number);

	return directory_find(directory, &at);
}

static void put(uint32_t number, conn_id conn)
{
	const struct endpoint at = address(number);

	directory_put(directory, &at, conn);
}

static void replace(uint32_t number, conn_id was, conn_id next)
{
	const struct endpoint at = address(number);

	directory_replace(directory, &at, was, next);
}

static void test_a_name_comes_back_as_it_was_given(void **state)
{
	const conn_id names[] = {conn_id_make(0, 1, 0), conn_id_make(WORKERS_MAX - 1, 0xffffff, 0),
		conn_id_make(WORKERS_MAX - 1, 1, TCP_CONNECTIONS_MAX - 1),
		conn_id_make(1, 0xabcdef, 0x54321)};

	(void)state;
	begin(64);
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_true(find(i) == CONN_NONE);
		put(i, names[i]);
		assert_true(find(i) == names[i]);
	}
	end();
}

static void test_addresses_differ_by_port_ip_and_family(void **state)
{
	const struct endpoint at = {{{192, 0, 2, 1}, IP_V4}, 5060};
	const struct endpoint port = {{{192, 0, 2, 1}, IP_V4}, 5061};
	const struct endpoint ip = {{{192, 0, 2, 2}, IP_V4}, 5060};
	const struct endpoint family = {{{192, 0, 2, 1}, IP_V6}, 5060};

	(void)state;
	begin(64);
	directory_put(directory, &at, conn_id_make(1, 2, 3));
	assert_true(directory_find(directory, &at) == conn_id_make(1, 2, 3));
	assert_true(directory_find(directory, &port) == CONN_NONE);
	assert_true(directory_find(directory, &ip) == CONN_NONE);
	assert_true(directory_find(directory, &family) == CONN_NONE);
	end();
}

static void test_the_last_one_put_is_found(void **state)
{
	(void)state;
	begin(1);
	put(1, conn_id_make(0, 1, 1));
	put(1, conn_id_make(1, 1, 1));
	assert_true(find(1) == conn_id_make(1, 1, 1));
	/* The first one's worker comes too late to take it away. */
	replace(1, conn_id_make(0, 1, 1), CONN_NONE);
	assert_true(find(1) == conn_id_make(1, 1, 1));
	replace(1, conn_id_make(1, 1, 1), conn_id_make(1, 1, 9));
	assert_true(find(1) == conn_id_make(1, 1, 9));
	replace(1, conn_id_make(1, 1, 9), CONN_NONE);
	assert_true(find(1) == CONN_NONE);
	end();
}

static void test_a_full_line_loses_one_and_confuses_none(void **state)
{
	unsigned lost = 0;

	(void)state;
	begin(1);
	for (uint32_t i = 0; i <= DIRECTORY_WAYS; i++)
		put(i, conn_id_make(0, 1, i));
	for (uint32_t i = 0; i <= DIRECTORY_WAYS; i++) {
		assert_true(find(i) == CONN_NONE || find(i) == conn_id_make(0, 1, i));
		lost += find(i) == CONN_NONE;
	}
	assert_int_equal(lost, 1);
	assert_true(find(DIRECTORY_WAYS) != CONN_NONE);
	end();
}

/* Both addresses of each connection have room; where lines are full by chance, few are lost. */
static void test_nearly_all_of_a_worker_s_connections_are_found(void **state)
{
	enum { ALL = 2 * 4096 };
	unsigned found = 0;

	(void)state;
	begin(ALL / 2);
	for (uint32_t i = 0; i < ALL; i++)
		put(i, conn_id_make(0, 1, i));
	for (uint32_t i = 0; i < ALL; i++)
		found += find(i) == conn_id_make(0, 1, i);
	assert_true(found > ALL - ALL / 50);
	for (uint32_t i = 0; i < ALL; i++)
		replace(i, conn_id_make(0, 1, i), CONN_NONE);
	for (uint32_t i = 0; i < ALL; i++)
		assert_true(find(i) == CONN_NONE);
	end();
}

enum { ROUNDS = 100000, ADDRESSES = 12 };

/* Takes and gives up addresses that the other one wants, too. */
static void *quarrel(void *arg)
{
	static char complaint[] = "an address has what was put at another one";
	unsigned worker = (unsigned)(uintptr_t)arg;
	struct rng rng;

	rng_init(&rng, worker);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t number = rng_below(&rng, ADDRESSES);
		conn_id found = find(number), own = conn_id_make(worker, i + 1, number);
		/* Nothing but what was put at that address, whole. */
		if (found != CONN_NONE && (conn_id_index(found) != number || conn_id_worker(found) > 1 ||
						  conn_id_generation(found) > ROUNDS))
			return complaint;
		put(number, own);
		if (i % 2 == 0)
			replace(number, own, CONN_NONE);
	}
	return NULL;
}

static void test_workers_that_write_at_once_leave_whole_words(void **state)
{
	pthread_t other;
	void *complaint;

	(void)state;
	begin(1);
	assert_int_equal(pthread_create(&other, NULL, quarrel, (void *)(uintptr_t)1), 0);
	assert_null(quarrel((void *)(uintptr_t)0));
	assert_int_equal(pthread_join(other, &complaint), 0);
	assert_null(complaint);
	end();
}

static int create_and_destroy(void)
{
	struct directory *made = NULL;
	int ret = directory_create(&secret, 2, 0, &made);

	directory_destroy(made);
	return ret;
}

static void test_each_allocation_of_the_start_may_fail(void **state)
{
	(void)state;
	failing_heap_each(create_and_destroy, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_name_comes_back_as_it_was_given),
		cmocka_unit_test(test_addresses_differ_by_port_ip_and_family),
		cmocka_unit_test(test_the_last_one_put_is_found),
		cmocka_unit_test(test_a_full_line_loses_one_and_confuses_none),
		cmocka_unit_test(test_nearly_all_of_a_worker_s_connections_are_found),
		cmocka_unit_test(test_workers_that_write_at_once_leave_whole_words),
		cmocka_unit_test(test_each_allocation_of_the_start_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
