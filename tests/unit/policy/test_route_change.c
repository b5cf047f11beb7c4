/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables derived from tables: changes, removals, merges, and literals taken over (R-RT-10). */
#include "policy/route_build.h"

#include "base/rng.h"
#include "naive.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct route_table *table_like(
	const struct route *routes, size_t count, const struct route_table *like)
{
	struct route_build build = {.routes = routes, .route_count = count, .worker_count = 1, .like = like};
	struct route_table *table = NULL;
	struct policy_error error;

	assert_int_equal(route_table_create(&build, &table, &error), 0);
	return table;
}

/* One domain gets these routes; the old table goes. */
static void change(struct route_table **table, const char *domain, const struct route *routes, size_t count)
{
	struct route_change one = {.domain = span_str(domain), .routes = routes, .route_count = count};
	struct route_table *next = NULL;
	struct policy_error error;

	assert_int_equal(route_table_with(*table, &one, 1, &next, &error), 0);
	route_table_destroy(*table);
	*table = next;
}

static void put(struct route_table **table, const char *domain, enum route_scope scope, uint32_t id)
{
	struct route route = route_make(domain, scope, id);

	change(table, domain, &route, 1);
}

static struct route_merge *merge_begin(const struct route_table *table)
{
	struct route_merge *merge = NULL;
	struct policy_error error;

	assert_int_equal(route_merge_begin(table, &merge, &error), 0);
	return merge;
}

static void merge_end(struct route_merge *merge, struct route_table **table)
{
	struct route_table *next = NULL;
	struct policy_error error;

	assert_int_equal(route_merge_run(merge, &error), 0);
	assert_int_equal(route_merge_finish(merge, *table, &next, &error), 0);
	route_merge_destroy(merge);
	route_table_destroy(*table);
	*table = next;
}

static const char *found(const struct route_table *table, const char *host)
{
	struct route_result result;

	route_match(table, 0, span_str(host), &result);
	return naive_ids(&result);
}

static struct route_table_info info_of(const struct route_table *table)
{
	struct route_table_info info;

	route_table_info(table, &info);
	return info;
}

static struct route_table *small_table(void)
{
	const struct route routes[] = {route_make("com.a", ROUTE_SUBTREE, 1),
		route_make("com.a.b", ROUTE_EXACT, 2), route_make("org", ROUTE_SUBTREE, 3)};

	return table_like(routes, COUNT(routes), NULL);
}

static void test_an_added_domain_is_found_and_the_old_table_stays_as_it_was(void **state)
{
	struct route_table *old = small_table();
	struct route route = route_make("com.a.c", ROUTE_SUBTREE, 9);
	struct route_change one = {.domain = route.text, .routes = &route, .route_count = 1};
	struct route_table *next = NULL;
	struct policy_error error;

	(void)state;
	assert_int_equal(route_table_with(old, &one, 1, &next, &error), 0);
	assert_string_equal(found(next, "x.c.a.com"), "9 1");
	assert_string_equal(found(old, "x.c.a.com"), "1");
	route_table_destroy(old);
	assert_string_equal(found(next, "b.a.com"), "2 1");
	route_table_destroy(next);
}

static void test_a_changed_domain_hides_that_of_the_base(void **state)
{
	struct route_table *table = small_table();

	(void)state;
	put(&table, "com.a", ROUTE_EXACT, 7);
	assert_string_equal(found(table, "a.com"), "7");
	assert_string_equal(found(table, "b.a.com"), "2");
	assert_string_equal(found(table, "x.a.com"), "");
	put(&table, "com.a", ROUTE_CHILDREN, 8);
	assert_string_equal(found(table, "a.com"), "");
	assert_string_equal(found(table, "x.a.com"), "8");
	assert_int_equal(info_of(table).delta_domains, 1);
	route_table_destroy(table);
}

static void test_a_removed_domain_is_gone_and_can_come_back(void **state)
{
	struct route_table *table = small_table();

	(void)state;
	change(&table, "com.a.b", NULL, 0);
	assert_string_equal(found(table, "b.a.com"), "1");
	assert_int_equal(info_of(table).domains, 2);
	change(&table, "com.a", NULL, 0);
	assert_string_equal(found(table, "b.a.com"), "");
	put(&table, "com.a.b", ROUTE_SUBTREE, 5);
	assert_string_equal(found(table, "b.a.com"), "5");
	assert_int_equal(info_of(table).domains, 2);
	route_table_destroy(table);
}

/* R-RT-3: taking the only route out of service is the same as removing it. */
static void test_a_domain_with_all_routes_out_of_service_is_gone(void **state)
{
	struct route_table *table = small_table();
	struct route route = route_make("com.a.b", ROUTE_EXACT, 2);

	(void)state;
	route.flags = 0;
	change(&table, "com.a.b", &route, 1);
	assert_string_equal(found(table, "b.a.com"), "1");
	route_table_destroy(table);
}

static void test_several_domains_change_in_one_step(void **state)
{
	struct route_table *table = small_table();
	const struct route routes[] = {route_make("net", ROUTE_SUBTREE, 4), route_make("biz", ROUTE_EXACT, 5),
		route_make("biz", ROUTE_CHILDREN, 6)};
	const struct route_change changes[] = {{span_str("net"), &routes[0], 1}, {span_str("org"), NULL, 0},
		{span_str("biz"), &routes[1], 2}};
	struct route_table *next = NULL;
	struct policy_error error;

	(void)state;
	assert_int_equal(route_table_with(table, changes, COUNT(changes), &next, &error), 0);
	assert_string_equal(found(next, "x.net"), "4");
	assert_string_equal(found(next, "x.org"), "");
	assert_string_equal(found(next, "biz"), "5");
	assert_string_equal(found(next, "x.biz"), "6");
	route_table_destroy(table);
	route_table_destroy(next);
}

static void test_a_change_that_cannot_be_changes_nothing_and_says_why(void **state)
{
	struct route_table *table = small_table();
	const struct route stray = route_make("net", ROUTE_EXACT, 44);
	const struct route user = route_make("net", ROUTE_USER, 45);
	const struct route_change bad_name = {.domain = SPAN_LIT("com..a")};
	const struct route_change twice[] = {{.domain = SPAN_LIT("net")}, {.domain = SPAN_LIT("net")}};
	const struct route_change wrong_domain = {.domain = SPAN_LIT("org"), &stray, 1};
	const struct route_change wrong_type = {.domain = SPAN_LIT("net"), &user, 1};
	struct route_table *next = NULL;
	struct policy_error error;

	(void)state;
	assert_int_equal(route_table_with(table, &bad_name, 1, &next, &error), -EINVAL);
	assert_non_null(strstr(error.text, "com..a"));
	assert_int_equal(route_table_with(table, twice, 2, &next, &error), -EINVAL);
	assert_int_equal(route_table_with(table, &wrong_domain, 1, &next, &error), -EINVAL);
	assert_int_equal(error.route_id, 44);
	assert_int_equal(route_table_with(table, &wrong_type, 1, &next, &error), -EINVAL);
	assert_int_equal(error.route_id, 45);
	assert_null(next);
	route_table_destroy(table);
}

static void test_too_many_changes_ask_for_a_whole_table(void **state)
{
	enum { MANY = ROUTE_DELTA_MAX + 1 };
	static char names[MANY][16];
	static struct route_change changes[MANY];
	struct route_table *table = small_table();
	struct route_table *next = NULL;
	struct policy_error error;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "com.x%d", i);
		changes[i] = (struct route_change){.domain = span_str(names[i])};
	}
	assert_int_equal(route_table_with(table, changes, MANY, &next, &error), -E2BIG);
	assert_int_equal(route_table_with(table, changes, MANY - 1, &next, &error), 0);
	assert_true(route_table_wants_merge(next));
	assert_false(route_table_wants_merge(table));
	route_table_destroy(next);
	route_table_destroy(table);
}

static void test_a_merge_moves_the_delta_into_the_base(void **state)
{
	struct route_table *table = small_table();

	(void)state;
	put(&table, "net", ROUTE_SUBTREE, 4);
	put(&table, "com.a", ROUTE_EXACT, 5);
	change(&table, "org", NULL, 0);
	merge_end(merge_begin(table), &table);
	assert_int_equal(info_of(table).delta_domains, 0);
	assert_int_equal(info_of(table).base_domains, 3);
	assert_string_equal(found(table, "x.net"), "4");
	assert_string_equal(found(table, "a.com"), "5");
	assert_string_equal(found(table, "x.org"), "");
	assert_string_equal(found(table, "b.a.com"), "2");
	route_table_destroy(table);
}

/* Added, changed, removed, and removed after having been part of the merge. */
static void test_changes_made_during_a_merge_survive_it(void **state)
{
	struct route_table *table = small_table();
	struct route_merge *merge;

	(void)state;
	put(&table, "net", ROUTE_SUBTREE, 4);
	put(&table, "biz", ROUTE_SUBTREE, 5);
	merge = merge_begin(table);
	change(&table, "net", NULL, 0);
	put(&table, "com.a", ROUTE_SUBTREE, 6);
	put(&table, "info", ROUTE_SUBTREE, 7);
	merge_end(merge, &table);
	assert_int_equal(info_of(table).delta_domains, 3);
	assert_int_equal(info_of(table).base_domains, 5);
	assert_int_equal(info_of(table).domains, 5);
	assert_string_equal(found(table, "x.net"), "");
	assert_string_equal(found(table, "x.biz"), "5");
	assert_string_equal(found(table, "x.a.com"), "6");
	assert_string_equal(found(table, "info"), "7");
	put(&table, "net", ROUTE_EXACT, 8);
	assert_string_equal(found(table, "net"), "8");
	route_table_destroy(table);
}

static void test_a_merge_of_replaced_routes_is_stale(void **state)
{
	struct route_table *table = small_table();
	struct route_merge *merge = merge_begin(table);
	struct route_table *other = small_table();
	struct route_table *next = NULL;
	struct policy_error error;

	(void)state;
	route_table_destroy(table);
	assert_int_equal(route_merge_run(merge, &error), 0);
	assert_int_equal(route_merge_finish(merge, other, &next, &error), -ESTALE);
	assert_null(next);
	route_merge_destroy(merge);
	route_table_destroy(other);
}

static void test_a_merge_may_be_given_up_before_it_ran(void **state)
{
	struct route_table *table = small_table();

	(void)state;
	put(&table, "net", ROUTE_SUBTREE, 4);
	route_merge_destroy(merge_begin(table));
	route_merge_destroy(NULL);
	assert_string_equal(found(table, "net"), "4");
	route_table_destroy(table);
}

static void test_a_merge_that_leaves_no_domain_is_fine(void **state)
{
	struct route_table *table = table_like(NULL, 0, NULL);

	(void)state;
	put(&table, "net", ROUTE_SUBTREE, 4);
	change(&table, "net", NULL, 0);
	merge_end(merge_begin(table), &table);
	assert_int_equal(info_of(table).database_bytes, 0);
	assert_string_equal(found(table, "net"), "");
	put(&table, "net", ROUTE_SUBTREE, 4);
	assert_string_equal(found(table, "net"), "4");
	route_table_destroy(table);
}

/* As after a change of nodes: same domains, other hops. And a few domains more and fewer. */
static void test_a_new_table_takes_over_the_literals_of_one_like_it(void **state)
{
	const struct route routes[] = {route_make("com.a", ROUTE_EXACT, 11),
		route_make("com.a.b", ROUTE_EXACT, 12), route_make("net", ROUTE_SUBTREE, 13),
		route_make("aero", ROUTE_SUBTREE, 14)};
	struct route_table *like = small_table();
	struct route_table *table = table_like(routes, COUNT(routes), like);
	struct route_table_info info = info_of(table);

	(void)state;
	route_table_destroy(like);
	assert_int_equal(info.base_domains, 2);
	assert_int_equal(info.delta_domains, 2);
	assert_int_equal(info.domains, 4);
	assert_string_equal(found(table, "a.com"), "11");
	assert_string_equal(found(table, "x.a.com"), "");
	assert_string_equal(found(table, "b.a.com"), "12");
	assert_string_equal(found(table, "x.net"), "13");
	assert_string_equal(found(table, "x.aero"), "14");
	assert_string_equal(found(table, "x.org"), "");
	put(&table, "org", ROUTE_SUBTREE, 15);
	assert_string_equal(found(table, "x.org"), "15");
	merge_end(merge_begin(table), &table);
	assert_int_equal(info_of(table).base_domains, 5);
	assert_string_equal(found(table, "x.org"), "15");
	assert_string_equal(found(table, "b.a.com"), "12");
	route_table_destroy(table);
}

/* A domain that comes and goes keeps its literal. */
static void test_literals_taken_over_serve_a_domain_that_comes_back(void **state)
{
	const struct route routes[] = {route_make("com.a", ROUTE_EXACT, 21),
		route_make("com.a.b", ROUTE_EXACT, 22), route_make("org", ROUTE_SUBTREE, 23)};
	struct route_table *first = small_table();
	struct route_table *second = table_like(routes, 2, first);
	struct route_table *third = table_like(routes, COUNT(routes), second);

	(void)state;
	assert_string_equal(found(second, "x.org"), "");
	assert_string_equal(found(third, "x.org"), "23");
	assert_int_equal(info_of(third).base_domains, 3);
	assert_int_equal(info_of(third).delta_domains, 0);
	route_table_destroy(first);
	route_table_destroy(second);
	route_table_destroy(third);
}

static void test_a_table_too_unlike_is_compiled_anew(void **state)
{
	enum { MANY = 2 * ROUTE_DELTA_MERGE };
	static char names[MANY][16];
	static struct route routes[MANY];
	struct route_table *like = small_table();
	struct route_table *table;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "com.x%u", i);
		routes[i] = route_make(names[i], ROUTE_EXACT, i);
	}
	table = table_like(routes, MANY, like);
	assert_int_equal(info_of(table).base_domains, MANY);
	assert_int_equal(info_of(table).delta_domains, 0);
	route_table_destroy(like);
	like = table;
	table = table_like(routes, 3, like);
	assert_int_equal(info_of(table).base_domains, 3);
	assert_string_equal(found(table, "x2.com"), "2");
	assert_string_equal(found(table, "x3.com"), "");
	route_table_destroy(like);
	route_table_destroy(table);
}

/* The delta that waits for a merge must not make a change of weights compile everything. */
static void test_a_large_table_is_followed_when_an_eighth_of_it_is_new(void **state)
{
	enum { OLD = 4000, NEW = OLD / ROUTE_DELTA_SHARE, ALL = OLD + NEW + 1 };
	static char names[ALL][16];
	static struct route routes[ALL];
	struct route_table *like;
	struct route_table *table;

	(void)state;
	for (unsigned i = 0; i < ALL; i++) {
		snprintf(names[i], sizeof(names[i]), "com.x%u", i);
		routes[i] = route_make(names[i], ROUTE_EXACT, i);
	}
	like = table_like(routes, OLD, NULL);
	table = table_like(routes, OLD + NEW, like);
	assert_int_equal(info_of(table).base_domains, OLD);
	assert_int_equal(info_of(table).delta_domains, NEW);
	assert_string_equal(found(table, "x3999.com"), "3999");
	assert_string_equal(found(table, "x4499.com"), "4499");
	route_table_destroy(table);
	table = table_like(routes, ALL, like);
	assert_int_equal(info_of(table).base_domains, ALL);
	assert_int_equal(info_of(table).delta_domains, 0);
	route_table_destroy(table);
	route_table_destroy(like);
}

enum { DOMAINS = 24, STEPS = 200 };

/* The model: for each domain the scope of its one route, or nothing. */
struct model {
	char names[DOMAINS][16];
	struct route routes[DOMAINS]; /* out of service = not there */
};

static void model_init(struct model *model)
{
	static const char *const tops[] = {"com", "org"};
	static const char *const middles[] = {"", ".a", ".b", ".ab"};
	static const char *const lows[] = {"", ".a", ".x"};

	for (unsigned i = 0; i < DOMAINS; i++) {
		const char *middle = middles[i / 2 % 4];
		snprintf(model->names[i], sizeof(model->names[i]), "%s%s%s", tops[i % 2],
			*middle ? middle : ".zz", lows[i / 8]);
		model->routes[i] = route_make(model->names[i], ROUTE_EXACT, i);
		model->routes[i].flags = 0;
	}
}

static void model_compare(const struct model *model, const struct route_table *table)
{
	for (unsigned i = 0; i < DOMAINS; i++) {
		const struct route *expected[PATTERNS_PER_HOST_MAX];
		char host[40];
		char below[44];
		naive_reverse(span_str(model->names[i]), host);
		snprintf(below, sizeof(below), "w.%s", host);
		for (unsigned k = 0; k < 2; k++) {
			struct span name = span_str(k ? below : host);
			size_t n = naive_match(model->routes, DOMAINS, name, expected, COUNT(expected));
			struct route_result result;
			route_match(table, 0, name, &result);
			assert_int_equal(result.count, n);
			for (size_t p = 0; p < n; p++)
				assert_int_equal(
					result.patterns[p]->hops[0].route_id, expected[p]->hop.route_id);
		}
	}
}

static void model_step(struct model *model, struct rng *rng, struct route_table **table)
{
	unsigned i = rng_below(rng, DOMAINS);

	model->routes[i].scope = (uint8_t)rng_below(rng, 3);
	model->routes[i].flags = rng_below(rng, 3) ? ROUTE_IN_SERVICE : 0;
	model->routes[i].hop.route_id += 1000;
	change(table, model->names[i], &model->routes[i], 1);
}

/* Random changes with merges in between, some begun long before they end, against the naive matcher. */
static void test_random_changes_and_merges_agree_with_the_naive_matcher(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		static struct model model;
		struct route_table *table = table_like(NULL, 0, NULL);
		struct route_merge *merge = NULL;
		struct rng rng;

		rng_init(&rng, seed);
		model_init(&model);
		for (int step = 0; step < STEPS; step++) {
			model_step(&model, &rng, &table);
			if (!merge && rng_below(&rng, 10) == 0) {
				merge = merge_begin(table);
			} else if (merge && rng_below(&rng, 10) == 0) {
				merge_end(merge, &table);
				merge = NULL;
			} else if (!merge && rng_below(&rng, 20) == 0) {
				struct route_table *next = table_like(model.routes, DOMAINS, table);
				route_table_destroy(table);
				table = next;
			}
			model_compare(&model, table);
		}
		route_merge_destroy(merge);
		route_table_destroy(table);
	}
}

/* Large enough for Hyperscan to choose other matchers than for a handful. */
static void test_twenty_thousand_domains_are_all_found_and_can_all_be_changed(void **state)
{
	enum { MANY = 20000 };
	static char names[MANY][24];
	static struct route routes[MANY];
	struct route_table *table;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "com.d%u%s", i / 2, i % 2 ? ".sip" : "");
		routes[i] = route_make(names[i], i % 4 < 2 ? ROUTE_SUBTREE : ROUTE_EXACT, i);
	}
	table = table_like(routes, MANY, NULL);
	put(&table, "com.d77", ROUTE_SUBTREE, 777777);
	change(&table, "com.d78", NULL, 0);
	for (unsigned i = 0; i < MANY; i += 2) {
		struct route_result result;
		char host[32];
		uint32_t above = i / 2 == 77 ? 777777 : i;
		bool has_above = i / 2 != 78 && (i % 4 < 2 || i / 2 == 77);

		snprintf(host, sizeof(host), "sip.d%u.com", i / 2);
		route_match(table, 0, span_str(host), &result);
		assert_int_equal(result.count, 1 + has_above);
		assert_int_equal(result.patterns[0]->hops[0].route_id, i + 1);
		if (has_above)
			assert_int_equal(result.patterns[1]->hops[0].route_id, above);
	}
	route_table_destroy(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_added_domain_is_found_and_the_old_table_stays_as_it_was),
		cmocka_unit_test(test_a_changed_domain_hides_that_of_the_base),
		cmocka_unit_test(test_a_removed_domain_is_gone_and_can_come_back),
		cmocka_unit_test(test_a_domain_with_all_routes_out_of_service_is_gone),
		cmocka_unit_test(test_several_domains_change_in_one_step),
		cmocka_unit_test(test_a_change_that_cannot_be_changes_nothing_and_says_why),
		cmocka_unit_test(test_too_many_changes_ask_for_a_whole_table),
		cmocka_unit_test(test_a_merge_moves_the_delta_into_the_base),
		cmocka_unit_test(test_changes_made_during_a_merge_survive_it),
		cmocka_unit_test(test_a_merge_of_replaced_routes_is_stale),
		cmocka_unit_test(test_a_merge_may_be_given_up_before_it_ran),
		cmocka_unit_test(test_a_merge_that_leaves_no_domain_is_fine),
		cmocka_unit_test(test_a_new_table_takes_over_the_literals_of_one_like_it),
		cmocka_unit_test(test_literals_taken_over_serve_a_domain_that_comes_back),
		cmocka_unit_test(test_a_table_too_unlike_is_compiled_anew),
		cmocka_unit_test(test_a_large_table_is_followed_when_an_eighth_of_it_is_new),
		cmocka_unit_test(test_random_changes_and_merges_agree_with_the_naive_matcher),
		cmocka_unit_test(test_twenty_thousand_domains_are_all_found_and_can_all_be_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
