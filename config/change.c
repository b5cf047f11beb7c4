/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live changes. A new entry is built and checked beside the lists; then it goes in, what depends on it is
 * checked again, and if that fails the lists are put back. Adding a route looks only at its own pattern, so
 * that it costs the same among ten routes and among a million.
 */
#include "config/entry.h"

#include "config/check.h"
#include "config/identity.h"
#include "config/list.h"
#include "config/load.h"
#include "config/object.h"
#include "config/text.h"
#include "config/value.h"

#include <errno.h>
#include <string.h>

struct config_head *config_entry_ref(struct config_head *entry)
{
	/* Relaxed: whoever asks holds a reference already. */
	__atomic_add_fetch(&entry->refs, 1, __ATOMIC_RELAXED);
	return entry;
}

void config_entry_unref(enum config_list_id list, struct config_head *entry)
{
	object_unref(schema_of_list(list), entry);
}

static int complain_about_twice(const struct place *place, struct span key)
{
	char quoted[TEXT_QUOTE_MAX];

	place_error(
		place, NULL, "%s stands twice in the command; keep one of the two", text_quote(key, quoted));
	return -EINVAL;
}

/* Sets all pairs, or those that are not identity, and goes on after an error to report every one. */
static int apply(
	struct config_pairs pairs, void *object, const struct place *place, const enum config_list_id *except)
{
	int rc = 0;

	for (size_t i = 0; i < pairs.count; i++) {
		const struct config_pair *pair = &pairs.at[i];
		const struct schema_key *key = schema_find(place->schema, pair->key);
		int rc_pair = 0;

		for (size_t k = 0; k < i && !rc_pair; k++) {
			if (span_eq(pairs.at[k].key, pair->key))
				rc_pair = complain_about_twice(place, pair->key);
		}
		if (!rc_pair && !(except && key && identity_has(*except, key)))
			rc_pair = entry_set(place->schema, object, pair, place);
		rc = rc_pair ? rc_pair : rc;
	}
	return rc;
}

/* Routes that name a node, or its address, mean something else when it changes. */
static int check_routes_of(
	const struct config *config, const struct config_node *node, struct config_report *report)
{
	struct place place;
	int rc = 0;

	for (uint32_t i = 0; i < config_count(config, CONFIG_ROUTES); i++) {
		const struct config_route *route = config_route_at(config, i);
		if (!route->next_hop || (strcmp(route->next_hop, node->name) != 0 &&
						!ip_equal(&route->next_hop_address, &node->address)))
			continue;
		check_place(config, CONFIG_ROUTES, i, report, &place);
		if (check_route(config, route, &place) || check_twin(config, route, &place))
			rc = -EINVAL;
	}
	return rc;
}

/* What must hold around the short lists once an entry is in or out. Old warnings are not told again. */
static int check_around(const struct config *config, enum config_list_id id, struct config_report *report)
{
	bool errors_only = report->errors_only;
	int rc = 0;

	report->errors_only = true;
	if (id == CONFIG_PORTS)
		rc = config_check(config, report);
	else if (id == CONFIG_LISTENERS || id == CONFIG_NODES)
		rc = check_structure(config, report);
	report->errors_only = errors_only;
	return rc;
}

/* A node that has come, or has moved from where `old` was, changes what routes mean. */
static int check_arrival(const struct config *config, const struct config_node *old,
	const struct config_node *node, struct config_report *report)
{
	int rc;

	if (old && old->port == node->port && old->transport == node->transport &&
		ip_equal(&old->address, &node->address))
		return 0;
	rc = check_routes_of(config, node, report);
	return rc ? rc : check_node_total(config, report);
}

static int check_new(const struct config *config, enum config_list_id id, const struct config_head *entry,
	const struct place *place)
{
	const struct config_route *route = (const struct config_route *)entry;
	int rc = check_room(config, id, entry, place);

	if (rc || id != CONFIG_ROUTES)
		return rc;
	rc = check_route(config, route, place);
	return rc ? rc : check_twin(config, route, place);
}

static int insert_checked(struct config *config, enum config_list_id id, struct config_head *entry,
	struct config_report *report)
{
	struct config_list *list = &config->lists[id];
	const struct config_route *route = (const struct config_route *)entry;
	int rc = list_insert(list, id, entry, list->count);

	if (rc)
		return rc;
	rc = check_around(config, id, report);
	if (!rc && id == CONFIG_NODES)
		rc = check_arrival(config, NULL, (const struct config_node *)entry, report);
	if (!rc && id == CONFIG_ROUTES && route->next_hop_address.family != IP_NONE)
		rc = check_node_total(config, report);
	if (!rc && id == CONFIG_ROUTES && route->type == CONFIG_ROUTE_USER)
		rc = check_user_total(config, report);
	if (rc)
		list_remove(list, id, entry);
	return rc;
}

int config_entry_add(struct config *config, enum config_list_id list, struct config_pairs pairs,
	struct config_report *report, struct config_head **ret_entry)
{
	const struct schema *schema = schema_of_list(list);
	struct config_head *entry = object_create(schema);
	struct place place;
	int rc;

	if (!entry)
		return -ENOMEM;
	place_init(&place, report, schema, entry);
	rc = apply(pairs, entry, &place, NULL);
	if (!rc)
		rc = object_finish(schema, entry, &place);
	if (!rc)
		rc = check_new(config, list, entry, &place);
	if (!rc)
		rc = insert_checked(config, list, entry, report);
	if (rc)
		object_unref(schema, entry);
	else if (ret_entry)
		*ret_entry = config_entry_ref(entry);
	return rc;
}

/* An edit may move a node to the endpoint of another. */
static int check_moved(const struct config *config, enum config_list_id id, const struct config_head *old,
	const struct config_head *entry, const struct place *place)
{
	const struct config_head *other;

	if (id == CONFIG_ROUTES)
		return check_route(config, (const struct config_route *)entry, place);
	if (id != CONFIG_NODES)
		return 0;
	other = list_find(&config->lists[id], id, LIST_BY_ENDPOINT, entry);
	if (!other || other == old)
		return 0;
	place_error(place, "address", "with its port and transport is that of node %s already; use another",
		((const struct config_node *)other)->name);
	return -EINVAL;
}

static int replace_checked(struct config *config, enum config_list_id id, struct config_head *old,
	struct config_head *entry, struct config_report *report)
{
	int rc = list_replace(&config->lists[id], id, old, entry);

	if (rc)
		return rc;
	rc = check_around(config, id, report);
	if (!rc && id == CONFIG_NODES)
		rc = check_arrival(
			config, (const struct config_node *)old, (const struct config_node *)entry, report);
	if (rc) {
		/* The room that the first replacement found is still there. */
		int rc_back = list_replace(&config->lists[id], id, entry, old);
		ensure(rc_back == 0);
	}
	return rc;
}

int config_entry_edit(struct config *config, enum config_list_id list, struct config_pairs pairs,
	struct config_report *report, struct config_head **ret_entry)
{
	const struct schema *schema = schema_of_list(list);
	struct config_head *old, *entry;
	struct place place;
	int rc;

	place_init(&place, report, schema, NULL);
	rc = identity_of_pairs(config, list, pairs, &place, &old);
	if (rc)
		return rc;
	entry = object_duplicate(schema, old);
	if (!entry)
		return -ENOMEM;
	rc = apply(pairs, entry, &place, &list);
	if (!rc)
		rc = object_finish(schema, entry, &place);
	if (!rc && object_equal(schema, old, entry)) {
		object_unref(schema, entry);
		if (ret_entry)
			*ret_entry = config_entry_ref(old);
		return 0;
	}
	if (!rc)
		rc = check_moved(config, list, old, entry, &place);
	if (!rc)
		rc = replace_checked(config, list, old, entry, report);
	if (!rc && ret_entry)
		*ret_entry = config_entry_ref(entry);
	object_unref(schema, rc ? entry : old);
	return rc;
}

/* A node that routes name stays. */
static int check_unused(
	const struct config *config, const struct config_node *node, const struct place *place)
{
	const struct config_route *first = NULL;
	uint32_t users = 0;

	for (uint32_t i = 0; i < config_count(config, CONFIG_ROUTES); i++) {
		const struct config_route *route = config_route_at(config, i);
		if (!route->next_hop || strcmp(route->next_hop, node->name) != 0)
			continue;
		first = first ? first : route;
		users++;
	}
	if (!users)
		return 0;
	place_error(place, "name",
		"is the next hop of %u route%s, the first with pattern %s; delete these before", users,
		users == 1 ? "" : "s", first->match_uri ? first->match_uri : first->pattern);
	return -EBUSY;
}

int config_entry_delete(struct config *config, enum config_list_id list, struct config_pairs pairs,
	struct config_report *report, struct config_head **ret_entry)
{
	const struct schema *schema = schema_of_list(list);
	struct config_head *entry;
	struct place place;
	uint32_t at;
	int rc;

	rc = config_entry_find(config, list, pairs, report, &entry);
	if (rc)
		return rc;
	place_init(&place, report, schema, NULL);
	rc = list == CONFIG_NODES ? check_unused(config, (const struct config_node *)entry, &place) : 0;
	if (rc)
		return rc;
	at = list_remove(&config->lists[list], list, entry);
	if (check_around(config, list, report)) {
		int rc_back = list_insert(&config->lists[list], list, entry, at);
		ensure(rc_back == 0); /* its room was not given away */
		return -EBUSY;
	}
	if (ret_entry)
		*ret_entry = entry;
	else
		object_unref(schema, entry);
	return 0;
}

int config_entry_find(const struct config *config, enum config_list_id list, struct config_pairs pairs,
	struct config_report *report, struct config_head **ret_entry)
{
	struct place place;

	place_init(&place, report, schema_of_list(list), NULL);
	for (size_t i = 0; i < pairs.count; i++) {
		const struct schema_key *key = schema_find(place.schema, pairs.at[i].key);
		char quoted[TEXT_QUOTE_MAX];
		if (key && identity_has(list, key))
			continue;
		place_error(&place, NULL, "%s does not say which %s is meant; leave it out",
			text_quote(pairs.at[i].key, quoted), place.schema->name);
		return -EINVAL;
	}
	return identity_of_pairs(config, list, pairs, &place, ret_entry);
}

int config_entry_named(const struct config *config, enum config_list_id list, struct config_pairs pairs,
	struct config_report *report, struct config_head **ret_entry)
{
	struct place place;

	place_init(&place, report, schema_of_list(list), NULL);
	return identity_of_pairs(config, list, pairs, &place, ret_entry);
}

int config_entry_put(struct config *config, enum config_list_id list, struct config_head *before,
	struct config_head *after)
{
	struct config_list *entries = &config->lists[list];
	int rc = 0;

	ensure(before || after);
	if (before && after)
		rc = list_replace(entries, list, before, after);
	else if (after)
		rc = list_insert(entries, list, after, entries->count);
	else
		list_remove(entries, list, before);
	if (rc)
		return rc;
	if (after)
		config_entry_ref(after);
	config_entry_unref(list, before);
	return 0;
}

static const struct schema_key *find_section(struct span name, struct config_report *report)
{
	const struct schema_key *key = schema_find(&schema_root, name);
	char quoted[TEXT_QUOTE_MAX];

	if (key && key->kind == SCHEMA_SECTION)
		return key;
	config_report_error(report, 0, "",
		"%s is not a section; write instance, memory, workers, tcp, transactions, control, log or "
		"probe",
		text_quote(name, quoted));
	return NULL;
}

/* Sections live inside struct config and are reached by no other pointer, so they may trade places bytewise.
 */
static void trade(struct config_head *a, struct config_head *b, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char byte = ((char *)a)[i];
		((char *)a)[i] = ((char *)b)[i];
		((char *)b)[i] = byte;
	}
}

int config_section_edit(
	struct config *config, struct span section, struct config_pairs pairs, struct config_report *report)
{
	const struct schema_key *key = find_section(section, report);
	struct config_head *entry, *member;
	struct place place;
	int rc;

	if (!key)
		return -ENOENT;
	member = value_at(key, config);
	entry = object_duplicate(key->sub, member);
	if (!entry)
		return -ENOMEM;
	place_init(&place, report, key->sub, entry);
	place_path(&place, "%s", key->name);
	rc = apply(pairs, entry, &place, NULL);
	if (!rc) {
		trade(member, entry, key->sub->size);
		rc = check_around(config, CONFIG_LISTENERS, report);
		if (rc)
			trade(member, entry, key->sub->size);
	}
	entry->refs = 1; /* a section in place counts none */
	object_unref(key->sub, entry);
	return rc;
}

int config_section_put(struct config *config, struct span section, struct span key, struct span value)
{
	const struct schema_key *found = schema_find(&schema_root, section);
	const struct config_pair pair = {key, value};
	struct config_report report;
	struct place place;
	int rc;

	ensure(found && found->kind == SCHEMA_SECTION);
	config_report_init(&report, NULL);
	place_init(&place, &report, found->sub, value_at(found, config));
	rc = entry_set(found->sub, value_at(found, config), &pair, &place);
	config_report_fini(&report);
	ensure(rc == 0 || rc == -ENOMEM);
	return rc;
}
