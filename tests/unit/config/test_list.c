/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index against a plain search: thousands of random insertions, removals and replacements from a seed,
 * after each of which every key must find exactly what is there.
 */
#include "fixture.h"

#include "base/rng.h"
#include "config/list.h"
#include "config/object.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS = 200, STEPS = 6000 };

static struct config_head *domain_create(unsigned key)
{
	struct config_head *entry = object_create(schema_of_list(CONFIG_DOMAINS));
	char name[16];

	assert_non_null(entry);
	snprintf(name, sizeof(name), "d%u", key);
	((struct config_domain *)entry)->name = strdup(name);
	return entry;
}

static struct config_head *find(const struct config_list *list, unsigned key)
{
	char name[16];
	struct config_domain like = {.name = name};

	snprintf(name, sizeof(name), "d%u", key);
	return list_find(list, CONFIG_DOMAINS, LIST_BY_KEY, &like.head);
}

static void test_the_index_agrees_with_a_plain_search(void **state)
{
	struct config_list list = {.count = 0};
	struct config_head *there[KEYS] = {NULL};
	struct rng rng;
	uint32_t count = 0;

	(void)state;
	rng_init(&rng, 7);
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned key = rng_below(&rng, KEYS);
		struct config_head *old = there[key];

		if (!old) {
			there[key] = domain_create(key);
			assert_int_equal(list_insert(&list, CONFIG_DOMAINS, there[key],
						 rng_below(&rng, list.count + 1)),
				0);
			count++;
		} else if (rng_below(&rng, 2)) {
			list_remove(&list, CONFIG_DOMAINS, old);
			there[key] = NULL;
			count--;
		} else {
			there[key] = domain_create(key);
			assert_int_equal(list_replace(&list, CONFIG_DOMAINS, old, there[key]), 0);
		}
		if (old)
			object_unref(schema_of_list(CONFIG_DOMAINS), old);
		assert_int_equal(list.count, count);
		for (unsigned k = step % 7; k < KEYS; k += 7)
			assert_ptr_equal(find(&list, k), there[k]);
	}
	list_fini(&list, CONFIG_DOMAINS);
}

static void test_insertion_keeps_the_order_and_removal_tells_the_place(void **state)
{
	struct config_list list = {.count = 0};
	struct config_head *a = domain_create(1), *b = domain_create(2), *c = domain_create(3);

	(void)state;
	assert_int_equal(list_insert(&list, CONFIG_DOMAINS, a, 0), 0);
	assert_int_equal(list_insert(&list, CONFIG_DOMAINS, c, 1), 0);
	assert_int_equal(list_insert(&list, CONFIG_DOMAINS, b, 1), 0);
	assert_ptr_equal(list.items[1], b);
	assert_ptr_equal(list.items[2], c);
	assert_int_equal(list_remove(&list, CONFIG_DOMAINS, b), 1);
	assert_ptr_equal(list.items[1], c);
	object_unref(schema_of_list(CONFIG_DOMAINS), b);
	list_fini(&list, CONFIG_DOMAINS);
}

static void test_a_copy_shares_entries_and_has_its_own_index(void **state)
{
	struct config_list list = {.count = 0}, copy;

	(void)state;
	for (unsigned key = 0; key < 50; key++)
		assert_int_equal(list_insert(&list, CONFIG_DOMAINS, domain_create(key), key), 0);
	assert_int_equal(list_copy(&list, &copy, CONFIG_DOMAINS), 0);
	for (unsigned key = 0; key < 50; key++)
		assert_ptr_equal(find(&copy, key), find(&list, key));
	assert_int_equal(find(&copy, 3)->refs, 2);
	object_unref(schema_of_list(CONFIG_DOMAINS), find(&list, 3));
	list_remove(&list, CONFIG_DOMAINS, find(&list, 3));
	assert_null(find(&list, 3));
	assert_non_null(find(&copy, 3));
	list_fini(&list, CONFIG_DOMAINS);
	assert_int_equal(find(&copy, 3)->refs, 1);
	list_fini(&copy, CONFIG_DOMAINS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_index_agrees_with_a_plain_search),
		cmocka_unit_test(test_insertion_keeps_the_order_and_removal_tells_the_place),
		cmocka_unit_test(test_a_copy_shares_entries_and_has_its_own_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
