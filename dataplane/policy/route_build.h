/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The build side of routing. A table is a large base, compiled once, plus a small delta of the domains that
 * changed since; a change compiles only the delta (milliseconds), and a merge, run aside on the compile
 * thread, folds the delta into a new base. Tables are values: each call gives a new one and leaves the old as
 * it was, so a failure changes nothing.
 *
 * Threads: route_table_create and route_merge_run may run on any thread; everything else belongs to the
 * control thread, which alone counts references.
 */
#ifndef POLICY_ROUTE_BUILD_H
#define POLICY_ROUTE_BUILD_H

#include "limits.h"
#include "policy/error.h"
#include "policy/route.h"

#include <stdbool.h>

enum {
	ROUTE_DELTA_MERGE = 128, /* changed domains: from here on a merge is worth its while */
	ROUTE_DELTA_SHARE = 8,   /* a table follows another if at most one domain in so many differs */
};

/* One configured route. Spans need to live only during the call. */
struct route {
	struct span text; /* reversed domain, lower case, bare ("com.domaina"); for user.h the expression */
	uint8_t scope;    /* enum route_scope; ROUTE_USER only for user.h */
	uint8_t flags;    /* enum route_flags; without ROUTE_IN_SERVICE the route is left out */
	struct hop hop;   /* with ROUTE_BLOCK only route_id and priority matter */
};

/* A domain and all its routes, of every scope, as they are to be afterwards; none removes the domain. */
struct route_change {
	struct span domain;
	const struct route *routes;
	size_t route_count;
};

/*
 * Compiles a table from all routes, in any order. Takes seconds at 100,000: call it on the compile thread.
 * `like` may be NULL, or a table whose compiled literals are taken over when most domains are the same, as
 * after a change of nodes or weights: then it takes tens of milliseconds, and the other domains become the
 * delta. It must live until the return.
 * Returns 0, -EINVAL (a pattern that cannot be), -ENOMEM, or -EIO (the compiler refused); *ret_error says
 * why.
 */
struct route_build {
	const struct route *routes;
	size_t route_count;
	unsigned worker_count;
	const struct route_table *like;
};
must_use int route_table_create(
	const struct route_build *build, struct route_table **ret_table, struct policy_error *ret_error);

/*
 * A new table with some domains changed. Takes a few milliseconds, growing with the delta, not with the
 * base. -E2BIG: the delta would exceed ROUTE_DELTA_MAX; create the whole table aside instead.
 */
must_use int route_table_with(const struct route_table *table, const struct route_change *changes,
	size_t change_count, struct route_table **ret_table, struct policy_error *ret_error);

/* Frees the table; what it shares with others stays. Only after the grace period. NULL is fine. */
void route_table_destroy(struct route_table *table);

/*
 * A merge in three steps: begin on the control thread (microseconds), run on the compile thread (seconds),
 * finish on the control thread: the result is `current`, on the new base, with the changes made meanwhile as
 * its delta. `current` must descend from the table the merge began with by route_table_with, else -ESTALE.
 * Destroy the merge in any case, on the control thread, never while it runs.
 */
struct route_merge;

must_use int route_merge_begin(
	const struct route_table *table, struct route_merge **ret_merge, struct policy_error *ret_error);
must_use int route_merge_run(struct route_merge *merge, struct policy_error *ret_error);
must_use int route_merge_finish(struct route_merge *merge, const struct route_table *current,
	struct route_table **ret_table, struct policy_error *ret_error);
void route_merge_destroy(struct route_merge *merge);

struct route_table_info {
	size_t domains; /* domains with at least one pattern */
	size_t base_domains;
	size_t delta_domains;  /* changed or removed since the base was compiled */
	size_t database_bytes; /* compiled literals, base and delta */
	size_t entry_bytes;    /* patterns and hops */
	size_t scratch_bytes;  /* of all workers */
};

void route_table_info(const struct route_table *table, struct route_table_info *ret_info);

bool route_table_wants_merge(const struct route_table *table);

#endif
