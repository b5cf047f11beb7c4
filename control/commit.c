/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One change from request to effect: registries, parts of the snapshot, publication, grace period, answer. If
 * any step fails before publication, the model and the registries go back and the answer says why.
 *
 * Few changed domains are compiled as the routes' delta, at once; a long list or the whole table goes to the
 * compile thread. The model does not change meanwhile, because changes take turns.
 */
#include "control/commit.h"

#include "control/daemon.h"

#include "worker/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void change_built(struct daemon *daemon);

static struct daemon *daemon_of_job(struct compile_job *job)
{
	struct change *change = (struct change *)((char *)job - offsetof(struct change, job));

	return (struct daemon *)((char *)change - offsetof(struct daemon, change));
}

static void change_clear(struct daemon *daemon)
{
	struct change *change = &daemon->change;

	change_fini(&change->set);
	build_fini(&change->build);
	config_destroy(change->loaded);
	json_decref(change->notes);
	*change = (struct change){.stage = CHANGE_NONE};
}

static struct call *change_call(struct daemon *daemon)
{
	return daemon->change.has_ticket ? server_resume(daemon->server, daemon->change.ticket) : NULL;
}

/* ---- ends ---- */

/* The answer goes out last: it may bring the next change about. */
static void change_fail(struct daemon *daemon, int code, const char *message)
{
	struct call *call = change_call(daemon);

	log_line(&daemon->log, CONFIG_LOG_WARNING, "change refused: %s", message);
	change_clear(daemon);
	if (call)
		call_refuse(call, code, message, NULL);
	change_next(daemon);
}

/* Brings model and registries back to what the workers still act by. */
static void change_take_back(struct daemon *daemon)
{
	struct change_set inverse;

	/* Short of memory for a few pointers, there is no state left that could be called right. */
	ensure(change_invert(&daemon->change.set, &inverse) == 0);
	ensure(change_apply(&inverse, daemon->running) == 0);
	ensure(update_all(daemon) == 0);
	update_nodes(daemon);
	change_fini(&inverse);
}

static void change_impossible(struct daemon *daemon, const char *reason)
{
	change_take_back(daemon);
	change_fail(daemon, API_REFUSED, reason);
}

/* The change is over; whoever asked for it may be gone. Takes the answer. */
static void change_answer(struct daemon *daemon, json_t *answer)
{
	struct call *call = change_call(daemon);

	change_clear(daemon);
	if (call)
		call_result(call, answer);
	else
		json_decref(answer);
	change_next(daemon);
}

static void change_done(struct daemon *daemon, uint64_t now_ns)
{
	struct change *change = &daemon->change;
	struct generation *generation = journal_at(&daemon->journal, change->generation);
	double effective_ms = (double)(now_ns - change->begun_ns) / 1e6;
	json_t *answer = json_pack("{s:I, s:f, s:I}", "generation", (json_int_t)change->generation,
		"effective_ms", effective_ms, "changes", (json_int_t)change->item_count);

	if (change->notes)
		json_object_set(answer, "notes", change->notes);
	if (generation)
		generation->effective_ms = effective_ms;
	log_line(&daemon->log, CONFIG_LOG_INFO, "generation %llu: %s (effective after %.1f ms)",
		(unsigned long long)change->generation, generation ? generation->text : "", effective_ms);
	change_answer(daemon, answer);
}

/* There was nothing to do, so no generation is made. */
static void change_idle(struct daemon *daemon)
{
	json_t *answer = json_pack("{s:I, s:i, s:O*}", "generation", (json_int_t)daemon->journal.number,
		"changes", 0, "notes", daemon->change.notes);

	change_answer(daemon, answer);
}

/* ---- publication ---- */

int daemon_publish(struct daemon *daemon, struct snapshot *next, const struct parts *parts)
{
	int ret = next ? publisher_publish(&daemon->publisher, next, parts, reactor_now_ns()) : -ENOMEM;

	if (ret < 0) {
		free(next);
		return ret;
	}
	server_says_published(daemon);
	for (unsigned i = 0; i < plane_worker_count(daemon->plane); i++)
		plane_wake(daemon->plane, i);
	return 0;
}

static void change_publish(struct daemon *daemon)
{
	struct change *change = &daemon->change;
	struct snapshot *next = publisher_next(&daemon->publisher);

	if (next) {
		next->generation = daemon->journal.number + 1;
		update_snapshot(daemon, next);
	}
	if (daemon_publish(daemon, next, &change->build.parts) < 0) {
		change_impossible(daemon, "memory is short");
		return;
	}
	change->build.parts = (struct parts){0};
	server_says_change(daemon, &change->set);
	change->item_count = change->set.count;
	change->generation = journal_add(&daemon->journal, &change->set, change->text)->number;
	if (change->undoes > 0)
		journal_undone(&daemon->journal, change->undoes);
	routes_settled(daemon->routes);
	update_log(daemon);
	change->stage = CHANGE_PUBLISHED;
}

/* ---- compilation ---- */

static void job_run(struct compile_job *job)
{
	struct build *build = &daemon_of_job(job)->change.build;

	build->ret = 0;
	build_run(build);
}

static void job_done(struct compile_job *job)
{
	change_built(daemon_of_job(job));
}

/* Compiles what change.build.wants. */
static void change_build(struct daemon *daemon)
{
	struct change *change = &daemon->change;
	struct build *build = &change->build;

	build->worker_count = plane_worker_count(daemon->plane);
	build->like = daemon->publisher.parts.routes;
	if (build_gather(build, daemon->running, daemon->routes, daemon->nodes) < 0) {
		change_impossible(daemon, "memory is short");
		return;
	}
	if (!build_is_long(build)) {
		build_run(build);
		change_built(daemon);
		return;
	}
	change->stage = CHANGE_BUILDING;
	build->ret = -ECANCELED; /* until it has run: at the daemon's end it may not */
	change->job = (struct compile_job){.run = job_run, .done = job_done, .leave = true};
	compiler_submit(daemon->compiler, &change->job);
}

/* The routes' delta. 0, -E2BIG: the whole table is wanted instead, or -errno with the reason in build.error.
 */
static int compile_delta(struct daemon *daemon)
{
	struct build *build = &daemon->change.build;
	struct route_change *changes;
	size_t count;
	int ret;

	if (build->parts.routes || routes_changed_domains(daemon->routes) == 0)
		return 0;
	changes = routes_changes(daemon->routes, &count);
	if (!changes)
		return -ENOMEM;
	ret = route_table_with(
		daemon->publisher.parts.routes, changes, count, &build->parts.routes, &build->error);
	free(changes);
	return ret;
}

static void change_built(struct daemon *daemon)
{
	struct change *change = &daemon->change;
	int ret = change->build.ret;

	if (ret == 0)
		ret = compile_delta(daemon);
	if (ret == -E2BIG && !(change->build.wants & BUILD_ROUTES)) {
		build_fini(&change->build);
		change->build.wants = update_wants(&change->set) | BUILD_ROUTES |
				      (routes_users_changed(daemon->routes) ? BUILD_USERS : 0);
		change_build(daemon);
		return;
	}
	if (ret < 0) {
		char reason[POLICY_ERROR_TEXT_MAX];
		snprintf(reason, sizeof(reason), "%s",
			ret == -ENOMEM ? "memory is short" : change->build.error.text);
		change_impossible(daemon, reason);
		return;
	}
	change_publish(daemon);
}

/* ---- beginning ---- */

static void describe(const struct change_set *set, unsigned undoes, char *buf, size_t size)
{
	char first[JOURNAL_TEXT_MAX / 2] = "nothing";

	if (set->count > 0)
		change_item_format(&set->items[0], first, sizeof(first));
	if (undoes > 0)
		snprintf(buf, size, "rollback of %u: %s%s", undoes, first, set->count > 1 ? ", ..." : "");
	else if (set->count > 1)
		snprintf(buf, size, "%zu changes: %s, ...", set->count, first);
	else
		snprintf(buf, size, "%s", first);
}

/* The set is in change.set and in running. */
static void change_go(struct daemon *daemon)
{
	struct change *change = &daemon->change;
	int ret = update_registries(daemon, &change->set);

	describe(&change->set, change->undoes, change->text, sizeof(change->text));
	if (ret < 0) {
		change_impossible(daemon,
			ret == -ENOSPC   ? "there are too many nodes; take out some that no route needs"
			: ret == -EEXIST ? "two nodes have the same identity; give one of them another port"
					 : "memory is short");
		return;
	}
	update_nodes(daemon);
	change->build.wants = update_wants(&change->set);
	if (routes_changed_domains(daemon->routes) == ROUTES_ALL)
		change->build.wants |= BUILD_ROUTES;
	if (routes_users_changed(daemon->routes))
		change->build.wants |= BUILD_USERS;
	change_build(daemon);
}

/* An empty set makes no generation: the next rollback would take back nothing, and seem to have worked. */
static void change_go_or_rest(struct daemon *daemon)
{
	if (daemon->change.set.count > 0)
		change_go(daemon);
	else
		change_idle(daemon);
}

static void change_open(struct daemon *daemon, struct call *call)
{
	struct change *change = &daemon->change;

	ensure(change->stage == CHANGE_NONE);
	change->stage = CHANGE_BUILDING;
	change->begun_ns = reactor_now_ns();
	change->has_ticket = call != NULL;
	if (call)
		change->ticket = call_defer(call);
}

void change_begin(struct daemon *daemon, struct call *call, struct change_set *set, unsigned undoes)
{
	change_open(daemon, call);
	daemon->change.set = *set;
	*set = (struct change_set){0};
	daemon->change.undoes = undoes;
	change_go_or_rest(daemon);
}

void change_tick(struct daemon *daemon, uint64_t now_ns)
{
	uint64_t before = daemon->publisher.released;
	uint64_t graces = daemon->publisher.grace_count;

	publisher_tick(&daemon->publisher, now_ns);
	if (daemon->publisher.grace_count != graces)
		server_says_in_use(daemon);
	if (daemon->publisher.released != before)
		nodes_released(daemon->nodes, daemon->publisher.released);
	if (daemon->change.stage == CHANGE_PUBLISHED &&
		daemon->publisher.released >= daemon->change.generation)
		change_done(daemon, now_ns);
}

/* ---- reload ---- */

static void load_run(struct compile_job *job)
{
	struct daemon *daemon = daemon_of_job(job);

	struct change *change = &daemon->change;
	const char *key_path = daemon->running->instance.key_file;

	change->load_ret = config_load_file(daemon->path, &change->report, &change->loaded);
	change->keys = daemon->keys;
	change->key_ret = key_path ? keyring_load(key_path, &change->key_report, &change->keys) : 0;
	if (change->key_ret == -ENOENT)
		config_report_error(&change->key_report, 0, "",
			"is not there any more; put it back, or rotate key to write it anew");
}

/* Logs what was found, and adds it for the answer. */
static void tell_findings(struct daemon *daemon, struct config_report *report, json_t *findings)
{
	char line[1024];

	for (uint32_t i = 0; i < report->count; i++) {
		const struct config_finding *finding = &report->findings[i];
		config_finding_format(report, finding, line, sizeof(line));
		log_line(&daemon->log, finding->level == CONFIG_ERROR ? CONFIG_LOG_ERROR : CONFIG_LOG_WARNING,
			"%s", line);
		json_array_append_new(findings, json_string(line));
	}
}

static void load_failed(struct daemon *daemon)
{
	struct call *call = change_call(daemon);
	json_t *findings = json_array();

	tell_findings(daemon, &daemon->change.report, findings);
	tell_findings(daemon, &daemon->change.key_report, findings);
	config_report_fini(&daemon->change.report);
	config_report_fini(&daemon->change.key_report);
	change_clear(daemon);
	if (call)
		call_refuse(call, API_REFUSED, "the files were not taken; nothing changed", findings);
	else
		json_decref(findings);
	change_next(daemon);
}

/* Leaves only what may change while we run; the rest is noted for the answer. */
static void keep_live(struct daemon *daemon, struct change_set *set)
{
	struct change_set live = {0};
	char text[256];

	for (size_t i = 0; i < set->count; i++) {
		struct change_item *item = &set->items[i];
		if (update_is_live(item))
			continue;
		change_item_format(item, text, sizeof(text));
		log_line(&daemon->log, CONFIG_LOG_WARNING, "needs a restart: %s", text);
		if (!daemon->change.notes)
			daemon->change.notes = json_array();
		json_array_append_new(daemon->change.notes, json_sprintf("needs a restart: %s", text));
	}
	change_move_if(set, update_is_live, &live);
	change_fini(set);
	*set = live;
}

static void load_done(struct compile_job *job)
{
	struct daemon *daemon = daemon_of_job(job);
	struct change *change = &daemon->change;
	struct change_set set = {0};
	int ret;

	if (change->load_ret < 0 || change->key_ret < 0) {
		load_failed(daemon);
		return;
	}
	config_report_fini(&change->report);
	config_report_fini(&change->key_report);
	ret = keys_use(daemon, &change->keys);
	if (ret == 0)
		ret = change_between(daemon->running, change->loaded, &set);
	if (ret == 0) {
		keep_live(daemon, &set);
		ret = change_apply(&set, daemon->running);
	}
	if (ret < 0) {
		change_fini(&set);
		change_fail(daemon, API_INTERNAL, "memory is short");
		return;
	}
	config_destroy(daemon->saved);
	daemon->saved = change->loaded;
	change->loaded = NULL;
	change->set = set;
	change->stage = CHANGE_BUILDING;
	change_go_or_rest(daemon);
}

void change_reload(struct daemon *daemon, struct call *call)
{
	struct change *change = &daemon->change;

	change_open(daemon, call);
	change->stage = CHANGE_LOADING;
	change->is_reload = true;
	change->load_ret = -ECANCELED;
	change->key_ret = 0;
	config_report_init(&change->report, daemon->path);
	config_report_init(&change->key_report, daemon->running->instance.key_file);
	change->job = (struct compile_job){.run = load_run, .done = load_done, .leave = true};
	compiler_submit(daemon->compiler, &change->job);
}
