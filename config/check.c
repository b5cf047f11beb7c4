/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes, ACL and the whole: what must hold between entries of the long lists. Every pass is linear in the
 * number of entries, because a file may hold a million routes. Ports, listeners and nodes are in
 * check_structure.c.
 */
#include "config/check.h"

#include "base/hash.h"
#include "config/entry.h"
#include "config/list.h"
#include "config/load.h"
#include "config/text.h"

#include <errno.h>
#include <string.h>

void check_place(const struct config *config, enum config_list_id id, uint32_t i,
	struct config_report *report, struct place *ret_place)
{
	place_init(ret_place, report, schema_of_list(id), config->lists[id].items[i]);
	place_path(ret_place, "%s[%u]", schema_list_key(id)->name, i);
}

/* " (line 12)", or nothing for an entry that came by a live change. */
static const char *line_note(const struct config_head *head, char buf[static 24])
{
	buf[0] = '\0';
	if (head->line)
		snprintf(buf, 24, " (line %u)", head->line);
	return buf;
}

int check_room(const struct config *config, enum config_list_id id, const struct config_head *entry,
	const struct place *place)
{
	struct config_head *group[CONFIG_ROUTES_PER_PATTERN_MAX];
	const struct config_list *list = &config->lists[id];
	const struct config_head *other;
	char note[24];

	if (list->count >= schema_list_key(id)->items_max) {
		place_error(
			place, NULL, "is one too many: there may be %u; delete another first", list->count);
		return -EINVAL;
	}
	if (id == CONFIG_ROUTES) {
		if (list_group(list, entry, group) < CONFIG_ROUTES_PER_PATTERN_MAX)
			return 0;
		place_error(place, NULL,
			"is one too many for its pattern, which may have %u routes; delete another",
			CONFIG_ROUTES_PER_PATTERN_MAX);
		return -EINVAL;
	}
	other = list_find(list, id, LIST_BY_KEY, entry);
	if (other) {
		place_error(place, place->schema->keys[0].name,
			"is taken already%s; give another, or delete one", line_note(other, note));
		return -EEXIST;
	}
	if (id != CONFIG_NODES)
		return 0;
	other = list_find(list, id, LIST_BY_ENDPOINT, entry);
	if (other) {
		place_error(place, "address",
			"with its port and transport is that of node %s already%s; keep one of the two",
			((const struct config_node *)other)->name, line_note(other, note));
		return -EEXIST;
	}
	return 0;
}

/* Whether two routes of one pattern lead to the same place. */
static bool same_destination(
	const struct config *config, const struct config_route *a, const struct config_route *b)
{
	struct config_next_hop left, right;
	int rc_left = config_next_hop(config, a, &left), rc_right = config_next_hop(config, b, &right);

	if (rc_left || rc_right)
		return !a->next_hop && !b->next_hop;
	return left.transport == right.transport && endpoint_equal(&left.endpoint, &right.endpoint);
}

static void check_next_hop(
	const struct config *config, const struct config_route *route, const struct place *place)
{
	struct config_next_hop hop;
	char quoted[TEXT_QUOTE_MAX];

	if (!route->next_hop)
		return;
	if (config_next_hop(config, route, &hop)) {
		place_error(place, "next_hop",
			"%s is not the name of a node; add it to nodes, or write an IP address",
			text_quote(span_str(route->next_hop), quoted));
		return;
	}
	if (route->next_hop_address.family != IP_NONE) {
		if (!hop.node && !check_reachable(config, &hop.endpoint.ip))
			place_error(place, "next_hop",
				"is in no prefix of a port, and no port has a gateway for IPv%u; add an "
				"address or "
				"a gateway",
				hop.endpoint.ip.family);
		return;
	}
	if (schema_given(place->schema, &route->head, "next_hop_port") &&
		route->next_hop_port != hop.endpoint.port)
		place_error(place, "next_hop_port", "is %u, but node %s has port %u; leave it out",
			route->next_hop_port, hop.name, hop.endpoint.port);
	if (schema_given(place->schema, &route->head, "protocol") && route->protocol != hop.transport)
		place_error(place, "protocol", "is %s, but node %s speaks %s; leave it out",
			transport_name(route->protocol), hop.name, transport_name(hop.transport));
}

/* Of two equal routes the later one is at fault; a live change (line 0) comes after everything. */
static bool stands_before(const struct config_route *a, const struct config_route *b)
{
	if (a->head.line != b->head.line)
		return b->head.line == 0 || (a->head.line != 0 && a->head.line < b->head.line);
	return b->head.line == 0 || a < b;
}

int check_twin(const struct config *config, const struct config_route *route, const struct place *place)
{
	struct config_head *group[CONFIG_ROUTES_PER_PATTERN_MAX];
	unsigned count = list_group(&config->lists[CONFIG_ROUTES], &route->head, group);
	char note[24];

	for (unsigned i = 0; i < count; i++) {
		const struct config_route *other = (const struct config_route *)group[i];
		if (other == route || !stands_before(other, route) || !same_destination(config, other, route))
			continue;
		place_error(place, route->match_uri ? "match_uri" : "pattern",
			"has a route to the same next hop already%s; keep one of the two",
			line_note(&other->head, note));
		return -EEXIST;
	}
	return 0;
}

int check_route(const struct config *config, const struct config_route *route, const struct place *place)
{
	uint32_t errors = place->report->error_count;

	check_available(route, place);
	check_next_hop(config, route, place);
	return place->report->error_count > errors ? -EINVAL : 0;
}

/* The endpoints that routes name and nobody declared, as a set that stops growing at the limit. */
struct implicit {
	struct endpoint endpoints[2 * CONFIG_NODES_MAX];
	uint8_t transports[2 * CONFIG_NODES_MAX];
	uint32_t count;
};

static void implicit_add(struct implicit *set, const struct config_next_hop *hop)
{
	const uint32_t mask = 2 * CONFIG_NODES_MAX - 1;
	uint64_t hash = hash_bytes(&hop->endpoint.ip, sizeof(hop->endpoint.ip),
		(uint64_t)hop->endpoint.port << 8 | hop->transport);
	uint32_t at = (uint32_t)hash & mask;

	static_assert((CONFIG_NODES_MAX & (CONFIG_NODES_MAX - 1)) == 0, "the mask needs a power of two");
	while (set->endpoints[at].port != 0) {
		if (set->transports[at] == hop->transport &&
			endpoint_equal(&set->endpoints[at], &hop->endpoint))
			return;
		at = (at + 1) & mask;
	}
	set->endpoints[at] = hop->endpoint;
	set->transports[at] = (uint8_t)hop->transport;
	set->count++;
}

int check_node_total(const struct config *config, struct config_report *report)
{
	uint32_t declared = config_count(config, CONFIG_NODES), routes = config_count(config, CONFIG_ROUTES);
	struct implicit set;
	struct config_next_hop hop;

	if (declared + routes <= CONFIG_NODES_MAX)
		return 0;
	memset(&set, 0, sizeof(set));
	for (uint32_t i = 0; i < routes; i++) {
		const struct config_route *route = config_route_at(config, i);
		if (route->next_hop_address.family == IP_NONE || config_next_hop(config, route, &hop) ||
			hop.node)
			continue;
		implicit_add(&set, &hop);
		if (declared + set.count > CONFIG_NODES_MAX) {
			config_report_error(report, route->head.line, "nodes",
				"with the next hops that routes name by address are more than %u; take some "
				"out",
				CONFIG_NODES_MAX);
			return -EINVAL;
		}
	}
	return 0;
}

int check_user_total(const struct config *config, struct config_report *report)
{
	struct config_head *group[CONFIG_ROUTES_PER_PATTERN_MAX];
	uint32_t different = 0;

	for (uint32_t i = 0; i < config_count(config, CONFIG_ROUTES); i++) {
		const struct config_route *route = config_route_at(config, i);
		if (route->type != CONFIG_ROUTE_USER || !route->pattern)
			continue;
		if (list_group(&config->lists[CONFIG_ROUTES], &route->head, group) &&
			group[0] == &route->head)
			different++;
		if (different <= CONFIG_USER_PATTERNS_MAX)
			continue;
		config_report_error(report, route->head.line, "routes",
			"of type user have more than %u different patterns; join some with |",
			CONFIG_USER_PATTERNS_MAX);
		return -EINVAL;
	}
	return 0;
}

static void warn_of_nothing(const struct config *config, struct config_report *report)
{
	if (config_count(config, CONFIG_ROUTES) == 0)
		config_report_warn(
			report, 0, "routes", "is empty, so every request gets 404; write at least one route");
	if (config_count(config, CONFIG_ACL) == 0)
		config_report_warn(report, 0, "acl",
			"is empty, so only nodes may send requests; write the peers' addresses, or all");
}

int config_check(const struct config *config, struct config_report *report)
{
	uint32_t errors = report->error_count;
	struct place place;
	int rc = check_structure(config, report);

	for (uint32_t i = 0; i < config_count(config, CONFIG_ROUTES); i++) {
		const struct config_route *route = config_route_at(config, i);
		if (route->head.broken)
			continue;
		check_place(config, CONFIG_ROUTES, i, report, &place);
		if (check_route(config, route, &place) || check_twin(config, route, &place))
			rc = -EINVAL;
	}
	if (check_node_total(config, report) || check_user_total(config, report))
		rc = -EINVAL;
	warn_of_nothing(config, report);
	return rc || report->error_count > errors ? -EINVAL : 0;
}
