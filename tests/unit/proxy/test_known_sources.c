/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of sources: trust, node and text are those of that address and port, in that snapshot. */
#include "world.h"

#include "proxy/trust.h"
#include "sip/build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct known_source *asked(const char *source)
{
	struct endpoint at = endpoint_of(source);

	return known_source_of(&world.proxy.sources, &world.fixture.snap, &at);
}

static void test_each_source_is_what_the_snapshot_says(void **state)
{
	static const char *const sources[] = {CLIENT, CLIENT6, STRANGER, NODE_A, NODE_SIX,
		"198.51.100.7:5061", "10.0.0.12:1", "[2001:db8:9::8]:5060", "0.0.0.0:9"};

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
			struct endpoint at = endpoint_of(sources[i]);
			struct trust trust = trust_of(&world.fixture.snap, &at.ip);
			const struct known_source *known = asked(sources[i]);

			assert_ptr_equal(known->node, trust.node);
			assert_int_equal(known->admitted, trust.admitted);
			assert_true(endpoint_equal(&known->at, &at));
		}
	}
}

/* More sources than places, in each of which some follow each other. */
static void test_sources_that_share_a_place_are_not_taken_for_each_other(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8 * KNOWN_SOURCES; i++) {
		struct endpoint at = endpoint_of(i % 2 ? CLIENT : STRANGER);
		const struct known_source *known;

		at.ip.bytes[3] = (uint8_t)(i / 2);
		at.port = (uint16_t)(5060 + i / 512);
		known = known_source_of(&world.proxy.sources, &world.fixture.snap, &at);
		assert_true(endpoint_equal(&known->at, &at));
		assert_int_equal(known->admitted, i % 2);
	}
}

static void expect_composed(const char *source)
{
	char text[SIP_RECEIVED_MAX + SIP_PUT_SLACK];
	struct endpoint at = endpoint_of(source);
	const struct sip_via with = {.has_rport = true};
	const struct sip_via without = {.has_rport = false};
	struct known_source *known = asked(source);

	known_source_compose(known);
	assert_true(span_eq(span_of(known->text, known->text_len),
		span_from(text, sip_put_via_received(text, &with, &at))));
	assert_true(span_eq(span_of(known->text + known->port_len, known->text_len - known->port_len),
		span_from(text, sip_put_via_received(text, &without, &at))));
}

static void test_the_text_is_what_the_via_gets(void **state)
{
	(void)state;
	expect_composed(CLIENT);
	expect_composed(CLIENT6);
	expect_composed("1.2.3.4:1");
	expect_composed("255.255.255.255:65535");
	expect_composed("[1111:2222:3333:4444:5555:6666:7777:8888]:65535");
}

static enum proxy_action give_from(const char *source)
{
	return give(source, LISTENER4,
		request((struct ask){
			.via = "Via: SIP/2.0/UDP phone;branch=z9hG4bK1;rport\r\nMax-Forwards: 70"}));
}

static void expect_via(const char *source, const char *filled)
{
	assert_int_equal(give_from(source), PROXY_FORWARD);
	assert_non_null(strstr(world.text, filled));
}

static void test_ports_and_addresses_are_kept_apart_in_what_goes_out(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		expect_via(CLIENT, ";rport=5060;received=198.51.100.7\r\n");
		expect_via("198.51.100.7:5061", ";rport=5061;received=198.51.100.7\r\n");
		expect_via("198.51.100.70:5060", ";rport=5060;received=198.51.100.70\r\n");
	}
}

static void expect_stranger(const char *source)
{
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(give_from(source), PROXY_REPLY);
		assert_int_equal(world.out.status, 403);
	}
}

static void test_whom_the_acl_no_longer_admits_is_refused_at_once(void **state)
{
	(void)state;
	expect_via(CLIENT, "received");
	expect_stranger(STRANGER);
	world.fixture.admitted_count = 0;
	snapshot_fixture_admit(&world.fixture, "203.0.113.0/24");
	snapshot_fixture_build(&world.fixture);
	expect_stranger(CLIENT);
	expect_via(STRANGER, "received");
	assert_int_equal(counted(STAT_sip_acl_refused), 6);
}

static void test_a_source_that_became_a_node_is_one_at_once(void **state)
{
	const struct node *node;

	(void)state;
	expect_stranger(STRANGER);
	node = snapshot_fixture_node(&world.fixture, STRANGER, "10.0.0.1");
	snapshot_fixture_build(&world.fixture);
	expect_via(STRANGER, "received");
	assert_ptr_equal(asked(STRANGER)->node, node);
	node_table_init(&world.fixture.table);
	snapshot_fixture_build(&world.fixture);
	assert_null(asked(STRANGER)->node);
	assert_int_equal(give_from(STRANGER), PROXY_REPLY);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_each_source_is_what_the_snapshot_says),
		WORLD_TEST(test_sources_that_share_a_place_are_not_taken_for_each_other),
		WORLD_TEST(test_the_text_is_what_the_via_gets),
		WORLD_TEST(test_ports_and_addresses_are_kept_apart_in_what_goes_out),
		WORLD_TEST(test_whom_the_acl_no_longer_admits_is_refused_at_once),
		WORLD_TEST(test_a_source_that_became_a_node_is_one_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
