/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs in meaning between two configurations, and nothing else.
 */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

struct collected {
	char text[4096];
	unsigned count;
};

static int collect(const struct config_change *change, void *arg)
{
	struct collected *all = arg;
	size_t len = strlen(all->text);
	int added = config_change_format(change, all->text + len, sizeof(all->text) - len);

	assert_true(added > 0 && (size_t)added < sizeof(all->text) - len - 1);
	strncat(all->text, "\n", 2);
	all->count++;
	return 0;
}

static void diff_texts(const char *before, const char *after, struct collected *ret_all)
{
	struct config *old = fixture_load_more(before), *new = fixture_load_more(after);

	memset(ret_all, 0, sizeof(*ret_all));
	assert_int_equal(config_diff(old, new, collect, ret_all), 0);
	config_destroy(old);
	config_destroy(new);
}

static void test_order_and_spelled_out_defaults_make_no_difference(void **state)
{
	struct collected all;

	(void)state;
	diff_texts("routes:\n  - {match_uri: a.com, next_hop: a}\n  - {match_uri: b.com, next_hop: "
		   "b}\nprobe: {}\n",
		"probe: {fall: 3}\nroutes:\n  - {match_uri: b.com, next_hop: b, priority: 1}\n  - "
		"{match_uri: a.com, "
		"next_hop: a, in_service: yes}\n",
		&all);
	assert_string_equal(all.text, "");
}

static void test_each_kind_of_change_is_told(void **state)
{
	struct collected all;

	(void)state;
	diff_texts("routes:\n  - {match_uri: a.com, next_hop: a}\n  - {match_uri: b.com, next_hop: b}\nacl: "
		   "[all]\n",
		"routes:\n  - {match_uri: b.com, next_hop: b, priority: 4}\n  - {match_uri: b.com, next_hop: "
		"a}\n"
		"acl: [all]\nprobe: {fall: 9}\nlog: {trace: [routing]}\n",
		&all);
	assert_string_equal(all.text,
		"~ log trace=[] -> [routing]\n"
		"~ probe fall=3 -> 9\n"
		"- routes match_uri=a.com next_hop=a\n"
		"~ routes match_uri=b.com next_hop=b -> match_uri=b.com next_hop=b priority=4\n"
		"+ routes match_uri=b.com next_hop=a\n");
}

static void test_an_override_that_equals_the_default_is_a_difference(void **state)
{
	struct collected all;

	(void)state;
	diff_texts("domains: [{name: a.com, description: x}]\n", "domains: [{name: A.com}]\n", &all);
	assert_int_equal(all.count, 1);
	assert_has(all.text, "~ domains name=a.com description=x -> name=a.com\n");
}

static int stop(const struct config_change *change, void *arg)
{
	(void)change;
	*(unsigned *)arg += 1;
	return 7;
}

static void test_the_walk_ends_when_asked_to(void **state)
{
	struct config *old = fixture_load_more("acl: [all]\n"),
		      *new = fixture_load_more("domains: [a.b, c.d]\n");
	unsigned calls = 0;

	(void)state;
	assert_int_equal(config_diff(old, new, stop, &calls), 7);
	assert_int_equal(calls, 1);
	config_destroy(old);
	config_destroy(new);
}

static void test_a_clone_differs_only_in_what_changed_since(void **state)
{
	struct config *old = fixture_load(fixture_base), *new = config_clone(old);
	struct collected all = {.count = 0};

	(void)state;
	assert_int_equal(config_diff(old, new, collect, &all), 0);
	assert_int_equal(all.count, 0);
	assert_int_equal(fixture_edit(new, CONFIG_NODES, "name=a probe.fall=3", NULL), 0);
	assert_int_equal(config_diff(old, new, collect, &all), 0);
	assert_string_equal(
		all.text, "~ nodes name=a address=10.99.0.11 -> name=a address=10.99.0.11 probe.fall=3\n");
	config_destroy(old);
	config_destroy(new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_spelled_out_defaults_make_no_difference),
		cmocka_unit_test(test_each_kind_of_change_is_told),
		cmocka_unit_test(test_an_override_that_equals_the_default_is_a_difference),
		cmocka_unit_test(test_the_walk_ends_when_asked_to),
		cmocka_unit_test(test_a_clone_differs_only_in_what_changed_since),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
