/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What changes in meaning between two configurations. Entries find their counterpart by identity, so the walk
 * is linear; entries that both share by pointer are equal without a look.
 */
#include "config/load.h"

#include "config/entry.h"
#include "config/identity.h"
#include "config/object.h"
#include "config/value.h"

#include <stdio.h>
#include <string.h>

struct walk {
	config_change_fn fn;
	void *arg;
};

static int tell(const struct walk *walk, struct config_change change)
{
	return walk->fn(&change, walk->arg);
}

static int diff_section(const struct schema_key *section, const struct config_head *before,
	const struct config_head *after, const struct walk *walk)
{
	int rc = 0;

	for (unsigned i = 0; i < section->sub->key_count && !rc; i++) {
		const struct schema_key *key = &section->sub->keys[i];
		if (!value_equal(key, before, after))
			rc = tell(walk, (struct config_change){
						CONFIG_CHANGED, section->name, key->name, before, after});
	}
	return rc;
}

/* Entries of `before` that are gone come first: what replaces them may need their place. */
static int diff_list(enum config_list_id id, const struct config *before, const struct config *after,
	const struct walk *walk)
{
	const struct config_list *old = &before->lists[id], *new = &after->lists[id];
	const struct schema *schema = schema_of_list(id);
	const char *where = schema_list_key(id)->name;
	int rc = 0;

	for (uint32_t i = 0; i < old->count && !rc; i++) {
		if (!identity_find(after, id, old->items[i]))
			rc = tell(walk,
				(struct config_change){CONFIG_REMOVED, where, NULL, old->items[i], NULL});
	}
	for (uint32_t i = 0; i < new->count && !rc; i++) {
		const struct config_head *was = identity_find(before, id, new->items[i]);
		if (!was)
			rc = tell(
				walk, (struct config_change){CONFIG_ADDED, where, NULL, NULL, new->items[i]});
		else if (!object_equal(schema, was, new->items[i]))
			rc = tell(walk,
				(struct config_change){CONFIG_CHANGED, where, NULL, was, new->items[i]});
	}
	return rc;
}

int config_diff(const struct config *before, const struct config *after, config_change_fn fn, void *arg)
{
	const struct walk walk = {fn, arg};
	int rc = 0;

	for (unsigned i = 0; i < schema_root.key_count && !rc; i++) {
		const struct schema_key *key = &schema_root.keys[i];
		if (key->kind == SCHEMA_LIST)
			rc = diff_list(schema_list_id(key), before, after, &walk);
		else
			rc = diff_section(
				key, value_at_const(key, before), value_at_const(key, after), &walk);
	}
	return rc;
}

static const struct schema_key *root_key(const char *name)
{
	const struct schema_key *key = schema_find(&schema_root, span_str(name));

	ensure(key != NULL);
	return key;
}

static int format_section_change(const struct config_change *change, char *buf, size_t size)
{
	const struct schema_key *key = schema_find(root_key(change->where)->sub, span_str(change->key));
	char before[ENTRY_VALUE_MAX], after[ENTRY_VALUE_MAX];

	entry_value(key, change->before, before, sizeof(before));
	entry_value(key, change->after, after, sizeof(after));
	return snprintf(buf, size, "~ %s %s=%s -> %s", change->where, change->key, before, after);
}

int config_change_format(const struct config_change *change, char *buf, size_t size)
{
	static const char marks[] = {[CONFIG_ADDED] = '+', [CONFIG_REMOVED] = '-', [CONFIG_CHANGED] = '~'};
	char before[ENTRY_TEXT_MAX] = "", after[ENTRY_TEXT_MAX] = "";
	enum config_list_id id;

	if (change->key)
		return format_section_change(change, buf, size);
	id = schema_list_id(root_key(change->where));
	if (change->before)
		config_entry_format(id, change->before, before, sizeof(before));
	if (change->after)
		config_entry_format(id, change->after, after, sizeof(after));
	return snprintf(buf, size, "%c %s %s%s%s", marks[change->kind], change->where, before,
		change->kind == CONFIG_CHANGED ? " -> " : "", after);
}
