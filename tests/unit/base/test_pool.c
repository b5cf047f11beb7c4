/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { COUNT = 5 };

struct fixture {
	struct pool pool;
	uint64_t objects[COUNT];
	uint32_t next[COUNT];
};

static void begin(struct fixture *f)
{
	pool_init(&f->pool, f->objects, f->next, sizeof(f->objects[0]), COUNT);
}

static void test_every_object_is_given_out_once(void **state)
{
	struct fixture f;
	unsigned seen = 0;

	(void)state;
	begin(&f);
	for (unsigned i = 0; i < COUNT; i++) {
		uint64_t *object = pool_take(&f.pool);
		assert_non_null(object);
		seen |= 1u << pool_index(&f.pool, object);
	}
	assert_int_equal(seen, (1u << COUNT) - 1);
}

static void test_running_out_is_answered_and_counted(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	for (unsigned i = 0; i < COUNT; i++)
		assert_non_null(pool_take(&f.pool));
	assert_null(pool_take(&f.pool));
	assert_int_equal(f.pool.exhausted, 1);
	pool_give(&f.pool, pool_at(&f.pool, 2));
	assert_ptr_equal(pool_take(&f.pool), &f.objects[2]);
}

static void test_levels_are_kept(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	void *a = pool_take(&f.pool);
	void *b = pool_take(&f.pool);
	pool_give(&f.pool, a);
	assert_int_equal(f.pool.used, 1);
	assert_int_equal(f.pool.used_max, 2);
	pool_give(&f.pool, b);
	assert_int_equal(f.pool.used, 0);
}

static void test_a_pool_of_nothing_is_exhausted_at_once(void **state)
{
	struct pool pool;

	(void)state;
	pool_init(&pool, NULL, NULL, 8, 0);
	assert_null(pool_take(&pool));
}

static void test_a_pool_with_memory_of_its_own_gives_it_back(void **state)
{
	struct pool pool;

	(void)state;
	assert_int_equal(pool_create(&pool, 24, 3), 0);
	assert_non_null(pool_take(&pool));
	pool_destroy(&pool);
	assert_null(pool.memory);
	pool_destroy(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_object_is_given_out_once),
		cmocka_unit_test(test_running_out_is_answered_and_counted),
		cmocka_unit_test(test_levels_are_kept),
		cmocka_unit_test(test_a_pool_of_nothing_is_exhausted_at_once),
		cmocka_unit_test(test_a_pool_with_memory_of_its_own_gives_it_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
