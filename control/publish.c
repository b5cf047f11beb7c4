/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Called by commit.c and by the control thread's tick. Retired snapshots stand in a queue, oldest first, and
 * each one's grace period began no earlier than that of the one before it: so only the head is ever asked.
 */
#include "control/publish.h"

#include "control/nodes.h"
#include "policy/acl.h"
#include "policy/domain.h"
#include "policy/route_build.h"
#include "policy/user.h"

#include <errno.h>
#include <stdlib.h>

struct retired {
	struct retired *next;
	struct snapshot *snapshot;
	struct parts parts; /* those its successor replaced */
	struct rcu_grace grace;
	uint64_t successor; /* generation of the snapshot that took its place */
};

void parts_free(struct parts *parts)
{
	route_table_destroy(parts->routes);
	user_table_destroy(parts->users);
	acl_destroy(parts->acl);
	domain_set_destroy(parts->domains);
	nodes_table_destroy(parts->nodes);
	*parts = (struct parts){0};
}

static void snapshot_use(struct snapshot *snapshot, const struct parts *parts)
{
	snapshot->routes = parts->routes;
	snapshot->users = parts->users;
	snapshot->acl = parts->acl;
	snapshot->domains = parts->domains;
	snapshot->nodes = parts->nodes;
}

void publisher_init(struct publisher *publisher, struct snapshot *first, const struct parts *parts)
{
	*publisher = (struct publisher){.current = first, .parts = *parts, .released = first->generation};
	snapshot_use(first, parts);
}

static void retired_free(struct retired *retired)
{
	parts_free(&retired->parts);
	free(retired->snapshot);
	free(retired);
}

void publisher_fini(struct publisher *publisher)
{
	while (publisher->oldest) {
		struct retired *retired = publisher->oldest;
		publisher->oldest = retired->next;
		retired_free(retired);
	}
	publisher->newest = NULL;
	parts_free(&publisher->parts);
	free(publisher->current);
	publisher->current = NULL;
}

struct snapshot *publisher_next(const struct publisher *publisher)
{
	struct snapshot *next = malloc(sizeof(*next));

	if (next)
		*next = *publisher->current;
	return next;
}

#define TAKE_PART(kind)                                              \
	do {                                                         \
		if (parts->kind) {                                   \
			retired->parts.kind = publisher->parts.kind; \
			publisher->parts.kind = parts->kind;         \
		}                                                    \
	} while (0)

static void take_parts(struct publisher *publisher, const struct parts *parts, struct retired *retired)
{
	TAKE_PART(routes);
	TAKE_PART(users);
	TAKE_PART(acl);
	TAKE_PART(domains);
	TAKE_PART(nodes);
}

int publisher_publish(
	struct publisher *publisher, struct snapshot *next, const struct parts *parts, uint64_t now_ns)
{
	struct retired *retired = calloc(1, sizeof(*retired));

	if (!retired)
		return -ENOMEM;
	take_parts(publisher, parts, retired);
	snapshot_use(next, &publisher->parts);
	next->serial = publisher->current->serial + 1;
	retired->snapshot = publisher->current;
	retired->successor = next->generation;
	publisher->current = next;
	ensure(rcu_publish(publisher->rcu, next) == retired->snapshot);
	rcu_grace_begin(publisher->rcu, now_ns, &retired->grace);
	if (publisher->newest)
		publisher->newest->next = retired;
	else
		publisher->oldest = retired;
	publisher->newest = retired;
	return 0;
}

unsigned publisher_tick(struct publisher *publisher, uint64_t now_ns)
{
	unsigned waiting = 0;

	while (publisher->oldest && rcu_grace_over(publisher->rcu, &publisher->oldest->grace, now_ns)) {
		struct retired *retired = publisher->oldest;
		publisher->oldest = retired->next;
		if (!publisher->oldest)
			publisher->newest = NULL;
		publisher->released = retired->successor;
		publisher->grace_count++;
		publisher->grace_last_ns = retired->grace.took_ns;
		if (retired->grace.took_ns > publisher->grace_longest_ns)
			publisher->grace_longest_ns = retired->grace.took_ns;
		retired_free(retired);
	}
	for (const struct retired *retired = publisher->oldest; retired; retired = retired->next)
		waiting++;
	return waiting;
}

int publisher_laggard(const struct publisher *publisher)
{
	return publisher->oldest ? rcu_laggard(publisher->rcu, &publisher->oldest->grace) : -1;
}
