/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/user.h"

#include "naive.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct route user_route(const char *regex, uint16_t priority, uint32_t id)
{
	struct route route = route_make(regex, ROUTE_USER, id);

	route.hop.priority = priority;
	return route;
}

static struct user_table *table_make(const struct route *routes, size_t count)
{
	struct user_table *table = NULL;
	struct policy_error error = {.text = ""};

	if (user_table_create(routes, count, 1, &table, &error) != 0)
		fail_msg("%s", error.text);
	return table;
}

static const char *found(const struct user_table *table, struct span user)
{
	struct route_result result;

	user_match(table, 0, user, &result);
	return naive_ids(&result);
}

static int refused(const struct route *routes, size_t count, struct policy_error *ret_error)
{
	struct user_table *table = NULL;
	int rc = user_table_create(routes, count, 1, &table, ret_error);

	assert_null(table);
	return rc;
}

/* R-RT-4 */
static void test_an_expression_must_cover_the_whole_user_part(void **state)
{
	const struct route routes[] = {
		user_route("[0-9]{4}", 1, 1), user_route("bob|alice", 1, 2), user_route("\\+49.*", 1, 3)};
	struct user_table *table = table_make(routes, COUNT(routes));

	(void)state;
	assert_string_equal(found(table, span_str("1234")), "1");
	assert_string_equal(found(table, span_str("12345")), "");
	assert_string_equal(found(table, span_str("x1234")), "");
	assert_string_equal(found(table, span_str("bob")), "2");
	assert_string_equal(found(table, span_str("alice")), "2");
	assert_string_equal(found(table, span_str("bobalice")), "");
	assert_string_equal(found(table, span_str("malice")), "");
	assert_string_equal(found(table, span_str("+4989")), "3");
	assert_string_equal(found(table, span_str("Bob")), "");
	user_table_destroy(table);
}

static void test_the_lowest_priority_number_comes_first_then_the_first_written(void **state)
{
	const struct route routes[] = {user_route("b.*", 5, 1), user_route("zz*", 1, 2),
		user_route("bo.*", 2, 3), user_route(".*b", 5, 4), user_route(".*", 9, 5)};
	struct user_table *table = table_make(routes, COUNT(routes));

	(void)state;
	assert_string_equal(found(table, span_str("bob")), "3 1 4 5");
	assert_string_equal(found(table, span_str("zz")), "2 5");
	user_table_destroy(table);
}

static void test_routes_with_the_same_expression_are_one_pattern(void **state)
{
	struct route routes[] = {user_route("bob", 7, 1), user_route("b.b", 3, 2), user_route("bob", 1, 3)};
	struct user_table *table;
	struct route_result result;

	(void)state;
	routes[0].flags |= ROUTE_LESS_SPECIFIC;
	table = table_make(routes, COUNT(routes));
	user_match(table, 1, span_str("bob"), &result);
	assert_int_equal(result.count, 2);
	assert_int_equal(result.patterns[0]->hop_count, 2);
	assert_int_equal(result.patterns[0]->hops[0].route_id, 3);
	assert_int_equal(result.patterns[0]->hops[1].route_id, 1);
	assert_int_equal(result.patterns[0]->flags, ROUTE_LESS_SPECIFIC);
	assert_int_equal(result.patterns[0]->scope, ROUTE_USER);
	assert_int_equal(result.patterns[1]->hops[0].route_id, 2);
	user_table_destroy(table);
}

static void test_a_user_route_out_of_service_is_left_out(void **state)
{
	struct route routes[] = {user_route("bob", 1, 1), user_route("b.b", 3, 2)};
	struct user_table *table;

	(void)state;
	routes[0].flags = 0;
	table = table_make(routes, COUNT(routes));
	assert_string_equal(found(table, span_str("bob")), "2");
	user_table_destroy(table);
}

/* %0A in a user part must not slip past an end anchor or a dot. */
static void test_a_newline_is_a_byte_like_any_other(void **state)
{
	const struct route routes[] = {user_route("bob", 1, 1), user_route("b.*x", 1, 2)};
	struct user_table *table = table_make(routes, COUNT(routes));

	(void)state;
	assert_string_equal(found(table, span_str("bob\n")), "");
	assert_string_equal(found(table, span_str("b\n\nx")), "2");
	user_table_destroy(table);
}

static void test_an_expression_cannot_slip_out_of_its_anchors(void **state)
{
	static const char *const bad[] = {"a)|(b", "a)", "(a", "\\Qa", "a\\", "(?x)a # b"};
	struct policy_error error;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		const struct route route = user_route(bad[i], 1, 31);
		assert_int_equal(refused(&route, 1, &error), -EINVAL);
		assert_int_equal(error.route_id, 31);
		assert_non_null(strstr(error.text, bad[i]));
	}
}

static void test_what_hyperscan_refuses_is_an_error_with_expression_and_reason(void **state)
{
	static const char *const bad[] = {"(a)\\1", "a(?=b)", "[a", "*a", "(?<!x)b", "a{5,2}"};
	struct policy_error error;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		const struct route routes[] = {user_route("fine", 1, 1), user_route(bad[i], 1, 99)};
		assert_int_equal(refused(routes, 2, &error), -EINVAL);
		assert_int_equal(error.route_id, 99);
		assert_non_null(strstr(error.text, bad[i]));
		assert_true(strlen(error.text) > strlen(bad[i]) + strlen("expression \"\" is refused: "));
	}
}

static void test_an_expression_that_is_too_big_is_an_error(void **state)
{
	const struct route route = user_route("((a{1,900}b){1,900}c){1,900}", 1, 4);
	struct policy_error error;

	(void)state;
	assert_int_equal(refused(&route, 1, &error), -EINVAL);
	assert_int_equal(error.route_id, 4);
}

static void test_lengths_and_types_that_cannot_be_are_refused(void **state)
{
	static char regex[USER_REGEX_MAX_BYTES + 2];
	struct policy_error error;
	struct route route = user_route("", 1, 8);

	(void)state;
	assert_int_equal(refused(&route, 1, &error), -EINVAL);
	memset(regex, 'a', USER_REGEX_MAX_BYTES + 1);
	route = user_route(regex, 1, 8);
	assert_int_equal(refused(&route, 1, &error), -EINVAL);
	route.text.len--;
	user_table_destroy(table_make(&route, 1));
	route.scope = ROUTE_EXACT;
	assert_int_equal(refused(&route, 1, &error), -EINVAL);
	route.scope = ROUTE_USER;
	route.text = (struct span)SPAN_LIT("a\0b");
	assert_int_equal(refused(&route, 1, &error), -EINVAL);
}

static void test_an_empty_and_a_too_long_user_part_match_nothing(void **state)
{
	const struct route route = user_route(".*", 1, 1);
	struct user_table *table = table_make(&route, 1);
	static char user[USER_PART_MAX_BYTES + 1];

	(void)state;
	memset(user, 'u', sizeof(user));
	assert_string_equal(found(table, span_str("")), "");
	assert_string_equal(found(table, span_of(user, 1)), "1");
	assert_string_equal(found(table, span_of(user, USER_PART_MAX_BYTES)), "1");
	assert_string_equal(found(table, span_of(user, USER_PART_MAX_BYTES + 1)), "");
	user_table_destroy(table);
}

static void test_of_too_many_matches_the_best_are_kept(void **state)
{
	enum { MANY = 200 };
	static char regexes[MANY][16];
	static struct route routes[MANY];
	struct user_table *table;
	struct route_result result;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(regexes[i], sizeof(regexes[i]), "u.{0,%u}", i + 3);
		routes[i] = user_route(regexes[i], (uint16_t)(1000 - i), i);
	}
	table = table_make(routes, MANY);
	user_match(table, 0, span_str("u12"), &result);
	assert_int_equal(result.count, PATTERNS_PER_HOST_MAX);
	for (unsigned i = 0; i < result.count; i++)
		assert_int_equal(result.patterns[i]->hops[0].route_id, MANY - 1 - i);
	user_table_destroy(table);
}

static void test_a_table_without_expressions_matches_nothing(void **state)
{
	struct user_table *table = table_make(NULL, 0);

	(void)state;
	assert_string_equal(found(table, span_str("bob")), "");
	user_table_destroy(table);
	user_table_destroy(NULL);
}

static void test_too_many_expressions_are_refused(void **state)
{
	static char regexes[USER_PATTERNS_MAX + 1][8];
	static struct route routes[USER_PATTERNS_MAX + 1];
	struct policy_error error;

	(void)state;
	for (unsigned i = 0; i < COUNT(routes); i++) {
		snprintf(regexes[i], sizeof(regexes[i]), "u%u", i);
		routes[i] = user_route(regexes[i], 1, i);
	}
	assert_int_equal(refused(routes, COUNT(routes), &error), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_expression_must_cover_the_whole_user_part),
		cmocka_unit_test(test_the_lowest_priority_number_comes_first_then_the_first_written),
		cmocka_unit_test(test_routes_with_the_same_expression_are_one_pattern),
		cmocka_unit_test(test_a_user_route_out_of_service_is_left_out),
		cmocka_unit_test(test_a_newline_is_a_byte_like_any_other),
		cmocka_unit_test(test_an_expression_cannot_slip_out_of_its_anchors),
		cmocka_unit_test(test_what_hyperscan_refuses_is_an_error_with_expression_and_reason),
		cmocka_unit_test(test_an_expression_that_is_too_big_is_an_error),
		cmocka_unit_test(test_lengths_and_types_that_cannot_be_are_refused),
		cmocka_unit_test(test_an_empty_and_a_too_long_user_part_match_nothing),
		cmocka_unit_test(test_of_too_many_matches_the_best_are_kept),
		cmocka_unit_test(test_a_table_without_expressions_matches_nothing),
		cmocka_unit_test(test_too_many_expressions_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
