/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns (section or entry, key) into the file line and the dotted path that a finding carries.
 */
#include "config/place.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void place_init(struct place *place, struct config_report *report, const struct schema *schema,
	const struct config_head *head)
{
	place->report = report;
	place->schema = schema;
	place->head = head;
	place->path[0] = '\0';
}

void place_path(struct place *place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(place->path, sizeof(place->path), format, args);
	va_end(args);
}

uint32_t place_line(const struct place *place, const char *key)
{
	const struct schema_key *found = key ? schema_find(place->schema, span_str(key)) : NULL;

	if (!place->head)
		return 0;
	if (place->head->line == 0 || !found || !(place->head->given & schema_bit(place->schema, found)))
		return place->head->line;
	return place->head->line + place->head->key_line[schema_index(place->schema, found)];
}

/* The dotted path of a key of the place, or of the place itself. */
static const char *path_of(const struct place *place, const char *key, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s", place->path, place->path[0] && key ? "." : "", key ? key : "");
	return buf;
}

/* config_report_error() or config_report_warn(). */
typedef void (*reporter)(
	struct config_report *report, uint32_t line, const char *key, const char *format, ...);

__attribute__((format(printf, 4, 0))) static void place_report(
	const struct place *place, const char *key, reporter report, const char *format, va_list args)
{
	char text[CONFIG_FINDING_TEXT_MAX], path[CONFIG_KEY_PATH_MAX + CONFIG_NAME_MAX];

	vsnprintf(text, sizeof(text), format, args);
	path_of(place, key, path, sizeof(path));
	report(place->report, place_line(place, key), path, "%s", text);
}

void place_error(const struct place *place, const char *key, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	place_report(place, key, config_report_error, format, args);
	va_end(args);
}

void place_warn(const struct place *place, const char *key, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	place_report(place, key, config_report_warn, format, args);
	va_end(args);
}
