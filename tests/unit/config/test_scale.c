/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 100,000 routes: loading, cloning, changing, comparing. The bounds are far above what a quiet machine needs
 * and far below what anything quadratic would take. Prints what it measured.
 */
#include "fixture.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUTES = 100000 };

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double took(const char *what, double since_ms)
{
	double ms = now_ms() - since_ms;

	print_message("%s: %.3f ms\n", what, ms);
	return ms;
}

static char *make_text(void)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	fputs(fixture_base, out);
	fputs("routes:\n", out);
	for (int i = 0; i < ROUTES; i++)
		fprintf(out,
			"  - pattern: .com.domain%d.*\n    description: customer number %d\n    next_hop: "
			"%s\n    type: domain\n",
			i, i,
			i % 2   ? "a"
			: i % 4 ? "b"
				: "10.99.0.40");
	fclose(out);
	return text;
}

static int setup(void **state)
{
	char *text = make_text();
	size_t before = mallinfo2().uordblks;
	double start = now_ms();
	struct config *config = fixture_load(text);
	size_t bytes = mallinfo2().uordblks - before;

	assert_true(took("load 100,000 routes", start) < 20000);
	print_message("memory: %.1f MB\n", (double)bytes / 1e6);
	assert_true(bytes < 50000000);
	assert_int_equal(config_count(config, CONFIG_ROUTES), ROUTES);
	free(text);
	*state = config;
	return 0;
}

static int teardown(void **state)
{
	double start = now_ms();

	config_destroy(*state);
	took("destroy", start);
	return 0;
}

static void test_one_route_is_added_edited_and_deleted_at_once(void **state)
{
	struct config *config = *state;
	double start = now_ms();

	assert_int_equal(
		fixture_add(config, CONFIG_ROUTES, "pattern=.com.new.* type=domain next_hop=a", NULL), 0);
	assert_true(took("add a route", start) < 50);
	start = now_ms();
	assert_int_equal(fixture_add(config, CONFIG_ROUTES,
				 "pattern=.com.new.* type=domain next_hop=10.99.0.41", NULL),
		0);
	assert_true(took("add a route by address", start) < 250);
	start = now_ms();
	assert_int_equal(
		fixture_edit(config, CONFIG_ROUTES, "pattern=.com.new.* next_hop=a priority=2", NULL), 0);
	assert_true(took("edit a route", start) < 50);
	start = now_ms();
	assert_int_equal(fixture_delete(config, CONFIG_ROUTES, "pattern=.com.new.* next_hop=a", NULL), 0);
	assert_true(took("delete a route", start) < 50);
	assert_int_equal(fixture_delete(config, CONFIG_ROUTES, "pattern=.com.new.*", NULL), 0);
	start = now_ms();
	assert_int_equal(fixture_edit(config, CONFIG_NODES, "name=a admin=drain", NULL), 0);
	assert_true(took("edit a node", start) < 50);
	assert_int_equal(fixture_edit(config, CONFIG_NODES, "name=a admin=", NULL), 0);
}

static int count(const struct config_change *change, void *arg)
{
	(void)change;
	*(unsigned *)arg += 1;
	return 0;
}

static void test_a_clone_is_cheap_and_its_diff_is_too(void **state)
{
	double start = now_ms();
	struct config *clone = config_clone(*state);
	unsigned changes = 0;

	assert_true(took("clone", start) < 500);
	assert_int_equal(
		fixture_add(clone, CONFIG_ROUTES, "pattern=.com.new.* type=domain next_hop=a", NULL), 0);
	start = now_ms();
	assert_int_equal(config_diff(*state, clone, count, &changes), 0);
	assert_true(took("diff", start) < 2000);
	assert_int_equal(changes, 1);
	config_destroy(clone);
}

static void test_it_saves_and_comes_back(void **state)
{
	double start = now_ms();
	char *saved = fixture_save(*state);
	struct config *loaded;
	unsigned changes = 0;

	assert_true(took("save", start) < 5000);
	loaded = fixture_load(saved);
	start = now_ms();
	assert_int_equal(config_diff(*state, loaded, count, &changes), 0);
	assert_true(took("diff against a copy that shares nothing", start) < 5000);
	assert_int_equal(changes, 0);
	free(saved);
	config_destroy(loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_route_is_added_edited_and_deleted_at_once),
		cmocka_unit_test(test_a_clone_is_cheap_and_its_diff_is_too),
		cmocka_unit_test(test_it_saves_and_comes_back),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
