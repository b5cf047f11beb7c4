/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a route table is made of. The base is shared by the tables derived from each other; the delta says
 * what changed since. A literal stands for one domain, so where a match of the base and one of the delta end
 * at the same byte they mean the same domain, and the delta's entry, perhaps empty, is the one that counts.
 */
#ifndef POLICY_ROUTE_PRIV_H
#define POLICY_ROUTE_PRIV_H

#include "policy/route_build.h"
#include "policy/scan_priv.h"

/* Compiled domains. */
struct route_literals {
	uint32_t refs;                /* atomic: the compile thread takes one while control drops another */
	struct hs_database *database; /* NULL: no domains */
};

/* References are counted by the control thread only. */
struct route_base {
	uint32_t refs;
	size_t count;
	struct route_literals *literals;
	const struct route_entry **entries; /* by literal id, sorted by text; an empty one was taken away */
	void *block;                        /* where the entries lie */
	size_t block_bytes;
};

/* One changed domain. Shared by the tables that have it; references are counted by the control thread. */
struct route_delta {
	uint32_t refs;
	uint64_t sequence;        /* of the table in which it first stood */
	struct route_entry entry; /* its block goes on behind */
};

/* Changed domains, sorted by text. */
struct route_delta_list {
	struct route_delta **items;
	size_t count;
};

struct route_table {
	struct route_base *base; /* holds a reference */
	struct hs_database *delta_database;
	struct route_delta_list delta; /* holds a reference on each */
	uint64_t sequence;             /* one more than that of the table it was derived from */
	struct scan_scratch scratch;
};

/*
 * route_base.c. Groups and entries are sorted by text; what a base is made of is copied. With literals, the
 * base takes a reference instead of compiling: they stand for the same texts in the same order.
 */
must_use int route_base_of_groups(const struct route_group *groups, size_t count,
	struct route_literals *literals, struct route_base **ret_base, struct policy_error *ret_error);
must_use int route_base_of_entries(const struct route_entry *const *entries, size_t count,
	struct route_base **ret_base, struct policy_error *ret_error);
void route_base_unref(struct route_base *base); /* NULL is fine */

/* route_delta.c */
must_use int route_delta_init(struct route_delta_list *list, size_t capacity);
void route_delta_fini(struct route_delta_list *list); /* drops its references */
/* Appends a new change; the texts must come in order, and the list must have room. */
must_use int route_delta_append(
	struct route_delta_list *list, const struct route_group *group, uint64_t sequence);
/* Shares an existing one. */
void route_delta_share(struct route_delta_list *list, struct route_delta *delta);

/* Takes over the base's reference and the list in any case, also when it fails. */
must_use int route_table_assemble(struct route_table *parts, unsigned worker_count,
	struct route_table **ret_table, struct policy_error *ret_error);

/* May that route stand in a table of domains? -EINVAL and why not. */
must_use int route_check(const struct route *route, struct policy_error *ret_error);

#endif
