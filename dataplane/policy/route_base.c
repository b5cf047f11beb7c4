/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The large, slow part of a route table: entries in one block, literals compiled from them. Made on any
 * thread, shared and released on the control thread.
 */
#include "policy/route_priv.h"

#include <errno.h>
#include <stdlib.h>

static void literals_unref(struct route_literals *literals)
{
	/* Releases what this thread did with them to whoever frees them, acquires it from the others. */
	if (!literals || __atomic_sub_fetch(&literals->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	(void)hs_free_database(literals->database);
	free(literals);
}

static int literals_create(const struct route_entry *const *entries, size_t count,
	struct route_literals **ret_literals, struct policy_error *ret_error)
{
	struct route_literals *literals = calloc(1, sizeof(*literals));
	int rc;

	if (!literals)
		return policy_fail(ret_error, -ENOMEM, POLICY_ERROR_NO_ROUTE, "no memory for a route table");
	literals->refs = 1;
	rc = scan_compile_domains(entries, count, &literals->database, ret_error);
	if (rc != 0) {
		free(literals);
		return rc;
	}
	*ret_literals = literals;
	return 0;
}

static struct route_base *base_alloc(size_t count, size_t block_bytes)
{
	struct route_base *base = calloc(1, sizeof(*base));

	if (!base)
		return NULL;
	base->refs = 1;
	base->count = count;
	base->block_bytes = block_bytes;
	/* One more, so that an empty base is no special case. */
	base->entries = calloc(count + 1, sizeof(base->entries[0]));
	base->block = malloc(block_bytes + 1);
	if (base->entries && base->block)
		return base;
	route_base_unref(base);
	return NULL;
}

static int no_memory(size_t count, struct policy_error *ret_error)
{
	return policy_fail(
		ret_error, -ENOMEM, POLICY_ERROR_NO_ROUTE, "no memory for the routes of %zu domains", count);
}

int route_base_of_groups(const struct route_group *groups, size_t count, struct route_literals *literals,
	struct route_base **ret_base, struct policy_error *ret_error)
{
	struct route_base *base;
	size_t bytes = 0;
	int rc;

	for (size_t i = 0; i < count; i++)
		bytes += entry_bytes(&groups[i]);
	base = base_alloc(count, bytes);
	if (!base)
		return no_memory(count, ret_error);
	for (size_t i = 0, at = 0; i < count; at += base->entries[i]->bytes, i++)
		base->entries[i] = entry_place((char *)base->block + at, &groups[i]);
	if (literals) {
		__atomic_add_fetch(
			&literals->refs, 1, __ATOMIC_RELAXED); /* the caller's own keeps it alive */
		base->literals = literals;
	} else {
		rc = literals_create(base->entries, count, &base->literals, ret_error);
		if (rc != 0) {
			route_base_unref(base);
			return rc;
		}
	}
	*ret_base = base;
	return 0;
}

int route_base_of_entries(const struct route_entry *const *entries, size_t count,
	struct route_base **ret_base, struct policy_error *ret_error)
{
	struct route_base *base;
	size_t bytes = 0;
	int rc;

	for (size_t i = 0; i < count; i++)
		bytes += entries[i]->bytes;
	base = base_alloc(count, bytes);
	if (!base)
		return no_memory(count, ret_error);
	for (size_t i = 0, at = 0; i < count; at += base->entries[i]->bytes, i++)
		base->entries[i] = entry_copy((char *)base->block + at, entries[i]);
	rc = literals_create(base->entries, count, &base->literals, ret_error);
	if (rc != 0) {
		route_base_unref(base);
		return rc;
	}
	*ret_base = base;
	return 0;
}

void route_base_unref(struct route_base *base)
{
	if (!base)
		return;
	ensure(base->refs > 0);
	if (--base->refs > 0)
		return;
	literals_unref(base->literals);
	free(base->entries);
	free(base->block);
	free(base);
}
