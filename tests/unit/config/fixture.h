/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of config share: loading a text that must be right, and reading the findings of one that is
 * not.
 */
#ifndef TEST_CONFIG_FIXTURE_H
#define TEST_CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/entry.h"
#include "config/load.h"

/* One port, one listener, two nodes: the sections that every right file needs. */
extern const char fixture_base[];

/* Fails the test, with the findings, when the text does not load. The caller destroys the config. */
struct config *fixture_load(const char *text);

/* fixture_base and then the text. */
struct config *fixture_load_more(const char *text);

/* The findings of a text, one to a line, with "f" as the file. The caller frees. Must not load. */
char *fixture_errors(const char *text);
char *fixture_errors_more(const char *text);

/* The findings of a text that loads: its warnings. */
char *fixture_warnings_more(const char *text);

/* The saved form. The caller frees. */
char *fixture_save(const struct config *config);

char *fixture_findings(const struct config_report *report);

/* "key=value key=value", split at blanks; a value that has some stands in double quotes. At most 16. */
struct fixture_pairs {
	struct config_pair pairs[16];
	struct config_pairs all;
};
void fixture_pairs(const char *text, struct fixture_pairs *ret_pairs);

/* Runs a change and gives its result; *ret_errors (may be NULL) gets the findings, which the caller frees. */
int fixture_add(struct config *config, enum config_list_id list, const char *pairs, char **ret_errors);
int fixture_edit(struct config *config, enum config_list_id list, const char *pairs, char **ret_errors);
int fixture_delete(struct config *config, enum config_list_id list, const char *pairs, char **ret_errors);
int fixture_section(struct config *config, const char *section, const char *pairs, char **ret_errors);

#define assert_has(text, part)                                                               \
	do {                                                                                 \
		const char *has_text = (text);                                               \
		if (!has_text || !strstr(has_text, (part)))                                  \
			fail_msg("\"%s\" is not in:\n%s", (part), has_text ? has_text : ""); \
	} while (0)

#define assert_has_not(text, part)                                       \
	do {                                                             \
		const char *has_text = (text);                           \
		if (has_text && strstr(has_text, (part)))                \
			fail_msg("\"%s\" is in:\n%s", (part), has_text); \
	} while (0)

#endif
