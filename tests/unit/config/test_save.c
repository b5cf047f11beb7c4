/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * save(load(x)) = x: for the examples, for texts that YAML would rather read otherwise, and for
 * configurations drawn from a seed. What comes back has the same text and no difference in meaning.
 */
#include "fixture.h"

#include "base/rng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int complain_of_change(const struct config_change *change, void *arg)
{
	char text[1024];

	(void)arg;
	config_change_format(change, text, sizeof(text));
	fail_msg("differs: %s", text);
	return 1;
}

static void expect_round_trip(const struct config *config)
{
	char *saved = fixture_save(config), *again;
	struct config *loaded = fixture_load(saved);

	config_diff(config, loaded, complain_of_change, NULL);
	again = fixture_save(loaded);
	assert_string_equal(saved, again);
	free(saved);
	free(again);
	config_destroy(loaded);
}

static void test_examples_come_back(void **state)
{
	static const char *const names[] = {"demo", "lync-front", "ocs-front"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct config_report report;
		struct config *config = NULL;
		char path[512];

		snprintf(path, sizeof(path), "%s/%s.yaml", EXAMPLE_FOLDER, names[i]);
		config_report_init(&report, path);
		assert_int_equal(config_load_file(path, &report, &config), 0);
		expect_round_trip(config);
		config_report_fini(&report);
		config_destroy(config);
	}
}

static void test_only_what_was_given_is_written(void **state)
{
	static const char text[] = "workers:\n"
				   "  count: 2\n"
				   "\n"
				   "ports:\n"
				   "  - name: p\n"
				   "    device: net_ring0\n"
				   "    addresses: [10.0.0.1/24, \"fd00::1/64\"]\n"
				   "\n"
				   "listeners:\n"
				   "  - name: l\n"
				   "    address: 10.0.0.1\n"
				   "\n"
				   "nodes:\n"
				   "  - name: n1\n"
				   "    address: 10.0.0.2\n"
				   "    weight: 1\n"
				   "    probe:\n"
				   "      fall: 3\n"
				   "\n"
				   "routes:\n"
				   "  - pattern: .com.a.b\n"
				   "    next_hop: n1\n"
				   "    type: domain\n";
	struct config *config = fixture_load(text);
	char *saved = fixture_save(config);

	(void)state;
	assert_string_equal(saved, text);
	free(saved);
	config_destroy(config);
}

static void test_texts_that_yaml_reads_otherwise_are_quoted(void **state)
{
	static const char *const texts[] = {"null", "~", "yes", "on", "123", "1.5", "- a", "a: b", "a #b",
		"#a", "'a'", "\"a\"", "a\\b", "[a]", "{a}", "*a", "&a", "!a", "|", ">", "%a", "@a", "`a`",
		" a", "a ", "a, b", "=", "? a", ":", "0x1F", "M\xc3\xbcnchen", "---", "...",
		"\\+?[0-9]{3,15}"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct config *config = fixture_load(fixture_base);
		struct config_pair pairs[] = {{SPAN_LIT("pattern"), span_str(texts[i])},
			{SPAN_LIT("next_hop"), SPAN_LIT("a")}, {SPAN_LIT("description"), span_str(texts[i])}};
		struct config_report report;

		config_report_init(&report, NULL);
		assert_int_equal(config_entry_add(config, CONFIG_ROUTES, (struct config_pairs){pairs, 3},
					 &report, NULL),
			0);
		expect_round_trip(config);
		config_report_fini(&report);
		config_destroy(config);
	}
}

static const char *pick(struct rng *rng, const char *const *words, size_t count)
{
	return words[rng_below(rng, count)];
}
#define PICK(rng, words) pick((rng), (words), sizeof(words) / sizeof((words)[0]))

/* Adds what chance makes; what the checks refuse is not added. */
static void add_random(struct config *config, struct rng *rng, unsigned i)
{
	static const char *const patterns[] = {".com.a.*", "com.b", ".net.c.d", ".ORG.E.*"};
	static const char *const uris[] = {"x.com", "*.y.com", "Z.net."};
	static const char *const hops[] = {"a", "b", "10.99.0.70", "fd99::70", "10.99.0.11"};
	static const char *const switches[] = {"on", "off"};
	char text[400];

	switch (rng_below(rng, 6)) {
	case 0:
		snprintf(text, sizeof(text),
			"name=n%u address=10.99.0.%u weight=%u probe.fall=%u description=\"node %u #x\"", i,
			20 + i, 1 + (unsigned)rng_below(rng, 9), 1 + (unsigned)rng_below(rng, 9), i);
		(void)fixture_add(config, CONFIG_NODES, text, NULL);
		break;
	case 1:
		snprintf(text, sizeof(text), "pattern=%s type=domain next_hop=%s priority=%u in_service=%s",
			PICK(rng, patterns), PICK(rng, hops), (unsigned)rng_below(rng, 4),
			PICK(rng, switches));
		(void)fixture_add(config, CONFIG_ROUTES, text, NULL);
		break;
	case 2:
		snprintf(text, sizeof(text), "match_uri=%s next_hop=%s allow_less_specific=%s weight=%u",
			PICK(rng, uris), PICK(rng, hops), PICK(rng, switches),
			1 + (unsigned)rng_below(rng, 100));
		(void)fixture_add(config, CONFIG_ROUTES, text, NULL);
		break;
	case 3:
		snprintf(text, sizeof(text), "pattern=10.%u.0.0/16 description=\"a: b\"",
			(unsigned)rng_below(rng, 256));
		(void)fixture_add(config, CONFIG_ACL, text, NULL);
		break;
	case 4:
		snprintf(text, sizeof(text), "interval_ms=%u fall=%u failback=manual",
			300 + (unsigned)rng_below(rng, 500), 1 + (unsigned)rng_below(rng, 9));
		(void)fixture_section(config, "probe", text, NULL);
		break;
	default:
		snprintf(text, sizeof(text), "name=d%u.com", i);
		(void)fixture_add(config, CONFIG_DOMAINS, text, NULL);
	}
}

static void test_random_configurations_come_back(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct config *config = fixture_load(fixture_base);
		struct rng rng;

		rng_init(&rng, seed);
		for (unsigned i = 0; i < 30; i++)
			add_random(config, &rng, i);
		expect_round_trip(config);
		config_destroy(config);
	}
}

static void test_a_saved_file_replaces_the_old_one_and_keeps_its_mode(void **state)
{
	char folder[] = "/tmp/config-save-XXXXXX", path[64];
	struct config *config = fixture_load(fixture_base), *loaded = NULL;
	struct config_report report;
	struct stat status;
	FILE *old;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/x.yaml", folder);
	old = fopen(path, "w");
	fputs("old", old);
	fclose(old);
	assert_int_equal(chmod(path, 0604), 0);
	assert_int_equal(config_save_file(config, path), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0604);
	config_report_init(&report, path);
	assert_int_equal(config_load_file(path, &report, &loaded), 0);
	config_diff(config, loaded, complain_of_change, NULL);
	config_report_fini(&report);
	config_destroy(loaded);
	unlink(path);
	assert_int_equal(rmdir(folder), 0); /* so no temporary file is left either */
	assert_true(config_save_file(config, path) < 0);
	config_destroy(config);
}

static void test_a_full_disk_is_named_as_the_reason(void **state)
{
	struct config *config = fixture_load_more("");
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	assert_int_equal(config_save(config, full), -ENOSPC);
	fclose(full);
	config_destroy(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples_come_back),
		cmocka_unit_test(test_only_what_was_given_is_written),
		cmocka_unit_test(test_texts_that_yaml_reads_otherwise_are_quoted),
		cmocka_unit_test(test_random_configurations_come_back),
		cmocka_unit_test(test_a_saved_file_replaces_the_old_one_and_keeps_its_mode),
		cmocka_unit_test(test_a_full_disk_is_named_as_the_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
