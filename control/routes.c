/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two kinds of groups: one for each domain, found by hash, and one for all routes by user part. A group keeps
 * its routes in the operator's order. Groups and routes hold references to entries, so their texts stay.
 */
#include "control/routes.h"

#include "base/hash.h"
#include "control/reactor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert((int)CONFIG_SCOPE_EXACT == ROUTE_EXACT && (int)CONFIG_SCOPE_SUBTREE == ROUTE_SUBTREE &&
		      (int)CONFIG_SCOPE_CHILDREN == ROUTE_CHILDREN,
	"scopes are handed over as numbers");

enum { GROUPS_SLOTS_MIN = 64, NO_SLOT = UINT16_MAX };

/* Where a route leads. */
struct target {
	uint16_t slot; /* of the node; NO_SLOT: nowhere (block) */
	uint16_t weight;
};

struct item {
	struct config_head *entry; /* holds a reference */
	uint32_t id;
	struct target target;
};

struct group {
	char *domain; /* NULL: the routes by user part */
	uint64_t hash;
	struct item *items;
	uint32_t count, capacity;
	bool changed;
};

struct routes {
	struct nodes *nodes;
	struct group **slots; /* open addressing; groups that became empty stay until the table is rebuilt */
	size_t slot_mask, group_count;
	struct group users;
	struct group **changed; /* those with `changed` set */
	size_t changed_count, changed_capacity;
	bool all_changed;
	struct config_head **by_id; /* borrowed from items; NULL: the id is free */
	uint32_t id_count, id_capacity;
	uint32_t *free_ids;
	uint32_t free_count;
};

struct routes *routes_create(struct nodes *nodes)
{
	struct routes *routes = calloc(1, sizeof(*routes));

	if (!routes)
		return NULL;
	routes->nodes = nodes;
	routes->slots = calloc(GROUPS_SLOTS_MIN, sizeof(struct group *));
	routes->slot_mask = GROUPS_SLOTS_MIN - 1;
	if (!routes->slots) {
		free(routes);
		return NULL;
	}
	return routes;
}

static void group_fini(struct group *group)
{
	for (uint32_t i = 0; i < group->count; i++)
		config_entry_unref(CONFIG_ROUTES, group->items[i].entry);
	free(group->items);
	free(group->domain);
}

void routes_destroy(struct routes *routes)
{
	if (!routes)
		return;
	for (size_t i = 0; i <= routes->slot_mask; i++) {
		if (!routes->slots[i])
			continue;
		group_fini(routes->slots[i]);
		free(routes->slots[i]);
	}
	group_fini(&routes->users);
	free(routes->slots);
	free(routes->changed);
	free(routes->by_id);
	free(routes->free_ids);
	free(routes);
}

/* ---- groups ---- */

static struct group **group_place(struct group **slots, size_t mask, const char *domain, uint64_t hash)
{
	size_t i = hash & mask;

	while (slots[i] && (slots[i]->hash != hash || strcmp(slots[i]->domain, domain) != 0))
		i = (i + 1) & mask;
	return &slots[i];
}

static int groups_grow(struct routes *routes)
{
	size_t size = (routes->slot_mask + 1) * 2;
	struct group **slots = calloc(size, sizeof(struct group *));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i <= routes->slot_mask; i++) {
		struct group *group = routes->slots[i];
		if (group)
			*group_place(slots, size - 1, group->domain, group->hash) = group;
	}
	free(routes->slots);
	routes->slots = slots;
	routes->slot_mask = size - 1;
	return 0;
}

/* The group a route belongs to; made when it is the first of its domain. NULL when memory is short. */
static struct group *group_of(struct routes *routes, const struct config_head *entry)
{
	const struct config_route *route = (const struct config_route *)entry;
	struct group **place;
	struct group *group;
	uint64_t hash;

	if (route->type == CONFIG_ROUTE_USER)
		return &routes->users;
	if (routes->group_count * 2 > routes->slot_mask && groups_grow(routes) < 0)
		return NULL;
	hash = hash_bytes(route->domain, strlen(route->domain), 0);
	place = group_place(routes->slots, routes->slot_mask, route->domain, hash);
	if (*place)
		return *place;
	group = calloc(1, sizeof(*group));
	if (!group)
		return NULL;
	group->hash = hash;
	group->domain = strdup(route->domain);
	if (!group->domain) {
		free(group);
		return NULL;
	}
	routes->group_count++;
	return *place = group;
}

/* Room to hold one more route and to note two more changed groups: afterwards nothing can fail. */
static int reserve(struct routes *routes, struct group *group)
{
	if (group->count == group->capacity) {
		uint32_t capacity = group->capacity > 0 ? group->capacity * 2 : 1;
		struct item *items = realloc(group->items, capacity * sizeof(*items));
		if (!items)
			return -ENOMEM;
		group->items = items;
		group->capacity = capacity;
	}
	if (routes->changed_count + 2 > routes->changed_capacity) {
		size_t capacity = routes->changed_capacity > 0 ? routes->changed_capacity * 2 : 64;
		struct group **changed = realloc(routes->changed, capacity * sizeof(struct group *));
		if (!changed)
			return -ENOMEM;
		routes->changed = changed;
		routes->changed_capacity = capacity;
	}
	return 0;
}

static void mark_changed(struct routes *routes, struct group *group)
{
	if (group->changed)
		return;
	group->changed = true;
	if (group == &routes->users)
		return;
	ensure(routes->changed_count < routes->changed_capacity);
	routes->changed[routes->changed_count++] = group;
}

/* ---- ids ---- */

static int ids_reserve(struct routes *routes)
{
	uint32_t capacity = routes->id_capacity > 0 ? routes->id_capacity * 2 : 64;
	struct config_head **by_id;
	uint32_t *free_ids;

	if (routes->free_count > 0 || routes->id_count < routes->id_capacity)
		return 0;
	by_id = realloc(routes->by_id, capacity * sizeof(struct config_head *));
	if (!by_id)
		return -ENOMEM;
	routes->by_id = by_id;
	free_ids = realloc(routes->free_ids, capacity * sizeof(*free_ids));
	if (!free_ids)
		return -ENOMEM;
	routes->free_ids = free_ids;
	routes->id_capacity = capacity;
	return 0;
}

static uint32_t id_take(struct routes *routes, struct config_head *entry)
{
	uint32_t id = routes->free_count > 0 ? routes->free_ids[--routes->free_count] : routes->id_count++;

	ensure(id < routes->id_capacity);
	routes->by_id[id] = entry;
	return id;
}

static void id_give(struct routes *routes, uint32_t id)
{
	routes->by_id[id] = NULL;
	routes->free_ids[routes->free_count++] = id;
}

const struct config_route *routes_by_id(const struct routes *routes, uint32_t id)
{
	return id < routes->id_count ? (const struct config_route *)routes->by_id[id] : NULL;
}

/* ---- items ---- */

/* Finds it and becomes a user of that node. */
static int target_take(struct routes *routes, const struct config *config, const struct config_head *entry,
	struct target *target)
{
	const struct config_route *route = (const struct config_route *)entry;
	struct config_next_hop hop;
	struct node_address address;
	int ret = config_next_hop(config, route, &hop);

	*target = (struct target){NO_SLOT, 1};
	if (ret == -ENOENT && route->block)
		return 0;
	if (ret < 0)
		return ret;
	target->weight = hop.weight;
	address = (struct node_address){hop.endpoint, hop.transport, hop.name};
	return nodes_use(routes->nodes, &address, reactor_now_ns(), &target->slot);
}

static void target_give(struct routes *routes, const struct target *target, uint64_t generation)
{
	if (target->slot != NO_SLOT)
		nodes_unuse(routes->nodes, target->slot, generation);
}

static void item_drop(struct routes *routes, struct item *item, uint64_t generation)
{
	target_give(routes, &item->target, generation);
	id_give(routes, item->id);
	config_entry_unref(CONFIG_ROUTES, item->entry);
}

static uint32_t item_find(const struct group *group, const struct config_head *entry)
{
	uint32_t i = 0;

	while (i < group->count && group->items[i].entry != entry)
		i++;
	ensure(i < group->count);
	return i;
}

static void group_remove(struct group *group, uint32_t at)
{
	group->count--;
	memmove(&group->items[at], &group->items[at + 1], (group->count - at) * sizeof(group->items[0]));
}

/* Readies an item for an entry without touching any group. */
static int item_make(
	struct routes *routes, const struct config *config, struct config_head *entry, struct item *ret_item)
{
	int ret = ids_reserve(routes);

	if (ret == 0)
		ret = target_take(routes, config, entry, &ret_item->target);
	if (ret < 0)
		return ret;
	ret_item->entry = config_entry_ref(entry);
	ret_item->id = id_take(routes, entry);
	return 0;
}

/* Cannot fail: room in `to` and among the changed groups is reserved. */
static void group_add(struct routes *routes, struct group *to, const struct item *item)
{
	to->items[to->count++] = *item;
	mark_changed(routes, to);
}

static void group_drop(
	struct routes *routes, struct group *from, struct config_head *entry, uint64_t generation)
{
	uint32_t at = item_find(from, entry);

	item_drop(routes, &from->items[at], generation);
	group_remove(from, at);
	mark_changed(routes, from);
}

/* In its place: the operator's order stays. */
static void group_replace(struct routes *routes, struct group *group, struct config_head *entry,
	const struct item *item, uint64_t generation)
{
	struct item *place = &group->items[item_find(group, entry)];

	item_drop(routes, place, generation);
	*place = *item;
	mark_changed(routes, group);
}

int routes_put(struct routes *routes, const struct config *config, struct config_head *before,
	struct config_head *after, uint64_t generation)
{
	struct group *from = before ? group_of(routes, before) : NULL;
	struct group *to = after ? group_of(routes, after) : NULL;
	struct item item;
	int ret = (before && !from) || (after && !to) ? -ENOMEM : 0;

	ensure(before || after);
	if (ret == 0 && from)
		ret = reserve(routes, from);
	if (ret == 0 && to)
		ret = reserve(routes, to);
	if (ret == 0 && after)
		ret = item_make(routes, config, after, &item);
	if (ret < 0)
		return ret;
	if (before && after && from == to) {
		group_replace(routes, from, before, &item, generation);
		return 0;
	}
	if (before)
		group_drop(routes, from, before, generation);
	if (after)
		group_add(routes, to, &item);
	return 0;
}

/* ---- all of them ---- */

/* The next item behind the cursor; NULL at the end. Groups come in the order of their hash, users last. */
struct walk {
	size_t slot;
	uint32_t item;
};

static struct item *walk_next(const struct routes *routes, struct walk *walk)
{
	while (walk->slot <= routes->slot_mask) {
		const struct group *group = routes->slots[walk->slot];
		if (group && walk->item < group->count)
			return &group->items[walk->item++];
		walk->slot++;
		walk->item = 0;
	}
	return NULL;
}

static size_t count_domains_routes(const struct routes *routes)
{
	struct walk walk = {0};
	size_t count = 0;

	while (walk_next(routes, &walk))
		count++;
	return count;
}

/* Takes the new targets of all items before the old ones are given back, so that a failure can be undone. */
static int targets_take(
	struct routes *routes, const struct config *config, struct target *targets, size_t *ret_count)
{
	struct walk walk = {0};
	const struct item *item;
	int ret = 0;

	while (ret == 0 && (item = walk_next(routes, &walk)) != NULL) {
		ret = target_take(routes, config, item->entry, &targets[*ret_count]);
		*ret_count += ret == 0;
	}
	for (uint32_t i = 0; ret == 0 && i < routes->users.count; i++) {
		ret = target_take(routes, config, routes->users.items[i].entry, &targets[*ret_count]);
		*ret_count += ret == 0;
	}
	return ret;
}

static void target_exchange(
	struct routes *routes, struct item *item, const struct target *target, uint64_t generation)
{
	if (item->target.slot != target->slot || item->target.weight != target->weight)
		routes_mark_all(routes);
	target_give(routes, &item->target, generation);
	item->target = *target;
}

static void targets_exchange(struct routes *routes, const struct target *targets, uint64_t generation)
{
	struct walk walk = {0};
	struct item *item;

	while ((item = walk_next(routes, &walk)) != NULL)
		target_exchange(routes, item, targets++, generation);
	for (uint32_t i = 0; i < routes->users.count; i++)
		target_exchange(routes, &routes->users.items[i], targets++, generation);
}

int routes_resolve(struct routes *routes, const struct config *config, uint64_t generation)
{
	size_t total = count_domains_routes(routes) + routes->users.count;
	struct target *targets = calloc(total + 1, sizeof(*targets));
	size_t count = 0;
	int ret;

	if (!targets)
		return -ENOMEM;
	ret = targets_take(routes, config, targets, &count);
	if (ret == 0)
		targets_exchange(routes, targets, generation);
	while (ret < 0 && count > 0)
		target_give(routes, &targets[--count], generation);
	free(targets);
	return ret;
}

/* ---- what to compile ---- */

size_t routes_changed_domains(const struct routes *routes)
{
	return routes->all_changed ? ROUTES_ALL : routes->changed_count;
}

bool routes_users_changed(const struct routes *routes)
{
	return routes->users.changed || routes->all_changed;
}

void routes_mark_all(struct routes *routes)
{
	routes->all_changed = true;
}

void routes_settled(struct routes *routes)
{
	for (size_t i = 0; i < routes->changed_count; i++)
		routes->changed[i]->changed = false;
	routes->changed_count = 0;
	routes->users.changed = false;
	routes->all_changed = false;
}

static void fill_route(const struct item *item, struct route *ret_route)
{
	const struct config_route *config = (const struct config_route *)item->entry;
	bool user = config->type == CONFIG_ROUTE_USER;

	*ret_route = (struct route){
		.text = span_str(user ? config->pattern : config->domain),
		.scope = user ? ROUTE_USER : config->scope,
		.flags = (uint8_t)((config->in_service ? ROUTE_IN_SERVICE : 0) |
				   (config->block ? ROUTE_BLOCK : 0) |
				   (config->allow_less_specific ? ROUTE_LESS_SPECIFIC : 0)),
		.hop = {item->id, item->target.slot, config->priority, item->target.weight,
			config->failover_timeout_ms},
	};
}

struct route_change *routes_changes(const struct routes *routes, size_t *ret_count)
{
	size_t total = 0;
	struct route_change *changes;
	struct route *next;

	for (size_t i = 0; i < routes->changed_count; i++)
		total += routes->changed[i]->count;
	changes = calloc(1, routes->changed_count * sizeof(*changes) + total * sizeof(*next) + 1);
	if (!changes)
		return NULL;
	next = (struct route *)(changes + routes->changed_count);
	for (size_t i = 0; i < routes->changed_count; i++) {
		const struct group *group = routes->changed[i];
		changes[i] = (struct route_change){span_str(group->domain), next, group->count};
		for (uint32_t item = 0; item < group->count; item++)
			fill_route(&group->items[item], next++);
	}
	*ret_count = routes->changed_count;
	return changes;
}

struct route *routes_of_domains(const struct routes *routes, size_t *ret_count)
{
	size_t total = count_domains_routes(routes);
	struct route *all = calloc(total + 1, sizeof(*all));
	struct walk walk = {0};

	for (size_t i = 0; all && i < total; i++)
		fill_route(walk_next(routes, &walk), &all[i]);
	*ret_count = total;
	return all;
}

struct route *routes_of_users(const struct routes *routes, size_t *ret_count)
{
	struct route *all = calloc((size_t)routes->users.count + 1, sizeof(*all));

	for (uint32_t i = 0; all && i < routes->users.count; i++)
		fill_route(&routes->users.items[i], &all[i]);
	*ret_count = routes->users.count;
	return all;
}
