/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests inside a dialog follow the cookie (R-LB-3): to the node that has it, and back, whatever came
 * between. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static char route[1024]; /* the Route lines that a peer makes of our Record-Routes */

/* All Record-Routes of the last message as Route lines: top first, as the called side has them. */
static void take_route(void)
{
	char *to = route;

	for (const char *at = world.text; (at = strstr(at, "Record-Route: ")); at++) {
		const char *value = at + strlen("Record-Route: ");

		to += snprintf(to, (size_t)(route + sizeof(route) - to), "Route: %.*s\r\n",
			(int)strcspn(value, "\r"), value);
	}
	assert_true(to > route);
}

/* An INVITE of the client that went to node a. */
static void begin_dialog(void)
{
	assert_int_equal(give_from_client(request((struct ask){0})), PROXY_FORWARD);
	expect_path("10.0.0.1:30001", NODE_A);
	take_route();
}

static struct ask from_client(const char *method)
{
	return (struct ask){.method = method,
		.uri = "sip:bob@10.0.0.11",
		.to_tag = "callee",
		.cseq = "8",
		.headers = route};
}

static struct ask from_node(const char *method)
{
	return (struct ask){.method = method,
		.uri = "sip:alice@client.example.net",
		.via = "Via: SIP/2.0/UDP 10.0.0.11:5060;branch=z9hG4bKnode",
		.from_tag = "callee",
		.to_tag = "caller",
		.cseq = "1",
		.headers = route};
}

static void test_requests_of_the_client_go_to_the_node_that_has_the_dialog(void **state)
{
	static const char *const methods[] = {"ACK", "BYE", "INVITE", "NOTIFY", "FROBNICATE"};

	(void)state;
	begin_dialog();
	for (unsigned i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		assert_int_equal(give_from_client(request(from_client(methods[i]))), PROXY_FORWARD);
		expect_path("10.0.0.1:30001", NODE_A);
		expect_no_text("Route: ");
		assert_int_equal(world.out.node_slot, world.a->slot);
	}
	assert_int_equal(counted(STAT_sip_dialog_requests), 5);
	assert_int_equal(counted(STAT_sip_cookie_bad), 0);
}

/* The client's next request in the dialog goes to that node. */
static void expect_bye_at(const char *node)
{
	assert_int_equal(give_from_client(request(from_client("BYE"))), PROXY_FORWARD);
	expect_path("10.0.0.1:30001", node);
}

/* R-LB-3: a dialog begun on the backup stays there when the primary is back. */
static void test_a_dialog_stays_on_the_backup_after_failback(void **state)
{
	(void)state;
	node_is(world.a, NODE_DOWN, NODE_READY);
	assert_int_equal(give_from_client(request((struct ask){0})), PROXY_FORWARD);
	expect_path("10.0.0.1:30001", NODE_B);
	take_route();
	node_is(world.a, NODE_UP, NODE_READY);
	expect_bye_at(NODE_B);
}

static void test_a_draining_node_keeps_its_dialogs(void **state)
{
	(void)state;
	begin_dialog();
	node_is(world.a, NODE_UP, NODE_DRAIN);
	expect_bye_at(NODE_A);
	assert_int_equal(counted(STAT_sip_dialog_failovers), 0);
}

/* The Request-URI is the lost node's own address; To still says which domain it is about. */
static void test_a_dialog_whose_node_is_gone_goes_to_the_backup(void **state)
{
	(void)state;
	begin_dialog();
	node_is(world.a, NODE_DOWN, NODE_READY);
	expect_bye_at(NODE_B);
	node_is(world.a, NODE_UP, NODE_MAINT);
	expect_bye_at(NODE_B);
	assert_int_equal(counted(STAT_sip_dialog_failovers), 2);
}

static void test_a_dialog_with_no_node_left_is_answered_503(void **state)
{
	(void)state;
	begin_dialog();
	node_is(world.a, NODE_DOWN, NODE_READY);
	node_is(world.b, NODE_DOWN, NODE_READY);
	expect_refusal(give_from_client(request(from_client("BYE"))), 503, STAT_sip_no_node);
}

/* RFC 5057 5.1: 404 would end the dialog, though nothing is known about it. */
static void test_a_dialog_that_no_pattern_knows_any_more_is_answered_503(void **state)
{
	(void)state;
	begin_dialog();
	world.fixture.said_count = 0;
	snapshot_fixture_build(&world.fixture);
	node_is(world.a, NODE_DOWN, NODE_READY);
	expect_refusal(give_from_client(request(from_client("BYE"))), 503, STAT_sip_no_node);
}

static void test_requests_of_the_node_go_to_the_address_the_client_had(void **state)
{
	(void)state;
	assert_int_equal(give("198.51.100.7:40000", LISTENER4, request((struct ask){0})), PROXY_FORWARD);
	take_route();
	assert_int_equal(give_from_node(request(from_node("BYE"))), PROXY_FORWARD);
	expect_path(LISTENER4, "198.51.100.7:40000");
	expect_text("Via: SIP/2.0/UDP 192.0.2.1:5060;branch=");
	assert_int_equal(world.out.node_slot, PROXY_NO_NODE);
	assert_int_equal(give("198.51.100.7:40000", LISTENER4, response_to_last("200 OK")), PROXY_FORWARD);
	expect_path(LISTENER4, NODE_A);
	assert_int_equal(world.out.node_slot, PROXY_NO_NODE);
}

/* RFC 3261 16.6 step 7: the next Route, else the Request-URI, when it is an address. */
static void test_requests_of_the_node_follow_an_address_that_it_names(void **state)
{
	char routes[2048];
	struct ask ask;

	(void)state;
	begin_dialog();
	ask = from_node("BYE");
	ask.uri = "sip:alice@198.51.100.99:5070;transport=udp";
	assert_int_equal(give_from_node(request(ask)), PROXY_FORWARD);
	expect_path(LISTENER4, "198.51.100.99:5070");
	snprintf(routes, sizeof(routes), "%sRoute: <sip:198.51.100.98;lr>\r\n", route);
	ask.headers = routes;
	assert_int_equal(give_from_node(request(ask)), PROXY_FORWARD);
	expect_path(LISTENER4, "198.51.100.98:5060");
	expect_text("\r\nRoute: <sip:198.51.100.98;lr>\r\n");
	snprintf(routes, sizeof(routes), "%sRoute: <sip:10.0.0.12;lr>\r\n", route);
	assert_int_equal(give_from_node(request(ask)), PROXY_FORWARD);
	expect_path("10.0.0.1:30001", NODE_B);
}

static void test_addresses_that_cannot_be_next_hops_fall_back_to_the_clients(void **state)
{
	static const char *const uris[] = {"sip:alice@224.0.1.75", "sip:alice@192.0.2.1",
		"sip:alice@198.51.100.99;transport=tls", "sips:alice@198.51.100.99", "tel:+1555"};

	(void)state;
	begin_dialog();
	for (unsigned i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		struct ask ask = from_node("BYE");

		ask.uri = uris[i];
		assert_int_equal(give_from_node(request(ask)), PROXY_FORWARD);
		expect_path(LISTENER4, CLIENT);
	}
}

/* Tags say "I am the node's side", the address says otherwise: no way to make us an open relay. */
static void test_a_client_that_poses_as_the_node_reaches_only_itself(void **state)
{
	struct ask ask;

	(void)state;
	begin_dialog();
	ask = from_node("BYE");
	ask.uri = "sip:victim@203.0.113.200";
	assert_int_equal(give_from_client(request(ask)), PROXY_FORWARD);
	expect_path(LISTENER4, CLIENT);
}

static void test_a_cookie_is_of_no_use_in_another_call(void **state)
{
	struct ask ask;

	(void)state;
	node_is(world.a, NODE_DOWN, NODE_READY);
	give_from_client(request((struct ask){0}));
	take_route();
	node_is(world.a, NODE_UP, NODE_READY);
	ask = from_client("INVITE");
	ask.call_id = "call2@client";
	ask.uri = "sip:bob@example.com";
	assert_int_equal(give_from_client(request(ask)), PROXY_FORWARD);
	expect_path("10.0.0.1:30001", NODE_A);
	expect_no_text("Route: ");
	assert_int_equal(counted(STAT_sip_cookie_bad), 1);
	assert_int_equal(counted(STAT_sip_dialog_requests), 0);
}

/* Bit by bit: a cookie that was changed is no cookie, and the request is judged as any other. */
static void test_a_cookie_with_any_bit_flipped_is_no_cookie(void **state)
{
	char *cookie;
	size_t len;
	unsigned bad = 0;

	(void)state;
	begin_dialog();
	cookie = strstr(route, ";sl=") + 4;
	len = strcspn(cookie, ">");
	for (size_t bit = 0; bit < 8 * len; bit++) {
		cookie[bit / 8] ^= (char)(1 << (bit % 8));
		if (give_from_client(request(from_client("BYE"))) == PROXY_FORWARD)
			expect_path("10.0.0.1:30001", NODE_A);
		bad++;
		assert_int_equal(counted(STAT_sip_dialog_requests), 0);
		cookie[bit / 8] ^= (char)(1 << (bit % 8));
	}
	assert_true(bad > 100 && counted(STAT_sip_cookie_bad) > bad / 2);
	give_from_client(request(from_client("BYE")));
	assert_int_equal(counted(STAT_sip_dialog_requests), 1);
}

/* The SUBSCRIBE's notifier speaks before its 2xx arrives; a node that began the dialog is called back. */
static void test_a_dialog_that_a_node_began_goes_both_ways(void **state)
{
	struct ask ask = {.method = "SUBSCRIBE", .uri = "sip:alice@198.51.100.7:5070"};

	(void)state;
	assert_int_equal(give_from_node(request(ask)), PROXY_FORWARD);
	expect_path(LISTENER4, "198.51.100.7:5070");
	take_route();
	ask = (struct ask){.method = "NOTIFY",
		.uri = "sip:imp.internal.example.com",
		.from_tag = "callee",
		.to_tag = "caller",
		.headers = route};
	assert_int_equal(give("198.51.100.7:5070", LISTENER4, request(ask)), PROXY_FORWARD);
	expect_path("10.0.0.1:30001", NODE_A);
	ask = (struct ask){.method = "SUBSCRIBE",
		.uri = "sip:alice@client.example.net",
		.to_tag = "callee",
		.cseq = "9",
		.headers = route};
	assert_int_equal(give_from_node(request(ask)), PROXY_FORWARD);
	expect_path(LISTENER4, "198.51.100.7:5070");
}

/*
 * Without a To tag it may begin a dialog and gets a Record-Route of ours; the sender is no node, but the
 * cookie still says whose dialog it is.
 */
static void test_a_client_that_repeats_the_nodes_own_request_reaches_only_itself(void **state)
{
	struct ask ask = {.method = "SUBSCRIBE", .uri = "sip:alice@198.51.100.7:5070"};

	(void)state;
	assert_int_equal(give_from_node(request(ask)), PROXY_FORWARD);
	take_route();
	ask.uri = "sip:bob@example.com";
	ask.headers = route;
	assert_int_equal(give("198.51.100.7:5070", LISTENER4, request(ask)), PROXY_FORWARD);
	expect_path(LISTENER4, "198.51.100.7:5070");
	take_route();
	ask = (struct ask){.method = "NOTIFY",
		.uri = "sip:imp.internal.example.com",
		.from_tag = "callee",
		.to_tag = "caller",
		.headers = route};
	assert_int_equal(give("198.51.100.7:5070", LISTENER4, request(ask)), PROXY_FORWARD);
	expect_path("10.0.0.1:30001", NODE_A);
}

static void test_a_dialog_between_two_nodes_goes_both_ways(void **state)
{
	struct ask ask = {.uri = "sip:x@remote.com"};

	(void)state;
	assert_int_equal(give_from_node(request(ask)), PROXY_FORWARD);
	expect_path("10.0.0.1:30001", NODE_B);
	take_route();
	assert_int_equal(give_from_node(request(from_client("BYE"))), PROXY_FORWARD);
	expect_path("10.0.0.1:30001", NODE_B);
	assert_int_equal(give(NODE_B, LISTENER4, request(from_node("BYE"))), PROXY_FORWARD);
	expect_path(LISTENER4, NODE_A);
}

/* A test bench, or a front end beside a node: only the tags tell who speaks. */
static void test_client_and_node_may_share_an_address(void **state)
{
	(void)state;
	assert_int_equal(give("10.0.0.11:5099", LISTENER4, request((struct ask){0})), PROXY_FORWARD);
	expect_path("10.0.0.1:30001", NODE_A);
	take_route();
	assert_int_equal(give("10.0.0.11:5099", LISTENER4, request(from_client("BYE"))), PROXY_FORWARD);
	expect_path("10.0.0.1:30001", NODE_A);
	assert_int_equal(give_from_node(request(from_node("BYE"))), PROXY_FORWARD);
	expect_path(LISTENER4, "10.0.0.11:5099");
}

/* RFC 2543 peers have no tags: then the address decides. */
static void test_peers_without_tags_are_told_apart_by_address(void **state)
{
	static const char text[] = "%s sip:x@nowhere.example SIP/2.0\r\n"
				   "Via: SIP/2.0/UDP 198.51.100.7:5060\r\n"
				   "From: <sip:alice@client.example.net>\r\nTo: <sip:bob@example.com>\r\n"
				   "Call-ID: 1\r\nCSeq: 1 %s\r\n%s\r\n";
	char message[2048];

	(void)state;
	snprintf(message, sizeof(message),
		"INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7:5060\r\n"
		"From: <sip:alice@client.example.net>\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1\r\n"
		"CSeq: 1 INVITE\r\n\r\n");
	assert_int_equal(give_from_client(message), PROXY_FORWARD);
	take_route();
	snprintf(message, sizeof(message), text, "BYE", "BYE", route);
	assert_int_equal(give_from_client(message), PROXY_FORWARD);
	expect_path("10.0.0.1:30001", NODE_A);
	assert_int_equal(give_from_node(message), PROXY_FORWARD);
	expect_path(LISTENER4, CLIENT);
}

static void test_two_families_in_one_dialog(void **state)
{
	struct ask ask;

	(void)state;
	assert_int_equal(give(CLIENT6, LISTENER6, request((struct ask){0})), PROXY_FORWARD);
	expect_path("10.0.0.1:30001", NODE_A);
	take_route();
	/* Whatever the order in which a side has them: both are ours and both go. */
	assert_int_equal(give_from_node(request(from_node("BYE"))), PROXY_FORWARD);
	expect_path(LISTENER6, CLIENT6);
	expect_no_text("Route: ");
	assert_int_equal(give(CLIENT6, LISTENER6, response_to_last("200 OK")), PROXY_FORWARD);
	expect_path(LISTENER4, NODE_A);
	ask = from_client("BYE");
	assert_int_equal(give(CLIENT6, LISTENER6, request(ask)), PROXY_FORWARD);
	expect_path("10.0.0.1:30001", NODE_A);
	expect_no_text("Route: ");
}

static void test_ipv6_alone_in_one_dialog(void **state)
{
	struct ask ask = {.uri = "sip:bob@six.com"};

	(void)state;
	assert_int_equal(give(CLIENT6, LISTENER6, request(ask)), PROXY_FORWARD);
	expect_path("[2001:db8:1::1]:30001", NODE_SIX);
	take_route();
	assert_int_equal(give(NODE_SIX, LISTENER6, request(from_node("BYE"))), PROXY_FORWARD);
	expect_path(LISTENER6, CLIENT6);
	assert_int_equal(give(CLIENT6, LISTENER6, request(from_client("BYE"))), PROXY_FORWARD);
	expect_path("[2001:db8:1::1]:30001", NODE_SIX);
}

/* RFC 3261 16.12.1.2: the client's proxy is a strict router. */
static void test_a_strict_router_before_us_brings_the_cookie_in_the_request_uri(void **state)
{
	char uri[512];
	struct ask ask;

	(void)state;
	begin_dialog();
	snprintf(uri, sizeof(uri), "%.*s", (int)strcspn(route + 8, ">"), route + 8);
	ask = (struct ask){.method = "BYE",
		.uri = uri,
		.to_tag = "callee",
		.headers = "Route: <sip:bob@10.0.0.11:5070>\r\n"};
	assert_int_equal(give_from_client(request(ask)), PROXY_FORWARD);
	expect_path("10.0.0.1:30001", NODE_A);
	expect_text("BYE sip:bob@10.0.0.11:5070 SIP/2.0\r\n");
	expect_no_text("Route: ");
	assert_int_equal(counted(STAT_sip_dialog_requests), 1);
}

static void test_a_cookie_outlives_a_key_rotation_by_one(void **state)
{
	struct cookie_keys *keys = &world.fixture.snap.keys;

	(void)state;
	begin_dialog();
	keys->current = 1;
	assert_int_equal(give_from_client(request(from_client("BYE"))), PROXY_FORWARD);
	assert_int_equal(counted(STAT_sip_dialog_requests), 1);
	lightmac_key_init(&keys->key[0], &(struct hash_key){9, 9});
	give_from_client(request(from_client("BYE")));
	assert_int_equal(counted(STAT_sip_dialog_requests), 1);
	assert_int_equal(counted(STAT_sip_cookie_bad), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
		T(test_requests_of_the_client_go_to_the_node_that_has_the_dialog),
		T(test_a_dialog_stays_on_the_backup_after_failback),
		T(test_a_draining_node_keeps_its_dialogs),
		T(test_a_dialog_whose_node_is_gone_goes_to_the_backup),
		T(test_a_dialog_with_no_node_left_is_answered_503),
		T(test_a_dialog_that_no_pattern_knows_any_more_is_answered_503),
		T(test_requests_of_the_node_go_to_the_address_the_client_had),
		T(test_requests_of_the_node_follow_an_address_that_it_names),
		T(test_addresses_that_cannot_be_next_hops_fall_back_to_the_clients),
		T(test_a_client_that_poses_as_the_node_reaches_only_itself),
		T(test_a_cookie_is_of_no_use_in_another_call),
		T(test_a_cookie_with_any_bit_flipped_is_no_cookie),
		T(test_a_dialog_that_a_node_began_goes_both_ways),
		T(test_a_client_that_repeats_the_nodes_own_request_reaches_only_itself),
		T(test_a_dialog_between_two_nodes_goes_both_ways),
		T(test_client_and_node_may_share_an_address),
		T(test_peers_without_tags_are_told_apart_by_address),
		T(test_two_families_in_one_dialog),
		T(test_ipv6_alone_in_one_dialog),
		T(test_a_strict_router_before_us_brings_the_cookie_in_the_request_uri),
		T(test_a_cookie_outlives_a_key_rotation_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
