/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from the daemon may hold what a peer sent. Control bytes are printed as '?' in tables, so that nobody
 * can move the operator's cursor.
 */
#include "control/cli/print.h"

#include <stdlib.h>
#include <string.h>

void print_init(struct printer *printer, FILE *out, enum print_format format)
{
	*printer = (struct printer){.out = out, .format = format};
}

int print_format_parse(const char *name, enum print_format *ret_format)
{
	static const char *const names[] = {"table", "json", "csv"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0) {
			*ret_format = (enum print_format)i;
			return 0;
		}
	}
	return -1;
}

/* One value as text, in buf or in the value itself. */
static const char *cell_text(const json_t *value, char *buf, size_t size)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return json_string_value(value);
	case JSON_INTEGER:
		snprintf(buf, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return buf;
	case JSON_REAL:
		snprintf(buf, size, "%.2f", json_real_value(value));
		return buf;
	case JSON_TRUE:
		return "yes";
	case JSON_FALSE:
		return "no";
	default:
		return "";
	}
}

static void put_safely(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
}

/* Characters, not bytes: bytes that continue a UTF-8 sequence take no column. */
static int text_width(const char *text)
{
	int width = 0;

	for (; *text != '\0'; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void put_padded(struct printer *printer, size_t column, const char *text, bool right)
{
	int pad = printer->widths[column] - text_width(text);

	if (right && pad > 0)
		fprintf(printer->out, "%*s", pad, "");
	put_safely(printer->out, text);
	if (!right && pad > 0)
		fprintf(printer->out, "%*s", pad, "");
}

static void measure(struct printer *printer, const json_t *columns, const json_t *rows)
{
	char buf[64];
	size_t i;
	size_t column;
	const json_t *row;
	const json_t *value;

	json_array_foreach(columns, column, value)
	{
		if (column < PRINT_COLUMNS_MAX)
			printer->widths[column] = text_width(json_string_value(value));
	}
	json_array_foreach(rows, i, row)
	{
		json_array_foreach(row, column, value)
		{
			int width = text_width(cell_text(value, buf, sizeof(buf)));
			if (column < PRINT_COLUMNS_MAX && width > printer->widths[column])
				printer->widths[column] = width;
		}
	}
}

/* The last column is not padded: no blanks at the end of a line. */
static void put_row(struct printer *printer, const json_t *row)
{
	char buf[64];
	size_t count = json_array_size(row);

	for (size_t column = 0; column < count && column < PRINT_COLUMNS_MAX; column++) {
		const json_t *value = json_array_get(row, column);
		const char *text = json_is_null(value) ? "-" : cell_text(value, buf, sizeof(buf));
		bool right = json_is_number(value);
		if (column > 0)
			fputs("  ", printer->out);
		if (column + 1 == count && !right)
			put_safely(printer->out, text);
		else
			put_padded(printer, column, text, right);
	}
	fputc('\n', printer->out);
}

/* A table of one column of text is the text: no heading, so that `show config > file` is the file. */
static void table_rows(struct printer *printer, const json_t *columns, const json_t *rows)
{
	size_t i;
	const json_t *row;

	if (!printer->begun && json_array_size(columns) > 1) {
		measure(printer, columns, rows);
		put_row(printer, columns);
	}
	json_array_foreach(rows, i, row)
	{
		put_row(printer, row);
	}
}

static void csv_cell(FILE *out, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

/* RFC 4180, with plain line ends. */
static void csv_row(FILE *out, const json_t *row)
{
	char buf[64];
	size_t column;
	const json_t *value;

	json_array_foreach(row, column, value)
	{
		if (column > 0)
			fputc(',', out);
		csv_cell(out, cell_text(value, buf, sizeof(buf)));
	}
	fputc('\n', out);
}

static void csv_rows(struct printer *printer, const json_t *columns, const json_t *rows)
{
	size_t i;
	const json_t *row;

	if (!printer->begun)
		csv_row(printer->out, columns);
	json_array_foreach(rows, i, row)
	{
		csv_row(printer->out, row);
	}
}

/* An array of objects, one a line. */
static void json_rows(struct printer *printer, const json_t *columns, const json_t *rows)
{
	size_t i;
	size_t column;
	const json_t *row;
	json_t *value;

	json_array_foreach(rows, i, row)
	{
		json_t *object = json_object();
		json_array_foreach(row, column, value)
		{
			json_object_set(object, json_string_value(json_array_get(columns, column)), value);
		}
		fputs(printer->row_count + i == 0 ? "[\n " : ",\n ", printer->out);
		json_dumpf(object, printer->out, JSON_COMPACT);
		json_decref(object);
	}
}

void print_rows(struct printer *printer, const json_t *columns, const json_t *rows)
{
	if (printer->format == PRINT_TABLE)
		table_rows(printer, columns, rows);
	else if (printer->format == PRINT_CSV)
		csv_rows(printer, columns, rows);
	else
		json_rows(printer, columns, rows);
	printer->begun = true;
	printer->row_count += json_array_size(rows);
}

void print_end(struct printer *printer)
{
	if (printer->format == PRINT_JSON)
		fputs(printer->row_count == 0 ? "[]\n" : "\n]\n", printer->out);
}

static void object_as_lines(struct printer *printer, json_t *object, bool csv)
{
	char buf[64];
	const char *key;
	json_t *value;
	int width = 0;

	json_object_foreach(object, key, value)
	{
		if (text_width(key) > width)
			width = text_width(key);
	}
	json_object_foreach(object, key, value)
	{
		const char *text = cell_text(value, buf, sizeof(buf));
		if (csv) {
			fprintf(printer->out, "%s,", key);
			csv_cell(printer->out, text);
		} else {
			fprintf(printer->out, "%-*s  ", width, key);
			put_safely(printer->out, text);
		}
		fputc('\n', printer->out);
	}
}

void print_object(struct printer *printer, json_t *object)
{
	if (printer->format == PRINT_JSON) {
		json_dumpf(object, printer->out, JSON_INDENT(1));
		fputc('\n', printer->out);
		return;
	}
	object_as_lines(printer, object, printer->format == PRINT_CSV);
}
