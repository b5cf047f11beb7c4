/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers for people (table), programs (json) and spreadsheets (csv), printed as they come in. */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

enum print_format { PRINT_TABLE, PRINT_JSON, PRINT_CSV };

enum { PRINT_COLUMNS_MAX = 32 };

struct printer {
	FILE *out;
	enum print_format format;
	int widths[PRINT_COLUMNS_MAX]; /* of a table; set by its first rows, so later ones may stick out */
	bool begun;                    /* the heading is out */
	size_t row_count;
};

void print_init(struct printer *printer, FILE *out, enum print_format format);
/* A part of a table; print_end() follows the last one. */
void print_rows(struct printer *printer, const json_t *columns, const json_t *rows);
void print_end(struct printer *printer);
/* An answer without columns. */
void print_object(struct printer *printer, json_t *object);

/* "table", "json", "csv"; 0 or -1. */
int print_format_parse(const char *name, enum print_format *ret_format);

#endif
