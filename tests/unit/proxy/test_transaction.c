/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request, one node: what a transaction-stateful proxy does with it (RFC 3261 16, 17; RFC 6026, 4320). */
#include "txn_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static void invite(void)
{
	take_from_client(request((struct ask){0}));
	expect_sent(NODE_A, "INVITE sip:bob@example.com SIP/2.0\r\n");
}

static void message(void)
{
	take_from_client(request((struct ask){.method = "MESSAGE"}));
	expect_sent(NODE_A, "MESSAGE ");
}

static const char *ack(const char *to_tag)
{
	return request((struct ask){.method = "ACK", .to_tag = to_tag});
}

static void test_a_request_goes_to_its_node_and_the_response_to_the_client(void **state)
{
	(void)state;
	message();
	expect_text("Via: SIP/2.0/UDP 10.0.0.1:30001;branch=z9hG4bK-sl2");
	take_answer(NODE_A, "200 OK");
	expect_sent(CLIENT, "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 198.51.100.7:5060;");
	expect_no_text("z9hG4bK-sl2");
	assert_int_equal(txn_world.heard, 1);
	expect_all_ends();
	expect_quiet();
}

static void test_an_invite_is_answered_100_after_200_ms(void **state)
{
	(void)state;
	invite();
	pass_ms(199);
	expect_quiet();
	pass_ms(2);
	expect_sent(CLIENT, "SIP/2.0 100 Trying\r\n");
}

static void test_a_provisional_response_makes_our_100_needless(void **state)
{
	(void)state;
	invite();
	take_answer(NODE_A, "180 Ringing");
	expect_sent(CLIENT, "SIP/2.0 180 Ringing\r\n");
	pass_ms(400);
	expect_quiet();
}

static void test_a_100_ends_here(void **state)
{
	(void)state;
	invite();
	take_answer(NODE_A, "100 Trying");
	expect_quiet();
	assert_int_equal(txn_world.heard, 1);
}

static void test_an_invite_that_comes_again_is_absorbed_and_answered(void **state)
{
	(void)state;
	invite();
	take_from_client(request((struct ask){0}));
	expect_sent(CLIENT, "SIP/2.0 100 ");
	look_at(txn_world.sent[0].text);
	take_answer(NODE_A, "183 Session Progress");
	expect_sent(CLIENT, "SIP/2.0 183 ");
	take_from_client(request((struct ask){0}));
	expect_sent(CLIENT, "SIP/2.0 183 ");
	expect_quiet();
	assert_int_equal(counted(STAT_sip_txn_requests_again), 2);
	assert_int_equal(counted(STAT_sip_txn_begun), 1);
}

static void test_an_invite_is_repeated_to_the_node_until_it_answers(void **state)
{
	char first[KEPT_MAX];

	(void)state;
	invite();
	keep(first, world.text);
	pass_ms(501);
	expect_sent(CLIENT, "SIP/2.0 100 ");
	expect_sent(NODE_A, "INVITE ");
	assert_string_equal(world.text, first);
	assert_true(world.out.is_repeat);
	take_answer(NODE_A, "180 Ringing");
	expect_sent(CLIENT, "SIP/2.0 180 ");
	pass_ms(5000);
	expect_quiet();
}

static void test_a_success_and_its_repetitions_pass_and_the_ack_is_forwarded(void **state)
{
	char sent[KEPT_MAX];

	(void)state;
	invite();
	keep(sent, world.text);
	take_answer(NODE_A, "200 OK");
	expect_sent(CLIENT, "SIP/2.0 200 ");
	look_at(sent);
	take_answer(NODE_A, "200 OK");
	expect_sent(CLIENT, "SIP/2.0 200 ");
	/* The ACK to a 2xx is a request of its own: other branch, nothing to absorb it. */
	assert_int_equal(give_from_client(request((struct ask){.method = "ACK",
				 .to_tag = "callee",
				 .via = "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKack1"})),
		PROXY_FORWARD);
	expect_path("10.0.0.1:30001", NODE_A);
	/* From a peer that repeats the branch of its INVITE, too (RFC 6026 7.1). */
	assert_int_equal(give_from_client(ack("callee")), PROXY_FORWARD);
	expect_all_ends();
	expect_quiet();
}

static void test_a_failure_is_acknowledged_here_on_both_sides(void **state)
{
	char sent[KEPT_MAX];
	char branch[KEPT_MAX];

	(void)state;
	invite();
	keep(sent, world.text);
	keep(branch, last_header("Via"));
	take_answer(NODE_A, "486 Busy Here");
	expect_sent(NODE_A, "ACK sip:bob@example.com SIP/2.0\r\n");
	assert_string_equal(last_header("Via"), branch);
	assert_string_equal(last_header("CSeq"), "7 ACK");
	assert_true(world.out.is_repeat);
	expect_sent(CLIENT, "SIP/2.0 486 ");
	/* The node did not get it. */
	look_at(sent);
	take_answer(NODE_A, "486 Busy Here");
	expect_sent(NODE_A, "ACK ");
	/* The client neither. */
	pass_ms(501);
	expect_sent(CLIENT, "SIP/2.0 486 ");
	take_from_client(ack("callee"));
	assert_int_equal(counted(STAT_sip_txn_acks), 1);
	expect_all_ends();
	expect_quiet();
	assert_int_equal(counted(STAT_sip_txn_ack_missing), 0);
}

static void test_a_failure_that_nobody_acknowledges_is_counted(void **state)
{
	(void)state;
	invite();
	take_answer(NODE_A, "486 Busy Here");
	pass_ms(33000);
	assert_int_equal(counted(STAT_sip_txn_ack_missing), 1);
	assert_int_equal(txns_in_use(), 0);
}

static void test_a_request_that_comes_again_gets_its_answer_again(void **state)
{
	(void)state;
	message();
	take_from_client(request((struct ask){.method = "MESSAGE"}));
	expect_quiet();
	take_answer(NODE_A, "202 Accepted");
	expect_sent(CLIENT, "SIP/2.0 202 ");
	take_from_client(request((struct ask){.method = "MESSAGE"}));
	expect_sent(CLIENT, "SIP/2.0 202 ");
	expect_quiet();
}

static void test_a_response_that_comes_again_is_absorbed(void **state)
{
	char sent[KEPT_MAX];

	(void)state;
	message();
	keep(sent, world.text);
	take_answer(NODE_A, "404 Not Found");
	expect_sent(CLIENT, "SIP/2.0 404 ");
	look_at(sent);
	take_answer(NODE_A, "404 Not Found");
	expect_quiet();
	assert_int_equal(counted(STAT_sip_txn_absorbed), 1);
}

static void test_no_provisional_response_but_a_late_100_to_other_requests(void **state)
{
	(void)state;
	message();
	take_answer(NODE_A, "183 Session Progress");
	assert_int_equal(counted(STAT_sip_txn_provisional_dropped), 1);
	pass_ms(3499);
	expect_quiet();
	pass_ms(2);
	expect_sent(CLIENT, "SIP/2.0 100 Trying\r\n");
}

/* Looks away from what was sent to the node, up to the next message for the client. */
static void drain_node(void)
{
	while (txn_world.seen_count < txn_world.sent_count &&
		endpoint_equal(&txn_world.sent[txn_world.seen_count].out.dst, &world.a->remote))
		txn_world.seen_count++;
}

static void test_an_invite_that_nobody_answers_gets_408(void **state)
{
	(void)state;
	node_is(world.b, NODE_DOWN, NODE_READY);
	invite();
	pass_ms(300);
	expect_sent(CLIENT, "SIP/2.0 100 ");
	pass_ms(31600);
	drain_node();
	expect_quiet();
	pass_ms(200);
	expect_sent(CLIENT, "SIP/2.0 408 Request Timeout\r\n");
	assert_int_equal(counted(STAT_sip_txn_timed_out), 1);
	assert_int_equal(counted(STAT_sip_txn_timeouts), 1);
	expect_all_ends();
}

static void test_another_request_that_nobody_answers_gets_no_408(void **state)
{
	(void)state;
	node_is(world.b, NODE_DOWN, NODE_READY);
	message();
	pass_ms(3600);
	drain_node();
	expect_sent(CLIENT, "SIP/2.0 100 ");
	pass_ms(29000);
	drain_node();
	expect_quiet();
	assert_int_equal(counted(STAT_sip_txn_unanswered), 1);
	/* A straggler begins nothing anew, and is told nothing that is no longer true. */
	take_from_client(request((struct ask){.method = "MESSAGE"}));
	expect_quiet();
	expect_all_ends();
}

static void test_a_node_s_408_to_another_request_ends_here(void **state)
{
	(void)state;
	message();
	take_answer(NODE_A, "408 Request Timeout");
	expect_quiet();
	assert_int_equal(counted(STAT_sip_txn_unanswered), 1);
}

static const char *cancel(void)
{
	return request((struct ask){.method = "CANCEL"});
}

static void test_a_cancel_is_answered_and_follows_its_invite(void **state)
{
	char sent[KEPT_MAX];
	char via[KEPT_MAX];

	(void)state;
	invite();
	keep(sent, world.text);
	keep(via, last_header("Via"));
	take_answer(NODE_A, "180 Ringing");
	expect_sent(CLIENT, "SIP/2.0 180 ");
	assert_int_equal(give_from_client(cancel()), PROXY_REPLY);
	assert_memory_equal(world.text, "SIP/2.0 200 OK\r\n", 16);
	expect_sent(NODE_A, "CANCEL sip:bob@example.com SIP/2.0\r\n");
	assert_string_equal(last_header("Via"), via);
	assert_string_equal(last_header("CSeq"), "7 CANCEL");
	take_answer(NODE_A, "200 OK");
	expect_quiet();
	look_at(sent);
	take_answer(NODE_A, "487 Request Terminated");
	expect_sent(NODE_A, "ACK ");
	expect_sent(CLIENT, "SIP/2.0 487 ");
	take_from_client(ack("callee"));
	expect_all_ends();
	expect_quiet();
}

static void test_a_cancel_waits_for_a_provisional_response(void **state)
{
	(void)state;
	invite();
	assert_int_equal(give_from_client(cancel()), PROXY_REPLY);
	expect_quiet();
	look_at(txn_world.sent[0].text);
	take_answer(NODE_A, "100 Trying");
	expect_sent(NODE_A, "CANCEL ");
}

static void test_a_cancelled_invite_that_stays_unanswered_gets_487(void **state)
{
	(void)state;
	invite();
	take_answer(NODE_A, "100 Trying");
	assert_int_equal(give_from_client(cancel()), PROXY_REPLY);
	expect_sent(NODE_A, "CANCEL ");
	pass_ms(33000);
	while (txn_world.seen_count + 1 < txn_world.sent_count &&
		strncmp(txn_world.sent[txn_world.seen_count].text, "SIP/2.0 487", 11) != 0)
		txn_world.seen_count++;
	expect_sent(CLIENT, "SIP/2.0 487 Request Terminated\r\n");
	expect_all_ends();
}

static void test_a_cancel_of_an_unknown_invite_is_forwarded(void **state)
{
	(void)state;
	assert_int_equal(give_from_client(cancel()), PROXY_FORWARD);
	expect_path("10.0.0.1:30001", NODE_A);
	assert_int_equal(txns_in_use(), 0);
}

static void test_timer_c_cancels_a_call_that_rings_for_ever(void **state)
{
	(void)state;
	invite();
	take_answer(NODE_A, "180 Ringing");
	expect_sent(CLIENT, "SIP/2.0 180 ");
	pass_ms(180900);
	expect_quiet();
	pass_ms(200);
	expect_sent(NODE_A, "CANCEL ");
}

/* An INVITE with a limit of ten minutes, in the ninth. A ring every minute keeps timer C from ever firing. */
static void ring_for_nine_minutes(char sent[static KEPT_MAX])
{
	world.fixture.snap.ringing_max_s = 600;
	invite();
	keep(sent, world.text);
	for (unsigned i = 0; i < 9; i++) {
		look_at(sent);
		take_answer(NODE_A, "180 Ringing");
		expect_sent(CLIENT, "SIP/2.0 180 ");
		pass_ms(60000);
	}
}

static void test_a_call_that_a_node_keeps_ringing_is_cancelled_at_its_limit(void **state)
{
	char sent[KEPT_MAX];

	(void)state;
	ring_for_nine_minutes(sent);
	look_at(sent);
	take_answer(NODE_A, "180 Ringing");
	expect_sent(CLIENT, "SIP/2.0 180 ");
	pass_ms(59900);
	expect_quiet();
	pass_ms(200);
	expect_sent(NODE_A, "CANCEL ");
	assert_int_equal(counted(STAT_sip_txn_ringing_limit), 1);
	/* It rings on, and does not answer. */
	look_at(sent);
	take_answer(NODE_A, "180 Ringing");
	pass_ms(31900);
	look_at(sent);
	take_answer(NODE_A, "180 Ringing");
	pass_ms(200);
	while (strncmp(world.text, "SIP/2.0 408 ", 12) != 0)
		expect_sent(NULL, ""); /* the CANCEL again */
	pass_ms(64 * 500);
	assert_int_equal(txns_in_use(), 0);
}

static void test_a_call_that_is_answered_in_time_has_no_limit_any_more(void **state)
{
	char sent[KEPT_MAX];

	(void)state;
	ring_for_nine_minutes(sent);
	look_at(sent);
	take_answer(NODE_A, "200 OK");
	expect_sent(CLIENT, "SIP/2.0 200 ");
	pass_ms(120000);
	expect_quiet();
	assert_int_equal(counted(STAT_sip_txn_ringing_limit), 0);
}

static void test_a_late_success_is_forwarded_and_a_late_failure_is_not(void **state)
{
	char sent[KEPT_MAX];

	(void)state;
	invite();
	keep(sent, world.text);
	take_answer(NODE_A, "486 Busy Here");
	expect_all_ends();
	look_at(sent);
	assert_int_equal(give(NODE_A, "10.0.0.1:30001", response_to_last("200 OK")), PROXY_FORWARD);
	expect_path(LISTENER4, CLIENT);
	assert_int_equal(counted(STAT_sip_txn_late_success), 1);
	look_at(sent);
	assert_int_equal(give(NODE_A, "10.0.0.1:30001", response_to_last("486 Busy Here")), PROXY_DROP);
	assert_int_equal(counted(STAT_sip_txn_late), 1);
}

static void test_a_success_after_a_failure_went_out_still_reaches_the_client(void **state)
{
	char sent[KEPT_MAX];

	(void)state;
	invite();
	keep(sent, world.text);
	take_answer(NODE_A, "486 Busy Here");
	look_at(sent);
	assert_int_equal(give(NODE_A, "10.0.0.1:30001", response_to_last("200 OK")), PROXY_FORWARD);
	expect_path(LISTENER4, CLIENT);
}

static void test_a_token_of_an_earlier_life_names_nobody(void **state)
{
	char sent[KEPT_MAX];

	(void)state;
	message();
	keep(sent, world.text);
	take_answer(NODE_A, "200 OK");
	expect_all_ends();
	/* The same place, taken by another request. */
	take_from_client(request((struct ask){.method = "MESSAGE", .call_id = "other@client"}));
	look_at(sent);
	assert_int_equal(give(NODE_A, "10.0.0.1:30001", response_to_last("404 Not Found")), PROXY_DROP);
	assert_int_equal(counted(STAT_sip_txn_late), 1);
}

static void test_without_room_requests_are_forwarded_without_state_and_counted(void **state)
{
	char call_id[32];

	(void)state;
	for (unsigned i = 0; i < TXN_WORLD_TRANSACTIONS; i++) {
		snprintf(call_id, sizeof(call_id), "call%u", i);
		take_from_client(request((struct ask){.call_id = call_id}));
	}
	assert_int_equal(give_from_client(request((struct ask){.call_id = "one-more"})), PROXY_FORWARD);
	assert_int_equal(counted(STAT_sip_txn_exhausted), 1);
	assert_int_equal(counted(STAT_sip_txn_begun), TXN_WORLD_TRANSACTIONS);
	assert_int_equal(counted(STAT_sip_requests_forwarded), TXN_WORLD_TRANSACTIONS + 1);
	/* Its response passes without state, too. */
	assert_int_equal(give(NODE_A, "10.0.0.1:30001", response_to_last("200 OK")), PROXY_FORWARD);
	expect_all_ends();
}

static void test_peers_without_the_magic_cookie_are_matched_by_the_whole_request(void **state)
{
	const struct ask old = {.via = "Via: SIP/2.0/UDP 198.51.100.7:5060", .cseq = "3"};
	const struct ask other = {.via = "Via: SIP/2.0/UDP 198.51.100.7:5060", .cseq = "4"};

	(void)state;
	take_from_client(request(old));
	expect_sent(NODE_A, "INVITE ");
	take_from_client(request(old));
	expect_sent(CLIENT, "SIP/2.0 100 ");
	take_from_client(request(other));
	expect_sent(NODE_A, "INVITE ");
	expect_quiet();
}

static void test_a_stateless_listener_keeps_no_state(void **state)
{
	(void)state;
	world.listener4->stateless = true;
	assert_int_equal(give_from_client(request((struct ask){0})), PROXY_FORWARD);
	expect_text("branch=z9hG4bK-sl1");
	assert_int_equal(txns_in_use(), 0);
}

static void test_requests_that_are_refused_need_no_transaction(void **state)
{
	(void)state;
	assert_int_equal(give_from_client(request((struct ask){.uri = "sip:x@nowhere.net"})), PROXY_REPLY);
	assert_int_equal(txns_in_use(), 0);
}

static void test_state_changes_are_traced(void **state)
{
	struct trace_record record;
	bool seen = false;

	(void)state;
	trace_set_mask(&world.trace, 1U << TRACE_SIP_MESSAGE);
	invite();
	take_answer(NODE_A, "180 Ringing");
	while (trace_take(&world.trace, &record))
		seen = seen || memmem(record.text, record.len, "Calling to Proceeding", 21);
	assert_true(seen);
}

static void test_an_ack_to_a_node_that_was_removed_goes_to_no_other_that_has_its_place(void **state)
{
	struct snapshot_fixture *fixture = &world.fixture;
	struct node *node = snapshot_fixture_node_over(fixture, "10.0.0.21:5060", "10.0.0.1", TRANSPORT_TCP);

	(void)state;
	snapshot_fixture_route(fixture, "com.routeless", ROUTE_EXACT, 0, node);
	snapshot_fixture_build(fixture);
	take_from_client(request((struct ask){.uri = "sip:x@routeless.com"}));
	expect_sent("10.0.0.21:5060", "INVITE ");
	assert_int_equal(world.out.node_slot, node->slot);
	node->id++;
	assert_int_equal(give_by(txn_world.node_conn, "10.0.0.21:5060", "10.0.0.1:50000",
				 response_to_last("486 Busy Here")),
		PROXY_TAKEN);
	expect_sent("10.0.0.21:5060", "ACK ");
	assert_int_equal(world.out.node_slot, PROXY_NO_NODE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, txn_setup, txn_teardown)
		T(test_a_request_goes_to_its_node_and_the_response_to_the_client),
		T(test_an_invite_is_answered_100_after_200_ms),
		T(test_a_provisional_response_makes_our_100_needless),
		T(test_a_100_ends_here),
		T(test_an_invite_that_comes_again_is_absorbed_and_answered),
		T(test_an_invite_is_repeated_to_the_node_until_it_answers),
		T(test_a_success_and_its_repetitions_pass_and_the_ack_is_forwarded),
		T(test_a_failure_is_acknowledged_here_on_both_sides),
		T(test_a_failure_that_nobody_acknowledges_is_counted),
		T(test_a_request_that_comes_again_gets_its_answer_again),
		T(test_a_response_that_comes_again_is_absorbed),
		T(test_no_provisional_response_but_a_late_100_to_other_requests),
		T(test_an_invite_that_nobody_answers_gets_408),
		T(test_another_request_that_nobody_answers_gets_no_408),
		T(test_a_node_s_408_to_another_request_ends_here),
		T(test_a_cancel_is_answered_and_follows_its_invite),
		T(test_a_cancel_waits_for_a_provisional_response),
		T(test_a_cancelled_invite_that_stays_unanswered_gets_487),
		T(test_a_cancel_of_an_unknown_invite_is_forwarded),
		T(test_timer_c_cancels_a_call_that_rings_for_ever),
		T(test_a_call_that_a_node_keeps_ringing_is_cancelled_at_its_limit),
		T(test_a_call_that_is_answered_in_time_has_no_limit_any_more),
		T(test_a_late_success_is_forwarded_and_a_late_failure_is_not),
		T(test_a_success_after_a_failure_went_out_still_reaches_the_client),
		T(test_a_token_of_an_earlier_life_names_nobody),
		T(test_without_room_requests_are_forwarded_without_state_and_counted),
		T(test_peers_without_the_magic_cookie_are_matched_by_the_whole_request),
		T(test_a_stateless_listener_keeps_no_state),
		T(test_requests_that_are_refused_need_no_transaction),
		T(test_state_changes_are_traced),
		T(test_an_ack_to_a_node_that_was_removed_goes_to_no_other_that_has_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
