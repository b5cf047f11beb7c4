/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regular expressions over the user part. They are few and small, so a change compiles them all. Each is set
 * between \A and \z, not ^ and $: a $ would also match before a newline at the end, which %0A can put there.
 * For the same reason a dot matches a newline: no byte slips past ".*". Source: R-RT-4.
 */
#include "policy/user.h"

#include "policy/scan_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	USER_FLAGS = HS_FLAG_DOTALL | HS_FLAG_ALLOWEMPTY, /* ".*" may stand alone */
	USER_EXPRESSION_MAX_BYTES = USER_REGEX_MAX_BYTES + sizeof("\\A(?:)\\z"),
	USER_SCAN_SLACK_BYTES = 64,
};

struct user_table {
	size_t count;
	struct hs_database *database; /* NULL without expressions */
	struct route_entry **entries; /* by id, which is the rank: lower is tried first */
	struct scan_scratch scratch;
};

static int regex_refused(
	const struct route *route, hs_compile_error_t *refusal, struct policy_error *ret_error)
{
	int rc = policy_fail(ret_error, -EINVAL, route->hop.route_id, "expression \"%.*s\" is refused: %s",
		SPAN_ARG(route->text),
		refusal && refusal->message ? refusal->message : "Hyperscan gave no reason");

	(void)hs_free_compile_error(refusal);
	return rc;
}

/* Checked bare as well as wrapped, or "a)|(b" would slip out of the anchors. */
static int regex_check(const struct route *route, struct policy_error *ret_error)
{
	char text[USER_REGEX_MAX_BYTES + 1];
	hs_compile_error_t *refusal = NULL;
	hs_expr_info_t *info = NULL;

	if (route->scope != ROUTE_USER)
		return policy_fail(ret_error, -EINVAL, route->hop.route_id,
			"\"%.*s\" is a pattern of type domain among those of type user",
			SPAN_ARG(route->text));
	if (route->text.len == 0 || route->text.len > USER_REGEX_MAX_BYTES)
		return policy_fail(ret_error, -EINVAL, route->hop.route_id,
			"expression \"%.*s\" has %zu bytes: write 1 to %d", SPAN_ARG(route->text),
			route->text.len, USER_REGEX_MAX_BYTES);
	if (memchr(route->text.p, '\0', route->text.len) != NULL)
		return policy_fail(ret_error, -EINVAL, route->hop.route_id,
			"expression \"%.*s\" has a NUL byte: write \\x00", SPAN_ARG(route->text));
	memcpy(text, route->text.p, route->text.len);
	text[route->text.len] = '\0';
	if (hs_expression_info(text, USER_FLAGS, &info, &refusal) != HS_SUCCESS)
		return regex_refused(route, refusal, ret_error);
	free(info); /* allocated by malloc: hs_set_misc_allocator is never called */
	return 0;
}

/* By the best route of each, which comes first in its group. */
static int group_compare(const void *left, const void *right)
{
	const struct route *a = ((const struct route_group *)left)->routes[0];
	const struct route *b = ((const struct route_group *)right)->routes[0];
	int order = (int)a->hop.priority - (int)b->hop.priority;

	return order != 0 ? order : (a > b) - (a < b);
}

/* What a table is made from; the groups point into sorted. */
struct user_plan {
	const struct route **sorted;
	struct route_group *groups;
	size_t count;
};

static void plan_fini(struct user_plan *plan)
{
	free(plan->sorted);
	free(plan->groups);
}

static int plan_init(struct user_plan *plan, const struct route *routes, size_t route_count,
	struct policy_error *ret_error)
{
	const struct route **rest;
	size_t count = 0;
	int rc;

	*plan = (struct user_plan){.sorted = calloc(route_count + 1, sizeof(plan->sorted[0])),
		.groups = calloc(route_count + 1, sizeof(plan->groups[0]))};
	if (!plan->sorted || !plan->groups)
		return policy_fail(ret_error, -ENOMEM, POLICY_ERROR_NO_ROUTE, "no memory to sort %zu routes",
			route_count);
	for (size_t i = 0; i < route_count; i++) {
		rc = regex_check(&routes[i], ret_error);
		if (rc != 0)
			return rc;
		if (routes[i].flags & ROUTE_IN_SERVICE)
			plan->sorted[count++] = &routes[i];
	}
	entry_routes_sort(plan->sorted, count);
	rest = plan->sorted;
	while (entry_group_next(&rest, &count, &plan->groups[plan->count])) {
		rc = entry_group_check(&plan->groups[plan->count++], ret_error);
		if (rc != 0)
			return rc;
	}
	if (plan->count > USER_PATTERNS_MAX)
		return policy_fail(ret_error, -E2BIG, POLICY_ERROR_NO_ROUTE,
			"%zu different expressions, at most %d can be", plan->count, USER_PATTERNS_MAX);
	qsort(plan->groups, plan->count, sizeof(plan->groups[0]), group_compare);
	return 0;
}

/* The arrays that hs_compile_multi wants. */
struct expressions {
	const char *texts[USER_PATTERNS_MAX];
	unsigned flags[USER_PATTERNS_MAX];
	unsigned ids[USER_PATTERNS_MAX];
	char bytes[USER_PATTERNS_MAX][USER_EXPRESSION_MAX_BYTES];
};

static void expressions_fill(struct expressions *expressions, const struct user_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		char *text = expressions->bytes[i];
		int len = snprintf(text, sizeof(expressions->bytes[i]), "\\A(?:%.*s)\\z",
			SPAN_ARG(plan->groups[i].text));
		ensure(len > 0 && (size_t)len < sizeof(expressions->bytes[i]));
		expressions->texts[i] = text;
		expressions->flags[i] = USER_FLAGS;
		expressions->ids[i] = (unsigned)i;
	}
}

static int table_compile(
	struct user_table *table, const struct user_plan *plan, struct policy_error *ret_error)
{
	struct expressions *expressions = malloc(sizeof(*expressions));
	hs_compile_error_t *refusal = NULL;
	int rc = 0;

	if (!expressions)
		return policy_fail(ret_error, -ENOMEM, POLICY_ERROR_NO_ROUTE,
			"no memory to compile %zu expressions", plan->count);
	expressions_fill(expressions, plan);
	if (hs_compile_multi(expressions->texts, expressions->flags, expressions->ids, (unsigned)plan->count,
		    HS_MODE_BLOCK, NULL, &table->database, &refusal) != HS_SUCCESS) {
		bool one = refusal && refusal->expression >= 0 && (size_t)refusal->expression < plan->count;
		if (one)
			rc = regex_refused(plan->groups[refusal->expression].routes[0], refusal, ret_error);
		else
			rc = policy_fail(ret_error, -E2BIG, POLICY_ERROR_NO_ROUTE,
				"cannot compile %zu expressions together: %s", plan->count,
				refusal && refusal->message ? refusal->message : "Hyperscan gave no reason");
		if (!one)
			(void)hs_free_compile_error(refusal);
	}
	free(expressions);
	return rc;
}

static int table_fill(struct user_table *table, const struct user_plan *plan, struct policy_error *ret_error)
{
	table->entries = calloc(plan->count + 1, sizeof(table->entries[0]));
	for (size_t i = 0; table->entries && i < plan->count; i++) {
		void *memory = malloc(entry_bytes(&plan->groups[i]));
		if (!memory)
			break;
		table->entries[table->count++] = entry_place(memory, &plan->groups[i]);
	}
	if (!table->entries || table->count < plan->count)
		return policy_fail(ret_error, -ENOMEM, POLICY_ERROR_NO_ROUTE,
			"no memory for the routes of %zu expressions", plan->count);
	return 0;
}

static int table_build(struct user_table *table, const struct user_plan *plan, unsigned worker_count,
	struct policy_error *ret_error)
{
	int rc = table_fill(table, plan, ret_error);

	if (rc == 0 && plan->count > 0)
		rc = table_compile(table, plan, ret_error);
	if (rc == 0)
		rc = scan_scratch_init(&table->scratch, worker_count,
			(const struct hs_database *const[2]){table->database, NULL}, ret_error);
	return rc;
}

int user_table_create(const struct route *routes, size_t route_count, unsigned worker_count,
	struct user_table **ret_table, struct policy_error *ret_error)
{
	struct user_table *table = calloc(1, sizeof(*table));
	struct user_plan plan;
	int rc;

	if (!table)
		return policy_fail(ret_error, -ENOMEM, POLICY_ERROR_NO_ROUTE, "no memory for a user table");
	rc = plan_init(&plan, routes, route_count, ret_error);
	if (rc == 0)
		rc = table_build(table, &plan, worker_count, ret_error);
	plan_fini(&plan);
	if (rc != 0) {
		user_table_destroy(table);
		return rc;
	}
	*ret_table = table;
	return 0;
}

void user_table_destroy(struct user_table *table)
{
	if (!table)
		return;
	scan_scratch_fini(&table->scratch);
	(void)hs_free_database(table->database);
	for (size_t i = 0; i < table->count; i++)
		free(table->entries[i]);
	free(table->entries);
	free(table);
}

/* The best ranks that matched, ascending. */
struct ranks {
	unsigned count;
	uint32_t at[PATTERNS_PER_HOST_MAX];
};

static int note_rank(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	struct ranks *ranks = context;
	unsigned i = ranks->count;

	(void)from;
	(void)to;
	(void)flags;
	for (; i > 0 && ranks->at[i - 1] > id; i--)
		;
	if (i == PATTERNS_PER_HOST_MAX || (i > 0 && ranks->at[i - 1] == id))
		return 0;
	if (ranks->count == PATTERNS_PER_HOST_MAX)
		ranks->count--;
	memmove(&ranks->at[i + 1], &ranks->at[i], (ranks->count - i) * sizeof(ranks->at[0]));
	ranks->at[i] = id;
	ranks->count++;
	return 0;
}

bool user_table_is_empty(const struct user_table *table)
{
	return !table->database;
}

void user_match(
	const struct user_table *table, unsigned worker, struct span user, struct route_result *ret_result)
{
	struct hs_scratch *scratch = scan_scratch_of(&table->scratch, worker);
	char text[USER_PART_MAX_BYTES + USER_SCAN_SLACK_BYTES];
	struct ranks ranks = {.count = 0};
	hs_error_t rc;

	ret_result->host = ROUTE_HOST_DOMAIN;
	ret_result->count = 0;
	if (!table->database || user.len == 0 || user.len > USER_PART_MAX_BYTES)
		return;
	memcpy(text, user.p, user.len);
	rc = hs_scan(table->database, text, (unsigned)user.len, 0, scratch, note_rank, &ranks);
	ensure(rc == HS_SUCCESS);
	for (unsigned i = 0; i < ranks.count; i++)
		ret_result->patterns[ret_result->count++] = &table->entries[ranks.at[i]]->patterns[0];
}
