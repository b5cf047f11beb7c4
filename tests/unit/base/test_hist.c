/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/hist.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_every_duration_lies_within_its_bucket(void **state)
{
	struct rng rng;

	(void)state;
	rng_init(&rng, 1);
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t ns = rng_u64(&rng) >> (27 + rng_below(&rng, 37));
		unsigned bucket = hist_bucket(ns);
		assert_true(ns <= hist_bucket_upper_ns(bucket));
		assert_true(bucket == 0 || ns > hist_bucket_upper_ns(bucket - 1));
	}
}

static void test_buckets_are_at_most_a_sixteenth_wide(void **state)
{
	(void)state;
	for (unsigned bucket = HIST_SUBS; bucket < HIST_BUCKETS; bucket++) {
		uint64_t low = hist_bucket_upper_ns(bucket - 1) + 1;
		uint64_t width = hist_bucket_upper_ns(bucket) - low + 1;
		assert_true(width <= low / HIST_SUBS);
	}
}

static void test_what_is_too_long_goes_to_the_last_bucket(void **state)
{
	(void)state;
	assert_int_equal(hist_bucket(UINT64_MAX), HIST_BUCKETS - 1);
}

static void test_quantiles_of_a_ramp_are_its_points(void **state)
{
	static struct hist hist;
	const double wanted[] = {0.01, 0.5, 0.9, 0.99, 1.0};

	(void)state;
	memset(&hist, 0, sizeof(hist));
	for (uint64_t us = 1; us <= 100000; us++)
		hist_record(&hist, us * 1000);
	for (unsigned i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		double exact = wanted[i] * 100e6;
		double read = (double)hist_quantile_ns(&hist, wanted[i]);
		assert_true(read >= exact * 0.99 && read <= exact * 1.07);
	}
	assert_true(hist.max_ns == 100000000);
	assert_true(hist.count == 100000);
}

static void test_an_empty_one_has_no_quantile(void **state)
{
	static const struct hist hist;

	(void)state;
	assert_true(hist_quantile_ns(&hist, 0.5) == 0);
}

static void test_merging_adds_everything(void **state)
{
	static struct hist a, b;

	(void)state;
	hist_record(&a, 1000000);
	hist_record(&b, 9000000);
	hist_record(&b, 2000000);
	hist_merge(&a, &b);
	assert_true(a.count == 3 && a.sum_ns == 12000000 && a.max_ns == 9000000);
	assert_true(hist_count_below(&a, 3000000) == 2);
	assert_true(hist_count_below(&a, UINT64_MAX) == 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_duration_lies_within_its_bucket),
		cmocka_unit_test(test_buckets_are_at_most_a_sixteenth_wide),
		cmocka_unit_test(test_what_is_too_long_goes_to_the_last_bucket),
		cmocka_unit_test(test_quantiles_of_a_ramp_are_its_points),
		cmocka_unit_test(test_an_empty_one_has_no_quantile),
		cmocka_unit_test(test_merging_adds_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
