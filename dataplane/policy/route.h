/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The match side of routing: which configured patterns cover a host, from the most to the least specific
 * (R-RT-1, R-RT-2). Workers call it on an immutable table inside the snapshot; route_build.h makes tables.
 */
#ifndef POLICY_ROUTE_H
#define POLICY_ROUTE_H

#include "base/ensure.h"
#include "base/hop.h"
#include "base/span.h"
#include "limits.h"

#include <stdint.h>

struct route_table;

/* What a pattern covers; config's enum config_scope stands in the same order. */
enum route_scope {
	ROUTE_EXACT,    /* the host alone */
	ROUTE_SUBTREE,  /* the host and every name below it */
	ROUTE_CHILDREN, /* the names below it only */
	ROUTE_USER,     /* a regular expression over the user part (R-RT-4): user.h */
	ROUTE_SCOPES,
};

/* The f of the log's "pwf" (R-RT-7). */
enum route_flags {
	ROUTE_IN_SERVICE = 1,
	ROUTE_BLOCK = 2,
	ROUTE_LESS_SPECIFIC = 4,
};

/*
 * All routes in service that share one pattern. It lives as long as the table it came from: a worker may
 * keep it until the end of its loop, control as long as it holds the table.
 */
struct route_pattern {
	struct span text;   /* reversed domain, lower case, bare ("com.domaina"), or the regular expression */
	uint8_t scope;      /* enum route_scope */
	uint8_t flags;      /* ROUTE_BLOCK or ROUTE_LESS_SPECIFIC when any of its routes says so (R-RT-6) */
	uint16_t hop_count; /* routes that block are no hops; 0 only with ROUTE_BLOCK */
	uint32_t block_route_id;  /* the first route that blocks, with ROUTE_BLOCK */
	const struct hop *hops;   /* by priority, equals in the operator's order */
	const uint8_t *hop_flags; /* enum route_flags of the route behind each hop */
};

/* What kind of name the host was: says why nothing matched. */
enum route_host {
	ROUTE_HOST_DOMAIN,
	ROUTE_HOST_IP,      /* brackets, or a number for the last label: never matches a domain pattern */
	ROUTE_HOST_INVALID, /* empty, too long, an empty label, or a byte that no host name has */
};

struct route_result {
	enum route_host host;
	unsigned count;
	const struct route_pattern *patterns[PATTERNS_PER_HOST_MAX]; /* most specific first */
};

/*
 * Finds the patterns that cover `host`, a host as in a URI: any case, a trailing dot is ignored. When more
 * than PATTERNS_PER_HOST_MAX cover it, the least specific ones are left out. `worker` is below the table's
 * worker count and names the scratch memory to use, so no two threads may pass the same; the control
 * thread passes the worker count itself.
 */
void route_match(
	const struct route_table *table, unsigned worker, struct span host, struct route_result *ret_result);

/*
 * The pattern as an operator writes it: ".com.domaina.*", ".com.domaina.lyncserver", "*.sip.com" for the
 * children alone, "user:REGEX". Writes at most size bytes with the NUL; returns the full length.
 */
size_t route_pattern_format(const struct route_pattern *pattern, char *buf, size_t size);

const char *route_scope_name(enum route_scope scope);
const char *route_host_name(enum route_host host);

#endif
