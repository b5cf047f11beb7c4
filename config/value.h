/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One value: between its text and its member of the model, as the schema's key describes it. Keys that hold
 * several (addresses, cores, trace) take and give them one item at a time.
 */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "base/ensure.h"
#include "config/place.h"
#include "config/schema.h"

enum { VALUE_TEXT_MAX = 320 }; /* any item as text: a text of CONFIG_TEXT_MAX is the longest */

static inline bool value_is_sequence(const struct schema_key *key)
{
	return key->kind == SCHEMA_PREFIXES || key->kind == SCHEMA_UINTS || key->kind == SCHEMA_WORDS;
}

static inline bool value_is_scalar(const struct schema_key *key)
{
	return key->kind < SCHEMA_SECTION && !value_is_sequence(key);
}

static inline void *value_at(const struct schema_key *key, void *object)
{
	return (char *)object + key->offset;
}

static inline const void *value_at_const(const struct schema_key *key, const void *object)
{
	return (const char *)object + key->offset;
}

/* Sets a scalar, or adds one item to a sequence. 0, -ENOMEM, or -EINVAL with the reason at the place. */
must_use int value_set(
	const struct schema_key *key, struct span text, void *object, const struct place *place);

/* Back to the default; the default itself is right by the table. 0 or -ENOMEM. */
must_use int value_reset(const struct schema_key *key, void *object);

/* Empties a sequence, frees a text. */
void value_clear(const struct schema_key *key, void *object);

unsigned value_count(const struct schema_key *key, const void *object); /* 0 or 1 for a scalar */
void value_format(
	const struct schema_key *key, const void *object, unsigned i, char buf[static VALUE_TEXT_MAX]);
bool value_equal(const struct schema_key *key, const void *a, const void *b);

/* "a number from 1 to 65535": what the key takes, for error texts and the reference. */
void value_describe(const struct schema_key *key, char buf[static VALUE_TEXT_MAX]);

#endif
