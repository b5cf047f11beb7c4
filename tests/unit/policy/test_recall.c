/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of matches: it answers what it was given, for that host, that worker, and nothing else. */
#include "policy/recall_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const struct route_pattern patterns[RECALL_PATTERNS_MAX + 1];

/* What a match of `count` patterns gives. */
static struct route_result result_of(unsigned count)
{
	struct route_result result = {.host = ROUTE_HOST_DOMAIN, .count = count};

	for (unsigned i = 0; i < count; i++)
		result.patterns[i] = &patterns[count - 1 - i];
	return result;
}

static void keep(const struct recall *recall, unsigned worker, const char *host, unsigned count)
{
	struct route_result result = result_of(count);
	struct recall_entry *entry = recall_entry_of(recall, worker, span_str(host));

	assert_non_null(entry);
	recall_keep(entry, span_str(host), &result);
}

/* How many patterns are remembered of the host, or -1. */
static int recalled(const struct recall *recall, unsigned worker, const char *host)
{
	struct recall_entry *entry = recall_entry_of(recall, worker, span_str(host));
	struct route_result result;

	if (!recall_find(entry, span_str(host), &result))
		return -1;
	assert_int_equal(result.host, ROUTE_HOST_DOMAIN);
	for (unsigned i = 0; i < result.count; i++)
		assert_ptr_equal(result.patterns[i], &patterns[result.count - 1 - i]);
	return (int)result.count;
}

static struct recall recall_make(void)
{
	struct recall recall;

	assert_int_equal(recall_init(&recall, 2), 0);
	return recall;
}

static void test_nothing_is_remembered_at_first(void **state)
{
	struct recall recall = recall_make();

	(void)state;
	assert_int_equal(recalled(&recall, 0, "a.com"), -1);
	recall_fini(&recall);
}

static void test_what_was_kept_is_found_for_the_same_host_only(void **state)
{
	static const char *const others[] = {"a.co", "a.comm", "b.com", "a.coM", "a.com."};
	struct recall recall = recall_make();

	(void)state;
	for (unsigned count = 0; count <= RECALL_PATTERNS_MAX; count++) {
		keep(&recall, 0, "a.com", count);
		assert_int_equal(recalled(&recall, 0, "a.com"), count);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(recalled(&recall, 0, others[i]), -1);
	recall_fini(&recall);
}

static void test_workers_and_control_do_not_see_each_others_memory(void **state)
{
	struct recall recall = recall_make();

	(void)state;
	for (unsigned worker = 0; worker <= 2; worker++) {
		assert_int_equal(recalled(&recall, worker, "a.com"), -1);
		keep(&recall, worker, "a.com", worker);
	}
	for (unsigned worker = 0; worker <= 2; worker++)
		assert_int_equal(recalled(&recall, worker, "a.com"), worker);
	recall_fini(&recall);
}

/* More hosts than places: most share one, and each answer must still be that host's own. */
static void test_hosts_that_share_a_place_push_each_other_out(void **state)
{
	struct recall recall = recall_make();
	unsigned pushed_out = 0;
	char host[16];

	(void)state;
	for (unsigned i = 0; i < 4 * RECALL_ENTRIES; i++) {
		snprintf(host, sizeof(host), "host%u.com", i);
		keep(&recall, 0, host, i % (RECALL_PATTERNS_MAX + 1));
		assert_int_equal(recalled(&recall, 0, host), i % (RECALL_PATTERNS_MAX + 1));
	}
	for (unsigned i = 0; i < 4 * RECALL_ENTRIES; i++) {
		snprintf(host, sizeof(host), "host%u.com", i);
		int count = recalled(&recall, 0, host);
		assert_true(count == -1 || count == (int)(i % (RECALL_PATTERNS_MAX + 1)));
		pushed_out += count == -1;
	}
	assert_true(pushed_out >= 3 * RECALL_ENTRIES && pushed_out < 4 * RECALL_ENTRIES);
	recall_fini(&recall);
}

static void test_a_result_with_many_patterns_is_not_kept_and_disturbs_nothing(void **state)
{
	struct recall recall = recall_make();

	(void)state;
	keep(&recall, 0, "a.com", 2);
	keep(&recall, 0, "a.com", RECALL_PATTERNS_MAX + 1);
	assert_int_equal(recalled(&recall, 0, "a.com"), 2);
	recall_fini(&recall);
}

static void test_a_host_too_long_or_empty_has_no_place(void **state)
{
	struct recall recall = recall_make();
	char host[RECALL_HOST_MAX + 2];

	(void)state;
	memset(host, 'a', sizeof(host));
	assert_null(recall_entry_of(&recall, 0, span_of(host, RECALL_HOST_MAX + 1)));
	assert_null(recall_entry_of(&recall, 0, span_of(host, 0)));
	host[RECALL_HOST_MAX] = '\0';
	keep(&recall, 0, host, 1);
	assert_int_equal(recalled(&recall, 0, host), 1);
	recall_fini(&recall);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_remembered_at_first),
		cmocka_unit_test(test_what_was_kept_is_found_for_the_same_host_only),
		cmocka_unit_test(test_workers_and_control_do_not_see_each_others_memory),
		cmocka_unit_test(test_hosts_that_share_a_place_push_each_other_out),
		cmocka_unit_test(test_a_result_with_many_patterns_is_not_kept_and_disturbs_nothing),
		cmocka_unit_test(test_a_host_too_long_or_empty_has_no_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
