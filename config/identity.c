/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the one entry that a person or another configuration means. Everything but routes has one key; a
 * route is its pattern and, among those that share it, its next hop.
 */
#include "config/identity.h"

#include "config/list.h"
#include "config/object.h"
#include "config/text.h"

#include <errno.h>
#include <string.h>

bool identity_has(enum config_list_id id, const struct schema_key *key)
{
	static const char *const of_route[] = {
		"pattern", "match_uri", "type", "next_hop", "next_hop_port", "protocol"};

	if (id != CONFIG_ROUTES)
		return schema_index(schema_of_list(id), key) == 0;
	for (size_t i = 0; i < sizeof(of_route) / sizeof(of_route[0]); i++) {
		if (strcmp(key->name, of_route[i]) == 0)
			return true;
	}
	return false;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static uint16_t literal_port(const struct config_route *route)
{
	return route->next_hop_port ? route->next_hop_port : transport_default_port(route->protocol);
}

/* By what the routes say, not by what it resolves to: they may belong to configurations with other nodes. */
static bool same_hop(const struct config_route *a, const struct config_route *b)
{
	if (a->next_hop_address.family == IP_NONE || b->next_hop_address.family == IP_NONE)
		return same_text(a->next_hop, b->next_hop);
	return ip_equal(&a->next_hop_address, &b->next_hop_address) && a->protocol == b->protocol &&
	       literal_port(a) == literal_port(b);
}

struct config_head *identity_find(
	const struct config *config, enum config_list_id id, const struct config_head *like)
{
	struct config_head *group[CONFIG_ROUTES_PER_PATTERN_MAX];
	unsigned count;

	if (id != CONFIG_ROUTES)
		return list_find(&config->lists[id], id, LIST_BY_KEY, like);
	count = list_group(&config->lists[id], like, group);
	for (unsigned i = 0; i < count; i++) {
		if (same_hop((const struct config_route *)group[i], (const struct config_route *)like))
			return group[i];
	}
	return NULL;
}

/* Whether a route is one of those that the keys given in `like` describe. */
static bool hop_fits(const struct config_route *route, const struct config_route *like)
{
	const struct schema *schema = schema_of_list(CONFIG_ROUTES);

	if (like->next_hop && like->next_hop_address.family != IP_NONE) {
		if (!ip_equal(&route->next_hop_address, &like->next_hop_address))
			return false;
	} else if (like->next_hop && !same_text(route->next_hop, like->next_hop)) {
		return false;
	}
	if (schema_given(schema, &like->head, "next_hop_port") && literal_port(route) != like->next_hop_port)
		return false;
	return !schema_given(schema, &like->head, "protocol") || route->protocol == like->protocol;
}

struct candidates {
	struct config_head *group[CONFIG_ROUTES_PER_PATTERN_MAX];
	unsigned count;
	struct config_head *only; /* the last one that fits */
	unsigned fitting;
};

static void gather(const struct config *config, const struct config_route *like, struct candidates *found)
{
	found->count = list_group(&config->lists[CONFIG_ROUTES], &like->head, found->group);
	for (unsigned i = 0; i < found->count; i++) {
		if (!hop_fits((const struct config_route *)found->group[i], like))
			continue;
		found->only = found->group[i];
		found->fitting++;
	}
}

/* The next hops there are, for somebody who named none or a wrong one. */
static void list_hops(const struct candidates *found, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < found->count && len < size; i++) {
		const struct config_route *route = (const struct config_route *)found->group[i];
		len += (size_t)snprintf(buf + len, size - len, "%s%s", i ? ", " : "",
			route->next_hop ? route->next_hop : "(block)");
		if (route->next_hop_port && len < size)
			len += (size_t)snprintf(buf + len, size - len, " port %u", route->next_hop_port);
	}
}

static int choose(const struct candidates *found, const struct config_route *like, const struct place *place,
	struct config_head **ret_entry)
{
	const char *key = like->match_uri ? "match_uri" : "pattern";
	char quoted[TEXT_QUOTE_MAX], hops[256];

	text_quote(span_str(like->match_uri ? like->match_uri : like->pattern), quoted);
	if (found->fitting == 1) {
		*ret_entry = found->only;
		return 0;
	}
	list_hops(found, hops, sizeof(hops));
	if (found->count == 0)
		place_error(place, key, "%s has no route; see which there are with show route", quoted);
	else if (found->fitting == 0)
		place_error(place, "next_hop", "is not that of a route of %s; it leads to %s", quoted, hops);
	else
		place_error(place, key,
			"%s has %u routes, to %s; add next_hop, and next_hop_port or type if needed", quoted,
			found->fitting, hops);
	return found->fitting ? -EINVAL : -ENOENT;
}

/* Without a type both readings of a pattern are tried, the domain first: people seldom write the type here.
 */
static int choose_route(const struct config *config, struct config_route *like, const struct place *place,
	struct config_head **ret_entry)
{
	bool guess = like->pattern && !schema_given(place->schema, &like->head, "type");
	struct candidates found = {.count = 0};
	struct domain_pattern pattern;
	int rc;

	like->block = true; /* for derive: a next hop is not needed to choose a route */
	if (guess && !text_read_pattern(span_str(like->pattern), &pattern)) {
		like->type = CONFIG_ROUTE_DOMAIN;
		rc = place->schema->derive(like, place);
		if (rc)
			return rc;
		gather(config, like, &found);
		like->type = CONFIG_ROUTE_USER;
	}
	if (found.count == 0) {
		rc = place->schema->derive(like, place);
		if (rc)
			return rc;
		gather(config, like, &found);
	}
	return choose(&found, like, place, ret_entry);
}

static int choose_by_key(const struct config *config, enum config_list_id id, struct config_head *like,
	const struct place *place, struct config_head **ret_entry)
{
	const struct schema_key *key = &place->schema->keys[0];
	char value[ENTRY_VALUE_MAX], quoted[TEXT_QUOTE_MAX];
	struct config_head *found;
	int rc;

	if (!schema_given(place->schema, like, key->name)) {
		place_error(place, key->name, "is missing; write %s=... to say which %s is meant", key->name,
			place->schema->name);
		return -EINVAL;
	}
	rc = place->schema->derive ? place->schema->derive(like, place) : 0;
	if (rc)
		return rc;
	found = list_find(&config->lists[id], id, LIST_BY_KEY, like);
	if (!found) {
		entry_value(key, like, value, sizeof(value));
		place_error(place, key->name, "%s is not there; see which there are with show %s",
			text_quote(span_str(value), quoted), place->schema->name);
		return -ENOENT;
	}
	*ret_entry = found;
	return 0;
}

int identity_of_pairs(const struct config *config, enum config_list_id id, struct config_pairs pairs,
	const struct place *place, struct config_head **ret_entry)
{
	struct config_head *like = object_create(place->schema);
	bool errors_only = place->report->errors_only;
	int rc = like ? 0 : -ENOMEM;

	place->report->errors_only = true; /* what is found may look odd: it is there nevertheless */
	for (size_t i = 0; i < pairs.count && !rc; i++) {
		const struct schema_key *key = schema_find(place->schema, pairs.at[i].key);
		if (key && identity_has(id, key))
			rc = entry_set(place->schema, like, &pairs.at[i], place);
	}
	if (!rc && id == CONFIG_ROUTES)
		rc = choose_route(config, (struct config_route *)like, place, ret_entry);
	else if (!rc)
		rc = choose_by_key(config, id, like, place, ret_entry);
	place->report->errors_only = errors_only;
	object_unref(place->schema, like);
	return rc;
}
