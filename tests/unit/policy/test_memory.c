/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every builder with memory failing at each of its allocations in turn: it must say so, leave nothing behind,
 * and leave what there was as it was. The linker sends this program's allocations here (--wrap); Hyperscan's
 * for databases and scratch come by its own hooks.
 */
#include "policy/acl.h"
#include "policy/domain.h"
#include "policy/user.h"

#include "naive.h"

#include <errno.h>
#include <hs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static long budget = -1; /* allocations until one fails; negative: none fails */
static long outstanding;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __wrap_free(void *memory);

static bool may_allocate(void)
{
	if (budget == 0)
		return false;
	if (budget > 0)
		budget--;
	return true;
}

void *__wrap_malloc(size_t size)
{
	void *memory = may_allocate() ? __real_malloc(size) : NULL;

	outstanding += memory != NULL;
	return memory;
}

void *__wrap_calloc(size_t count, size_t size)
{
	void *memory = may_allocate() ? __real_calloc(count, size) : NULL;

	outstanding += memory != NULL;
	return memory;
}

void __wrap_free(void *memory)
{
	outstanding -= memory != NULL;
	__real_free(memory);
}

/* Gives back 0 when it succeeded, having undone it, else the error. */
typedef int attempt(void);

static void fail_at_each_allocation(attempt *try, long allocations_min)
{
	long failures = 0;

	for (;;) {
		long before = outstanding;
		int rc;

		budget = failures;
		rc = try();
		budget = -1;
		assert_int_equal(outstanding, before);
		if (rc == 0)
			break;
		assert_true(rc < 0); /* -ENOMEM, or what Hyperscan makes of it inside its compiler */
		failures++;
	}
	assert_true(failures >= allocations_min);
}

static const struct route *routes(void)
{
	static struct route some[3];

	some[0] = route_make("com.a", ROUTE_SUBTREE, 1);
	some[1] = route_make("com.a.b", ROUTE_EXACT, 2);
	some[2] = route_make("org", ROUTE_CHILDREN, 3);
	return some;
}

static struct route_table *like;

static int table_try(void)
{
	struct route_build build = {.routes = routes(), .route_count = 3, .worker_count = 2, .like = like};
	struct route_table *table = NULL;
	struct policy_error error = {.text = ""};
	int rc = route_table_create(&build, &table, &error);

	assert_true((rc == 0) == (error.text[0] == '\0'));
	route_table_destroy(table);
	return rc;
}

static void test_creating_a_route_table(void **state)
{
	(void)state;
	fail_at_each_allocation(table_try, 8);
}

static struct route_table *table_make(size_t count)
{
	struct route_build build = {.routes = routes(), .route_count = count, .worker_count = 1};
	struct route_table *table = NULL;
	struct policy_error error;

	assert_int_equal(route_table_create(&build, &table, &error), 0);
	return table;
}

static void test_creating_a_route_table_like_another(void **state)
{
	(void)state;
	like = table_make(2);
	fail_at_each_allocation(table_try, 8);
	route_table_destroy(like);
	like = NULL;
}

static struct route_table *current;

static int change_try(void)
{
	const struct route_change changes[] = {
		{SPAN_LIT("com.a"), &routes()[0], 1}, {SPAN_LIT("org"), NULL, 0}};
	struct route_table *next = NULL;
	struct policy_error error;
	struct route_result result;
	int rc = route_table_with(current, changes, COUNT(changes), &next, &error);

	route_table_destroy(next);
	route_match(current, 0, span_str("x.org"), &result);
	assert_int_equal(result.count, 1);
	return rc;
}

static void test_changing_a_route_table(void **state)
{
	(void)state;
	current = table_make(3);
	fail_at_each_allocation(change_try, 8);
	route_table_destroy(current);
}

static int merge_try(void)
{
	struct route_merge *merge = NULL;
	struct route_table *next = NULL;
	struct policy_error error;
	int rc = route_merge_begin(current, &merge, &error);

	if (rc == 0)
		rc = route_merge_run(merge, &error);
	if (rc == 0)
		rc = route_merge_finish(merge, current, &next, &error);
	route_merge_destroy(merge);
	route_table_destroy(next);
	return rc;
}

static void test_merging_a_route_table(void **state)
{
	const struct route_change change = {SPAN_LIT("org"), &routes()[2], 1};
	struct route_table *base = table_make(3);
	struct policy_error error;

	(void)state;
	assert_int_equal(route_table_with(base, &change, 1, &current, &error), 0);
	route_table_destroy(base);
	fail_at_each_allocation(merge_try, 8);
	route_table_destroy(current);
}

static int user_try(void)
{
	struct route some[2] = {route_make("b.*", ROUTE_USER, 1), route_make("[0-9]+", ROUTE_USER, 2)};
	struct user_table *table = NULL;
	struct policy_error error;
	int rc = user_table_create(some, COUNT(some), 2, &table, &error);

	user_table_destroy(table);
	return rc;
}

static void test_creating_a_user_table(void **state)
{
	(void)state;
	fail_at_each_allocation(user_try, 6);
}

static int acl_try(void)
{
	const struct ip_prefix entries[] = {{.addr = {.family = IP_V4, .bytes = {10}}, .len = 8}, {.len = 0}};
	struct acl *acl = NULL;
	int rc = acl_create(entries, COUNT(entries), &acl);

	acl_destroy(acl);
	return rc;
}

static void test_creating_an_access_list(void **state)
{
	(void)state;
	fail_at_each_allocation(acl_try, 10);
}

static int domain_try(void)
{
	const struct span names[] = {SPAN_LIT("a.com"), SPAN_LIT("b.com")};
	struct domain_set *set = NULL;
	int rc = domain_set_create(names, COUNT(names), &set);

	domain_set_destroy(set);
	return rc;
}

static void test_creating_a_domain_set(void **state)
{
	(void)state;
	fail_at_each_allocation(domain_try, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_creating_a_route_table),
		cmocka_unit_test(test_creating_a_route_table_like_another),
		cmocka_unit_test(test_changing_a_route_table),
		cmocka_unit_test(test_merging_a_route_table),
		cmocka_unit_test(test_creating_a_user_table),
		cmocka_unit_test(test_creating_an_access_list),
		cmocka_unit_test(test_creating_a_domain_set),
	};

	(void)hs_set_database_allocator(__wrap_malloc, __wrap_free);
	(void)hs_set_misc_allocator(__wrap_malloc, __wrap_free);
	(void)hs_set_scratch_allocator(__wrap_malloc, __wrap_free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
