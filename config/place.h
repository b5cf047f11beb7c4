/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a finding belongs: a section or entry, its path in the file, and the report to fill.
 */
#ifndef CONFIG_PLACE_H
#define CONFIG_PLACE_H

#include "config/report.h"
#include "config/schema.h"

struct place {
	struct config_report *report;
	const struct schema *schema;
	const struct config_head *head;
	char path[CONFIG_KEY_PATH_MAX]; /* "routes[12]"; "" for a live change */
};

void place_init(struct place *place, struct config_report *report, const struct schema *schema,
	const struct config_head *head);

__attribute__((format(printf, 2, 3))) void place_path(struct place *place, const char *format, ...);

/* The line of a key, or of the whole where the key was not given. */
uint32_t place_line(const struct place *place, const char *key);

/* Reports about a key of the place; key NULL = the place itself. */
__attribute__((format(printf, 3, 4))) void place_error(
	const struct place *place, const char *key, const char *format, ...);
__attribute__((format(printf, 3, 4))) void place_warn(
	const struct place *place, const char *key, const char *format, ...);

#endif
