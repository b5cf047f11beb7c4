/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A section or entry as a whole, driven by its schema: defaults, copies, comparison, ends.
 */
#ifndef CONFIG_OBJECT_H
#define CONFIG_OBJECT_H

#include "base/ensure.h"
#include "config/place.h"
#include "config/schema.h"

/* Every default, in the caller's memory. 0 or -ENOMEM (then nothing is owned). Lists are left empty. */
must_use int object_init(const struct schema *schema, void *object);
void object_fini(const struct schema *schema, void *object);

/* An entry on the heap with one reference. NULL when memory is short. */
struct config_head *object_create(const struct schema *schema);
/* A copy that shares nothing, with one reference. NULL when memory is short. */
struct config_head *object_duplicate(const struct schema *schema, const struct config_head *object);
void object_unref(const struct schema *schema, struct config_head *object);

/* Into memory that holds nothing yet. 0 or -ENOMEM (then nothing is owned). Lists are left empty. */
must_use int object_copy(const struct schema *schema, const void *from, void *to);

/* Whether both mean the same, wherever they were written. */
bool object_equal(const struct schema *schema, const void *a, const void *b);

/* Notes that the operator gave a key, on that line (0 = not in a file). */
void object_mark(
	const struct schema *schema, struct config_head *head, const struct schema_key *key, uint32_t line);

/* What stands between reading the keys and using the object: required keys, then derive. 0, -EINVAL, -ENOMEM.
 */
must_use int object_finish(const struct schema *schema, void *object, const struct place *place);

#endif
