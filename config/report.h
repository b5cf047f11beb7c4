/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings for people: each says where (file, line, key), what is wrong, and what would be right. Load,
 * check and live changes all fill one, and go on after the first error so that an operator mends a file once.
 */
#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
	CONFIG_FINDINGS_MAX = 100, /* further ones are counted, not kept */
	CONFIG_KEY_PATH_MAX = 160, /* "routes[123456].next_hop_port" */
	CONFIG_FINDING_TEXT_MAX = 512,
};

enum config_level { CONFIG_ERROR, CONFIG_WARNING };

struct config_finding {
	enum config_level level;
	uint32_t line; /* 0 = not from a file */
	char *key;     /* "nodes[2].port"; "" for the file itself */
	char *text;    /* what is wrong, "; ", what would be right */
};

struct config_report {
	const char *file; /* borrowed; NULL for a live change */
	struct config_finding findings[CONFIG_FINDINGS_MAX];
	uint32_t count;         /* kept in findings */
	uint32_t error_count;   /* all, kept or not */
	uint32_t warning_count; /* all, kept or not */
	bool errors_only;       /* warnings are left out */
};

void config_report_init(struct config_report *report, const char *file);
void config_report_fini(struct config_report *report);

/* Add a finding; when memory is short it is only counted. Line 0 = not from a file. */
__attribute__((format(printf, 4, 5))) void config_report_error(
	struct config_report *report, uint32_t line, const char *key, const char *format, ...);
__attribute__((format(printf, 4, 5))) void config_report_warn(
	struct config_report *report, uint32_t line, const char *key, const char *format, ...);

/* One finding, without a line end: "demo.yaml:12: nodes[2].port: ..." Returns what snprintf would. */
int config_finding_format(
	const struct config_report *report, const struct config_finding *finding, char *buf, size_t size);

/* All findings in the order of their lines, one to a line, then how many were left out. */
void config_report_print(const struct config_report *report, FILE *out);

#endif
