/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps findings up to a limit and prints them by line. Findings beyond the limit are counted, so that a
 * file with a million errors costs neither memory nor the reader's patience.
 */
#include "config/report.h"

#include "base/ensure.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void config_report_init(struct config_report *report, const char *file)
{
	memset(report, 0, sizeof(*report));
	report->file = file;
}

void config_report_fini(struct config_report *report)
{
	for (uint32_t i = 0; i < report->count; i++) {
		free(report->findings[i].key);
		free(report->findings[i].text);
	}
	config_report_init(report, report->file);
}

/* Errors matter more than warnings: once the report is full, an error takes the place of a warning. */
static struct config_finding *finding_slot(struct config_report *report, enum config_level level)
{
	if (report->count < CONFIG_FINDINGS_MAX)
		return &report->findings[report->count++];
	for (uint32_t i = report->count; level == CONFIG_ERROR && i-- > 0;) {
		struct config_finding *old = &report->findings[i];
		if (old->level == CONFIG_WARNING) {
			free(old->key);
			free(old->text);
			return old;
		}
	}
	return NULL;
}

struct spot {
	enum config_level level;
	uint32_t line;
	const char *key;
};

__attribute__((format(printf, 2, 0))) static void keep(
	struct config_report *report, const char *format, va_list args, struct spot spot)
{
	char text[CONFIG_FINDING_TEXT_MAX];
	struct config_finding *slot = finding_slot(report, spot.level);

	if (!slot)
		return;
	vsnprintf(text, sizeof(text), format, args);
	*slot = (struct config_finding){spot.level, spot.line, strdup(spot.key), strdup(text)};
}

void config_report_error(
	struct config_report *report, uint32_t line, const char *key, const char *format, ...)
{
	va_list args;

	report->error_count++;
	va_start(args, format);
	keep(report, format, args, (struct spot){CONFIG_ERROR, line, key});
	va_end(args);
}

void config_report_warn(struct config_report *report, uint32_t line, const char *key, const char *format, ...)
{
	va_list args;

	if (report->errors_only)
		return;
	report->warning_count++;
	va_start(args, format);
	keep(report, format, args, (struct spot){CONFIG_WARNING, line, key});
	va_end(args);
}

int config_finding_format(
	const struct config_report *report, const struct config_finding *finding, char *buf, size_t size)
{
	char where[32] = "";

	if (finding->line)
		snprintf(where, sizeof(where), ":%u", finding->line);
	return snprintf(buf, size, "%s%s%s%s%s%s%s", report->file ? report->file : "", where,
		report->file ? ": " : "", finding->level == CONFIG_WARNING ? "warning: " : "",
		finding->key ? finding->key : "", finding->key && finding->key[0] ? ": " : "",
		finding->text ? finding->text : "memory is short");
}

static int finding_order(const void *left, const void *right)
{
	const struct config_finding *const *a = left;
	const struct config_finding *const *b = right;

	if ((*a)->line != (*b)->line)
		return (*a)->line < (*b)->line ? -1 : 1;
	return *a < *b ? -1 : *a > *b;
}

void config_report_print(const struct config_report *report, FILE *out)
{
	const struct config_finding *sorted[CONFIG_FINDINGS_MAX];
	char line[CONFIG_FINDING_TEXT_MAX + 4096];
	uint32_t all = report->error_count + report->warning_count;

	ensure(report->count <= CONFIG_FINDINGS_MAX);
	for (uint32_t i = 0; i < report->count; i++)
		sorted[i] = &report->findings[i];
	qsort(sorted, report->count, sizeof(sorted[0]), finding_order);
	for (uint32_t i = 0; i < report->count; i++) {
		config_finding_format(report, sorted[i], line, sizeof(line));
		fprintf(out, "%s\n", line);
	}
	if (all > report->count)
		fprintf(out, "... and %u more\n", all - report->count);
}
