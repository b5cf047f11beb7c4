/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks a schema's keys to make, copy, compare and end the struct they describe. Nothing here knows any key
 * by name.
 */
#include "config/object.h"

#include "config/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char **derived_text(const struct schema *schema, void *object)
{
	return schema->derived_text ? (char **)((char *)object + schema->derived_text) : NULL;
}

static int key_init(const struct schema_key *key, void *object)
{
	if (key->kind == SCHEMA_LIST)
		return 0;
	if (key->kind == SCHEMA_SECTION)
		return object_init(key->sub, value_at(key, object));
	return value_reset(key, object);
}

int object_init(const struct schema *schema, void *object)
{
	memset(object, 0, schema->size);
	for (unsigned i = 0; i < schema->key_count; i++) {
		int rc = key_init(&schema->keys[i], object);
		if (rc) {
			object_fini(schema, object);
			return rc;
		}
	}
	return 0;
}

void object_fini(const struct schema *schema, void *object)
{
	char **derived = derived_text(schema, object);

	for (unsigned i = 0; i < schema->key_count; i++) {
		const struct schema_key *key = &schema->keys[i];
		if (key->kind == SCHEMA_SECTION)
			object_fini(key->sub, value_at(key, object));
		else if (key->kind == SCHEMA_TEXT)
			value_clear(key, object);
	}
	if (derived) {
		free(*derived);
		*derived = NULL;
	}
}

struct config_head *object_create(const struct schema *schema)
{
	struct config_head *object = malloc(schema->size);

	if (!object || object_init(schema, object)) {
		free(object);
		return NULL;
	}
	object->refs = 1;
	return object;
}

struct config_head *object_duplicate(const struct schema *schema, const struct config_head *object)
{
	struct config_head *copy = malloc(schema->size);

	if (!copy || object_copy(schema, object, copy)) {
		free(copy);
		return NULL;
	}
	copy->refs = 1;
	return copy;
}

void object_unref(const struct schema *schema, struct config_head *object)
{
	if (!object)
		return;
	/* Release pairs with the acquire of whoever drops the last one: its reads are over before the free.
	 */
	if (__atomic_sub_fetch(&object->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	object_fini(schema, object);
	free(object);
}

static int text_copy(const char *text, char **ret_text)
{
	*ret_text = text ? strdup(text) : NULL;
	return text && !*ret_text ? -ENOMEM : 0;
}

static int key_copy(const struct schema_key *key, const void *from, void *to)
{
	if (key->kind == SCHEMA_SECTION)
		return object_copy(key->sub, value_at_const(key, from), value_at(key, to));
	if (key->kind == SCHEMA_TEXT)
		return text_copy(*(char *const *)value_at_const(key, from), value_at(key, to));
	return 0;
}

/* The copied struct still points to the original's texts: these must go before anything can fail. */
static void disown(const struct schema *schema, void *object)
{
	char **derived = derived_text(schema, object);

	for (unsigned i = 0; i < schema->key_count; i++) {
		const struct schema_key *key = &schema->keys[i];
		if (key->kind == SCHEMA_SECTION)
			disown(key->sub, value_at(key, object));
		else if (key->kind == SCHEMA_TEXT || key->kind == SCHEMA_LIST)
			memset(value_at(key, object), 0, key->size);
	}
	if (derived)
		*derived = NULL;
}

int object_copy(const struct schema *schema, const void *from, void *to)
{
	char **derived = derived_text(schema, to);
	int rc = 0;

	memcpy(to, from, schema->size);
	disown(schema, to);
	for (unsigned i = 0; i < schema->key_count && !rc; i++)
		rc = key_copy(&schema->keys[i], from, to);
	if (!rc && derived)
		rc = text_copy(*(char *const *)((const char *)from + schema->derived_text), derived);
	if (rc)
		object_fini(schema, to);
	return rc;
}

/* A section inside an entry overrides: a key given there differs from the same value not given. */
static bool key_equal(const struct schema_key *key, const void *a, const void *b)
{
	if (key->kind == SCHEMA_LIST)
		return true;
	if (key->kind == SCHEMA_SECTION) {
		const struct config_head *left = value_at_const(key, a), *right = value_at_const(key, b);
		return left->given == right->given && object_equal(key->sub, left, right);
	}
	return value_equal(key, a, b);
}

bool object_equal(const struct schema *schema, const void *a, const void *b)
{
	if (a == b)
		return true;
	for (unsigned i = 0; i < schema->key_count; i++) {
		if (!key_equal(&schema->keys[i], a, b))
			return false;
	}
	return true;
}

void object_mark(
	const struct schema *schema, struct config_head *head, const struct schema_key *key, uint32_t line)
{
	uint32_t below = line > head->line ? line - head->line : 0;

	head->given |= schema_bit(schema, key);
	head->key_line[schema_index(schema, key)] = (uint8_t)(below < UINT8_MAX ? below : UINT8_MAX);
}

int object_finish(const struct schema *schema, void *object, const struct place *place)
{
	const struct config_head *head = object;
	int rc = 0;

	for (unsigned i = 0; i < schema->key_count; i++) {
		const struct schema_key *key = &schema->keys[i];
		if (key->required && !(head->given & (1u << i))) {
			place_error(place, key->name, "is missing; write for example %s: %s", key->name,
				key->example);
			rc = -EINVAL;
		}
	}
	if (!rc && schema->derive)
		rc = schema->derive(object, place);
	return rc;
}
