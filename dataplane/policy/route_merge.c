/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folds the delta of a table into a new base while changes go on: the compile thread works on what the merge
 * holds, the control thread derives tables as before, and at the end the changes that came later become the
 * delta of the new base. The sequence of each change tells which those are.
 */
#include "policy/route_priv.h"

#include <errno.h>
#include <stdlib.h>

struct route_merge {
	struct route_base *base; /* of the table it began with; holds a reference */
	struct route_delta_list delta;
	uint64_t sequence;
	struct route_base *merged; /* NULL until it ran */
};

int route_merge_begin(
	const struct route_table *table, struct route_merge **ret_merge, struct policy_error *ret_error)
{
	struct route_merge *merge = calloc(1, sizeof(*merge));

	if (!merge || route_delta_init(&merge->delta, table->delta.count) != 0) {
		free(merge);
		return policy_fail(ret_error, -ENOMEM, POLICY_ERROR_NO_ROUTE, "no memory to merge routes");
	}
	for (size_t i = 0; i < table->delta.count; i++)
		route_delta_share(&merge->delta, table->delta.items[i]);
	merge->base = table->base;
	merge->base->refs++;
	merge->sequence = table->sequence;
	*ret_merge = merge;
	return 0;
}

/* Base and delta in order; where both know a text, the delta counts. Returns how many were written. */
static size_t entries_merge(const struct route_merge *merge, const struct route_entry **out)
{
	const struct route_base *base = merge->base;
	size_t count = 0;
	size_t d = 0;

	for (size_t b = 0; b < base->count || d < merge->delta.count;) {
		const struct route_entry *changed =
			d < merge->delta.count ? &merge->delta.items[d]->entry : NULL;
		int order = b == base->count ? 1
			    : !changed       ? -1
					     : entry_text_compare(base->entries[b]->text, changed->text);
		const struct route_entry *entry = order < 0 ? base->entries[b] : changed;
		if (entry->pattern_count > 0)
			out[count++] = entry;
		b += order <= 0;
		d += order >= 0;
	}
	return count;
}

int route_merge_run(struct route_merge *merge, struct policy_error *ret_error)
{
	const struct route_entry **entries;
	int rc;

	ensure(!merge->merged);
	entries = calloc(merge->base->count + merge->delta.count + 1, sizeof(entries[0]));
	if (!entries)
		return policy_fail(ret_error, -ENOMEM, POLICY_ERROR_NO_ROUTE, "no memory to merge routes");
	rc = route_base_of_entries(entries, entries_merge(merge, entries), &merge->merged, ret_error);
	free(entries);
	return rc;
}

int route_merge_finish(struct route_merge *merge, const struct route_table *current,
	struct route_table **ret_table, struct policy_error *ret_error)
{
	struct route_table parts = {.base = merge->merged, .sequence = current->sequence + 1};

	ensure(merge->merged);
	/* A shared base is the mark of descent: the merge holds it, so its address was not given away. */
	if (current->base != merge->base || current->sequence < merge->sequence)
		return policy_fail(ret_error, -ESTALE, POLICY_ERROR_NO_ROUTE,
			"the routes were replaced while they were merged");
	if (route_delta_init(&parts.delta, current->delta.count) != 0)
		return policy_fail(ret_error, -ENOMEM, POLICY_ERROR_NO_ROUTE, "no memory to merge routes");
	for (size_t i = 0; i < current->delta.count; i++)
		if (current->delta.items[i]->sequence > merge->sequence)
			route_delta_share(&parts.delta, current->delta.items[i]);
	parts.base->refs++;
	return route_table_assemble(&parts, current->scratch.worker_count, ret_table, ret_error);
}

void route_merge_destroy(struct route_merge *merge)
{
	if (!merge)
		return;
	route_delta_fini(&merge->delta);
	route_base_unref(merge->base);
	route_base_unref(merge->merged);
	free(merge);
}
