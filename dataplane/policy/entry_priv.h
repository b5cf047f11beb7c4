/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An entry: everything a table knows about one text (a reversed domain or an expression): its patterns, their
 * hops, and the text itself, in one block of memory that its owner places where it likes.
 */
#ifndef POLICY_ENTRY_PRIV_H
#define POLICY_ENTRY_PRIV_H

#include "policy/error.h"
#include "policy/route_build.h"

/* Immutable once placed. No patterns: the text was removed, and hides an entry of the base. */
struct route_entry {
	struct span text;
	uint32_t bytes; /* of the whole block, a multiple of ENTRY_ALIGN */
	uint16_t pattern_count;
	struct route_pattern patterns[]; /* the narrowest scope first */
};

enum { ENTRY_ALIGN = 8 };

/* Routes of the same text, in service, in the order of entry_routes_sort. */
struct route_group {
	struct span text;
	const struct route *const *routes;
	size_t count;
};

/* By text, then scope from narrow to wide, then priority, then place in the operator's array. */
void entry_routes_sort(const struct route **routes, size_t count);

int entry_text_compare(struct span a, struct span b);

/* Takes the routes of the first text off the list; false when none is left. */
bool entry_group_next(const struct route ***routes, size_t *count, struct route_group *ret_group);

/* May an entry be made of it? -EINVAL with the reason when a pattern has too many hops. */
must_use int entry_group_check(const struct route_group *group, struct policy_error *ret_error);

size_t entry_bytes(const struct route_group *group);

/* Both write to memory of the entry's size, aligned to ENTRY_ALIGN, and copy all they need. */
struct route_entry *entry_place(void *memory, const struct route_group *group);
struct route_entry *entry_copy(void *memory, const struct route_entry *from);

#endif
