/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From one snapshot to the next: the pointer is swapped, a grace period passes in which no worker is waited
 * for, then what only the old snapshot had is freed. Snapshots share their parts with their successors.
 */
#ifndef CONTROL_PUBLISH_H
#define CONTROL_PUBLISH_H

#include "base/ensure.h"
#include "rcu.h"
#include "snapshot.h"

/* Parts that a snapshot brings, or that went out of use with its predecessor; NULL: none of that kind. */
struct parts {
	struct route_table *routes;
	struct user_table *users;
	struct acl *acl;
	struct domain_set *domains;
	struct node_table *nodes;
};

void parts_free(struct parts *parts);

struct retired; /* waits for its grace period */

struct publisher {
	struct rcu *rcu;          /* borrowed; NULL until there are workers */
	struct snapshot *current; /* owner: this */
	struct parts parts;       /* of the current one */
	struct retired *oldest, *newest;
	uint64_t released;    /* generation: no worker holds an older snapshot */
	uint64_t grace_count; /* grace periods that are over */
	uint64_t grace_last_ns, grace_longest_ns;
};

/* The first snapshot, which no worker has seen yet. Takes both. */
void publisher_init(struct publisher *publisher, struct snapshot *first, const struct parts *parts);
/* The workers have stopped. */
void publisher_fini(struct publisher *publisher);

/* A copy of the current snapshot, to change and publish; NULL when memory is short. */
struct snapshot *publisher_next(const struct publisher *publisher);

/*
 * Makes `next` the current snapshot, with the parts given in the place of the current ones of their kind.
 * Takes both. Returns 0, or -ENOMEM with nothing done and nothing taken.
 */
must_use int publisher_publish(
	struct publisher *publisher, struct snapshot *next, const struct parts *parts, uint64_t now_ns);

/* Frees what no worker can hold any more. Returns how many grace periods are still under way. */
unsigned publisher_tick(struct publisher *publisher, uint64_t now_ns);

/* The worker that is waited for, or -1. */
int publisher_laggard(const struct publisher *publisher);

#endif
