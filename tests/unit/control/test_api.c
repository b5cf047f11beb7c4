/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control/api.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void method_of_syntax(const char *syntax, char *buf, size_t size)
{
	struct api_token token;
	size_t len = 0;

	for (const char *p = syntax; (token = api_token_next(p)).kind != API_END; p = token.end)
		if (token.kind == API_WORD)
			len += (size_t)snprintf(
				buf + len, size - len, "%s%s", len > 0 ? "." : "", token.name);
}

static void test_the_plain_words_of_each_syntax_are_its_method(void **state)
{
	char method[128];

	(void)state;
	for (size_t i = 0; i < api_command_count; i++) {
		method_of_syntax(api_commands[i].syntax, method, sizeof(method));
		assert_string_equal(method, api_commands[i].method);
		assert_ptr_equal(api_command_find(method), &api_commands[i]);
	}
}

static void test_syntax_and_arguments_name_the_same_things(void **state)
{
	(void)state;
	for (size_t i = 0; i < api_command_count; i++) {
		const struct api_command *command = &api_commands[i];
		struct api_token token;
		unsigned in_syntax = 0;
		unsigned in_table = 0;
		for (const char *p = command->syntax; (token = api_token_next(p)).kind != API_END;
			p = token.end) {
			const char *name = token.kind == API_OPTION ? token.value : token.name;
			if (token.kind == API_WORD || token.kind == API_PAIRS ||
				token.kind == API_PAIRS_OPTIONAL)
				continue;
			in_syntax++;
			assert_non_null(api_argument_find(command, name));
		}
		while (in_table < API_ARGUMENTS_MAX && command->arguments[in_table].name) {
			assert_non_null(command->arguments[in_table].help);
			in_table++;
		}
		assert_int_equal(in_syntax, in_table);
	}
}

static void test_every_sentence_ends_with_a_full_stop(void **state)
{
	(void)state;
	for (size_t i = 0; i < api_command_count; i++)
		assert_int_equal(api_commands[i].help[strlen(api_commands[i].help) - 1], '.');
	for (size_t i = 0; i < api_error_count; i++)
		assert_int_equal(api_errors[i].doc[strlen(api_errors[i].doc) - 1], '.');
}

/* Splits and matches a line; the words live in buf. */
static int match_line(const char *line, char *buf, struct api_match *ret_match, char *error)
{
	static char *words[API_WORDS_MAX];
	int count;

	strncpy(buf, line, 511);
	buf[511] = '\0';
	count = api_split(buf, words, API_WORDS_MAX);
	assert_true(count >= 0);
	return api_match_words((const char *const *)words, (size_t)count, ret_match, error, 512);
}

static void test_words_become_the_command_with_the_most_plain_words(void **state)
{
	struct api_match match;
	char buf[512];
	char error[512];

	(void)state;
	assert_int_equal(match_line("set node imp-a admin drain", buf, &match, error), 0);
	assert_string_equal(match.command->method, "set.node.admin");
	assert_string_equal(match.values[0], "imp-a");
	assert_string_equal(match.values[1], "drain");
	assert_int_equal(match_line("show node history", buf, &match, error), 0);
	assert_string_equal(match.command->method, "show.node.history");
	assert_null(match.values[0]);
	assert_int_equal(match_line("set node imp-a weight=3 probe.fall=2", buf, &match, error), 0);
	assert_string_equal(match.command->method, "set.node");
	assert_int_equal(match.pair_count, 2);
	assert_string_equal(match.pairs[1], "probe.fall=2");
}

static void test_an_option_is_taken_with_a_blank_or_an_equals_sign(void **state)
{
	struct api_match match;
	char buf[512];
	char error[512];

	(void)state;
	assert_int_equal(match_line("test route sip:a@b.com --from 10.0.0.1", buf, &match, error), 0);
	assert_string_equal(match.values[1], "10.0.0.1");
	assert_int_equal(match_line("test route sip:a@b.com;x=y --from=::1", buf, &match, error), 0);
	assert_string_equal(match.values[0], "sip:a@b.com;x=y");
	assert_string_equal(match.values[1], "::1");
	assert_int_not_equal(match_line("test route sip:a@b.com --from", buf, &match, error), 0);
}

static void test_a_wrong_line_is_told_what_would_be_right(void **state)
{
	struct api_match match;
	char buf[512];
	char error[512];

	(void)state;
	assert_int_not_equal(match_line("set node a admin sleeping", buf, &match, error), 0);
	assert_non_null(strstr(error, "ready|drain|maint"));
	assert_int_not_equal(match_line("frobnicate", buf, &match, error), 0);
	assert_non_null(strstr(error, "frobnicate"));
	assert_int_not_equal(match_line("add route", buf, &match, error), 0);
	assert_non_null(strstr(error, "add route <key=value>..."));
	assert_int_not_equal(match_line("show acl extra", buf, &match, error), 0);
	assert_non_null(strstr(error, "extra"));
}

static void test_quotes_and_backslashes_keep_words_together(void **state)
{
	char line[] = "add acl \"Allow from 10.0.0.0/8\" description='a \"b\" c' x\\ y # rest";
	char from_pipe[] = "show node\r\n";
	char open[] = "show \"node";
	char *words[API_WORDS_MAX];

	(void)state;
	assert_int_equal(api_split(line, words, API_WORDS_MAX), 5);
	assert_string_equal(words[2], "Allow from 10.0.0.0/8");
	assert_string_equal(words[3], "description=a \"b\" c");
	assert_string_equal(words[4], "x y");
	assert_int_equal(api_split(from_pipe, words, API_WORDS_MAX), 2);
	assert_string_equal(words[1], "node");
	assert_true(api_split(open, words, API_WORDS_MAX) < 0);
	char many[] = "a b c";
	assert_true(api_split(many, words, 2) < 0);
}

struct seen {
	char text[2048];
};

static void note_candidate(void *arg, const char *word, const char *source)
{
	struct seen *seen = arg;
	size_t len = strlen(seen->text);

	snprintf(
		seen->text + len, sizeof(seen->text) - len, " %s%s", source ? "@" : "", word ? word : source);
}

static void test_completion_offers_words_choices_and_sources(void **state)
{
	static const char *const words[] = {"set", "node", "imp-a", "admin"};
	struct seen seen = {""};

	(void)state;
	api_candidates(words, 4, note_candidate, &seen);
	assert_string_equal(seen.text, " ready drain maint");
	seen.text[0] = '\0';
	api_candidates(words, 2, note_candidate, &seen);
	assert_non_null(strstr(seen.text, "@node"));
	seen.text[0] = '\0';
	api_candidates(words, 3, note_candidate, &seen);
	assert_non_null(strstr(seen.text, "@node-key"));
	assert_non_null(strstr(seen.text, " admin"));
	assert_non_null(strstr(seen.text, " failback"));
}

static void test_the_reference_has_every_command_and_error(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	api_reference_write(out);
	assert_int_equal(fclose(out), 0);
	for (size_t i = 0; i < api_command_count; i++) {
		char heading[300];
		char usage[256];
		api_usage(&api_commands[i], usage, sizeof(usage));
		snprintf(heading, sizeof(heading), "### `%s`\n", usage);
		assert_non_null(strstr(text, heading));
	}
	for (size_t i = 0; i < api_error_count; i++)
		assert_non_null(strstr(text, api_errors[i].doc));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_plain_words_of_each_syntax_are_its_method),
		cmocka_unit_test(test_syntax_and_arguments_name_the_same_things),
		cmocka_unit_test(test_every_sentence_ends_with_a_full_stop),
		cmocka_unit_test(test_words_become_the_command_with_the_most_plain_words),
		cmocka_unit_test(test_an_option_is_taken_with_a_blank_or_an_equals_sign),
		cmocka_unit_test(test_a_wrong_line_is_told_what_would_be_right),
		cmocka_unit_test(test_quotes_and_backslashes_keep_words_together),
		cmocka_unit_test(test_completion_offers_words_choices_and_sources),
		cmocka_unit_test(test_the_reference_has_every_command_and_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
