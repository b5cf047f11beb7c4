/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The routing decision. Called for each request that opens a dialog or stands alone, for a dialog whose node
 * is gone, and by explain.c. User patterns come before domain patterns, for they say more (R-RT-4); within
 * each the most specific comes first (R-RT-2).
 */
#include "proxy/target.h"

#include "policy/domain.h"
#include "policy/user.h"

#include <errno.h>

static struct target refused(uint16_t status, enum stat reason)
{
	return (struct target){.kind = TARGET_REFUSED, .status = status, .reason = reason};
}

/* R-RT-7: the form of the original's log. */
static void trace_choice(
	const struct target_query *query, const struct route_pattern *pattern, unsigned hop, struct span host)
{
	const struct node *node = node_by_slot(query->snap->nodes, pattern->hops[hop].node_slot);
	char remote[ENDPOINT_TEXT_MAX];

	if (!node)
		return;
	endpoint_format(&node->remote, remote);
	tracef(query->trace, TRACE_ROUTING, "Routing: Found %s route for %.*s:%s;%s pwf %u:%u:%u",
		pattern->scope == ROUTE_USER ? "user" : "domain", SPAN_ARG(host), remote,
		node->transport == TRANSPORT_UDP   ? "UDP"
		: node->transport == TRANSPORT_TCP ? "TCP"
						   : "TLS",
		pattern->hops[hop].priority, pattern->hops[hop].weight, pattern->hop_flags[hop]);
}

/* The same choice, with a reason for each candidate. */
static __attribute__((noinline)) int explain_hop(
	const struct target_query *query, const struct route_pattern *pattern)
{
	struct target_steps *steps = query->steps;
	struct target_pattern *step;

	ensure(steps->pattern_count < TARGET_PATTERNS_MAX);
	step = &steps->patterns[steps->pattern_count++];
	step->pattern = pattern;
	step->chosen = node_pick_explain(
		query->snap->nodes, pattern->hops, pattern->hop_count, query->node_key, step->verdicts);
	return step->chosen;
}

static inline int pick_hop(const struct target_query *query, const struct route_pattern *pattern)
{
	if (unlikely_true(query->steps))
		return explain_hop(query, pattern);
	return node_pick_untried(
		query->snap->nodes, pattern->hops, pattern->hop_count, query->node_key, query->tried);
}

struct target_search {
	struct span name;        /* what was looked up, for the log */
	const struct node *node; /* that was found, by a route with that patience; NULL: none yet */
	uint16_t failover_ms;
	uint16_t status; /* else how to refuse, as far as is known */
	enum stat reason;
	bool done;
};

static struct target_search search_begin(void)
{
	return (struct target_search){.status = 404, .reason = STAT_sip_no_route};
}

static inline struct target search_end(const struct target_search *search)
{
	if (unlikely_true(!search->node))
		return refused(search->status, search->reason);
	return (struct target){.kind = TARGET_NODE, .node = search->node, .failover_ms = search->failover_ms};
}

/* Goes through the patterns until one decides: R-RT-5, R-RT-6. */
static void try_patterns(const struct target_query *query, const struct route_pattern *const *patterns,
	unsigned count, struct target_search *search)
{
	for (unsigned i = 0; i < count && !search->done; i++) {
		const struct route_pattern *pattern = patterns[i];
		int hop = pick_hop(query, pattern);

		if (pattern->flags & ROUTE_BLOCK) {
			search->status = 403;
			search->reason = STAT_sip_route_blocked;
			search->done = true;
		} else if (hop >= 0) {
			if (trace_on(query->trace, TRACE_ROUTING))
				trace_choice(query, pattern, (unsigned)hop, search->name);
			search->failover_ms = pattern->hops[hop].failover_ms;
			search->node = node_by_slot(query->snap->nodes, pattern->hops[hop].node_slot);
			search->done = true;
		} else {
			search->status = 503;
			search->reason = STAT_sip_no_node;
			search->done = !(pattern->flags & ROUTE_LESS_SPECIFIC);
		}
	}
}

static bool has_users(const struct target_query *query)
{
	return query->snap->users && !user_table_is_empty(query->snap->users);
}

static __attribute__((noinline)) void try_users(
	const struct target_query *query, const struct sip_uri *uri, struct target_search *search)
{
	char user[USER_PART_MAX_BYTES];
	struct route_result found;
	int len;

	if (uri->user.len == 0)
		return;
	len = sip_unescape(uri->user, user, sizeof(user));
	if (len < 0)
		return;
	found.count = 0;
	user_match(query->snap->users, query->worker, span_of(user, (size_t)len), &found);
	search->name = uri->user;
	try_patterns(query, found.patterns, found.count, search);
}

/* R-RT-9: a telephone number has no domain, whatever stands behind its "@". */
static bool is_phone(const struct sip_uri *uri)
{
	struct span value;

	return uri->host.len == 0 ||
	       (sip_param_find(uri->params, "user", &value) && span_ieq_str(value, "phone"));
}

/* Finds the patterns anew, and remembers them with what else will be asked about the host. */
static __attribute__((noinline)) void try_unknown(
	const struct target_query *query, struct span host, struct target_search *search)
{
	struct route_result found;

	route_match(query->snap->routes, query->worker, host, &found);
	if (query->hosts)
		known_host_learn(query->hosts, query->snap, host, &found,
			domain_find(query->snap->domains, host) != DOMAIN_UNKNOWN);
	try_patterns(query, found.patterns, found.count, search);
}

static const struct known_host *find_known(const struct target_query *query, struct span host)
{
	return query->hosts ? known_host_find(query->hosts, query->snap, host) : NULL;
}

/* `known` is what find_known() says of the host. */
static void try_domains(const struct target_query *query, const struct sip_uri *uri,
	const struct known_host *known, struct target_search *search)
{
	if (is_phone(uri) || search->done)
		return;
	if (trace_on(query->trace, TRACE_ROUTING))
		tracef(query->trace, TRACE_ROUTING, "Routing: dipping for %.*s", SPAN_ARG(uri->host));
	search->name = uri->host;
	if (likely_true(known))
		try_patterns(query, known->patterns, known->pattern_count, search);
	else
		try_unknown(query, uri->host, search);
}

static __attribute__((noinline)) struct target target_by_search(
	const struct target_query *query, const struct sip_uri *uri, const struct known_host *known)
{
	struct target_search search = search_begin();

	if (has_users(query))
		try_users(query, uri, &search);
	try_domains(query, uri, known, &search);
	return search_end(&search);
}

/* The first pattern of a known host mostly decides. NULL: there is more to ask, or somebody to tell. */
static inline const struct hop *first_hop(
	const struct target_query *query, const struct sip_uri *uri, const struct known_host *known)
{
	const struct route_pattern *pattern;
	int hop;

	if (!known || known->pattern_count == 0 || uri->params.len > 0 || has_users(query) || query->steps ||
		trace_on(query->trace, TRACE_ROUTING))
		return NULL;
	pattern = known->patterns[0];
	if (pattern->flags & ROUTE_BLOCK)
		return NULL;
	hop = node_pick_untried(
		query->snap->nodes, pattern->hops, pattern->hop_count, query->node_key, query->tried);
	return hop >= 0 ? &pattern->hops[hop] : NULL;
}

static inline struct target target_of_known(
	const struct target_query *query, const struct sip_uri *uri, const struct known_host *known)
{
	const struct hop *hop = first_hop(query, uri, known);

	if (unlikely_true(!hop))
		return target_by_search(query, uri, known);
	return (struct target){.kind = TARGET_NODE,
		.node = node_by_slot(query->snap->nodes, hop->node_slot),
		.failover_ms = hop->failover_ms};
}

struct target target_of_patterns(const struct target_query *query, const struct sip_uri *uri)
{
	return target_of_known(query, uri, find_known(query, uri->host));
}

int target_literal(const struct sip_uri *uri, struct literal *ret_literal)
{
	struct literal literal = {.endpoint.port = uri->port, .transport = TRANSPORT_UDP};
	enum transport transport;
	struct span text;

	if (uri->scheme != SIP_SCHEME_SIP)
		return -EPROTONOSUPPORT;
	if (ip_parse(uri->host, &literal.endpoint.ip) != 0)
		return -EHOSTUNREACH;
	if (sip_param_find(uri->params, "transport", &text)) {
		if (transport_parse(text, &transport) != 0 || transport == TRANSPORT_TLS)
			return -EPROTONOSUPPORT;
		literal.transport = (uint8_t)transport;
		literal.names_transport = true;
	}
	if (literal.endpoint.port == 0)
		literal.endpoint.port = transport_default_port(literal.transport);
	*ret_literal = literal;
	return 0;
}

const struct node *target_node_at(
	const struct snapshot *snap, const struct endpoint *ep, enum transport transport)
{
	const struct node *node = node_by_id(snap->nodes, node_id(ep, transport));

	return node && endpoint_equal(&node->remote, ep) ? node : node_by_endpoint(snap->nodes, ep);
}

/*
 * An address instead of a name. A configured node may be reached so by everybody we admit; anything else
 * would make us an open relay, so only nodes may ask for it.
 */
static struct target target_of_literal(const struct target_query *query, const struct literal *literal)
{
	const struct endpoint *ep = &literal->endpoint;
	const struct node *node = target_node_at(query->snap, ep, literal->transport);

	if (node && node_was_tried(query->tried, node->id))
		return refused(503, STAT_sip_no_node);
	if (node)
		return node_serves_dialogs(node) ? (struct target){.kind = TARGET_NODE, .node = node}
						 : refused(503, STAT_sip_no_node);
	if (!query->from_node || ip_is_multicast(&ep->ip) || ip_is_unspecified(&ep->ip))
		return refused(403, STAT_sip_relay_denied);
	return (struct target){.kind = TARGET_DIRECT, .endpoint = *ep, .transport = literal->transport};
}

struct target target_of_next_hop(const struct target_query *query, const struct sip_uri *uri)
{
	struct literal literal;
	struct target target;

	switch (target_literal(uri, &literal)) {
	case 0:
		return target_of_literal(query, &literal);
	case -EPROTONOSUPPORT:
		return query->from_node ? refused(503, STAT_sip_transport_unserved)
					: refused(403, STAT_sip_relay_denied);
	default:
		/* A name: our own table is all the DNS a worker has. */
		target = target_of_patterns(query, uri);
		if (target.kind == TARGET_REFUSED && target.reason == STAT_sip_no_route && !query->from_node)
			return refused(403, STAT_sip_relay_denied);
		return target;
	}
}

/*
 * R-DOM-1. Nodes are exempt: what they send outward is for foreign domains, which have routes but are not
 * served here (R-RT-8).
 */
static bool domain_served(const struct target_query *query, struct span host)
{
	int domain = domain_find(query->snap->domains, host);

	if (query->steps) {
		query->steps->domain = domain;
		query->steps->domain_asked = true;
	}
	return domain != DOMAIN_UNKNOWN || query->from_node;
}

static struct target target_of_number(const struct target_query *query, const struct sip_uri *uri)
{
	struct target target = target_of_patterns(query, uri);

	if (target.kind == TARGET_REFUSED && target.reason == STAT_sip_no_route)
		return refused(416, STAT_sip_scheme_unserved);
	return target;
}

/* 16.5: a maddr that is not ours is the only target there may be; one that is ours has done its work. */
static bool foreign_maddr(const struct snapshot *snap, const struct sip_uri *uri, struct sip_uri *ret_next)
{
	struct ip_addr ip;
	struct span maddr;

	if (!sip_param_find(uri->params, "maddr", &maddr) || maddr.len == 0 ||
		(ip_parse(maddr, &ip) == 0 && snapshot_is_local_ip(snap, &ip)))
		return false;
	*ret_next = *uri;
	ret_next->host = maddr;
	return true;
}

/* An address has no domain: a user pattern may know the user, else the address itself is what is asked for.
 */
static struct target target_of_address(
	const struct target_query *query, const struct sip_uri *uri, const struct ip_addr *ip)
{
	struct target_search users = search_begin();

	if (has_users(query))
		try_users(query, uri, &users);
	if (users.done || users.reason != STAT_sip_no_route)
		return search_end(&users);
	if (snapshot_is_local_ip(query->snap, ip))
		return (struct target){.kind = TARGET_SELF};
	return target_of_next_hop(query, uri);
}

struct target target_of_request_uri(const struct target_query *query, const struct sip_uri *uri)
{
	const struct known_host *known;
	struct sip_uri next;
	struct ip_addr ip;

	if (uri->scheme != SIP_SCHEME_SIP && uri->scheme != SIP_SCHEME_SIPS)
		return target_of_number(query, uri);
	if (foreign_maddr(query->snap, uri, &next))
		return target_of_next_hop(query, &next);
	known = find_known(query, uri->host);
	if (likely_true(known && (known->served || query->from_node)))
		return target_of_known(query, uri, known);
	if (ip_parse(uri->host, &ip) == 0)
		return target_of_address(query, uri, &ip);
	if (!domain_served(query, uri->host))
		return refused(404, STAT_sip_domain_unknown);
	return target_of_patterns(query, uri);
}
