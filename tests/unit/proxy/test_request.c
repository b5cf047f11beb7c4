/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a request must be to be taken at all: RFC 3261 16.3, R-ACL-2, R-LOOP-1. Each refusal has its counter.
 */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static enum proxy_action give_method(const char *method, const char *headers)
{
	return give_from_client(request((struct ask){.method = method, .headers = headers}));
}

static void test_a_stranger_gets_403_and_a_log_line(void **state)
{
	struct trace_record record;

	(void)state;
	expect_refusal(give(STRANGER, LISTENER4, request((struct ask){0})), 403, STAT_sip_acl_refused);
	assert_true(world.out.untrusted);
	assert_true(trace_take(&world.trace, &record));
	assert_memory_equal(record.text,
		"ACL - upstream not trusted - need to authenticate: 203.0.113.9:5060",
		strlen("ACL - upstream not trusted - need to authenticate: 203.0.113.9:5060"));
}

static void test_a_stranger_gets_silence_where_the_listener_says_so(void **state)
{
	(void)state;
	world.listener4->acl_drop = true;
	assert_int_equal(give(STRANGER, LISTENER4, request((struct ask){0})), PROXY_DROP);
	assert_int_equal(counted(STAT_sip_acl_dropped), 1);
	assert_int_equal(counted(STAT_sip_replies), 0);
	assert_true(world.out.untrusted);
}

static void test_a_stranger_with_a_broken_request_learns_no_more_than_others(void **state)
{
	(void)state;
	expect_refusal(give(STRANGER, LISTENER4, request((struct ask){.headers = "Max-Forwards: x\r\n"})),
		403, STAT_sip_acl_refused);
}

/* maddr would let a stranger aim our answers at others. */
static void test_a_stranger_cannot_aim_the_answer(void **state)
{
	(void)state;
	give(STRANGER, LISTENER4,
		request((struct ask){
			.via = "Via: SIP/2.0/UDP 203.0.113.9;branch=z9hG4bKx;maddr=192.0.2.200"}));
	expect_path(LISTENER4, STRANGER);
}

static void test_a_node_needs_no_acl_entry(void **state)
{
	(void)state;
	assert_int_equal(give_from_node(request((struct ask){0})), PROXY_FORWARD);
	assert_false(world.out.untrusted);
}

static void test_a_request_to_no_listener_is_dropped(void **state)
{
	(void)state;
	assert_int_equal(give(CLIENT, "192.0.2.1:5070", request((struct ask){0})), PROXY_DROP);
	assert_int_equal(give(CLIENT, "10.0.0.1:30001", request((struct ask){0})), PROXY_DROP);
	assert_int_equal(counted(STAT_sip_no_listener), 2);
}

/* RFC 3261 16.3 step 3 */
static void test_max_forwards_0_is_answered_483(void **state)
{
	(void)state;
	expect_refusal(give_method("INVITE", "Max-Forwards: 0\r\n"), 483, STAT_sip_max_forwards_reached);
}

static void test_options_with_max_forwards_0_is_answered_by_us(void **state)
{
	(void)state;
	assert_int_equal(give_method("OPTIONS", "Max-Forwards: 0\r\n"), PROXY_REPLY);
	expect_text("SIP/2.0 200 OK\r\n");
	assert_int_equal(counted(STAT_sip_options_answered), 1);
}

/* RFC 3261 16.3 step 5 */
static void test_proxy_require_is_answered_420_with_what_is_unsupported(void **state)
{
	(void)state;
	expect_refusal(give_method("INVITE", "Proxy-Require: foo, bar\r\nProxy-Require: sec-agree\r\n"), 420,
		STAT_sip_proxy_require);
	expect_text("\r\nUnsupported: foo, bar\r\nUnsupported: sec-agree\r\n");
}

static void test_a_list_too_long_to_repeat_is_left_out(void **state)
{
	char header[5000] = "Proxy-Require: ";

	(void)state;
	memset(header + 15, 'x', 4500);
	memcpy(header + 4515, "\r\n", 3);
	expect_refusal(give_method("INVITE", header), 420, STAT_sip_proxy_require);
	expect_no_text("Unsupported");
}

/* RFC 3261 8.2.2.3: "must not ... in a CANCEL request, or in an ACK request sent for a non-2xx response" */
static void test_cancel_and_ack_pass_whatever_they_require(void **state)
{
	(void)state;
	assert_int_equal(give_method("CANCEL", "Proxy-Require: foo\r\n"), PROXY_FORWARD);
	assert_int_equal(give_method("ACK", "Proxy-Require: foo\r\n"), PROXY_FORWARD);
}

/* RFC 3261 17: "a server must never send a response to an ACK". Every reason to refuse, one after the other.
 */
static void test_an_ack_is_never_answered(void **state)
{
	const char *const uris[] = {"sip:bob@blocked.com", "sip:bob@nowhere.com", "sip:bob@routeless.com",
		"tel:+4930", "sip:bob@192.0.2.1", "sip:bob@192.0.2.77"};
	const unsigned count = sizeof(uris) / sizeof(uris[0]);

	(void)state;
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(
			give_from_client(request((struct ask){.method = "ACK", .uri = uris[i]})), PROXY_DROP);
	assert_int_equal(give_method("ACK", "Max-Forwards: 0\r\n"), PROXY_DROP);
	assert_int_equal(give_method("ACK", "Max-Forwards: x\r\n"), PROXY_DROP);
	assert_int_equal(give_method("ACK", "Route: <x\r\n"), PROXY_DROP);
	assert_int_equal(give(STRANGER, LISTENER4, request((struct ask){.method = "ACK"})), PROXY_DROP);
	assert_int_equal(counted(STAT_sip_ack_dropped), count + 4);
	assert_int_equal(counted(STAT_sip_replies), 0);
	assert_int_equal(counted(STAT_sip_route_blocked), 1);
	assert_int_equal(counted(STAT_sip_max_forwards_reached), 1);
}

static void test_unknown_methods_are_forwarded(void **state)
{
	(void)state;
	assert_int_equal(give_method("FROBNICATE", NULL), PROXY_FORWARD);
	expect_text("FROBNICATE sip:bob@example.com SIP/2.0\r\n");
}

static void test_a_request_that_does_not_parse_is_answered_with_its_status(void **state)
{
	(void)state;
	expect_refusal(give_method("INVITE", "Max-Forwards: 256\r\n"), 400, STAT_sip_bad_max_forwards);
	expect_path(LISTENER4, CLIENT);
}

static void test_a_route_that_cannot_be_read_is_answered_400(void **state)
{
	(void)state;
	expect_refusal(give_method("INVITE", "Route: <sip:x@y\r\n"), 400, STAT_sip_bad_route);
}

static void test_more_routes_than_we_keep_are_answered_400(void **state)
{
	char headers[33 * 27 + 1];

	(void)state;
	for (size_t i = 0; i < 33; i++)
		snprintf(headers + 27 * i, sizeof(headers) - 27 * i, "Route: <sip:10.0.0.11;lr>\r\n");
	expect_refusal(give_method("INVITE", headers), 400, STAT_sip_bad_route);
}

static void test_a_request_that_nobody_can_be_told_about_is_dropped(void **state)
{
	(void)state;
	assert_int_equal(
		give_from_client("INVITE sip:bob@example.com SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n"), PROXY_DROP);
	assert_int_equal(counted(STAT_sip_missing_via), 1);
	assert_int_equal(give_from_client("rubbish\r\n\r\n"), PROXY_DROP);
	assert_int_equal(counted(STAT_sip_bad_start_line), 1);
}

/* RFC 5626 3.5.1, and the NUL that other peers send */
static void test_keepalives_are_taken_in_silence(void **state)
{
	const struct proxy_in nul = {
		.bytes = {"\0", 1}, .src = endpoint_of(CLIENT), .local = endpoint_of(LISTENER4)};

	(void)state;
	assert_int_equal(give_from_client("\r\n\r\n"), PROXY_DROP);
	assert_int_equal(give_from_client(""), PROXY_DROP);
	assert_int_equal(proxy_input(&world.proxy, &world.fixture.snap, &nul, &world.out), PROXY_DROP);
	assert_int_equal(counted(STAT_sip_keepalives), 3);
}

static void test_a_balancer_that_is_asked_itself_answers_options(void **state)
{
	(void)state;
	assert_int_equal(give_from_client(request((struct ask){.method = "OPTIONS", .uri = "sip:192.0.2.1"})),
		PROXY_REPLY);
	expect_text("SIP/2.0 200 OK\r\n");
	expect_text("\r\nAllow: OPTIONS\r\n");
	expect_text("\r\nAccept: ");
	expect_text("\r\nSupported:");
	assert_int_equal(counted(STAT_sip_options_answered), 1);
}

/* RFC 3261 8.2.2.3 */
static void test_options_that_require_something_of_us_get_420(void **state)
{
	(void)state;
	expect_refusal(
		give_from_client(request((struct ask){
			.method = "OPTIONS", .uri = "sip:192.0.2.1:5060", .headers = "Require: 100rel\r\n"})),
		420, STAT_sip_proxy_require);
	expect_text("\r\nUnsupported: 100rel\r\n");
}

static void test_the_balancer_has_no_users(void **state)
{
	(void)state;
	expect_refusal(give_from_client(request((struct ask){.method = "OPTIONS", .uri = "sip:x@192.0.2.1"})),
		404, STAT_sip_unknown_user);
}

static void test_other_methods_for_the_balancer_itself_get_404(void **state)
{
	(void)state;
	expect_refusal(give("[2001:db8:9::7]:5060", LISTENER6,
			       request((struct ask){.method = "REGISTER", .uri = "sip:[2001:db8::1]"})),
		404, STAT_sip_unknown_user);
}

/* RFC 3261 8.2.7: a stateless server gives the same tag to the same request. */
static void test_our_answer_is_the_same_to_a_retransmission_and_another_to_another_request(void **state)
{
	char first[KEPT_MAX];

	(void)state;
	give_method("INVITE", "Max-Forwards: 0\r\n");
	keep(first, last_header("To"));
	assert_non_null(strstr(first, ";tag="));
	give_method("INVITE", "Max-Forwards: 0\r\n");
	assert_string_equal(last_header("To"), first);
	give_from_client(request((struct ask){.call_id = "call2@client", .headers = "Max-Forwards: 0\r\n"}));
	assert_string_not_equal(last_header("To"), first);
}

/* RFC 3261 18.2.2, RFC 3581 4 */
static void test_our_answer_follows_the_via_of_the_request(void **state)
{
	const struct {
		const char *via, *dst;
	} cases[] = {
		{"Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKx", "198.51.100.7:5060"},
		{"Via: SIP/2.0/UDP 10.9.9.9:5099;branch=z9hG4bKx", "198.51.100.7:5099"},
		{"Via: SIP/2.0/UDP 10.9.9.9:5099;branch=z9hG4bKx;rport", "198.51.100.7:40000"},
		{"Via: SIP/2.0/UDP c.example.net;received=1.2.3.4;branch=z9hG4bKx", "198.51.100.7:5060"},
		{"Via: SIP/2.0/UDP c.example.net:5099;maddr=198.51.100.8;branch=z9hG4bKx",
			"198.51.100.8:5099"},
		{"Via: SIP/2.0/UDP c.example.net:5099;maddr=224.0.1.75;branch=z9hG4bKx", "198.51.100.7:5099"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		give("198.51.100.7:40000", LISTENER4,
			request((struct ask){.via = cases[i].via, .headers = "Max-Forwards: 0\r\n"}));
		expect_path(LISTENER4, cases[i].dst);
	}
	expect_text(";received=198.51.100.7\r\n");
}

/* One buffer is too small for a request with our lines in it, then for the answer too. */
static void test_what_does_not_fit_is_answered_513_or_dropped(void **state)
{
	struct proxy_in in = {.src = endpoint_of(CLIENT), .local = endpoint_of(LISTENER4)};

	(void)state;
	in.bytes = span_str(request((struct ask){0}));
	world.out.buf = world.text;
	world.out.buf_size = in.bytes.len + 20;
	assert_int_equal(proxy_input(&world.proxy, &world.fixture.snap, &in, &world.out), PROXY_REPLY);
	assert_int_equal(world.out.status, 513);
	world.out.buf_size = 100;
	assert_int_equal(proxy_input(&world.proxy, &world.fixture.snap, &in, &world.out), PROXY_DROP);
	assert_int_equal(counted(STAT_sip_too_large), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
		T(test_a_stranger_gets_403_and_a_log_line),
		T(test_a_stranger_gets_silence_where_the_listener_says_so),
		T(test_a_stranger_with_a_broken_request_learns_no_more_than_others),
		T(test_a_stranger_cannot_aim_the_answer),
		T(test_a_node_needs_no_acl_entry),
		T(test_a_request_to_no_listener_is_dropped),
		T(test_max_forwards_0_is_answered_483),
		T(test_options_with_max_forwards_0_is_answered_by_us),
		T(test_proxy_require_is_answered_420_with_what_is_unsupported),
		T(test_a_list_too_long_to_repeat_is_left_out),
		T(test_cancel_and_ack_pass_whatever_they_require),
		T(test_an_ack_is_never_answered),
		T(test_unknown_methods_are_forwarded),
		T(test_a_request_that_does_not_parse_is_answered_with_its_status),
		T(test_a_route_that_cannot_be_read_is_answered_400),
		T(test_more_routes_than_we_keep_are_answered_400),
		T(test_a_request_that_nobody_can_be_told_about_is_dropped),
		T(test_keepalives_are_taken_in_silence),
		T(test_a_balancer_that_is_asked_itself_answers_options),
		T(test_options_that_require_something_of_us_get_420),
		T(test_the_balancer_has_no_users),
		T(test_other_methods_for_the_balancer_itself_get_404),
		T(test_our_answer_is_the_same_to_a_retransmission_and_another_to_another_request),
		T(test_our_answer_follows_the_via_of_the_request),
		T(test_what_does_not_fit_is_answered_513_or_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
