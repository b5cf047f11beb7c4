/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short tables are made at once, as an array, and given out from it. */
#include "control/server.h"

#include <stdlib.h>

struct rows_cursor {
	struct cursor cursor;
	json_t *rows;
	size_t at;
};

static json_t *rows_next(struct cursor *cursor)
{
	struct rows_cursor *self = (struct rows_cursor *)cursor;

	return json_incref(json_array_get(self->rows, self->at++));
}

static void rows_finish(struct cursor *cursor)
{
	struct rows_cursor *self = (struct rows_cursor *)cursor;

	json_decref(self->rows);
	free(self);
}

struct cursor *cursor_of_rows(json_t *rows)
{
	struct rows_cursor *self = calloc(1, sizeof(*self));

	ensure(self && rows);
	*self = (struct rows_cursor){{rows_next, rows_finish}, rows, 0};
	return &self->cursor;
}
