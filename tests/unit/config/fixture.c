/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading and reading findings for the tests of config.
 */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char fixture_base[] = "ports:\n"
			    "  - name: lan\n"
			    "    device: \"net_tap0,iface=slc0\"\n"
			    "    addresses: [10.99.0.1/24, \"fd99::1/64\"]\n"
			    "listeners:\n"
			    "  - name: udp\n"
			    "    address: 10.99.0.1\n"
			    "nodes:\n"
			    "  - name: a\n"
			    "    address: 10.99.0.11\n"
			    "  - name: b\n"
			    "    address: 10.99.0.12\n"
			    "    weight: 3\n";

static char *join(const char *a, const char *b)
{
	char *text;

	assert_true(asprintf(&text, "%s%s", a, b) >= 0);
	return text;
}

char *fixture_findings(const struct config_report *report)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	config_report_print(report, out);
	fclose(out);
	return text;
}

struct config *fixture_load(const char *text)
{
	struct config_report report;
	struct config *config = NULL;

	config_report_init(&report, "f");
	if (config_load_text(span_str(text), &report, &config)) {
		char *findings = fixture_findings(&report);
		print_error("%s", findings);
		free(findings);
		fail_msg("did not load");
	}
	assert_non_null(config);
	config_report_fini(&report);
	return config;
}

struct config *fixture_load_more(const char *text)
{
	char *all = join(fixture_base, text);
	struct config *config = fixture_load(all);

	free(all);
	return config;
}

char *fixture_errors(const char *text)
{
	struct config_report report;
	struct config *config = NULL;
	char *findings;

	config_report_init(&report, "f");
	if (config_load_text(span_str(text), &report, &config) != -EINVAL)
		fail_msg("loads, but should not");
	assert_null(config);
	assert_true(report.error_count > 0);
	findings = fixture_findings(&report);
	config_report_fini(&report);
	return findings;
}

char *fixture_errors_more(const char *text)
{
	char *all = join(fixture_base, text);
	char *findings = fixture_errors(all);

	free(all);
	return findings;
}

char *fixture_warnings_more(const char *text)
{
	struct config_report report;
	struct config *config = NULL;
	char *all = join(fixture_base, text), *findings;

	config_report_init(&report, "f");
	assert_int_equal(config_load_text(span_str(all), &report, &config), 0);
	findings = fixture_findings(&report);
	config_report_fini(&report);
	config_destroy(config);
	free(all);
	return findings;
}

char *fixture_save(const struct config *config)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(config_save(config, out), 0);
	fclose(out);
	return text;
}

void fixture_pairs(const char *text, struct fixture_pairs *ret_pairs)
{
	size_t count = 0;

	while (*text) {
		const char *equals = strchr(text, '=');
		const char *value, *end;
		assert_non_null(equals);
		assert_true(count < 16);
		value = equals + 1;
		end = *value == '"' ? strchr(++value, '"') : strchrnul(value, ' ');
		ret_pairs->pairs[count++] =
			(struct config_pair){span_from(text, equals), span_from(value, end)};
		text = *end == '"' ? end + 1 : end;
		text += *text == ' ';
	}
	ret_pairs->all = (struct config_pairs){ret_pairs->pairs, count};
}

/* Every failure must say why, and every success must not. */
static int take_findings(int rc, struct config_report *report, char **ret_errors)
{
	if (rc && report->error_count == 0)
		fail_msg("failed (%d) without a word", rc);
	if (!rc && report->error_count > 0)
		fail_msg("succeeded, but complains: %s", report->findings[0].text);
	if (ret_errors)
		*ret_errors = fixture_findings(report);
	config_report_fini(report);
	return rc;
}

int fixture_add(struct config *config, enum config_list_id list, const char *pairs, char **ret_errors)
{
	struct config_report report;
	struct fixture_pairs split;

	config_report_init(&report, NULL);
	fixture_pairs(pairs, &split);
	return take_findings(config_entry_add(config, list, split.all, &report, NULL), &report, ret_errors);
}

int fixture_edit(struct config *config, enum config_list_id list, const char *pairs, char **ret_errors)
{
	struct config_report report;
	struct fixture_pairs split;

	config_report_init(&report, NULL);
	fixture_pairs(pairs, &split);
	return take_findings(config_entry_edit(config, list, split.all, &report, NULL), &report, ret_errors);
}

int fixture_delete(struct config *config, enum config_list_id list, const char *pairs, char **ret_errors)
{
	struct config_report report;
	struct fixture_pairs split;

	config_report_init(&report, NULL);
	fixture_pairs(pairs, &split);
	return take_findings(
		config_entry_delete(config, list, split.all, &report, NULL), &report, ret_errors);
}

int fixture_section(struct config *config, const char *section, const char *pairs, char **ret_errors)
{
	struct config_report report;
	struct fixture_pairs split;

	config_report_init(&report, NULL);
	fixture_pairs(pairs, &split);
	return take_findings(
		config_section_edit(config, span_str(section), split.all, &report), &report, ret_errors);
}
