/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The routes of the running configuration, by domain: what the build side of routing is asked to compile,
 * whole or only the domains that changed. Each route uses the node it leads to. A change costs what it
 * touches, not what there is. Control thread only.
 */
#ifndef CONTROL_ROUTES_H
#define CONTROL_ROUTES_H

#include "base/ensure.h"
#include "config/entry.h"
#include "control/nodes.h"
#include "policy/route_build.h"

struct routes;

/* Returns NULL when memory is short. `nodes` is borrowed. */
struct routes *routes_create(struct nodes *nodes);
void routes_destroy(struct routes *routes); /* NULL is fine; gives up no nodes */

/*
 * A route appears, goes, or is replaced in its place. `config` tells where it leads; `generation` is the next
 * snapshot's. On failure (-ENOMEM, -ENOSPC: no more nodes, -ENOENT: its next hop is not there) nothing
 * changed.
 */
must_use int routes_put(struct routes *routes, const struct config *config, struct config_head *before,
	struct config_head *after, uint64_t generation);

/* Looks up again where each route leads, after a declared node changed. Same failures; then nothing changed.
 */
must_use int routes_resolve(struct routes *routes, const struct config *config, uint64_t generation);

/* What changed since the last routes_settled(). */
size_t routes_changed_domains(
	const struct routes *routes); /* names to compile; ROUTES_ALL: the whole table */
bool routes_users_changed(const struct routes *routes);
/* The table or the domains are compiled and will be published, or the change was undone. */
void routes_settled(struct routes *routes);
void routes_mark_all(struct routes *routes);

#define ROUTES_ALL SIZE_MAX

/* For route_table_with(): the changed domains and their routes. Freed by the caller as one. NULL: no memory.
 */
struct route_change *routes_changes(const struct routes *routes, size_t *ret_count);
/* For route_table_create() and user_table_create(). The spans live as long as the routes are not changed. */
struct route *routes_of_domains(const struct routes *routes, size_t *ret_count);
struct route *routes_of_users(const struct routes *routes, size_t *ret_count);

/* The route behind a hop's route_id; NULL when it is gone. */
const struct config_route *routes_by_id(const struct routes *routes, uint32_t id);

#endif
