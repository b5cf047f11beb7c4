/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes route tables: from all routes (seconds, on the compile thread), or from the current table and a few
 * changes (milliseconds, on the control thread). A published table is never touched again; what two tables
 * have in common they share by reference.
 */
#include "policy/route_build.h"

#include "policy/host_priv.h"
#include "policy/route_priv.h"

#include <errno.h>
#include <stdlib.h>

int route_check(const struct route *route, struct policy_error *ret_error)
{
	const char *fault = host_pattern_fault(route->text);

	if (route->scope >= ROUTE_USER)
		return policy_fail(ret_error, -EINVAL, route->hop.route_id,
			"\"%.*s\" is a pattern of type user among those of type domain",
			SPAN_ARG(route->text));
	if (fault)
		return policy_fail(ret_error, -EINVAL, route->hop.route_id, "reversed domain \"%.*s\" %s",
			SPAN_ARG(route->text), fault);
	return 0;
}

int route_table_assemble(struct route_table *parts, unsigned worker_count, struct route_table **ret_table,
	struct policy_error *ret_error)
{
	struct route_table *table = malloc(sizeof(*table));
	const struct route_entry **entries = calloc(parts->delta.count + 1, sizeof(entries[0]));
	int rc;

	if (!table || !entries) {
		rc = policy_fail(ret_error, -ENOMEM, POLICY_ERROR_NO_ROUTE, "no memory for a route table");
		goto drop_parts;
	}
	for (size_t i = 0; i < parts->delta.count; i++)
		entries[i] = &parts->delta.items[i]->entry;
	rc = scan_compile_domains(entries, parts->delta.count, &parts->delta_database, ret_error);
	if (rc != 0)
		goto drop_parts;
	rc = scan_scratch_init(&parts->scratch, worker_count,
		(const struct hs_database *const[2]){parts->base->literals->database, parts->delta_database},
		ret_error);
	if (rc != 0)
		goto free_database;
	free(entries);
	*table = *parts;
	*ret_table = table;
	return 0;

free_database:
	(void)hs_free_database(parts->delta_database);
drop_parts:
	free(entries);
	free(table);
	route_delta_fini(&parts->delta);
	route_base_unref(parts->base);
	return rc;
}

/* All groups of a table to be: those of the base, and those to lie in the delta beside taken-over literals.
 */
struct plan {
	const struct route **sorted; /* routes in service; what the groups point into */
	struct route_group *groups;
	size_t group_count;
	struct route_group *extra;
	size_t extra_count;
	struct route_literals *literals; /* to take over, or NULL */
};

static void plan_fini(struct plan *plan)
{
	free(plan->sorted);
	free(plan->groups);
	free(plan->extra);
}

static int plan_init(struct plan *plan, const struct route_build *build, struct policy_error *ret_error)
{
	const struct route **rest;
	size_t count = 0;
	int rc;

	*plan = (struct plan){.sorted = calloc(build->route_count + 1, sizeof(plan->sorted[0])),
		.groups = calloc(build->route_count + 1, sizeof(plan->groups[0]))};
	if (!plan->sorted || !plan->groups)
		return policy_fail(ret_error, -ENOMEM, POLICY_ERROR_NO_ROUTE, "no memory to sort %zu routes",
			build->route_count);
	for (size_t i = 0; i < build->route_count; i++) {
		rc = route_check(&build->routes[i], ret_error);
		if (rc != 0)
			return rc;
		if (build->routes[i].flags & ROUTE_IN_SERVICE)
			plan->sorted[count++] = &build->routes[i];
	}
	entry_routes_sort(plan->sorted, count);
	rest = plan->sorted;
	while (entry_group_next(&rest, &count, &plan->groups[plan->group_count])) {
		rc = entry_group_check(&plan->groups[plan->group_count++], ret_error);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* How many domains may differ. A small table is quickly compiled; the delta of a large one has its bounds. */
static size_t follow_max(const struct route_base *like)
{
	size_t share = like->count / ROUTE_DELTA_SHARE;

	return share < ROUTE_DELTA_MERGE ? ROUTE_DELTA_MERGE
	       : share > ROUTE_DELTA_MAX ? ROUTE_DELTA_MAX
					 : share;
}

/*
 * Lays the groups along the literals of another base: one group for each literal, an empty one where the
 * domain is gone, and the new domains aside. False, and the plan as it was, when too many differ or memory
 * is short: then the table is compiled anew.
 */
static bool plan_follow(struct plan *plan, const struct route_base *like)
{
	const size_t differ_max = follow_max(like);
	struct route_group *follow = calloc(like->count + 1, sizeof(follow[0]));
	struct route_group *extra = calloc(differ_max, sizeof(extra[0]));
	size_t extra_count = 0;
	size_t differ = 0;
	size_t g = 0;

	for (size_t i = 0; follow && extra && i <= like->count && differ <= differ_max;) {
		int order = i == like->count ? 1
			    : g == plan->group_count
				    ? -1
				    : entry_text_compare(like->entries[i]->text, plan->groups[g].text);
		if (order > 0 && g == plan->group_count)
			break;
		differ += order != 0;
		if (order > 0 && extra_count < differ_max)
			extra[extra_count++] = plan->groups[g];
		if (order < 0)
			follow[i] = (struct route_group){.text = like->entries[i]->text};
		if (order == 0)
			follow[i] = plan->groups[g];
		i += order <= 0;
		g += order >= 0;
	}
	if (!follow || !extra || differ > differ_max) {
		free(follow);
		free(extra);
		return false;
	}
	free(plan->groups);
	plan->groups = follow;
	plan->group_count = like->count;
	plan->extra = extra;
	plan->extra_count = extra_count;
	plan->literals = like->literals;
	return true;
}

static int plan_build(const struct plan *plan, unsigned worker_count, struct route_table **ret_table,
	struct policy_error *ret_error)
{
	struct route_table parts = {0};
	int rc;

	rc = route_base_of_groups(plan->groups, plan->group_count, plan->literals, &parts.base, ret_error);
	if (rc != 0)
		return rc;
	rc = route_delta_init(&parts.delta, plan->extra_count);
	for (size_t i = 0; rc == 0 && i < plan->extra_count; i++)
		rc = route_delta_append(&parts.delta, &plan->extra[i], parts.sequence);
	if (rc != 0) {
		route_delta_fini(&parts.delta);
		route_base_unref(parts.base);
		return policy_fail(ret_error, rc, POLICY_ERROR_NO_ROUTE, "no memory for a route table");
	}
	return route_table_assemble(&parts, worker_count, ret_table, ret_error);
}

int route_table_create(
	const struct route_build *build, struct route_table **ret_table, struct policy_error *ret_error)
{
	struct plan plan;
	int rc;

	rc = plan_init(&plan, build, ret_error);
	if (rc == 0) {
		if (build->like && build->like->base->count > 0)
			(void)plan_follow(&plan, build->like->base);
		rc = plan_build(&plan, build->worker_count, ret_table, ret_error);
	}
	plan_fini(&plan);
	return rc;
}

void route_table_destroy(struct route_table *table)
{
	if (!table)
		return;
	scan_scratch_fini(&table->scratch);
	(void)hs_free_database(table->delta_database);
	route_delta_fini(&table->delta);
	route_base_unref(table->base);
	free(table);
}
