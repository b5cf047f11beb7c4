/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Failover of requests under way (R-LB-2, R-RT-5): every way in which a node can fail a request, and what the
 * client sees of it: one transaction.
 */
#include "txn_world.h"

#include "proxy/txn_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static void invite(void)
{
	take_from_client(request((struct ask){0}));
	expect_sent(NODE_A, "INVITE ");
}

static void message(void)
{
	take_from_client(request((struct ask){.method = "MESSAGE"}));
	expect_sent(NODE_A, "MESSAGE ");
}

static void test_a_silent_node_s_request_goes_to_the_next_after_failover_timeout(void **state)
{
	char first[KEPT_MAX];

	(void)state;
	message();
	keep(first, last_header("Via"));
	pass_ms(1999);
	skip_routine();
	expect_quiet();
	pass_ms(2);
	expect_next(NODE_B, "MESSAGE ");
	assert_string_not_equal(last_header("Via"), first);
	take_answer(NODE_B, "200 OK");
	expect_next(CLIENT, "SIP/2.0 200 ");
	assert_int_equal(counted(STAT_sip_txn_failovers), 1);
	expect_all_ends();
	skip_routine();
	expect_quiet();
}

static void test_a_route_s_own_failover_timeout_counts(void **state)
{
	(void)state;
	for (unsigned i = 0; i < world.fixture.said_count; i++)
		world.fixture.said[i].hop.failover_ms = 300;
	snapshot_fixture_build(&world.fixture);
	message();
	pass_ms(299);
	expect_quiet();
	pass_ms(2);
	expect_next(NODE_B, "MESSAGE ");
}

/* Node A keeps silent about what it was sent, which is kept, until node B is sent the same. */
static void wait_for_node_b(char slow[static KEPT_MAX], const char *method)
{
	keep(slow, world.text);
	pass_ms(2001);
	expect_next(NODE_B, method);
}

static void test_an_answer_of_the_silent_node_is_still_taken_when_it_is_the_first(void **state)
{
	char slow[KEPT_MAX];

	(void)state;
	message();
	wait_for_node_b(slow, "MESSAGE ");
	look_at(slow);
	take_answer(NODE_A, "200 OK");
	expect_next(CLIENT, "SIP/2.0 200 ");
	look_at(txn_world.sent[txn_world.seen_count - 2].text);
	take_answer(NODE_B, "200 OK");
	expect_quiet();
	expect_all_ends();
}

static void test_a_provisional_response_is_patience_enough(void **state)
{
	(void)state;
	invite();
	take_answer(NODE_A, "100 Trying");
	pass_ms(30000);
	skip_routine();
	expect_quiet();
	assert_int_equal(counted(STAT_sip_txn_failovers), 0);
}

static void test_a_503_sends_the_request_to_the_next_node(void **state)
{
	(void)state;
	invite();
	take_answer(NODE_A, "503 Service Unavailable");
	expect_sent(NODE_A, "ACK ");
	expect_sent(NODE_B, "INVITE ");
	take_answer(NODE_B, "486 Busy Here");
	expect_sent(NODE_B, "ACK ");
	expect_sent(CLIENT, "SIP/2.0 486 ");
	assert_int_equal(counted(STAT_sip_txn_busy), 1);
}

static void test_when_all_nodes_answer_503_ours_goes_out_with_our_retry_after(void **state)
{
	(void)state;
	message();
	take_answer(NODE_A, "503 Service Unavailable");
	expect_sent(NODE_B, "MESSAGE ");
	take_answer(NODE_B, "503 Service Unavailable");
	expect_sent(CLIENT, "SIP/2.0 503 Service Unavailable\r\n");
	assert_string_equal(last_header("Retry-After"), "5");
	assert_int_equal(counted(STAT_sip_txn_no_node), 1);
	expect_all_ends();
}

static void test_other_failures_are_answers_and_no_reason_to_ask_elsewhere(void **state)
{
	static const char *const answers[] = {"403 Forbidden", "404 Not Found", "500 Server Internal Error",
		"504 Server Time-out", "603 Decline"};
	char call_id[16];

	(void)state;
	for (unsigned i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		snprintf(call_id, sizeof(call_id), "c%u", i);
		take_from_client(request((struct ask){.method = "MESSAGE", .call_id = call_id}));
		expect_sent(NODE_A, "MESSAGE ");
		take_answer(NODE_A, answers[i]);
		expect_sent(CLIENT, "SIP/2.0 ");
		assert_memory_equal(world.text + 8, answers[i], 3);
	}
	assert_int_equal(counted(STAT_sip_txn_failovers), 0);
}

static void test_a_node_that_goes_down_loses_its_requests_at_once(void **state)
{
	char call_id[16];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		snprintf(call_id, sizeof(call_id), "c%u", i);
		take_from_client(request((struct ask){.call_id = call_id}));
		expect_sent(NODE_A, "INVITE ");
	}
	take_answer(NODE_A, "180 Ringing");
	expect_sent(CLIENT, "SIP/2.0 180 ");
	node_is(world.a, NODE_DOWN, NODE_READY);
	pass_ms(1);
	/* The one that rang too: who rang is dead. */
	for (unsigned i = 0; i < 4; i++) {
		expect_sent(NODE_B, "INVITE ");
		take_answer(NODE_B, "200 OK");
	}
	for (unsigned i = 0; i < 4; i++)
		expect_next(CLIENT, "SIP/2.0 200 ");
	expect_all_ends();
}

static void test_without_another_node_the_death_of_one_is_answered_503(void **state)
{
	(void)state;
	node_is(world.b, NODE_DOWN, NODE_READY);
	message();
	node_is(world.a, NODE_DOWN, NODE_READY);
	pass_ms(1);
	expect_sent(CLIENT, "SIP/2.0 503 ");
	expect_all_ends();
}

static void test_what_the_transport_refuses_goes_to_the_next_node(void **state)
{
	(void)state;
	txn_world.dead = world.a->remote;
	take_from_client(request((struct ask){0}));
	expect_sent(NODE_B, "INVITE ");
	assert_int_equal(counted(STAT_sip_txn_send_failed), 1);
	txn_world.dead = world.b->remote;
	take_from_client(request((struct ask){.uri = "sip:x@tree.com", .call_id = "c2"}));
	expect_sent(CLIENT, "SIP/2.0 503 ");
}

static void test_what_a_connection_lost_after_taking_it_goes_to_the_next_node(void **state)
{
	uint64_t token;

	(void)state;
	invite();
	token = world.out.token;
	assert_int_equal(conn_id_worker(token), 1);
	proxy_send_failed(&world.proxy, &world.fixture.snap, token, world.now_ns);
	expect_sent(NODE_B, "INVITE ");
	/* Told twice, or of something that is over, it does nothing. */
	proxy_send_failed(&world.proxy, &world.fixture.snap, token, world.now_ns);
	proxy_send_failed(&world.proxy, &world.fixture.snap, token + (1ULL << 32), world.now_ns);
	expect_quiet();
}

static void test_what_left_by_another_connection_after_all_is_lost_with_that_one(void **state)
{
	const conn_id conn = conn_id_make(1, 9, 4);
	uint64_t token;

	(void)state;
	invite();
	token = world.out.token;
	assert_true(proxy_awaits(&world.proxy, token));
	proxy_sent_by(&world.proxy, token, conn_id_make(1, 8, 4));
	proxy_sent_by(&world.proxy, token, conn);
	proxy_conn_lost(&world.proxy, &world.fixture.snap, conn_id_make(1, 8, 4), world.now_ns);
	pass_ms(1);
	expect_quiet();
	proxy_conn_lost(&world.proxy, &world.fixture.snap, conn, world.now_ns);
	pass_ms(1);
	expect_sent(NODE_B, "INVITE ");
	/* What is over is bound to no connection any more. */
	assert_false(proxy_awaits(&world.proxy, token));
	proxy_sent_by(&world.proxy, token, conn);
	proxy_conn_lost(&world.proxy, &world.fixture.snap, conn, world.now_ns);
	pass_ms(1);
	expect_quiet();
}

static void test_a_request_that_came_by_a_connection_is_answered_on_it(void **state)
{
	const conn_id conn = conn_id_make(1, 9, 4);
	const char *invite_by_tcp;

	(void)state;
	snapshot_fixture_listener_over(&world.fixture, "tcp", LISTENER4, TRANSPORT_TCP);
	invite_by_tcp = request((struct ask){
		.method = "MESSAGE", .via = "Via: SIP/2.0/TCP 198.51.100.7:5060;branch=z9hG4bKclient1"});
	assert_int_equal(give_by(conn, "198.51.100.7:40001", LISTENER4, invite_by_tcp), PROXY_TAKEN);
	expect_sent(NODE_A, "MESSAGE ");
	take_answer(NODE_A, "200 OK");
	expect_sent(CLIENT, "SIP/2.0 200 ");
	assert_true(world.out.conn == conn);
	assert_int_equal(world.out.transport, TRANSPORT_TCP);
	expect_all_ends();
}

/* After another one rang. Keeps what was sent to each. */
static void wake_up_late(char ret_slow[static KEPT_MAX], char ret_quick[static KEPT_MAX])
{
	invite();
	keep(ret_slow, world.text);
	pass_ms(2001);
	expect_next(NODE_B, "INVITE ");
	keep(ret_quick, world.text);
	take_answer(NODE_B, "180 Ringing");
	expect_next(CLIENT, "SIP/2.0 180 ");
	look_at(ret_slow);
	take_answer(NODE_A, "180 Ringing");
	expect_sent(NODE_A, "CANCEL ");
}

static void test_two_calls_do_not_ring_when_a_slow_node_wakes_up(void **state)
{
	char slow[KEPT_MAX];
	char quick[KEPT_MAX];

	(void)state;
	wake_up_late(slow, quick);
	take_answer(NODE_A, "200 OK");
	look_at(slow);
	take_answer(NODE_A, "487 Request Terminated");
	expect_sent(NODE_A, "ACK ");
	expect_quiet();
	look_at(quick);
	take_answer(NODE_B, "200 OK");
	expect_sent(CLIENT, "SIP/2.0 200 ");
	expect_all_ends();
	expect_quiet();
}

/* The slow node ended because we said so; what the call came to, the other one says. */
static void test_the_answer_to_our_own_cancel_is_not_the_client_s(void **state)
{
	char slow[KEPT_MAX];
	char quick[KEPT_MAX];

	(void)state;
	wake_up_late(slow, quick);
	look_at(slow);
	take_answer(NODE_A, "487 Request Terminated");
	expect_sent(NODE_A, "ACK ");
	look_at(quick);
	take_answer(NODE_B, "486 Busy Here");
	expect_sent(NODE_B, "ACK ");
	expect_sent(CLIENT, "SIP/2.0 486 ");
}

static void test_both_successes_reach_the_client_when_two_nodes_answer(void **state)
{
	char slow[KEPT_MAX];

	(void)state;
	invite();
	wait_for_node_b(slow, "INVITE ");
	take_answer(NODE_B, "200 OK");
	expect_next(CLIENT, "SIP/2.0 200 ");
	look_at(slow);
	take_answer(NODE_A, "200 OK");
	expect_sent(CLIENT, "SIP/2.0 200 ");
}

/* 16.7 step 6: of several failures the best goes out, when nobody is left to wait for. */
static void test_a_failure_waits_for_a_node_that_may_do_better(void **state)
{
	char slow[KEPT_MAX];
	char quick[KEPT_MAX];

	(void)state;
	invite();
	wait_for_node_b(slow, "INVITE ");
	keep(quick, world.text);
	look_at(slow);
	take_answer(NODE_A, "500 Server Internal Error");
	expect_sent(NODE_A, "ACK ");
	expect_quiet();
	look_at(quick);
	take_answer(NODE_B, "404 Not Found");
	expect_sent(NODE_B, "ACK ");
	expect_sent(CLIENT, "SIP/2.0 404 ");
}

/* The next hop's failure is no reason to forget the one that may only be slow. */
static void test_a_silent_node_is_hoped_for_again_when_the_next_one_fails(void **state)
{
	char slow[KEPT_MAX];

	(void)state;
	message();
	wait_for_node_b(slow, "MESSAGE ");
	take_answer(NODE_B, "503 Service Unavailable");
	skip_routine();
	expect_quiet();
	look_at(slow);
	take_answer(NODE_A, "200 OK");
	expect_sent(CLIENT, "SIP/2.0 200 ");
}

static void test_a_cancelled_request_is_sent_nowhere_else(void **state)
{
	(void)state;
	invite();
	assert_int_equal(give_from_client(request((struct ask){.method = "CANCEL"})), PROXY_REPLY);
	pass_ms(2100);
	skip_routine();
	expect_quiet();
	node_is(world.a, NODE_DOWN, NODE_READY);
	pass_ms(1);
	expect_next(CLIENT, "SIP/2.0 487 ");
}

static void test_a_dialog_stays_with_its_node_until_that_is_dead(void **state)
{
	char cookie[KEPT_MAX];

	(void)state;
	invite();
	keep(cookie, last_header("Record-Route"));
	take_answer(NODE_A, "200 OK");
	expect_sent(CLIENT, "SIP/2.0 200 ");
	take_from_client(in_dialog(cookie));
	expect_sent(NODE_A, "INFO ");
	pass_ms(3000);
	skip_routine();
	expect_quiet();
	node_is(world.a, NODE_DOWN, NODE_READY);
	pass_ms(1);
	expect_next(NODE_B, "INFO ");
	assert_int_equal(counted(STAT_sip_dialog_failovers), 1);
}

/* From the node, in its dialog, to a client that has become a node too: nobody can stand in for it. */
static void test_a_dialog_s_other_side_is_tried_once(void **state)
{
	static char headers[KEPT_MAX + 16];
	char cookie[KEPT_MAX];

	(void)state;
	invite();
	keep(cookie, last_header("Record-Route"));
	take_answer(NODE_A, "200 OK");
	expect_sent(CLIENT, "SIP/2.0 200 ");
	txn_world.dead = snapshot_fixture_node(&world.fixture, "198.51.100.8:5060", "192.0.2.1")->remote;
	snprintf(headers, sizeof(headers), "Route: %s\r\n", cookie);
	assert_int_equal(give(NODE_A, LISTENER4,
				 request((struct ask){.method = "INFO",
					 .uri = "sip:alice@198.51.100.8",
					 .via = "Via: SIP/2.0/UDP 10.0.0.11:5060;branch=z9hG4bKnode",
					 .from_tag = "callee",
					 .to_tag = "caller",
					 .headers = headers})),
		PROXY_TAKEN);
	expect_sent(NODE_A, "SIP/2.0 503 ");
	assert_int_equal(counted(STAT_sip_txn_send_failed), 1);
}

static void test_a_503_inside_a_dialog_is_no_reason_to_leave_its_node(void **state)
{
	char cookie[KEPT_MAX];

	(void)state;
	invite();
	keep(cookie, last_header("Record-Route"));
	take_answer(NODE_A, "200 OK");
	expect_sent(CLIENT, "SIP/2.0 200 ");
	take_from_client(in_dialog(cookie));
	expect_sent(NODE_A, "INFO ");
	take_answer(NODE_A, "503 Service Unavailable");
	expect_sent(CLIENT, "SIP/2.0 503 ");
}

static void ask_and_be_told_503(const char *call_id)
{
	take_from_client(request((struct ask){.method = "MESSAGE", .call_id = call_id}));
	expect_sent(NODE_A, "MESSAGE ");
	take_answer(NODE_A, "503 Service Unavailable");
}

static void test_retries_to_living_nodes_have_a_budget_and_those_of_dead_ones_have_none(void **state)
{
	(void)state;
	/* Enough for one, with what the requests themselves earn. */
	world.proxy.txns->retries.fifths = RETRY_SHARE - 1;
	ask_and_be_told_503("c1");
	expect_sent(NODE_B, "MESSAGE ");
	ask_and_be_told_503("c2");
	expect_sent(CLIENT, "SIP/2.0 503 ");
	assert_int_equal(counted(STAT_sip_txn_retries_limited), 1);

	take_from_client(request((struct ask){.method = "MESSAGE", .call_id = "c3"}));
	expect_sent(NODE_A, "MESSAGE ");
	node_is(world.a, NODE_DOWN, NODE_READY);
	pass_ms(1);
	expect_sent(NODE_B, "MESSAGE ");
}

static const char *too_long_for_udp(void)
{
	static char headers[1400];

	world.fixture.snap.udp_bytes_max = 1200;
	memset(headers, 'x', sizeof(headers));
	memcpy(headers, "Subject: ", 9);
	memcpy(headers + 900, "\r\n", 3);
	return headers;
}

static void test_a_request_too_long_for_a_datagram_goes_by_tcp_where_the_node_has_it(void **state)
{
	const char *headers = too_long_for_udp();

	(void)state;
	take_from_client(request((struct ask){.method = "MESSAGE", .headers = headers}));
	expect_sent(NODE_A, "MESSAGE ");
	assert_int_equal(world.out.transport, TRANSPORT_UDP);
	assert_int_equal(counted(STAT_sip_oversize_datagrams), 1);

	snapshot_fixture_node_over(&world.fixture, NODE_A, "10.0.0.1", TRANSPORT_TCP);
	take_from_client(request((struct ask){.method = "MESSAGE", .headers = headers, .call_id = "second"}));
	expect_sent(NODE_A, "MESSAGE ");
	assert_int_equal(world.out.transport, TRANSPORT_TCP);
	expect_text("Via: SIP/2.0/TCP ");
	assert_int_equal(counted(STAT_sip_oversize_by_stream), 1);
}

/* What was chosen is not chosen again, although another transport of it was asked. */
static void test_a_long_request_that_tcp_refuses_goes_to_the_next_node(void **state)
{
	const char *headers = too_long_for_udp();

	(void)state;
	snapshot_fixture_node_over(&world.fixture, NODE_A, "10.0.0.1", TRANSPORT_TCP);
	txn_world.dead = endpoint_of(NODE_A);
	take_from_client(request((struct ask){.method = "MESSAGE", .headers = headers}));
	expect_sent(NODE_B, "MESSAGE ");
	assert_int_equal(counted(STAT_sip_txn_send_failed), 1);
	expect_quiet();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, txn_setup, txn_teardown)
		T(test_a_silent_node_s_request_goes_to_the_next_after_failover_timeout),
		T(test_a_route_s_own_failover_timeout_counts),
		T(test_an_answer_of_the_silent_node_is_still_taken_when_it_is_the_first),
		T(test_a_provisional_response_is_patience_enough),
		T(test_a_503_sends_the_request_to_the_next_node),
		T(test_when_all_nodes_answer_503_ours_goes_out_with_our_retry_after),
		T(test_other_failures_are_answers_and_no_reason_to_ask_elsewhere),
		T(test_a_node_that_goes_down_loses_its_requests_at_once),
		T(test_without_another_node_the_death_of_one_is_answered_503),
		T(test_what_the_transport_refuses_goes_to_the_next_node),
		T(test_what_a_connection_lost_after_taking_it_goes_to_the_next_node),
		T(test_what_left_by_another_connection_after_all_is_lost_with_that_one),
		T(test_a_request_that_came_by_a_connection_is_answered_on_it),
		T(test_two_calls_do_not_ring_when_a_slow_node_wakes_up),
		T(test_the_answer_to_our_own_cancel_is_not_the_client_s),
		T(test_both_successes_reach_the_client_when_two_nodes_answer),
		T(test_a_failure_waits_for_a_node_that_may_do_better),
		T(test_a_silent_node_is_hoped_for_again_when_the_next_one_fails),
		T(test_a_cancelled_request_is_sent_nowhere_else),
		T(test_a_dialog_stays_with_its_node_until_that_is_dead),
		T(test_a_dialog_s_other_side_is_tried_once),
		T(test_a_503_inside_a_dialog_is_no_reason_to_leave_its_node),
		T(test_retries_to_living_nodes_have_a_budget_and_those_of_dead_ones_have_none),
		T(test_a_request_too_long_for_a_datagram_goes_by_tcp_where_the_node_has_it),
		T(test_a_long_request_that_tcp_refuses_goes_to_the_next_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
