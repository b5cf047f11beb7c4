/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is gathered points into the model's entries. The compile thread may read them, because the model stays
 * as it is until the build is done: one change at a time (commit.c). Called by commit.c for each change, and
 * by daemon.c for the first snapshot. What a failed build had made, build_fini() frees.
 */
#include "control/build.h"

#include "policy/acl.h"
#include "policy/domain.h"
#include "policy/user.h"
#include "snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int gather_acl(struct build *build, const struct config *config)
{
	build->acl_count = config_count(config, CONFIG_ACL);
	build->acl = calloc(build->acl_count + 1, sizeof(build->acl[0]));
	for (size_t i = 0; build->acl && i < build->acl_count; i++)
		build->acl[i] = config_acl_at(config, (uint32_t)i)->prefix;
	return build->acl ? 0 : -ENOMEM;
}

static int gather_domains(struct build *build, const struct config *config)
{
	build->domain_count = config_count(config, CONFIG_DOMAINS);
	build->domains = calloc(build->domain_count + 1, sizeof(build->domains[0]));
	for (size_t i = 0; build->domains && i < build->domain_count; i++)
		build->domains[i] = span_str(config_domain_at(config, (uint32_t)i)->name);
	return build->domains ? 0 : -ENOMEM;
}

static uint16_t id_of(const struct config_listener *listener)
{
	const struct endpoint local = {listener->address, listener->port};

	return listener_id(&local, listener->transport);
}

/* A response leaves by the listener that its request's id names, so an id must mean one listener alone. */
static void gather_twins(struct build *build, const struct config *config)
{
	uint32_t count = config_count(config, CONFIG_LISTENERS);

	for (uint32_t i = 1; i < count; i++) {
		const struct config_listener *listener = config_listener_at(config, i);
		for (uint32_t k = 0; k < i; k++) {
			const struct config_listener *earlier = config_listener_at(config, k);
			if (id_of(earlier) != id_of(listener))
				continue;
			build->twins[0] = earlier;
			build->twins[1] = listener;
		}
	}
}

int build_gather(
	struct build *build, const struct config *config, const struct routes *routes, struct nodes *nodes)
{
	int ret = 0;

	gather_twins(build, config);
	if (build->wants & BUILD_ROUTES) {
		build->routes = routes_of_domains(routes, &build->route_count);
		ret = build->routes ? 0 : -ENOMEM;
	}
	if (ret == 0 && (build->wants & BUILD_USERS)) {
		build->users = routes_of_users(routes, &build->user_count);
		ret = build->users ? 0 : -ENOMEM;
	}
	if (ret == 0 && (build->wants & BUILD_ACL))
		ret = gather_acl(build, config);
	if (ret == 0 && (build->wants & BUILD_DOMAINS))
		ret = gather_domains(build, config);
	/* Nodes are few and belong to this thread: their table is made here. */
	if (ret == 0 && (build->wants & BUILD_NODES)) {
		build->parts.nodes = nodes_table_create(nodes);
		ret = build->parts.nodes ? 0 : -ENOMEM;
	}
	return ret;
}

bool build_is_long(const struct build *build)
{
	/* A regular expression can take any time to compile. */
	return build->route_count > BUILD_QUICK_MAX || build->user_count > 0 ||
	       build->acl_count > BUILD_QUICK_MAX || build->domain_count > BUILD_QUICK_MAX;
}

static void fail(struct build *build, int ret, const char *what)
{
	build->ret = ret;
	snprintf(build->error.text, sizeof(build->error.text), "%s: %s", what, strerror(-ret));
}

static void build_routes(struct build *build)
{
	struct route_build input = {build->routes, build->route_count, build->worker_count, build->like};

	build->ret = route_table_create(&input, &build->parts.routes, &build->error);
}

static void build_users(struct build *build)
{
	build->ret = user_table_create(
		build->users, build->user_count, build->worker_count, &build->parts.users, &build->error);
}

void build_run(struct build *build)
{
	int ret;

	build->error.route_id = POLICY_ERROR_NO_ROUTE;
	if (build->twins[0])
		build->ret = policy_fail(&build->error, -EEXIST, POLICY_ERROR_NO_ROUTE,
			"listeners %s and %s have the same identity; give one of them another port",
			build->twins[0]->name, build->twins[1]->name);
	if (build->ret == 0 && (build->wants & BUILD_ROUTES))
		build_routes(build);
	if (build->ret == 0 && (build->wants & BUILD_USERS))
		build_users(build);
	if (build->ret == 0 && (build->wants & BUILD_ACL)) {
		ret = acl_create(build->acl, build->acl_count, &build->parts.acl);
		if (ret < 0)
			fail(build, ret, "acl");
	}
	if (build->ret == 0 && (build->wants & BUILD_DOMAINS)) {
		ret = domain_set_create(build->domains, build->domain_count, &build->parts.domains);
		if (ret < 0)
			fail(build, ret, "domains");
	}
}

void build_fini(struct build *build)
{
	free(build->routes);
	free(build->users);
	free(build->acl);
	free(build->domains);
	parts_free(&build->parts);
	*build = (struct build){0};
}
