/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a request looks like when it goes on: RFC 3261 16.6, 16.11, 18.2.1; R-RT-9, R-LOOP-1. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

/* Our Via and what follows it up to the received bytes are taken out; the rest must be those bytes. */
static void expect_rest(const char *received, size_t received_len, const char *first_kept)
{
	const char *out_rest = strstr(world.text, first_kept);
	const char *in_rest = strstr(received, first_kept);
	size_t len = (size_t)(received + received_len - in_rest);

	assert_non_null(out_rest);
	assert_int_equal(world.out.len - (size_t)(out_rest - world.text), len);
	assert_memory_equal(out_rest, in_rest, len);
}

static void test_our_lines_stand_first_and_all_else_is_as_it_came(void **state)
{
	const char *invite = request((struct ask){0});

	(void)state;
	assert_int_equal(give_from_client(invite), PROXY_FORWARD);
	expect_path("10.0.0.1:30001", NODE_A);
	expect_text("INVITE sip:bob@example.com SIP/2.0\r\n"
		    "Via: SIP/2.0/UDP 10.0.0.1:30001;branch=z9hG4bK");
	expect_text("\r\nRecord-Route: <sip:192.0.2.1:5060;lr;sl=");
	expect_text(">\r\nMax-Forwards: 70\r\nVia: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKclient1\r\n");
	expect_rest(invite, strlen(invite), "Via: SIP/2.0/UDP 198.51.100.7");
	assert_true(world.out.is_request);
	assert_int_equal(world.out.status, 0);
}

/* RFC 3261 16.6 step 8: else a stream's reader would take the body for the next message. */
static void test_a_body_without_a_length_is_given_one(void **state)
{
	static const char head[] =
		"MESSAGE sip:bob@example.com SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKc\r\n"
		"From: <sip:a@a.example>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: c\r\n"
		"CSeq: 1 MESSAGE\r\nMax-Forwards: 9\r\n";
	static const char body[] = "BYE sip:bob@example.com SIP/2.0\r\n\r\n";
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), "%s\r\n%s", head, body);
	assert_int_equal(give_from_client(text), PROXY_FORWARD);
	expect_text(
		"\r\nMax-Forwards: 8\r\nContent-Length: 35\r\n\r\nBYE sip:bob@example.com SIP/2.0\r\n\r\n");
	/* One that has a length has no second. */
	snprintf(text, sizeof(text), "%sl: 35\r\n\r\n%s", head, body);
	assert_int_equal(give_from_client(text), PROXY_FORWARD);
	expect_no_text("Content-Length");
}

static void test_each_worker_sends_from_a_port_of_its_own_and_says_so(void **state)
{
	(void)state;
	world.proxy.worker_index = 0;
	give_from_client(request((struct ask){0}));
	expect_path("10.0.0.1:30000", NODE_A);
	expect_text("Via: SIP/2.0/UDP 10.0.0.1:30000;branch=");
}

static void test_ipv6_stands_in_brackets(void **state)
{
	(void)state;
	assert_int_equal(give(CLIENT6, LISTENER6,
				 request((struct ask){.uri = "sip:bob@six.com",
					 .via = "Via: SIP/2.0/UDP [2001:db8:9::7]:5060;branch=z9hG4bKx"})),
		PROXY_FORWARD);
	expect_path("[2001:db8:1::1]:30001", NODE_SIX);
	expect_text("Via: SIP/2.0/UDP [2001:db8:1::1]:30001;branch=");
	expect_text("Record-Route: <sip:[2001:db8::1]:5060;lr;sl=");
}

/* RFC 3261 16.6 step 3 */
static void test_max_forwards_is_one_less(void **state)
{
	(void)state;
	give_from_client(request((struct ask){.headers = "max-forwards :  10 \r\n"}));
	expect_text("\r\nmax-forwards :  9 \r\n");
	give_from_client(request((struct ask){.headers = "Max-Forwards: 1\r\n"}));
	expect_text("\r\nMax-Forwards: 0\r\n");
	give_from_client(request((struct ask){.headers = "Max-Forwards: 255\r\n"}));
	expect_text("\r\nMax-Forwards: 254\r\n");
	expect_no_text("Max-Forwards: 70");
	give_from_client(request((struct ask){.headers = "Max-Forwards: 9\r\nMax-Forwards: 9\r\n"}));
	expect_text("\r\nMax-Forwards: 8\r\nMax-Forwards: 8\r\n");
}

static void test_the_topmost_via_says_where_the_request_came_from(void **state)
{
	(void)state;
	give("198.51.100.7:40000", LISTENER4,
		request((struct ask){
			.via = "v: SIP/2.0/UDP c.net;rport;branch=z9hG4bKx,SIP/2.0/TCP d;branch=z9hG4bKy"}));
	expect_text("\r\nv: SIP/2.0/UDP c.net;rport=40000;received=198.51.100.7;branch=z9hG4bKx,"
		    "SIP/2.0/TCP d;branch=z9hG4bKy\r\n");
}

/* RFC 3261 18.3: what stands behind the body in a datagram is discarded; 7.5: line ends before it are
 * ignored. */
static void test_only_the_message_itself_goes_on(void **state)
{
	static const char message[] = "\r\n\r\nMESSAGE sip:bob@example.com SIP/2.0\r\n"
				      "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKx\r\n"
				      "From: <sip:a@b>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1\r\n"
				      "CSeq: 1 MESSAGE\r\nContent-Length: 4\r\n\r\na\0\r\nbeyond";
	const struct proxy_in in = {.bytes = {message, sizeof(message) - 1},
		.src = endpoint_of(CLIENT),
		.local = endpoint_of(LISTENER4)};

	(void)state;
	world.out.buf = world.text;
	world.out.buf_size = SIP_DATAGRAM_MAX;
	assert_int_equal(proxy_input(&world.proxy, &world.fixture.snap, &in, &world.out), PROXY_FORWARD);
	assert_memory_equal(world.text, "MESSAGE ", 8);
	expect_rest(message + 4, sizeof(message) - 1 - 4 - 6, "Via: SIP/2.0/UDP 198.51.100.7");
}

/* RFC 3261 16.6 step 4 */
static void test_only_what_may_begin_a_dialog_is_record_routed(void **state)
{
	static const char *const with[] = {"INVITE", "SUBSCRIBE", "NOTIFY", "REFER", "FROBNICATE"};
	static const char *const without[] = {"ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK",
		"PUBLISH", "INFO", "MESSAGE", "UPDATE"};

	(void)state;
	for (unsigned i = 0; i < sizeof(with) / sizeof(with[0]); i++) {
		give_from_client(request((struct ask){.method = with[i]}));
		expect_text("\r\nRecord-Route: ");
		give_from_client(request((struct ask){.method = with[i], .to_tag = "callee"}));
		expect_no_text("Record-Route");
	}
	for (unsigned i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		give_from_client(request((struct ask){.method = without[i]}));
		expect_no_text("Record-Route");
	}
}

static void test_a_listener_may_stay_out_of_dialogs(void **state)
{
	(void)state;
	world.listener4->record_route = false;
	give_from_client(request((struct ask){0}));
	expect_no_text("Record-Route");
}

static void test_our_record_route_stands_above_those_before_us(void **state)
{
	const char *theirs;

	(void)state;
	give_from_client(request((struct ask){
		.via = "Record-Route: <sip:p.net;lr>\r\nVia: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKx"}));
	theirs = strstr(world.text, "Record-Route: <sip:p.net;lr>");
	assert_true(strstr(world.text, "Record-Route: <sip:192.0.2.1:5060;lr;sl=") < theirs);
	assert_true(strstr(world.text, "Via: SIP/2.0/UDP 10.0.0.1:30001") < theirs);
}

/* RFC 5658 5: each side gets an address that it can reach, the next hop's on top. */
static void test_two_families_take_two_record_routes(void **state)
{
	(void)state;
	assert_int_equal(give(CLIENT6, LISTENER6, request((struct ask){0})), PROXY_FORWARD);
	expect_path("10.0.0.1:30001", NODE_A);
	assert_true(strstr(world.text, "Record-Route: <sip:192.0.2.1:5060;lr;sl=") <
		    strstr(world.text, "Record-Route: <sip:[2001:db8::1]:5060;lr;sl="));
	expect_text("Record-Route: <sip:192.0.2.1:5060;lr;sl=");
}

static void test_a_listener_on_our_address_toward_the_node_faces_it(void **state)
{
	(void)state;
	snapshot_fixture_listener(&world.fixture, "inner", INNER4);
	give_from_client(request((struct ask){0}));
	expect_text("Record-Route: <sip:10.0.0.1:5060;lr;sl=");
	assert_true(strstr(world.text, "Record-Route: <sip:10.0.0.1:5060;lr;sl=") <
		    strstr(world.text, "Record-Route: <sip:192.0.2.1:5060;lr;sl="));
}

static void test_a_node_that_no_listener_can_face_gets_the_clients(void **state)
{
	(void)state;
	world.fixture.snap.listener_count = 1;
	assert_int_equal(give_from_client(request((struct ask){.uri = "sip:bob@six.com"})), PROXY_FORWARD);
	expect_text("Record-Route: <sip:192.0.2.1:5060;lr;sl=");
	expect_no_text("Record-Route: <sip:[");
}

static void branch_of_last(char branch[128])
{
	const char *via = last_header("Via");

	snprintf(branch, 128, "%s", strstr(via, ";branch=") + 8);
}

static void expect_same_branch(struct ask ask, bool same)
{
	char first[128];
	char second[128];

	give_from_client(request((struct ask){0}));
	branch_of_last(first);
	assert_int_equal(give_from_client(request(ask)), PROXY_FORWARD);
	branch_of_last(second);
	if (same)
		assert_string_equal(first, second);
	else
		assert_string_not_equal(first, second);
}

static void test_a_retransmission_is_the_same_to_the_last_byte(void **state)
{
	char first[KEPT_MAX];

	(void)state;
	give_from_client(request((struct ask){0}));
	keep(first, world.text);
	give_from_client(request((struct ask){0}));
	assert_string_equal(first, world.text);
}

/* RFC 3261 16.11: so that the node finds the INVITE that is meant (17.2.3, 9.2). */
static void test_cancel_and_the_ack_to_a_failure_have_the_branch_of_their_invite(void **state)
{
	(void)state;
	expect_same_branch((struct ask){.method = "CANCEL"}, true);
	expect_same_branch((struct ask){.method = "ACK", .to_tag = "failed"}, true);
}

static void test_another_transaction_has_another_branch(void **state)
{
	(void)state;
	expect_same_branch(
		(struct ask){.via = "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKclient2"}, false);
	expect_same_branch(
		(struct ask){.via = "Via: SIP/2.0/UDP 198.51.100.7:5061;branch=z9hG4bKclient1"}, false);
	expect_same_branch((struct ask){.cseq = "8"}, false);
	expect_same_branch((struct ask){.call_id = "call2@client"}, false);
	expect_same_branch((struct ask){.from_tag = "other"}, false);
	expect_same_branch((struct ask){.uri = "sip:carol@example.com"}, false);
}

/* RFC 2543 peers give no branch: the request's other fields tell transactions apart (RFC 3261 16.11). */
static void test_a_peer_without_branches_is_understood_all_the_same(void **state)
{
	const char *via = "Via: SIP/2.0/UDP 198.51.100.7:5060";
	char invite[128];
	char other[128];

	(void)state;
	give_from_client(request((struct ask){.via = via}));
	branch_of_last(invite);
	give_from_client(request((struct ask){.via = via, .method = "CANCEL"}));
	branch_of_last(other);
	assert_string_equal(invite, other);
	give_from_client(request((struct ask){.via = via, .cseq = "8"}));
	branch_of_last(other);
	assert_string_not_equal(invite, other);
}

static void test_a_cancel_shares_the_branch_but_not_the_latency_key(void **state)
{
	uint64_t invite;

	(void)state;
	give_from_client(request((struct ask){0}));
	invite = world.out.request_key;
	give_from_client(request((struct ask){.method = "CANCEL"}));
	assert_true(world.out.request_key != invite);
	give_from_client(request((struct ask){0}));
	assert_true(world.out.request_key == invite);
}

/* The node sends the last message back as it came, with its own Via on top. */
static const char *sent_back(const char *uri)
{
	static char text[8192];
	const char *rest = strstr(world.text, "\r\n");

	snprintf(text, sizeof(text),
		"INVITE %s SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.11:5060;branch=z9hG4bKnode%s", uri, rest);
	return text;
}

/* R-LOOP-1; RFC 3261 16.3 step 4, RFC 5393 4.2 */
static void test_a_request_that_comes_back_unchanged_is_a_loop(void **state)
{
	(void)state;
	give_from_client(request((struct ask){0}));
	expect_refusal(give_from_node(sent_back("sip:bob@example.com")), 482, STAT_sip_loop_detected);
}

static void test_a_request_that_comes_back_for_somebody_else_is_a_spiral(void **state)
{
	(void)state;
	give_from_client(request((struct ask){0}));
	assert_int_equal(give_from_node(sent_back("sip:carol@example.com")), PROXY_FORWARD);
	assert_int_equal(give_from_node(sent_back("sip:bob@example.com")), PROXY_REPLY);
	assert_int_equal(counted(STAT_sip_loop_detected), 1);
}

static void test_a_loop_is_seen_in_any_line_and_at_any_worker(void **state)
{
	(void)state;
	give_from_client(request((struct ask){0}));
	world.proxy.worker_index = 0;
	expect_refusal(give_from_node(sent_back("sip:bob@example.com")), 482, STAT_sip_loop_detected);
}

/*
 * Two balancers with the same keys, the nodes of each being the other: the second one must not take the first
 * one's Via for its own, the first one must know it when it comes round.
 */
static void test_a_loop_over_two_balancers_is_seen_by_the_one_that_has_seen_it(void **state)
{
	struct snapshot *snap = &world.fixture.snap;
	struct snapshot first = *snap;
	const char *again;

	(void)state;
	assert_int_equal(give_from_client(request((struct ask){0})), PROXY_FORWARD);
	again = sent_back("sip:bob@example.com");
	snap->listeners[0].local = endpoint_of("192.0.2.9:5060");
	snap->locals[0] = endpoint_of("192.0.2.9").ip;
	snap->locals[2] = endpoint_of("10.0.0.9").ip;
	world.a->local = endpoint_of("10.0.0.9").ip;
	assert_int_equal(give(NODE_A, "192.0.2.9:5060", again), PROXY_FORWARD);
	expect_text("Via: SIP/2.0/UDP 10.0.0.9:30001;");
	again = sent_back("sip:bob@example.com");
	*snap = first;
	expect_refusal(give_from_node(again), 482, STAT_sip_loop_detected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
		T(test_our_lines_stand_first_and_all_else_is_as_it_came),
		T(test_a_body_without_a_length_is_given_one),
		T(test_each_worker_sends_from_a_port_of_its_own_and_says_so),
		T(test_ipv6_stands_in_brackets),
		T(test_max_forwards_is_one_less),
		T(test_the_topmost_via_says_where_the_request_came_from),
		T(test_only_the_message_itself_goes_on),
		T(test_only_what_may_begin_a_dialog_is_record_routed),
		T(test_a_listener_may_stay_out_of_dialogs),
		T(test_our_record_route_stands_above_those_before_us),
		T(test_two_families_take_two_record_routes),
		T(test_a_listener_on_our_address_toward_the_node_faces_it),
		T(test_a_node_that_no_listener_can_face_gets_the_clients),
		T(test_a_retransmission_is_the_same_to_the_last_byte),
		T(test_cancel_and_the_ack_to_a_failure_have_the_branch_of_their_invite),
		T(test_another_transaction_has_another_branch),
		T(test_a_peer_without_branches_is_understood_all_the_same),
		T(test_a_cancel_shares_the_branch_but_not_the_latency_key),
		T(test_a_request_that_comes_back_unchanged_is_a_loop),
		T(test_a_request_that_comes_back_for_somebody_else_is_a_spiral),
		T(test_a_loop_is_seen_in_any_line_and_at_any_worker),
		T(test_a_loop_over_two_balancers_is_seen_by_the_one_that_has_seen_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
