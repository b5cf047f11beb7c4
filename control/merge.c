/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folds the routes' delta into a new base, on a thread of its own: a merge takes seconds, and no change waits
 * for it. A change that lays out the whole table anew meanwhile makes it stale; the next merge then begins
 * with that table.
 */
#include "control/daemon.h"

#include <errno.h>
#include <string.h>

static struct daemon *daemon_of_merge(struct compile_job *job)
{
	return (struct daemon *)((char *)job - offsetof(struct daemon, merge_job));
}

static void merge_run(struct compile_job *job)
{
	struct daemon *daemon = daemon_of_merge(job);

	daemon->merge_ret = route_merge_run(daemon->merge, &daemon->merge_error);
}

/* False when it failed: then it is not tried again before the next change. */
static bool merge_finish(struct daemon *daemon)
{
	struct parts parts = {0};
	int ret = daemon->merge_ret;

	if (ret == 0)
		ret = route_merge_finish(
			daemon->merge, daemon->publisher.parts.routes, &parts.routes, &daemon->merge_error);
	if (ret == 0)
		ret = daemon_publish(daemon, publisher_next(&daemon->publisher), &parts);
	/* Stale: the whole table was built anew meanwhile. */
	if (ret < 0 && ret != -ESTALE)
		log_line(&daemon->log, CONFIG_LOG_WARNING, "routes were not merged: %s", strerror(-ret));
	if (ret < 0)
		parts_free(&parts);
	else
		log_line(&daemon->log, CONFIG_LOG_DEBUG, "routes merged into a new base");
	route_merge_destroy(daemon->merge);
	daemon->merge = NULL;
	return ret == 0 || ret == -ESTALE;
}

/* A whole table that is being built may borrow what the current one has: that must then stay current. */
static bool table_is_borrowed(const struct daemon *daemon)
{
	return daemon->change.stage == CHANGE_BUILDING && (daemon->change.build.wants & BUILD_ROUTES);
}

static void merge_done(struct compile_job *job)
{
	struct daemon *daemon = daemon_of_merge(job);

	daemon->merge_ran = true;
	if (!table_is_borrowed(daemon))
		merge_consider(daemon);
}

static void merge_begin(struct daemon *daemon)
{
	if (route_merge_begin(daemon->publisher.parts.routes, &daemon->merge, &daemon->merge_error) < 0) {
		daemon->merge = NULL;
		return;
	}
	daemon->merge_ran = false;
	daemon->merge_ret = -ECANCELED;
	daemon->merge_job = (struct compile_job){.run = merge_run, .done = merge_done, .leave = true};
	compiler_submit(daemon->merger, &daemon->merge_job);
}

void merge_consider(struct daemon *daemon)
{
	if (daemon->merge && daemon->merge_ran && !merge_finish(daemon))
		return;
	if (!daemon->merge && route_table_wants_merge(daemon->publisher.parts.routes))
		merge_begin(daemon);
}
