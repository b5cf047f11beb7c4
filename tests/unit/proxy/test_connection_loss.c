/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of a request when the connection that it went by has ended, and its node has not. */
#include "txn_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static struct node *tcp_node_before_b(void)
{
	struct snapshot_fixture *fixture = &world.fixture;
	struct node *node = snapshot_fixture_node_over(fixture, "10.0.0.21:5060", "10.0.0.1", TRANSPORT_TCP);

	snapshot_fixture_route(fixture, "com.routeless", ROUTE_EXACT, 0, node);
	snapshot_fixture_route(fixture, "com.routeless", ROUTE_EXACT, 0, world.b);
	snapshot_fixture_rank(fixture, 2, 1);
	snapshot_fixture_build(fixture);
	return node;
}

static void test_the_requests_of_a_lost_connection_go_to_the_next_node(void **state)
{
	(void)state;
	tcp_node_before_b();
	take_from_client(request((struct ask){.uri = "sip:x@routeless.com"}));
	expect_sent("10.0.0.21:5060", "INVITE ");
	assert_true(world.out.conn == txn_world.node_conn);
	proxy_conn_lost(&world.proxy, &world.fixture.snap, txn_world.node_conn + 1, world.now_ns);
	pass_ms(1);
	expect_quiet();
	proxy_conn_lost(&world.proxy, &world.fixture.snap, txn_world.node_conn, world.now_ns);
	assert_true(proxy_next_ns(&world.proxy) == 0);
	pass_ms(1);
	expect_sent(NODE_B, "INVITE ");
}

/* A MESSAGE is under way to the node, by its connection. */
static void send_message(char first[static KEPT_MAX])
{
	tcp_node_before_b();
	take_from_client(request((struct ask){.method = "MESSAGE", .uri = "sip:x@routeless.com"}));
	expect_sent("10.0.0.21:5060", "MESSAGE ");
	keep(first, world.text);
}

static void answer_and_end(const char *first)
{
	look_at(first);
	take_answer("10.0.0.21:5060", "200 OK");
	expect_sent(CLIENT, "SIP/2.0 200 ");
	expect_all_ends();
}

/* RFC 3261 18.2.2: it answers by a connection of its own. */
static void test_a_node_that_closed_its_connection_in_order_is_still_heard(void **state)
{
	char first[KEPT_MAX];

	(void)state;
	send_message(first);
	node_is(world.b, NODE_DOWN, NODE_READY);
	proxy_conn_closed(&world.proxy, &world.fixture.snap, txn_world.node_conn, world.now_ns);
	pass_ms(1);
	expect_quiet();
	answer_and_end(first);
}

static void test_a_request_of_a_connection_closed_in_order_is_tried_elsewhere_too(void **state)
{
	char first[KEPT_MAX];

	(void)state;
	send_message(first);
	proxy_conn_closed(&world.proxy, &world.fixture.snap, txn_world.node_conn, world.now_ns);
	pass_ms(1);
	expect_sent(NODE_B, "MESSAGE ");
	answer_and_end(first);
}

static void test_a_phone_that_rings_is_waited_for_when_its_node_closes_a_connection(void **state)
{
	char first[KEPT_MAX];

	(void)state;
	tcp_node_before_b();
	take_from_client(request((struct ask){.uri = "sip:x@routeless.com"}));
	expect_sent("10.0.0.21:5060", "INVITE ");
	keep(first, world.text);
	take_answer("10.0.0.21:5060", "180 Ringing");
	expect_sent(CLIENT, "SIP/2.0 180 ");
	proxy_conn_closed(&world.proxy, &world.fixture.snap, txn_world.node_conn, world.now_ns);
	pass_ms(5000);
	expect_quiet();
	look_at(first);
	take_answer("10.0.0.21:5060", "200 OK");
	expect_sent(CLIENT, "SIP/2.0 200 ");
}

/* The connection of the request ended in the same loop, and nobody was told yet. */
static void test_an_ack_by_another_connection_leaves_that_one_s_requests_in_flight(void **state)
{
	const conn_id first = txn_world.node_conn;
	const conn_id second = first + 1;
	char invite[KEPT_MAX];

	(void)state;
	tcp_node_before_b();
	take_from_client(request((struct ask){.uri = "sip:x@routeless.com"}));
	expect_sent("10.0.0.21:5060", "INVITE ");
	keep(invite, world.text);
	txn_world.node_conn = second;
	take_from_client(request(
		(struct ask){.method = "MESSAGE", .uri = "sip:x@routeless.com", .call_id = "second"}));
	expect_sent("10.0.0.21:5060", "MESSAGE ");
	look_at(invite);
	assert_int_equal(
		give_by(second, "10.0.0.21:5060", "10.0.0.1:50000", response_to_last("486 Busy Here")),
		PROXY_TAKEN);
	expect_sent("10.0.0.21:5060", "ACK ");
	expect_sent(CLIENT, "SIP/2.0 486 ");
	proxy_conn_lost(&world.proxy, &world.fixture.snap, first, world.now_ns);
	proxy_conn_lost(&world.proxy, &world.fixture.snap, second, world.now_ns);
	pass_ms(1);
	expect_sent(NODE_B, "MESSAGE ");
	expect_quiet();
}

static void test_a_dialog_s_request_goes_again_to_its_node_when_only_the_connection_was_lost(void **state)
{
	struct node *node = tcp_node_before_b();
	char cookie[KEPT_MAX];
	char first[KEPT_MAX];

	(void)state;
	take_from_client(request((struct ask){.uri = "sip:x@routeless.com"}));
	expect_sent("10.0.0.21:5060", "INVITE ");
	keep(cookie, last_header("Record-Route"));
	take_answer("10.0.0.21:5060", "200 OK");
	expect_sent(CLIENT, "SIP/2.0 200 ");
	take_from_client(in_dialog(cookie));
	expect_sent("10.0.0.21:5060", "INFO ");
	keep(first, world.text);
	txn_world.node_conn++;
	proxy_conn_lost(&world.proxy, &world.fixture.snap, txn_world.node_conn - 1, world.now_ns);
	pass_ms(1);
	expect_sent("10.0.0.21:5060", "INFO ");
	/* The same branch: a node that has it already takes it for the repetition that it is. */
	assert_string_equal(world.text, first);
	proxy_conn_closed(&world.proxy, &world.fixture.snap, txn_world.node_conn, world.now_ns);
	pass_ms(1);
	expect_sent("10.0.0.21:5060", "INFO ");
	node_is(node, NODE_DOWN, NODE_READY);
	pass_ms(1);
	/* Of the patterns, now. */
	expect_next(NODE_A, "INFO ");
	expect_all_ends();
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, txn_setup, txn_teardown)
	const struct CMUnitTest tests[] = {
		T(test_the_requests_of_a_lost_connection_go_to_the_next_node),
		T(test_a_node_that_closed_its_connection_in_order_is_still_heard),
		T(test_a_request_of_a_connection_closed_in_order_is_tried_elsewhere_too),
		T(test_a_phone_that_rings_is_waited_for_when_its_node_closes_a_connection),
		T(test_an_ack_by_another_connection_leaves_that_one_s_requests_in_flight),
		T(test_a_dialog_s_request_goes_again_to_its_node_when_only_the_connection_was_lost),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
