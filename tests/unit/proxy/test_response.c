/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A response's way back: RFC 3261 16.7, 16.11, 18.1.2, 18.2.2; R-LB-5. Nothing that we did not write is
 * believed. */
#include "world.h"

#include "proxy/branch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define WORKER_PORT "10.0.0.1:30001"

static enum proxy_action answer(const char *status_line)
{
	return give(NODE_A, WORKER_PORT, response_to_last(status_line));
}

static void expect_drop(enum proxy_action action, enum stat reason)
{
	assert_int_equal(action, PROXY_DROP);
	assert_int_equal(counted(reason), 1);
	assert_int_equal(counted(STAT_sip_responses_forwarded), 0);
}

/* Replaces the first `old` in the text by `new` in place; both have the same length. */
static char *altered(const char *text, const char *old, const char *new)
{
	static char copy[KEPT_MAX];
	char *at;

	keep(copy, text);
	at = strstr(copy, old);
	assert_non_null(at);
	assert_int_equal(strlen(old), strlen(new));
	memcpy(at, new, strlen(new));
	return copy;
}

static void test_every_response_goes_back_to_the_client(void **state)
{
	const char *const lines[] = {"100 Trying", "180 Ringing", "200 OK", "302 Moved", "486 Busy Here",
		"503 Service Unavailable", "699 "};

	(void)state;
	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		uint64_t key;

		give_from_client(request((struct ask){0}));
		key = world.out.request_key;
		assert_int_equal(answer(lines[i]), PROXY_FORWARD);
		expect_path(LISTENER4, CLIENT);
		assert_int_equal(world.out.node_slot, world.a->slot);
		assert_true(world.out.request_key == key);
		assert_int_equal(world.out.status,
			(lines[i][0] - '0') * 100 + (lines[i][1] - '0') * 10 + lines[i][2] - '0');
		assert_false(world.out.is_request);
		expect_no_text("Via: SIP/2.0/UDP 10.0.0.1");
	}
	assert_int_equal(counted(STAT_sip_responses_forwarded), 7);
}

/* What the client sees below the Via it wrote is what it wrote; its own has at most received and rport added.
 */
static void test_the_clients_vias_come_back_byte_for_byte(void **state)
{
	const struct {
		const char *sent, *back;
	} cases[] = {
		{"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKx\r\n"
		 "Via: SIP/2.0/TLS  p.net:5061 ;branch=z9hG4bKy;x=\"a,b\" , SIP / 2.0 / TCP "
		 "q.net;branch=z9hG4bKz",
			"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKx\r\n"
			"Via: SIP/2.0/TLS  p.net:5061 ;branch=z9hG4bKy;x=\"a,b\" , SIP / 2.0 / TCP "
			"q.net;branch=z9hG4bKz\r\n"},
		{"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKx, SIP/2.0/TLS p.net",
			"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKx, SIP/2.0/TLS p.net\r\n"},
		{"Via: SIP/2.0/UDP 198.51.100.7;rport;branch=z9hG4bKx",
			"Via: SIP/2.0/UDP 198.51.100.7;rport=5060;received=198.51.100.7;branch=z9hG4bKx\r\n"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		give_from_client(request((struct ask){.via = cases[i].sent}));
		assert_int_equal(answer("200 OK"), PROXY_FORWARD);
		expect_path(LISTENER4, CLIENT);
		expect_text("SIP/2.0 200 OK\r\nVia: ");
		expect_text(cases[i].back);
	}
}

/* A node may join header lines (RFC 3261 7.3.1). */
static void test_vias_that_a_node_joined_are_taken_apart_again(void **state)
{
	char text[KEPT_MAX];
	char *own_end;

	(void)state;
	give_from_client(request((struct ask){0}));
	keep(text, response_to_last("200 OK"));
	own_end = strstr(strstr(text, "\r\nVia: ") + 2, "\r\nVia: ");
	memcpy(own_end, "   ,   ", 7);
	assert_int_equal(give(NODE_A, WORKER_PORT, text), PROXY_FORWARD);
	expect_text("\r\nVia: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKclient1\r\n");
	expect_no_text("10.0.0.1");
}

static void expect_way_back(const char *via, const char *source, const char *target)
{
	give(source, LISTENER4, request((struct ask){.via = via}));
	assert_int_equal(answer("200 OK"), PROXY_FORWARD);
	expect_path(LISTENER4, target);
}

/* RFC 3261 18.2.2, RFC 3581 4 */
static void test_the_next_via_says_where_to(void **state)
{
	(void)state;
	expect_way_back(
		"Via: SIP/2.0/UDP c.net:5099;branch=z9hG4bKx", "198.51.100.7:40000", "198.51.100.7:5099");
	expect_way_back("Via: SIP/2.0/UDP c.net:5099;branch=z9hG4bKx;rport", "198.51.100.7:40000",
		"198.51.100.7:40000");
	expect_way_back("Via: SIP/2.0/UDP c.net;branch=z9hG4bKx;received=9.9.9.9;rport=9",
		"198.51.100.7:40000", "198.51.100.7:40000");
	expect_way_back("Via: SIP/2.0/UDP c.net:5099;branch=z9hG4bKx;maddr=198.51.100.9",
		"198.51.100.7:40000", "198.51.100.9:5099");
	expect_way_back(
		"Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKx", "198.51.100.7:40000", "198.51.100.7:5060");
}

static void test_any_worker_takes_any_response(void **state)
{
	(void)state;
	give_from_client(request((struct ask){0}));
	world.proxy.worker_index = 0;
	assert_int_equal(answer("200 OK"), PROXY_FORWARD);
	expect_path(LISTENER4, CLIENT);
}

static void test_families_meet(void **state)
{
	(void)state;
	give(CLIENT6, LISTENER6,
		request((struct ask){.via = "Via: SIP/2.0/UDP [2001:db8:9::7];rport;branch=z9hG4bKx"}));
	assert_int_equal(answer("200 OK"), PROXY_FORWARD);
	expect_path(LISTENER6, CLIENT6);
	expect_text(";rport=5060;received=2001:db8:9::7;branch=z9hG4bKx\r\n");
	give_from_client(request((struct ask){.uri = "sip:bob@six.com"}));
	assert_int_equal(give(NODE_SIX, "[2001:db8:1::1]:30001", response_to_last("200 OK")), PROXY_FORWARD);
	expect_path(LISTENER4, CLIENT);
}

/* The property behind all of it: no bit of the branch may change. */
static void test_a_branch_with_any_bit_flipped_is_refused(void **state)
{
	char text[KEPT_MAX];
	char *branch;

	(void)state;
	give_from_client(request((struct ask){0}));
	keep(text, response_to_last("200 OK"));
	branch = strstr(text, "z9hG4bK");
	for (unsigned bit = 0; bit < 8 * BRANCH_LEN; bit++) {
		branch[bit / 8] ^= (char)(1 << (bit % 8));
		assert_int_equal(give(NODE_A, WORKER_PORT, text), PROXY_DROP);
		branch[bit / 8] ^= (char)(1 << (bit % 8));
	}
	assert_int_equal(give(NODE_A, WORKER_PORT, text), PROXY_FORWARD);
	assert_true(counted(STAT_sip_response_forged) > 100);
	assert_true(counted(STAT_sip_response_bad_branch) > 100);
}

/* Else whoever sees a branch could have us send to anybody. */
static void test_a_response_whose_next_via_was_changed_is_refused(void **state)
{
	const char *via = "Via: SIP/2.0/UDP 198.51.100.8:5070;rport;maddr=198.51.100.9;branch=z9hG4bKx";
	const char *const changes[][2] = {
		{"198.51.100.8:5070", "198.51.100.8:5071"},
		{"SIP/2.0/UDP 198", "SIP/2.0/TCP 198"},
		{"rport=5060", "rport=5061"},
		{"received=198.51.100.7", "received=198.51.100.1"},
		{"maddr=198.51.100.9", "maddr=198.51.100.1"},
		{"maddr=", "mbddr="},
		{"rport=", "rpirt="},
		{"received=", "receives="},
		{"branch=z9hG4bKx", "branch=z9hG4bKy"},
	};
	const unsigned count = sizeof(changes) / sizeof(changes[0]);
	char text[KEPT_MAX];

	(void)state;
	give_from_client(request((struct ask){.via = via}));
	keep(text, response_to_last("200 OK"));
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(
			give(NODE_A, WORKER_PORT, altered(text, changes[i][0], changes[i][1])), PROXY_DROP);
	assert_int_equal(counted(STAT_sip_response_forged), count);
	assert_int_equal(give(NODE_A, WORKER_PORT, text), PROXY_FORWARD);
}

/* Of sent-by it is the host that says where the client is, when nothing stands beside it. */
static void test_a_sent_by_that_was_true_is_bound_to_the_branch(void **state)
{
	char text[KEPT_MAX];

	(void)state;
	give_from_client(request((struct ask){.via = "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKx"}));
	keep(text, response_to_last("200 OK"));
	assert_int_equal(give(NODE_A, WORKER_PORT, altered(text, "198.51.100.7:5060", "198.51.100.1:5060")),
		PROXY_DROP);
	assert_int_equal(give(NODE_A, WORKER_PORT, altered(text, "198.51.100.7:5060", "c.example.n:5060 ")),
		PROXY_DROP);
	assert_int_equal(counted(STAT_sip_response_forged), 2);
	assert_int_equal(give(NODE_A, WORKER_PORT, text), PROXY_FORWARD);
}

/* The branch of one call says nothing about another, not even for the same client. */
static void test_a_branch_is_of_no_use_in_another_call(void **state)
{
	(void)state;
	give_from_client(request((struct ask){.call_id = "call1@client"}));
	expect_drop(give(NODE_A, WORKER_PORT,
			    altered(response_to_last("200 OK"), "call1@client", "call2@client")),
		STAT_sip_response_forged);
}

/* RFC 3261 18.1.2 */
static void test_a_response_for_somebody_else_is_dropped(void **state)
{
	(void)state;
	give_from_client(request((struct ask){0}));
	expect_drop(give(NODE_A, WORKER_PORT,
			    altered(response_to_last("200 OK"), "10.0.0.1:30001", "10.0.0.1:30009")),
		STAT_sip_response_foreign);
}

static void test_a_response_with_a_branch_of_another_kind_is_dropped(void **state)
{
	(void)state;
	give_from_client(request((struct ask){0}));
	expect_drop(
		give(NODE_A, WORKER_PORT, altered(response_to_last("200 OK"), "z9hG4bK-sl1", "z9hG4bK-sl2")),
		STAT_sip_response_bad_branch);
}

static void test_a_response_without_a_via_below_ours_is_dropped(void **state)
{
	char text[KEPT_MAX];
	char *client_via;

	(void)state;
	give_from_client(request((struct ask){0}));
	keep(text, response_to_last("200 OK"));
	client_via = strstr(text, "Via: SIP/2.0/UDP 198.51.100.7");
	memcpy(client_via, "Vio", 3);
	expect_drop(give(NODE_A, WORKER_PORT, text), STAT_sip_response_bad_next_via);
}

static void test_a_response_to_an_address_that_cannot_be_is_dropped(void **state)
{
	(void)state;
	give_from_client(
		request((struct ask){.via = "Via: SIP/2.0/UDP c.net;maddr=224.0.1.75;branch=z9hG4bKx"}));
	expect_drop(answer("200 OK"), STAT_sip_response_no_target);
}

static void test_a_response_to_ourselves_is_dropped(void **state)
{
	(void)state;
	give_from_client(
		request((struct ask){.via = "Via: SIP/2.0/UDP c.net;maddr=192.0.2.1;branch=z9hG4bKx"}));
	expect_drop(answer("200 OK"), STAT_sip_response_no_target);
}

static void test_a_response_that_no_listener_can_send_is_dropped(void **state)
{
	(void)state;
	give_from_client(request((struct ask){0}));
	world.fixture.snap.listeners[0] = world.fixture.snap.listeners[1];
	expect_drop(answer("200 OK"), STAT_sip_no_egress);
}

/* R-RT-10: the listener was replaced while the node was thinking. */
static void test_a_response_leaves_from_another_listener_when_its_own_is_gone(void **state)
{
	(void)state;
	give_from_client(request((struct ask){0}));
	world.listener4->local.port = 5080;
	world.listener4->id++;
	assert_int_equal(answer("200 OK"), PROXY_FORWARD);
	expect_path("192.0.2.1:5080", CLIENT);
}

static void test_the_previous_key_is_still_accepted_and_one_before_it_is_not(void **state)
{
	struct cookie_keys *keys = &world.fixture.snap.keys;
	char text[KEPT_MAX];

	(void)state;
	give_from_client(request((struct ask){0}));
	keep(text, response_to_last("200 OK"));
	keys->current = 1;
	assert_int_equal(give(NODE_A, WORKER_PORT, text), PROXY_FORWARD);
	lightmac_key_init(&keys->key[0], &(struct hash_key){5, 6});
	assert_int_equal(give(NODE_A, WORKER_PORT, text), PROXY_DROP);
	assert_int_equal(counted(STAT_sip_response_forged), 1);
}

static void test_a_response_that_does_not_fit_is_dropped(void **state)
{
	struct proxy_in in = {.src = endpoint_of(NODE_A), .local = endpoint_of(WORKER_PORT)};

	(void)state;
	give_from_client(request((struct ask){0}));
	in.bytes = span_str(response_to_last("200 OK"));
	world.out.buf_size = 50;
	expect_drop(proxy_input(&world.proxy, &world.fixture.snap, &in, &world.out), STAT_sip_too_large);
}

static void test_a_broken_response_is_dropped(void **state)
{
	(void)state;
	give_from_client(request((struct ask){0}));
	expect_drop(
		give(NODE_A, WORKER_PORT, altered(response_to_last("200 OK"), "SIP/2.0 200", "SIP/2.0 900")),
		STAT_sip_bad_status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
		T(test_every_response_goes_back_to_the_client),
		T(test_the_clients_vias_come_back_byte_for_byte),
		T(test_vias_that_a_node_joined_are_taken_apart_again),
		T(test_the_next_via_says_where_to),
		T(test_any_worker_takes_any_response),
		T(test_families_meet),
		T(test_a_branch_with_any_bit_flipped_is_refused),
		T(test_a_response_whose_next_via_was_changed_is_refused),
		T(test_a_sent_by_that_was_true_is_bound_to_the_branch),
		T(test_a_branch_is_of_no_use_in_another_call),
		T(test_a_response_for_somebody_else_is_dropped),
		T(test_a_response_with_a_branch_of_another_kind_is_dropped),
		T(test_a_response_without_a_via_below_ours_is_dropped),
		T(test_a_response_to_an_address_that_cannot_be_is_dropped),
		T(test_a_response_to_ourselves_is_dropped),
		T(test_a_response_that_no_listener_can_send_is_dropped),
		T(test_a_response_leaves_from_another_listener_when_its_own_is_gone),
		T(test_the_previous_key_is_still_accepted_and_one_before_it_is_not),
		T(test_a_response_that_does_not_fit_is_dropped),
		T(test_a_broken_response_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
