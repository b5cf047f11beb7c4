/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that somebody made to hurt, or that a disk left half written: each is refused in bounded time and
 * memory, or is a configuration; none is a crash. Sanitizer builds look on.
 */
#include "fixture.h"

#include "base/rng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *read_example(const char *name, size_t *ret_len)
{
	char path[512], *text = malloc(65536);
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s.yaml", EXAMPLE_FOLDER, name);
	in = fopen(path, "r");
	assert_non_null(in);
	assert_non_null(text);
	*ret_len = fread(text, 1, 65536, in);
	assert_in_range(*ret_len, 100, 65535);
	fclose(in);
	return text;
}

/* Loads from a copy of exact size, so that a byte read too far is noticed. Returns what load does. */
static int try_load(const char *bytes, size_t len)
{
	char *copy = malloc(len ? len : 1);
	struct config_report report;
	struct config *config = NULL;
	int rc;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	config_report_init(&report, "f");
	rc = config_load_text(span_of(copy, len), &report, &config);
	assert_true(rc == 0 || rc == -EINVAL);
	assert_true((rc == 0) == (report.error_count == 0));
	assert_true((rc == 0) == (config != NULL));
	config_destroy(config);
	config_report_fini(&report);
	free(copy);
	return rc;
}

static void test_every_prefix_of_an_example_loads_or_is_refused(void **state)
{
	static const char *const names[] = {"demo", "lync-front", "ocs-front"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len;
		char *text = read_example(names[i], &len);
		for (size_t n = 0; n < len; n++)
			(void)try_load(text, n);
		assert_int_equal(try_load(text, len), 0);
		free(text);
	}
}

static void test_an_example_with_any_byte_changed_loads_or_is_refused(void **state)
{
	static const char bytes[] = "\0\t\n -:[]{}&*!|>'\"%@#,?a0\xff\x80";
	size_t len;
	char *text = read_example("demo", &len);
	struct rng rng;

	(void)state;
	rng_init(&rng, 3);
	for (size_t i = 0; i < len; i++) {
		char was = text[i];
		text[i] = bytes[rng_below(&rng, sizeof(bytes) - 1)];
		(void)try_load(text, len);
		text[i] = was;
	}
	free(text);
}

static void test_noise_is_refused(void **state)
{
	char noise[4096];
	struct rng rng;

	(void)state;
	rng_init(&rng, 11);
	for (int round = 0; round < 300; round++) {
		for (size_t i = 0; i < sizeof(noise); i++)
			noise[i] = (char)rng_u64(&rng);
		assert_int_equal(try_load(noise, 1 + rng_below(&rng, sizeof(noise) - 1)), -EINVAL);
	}
	assert_int_equal(try_load("\x7f"
				  "ELF\x02\x01\x01\0\0",
				 9),
		-EINVAL);
	assert_int_equal(try_load("\xff\xfe\0", 3), -EINVAL);
	assert_int_equal(try_load("", 0), -EINVAL);
}

static void expect_refused(const char *text, const char *finding)
{
	char *findings = fixture_errors(text);

	assert_has(findings, finding);
	free(findings);
}

static char *repeat(const char *head, const char *part, size_t count)
{
	size_t head_len = strlen(head), len = strlen(part);
	char *text = malloc(head_len + len * count + 1);

	assert_non_null(text);
	memcpy(text, head, head_len);
	for (size_t i = 0; i < count; i++)
		memcpy(text + head_len + i * len, part, len);
	text[head_len + len * count] = '\0';
	return text;
}

static void test_deep_nesting_is_refused_early(void **state)
{
	static const char *const parts[] = {"[", "{a: ", "- ", "? ", "[{a: "};

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char *text = repeat("x: \n ", parts[i], 300000);
		expect_refused(text, "f:");
		free(text);
	}
	expect_refused(
		"instance: [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]\n", "is nested more than 16 levels deep");
}

static void test_a_billion_laughs_stay_silent(void **state)
{
	(void)state;
	expect_refused("a: &a [x, x, x, x, x, x, x, x, x]\n"
		       "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
		       "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
		       "d: [*c, *c, *c, *c, *c, *c, *c, *c, *c]\n",
		"has an anchor or alias (& or *), which is not accepted");
	expect_refused("probe: &p {fall: 3}\nnodes:\n  - {name: a, address: 1.2.3.4, probe: {<<: *p}}\n",
		"has no key \"<<\"");
}

static void test_endless_values_and_keys_are_refused(void **state)
{
	char *text = repeat("instance: {name: ", "x", 5000000);

	(void)state;
	memcpy(text + 5000000, "}\n", 3);
	expect_refused(text, "instance.name: \"xxx");
	free(text);
	text = repeat("", "y", 200000);
	expect_refused(text, "f:1:");
	free(text);
	text = repeat("", "key: 1\n", 200000);
	expect_refused(text, "... and 1999");
	free(text);
	text = repeat("workers: {cores: [1", ",1", 100000);
	expect_refused(text, "has more than 32 items");
	free(text);
	text = repeat("ports:\n", "- {}\n", 100000);
	expect_refused(text, "ports: has more than 8 entries");
	free(text);
}

static void test_strings_with_control_characters_are_refused(void **state)
{
	(void)state;
	expect_refused("nodes: [{name: a, address: 1.2.3.4, description: \"x\\0y\"}]\n",
		"holds a control character");
	expect_refused("nodes: [{name: a, address: 1.2.3.4, description: \"x\\ny\"}]\n",
		"holds a control character");
	expect_refused("nodes: [{name: \"a\\0b\", address: 1.2.3.4}]\n", "is not a name");
	expect_refused("nodes: [{name: a, address: \"1.2.3.4\\0\"}]\n", "is not an IPv4");
	expect_refused("workers: {count: \"1\\0\"}\n", "is not a number");
	expect_refused("\"nodes\\0\": []\n", "has no key");
	expect_refused("\"\\e[2Jprobe\": []\n", "has no key \"?[2Jprobe\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_prefix_of_an_example_loads_or_is_refused),
		cmocka_unit_test(test_an_example_with_any_byte_changed_loads_or_is_refused),
		cmocka_unit_test(test_noise_is_refused),
		cmocka_unit_test(test_deep_nesting_is_refused_early),
		cmocka_unit_test(test_a_billion_laughs_stay_silent),
		cmocka_unit_test(test_endless_values_and_keys_are_refused),
		cmocka_unit_test(test_strings_with_control_characters_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
