/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a request goes, from what it says, who sent it and the snapshot. The proxy and `test route` ask the
 * same functions; the latter passes steps to be told every reason on the way.
 */
#ifndef PROXY_TARGET_H
#define PROXY_TARGET_H

#include "base/addr.h"
#include "node/pick.h"
#include "policy/route.h"
#include "proxy/known_hosts.h"
#include "sip/uri.h"
#include "snapshot.h"
#include "stats.h"
#include "trace.h"

#include <stdbool.h>
#include <stdint.h>

enum target_kind {
	TARGET_REFUSED, /* status and reason say how */
	TARGET_NODE,    /* node */
	TARGET_DIRECT,  /* endpoint: an address that is no node, which only nodes may name */
	TARGET_SELF,    /* the request is for the balancer itself */
};

struct target {
	enum target_kind kind;
	uint16_t status;  /* TARGET_REFUSED: the response */
	enum stat reason; /* TARGET_REFUSED: the counter */
	const struct node *node;
	struct endpoint endpoint;
	uint8_t transport;    /* TARGET_DIRECT: enum transport */
	uint16_t failover_ms; /* TARGET_NODE: the route's own patience; 0: it has none */
};

/* Of a target of kind NODE or DIRECT. */
static inline enum transport target_transport(const struct target *target)
{
	return target->kind == TARGET_NODE ? (enum transport)target->node->transport
					   : (enum transport)target->transport;
}

enum { TARGET_PATTERNS_MAX = 2 * PATTERNS_PER_HOST_MAX };

/* One pattern that was looked at, in that order. */
struct target_pattern {
	const struct route_pattern *pattern; /* lives as long as the snapshot's tables */
	int chosen;                          /* index into the pattern's hops, or -ENOENT */
	enum node_verdict verdicts[HOPS_PER_PATTERN_MAX];
};

struct target_steps {
	int domain; /* index, DOMAIN_UNKNOWN or DOMAIN_ANY; only when domain_asked */
	bool domain_asked;
	unsigned pattern_count;
	struct target_pattern patterns[TARGET_PATTERNS_MAX];
};

struct target_query {
	const struct snapshot *snap;
	unsigned worker; /* whose scratch memory: see route_match() */
	bool from_node;  /* the source is a configured node: trusted to name next hops and foreign domains */
	uint64_t node_key;              /* chooses among equal nodes */
	const struct node_tried *tried; /* NULL: none */
	struct trace *trace;
	struct target_steps *steps; /* NULL on the packet path */
	struct known_hosts *hosts;  /* NULL: every host is looked up anew */
};

/* By the Request-URI of a request outside any dialog (RFC 3261 16.5). */
struct target target_of_request_uri(const struct target_query *query, const struct sip_uri *uri);

/* By a next hop that the request names itself: its topmost Route (RFC 3261 16.6 step 7). */
struct target target_of_next_hop(const struct target_query *query, const struct sip_uri *uri);

/* By user and domain patterns alone: the request is known to be for one of our domains. */
struct target target_of_patterns(const struct target_query *query, const struct sip_uri *uri);

/* Where a URI points without DNS. */
struct literal {
	struct endpoint endpoint;
	uint8_t transport;    /* enum transport: UDP or TCP */
	bool names_transport; /* the URI says so itself; else it is UDP because nothing is said (RFC 3263 4.1)
			       */
};

/*
 * The address and port a URI names. Returns 0, -EHOSTUNREACH when the host is a name, -EPROTONOSUPPORT when
 * it wants another transport than UDP and TCP or has another scheme than sip.
 */
must_use int target_literal(const struct sip_uri *uri, struct literal *ret_literal);

/* The node at that address: over the transport that is wanted, else over another; NULL when there is none. */
const struct node *target_node_at(
	const struct snapshot *snap, const struct endpoint *ep, enum transport transport);

#endif
