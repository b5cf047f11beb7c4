/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The schema table tells the truth: every key is in the reference page, and every example and default that
 * the page shows is a value that the key takes.
 */
#include "fixture.h"

#include "config/identity.h"
#include "config/object.h"
#include "config/schema.h"
#include "config/value.h"

#include <stdlib.h>
#include <string.h>

static void expect_right(const struct schema *schema, const struct schema_key *key, const char *text)
{
	const struct config_pair pair = {span_str(key->name), span_str(text)};
	struct config_head *object = object_create(schema);
	struct config_report report;
	struct place place;

	assert_non_null(object);
	config_report_init(&report, NULL);
	place_init(&place, &report, schema, object);
	if (entry_set(schema, object, &pair, &place))
		fail_msg("%s.%s: %s", schema->name, key->name, report.findings[0].text);
	config_report_fini(&report);
	object_unref(schema, object);
}

static void check_keys(const struct schema *schema, const char *page)
{
	char row[128];

	for (unsigned i = 0; i < schema->key_count; i++) {
		const struct schema_key *key = &schema->keys[i];
		snprintf(row, sizeof(row), "| `%s` | ", key->name);
		assert_has(page, row);
		assert_non_null(key->doc);
		assert_true(key->doc[strlen(key->doc) - 1] == '.');
		if (key->kind == SCHEMA_SECTION)
			continue;
		assert_non_null(key->example);
		expect_right(schema, key, key->example);
		if (key->fallback)
			expect_right(schema, key, key->fallback);
	}
}

static void test_the_page_has_every_key_with_a_right_example(void **state)
{
	char *page = NULL;
	size_t len;
	FILE *out = open_memstream(&page, &len);

	(void)state;
	config_reference_write(out);
	fclose(out);
	for (unsigned i = 0; i < schema_root.key_count; i++) {
		const struct schema_key *key = &schema_root.keys[i];
		char title[128];
		snprintf(title, sizeof(title), "\n## %s\n", key->name);
		assert_has(page, title);
		check_keys(key->sub, page);
	}
	assert_has(page, "one of udp, tcp, tls (not in this version: tls)");
	assert_has_not(page, "(null)");
	free(page);
}

static void test_no_schema_has_more_keys_than_an_entry_has_lines_for(void **state)
{
	(void)state;
	for (unsigned i = 0; i < schema_root.key_count; i++)
		assert_true(schema_root.keys[i].sub->key_count <= CONFIG_KEYS_MAX);
	assert_true(schema_root.key_count <= CONFIG_KEYS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_page_has_every_key_with_a_right_example),
		cmocka_unit_test(test_no_schema_has_more_keys_than_an_entry_has_lines_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
