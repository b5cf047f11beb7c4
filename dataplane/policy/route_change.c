/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Derives a table from the current one and a few changed domains: R-RT-10 within milliseconds, however large
 * the base. A removed domain stays in the delta as an empty entry, which hides that of the base.
 */
#include "policy/route_priv.h"

#include "policy/host_priv.h"

#include <errno.h>
#include <stdlib.h>

static int change_compare(const void *left, const void *right)
{
	const struct route_change *a = *(const struct route_change *const *)left;
	const struct route_change *b = *(const struct route_change *const *)right;

	return entry_text_compare(a->domain, b->domain);
}

static int change_check(const struct route_change *change, struct policy_error *ret_error)
{
	const char *fault = host_pattern_fault(change->domain);
	int rc;

	if (fault)
		return policy_fail(ret_error, -EINVAL, POLICY_ERROR_NO_ROUTE, "reversed domain \"%.*s\" %s",
			SPAN_ARG(change->domain), fault);
	for (size_t i = 0; i < change->route_count; i++) {
		const struct route *route = &change->routes[i];
		rc = route_check(route, ret_error);
		if (rc != 0)
			return rc;
		if (!span_eq(route->text, change->domain))
			return policy_fail(ret_error, -EINVAL, route->hop.route_id,
				"a route of \"%.*s\" stands among those of \"%.*s\"", SPAN_ARG(route->text),
				SPAN_ARG(change->domain));
	}
	return 0;
}

/* The changes by text. NULL when memory is short. */
static const struct route_change **changes_sort(const struct route_change *changes, size_t count)
{
	const struct route_change **sorted = calloc(count + 1, sizeof(sorted[0]));

	for (size_t i = 0; sorted && i < count; i++)
		sorted[i] = &changes[i];
	if (sorted)
		qsort(sorted, count, sizeof(sorted[0]), change_compare);
	return sorted;
}

static int changes_check(
	const struct route_change *const *sorted, size_t count, struct policy_error *ret_error)
{
	for (size_t i = 0; i < count; i++) {
		int rc = change_check(sorted[i], ret_error);
		if (rc != 0)
			return rc;
		if (i > 0 && span_eq(sorted[i]->domain, sorted[i - 1]->domain))
			return policy_fail(ret_error, -EINVAL, POLICY_ERROR_NO_ROUTE,
				"reversed domain \"%.*s\" is changed twice at once",
				SPAN_ARG(sorted[i]->domain));
	}
	return 0;
}

static int change_append(struct route_delta_list *list, const struct route_change *change, uint64_t sequence,
	struct policy_error *ret_error)
{
	const struct route **sorted = calloc(change->route_count + 1, sizeof(sorted[0]));
	struct route_group group = {.text = change->domain, .routes = sorted};
	int rc = -ENOMEM;

	if (sorted) {
		for (size_t i = 0; i < change->route_count; i++)
			if (change->routes[i].flags & ROUTE_IN_SERVICE)
				sorted[group.count++] = &change->routes[i];
		entry_routes_sort(sorted, group.count);
		rc = entry_group_check(&group, ret_error);
		if (rc == 0)
			rc = route_delta_append(list, &group, sequence);
	}
	free(sorted);
	if (rc == -ENOMEM)
		return policy_fail(ret_error, rc, POLICY_ERROR_NO_ROUTE, "no memory for a changed route");
	return rc;
}

/* The table's delta with the changes in place, in order. */
static int delta_merge(struct route_table *parts, const struct route_table *table,
	const struct route_change *const *sorted, size_t count, struct policy_error *ret_error)
{
	const struct route_delta_list *old = &table->delta;
	size_t o = 0;

	for (size_t c = 0; c < count || o < old->count;) {
		int order = c == count ? -1
			    : o == old->count
				    ? 1
				    : entry_text_compare(old->items[o]->entry.text, sorted[c]->domain);
		int rc = 0;
		if (order < 0)
			route_delta_share(&parts->delta, old->items[o]);
		else
			rc = change_append(&parts->delta, sorted[c], parts->sequence, ret_error);
		if (rc != 0)
			return rc;
		o += order <= 0;
		c += order >= 0;
	}
	if (parts->delta.count > ROUTE_DELTA_MAX)
		return policy_fail(ret_error, -E2BIG, POLICY_ERROR_NO_ROUTE,
			"%zu domains changed at once, at most %d can be", parts->delta.count,
			ROUTE_DELTA_MAX);
	return 0;
}

int route_table_with(const struct route_table *table, const struct route_change *changes, size_t change_count,
	struct route_table **ret_table, struct policy_error *ret_error)
{
	const struct route_change **sorted = changes_sort(changes, change_count);
	struct route_table parts = {.base = table->base, .sequence = table->sequence + 1};
	int rc;

	if (!sorted || route_delta_init(&parts.delta, table->delta.count + change_count) != 0) {
		rc = policy_fail(ret_error, -ENOMEM, POLICY_ERROR_NO_ROUTE, "no memory for a route table");
		goto free_sorted;
	}
	rc = changes_check(sorted, change_count, ret_error);
	if (rc == 0)
		rc = delta_merge(&parts, table, sorted, change_count, ret_error);
	if (rc != 0) {
		route_delta_fini(&parts.delta);
		goto free_sorted;
	}
	parts.base->refs++;
	rc = route_table_assemble(&parts, table->scratch.worker_count, ret_table, ret_error);

free_sorted:
	free(sorted);
	return rc;
}

bool route_table_wants_merge(const struct route_table *table)
{
	return table->delta.count >= ROUTE_DELTA_MERGE;
}

/* Does the base have patterns for that domain? */
static bool base_has(const struct route_base *base, struct span text)
{
	size_t low = 0;
	size_t high = base->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = entry_text_compare(base->entries[middle]->text, text);
		if (order == 0)
			return base->entries[middle]->pattern_count > 0;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

void route_table_info(const struct route_table *table, struct route_table_info *ret_info)
{
	struct route_table_info info = {
		.delta_domains = table->delta.count,
		.database_bytes = scan_database_bytes(table->base->literals->database) +
				  scan_database_bytes(table->delta_database),
		.entry_bytes =
			table->base->block_bytes + table->base->count * sizeof(table->base->entries[0]),
		.scratch_bytes = scan_scratch_bytes(&table->scratch),
	};

	for (size_t i = 0; i < table->base->count; i++)
		info.base_domains += table->base->entries[i]->pattern_count > 0;
	info.domains = info.base_domains;
	for (size_t i = 0; i < table->delta.count; i++) {
		const struct route_entry *entry = &table->delta.items[i]->entry;
		info.entry_bytes += sizeof(struct route_delta) + entry->bytes;
		info.domains += entry->pattern_count > 0;
		info.domains -= base_has(table->base, entry->text);
	}
	*ret_info = info;
}
