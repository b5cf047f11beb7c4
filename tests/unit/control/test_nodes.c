/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slots, users, live words and what workers' reports make of them. Time is given, nothing waits. */
#include "control/nodes.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS 1000000ull

static struct node_address address_of(unsigned n)
{
	struct node_address address = {.transport = TRANSPORT_UDP, .name = "n"};

	assert_int_equal(ip_parse(span_str("10.0.0.1"), &address.remote.ip), 0);
	address.remote.port = (uint16_t)(5060 + n);
	return address;
}

static uint16_t use(struct nodes *nodes, unsigned n)
{
	struct node_address address = address_of(n);
	uint16_t slot;

	assert_int_equal(nodes_use(nodes, &address, 1 * MS, &slot), 0);
	return slot;
}

static int setup(void **state)
{
	*state = nodes_create();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	nodes_destroy(*state);
	return 0;
}

static void report(struct nodes *nodes, uint16_t slot, enum health_event event, uint64_t now_ns)
{
	struct mail_node mail = {
		.id = nodes->records[slot].node.id, .slot = slot, .event = (uint8_t)event, .at_ns = now_ns};

	nodes_report(nodes, &mail, now_ns);
}

static enum node_health health(const struct nodes *nodes, uint16_t slot)
{
	return node_word_health(nodes->live[slot].word);
}

static void test_the_same_endpoint_is_the_same_node_for_all_its_users(void **state)
{
	struct nodes *nodes = *state;
	uint16_t slot = use(nodes, 1);

	assert_int_equal(use(nodes, 1), slot);
	assert_int_not_equal(use(nodes, 2), slot);
	nodes_unuse(nodes, slot, 5);
	assert_non_null(nodes_at(nodes, slot));
	nodes_unuse(nodes, slot, 5);
	assert_null(nodes_at(nodes, slot));
}

static void test_a_slot_is_used_again_only_after_its_grace_period(void **state)
{
	struct nodes *nodes = *state;
	uint16_t slot = use(nodes, 1);

	nodes_unuse(nodes, slot, 5);
	assert_int_not_equal(use(nodes, 2), slot);
	nodes_released(nodes, 4);
	assert_int_not_equal(use(nodes, 3), slot);
	nodes_released(nodes, 5);
	assert_int_equal(use(nodes, 4), slot);
}

static void test_a_node_that_comes_back_before_it_is_gone_keeps_slot_and_health(void **state)
{
	struct nodes *nodes = *state;
	uint16_t slot = use(nodes, 1);

	report(nodes, slot, HEALTH_PROBE_OK, 2 * MS);
	assert_int_equal(health(nodes, slot), NODE_UP);
	nodes_unuse(nodes, slot, 5);
	assert_int_equal(use(nodes, 1), slot);
	assert_int_equal(health(nodes, slot), NODE_UP);
	nodes_released(nodes, 5);
	assert_non_null(nodes_at(nodes, slot));
}

static void test_all_slots_taken_is_an_answer_not_a_crash(void **state)
{
	struct nodes *nodes = *state;
	struct node_address one_more = address_of(NODES_MAX);
	uint16_t slot;

	for (unsigned n = 0; n < NODES_MAX; n++)
		use(nodes, n);
	assert_int_equal(nodes_use(nodes, &one_more, 1, &slot), -ENOSPC);
}

static void test_a_report_about_a_slots_earlier_node_is_ignored(void **state)
{
	struct nodes *nodes = *state;
	uint16_t slot = use(nodes, 1);
	struct mail_node mail = {.id = nodes->records[slot].node.id, .slot = slot, .event = HEALTH_PROBE_OK};

	nodes_unuse(nodes, slot, 1);
	nodes_released(nodes, 1);
	assert_int_equal(use(nodes, 2), slot);
	nodes_report(nodes, &mail, 2 * MS);
	assert_int_equal(health(nodes, slot), NODE_UNKNOWN);
	mail.slot = NODES_MAX;
	nodes_report(nodes, &mail, 2 * MS);
}

static void test_a_worker_cannot_act_as_operator(void **state)
{
	struct nodes *nodes = *state;
	uint16_t slot = use(nodes, 1);

	report(nodes, slot, HEALTH_ADMIN_MAINT, 2 * MS);
	assert_int_equal(node_word_admin(nodes->live[slot].word), NODE_READY);
}

static void test_failures_in_a_row_make_down_and_history_says_how_soon(void **state)
{
	struct nodes *nodes = *state;
	uint16_t slot = use(nodes, 1);
	const struct node_event *last;

	nodes_at(nodes, slot)->settings =
		(struct health_settings){.fall = 3, .rise = 2, .failback_auto = true};
	report(nodes, slot, HEALTH_PROBE_OK, 1000 * MS);
	report(nodes, slot, HEALTH_PROBE_TIMEOUT, 1500 * MS);
	report(nodes, slot, HEALTH_PROBE_TIMEOUT, 1600 * MS);
	assert_int_not_equal(health(nodes, slot), NODE_DOWN);
	report(nodes, slot, HEALTH_PROBE_TIMEOUT, 1700 * MS);
	assert_int_equal(health(nodes, slot), NODE_DOWN);
	last = nodes_event_at(nodes, nodes->event_count - 1);
	assert_int_equal(node_word_health(last->to_word), NODE_DOWN);
	assert_int_equal(last->detect_ns, 700 * MS);
	assert_string_equal(last->reason, "probe not answered");
}

static void test_a_held_node_is_released_by_the_clock_or_by_the_operator(void **state)
{
	struct nodes *nodes = *state;
	uint16_t slot = use(nodes, 1);
	struct node_record *record = nodes_at(nodes, slot);

	record->settings =
		(struct health_settings){.fall = 1, .rise = 1, .failback_auto = true, .hold_ms = 100};
	report(nodes, slot, HEALTH_PROBE_OK, 1000 * MS);
	report(nodes, slot, HEALTH_PROBE_TIMEOUT, 1100 * MS);
	report(nodes, slot, HEALTH_PROBE_OK, 1200 * MS);
	assert_true(node_word(&record->node) & NODE_WORD_HELD);
	nodes_tick(nodes, 1201 * MS);
	assert_true(node_word(&record->node) & NODE_WORD_HELD);
	nodes_tick(nodes, 1200 * MS + 100000 * MS);
	assert_false(node_word(&record->node) & NODE_WORD_HELD);
	record->settings.failback_auto = false;
	report(nodes, slot, HEALTH_PROBE_TIMEOUT, 200000 * MS);
	report(nodes, slot, HEALTH_PROBE_OK, 200001 * MS);
	nodes_tick(nodes, 900000 * MS);
	assert_true(node_word(&record->node) & NODE_WORD_HELD);
	nodes_event(nodes, record, HEALTH_RELEASE, 900001 * MS);
	assert_false(node_word(&record->node) & NODE_WORD_HELD);
}

static void test_the_history_keeps_the_last_events(void **state)
{
	struct nodes *nodes = *state;
	uint16_t slot = use(nodes, 1);
	struct node_record *record = nodes_at(nodes, slot);

	for (unsigned i = 0; i < NODES_EVENTS_MAX + 3; i++)
		nodes_set_admin(nodes, record, i % 2 ? NODE_READY : NODE_DRAIN, i * MS);
	assert_int_equal(nodes->event_count, NODES_EVENTS_MAX + 3);
	assert_int_equal(nodes_event_at(nodes, 0)->at_ns, 3 * MS);
	assert_null(nodes_event_at(nodes, NODES_EVENTS_MAX));
}

static void test_a_table_has_the_nodes_in_use_in_their_slots(void **state)
{
	struct nodes *nodes = *state;
	uint16_t first = use(nodes, 1);
	uint16_t second = use(nodes, 2);
	struct node_table *table;

	nodes_unuse(nodes, first, 2);
	table = nodes_table_create(nodes);
	assert_null(node_by_slot(table, first));
	assert_int_equal(table->slots[second]->slot, second);
	assert_ptr_equal(table->slots[second]->live, &nodes->live[second]);
	assert_ptr_equal(node_by_id(table, nodes->records[second].node.id), table->slots[second]);
	nodes_table_destroy(table);
}

int main(void)
{
#define NODES_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		NODES_TEST(test_the_same_endpoint_is_the_same_node_for_all_its_users),
		NODES_TEST(test_a_slot_is_used_again_only_after_its_grace_period),
		NODES_TEST(test_a_node_that_comes_back_before_it_is_gone_keeps_slot_and_health),
		NODES_TEST(test_all_slots_taken_is_an_answer_not_a_crash),
		NODES_TEST(test_a_report_about_a_slots_earlier_node_is_ignored),
		NODES_TEST(test_a_worker_cannot_act_as_operator),
		NODES_TEST(test_failures_in_a_row_make_down_and_history_says_how_soon),
		NODES_TEST(test_a_held_node_is_released_by_the_clock_or_by_the_operator),
		NODES_TEST(test_the_history_keeps_the_last_events),
		NODES_TEST(test_a_table_has_the_nodes_in_use_in_their_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
