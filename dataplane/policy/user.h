/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes by the user part of the Request-URI (R-RT-4): regular expressions in Hyperscan's syntax that must
 * cover the whole user part. Matched by workers, built by control; immutable in between.
 */
#ifndef POLICY_USER_H
#define POLICY_USER_H

#include "limits.h"
#include "policy/error.h"
#include "policy/route.h"
#include "policy/route_build.h"

#include <stdbool.h>

struct user_table;

/*
 * Compiles a table from the routes of type user (ROUTE_USER). Routes with the same expression form one
 * pattern. Returns 0, -EINVAL (an expression is refused: *ret_error names the route and says why), -E2BIG
 * (too many expressions, or too large together) or -ENOMEM.
 */
must_use int user_table_create(const struct route *routes, size_t route_count, unsigned worker_count,
	struct user_table **ret_table, struct policy_error *ret_error);

void user_table_destroy(struct user_table *table); /* NULL is fine */

/* Without any pattern: then there is no need to make a user part ready for user_match(). */
bool user_table_is_empty(const struct user_table *table);

/*
 * Finds the patterns that match a user part with its escapes undone; an empty one matches nothing. Order:
 * lowest priority number among the pattern's routes first, then the operator's order. `worker` as in
 * route_match.
 */
void user_match(
	const struct user_table *table, unsigned worker, struct span user, struct route_result *ret_result);

#endif
