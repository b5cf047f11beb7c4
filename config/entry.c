/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries as key=value pairs: read from them, written as them, asked key by key. Beside the file this is the
 * other way into the model, through the same table.
 */
#include "config/entry.h"

#include "config/identity.h"
#include "config/object.h"
#include "config/schema_priv.h"
#include "config/text.h"
#include "config/value.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* ---- in ---- */

/* "[a, b]", "a, b" or "a": sets each item. */
static int set_sequence(
	const struct schema_key *key, struct span text, void *object, const struct place *place)
{
	int rc = 0;

	if (text.len >= 2 && text.p[0] == '[' && text.p[text.len - 1] == ']')
		text = span_trim(span_of(text.p + 1, text.len - 2));
	value_clear(key, object);
	while (text.len > 0 && !rc) {
		const char *comma = memchr(text.p, ',', text.len);
		struct span item = comma ? span_from(text.p, comma) : text;
		rc = value_set(key, span_trim(item), object, place);
		text = comma ? span_from(comma + 1, span_end(text)) : span_of(span_end(text), 0);
	}
	return rc;
}

/* An empty value takes the key back: what was left out has its default. */
static int set_or_reset(
	const struct schema_key *key, struct span value, void *object, const struct place *place)
{
	struct config_head *head = object;
	int rc;

	if (value.len == 0) {
		head->given &= ~schema_bit(place->schema, key);
		return value_reset(key, object);
	}
	rc = value_is_sequence(key) ? set_sequence(key, value, object, place)
				    : value_set(key, value, object, place);
	if (!rc)
		object_mark(place->schema, head, key, 0);
	return rc;
}

static void complain_key(const struct schema *schema, struct span name, const struct place *place)
{
	const struct schema_key *guess = schema_guess(schema, name);
	char quoted[TEXT_QUOTE_MAX], keys[CONFIG_FINDING_TEXT_MAX / 2] = "";

	text_quote(name, quoted);
	for (unsigned i = 0; i < schema->key_count; i++) {
		size_t len = strlen(keys);
		snprintf(keys + len, sizeof(keys) - len, "%s%s", i ? ", " : "", schema->keys[i].name);
	}
	if (guess)
		place_error(place, NULL, "a %s has no key %s; did you mean %s?", schema->name, quoted,
			guess->name);
	else
		place_error(place, NULL, "a %s has no key %s; its keys are %s", schema->name, quoted, keys);
}

/* "probe.fall": the part before the dot names a section of the entry. */
static int set_inner(
	const struct schema *schema, void *object, const struct config_pair *pair, const struct place *place)
{
	const char *dot = memchr(pair->key.p, '.', pair->key.len);
	const struct schema_key *key = dot ? schema_find(schema, span_from(pair->key.p, dot)) : NULL;
	struct config_pair inner;
	struct place inside;
	int rc;

	if (!key || key->kind != SCHEMA_SECTION) {
		complain_key(schema, pair->key, place);
		return -EINVAL;
	}
	inner = (struct config_pair){span_from(dot + 1, span_end(pair->key)), pair->value};
	place_init(&inside, place->report, key->sub, value_at(key, object));
	place_path(&inside, "%s", key->name);
	rc = entry_set(key->sub, value_at(key, object), &inner, &inside);
	if (!rc)
		object_mark(schema, object, key, 0);
	return rc;
}

int entry_set(
	const struct schema *schema, void *object, const struct config_pair *pair, const struct place *place)
{
	const struct schema_key *key = schema_find(schema, pair->key);

	if (!key)
		return set_inner(schema, object, pair, place);
	if (key->kind >= SCHEMA_SECTION) {
		place_error(place, key->name, "has keys of its own; write for example %s.%s=%s", key->name,
			key->sub->keys[1].name, key->sub->keys[1].example);
		return -EINVAL;
	}
	return set_or_reset(key, pair->value, object, place);
}

/* ---- out ---- */

/* Appends as snprintf does, counting on when the buffer is full. */
__attribute__((format(printf, 4, 5))) static size_t append(
	char *buf, size_t size, size_t len, const char *format, ...)
{
	va_list args;
	int added;

	va_start(args, format);
	added = vsnprintf(len < size ? buf + len : NULL, len < size ? size - len : 0, format, args);
	va_end(args);
	ensure(added >= 0);
	return len + (size_t)added;
}

int entry_value(const struct schema_key *key, const void *object, char *buf, size_t size)
{
	char item[VALUE_TEXT_MAX];
	unsigned count = value_count(key, object);
	size_t len = 0;

	if (!value_is_sequence(key)) {
		item[0] = '\0';
		if (count)
			value_format(key, object, 0, item);
		return snprintf(buf, size, "%s", item);
	}
	len = append(buf, size, len, "[");
	for (unsigned i = 0; i < count; i++) {
		value_format(key, object, i, item);
		len = append(buf, size, len, "%s%s", i ? ", " : "", item);
	}
	return (int)append(buf, size, len, "]");
}

int config_entry_value(
	enum config_list_id list, const struct config_head *entry, struct span key, char *buf, size_t size)
{
	const struct schema *schema = schema_of_list(list);
	const char *dot = memchr(key.p, '.', key.len);
	const struct schema_key *found = schema_find(schema, dot ? span_from(key.p, dot) : key);
	const void *object = entry;

	if (found && dot && found->kind == SCHEMA_SECTION) {
		object = value_at_const(found, entry);
		found = schema_find(found->sub, span_from(dot + 1, span_end(key)));
		dot = NULL;
	}
	if (!found || dot || found->kind >= SCHEMA_SECTION)
		return -ENOENT;
	return entry_value(found, object, buf, size);
}

int config_section_value(
	const struct config *config, struct span section, struct span key, char *buf, size_t size)
{
	const struct schema_key *found = schema_find(&schema_root, section);
	const void *object;

	if (!found || found->kind != SCHEMA_SECTION)
		return -ENOENT;
	object = value_at_const(found, config);
	found = schema_find(found->sub, key);
	if (!found || found->kind >= SCHEMA_SECTION)
		return -ENOENT;
	return entry_value(found, object, buf, size);
}

/* A value with blanks or quotes stands in quotes, so that a command line keeps it in one piece. */
static size_t append_quoted(char *buf, size_t size, size_t len, const char *value)
{
	if (value[0] && !strpbrk(value, " \"\\'"))
		return append(buf, size, len, "%s", value);
	len = append(buf, size, len, "\"");
	for (; *value; value++)
		len = append(buf, size, len, "%s%c", *value == '"' || *value == '\\' ? "\\" : "", *value);
	return append(buf, size, len, "\"");
}

struct line {
	char *buf;
	size_t size;
	size_t len;
};

static void append_given(
	const struct schema *schema, const struct config_head *head, const char *prefix, struct line *line)
{
	char value[ENTRY_VALUE_MAX], inside[CONFIG_NAME_MAX];

	for (unsigned i = 0; i < schema->key_count; i++) {
		const struct schema_key *key = &schema->keys[i];
		if (!(head->given & (1u << i)))
			continue;
		if (key->kind == SCHEMA_SECTION) {
			snprintf(inside, sizeof(inside), "%s%s.", prefix, key->name);
			append_given(key->sub, value_at_const(key, head), inside, line);
			continue;
		}
		entry_value(key, head, value, sizeof(value));
		line->len = append(
			line->buf, line->size, line->len, "%s%s%s=", line->len ? " " : "", prefix, key->name);
		line->len = append_quoted(line->buf, line->size, line->len, value);
	}
}

int config_entry_format(enum config_list_id list, const struct config_head *entry, char *buf, size_t size)
{
	struct line line = {buf, size, 0};

	if (size)
		buf[0] = '\0';
	append_given(schema_of_list(list), entry, "", &line);
	return (int)line.len;
}

const char *config_list_name(enum config_list_id list)
{
	return schema_list_key(list)->name;
}

int config_list_parse(struct span name, enum config_list_id *ret_list)
{
	for (unsigned id = 0; id < CONFIG_LISTS; id++) {
		if (span_eq_str(name, schema_of_list(id)->name) ||
			span_eq_str(name, schema_list_key(id)->name)) {
			*ret_list = id;
			return 0;
		}
	}
	return -EINVAL;
}

const char *config_list_key(enum config_list_id list, unsigned i)
{
	const struct schema *schema = schema_of_list(list);

	return i < schema->key_count ? schema->keys[i].name : NULL;
}
