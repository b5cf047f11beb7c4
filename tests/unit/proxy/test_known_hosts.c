/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of hosts: it answers what it was given, for that host, that snapshot, and nothing else. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct route_pattern patterns[KNOWN_PATTERNS_MAX + 1];
static struct known_hosts hosts;
static const struct snapshot first = {.serial = 7};
static const struct snapshot second = {.serial = 8};

static int forget(void **state)
{
	(void)state;
	memset(&hosts, 0, sizeof(hosts));
	return 0;
}

static void learn_as(const char *host, unsigned count, enum route_host kind)
{
	struct route_result result = {.host = kind, .count = count};

	for (unsigned i = 0; i < count; i++)
		result.patterns[i] = &patterns[count - 1 - i];
	known_host_learn(&hosts, &first, span_str(host), &result, count % 2);
}

static void learn(const char *host, unsigned count)
{
	learn_as(host, count, ROUTE_HOST_DOMAIN);
}

/* How many patterns are known of the host, or -1. */
static int known_of(const char *host)
{
	const struct known_host *known = known_host_find(&hosts, &first, span_str(host));

	if (!known)
		return -1;
	for (unsigned i = 0; i < known->pattern_count; i++)
		assert_ptr_equal(known->patterns[i], &patterns[known->pattern_count - 1 - i]);
	assert_int_equal(known->served, known->pattern_count % 2);
	return known->pattern_count;
}

static void test_nothing_is_known_at_first(void **state)
{
	(void)state;
	assert_int_equal(known_of("a.com"), -1);
	assert_int_equal(known_of("domaina.com"), -1);
	assert_int_equal(known_of(""), -1);
}

static void test_what_was_learned_is_found_for_the_same_host_only(void **state)
{
	static const char *const others[] = {"a.co", "a.comm", "b.com", "a.coM", "a.com.",
		"sip.a.examplf.com", "tip.a.example.com", "sip.a.example.con", "sip.b.example.com",
		"sip.a.example.com."};

	(void)state;
	for (unsigned count = 0; count <= KNOWN_PATTERNS_MAX; count++) {
		learn("a.com", count);
		learn("sip.a.example.com", count);
		assert_int_equal(known_of("a.com"), count);
		assert_int_equal(known_of("sip.a.example.com"), count);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(known_of(others[i]), -1);
}

/* Each byte counts, wherever words begin and end. */
static void test_hosts_of_each_length_are_told_apart_by_each_byte(void **state)
{
	char host[KNOWN_HOST_MAX + 1];
	struct known_host *known;

	(void)state;
	for (unsigned len = 1; len <= KNOWN_HOST_MAX; len++) {
		memset(host, 'a', len);
		host[len] = '\0';
		learn(host, 2);
		known = known_host_place(&hosts, span_str(host));
		assert_true(known_host_equal(known, span_str(host)));
		for (unsigned i = 0; i < len; i++) {
			host[i] = 'b';
			/* As if both had the same place, so that only comparing can tell. */
			assert_false(known_host_equal(known, span_str(host)));
			host[i] = 'a';
		}
	}
}

static void test_another_snapshot_knows_nothing(void **state)
{
	(void)state;
	learn("a.com", 1);
	assert_non_null(known_host_find(&hosts, &first, span_str("a.com")));
	assert_null(known_host_find(&hosts, &second, span_str("a.com")));
}

/* More hosts than places: most share one, and each answer must still be that host's own. */
static void test_hosts_that_share_a_place_push_each_other_out(void **state)
{
	unsigned pushed_out = 0;
	char host[32];

	(void)state;
	for (unsigned i = 0; i < 4 * KNOWN_HOSTS; i++) {
		snprintf(host, sizeof(host), "sip.host%u.example.com", i);
		learn(host, i % (KNOWN_PATTERNS_MAX + 1));
		assert_int_equal(known_of(host), i % (KNOWN_PATTERNS_MAX + 1));
	}
	for (unsigned i = 0; i < 4 * KNOWN_HOSTS; i++) {
		snprintf(host, sizeof(host), "sip.host%u.example.com", i);
		int count = known_of(host);
		assert_true(count == -1 || count == (int)(i % (KNOWN_PATTERNS_MAX + 1)));
		pushed_out += count == -1;
	}
	/* If the hash spread them badly, it would be more. */
	assert_in_range(pushed_out, 3 * KNOWN_HOSTS, 3 * KNOWN_HOSTS + KNOWN_HOSTS / 8);
}

static void test_what_is_not_worth_it_is_not_kept_and_disturbs_nothing(void **state)
{
	char host[KNOWN_HOST_MAX + 2];

	(void)state;
	learn("a.com", 2);
	learn("a.com", KNOWN_PATTERNS_MAX + 1);
	learn_as("a.com", 0, ROUTE_HOST_INVALID);
	learn_as("a.com", 0, ROUTE_HOST_IP);
	learn("", 1);
	assert_int_equal(known_of("a.com"), 2);
	memset(host, 'a', sizeof(host));
	host[KNOWN_HOST_MAX + 1] = '\0';
	learn(host, 1);
	assert_int_equal(known_of(host), -1);
}

/* ---- what is known is of one snapshot: requests of a client, before and after it changed ---- */

static enum proxy_action give_host(const char *host)
{
	char uri[128];

	snprintf(uri, sizeof(uri), "sip:bob@%s", host);
	return give_from_client(request((struct ask){.uri = uri}));
}

static void expect_node(const char *host, const struct node *node)
{
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(give_host(host), PROXY_FORWARD);
		assert_int_equal(world.out.node_slot, node->slot);
	}
}

static void expect_status(const char *host, unsigned status)
{
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(give_host(host), PROXY_REPLY);
		assert_int_equal(world.out.status, status);
	}
}

static void test_a_changed_route_counts_at_once(void **state)
{
	(void)state;
	expect_node("lone.tree.com", world.a);
	for (unsigned i = 0; i < world.fixture.said_count; i++) {
		struct route *route = &world.fixture.said[i];

		if (span_eq_str(route->text, "com.tree.lone"))
			route->hop.node_slot = world.b->slot;
	}
	snapshot_fixture_build(&world.fixture);
	expect_node("lone.tree.com", world.b);
	world.fixture.said_count = 0;
	snapshot_fixture_build(&world.fixture);
	expect_status("lone.tree.com", 404);
}

static void test_a_domain_that_is_no_longer_served_is_refused_at_once(void **state)
{
	(void)state;
	expect_node("example.com", world.a);
	expect_status("remote.com", 404);
	world.fixture.domain_count = 0;
	snapshot_fixture_domain(&world.fixture, "remote.com");
	snapshot_fixture_build(&world.fixture);
	expect_status("example.com", 404);
	expect_node("remote.com", world.b);
	assert_int_equal(counted(STAT_sip_domain_unknown), 6);
}

/* R-RT-8: what a node asks for is remembered with the answer for everybody else. */
static void test_a_host_that_a_node_may_name_is_still_refused_to_others(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(
			give_from_node(request((struct ask){.uri = "sip:bob@remote.com"})), PROXY_FORWARD);
		assert_int_equal(world.out.node_slot, world.b->slot);
		expect_status("remote.com", 404);
	}
}

/* The words of nodes change without a snapshot. */
static void test_a_known_host_goes_to_whoever_lives(void **state)
{
	(void)state;
	expect_node("example.com", world.a);
	node_is(world.a, NODE_DOWN, NODE_READY);
	expect_node("example.com", world.b);
	node_is(world.b, NODE_DOWN, NODE_READY);
	expect_status("example.com", 503);
	node_is(world.a, NODE_UP, NODE_READY);
	expect_node("example.com", world.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing_is_known_at_first, forget),
		cmocka_unit_test_setup(test_what_was_learned_is_found_for_the_same_host_only, forget),
		cmocka_unit_test_setup(test_hosts_of_each_length_are_told_apart_by_each_byte, forget),
		cmocka_unit_test_setup(test_another_snapshot_knows_nothing, forget),
		cmocka_unit_test_setup(test_hosts_that_share_a_place_push_each_other_out, forget),
		cmocka_unit_test_setup(test_what_is_not_worth_it_is_not_kept_and_disturbs_nothing, forget),
		cmocka_unit_test_setup_teardown(
			test_a_changed_route_counts_at_once, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_a_domain_that_is_no_longer_served_is_refused_at_once,
			world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_a_host_that_a_node_may_name_is_still_refused_to_others,
			world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			test_a_known_host_goes_to_whoever_lives, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
