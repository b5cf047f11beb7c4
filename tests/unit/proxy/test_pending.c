/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many connections that end at once: their requests are sent anew, a bounded number in each loop, and none is
 * forgotten. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { REQUESTS = 1000, IN_ONE_LOOP = 64 };

static unsigned to_stream_node, to_node_b;
static unsigned requests_each; /* on one connection */

static conn_id conn_at(unsigned number)
{
	return conn_id_make(1, 5, number);
}

static int count_sent(void *ctx, struct proxy_out *out)
{
	(void)ctx;
	if (!out->is_request)
		return 0;
	if (out->transport == TRANSPORT_TCP)
		out->conn = conn_at(to_stream_node++ / requests_each);
	else
		to_node_b++;
	return 0;
}

static int setup(void **state)
{
	static const struct proxy_config config = {.worker_index = 1,
		.stats = &world.stats,
		.trace = &world.trace,
		.way = {.send = count_sent},
		.transactions = {.transactions_max = REQUESTS, .key = {1, 2}}};
	struct snapshot_fixture *fixture = &world.fixture;
	struct node *node;

	world_setup(state);
	node = snapshot_fixture_node_over(fixture, "10.0.0.21:5060", "10.0.0.1", TRANSPORT_TCP);
	snapshot_fixture_route(fixture, "com.routeless", ROUTE_EXACT, 0, node);
	snapshot_fixture_route(fixture, "com.routeless", ROUTE_EXACT, 0, world.b);
	snapshot_fixture_rank(fixture, 2, 1);
	snapshot_fixture_build(fixture);
	to_stream_node = to_node_b = 0;
	return proxy_init(&world.proxy, &config);
}

static int teardown(void **state)
{
	proxy_fini(&world.proxy);
	return world_teardown(state);
}

static void send_requests(unsigned on_each)
{
	char call_id[16];

	requests_each = on_each;
	for (unsigned i = 0; i < REQUESTS; i++) {
		snprintf(call_id, sizeof(call_id), "c%u", i);
		assert_int_equal(
			give_from_client(request((struct ask){
				.method = "MESSAGE", .uri = "sip:x@routeless.com", .call_id = call_id})),
			PROXY_TAKEN);
	}
	assert_int_equal(to_stream_node, REQUESTS);
}

/* Loops without time: each sends at most so many. */
static void expect_all_sent_anew(unsigned count)
{
	for (unsigned done = 0; done < count;) {
		unsigned expected = count - done < IN_ONE_LOOP ? count : done + IN_ONE_LOOP;

		assert_int_equal(proxy_next_ns(&world.proxy), 0);
		proxy_tick(&world.proxy, &world.fixture.snap, world.now_ns);
		assert_int_equal(to_node_b, expected);
		done = expected;
	}
	proxy_tick(&world.proxy, &world.fixture.snap, world.now_ns);
	assert_int_equal(to_node_b, count);
	assert_true(proxy_next_ns(&world.proxy) > 0);
}

static void lose(unsigned number)
{
	proxy_conn_lost(&world.proxy, &world.fixture.snap, conn_at(number), world.now_ns);
}

static void test_a_thousand_connections_that_end_at_once_lose_no_request(void **state)
{
	(void)state;
	send_requests(1);
	for (unsigned i = 0; i < REQUESTS; i++)
		lose(i);
	/* To be told of an end sends nothing: that is the loop's. */
	assert_int_equal(to_node_b, 0);
	expect_all_sent_anew(REQUESTS);
}

static void test_connections_that_end_while_others_are_looked_after_have_their_turn(void **state)
{
	(void)state;
	send_requests(100);
	for (unsigned i = 0; i < REQUESTS / 100; i++) {
		lose(i);
		proxy_tick(&world.proxy, &world.fixture.snap, world.now_ns);
		assert_int_equal(to_node_b, (i + 1) * IN_ONE_LOOP);
	}
	for (unsigned i = 0; i < REQUESTS / IN_ONE_LOOP; i++)
		proxy_tick(&world.proxy, &world.fixture.snap, world.now_ns);
	assert_int_equal(to_node_b, REQUESTS);
}

static void test_the_requests_of_connections_that_live_stay_with_them(void **state)
{
	(void)state;
	send_requests(10);
	/* Told twice, or of one that had no request, it does nothing more. */
	for (unsigned i = 0; i < REQUESTS / 10; i += 2) {
		lose(i);
		lose(i);
	}
	lose(REQUESTS);
	expect_all_sent_anew(REQUESTS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_a_thousand_connections_that_end_at_once_lose_no_request),
		T(test_connections_that_end_while_others_are_looked_after_have_their_turn),
		T(test_the_requests_of_connections_that_live_stay_with_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
