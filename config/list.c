/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An array for the order and, beside it, open-addressing tables for the keys. A table keeps each entry's
 * hash, so that probing seldom touches an entry and growing never does. Keys come from an operator, not from
 * a peer, so the hash needs no secret; routes of one pattern are bounded, so equal keys make no long chains.
 */
#include "config/list.h"

#include "base/hash.h"
#include "config/object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	struct config_head *entry; /* NULL = free */
	uint64_t hash;
};

struct config_index {
	uint32_t mask; /* slots - 1; at most half of them are in use */
	uint32_t used;
	struct slot slots[];
};

enum { INDEX_SLOTS_MIN = 16, ARRAY_MIN = 8 };

/* ---- keys: NULL text or no address = the entry has none ---- */

static const char *name_of(enum config_list_id id, const struct config_head *entry)
{
	switch (id) {
	case CONFIG_PORTS:
		return ((const struct config_port *)entry)->name;
	case CONFIG_LISTENERS:
		return ((const struct config_listener *)entry)->name;
	case CONFIG_NODES:
		return ((const struct config_node *)entry)->name;
	case CONFIG_DOMAINS:
		return ((const struct config_domain *)entry)->name;
	case CONFIG_ROUTES: {
		const struct config_route *route = (const struct config_route *)entry;
		return route->domain ? route->domain : route->pattern;
	}
	default:
		ensure(!"this list has no names");
	}
}

static bool has_key(enum config_list_id id, enum list_by by, const struct config_head *entry)
{
	if (by == LIST_BY_ENDPOINT)
		return ((const struct config_node *)entry)->address.family != IP_NONE;
	if (id == CONFIG_ACL)
		return ((const struct config_acl *)entry)->pattern != NULL;
	return name_of(id, entry) != NULL;
}

static uint64_t hash_of(enum config_list_id id, enum list_by by, const struct config_head *entry)
{
	uint64_t seed = 0;
	const char *name;

	if (by == LIST_BY_ENDPOINT) {
		const struct config_node *node = (const struct config_node *)entry;
		seed = (uint64_t)node->port << 8 | node->transport;
		return hash_bytes(&node->address, sizeof(node->address), seed);
	}
	if (id == CONFIG_ACL) {
		const struct config_acl *acl = (const struct config_acl *)entry;
		return hash_bytes(&acl->prefix, sizeof(acl->prefix), seed);
	}
	if (id == CONFIG_ROUTES) {
		const struct config_route *route = (const struct config_route *)entry;
		seed = (uint64_t)route->type << 8 | route->scope;
	}
	name = name_of(id, entry);
	return hash_bytes(name, strlen(name), seed);
}

static bool same_key(
	enum config_list_id id, enum list_by by, const struct config_head *a, const struct config_head *b)
{
	if (by == LIST_BY_ENDPOINT) {
		const struct config_node *left = (const struct config_node *)a;
		const struct config_node *right = (const struct config_node *)b;
		return left->port == right->port && left->transport == right->transport &&
		       ip_equal(&left->address, &right->address);
	}
	if (id == CONFIG_ACL) {
		const struct ip_prefix *left = &((const struct config_acl *)a)->prefix;
		const struct ip_prefix *right = &((const struct config_acl *)b)->prefix;
		return left->len == right->len && ip_equal(&left->addr, &right->addr);
	}
	if (id == CONFIG_ROUTES) {
		const struct config_route *left = (const struct config_route *)a;
		const struct config_route *right = (const struct config_route *)b;
		if (left->type != right->type || left->scope != right->scope)
			return false;
	}
	return strcmp(name_of(id, a), name_of(id, b)) == 0;
}

/* ---- one index ---- */

static unsigned index_count(enum config_list_id id)
{
	return id == CONFIG_NODES ? 2 : 1;
}

static void index_put(struct config_index *index, struct config_head *entry, uint64_t hash)
{
	uint32_t at = (uint32_t)hash & index->mask;

	while (index->slots[at].entry)
		at = (at + 1) & index->mask;
	index->slots[at] = (struct slot){entry, hash};
	index->used++;
}

/* Makes room for one more. */
static int index_reserve(struct config_index **index)
{
	struct config_index *old = *index, *grown;
	uint32_t slots = old ? old->mask + 1 : 0;

	if (old && old->used * 2 < slots)
		return 0;
	slots = slots ? slots * 2 : INDEX_SLOTS_MIN;
	grown = calloc(1, sizeof(*grown) + slots * sizeof(grown->slots[0]));
	if (!grown)
		return -ENOMEM;
	grown->mask = slots - 1;
	for (uint32_t i = 0; old && i <= old->mask; i++) {
		if (old->slots[i].entry)
			index_put(grown, old->slots[i].entry, old->slots[i].hash);
	}
	free(old);
	*index = grown;
	return 0;
}

/* Closes the gap by moving back whatever still finds itself from its home slot (Knuth 6.4, algorithm R). */
static void index_drop(struct config_index *index, const struct config_head *entry, uint64_t hash)
{
	uint32_t gap = (uint32_t)hash & index->mask;

	while (index->slots[gap].entry != entry) {
		ensure(index->slots[gap].entry != NULL);
		gap = (gap + 1) & index->mask;
	}
	for (uint32_t at = (gap + 1) & index->mask; index->slots[at].entry; at = (at + 1) & index->mask) {
		uint32_t home = (uint32_t)index->slots[at].hash & index->mask;
		if (((at - home) & index->mask) < ((at - gap) & index->mask))
			continue;
		index->slots[gap] = index->slots[at];
		gap = at;
	}
	index->slots[gap].entry = NULL;
	index->used--;
}

static struct config_index *index_copy(const struct config_index *index)
{
	size_t size = sizeof(*index) + ((size_t)index->mask + 1) * sizeof(index->slots[0]);
	struct config_index *copy = malloc(size);

	if (copy)
		memcpy(copy, index, size);
	return copy;
}

/* ---- the list ---- */

struct config_head *list_find(const struct config_list *list, enum config_list_id id, enum list_by by,
	const struct config_head *like)
{
	const struct config_index *index = list->index[by];
	uint64_t hash;

	if (!index || !has_key(id, by, like))
		return NULL;
	hash = hash_of(id, by, like);
	for (uint32_t at = (uint32_t)hash & index->mask; index->slots[at].entry;
		at = (at + 1) & index->mask) {
		if (index->slots[at].hash == hash && same_key(id, by, index->slots[at].entry, like))
			return index->slots[at].entry;
	}
	return NULL;
}

unsigned list_group(const struct config_list *list, const struct config_head *like,
	struct config_head *ret_group[static CONFIG_ROUTES_PER_PATTERN_MAX])
{
	const struct config_index *index = list->index[LIST_BY_KEY];
	unsigned count = 0;
	uint64_t hash;

	if (!index || !has_key(CONFIG_ROUTES, LIST_BY_KEY, like))
		return 0;
	hash = hash_of(CONFIG_ROUTES, LIST_BY_KEY, like);
	for (uint32_t at = (uint32_t)hash & index->mask; index->slots[at].entry;
		at = (at + 1) & index->mask) {
		struct config_head *entry = index->slots[at].entry;
		if (index->slots[at].hash != hash || !same_key(CONFIG_ROUTES, LIST_BY_KEY, entry, like))
			continue;
		ensure(count < CONFIG_ROUTES_PER_PATTERN_MAX);
		ret_group[count++] = entry;
	}
	return count;
}

static void index_entry(struct config_list *list, enum config_list_id id, struct config_head *entry)
{
	for (unsigned by = 0; by < index_count(id); by++) {
		if (has_key(id, by, entry))
			index_put(list->index[by], entry, hash_of(id, by, entry));
	}
}

static void unindex_entry(struct config_list *list, enum config_list_id id, const struct config_head *entry)
{
	for (unsigned by = 0; by < index_count(id); by++) {
		if (has_key(id, by, entry))
			index_drop(list->index[by], entry, hash_of(id, by, entry));
	}
}

static int reserve(struct config_list *list, enum config_list_id id)
{
	for (unsigned by = 0; by < index_count(id); by++) {
		int rc = index_reserve(&list->index[by]);
		if (rc)
			return rc;
	}
	if (list->count == list->capacity) {
		uint32_t capacity = list->capacity ? list->capacity * 2 : ARRAY_MIN;
		struct config_head **items = realloc(list->items, capacity * sizeof(struct config_head *));
		if (!items)
			return -ENOMEM;
		list->items = items;
		list->capacity = capacity;
	}
	return 0;
}

int list_insert(struct config_list *list, enum config_list_id id, struct config_head *entry, uint32_t at)
{
	int rc = reserve(list, id);

	if (rc)
		return rc;
	ensure(at <= list->count);
	memmove(&list->items[at + 1], &list->items[at], (list->count - at) * sizeof(struct config_head *));
	list->items[at] = entry;
	list->count++;
	index_entry(list, id, entry);
	return 0;
}

static uint32_t position(const struct config_list *list, const struct config_head *entry)
{
	uint32_t i = 0;

	while (i < list->count && list->items[i] != entry)
		i++;
	ensure(i < list->count);
	return i;
}

int list_replace(
	struct config_list *list, enum config_list_id id, struct config_head *old, struct config_head *entry)
{
	int rc = reserve(list, id);

	if (rc)
		return rc;
	unindex_entry(list, id, old);
	list->items[position(list, old)] = entry;
	index_entry(list, id, entry);
	return 0;
}

uint32_t list_remove(struct config_list *list, enum config_list_id id, struct config_head *entry)
{
	uint32_t at = position(list, entry);

	unindex_entry(list, id, entry);
	list->count--;
	memmove(&list->items[at], &list->items[at + 1], (list->count - at) * sizeof(struct config_head *));
	return at;
}

int list_copy(const struct config_list *from, struct config_list *to, enum config_list_id id)
{
	memset(to, 0, sizeof(*to));
	if (from->count == 0)
		return 0;
	to->items = malloc(from->count * sizeof(struct config_head *));
	if (!to->items)
		return -ENOMEM;
	to->capacity = from->count;
	for (unsigned by = 0; by < index_count(id); by++) {
		to->index[by] = index_copy(from->index[by]);
		if (!to->index[by]) {
			list_fini(to, id);
			return -ENOMEM;
		}
	}
	for (; to->count < from->count; to->count++) {
		to->items[to->count] = from->items[to->count];
		/* Relaxed: whoever clones holds a reference already. */
		__atomic_add_fetch(&to->items[to->count]->refs, 1, __ATOMIC_RELAXED);
	}
	return 0;
}

void list_fini(struct config_list *list, enum config_list_id id)
{
	for (uint32_t i = 0; i < list->count; i++)
		object_unref(schema_of_list(id), list->items[i]);
	for (unsigned by = 0; by < 2; by++)
		free(list->index[by]);
	free(list->items);
	memset(list, 0, sizeof(*list));
}
