/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries are immutable and counted, so a set keeps references where a copy would be as large as the list.
 * Called by operate.c and commit.c; journal.c keeps the sets.
 */
#include "control/change.h"

#include "config/identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void item_fini(struct change_item *item)
{
	if (item->list != CONFIG_LISTS) {
		config_entry_unref(item->list, item->before);
		config_entry_unref(item->list, item->after);
	}
	free(item->section);
	free(item->key);
	free(item->value_before);
	free(item->value_after);
}

void change_fini(struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		item_fini(&set->items[i]);
	free(set->items);
	*set = (struct change_set){0};
}

static int set_room(struct change_set *set)
{
	size_t capacity = set->capacity > 0 ? set->capacity * 2 : 4;
	struct change_item *items;

	if (set->count < set->capacity)
		return 0;
	items = realloc(set->items, capacity * sizeof(*items));
	if (!items)
		return -ENOMEM;
	set->items = items;
	set->capacity = capacity;
	return 0;
}

/* Takes what the item holds, also on failure. */
static int set_add(struct change_set *set, struct change_item *item)
{
	if (set_room(set) < 0) {
		item_fini(item);
		return -ENOMEM;
	}
	set->items[set->count++] = *item;
	return 0;
}

int change_add_entry(struct change_set *set, enum config_list_id list, struct config_head *before,
	struct config_head *after)
{
	struct change_item item = {.list = list, .before = before, .after = after};

	ensure(before || after);
	return set_add(set, &item);
}

int change_add_key(struct change_set *set, const char *section, const char *key, const char *value_before,
	const char *value_after)
{
	struct change_item item = {
		.list = CONFIG_LISTS,
		.section = strdup(section),
		.key = strdup(key),
		.value_before = strdup(value_before),
		.value_after = strdup(value_after),
	};

	if (!item.section || !item.key || !item.value_before || !item.value_after) {
		item_fini(&item);
		return -ENOMEM;
	}
	return set_add(set, &item);
}

static struct config_head *reference(struct config_head *entry)
{
	return entry ? config_entry_ref(entry) : NULL;
}

int change_invert(const struct change_set *set, struct change_set *ret_inverse)
{
	struct change_set inverse = {0};

	for (size_t i = set->count; i-- > 0;) {
		const struct change_item *item = &set->items[i];
		int ret = item->list == CONFIG_LISTS
				  ? change_add_key(&inverse, item->section, item->key, item->value_after,
					    item->value_before)
				  : change_add_entry(&inverse, item->list, reference(item->after),
					    reference(item->before));
		if (ret < 0) {
			change_fini(&inverse);
			return ret;
		}
	}
	*ret_inverse = inverse;
	return 0;
}

/*
 * Unchecked: keys go one by one, and between two states that are right as a whole they may contradict each
 * other (a probe's interval is lowered before its timeout).
 */
static int put_value(struct config *config, const char *section, const char *key, const char *value)
{
	return config_section_put(config, span_str(section), span_str(key), span_str(value));
}

static int item_apply(const struct change_item *item, struct config *config)
{
	if (item->list == CONFIG_LISTS)
		return put_value(config, item->section, item->key, item->value_after);
	return config_entry_put(config, item->list, item->before, item->after);
}

static void item_take_back(const struct change_item *item, struct config *config)
{
	int ret = item->list == CONFIG_LISTS
			  ? put_value(config, item->section, item->key, item->value_before)
			  : config_entry_put(config, item->list, item->after, item->before);

	/* The room that the step back needs was there before the step. */
	ensure(ret == 0);
}

int change_apply(const struct change_set *set, struct config *config)
{
	for (size_t i = 0; i < set->count; i++) {
		int ret = item_apply(&set->items[i], config);
		if (ret == 0)
			continue;
		while (i-- > 0)
			item_take_back(&set->items[i], config);
		return ret;
	}
	return 0;
}

/* ---- the difference of two models ---- */

struct collecting {
	struct change_set set;
	const struct config *before, *after;
};

static int collect_key(struct collecting *collecting, const struct config_change *change)
{
	char before[1024];
	char after[1024];
	struct span section = span_str(change->where);
	struct span key = span_str(change->key);

	ensure(config_section_value(collecting->before, section, key, before, sizeof(before)) >= 0);
	ensure(config_section_value(collecting->after, section, key, after, sizeof(after)) >= 0);
	return change_add_key(&collecting->set, change->where, change->key, before, after);
}

/* The entry of `config` that a difference speaks of, as one more reference; NULL: it has none. */
static struct config_head *reference_in(
	const struct config *config, enum config_list_id list, const struct config_head *entry)
{
	return entry ? config_entry_ref(identity_find(config, list, entry)) : NULL;
}

static int collect(const struct config_change *change, void *arg)
{
	struct collecting *collecting = arg;
	enum config_list_id list;

	if (change->key)
		return collect_key(collecting, change);
	ensure(config_list_parse(span_str(change->where), &list) == 0);
	return change_add_entry(&collecting->set, list,
		reference_in(collecting->before, list, change->before),
		reference_in(collecting->after, list, change->after));
}

int change_between(const struct config *before, const struct config *after, struct change_set *ret_set)
{
	struct collecting collecting = {.before = before, .after = after};
	int ret = config_diff(before, after, collect, &collecting);

	if (ret < 0) {
		change_fini(&collecting.set);
		return ret;
	}
	*ret_set = collecting.set;
	return 0;
}

void change_move_if(
	struct change_set *from, bool (*wanted)(const struct change_item *item), struct change_set *to)
{
	size_t kept = 0;

	for (size_t i = 0; i < from->count; i++) {
		struct change_item item = from->items[i];
		if (!wanted(&item) || set_room(to) < 0)
			from->items[kept++] = item;
		else
			to->items[to->count++] = item;
	}
	from->count = kept;
}

/* "~ nodes node-a: admin=ready -> drain, weight=1 -> 3": what an entry is called, and only what differs. */
static int format_edit(const struct change_item *item, char *buf, size_t size)
{
	char before[256];
	char after[256];
	size_t len = 0;
	unsigned shown = 0;

	/* The first key of every list is what its entries are called. */
	config_entry_value(
		item->list, item->after, span_str(config_list_key(item->list, 0)), after, sizeof(after));
	len += (size_t)snprintf(buf, size, "~ %s %s:", config_list_name(item->list), after);
	for (unsigned i = 0; config_list_key(item->list, i); i++) {
		struct span key = span_str(config_list_key(item->list, i));
		if (config_entry_value(item->list, item->before, key, before, sizeof(before)) < 0 ||
			config_entry_value(item->list, item->after, key, after, sizeof(after)) < 0 ||
			strcmp(before, after) == 0)
			continue;
		len += (size_t)snprintf(len < size ? buf + len : NULL, len < size ? size - len : 0,
			"%s %.*s=%s -> %s", shown++ > 0 ? "," : "", SPAN_ARG(key), before, after);
	}
	return (int)len;
}

int change_item_format(const struct change_item *item, char *buf, size_t size)
{
	struct config_change change = {.before = item->before, .after = item->after};

	if (item->list == CONFIG_LISTS)
		return snprintf(buf, size, "~ %s %s=%s -> %s", item->section, item->key, item->value_before,
			item->value_after);
	if (item->before && item->after)
		return format_edit(item, buf, size);
	change.kind = item->before ? CONFIG_REMOVED : CONFIG_ADDED;
	change.where = config_list_name(item->list);
	return config_change_format(&change, buf, size);
}
