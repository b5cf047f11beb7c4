/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From one snapshot to the next, with readers of this test instead of workers. What a reader may still hold
 * must stay; what nobody can hold must go.
 */
#include "control/publish.h"

#include "control/nodes.h"
#include "support/eal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { READERS = 2 };

struct world {
	struct nodes *nodes;
	struct rcu *rcu;
	struct publisher publisher;
	uint64_t now_ns;
};

static struct node_table *table_with(struct nodes *nodes, unsigned n)
{
	struct node_address address = {.transport = TRANSPORT_UDP, .name = "n"};
	uint16_t slot;

	assert_int_equal(ip_parse(span_str("10.0.0.1"), &address.remote.ip), 0);
	address.remote.port = (uint16_t)(5060 + n);
	assert_int_equal(nodes_use(nodes, &address, 1, &slot), 0);
	return nodes_table_create(nodes);
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct snapshot *first = calloc(1, sizeof(*first));
	struct parts parts = {0};

	assert_int_equal(eal_start(), 0);
	world->nodes = nodes_create();
	parts.nodes = table_with(world->nodes, 0);
	first->generation = 1;
	publisher_init(&world->publisher, first, &parts);
	assert_int_equal(rcu_create(READERS, first, &world->rcu), 0);
	world->publisher.rcu = world->rcu;
	for (unsigned i = 0; i < READERS; i++) {
		rcu_join(world->rcu, i);
		rcu_online(world->rcu, i);
	}
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	for (unsigned i = 0; i < READERS; i++) {
		rcu_offline(world->rcu, i);
		rcu_leave(world->rcu, i);
	}
	publisher_fini(&world->publisher);
	rcu_destroy(world->rcu);
	nodes_destroy(world->nodes);
	free(world);
	return 0;
}

static void publish(struct world *world, unsigned n)
{
	struct snapshot *next = publisher_next(&world->publisher);
	struct parts parts = {.nodes = table_with(world->nodes, n)};

	assert_non_null(next);
	next->generation++;
	world->now_ns += 1000;
	assert_int_equal(publisher_publish(&world->publisher, next, &parts, world->now_ns), 0);
}

static unsigned tick(struct world *world)
{
	world->now_ns += 1000;
	return publisher_tick(&world->publisher, world->now_ns);
}

/* Also where nothing is new but a key or a merged table, which have no generation of their own. */
static void test_no_two_snapshots_have_the_same_serial(void **state)
{
	struct world *world = *state;
	const struct parts none = {0};
	uint64_t serial = rcu_snapshot(world->rcu)->serial;

	for (unsigned i = 0; i < 3; i++) {
		struct snapshot *next = publisher_next(&world->publisher);

		assert_non_null(next);
		assert_int_equal(publisher_publish(&world->publisher, next, &none, world->now_ns), 0);
		assert_true(rcu_snapshot(world->rcu)->serial > serial);
		serial = rcu_snapshot(world->rcu)->serial;
		tick(world);
	}
}

static void test_the_next_snapshot_is_seen_at_once(void **state)
{
	struct world *world = *state;

	publish(world, 1);
	assert_ptr_equal(rcu_snapshot(world->rcu), world->publisher.current);
	assert_int_equal(rcu_snapshot(world->rcu)->generation, 2);
	assert_non_null(node_by_slot(rcu_snapshot(world->rcu)->nodes, 1));
}

static void test_what_a_reader_may_hold_stays_until_it_is_quiescent(void **state)
{
	struct world *world = *state;
	const struct snapshot *held = rcu_snapshot(world->rcu);

	publish(world, 1);
	assert_int_equal(tick(world), 1);
	rcu_quiescent(world->rcu, 0);
	assert_int_equal(tick(world), 1);
	assert_int_equal(publisher_laggard(&world->publisher), 1);
	/* Under a sanitizer this read is the test. */
	assert_int_equal(held->generation, 1);
	assert_non_null(node_by_slot(held->nodes, 0));
	rcu_quiescent(world->rcu, 1);
	assert_int_equal(tick(world), 0);
	assert_int_equal(world->publisher.released, 2);
	assert_int_equal(publisher_laggard(&world->publisher), -1);
}

static void test_a_sleeping_reader_keeps_nobody_waiting(void **state)
{
	struct world *world = *state;

	rcu_offline(world->rcu, 1);
	publish(world, 1);
	rcu_quiescent(world->rcu, 0);
	assert_int_equal(tick(world), 0);
	rcu_online(world->rcu, 1);
}

static void test_several_grace_periods_end_in_order(void **state)
{
	struct world *world = *state;

	for (unsigned i = 1; i <= 5; i++)
		publish(world, i);
	assert_int_equal(tick(world), 5);
	rcu_quiescent(world->rcu, 0);
	rcu_quiescent(world->rcu, 1);
	publish(world, 6);
	assert_int_equal(tick(world), 1);
	assert_int_equal(world->publisher.released, 6);
	rcu_quiescent(world->rcu, 0);
	rcu_quiescent(world->rcu, 1);
	assert_int_equal(tick(world), 0);
	assert_int_equal(world->publisher.released, 7);
	assert_int_equal(world->publisher.grace_count, 6);
	assert_true(world->publisher.grace_longest_ns >= world->publisher.grace_last_ns);
}

static void test_parts_that_nothing_replaced_are_shared(void **state)
{
	struct world *world = *state;
	const struct node_table *nodes = world->publisher.current->nodes;
	struct snapshot *next = publisher_next(&world->publisher);
	struct parts none = {0};

	next->generation = 2;
	assert_int_equal(publisher_publish(&world->publisher, next, &none, 1), 0);
	rcu_quiescent(world->rcu, 0);
	rcu_quiescent(world->rcu, 1);
	assert_int_equal(tick(world), 0);
	assert_ptr_equal(world->publisher.current->nodes, nodes);
	assert_non_null(node_by_slot(nodes, 0));
}

int main(void)
{
#define PUBLISH_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		PUBLISH_TEST(test_no_two_snapshots_have_the_same_serial),
		PUBLISH_TEST(test_the_next_snapshot_is_seen_at_once),
		PUBLISH_TEST(test_what_a_reader_may_hold_stays_until_it_is_quiescent),
		PUBLISH_TEST(test_a_sleeping_reader_keeps_nobody_waiting),
		PUBLISH_TEST(test_several_grace_periods_end_in_order),
		PUBLISH_TEST(test_parts_that_nothing_replaced_are_shared),
	};

	return cmocka_run_group_tests(tests, NULL, eal_teardown);
}
