/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that runs out at each single allocation, one after the other: every function says -ENOMEM, leaves
 * what was there alone, and loses nothing. The linker puts these allocators before those of config's own
 * code.
 */
#include "fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static long allocations_left = -1; /* -1 = without limit */
static long in_use;

static bool may_allocate(void)
{
	if (allocations_left == 0)
		return false;
	if (allocations_left > 0)
		allocations_left--;
	return true;
}

static void *counted(void *block)
{
	in_use += block != NULL;
	return block;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);
void __wrap_free(void *block);

void *__wrap_malloc(size_t size)
{
	return may_allocate() ? counted(__real_malloc(size)) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return may_allocate() ? counted(__real_calloc(count, size)) : NULL;
}

void *__wrap_realloc(void *block, size_t size)
{
	void *grown;

	if (!may_allocate())
		return NULL;
	grown = __real_realloc(block, size);
	in_use += !block && grown;
	return grown;
}

char *__wrap_strdup(const char *text)
{
	return may_allocate() ? counted(__real_strdup(text)) : NULL;
}

char *__wrap_strndup(const char *text, size_t len)
{
	return may_allocate() ? counted(__real_strndup(text, len)) : NULL;
}

void __wrap_free(void *block)
{
	in_use -= block != NULL;
	__real_free(block);
}

static const char good[] =
	"instance: {name: x}\n"
	"ports: [{name: p, device: net_ring0, addresses: [10.0.0.1/24]}]\n"
	"listeners: [{name: l, address: 10.0.0.1}]\n"
	"nodes: [{name: a, address: 10.0.0.2, description: d, probe: {fall: 2}}, {name: b, address: "
	"10.0.0.3}]\n"
	"routes: [{match_uri: a.com, next_hop: a}, {pattern: .com.b.*, type: domain, next_hop: b}]\n"
	"acl: [all]\n"
	"domains: [a.com]\n";

static void test_loading_survives_any_allocation_that_fails(void **state)
{
	long n = 0;
	int rc;

	(void)state;
	do {
		struct config_report report;
		struct config *config = NULL;
		long before = in_use;

		config_report_init(&report, "f");
		allocations_left = n++;
		rc = config_load_text(span_str(good), &report, &config);
		allocations_left = -1;
		assert_true(rc == 0 || (rc == -ENOMEM && !config));
		assert_int_equal(report.error_count, 0);
		config_destroy(config);
		config_report_fini(&report);
		assert_int_equal(in_use, before);
	} while (rc);
	assert_true(n > 20); /* so the limit did bite */
}

static void test_cloning_survives_any_allocation_that_fails(void **state)
{
	struct config *config = fixture_load(good), *clone;
	long n = 0;

	(void)state;
	do {
		long before = in_use;

		allocations_left = n++;
		clone = config_clone(config);
		allocations_left = -1;
		config_destroy(clone);
		assert_int_equal(in_use, before);
	} while (!clone);
	assert_true(n > 5);
	config_destroy(config);
}

enum step { ADD, EDIT, DELETE, SECTION };

static int change(struct config *config, enum step step, struct config_report *report)
{
	struct fixture_pairs pairs;

	switch (step) {
	case ADD:
		fixture_pairs("match_uri=z.com next_hop=10.0.0.9 description=x", &pairs);
		return config_entry_add(config, CONFIG_ROUTES, pairs.all, report, NULL);
	case EDIT:
		fixture_pairs("name=a address=10.0.0.7 description=other probe.rise=9", &pairs);
		return config_entry_edit(config, CONFIG_NODES, pairs.all, report, NULL);
	case DELETE:
		fixture_pairs("match_uri=a.com", &pairs);
		return config_entry_delete(config, CONFIG_ROUTES, pairs.all, report, NULL);
	case SECTION:
		fixture_pairs("name=other", &pairs);
		return config_section_edit(config, span_str("instance"), pairs.all, report);
	}
	return -EINVAL;
}

static void test_changes_that_run_out_of_memory_change_nothing(void **state)
{
	(void)state;
	for (enum step step = ADD; step <= SECTION; step++) {
		long n = 0;
		int rc;

		do {
			struct config *config = fixture_load(good);
			char *before = fixture_save(config), *after;
			struct config_report report;

			config_report_init(&report, NULL);
			allocations_left = n++;
			rc = change(config, step, &report);
			allocations_left = -1;
			assert_true(rc == 0 || rc == -ENOMEM);
			assert_int_equal(report.error_count, 0);
			after = fixture_save(config);
			assert_true((strcmp(before, after) == 0) == (rc != 0));
			__real_free(before);
			__real_free(after);
			config_report_fini(&report);
			config_destroy(config);
		} while (rc);
		assert_true(n > 2);
	}
	assert_true(in_use <= 0); /* the streams of the fixture were freed here but not counted */
}

static void test_a_report_without_memory_still_counts(void **state)
{
	struct config_report report;
	char text[256];

	(void)state;
	config_report_init(&report, "f");
	allocations_left = 0;
	config_report_error(&report, 3, "key", "is wrong");
	allocations_left = -1;
	assert_int_equal(report.error_count, 1);
	config_finding_format(&report, &report.findings[0], text, sizeof(text));
	assert_string_equal(text, "f:3: memory is short");
	config_report_fini(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loading_survives_any_allocation_that_fails),
		cmocka_unit_test(test_cloning_survives_any_allocation_that_fails),
		cmocka_unit_test(test_changes_that_run_out_of_memory_change_nothing),
		cmocka_unit_test(test_a_report_without_memory_still_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
