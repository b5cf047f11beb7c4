/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "node/health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS 1000000ULL
#define S  1000000000ULL

static const struct health_settings defaults = {
	.fall = 3, .rise = 2, .failback_auto = true, .hold_ms = 5000, .retry_after_max_s = 30};

static struct health health;
static uint64_t now;

static bool step(const struct health_settings *settings, enum health_event event)
{
	return health_step(&health, settings, event, 0, now);
}

static void steps(const struct health_settings *settings, enum health_event event, int count)
{
	for (int i = 0; i < count; i++)
		(void)step(settings, event);
}

static int setup(void **state)
{
	(void)state;
	now = 1000 * S;
	health_init(&health, NODE_READY, now);
	return 0;
}

/* Brings the node up, takes it down, and lets it answer again `rise` times, each half a second later. */
static void fall_and_rise(const struct health_settings *settings)
{
	step(settings, HEALTH_PROBE_OK);
	now += 500 * MS;
	steps(settings, HEALTH_PROBE_TIMEOUT, settings->fall);
	assert_int_equal(health.health, NODE_DOWN);
	now += 500 * MS;
	steps(settings, HEALTH_PROBE_OK, settings->rise);
	assert_int_equal(health.health, NODE_UP);
}

static void test_a_node_begins_unknown_and_asks_for_no_tick(void **state)
{
	(void)state;
	assert_int_equal(health_word(&health), node_word_make(NODE_UNKNOWN, NODE_READY, 0));
	assert_int_equal(health_deadline_ns(&health), UINT64_MAX);
	health_init(&health, NODE_MAINT, now);
	assert_int_equal(health_word(&health), node_word_make(NODE_UNKNOWN, NODE_MAINT, 0));
}

static void test_the_first_answer_brings_an_unknown_node_up_without_a_hold(void **state)
{
	(void)state;
	assert_true(step(&defaults, HEALTH_PROBE_OK));
	assert_int_equal(health_word(&health), node_word_make(NODE_UP, NODE_READY, 0));
	assert_false(step(&defaults, HEALTH_PROBE_OK));
}

static void test_an_unknown_node_that_never_answers_goes_down_after_fall_failures(void **state)
{
	(void)state;
	assert_false(step(&defaults, HEALTH_PROBE_TIMEOUT));
	assert_false(step(&defaults, HEALTH_PROBE_TIMEOUT));
	assert_true(step(&defaults, HEALTH_PROBE_TIMEOUT));
	assert_int_equal(health.health, NODE_DOWN);
	assert_int_equal(health.flaps, 0);
}

static void test_fall_failures_in_a_row_take_a_node_down_by_way_of_suspect(void **state)
{
	(void)state;
	step(&defaults, HEALTH_PROBE_OK);
	assert_true(step(&defaults, HEALTH_PROBE_TIMEOUT));
	assert_int_equal(health.health, NODE_SUSPECT);
	assert_false(step(&defaults, HEALTH_PROBE_TIMEOUT));
	now += 7 * S;
	assert_true(step(&defaults, HEALTH_PROBE_TIMEOUT));
	assert_int_equal(health.health, NODE_DOWN);
	assert_int_equal(health.changed_ns, now);
	assert_int_equal(health.flaps, 1);
	assert_false(step(&defaults, HEALTH_PROBE_TIMEOUT));
}

static void test_one_answer_clears_a_suspect_and_the_count_begins_anew(void **state)
{
	(void)state;
	step(&defaults, HEALTH_PROBE_OK);
	steps(&defaults, HEALTH_PROBE_TIMEOUT, 2);
	assert_true(step(&defaults, HEALTH_PROBE_OK));
	assert_int_equal(health_word(&health), node_word_make(NODE_UP, NODE_READY, 0));
	steps(&defaults, HEALTH_PROBE_TIMEOUT, 2);
	assert_int_equal(health.health, NODE_SUSPECT);
}

static void test_unreachable_counts_as_a_failure(void **state)
{
	(void)state;
	step(&defaults, HEALTH_PROBE_OK);
	step(&defaults, HEALTH_UNREACHABLE);
	assert_int_equal(health.health, NODE_SUSPECT);
	step(&defaults, HEALTH_PROBE_TIMEOUT);
	step(&defaults, HEALTH_UNREACHABLE);
	assert_int_equal(health.health, NODE_DOWN);
}

static void test_fall_and_rise_of_one_act_at_once(void **state)
{
	struct health_settings quick = {.fall = 1, .rise = 1, .failback_auto = true, .hold_ms = 0};

	(void)state;
	step(&quick, HEALTH_PROBE_OK);
	step(&quick, HEALTH_PROBE_TIMEOUT);
	assert_int_equal(health.health, NODE_DOWN);
	step(&quick, HEALTH_PROBE_OK);
	assert_int_equal(health_word(&health), node_word_make(NODE_UP, NODE_READY, 0));
}

static void test_successes_must_be_in_a_row_to_rise(void **state)
{
	(void)state;
	step(&defaults, HEALTH_PROBE_OK);
	steps(&defaults, HEALTH_PROBE_TIMEOUT, 3);
	step(&defaults, HEALTH_PROBE_OK);
	step(&defaults, HEALTH_PROBE_TIMEOUT);
	step(&defaults, HEALTH_PROBE_OK);
	assert_int_equal(health.health, NODE_DOWN);
	step(&defaults, HEALTH_PROBE_OK);
	assert_int_equal(health.health, NODE_UP);
}

/* R-LB-3, auto: preempt after a hold time. */
static void test_a_node_that_came_back_is_held_until_the_deadline(void **state)
{
	(void)state;
	fall_and_rise(&defaults);
	assert_int_equal(health_word(&health), node_word_make(NODE_UP, NODE_READY, NODE_WORD_HELD));
	assert_int_equal(health_deadline_ns(&health), now + 5 * S);
	now += 5 * S - 1;
	assert_false(step(&defaults, HEALTH_TICK));
	now += 1;
	assert_true(step(&defaults, HEALTH_TICK));
	assert_int_equal(health_word(&health), node_word_make(NODE_UP, NODE_READY, 0));
	assert_int_equal(health_deadline_ns(&health), UINT64_MAX);
}

static void test_a_node_that_was_never_in_service_is_not_held(void **state)
{
	(void)state;
	steps(&defaults, HEALTH_PROBE_TIMEOUT, defaults.fall);
	assert_int_equal(health.health, NODE_DOWN);
	steps(&defaults, HEALTH_PROBE_OK, defaults.rise);
	assert_int_equal(health_word(&health), node_word_make(NODE_UP, NODE_READY, 0));
}

static void test_the_hold_ends_with_any_event_after_the_deadline(void **state)
{
	(void)state;
	fall_and_rise(&defaults);
	now += 5 * S;
	assert_true(step(&defaults, HEALTH_PROBE_OK));
	assert_false(health.held);
}

static void test_a_failure_during_the_hold_begins_it_anew(void **state)
{
	(void)state;
	fall_and_rise(&defaults);
	now += 4 * S;
	step(&defaults, HEALTH_PROBE_TIMEOUT);
	step(&defaults, HEALTH_PROBE_OK);
	assert_true(health.held);
	assert_int_equal(health_deadline_ns(&health), now + 5 * S);
}

static void test_a_hold_ends_when_the_node_goes_down_again(void **state)
{
	(void)state;
	fall_and_rise(&defaults);
	steps(&defaults, HEALTH_PROBE_TIMEOUT, 3);
	assert_int_equal(health_word(&health), node_word_make(NODE_DOWN, NODE_READY, 0));
	assert_int_equal(health_deadline_ns(&health), UINT64_MAX);
}

/* R-LB-3, manual */
static void test_manual_failback_waits_for_the_operator(void **state)
{
	struct health_settings manual = defaults;

	(void)state;
	manual.failback_auto = false;
	fall_and_rise(&manual);
	now += 100000 * S;
	assert_false(step(&manual, HEALTH_TICK));
	assert_true(health.held);
	assert_int_equal(health_deadline_ns(&health), UINT64_MAX);
	assert_true(step(&manual, HEALTH_RELEASE));
	assert_false(health.held);
	assert_false(step(&manual, HEALTH_RELEASE));
}

static void test_a_release_also_ends_an_automatic_hold(void **state)
{
	(void)state;
	fall_and_rise(&defaults);
	assert_true(step(&defaults, HEALTH_RELEASE));
	assert_int_equal(health_word(&health), node_word_make(NODE_UP, NODE_READY, 0));
}

static void test_going_from_manual_to_auto_starts_the_hold_of_a_waiting_node(void **state)
{
	struct health_settings manual = defaults;

	(void)state;
	manual.failback_auto = false;
	fall_and_rise(&manual);
	now += 60 * S;
	step(&defaults, HEALTH_TICK);
	assert_int_equal(health_deadline_ns(&health), now + 5 * S);
}

static void test_no_hold_means_new_work_at_once(void **state)
{
	struct health_settings none = defaults;

	(void)state;
	none.hold_ms = 0;
	fall_and_rise(&none);
	assert_false(health.held);
}

static void test_each_quick_flap_doubles_the_hold_up_to_a_cap(void **state)
{
	uint64_t expected = 5 * S;

	(void)state;
	for (int i = 0; i < 20; i++) {
		fall_and_rise(&defaults);
		assert_int_equal(health_deadline_ns(&health), now + expected);
		expected = expected * 2 < 600 * S ? expected * 2 : 600 * S;
		now = health_deadline_ns(&health) < now + 200 * S ? health_deadline_ns(&health)
								  : now + 200 * S;
	}
	assert_int_equal(health.flaps, 20);
}

static void test_a_flapping_node_is_held_even_when_no_hold_is_set(void **state)
{
	struct health_settings none = defaults;

	(void)state;
	none.hold_ms = 0;
	fall_and_rise(&none);
	assert_false(health.held);
	fall_and_rise(&none);
	assert_int_equal(health_deadline_ns(&health), now + 2 * S);
	fall_and_rise(&none);
	assert_int_equal(health_deadline_ns(&health), now + 4 * S);
}

static void test_a_long_time_up_forgives_the_flaps(void **state)
{
	(void)state;
	fall_and_rise(&defaults);
	fall_and_rise(&defaults);
	assert_int_equal(health_deadline_ns(&health), now + 10 * S);
	now += 300 * S;
	step(&defaults, HEALTH_TICK);
	fall_and_rise(&defaults);
	assert_int_equal(health_deadline_ns(&health), now + 5 * S);
	assert_int_equal(health.flaps, 3);
}

static void test_a_hold_longer_than_the_cap_stays_as_the_operator_set_it(void **state)
{
	struct health_settings patient = defaults;

	(void)state;
	patient.hold_ms = 3600 * 1000;
	fall_and_rise(&patient);
	fall_and_rise(&patient);
	assert_int_equal(health_deadline_ns(&health), now + 3600 * S);
}

static void test_a_503_makes_an_alive_node_busy_for_the_time_it_asks(void **state)
{
	(void)state;
	assert_true(health_step(&health, &defaults, HEALTH_PROBE_BUSY, 10, now));
	assert_int_equal(health_word(&health), node_word_make(NODE_UP, NODE_READY, NODE_WORD_BUSY));
	assert_int_equal(health_deadline_ns(&health), now + 10 * S);
	now += 9 * S;
	assert_false(step(&defaults, HEALTH_PROBE_OK));
	assert_true(health.busy);
	now += 1 * S;
	assert_true(step(&defaults, HEALTH_TICK));
	assert_int_equal(health_word(&health), node_word_make(NODE_UP, NODE_READY, 0));
}

static void test_the_time_a_503_asks_for_is_capped(void **state)
{
	(void)state;
	health_step(&health, &defaults, HEALTH_PROBE_BUSY, 86400, now);
	assert_int_equal(health_deadline_ns(&health), now + 30 * S);
}

static void test_a_503_without_a_time_lasts_until_the_next_good_answer(void **state)
{
	(void)state;
	step(&defaults, HEALTH_PROBE_OK);
	assert_true(step(&defaults, HEALTH_PROBE_BUSY));
	assert_int_equal(health_deadline_ns(&health), UINT64_MAX);
	now += 100 * S;
	assert_false(step(&defaults, HEALTH_TICK));
	assert_true(step(&defaults, HEALTH_PROBE_OK));
	assert_false(health.busy);
}

/* R-LB-6: an answer of any kind shows that the node is alive. */
static void test_a_503_counts_as_alive(void **state)
{
	(void)state;
	step(&defaults, HEALTH_PROBE_OK);
	steps(&defaults, HEALTH_PROBE_TIMEOUT, 2);
	step(&defaults, HEALTH_PROBE_BUSY);
	assert_int_equal(health.health, NODE_UP);
	step(&defaults, HEALTH_PROBE_TIMEOUT);
	assert_int_equal(health.health, NODE_SUSPECT);
	assert_true(health.busy);
}

static void test_a_node_that_rises_with_a_503_is_both_busy_and_held(void **state)
{
	(void)state;
	step(&defaults, HEALTH_PROBE_OK);
	steps(&defaults, HEALTH_PROBE_TIMEOUT, 3);
	health_step(&health, &defaults, HEALTH_PROBE_BUSY, 10, now);
	assert_int_equal(health_word(&health), node_word_make(NODE_DOWN, NODE_READY, 0));
	health_step(&health, &defaults, HEALTH_PROBE_BUSY, 10, now);
	assert_int_equal(
		health_word(&health), node_word_make(NODE_UP, NODE_READY, NODE_WORD_BUSY | NODE_WORD_HELD));
	assert_int_equal(health_deadline_ns(&health), now + 5 * S);
}

static void test_going_down_ends_busy(void **state)
{
	(void)state;
	health_step(&health, &defaults, HEALTH_PROBE_BUSY, 10, now);
	steps(&defaults, HEALTH_PROBE_TIMEOUT, 3);
	assert_int_equal(health_word(&health), node_word_make(NODE_DOWN, NODE_READY, 0));
}

static void test_administrative_state_and_health_are_independent(void **state)
{
	(void)state;
	step(&defaults, HEALTH_PROBE_OK);
	assert_true(step(&defaults, HEALTH_ADMIN_DRAIN));
	assert_int_equal(health_word(&health), node_word_make(NODE_UP, NODE_DRAIN, 0));
	assert_false(step(&defaults, HEALTH_ADMIN_DRAIN));
	assert_true(step(&defaults, HEALTH_ADMIN_MAINT));
	steps(&defaults, HEALTH_PROBE_TIMEOUT, 3);
	assert_int_equal(health_word(&health), node_word_make(NODE_DOWN, NODE_MAINT, 0));
	assert_true(step(&defaults, HEALTH_ADMIN_READY));
	assert_int_equal(health_word(&health), node_word_make(NODE_DOWN, NODE_READY, 0));
}

/* Counters must not wrap: a node may be dead for weeks at two probes a second. */
static void test_counters_stop_at_their_largest_value(void **state)
{
	(void)state;
	steps(&defaults, HEALTH_PROBE_TIMEOUT, UINT16_MAX + 10);
	assert_int_equal(health.fails, UINT16_MAX);
	steps(&defaults, HEALTH_PROBE_OK, UINT16_MAX + 10);
	assert_int_equal(health.successes, UINT16_MAX);
	assert_int_equal(health.health, NODE_UP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_node_begins_unknown_and_asks_for_no_tick, setup),
		cmocka_unit_test_setup(test_the_first_answer_brings_an_unknown_node_up_without_a_hold, setup),
		cmocka_unit_test_setup(
			test_an_unknown_node_that_never_answers_goes_down_after_fall_failures, setup),
		cmocka_unit_test_setup(test_fall_failures_in_a_row_take_a_node_down_by_way_of_suspect, setup),
		cmocka_unit_test_setup(test_one_answer_clears_a_suspect_and_the_count_begins_anew, setup),
		cmocka_unit_test_setup(test_unreachable_counts_as_a_failure, setup),
		cmocka_unit_test_setup(test_fall_and_rise_of_one_act_at_once, setup),
		cmocka_unit_test_setup(test_successes_must_be_in_a_row_to_rise, setup),
		cmocka_unit_test_setup(test_a_node_that_came_back_is_held_until_the_deadline, setup),
		cmocka_unit_test_setup(test_a_node_that_was_never_in_service_is_not_held, setup),
		cmocka_unit_test_setup(test_the_hold_ends_with_any_event_after_the_deadline, setup),
		cmocka_unit_test_setup(test_a_failure_during_the_hold_begins_it_anew, setup),
		cmocka_unit_test_setup(test_a_hold_ends_when_the_node_goes_down_again, setup),
		cmocka_unit_test_setup(test_manual_failback_waits_for_the_operator, setup),
		cmocka_unit_test_setup(test_a_release_also_ends_an_automatic_hold, setup),
		cmocka_unit_test_setup(
			test_going_from_manual_to_auto_starts_the_hold_of_a_waiting_node, setup),
		cmocka_unit_test_setup(test_no_hold_means_new_work_at_once, setup),
		cmocka_unit_test_setup(test_each_quick_flap_doubles_the_hold_up_to_a_cap, setup),
		cmocka_unit_test_setup(test_a_flapping_node_is_held_even_when_no_hold_is_set, setup),
		cmocka_unit_test_setup(test_a_long_time_up_forgives_the_flaps, setup),
		cmocka_unit_test_setup(test_a_hold_longer_than_the_cap_stays_as_the_operator_set_it, setup),
		cmocka_unit_test_setup(test_a_503_makes_an_alive_node_busy_for_the_time_it_asks, setup),
		cmocka_unit_test_setup(test_the_time_a_503_asks_for_is_capped, setup),
		cmocka_unit_test_setup(test_a_503_without_a_time_lasts_until_the_next_good_answer, setup),
		cmocka_unit_test_setup(test_a_503_counts_as_alive, setup),
		cmocka_unit_test_setup(test_a_node_that_rises_with_a_503_is_both_busy_and_held, setup),
		cmocka_unit_test_setup(test_going_down_ends_busy, setup),
		cmocka_unit_test_setup(test_administrative_state_and_health_are_independent, setup),
		cmocka_unit_test_setup(test_counters_stop_at_their_largest_value, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
