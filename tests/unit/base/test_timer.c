/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/rng.h"
#include "base/timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { PLENTY = 1000000 };

static const uint64_t tick_ns = 1ULL << TIMER_TICK_SHIFT;
static const uint64_t second_ns = 1000000000;

struct alarm {
	struct timer timer;
	uint64_t fired_ns;
	unsigned count;
};

static void note(struct timer *timer, uint64_t now_ns)
{
	struct alarm *alarm = timer_owner(timer, struct alarm, timer);

	alarm->fired_ns = now_ns;
	alarm->count++;
}

static void test_a_timer_fires_once_and_never_early(void **state)
{
	struct timer_wheel wheel;
	struct alarm alarm = {0};

	(void)state;
	timer_wheel_init(&wheel, 5 * second_ns);
	timer_init(&alarm.timer, note);
	timer_arm(&wheel, &alarm.timer, 6 * second_ns + 7);
	for (uint64_t now = 5 * second_ns; now < 7 * second_ns; now += 10007)
		timer_wheel_run(&wheel, now, PLENTY);
	assert_int_equal(alarm.count, 1);
	assert_true(alarm.fired_ns >= 6 * second_ns + 7);
	assert_true(alarm.fired_ns <= 6 * second_ns + 7 + tick_ns + 10007);
	assert_int_equal(wheel.armed, 0);
	assert_true(timer_wheel_next_ns(&wheel) == TIMER_NONE);
}

static void test_a_deadline_in_the_past_fires_in_the_next_run(void **state)
{
	struct timer_wheel wheel;
	struct alarm alarm = {0};

	(void)state;
	timer_wheel_init(&wheel, second_ns);
	timer_init(&alarm.timer, note);
	timer_arm(&wheel, &alarm.timer, 0);
	timer_wheel_run(&wheel, second_ns + 2 * tick_ns, PLENTY);
	assert_int_equal(alarm.count, 1);
}

static void test_a_stopped_timer_stays_silent(void **state)
{
	struct timer_wheel wheel;
	struct alarm alarm = {0};

	(void)state;
	timer_wheel_init(&wheel, 0);
	timer_init(&alarm.timer, note);
	timer_arm(&wheel, &alarm.timer, second_ns);
	timer_stop(&wheel, &alarm.timer);
	timer_stop(&wheel, &alarm.timer);
	timer_wheel_run(&wheel, 2 * second_ns, PLENTY);
	assert_int_equal(alarm.count, 0);
	assert_true(timer_wheel_next_ns(&wheel) == TIMER_NONE);
}

static void test_a_timer_pushed_ahead_fires_at_its_last_deadline(void **state)
{
	struct timer_wheel wheel;
	struct alarm alarm = {0};
	uint64_t now = 0;

	(void)state;
	timer_wheel_init(&wheel, now);
	timer_init(&alarm.timer, note);
	for (; now < 3 * second_ns; now += second_ns / 100) {
		timer_arm(&wheel, &alarm.timer, now + second_ns / 2);
		timer_wheel_run(&wheel, now, PLENTY);
	}
	assert_int_equal(alarm.count, 0);
	uint64_t last = now - second_ns / 100 + second_ns / 2;
	for (; now < 5 * second_ns; now += tick_ns)
		timer_wheel_run(&wheel, now, PLENTY);
	assert_int_equal(alarm.count, 1);
	assert_true(alarm.fired_ns >= last && alarm.fired_ns <= last + 2 * tick_ns);
}

static void test_a_timer_drawn_nearer_fires_at_the_nearer_deadline(void **state)
{
	struct timer_wheel wheel;
	struct alarm alarm = {0};

	(void)state;
	timer_wheel_init(&wheel, 0);
	timer_init(&alarm.timer, note);
	timer_arm(&wheel, &alarm.timer, 3600 * second_ns);
	timer_arm(&wheel, &alarm.timer, second_ns);
	timer_wheel_run(&wheel, second_ns + 2 * tick_ns, PLENTY);
	assert_int_equal(alarm.count, 1);
}

static void test_a_run_stops_at_its_budget_and_the_next_one_goes_on(void **state)
{
	struct timer_wheel wheel;
	struct alarm alarms[100];
	unsigned fired = 0;

	(void)state;
	memset(alarms, 0, sizeof(alarms));
	timer_wheel_init(&wheel, 0);
	for (unsigned i = 0; i < 100; i++) {
		timer_init(&alarms[i].timer, note);
		timer_arm(&wheel, &alarms[i].timer, second_ns);
	}
	for (unsigned run = 0; run < 200 && wheel.armed > 0; run++) {
		unsigned before = wheel.armed;
		assert_true(timer_wheel_run(&wheel, 2 * second_ns, 7) <= 7);
		assert_true(before - wheel.armed <= 7);
	}
	for (unsigned i = 0; i < 100; i++)
		fired += alarms[i].count;
	assert_int_equal(fired, 100);
}

static struct timer_wheel *self_wheel;

static void arm_again(struct timer *timer, uint64_t now_ns)
{
	note(timer, now_ns);
	timer_arm(self_wheel, timer, now_ns);
}

static void test_a_timer_that_arms_itself_for_now_cannot_hold_the_loop(void **state)
{
	struct timer_wheel wheel;
	struct alarm alarm = {0};

	(void)state;
	self_wheel = &wheel;
	timer_wheel_init(&wheel, 0);
	timer_init(&alarm.timer, arm_again);
	timer_arm(&wheel, &alarm.timer, 0);
	timer_wheel_run(&wheel, 10 * tick_ns, PLENTY);
	assert_in_range(alarm.count, 1, 10);
}

static void test_the_next_time_is_never_after_the_next_deadline(void **state)
{
	struct timer_wheel wheel;
	struct alarm alarm = {0};
	struct rng rng;

	(void)state;
	rng_init(&rng, 3);
	timer_wheel_init(&wheel, 0);
	timer_init(&alarm.timer, note);
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t deadline = 1 + (rng_u64(&rng) >> (8 + rng_below(&rng, 40)));
		timer_arm(&wheel, &alarm.timer, deadline);
		assert_true(timer_wheel_next_ns(&wheel) <= deadline + tick_ns);
		timer_stop(&wheel, &alarm.timer);
	}
}

/* Many timers with random deadlines, stops and changes, against the plain comparison of times. */
static void test_random_timers_agree_with_the_clock(void **state)
{
	enum { COUNT = 500, ROUNDS = 20000 };
	static struct alarm alarms[COUNT];
	static uint64_t wanted[COUNT]; /* 0: not armed */
	struct timer_wheel wheel;
	struct rng rng;
	uint64_t now = 12345678901;

	(void)state;
	rng_init(&rng, 7);
	memset(alarms, 0, sizeof(alarms));
	timer_wheel_init(&wheel, now);
	for (unsigned i = 0; i < COUNT; i++)
		timer_init(&alarms[i].timer, note);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned i = rng_below(&rng, COUNT);
		uint64_t ahead = rng_u64(&rng) >> (20 + rng_below(&rng, 30));
		if (rng_below(&rng, 4) == 0) {
			timer_stop(&wheel, &alarms[i].timer);
			wanted[i] = 0;
		} else {
			timer_arm(&wheel, &alarms[i].timer, now + ahead);
			wanted[i] = now + ahead;
			alarms[i].count = 0;
		}
		uint64_t step = rng_u64(&rng) >> (34 + rng_below(&rng, 20));
		now += step;
		timer_wheel_run(&wheel, now, PLENTY);
		for (unsigned j = 0; j < COUNT; j++) {
			if (wanted[j] && alarms[j].count) {
				assert_true(now >= wanted[j]);
				wanted[j] = 0;
				alarms[j].count = 0;
			}
			assert_false(wanted[j] && now > wanted[j] + 2 * tick_ns);
			assert_int_equal(alarms[j].count, 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_timer_fires_once_and_never_early),
		cmocka_unit_test(test_a_deadline_in_the_past_fires_in_the_next_run),
		cmocka_unit_test(test_a_stopped_timer_stays_silent),
		cmocka_unit_test(test_a_timer_pushed_ahead_fires_at_its_last_deadline),
		cmocka_unit_test(test_a_timer_drawn_nearer_fires_at_the_nearer_deadline),
		cmocka_unit_test(test_a_run_stops_at_its_budget_and_the_next_one_goes_on),
		cmocka_unit_test(test_a_timer_that_arms_itself_for_now_cannot_hold_the_loop),
		cmocka_unit_test(test_the_next_time_is_never_after_the_next_deadline),
		cmocka_unit_test(test_random_timers_agree_with_the_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
