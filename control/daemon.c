/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's life: up a ladder, rung by rung, and down the same rungs. What a rung needs stands below it;
 * the socket comes last, so that whoever can reach it finds everything running. The claim on it comes before
 * the first device, which another instance may be using.
 */
#include "control/daemon.h"

#include "control/claim.h"
#include "control/size.h"
#include "plane/eal.h"
#include "worker/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what comes in while it runs ---- */

enum { HEAR_MAX = 64, TRACE_MAX = 256 /* lines from one worker in one tick */ };

static void hear_letter(struct daemon *daemon, const struct mail *mail, uint64_t now_ns)
{
	if (mail->kind == MAIL_NODE_EVENT)
		nodes_report(daemon->nodes, &mail->node, now_ns);
	else if (mail->kind == MAIL_LISTED || mail->kind == MAIL_CONNECTION || mail->kind == MAIL_LIST)
		listing_hear(daemon, mail);
}

static void hear_worker(struct daemon *daemon, struct worker *worker, uint64_t now_ns)
{
	struct mail mails[HEAR_MAX];
	unsigned count;

	do {
		count = worker_hear(worker, mails, HEAR_MAX);
		for (unsigned i = 0; i < count; i++)
			hear_letter(daemon, &mails[i], now_ns);
	} while (count == HEAR_MAX);
}

static void drain_trace(struct daemon *daemon, struct worker *worker)
{
	struct trace_record record;

	for (unsigned i = 0; i < TRACE_MAX && trace_take(worker_trace(worker), &record); i++) {
		if (record.suppressed > 0)
			log_line(&daemon->log, CONFIG_LOG_WARNING,
				"%u lines suppressed by the rate limit of worker %u", record.suppressed,
				worker_index(worker));
		if (record.category < TRACE_CATEGORY_COUNT)
			daemon->trace_lines[record.category]++;
		log_trace(&daemon->log, record.text, record.len);
	}
}

static void tick(struct reactor_timer *timer)
{
	struct daemon *daemon = (struct daemon *)((char *)timer - offsetof(struct daemon, tick));
	uint64_t now_ns = reactor_now_ns();

	for (unsigned i = 0; i < plane_worker_count(daemon->plane); i++) {
		hear_worker(daemon, plane_worker(daemon->plane, i), now_ns);
		drain_trace(daemon, plane_worker(daemon->plane, i));
	}
	nodes_tick(daemon->nodes, now_ns);
	change_tick(daemon, now_ns);
}

static void slow_tick(struct reactor_timer *timer)
{
	struct daemon *daemon = (struct daemon *)((char *)timer - offsetof(struct daemon, slow_tick));

	server_tick(daemon->server, reactor_now_ns());
	listing_tick(daemon, reactor_now_ns());
	server_watch_links(daemon);
	server_watch_conflicts(daemon, reactor_now_ns());
}

static void signal_caught(struct reactor_signals *signals, int number)
{
	struct daemon *daemon = (struct daemon *)((char *)signals - offsetof(struct daemon, signals));

	if (number != SIGHUP) {
		log_line(&daemon->log, CONFIG_LOG_INFO, "stopping: %s", strsignal(number));
		reactor_stop(&daemon->reactor);
	} else if (daemon->change.stage == CHANGE_NONE) {
		log_line(&daemon->log, CONFIG_LOG_INFO, "reading %s again", daemon->path);
		change_reload(daemon, NULL);
	} else {
		daemon->reload_wanted = true;
	}
}

static void node_changed(void *ctx, const struct node_event *event)
{
	struct daemon *daemon = ctx;
	enum node_health to = node_word_health(event->to_word);
	enum config_log_level level =
		to == NODE_DOWN || to == NODE_SUSPECT ? CONFIG_LOG_WARNING : CONFIG_LOG_INFO;
	char flags[32];

	nodes_flags_format(event->to_word, flags, sizeof(flags));
	if (event->detect_ns > 0)
		server_say(daemon, level, "node %s: %s -> down: %s, %.0f ms after its last answer",
			event->name, node_health_name(node_word_health(event->from_word)), event->reason,
			(double)event->detect_ns / 1e6);
	else
		server_say(daemon, level, "node %s: %s -> %s %s%s%s: %s", event->name,
			node_health_name(node_word_health(event->from_word)), node_health_name(to),
			node_admin_name(node_word_admin(event->to_word)), flags[0] ? " " : "", flags,
			event->reason);
}

/* ---- rungs ---- */

static int load_config(struct daemon *daemon, const char *path, char error[static DAEMON_ERROR_MAX])
{
	struct config_report report;
	int ret;

	config_report_init(&report, path);
	ret = config_load_file(path, &report, &daemon->running);
	config_report_print(&report, stderr);
	config_report_fini(&report);
	snprintf(error, DAEMON_ERROR_MAX, "%s is not a configuration that can run", path);
	if (ret < 0)
		return ret;
	daemon->saved = config_clone(daemon->running);
	daemon->path = realpath(path, NULL);
	snprintf(error, DAEMON_ERROR_MAX, "memory is short");
	return daemon->saved && daemon->path ? 0 : -ENOMEM;
}

static void unload_config(struct daemon *daemon)
{
	config_destroy(daemon->saved);
	config_destroy(daemon->running);
	free(daemon->path);
}

static int open_loop(struct daemon *daemon)
{
	sigset_t set;
	int ret = reactor_init(&daemon->reactor);

	if (ret < 0)
		return ret;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	daemon->signals.caught = signal_caught;
	ret = reactor_signals_open(&daemon->reactor, &daemon->signals, &set);
	if (ret < 0)
		reactor_fini(&daemon->reactor);
	return ret;
}

static void close_loop(struct daemon *daemon)
{
	reactor_signals_close(&daemon->reactor, &daemon->signals);
	reactor_fini(&daemon->reactor);
}

static int boot_eal(struct daemon *daemon, const char *program, char error[static DAEMON_ERROR_MAX])
{
	const struct config *config = daemon->running;
	const char *devices[PORTS_MAX];
	struct eal_facts facts;
	struct eal_config eal = {
		.program = program,
		.huge_pages = config->memory.huge_pages == CONFIG_HUGE_PAGES_AUTO,
		.memory_mb = size_memory_mb(config),
		.devices = devices,
		.device_count = config_count(config, CONFIG_PORTS),
		.log_level = "error",
	};
	int ret;

	static_assert((int)DAEMON_ERROR_MAX >= EAL_ERROR_MAX && (int)DAEMON_ERROR_MAX >= PLANE_ERROR_MAX,
		"what the lower rungs say must fit");
	for (unsigned i = 0; i < eal.device_count; i++)
		devices[i] = config_port_at(config, i)->device;
	ret = eal_boot(&eal, &facts, error);
	if (ret == 0)
		log_line(&daemon->log, CONFIG_LOG_INFO, "memory comes from %s",
			facts.huge_pages ? "huge pages" : "ordinary pages");
	return ret;
}

static void describe_plane(struct daemon *daemon)
{
	const struct config *config = daemon->running;
	struct plane_config *plane = &daemon->plane_config;

	static_assert((int)CONFIG_IDLE_ADAPTIVE == IDLE_ADAPTIVE && (int)CONFIG_IDLE_POLL == IDLE_POLL,
		"the choice is handed over as a number");
	plane->worker_count = config->workers.count;
	plane->cores = config->workers.core_count > 0 ? config->workers.cores : NULL;
	plane->idle = (enum idle_policy)config->workers.idle;
	plane->mbufs = size_mbufs(config);
	plane->port_count = config_count(config, CONFIG_PORTS);
	plane->ports = daemon->plane_ports;
	plane->tcp = size_tcp(config);
	plane->streams = size_streams(config);
	plane->transactions = (struct txns_config){.transactions_max = config->transactions.max};
	if (config->transactions.texts_mb > 0)
		text_store_counts_within(
			(uint64_t)config->transactions.texts_mb << 20, plane->transactions.text_counts);
	for (unsigned i = 0; i < plane->port_count; i++) {
		const struct config_port *port = config_port_at(config, i);
		struct plane_port *to = &daemon->plane_ports[i];
		*to = (struct plane_port){.name = port->name,
			.device = port->device,
			.addresses = port->addresses,
			.address_count = port->address_count,
			.gateway_v4 = port->gateway,
			.gateway_v6 = port->gateway6,
			.mtu = port->mtu,
			.queues = port->queues};
		memcpy(to->mac, port->mac, sizeof(to->mac));
	}
}

/* Everything about nodes and routes that the model implies. */
static int fill_registries(struct daemon *daemon, char error[static DAEMON_ERROR_MAX])
{
	int ret;

	snprintf(error, DAEMON_ERROR_MAX, "nodes and routes need more memory than there is");
	daemon->nodes = nodes_create();
	if (!daemon->nodes)
		return -ENOMEM;
	daemon->nodes->changed = node_changed;
	daemon->nodes->ctx = daemon;
	ret = journal_init(&daemon->journal);
	if (ret == 0)
		ret = update_all(daemon);
	if (ret == 0)
		update_nodes(daemon);
	if (ret < 0) {
		journal_fini(&daemon->journal);
		routes_destroy(daemon->routes);
		nodes_destroy(daemon->nodes);
	}
	return ret;
}

static void empty_registries(struct daemon *daemon)
{
	change_fini(&daemon->change.set);
	json_decref(daemon->listing.rows);
	journal_fini(&daemon->journal);
	routes_destroy(daemon->routes);
	nodes_destroy(daemon->nodes);
}

static int first_snapshot(struct daemon *daemon, char error[static DAEMON_ERROR_MAX])
{
	struct build build = {
		.wants = BUILD_ROUTES | BUILD_USERS | BUILD_ACL | BUILD_DOMAINS | BUILD_NODES,
		.worker_count = daemon->running->workers.count,
	};
	struct snapshot *first = calloc(1, sizeof(*first));
	int ret = first ? 0 : -ENOMEM;

	snprintf(error, DAEMON_ERROR_MAX, "the first snapshot could not be made");
	if (ret == 0)
		ret = build_gather(&build, daemon->running, daemon->routes, daemon->nodes);
	if (ret == 0) {
		build_run(&build);
		ret = build.ret;
		if (ret < 0)
			snprintf(error, DAEMON_ERROR_MAX, "%s", build.error.text);
	}
	if (ret == 0) {
		first->generation = daemon->journal.number;
		first->keys = keyring_keys(&daemon->keys);
		update_snapshot(daemon, first);
		publisher_init(&daemon->publisher, first, &build.parts);
		build.parts = (struct parts){0};
		routes_settled(daemon->routes);
	} else {
		free(first);
	}
	build_fini(&build);
	return ret;
}

static int create_plane(struct daemon *daemon, char error[static DAEMON_ERROR_MAX])
{
	struct hash_key seed;
	int ret = key_draw(&seed);

	if (ret == 0)
		ret = key_draw(&daemon->plane_config.probe_key);
	if (ret == 0)
		ret = key_draw(&daemon->plane_config.tcp.secret);
	if (ret < 0)
		return ret;
	daemon->plane_config.first = daemon->publisher.current;
	daemon->plane_config.seed = seed.k0;
	ret = plane_create(&daemon->plane_config, &daemon->plane, error);
	if (ret < 0)
		return ret;
	daemon->publisher.rcu = plane_rcu(daemon->plane);
	update_log(daemon);
	return 0;
}

static int open_server(struct daemon *daemon, char error[static DAEMON_ERROR_MAX])
{
	struct server_settings settings = {
		.reactor = &daemon->reactor,
		.handler = dispatch_call,
		.ctx = daemon,
		.path = daemon->running->control.socket,
		.mode = daemon->running->control.mode,
		.connections_max = DAEMON_CONNECTIONS_MAX,
		.line_timeout_ms = 10000,
		.stall_timeout_ms = 10000,
	};

	return server_create(&settings, error, DAEMON_ERROR_MAX, &daemon->server);
}

static int start_timers(struct daemon *daemon)
{
	int ret;

	daemon->tick.fire = tick;
	daemon->slow_tick.fire = slow_tick;
	ret = reactor_timer_open(&daemon->reactor, &daemon->tick, DAEMON_TICK_MS);
	if (ret < 0)
		return ret;
	ret = reactor_timer_open(&daemon->reactor, &daemon->slow_tick, DAEMON_SLOW_TICK_MS);
	if (ret < 0)
		reactor_timer_close(&daemon->reactor, &daemon->tick);
	return ret;
}

/* ---- the ladder ---- */

/* The upper half: what runs on a started environment. */
static int init_running(struct daemon *daemon, char error[static DAEMON_ERROR_MAX])
{
	int ret = first_snapshot(daemon, error);

	if (ret < 0)
		return ret;
	ret = create_plane(daemon, error);
	if (ret < 0)
		goto free_snapshot;
	ret = compiler_create(&daemon->reactor, "sluice-compile", &daemon->compiler);
	if (ret < 0)
		goto destroy_plane;
	ret = compiler_create(&daemon->reactor, "sluice-merge", &daemon->merger);
	if (ret < 0)
		goto destroy_compiler;
	ret = open_server(daemon, error);
	if (ret < 0)
		goto destroy_merger;
	ret = start_timers(daemon);
	if (ret < 0)
		goto destroy_server;
	ret = plane_start(daemon->plane, error);
	if (ret < 0)
		goto stop_timers;
	return 0;
stop_timers:
	reactor_timer_close(&daemon->reactor, &daemon->slow_tick);
	reactor_timer_close(&daemon->reactor, &daemon->tick);
destroy_server:
	server_destroy(daemon->server);
destroy_merger:
	compiler_destroy(daemon->merger);
destroy_compiler:
	compiler_destroy(daemon->compiler);
destroy_plane:
	plane_destroy(daemon->plane);
free_snapshot:
	publisher_fini(&daemon->publisher);
	return ret;
}

int daemon_init(
	struct daemon *daemon, const char *program, const char *path, char error[static DAEMON_ERROR_MAX])
{
	int ret;

	memset(daemon, 0, sizeof(*daemon));
	daemon->started_ns = reactor_now_ns();
	daemon->started_wall_ms = log_wall_ms();
	ret = load_config(daemon, path, error);
	if (ret < 0)
		goto unload;
	ret = log_init(&daemon->log, STDERR_FILENO, daemon->running->log.level);
	if (ret < 0)
		goto unload;
	ret = open_loop(daemon);
	if (ret < 0)
		goto end_log;
	ret = keys_start(daemon, error);
	if (ret < 0)
		goto end_loop;
	ret = claim_take(daemon->running->control.socket, error, DAEMON_ERROR_MAX, &daemon->claim);
	if (ret < 0)
		goto end_loop;
	describe_plane(daemon);
	ret = boot_eal(daemon, program, error);
	if (ret < 0)
		goto drop_claim;
	ret = fill_registries(daemon, error);
	if (ret < 0)
		goto shut_eal;
	ret = init_running(daemon, error);
	if (ret < 0)
		goto empty;
	return 0;
empty:
	empty_registries(daemon);
shut_eal:
	eal_shutdown();
drop_claim:
	claim_drop(daemon->claim);
end_loop:
	close_loop(daemon);
end_log:
	log_fini(&daemon->log);
unload:
	unload_config(daemon);
	return ret;
}

int daemon_run(struct daemon *daemon)
{
	int ret;

	log_line(&daemon->log, CONFIG_LOG_INFO, "ready: %u workers, %u nodes, %u routes, socket %s",
		plane_worker_count(daemon->plane), config_count(daemon->running, CONFIG_NODES),
		config_count(daemon->running, CONFIG_ROUTES), daemon->running->control.socket);
	printf("ready\n");
	fflush(stdout);
	ret = reactor_run(&daemon->reactor);
	return ret < 0 ? 1 : 0;
}

/* A compilation cannot be interrupted, and may take longer than anybody waits for a process to end. */
static bool leave_compilations(struct daemon *daemon)
{
	bool compiles = compiler_leave(daemon->compiler);
	bool merges = compiler_leave(daemon->merger);

	return compiles || merges;
}

/* Gives up what others can see: the socket, the devices, the claim. Memory stays for whoever still reads it.
 */
static void end_leaving(struct daemon *daemon)
{
	server_destroy(daemon->server);
	plane_stop(daemon->plane);
	plane_destroy(daemon->plane);
	eal_shutdown();
	claim_drop(daemon->claim);
	log_line(&daemon->log, CONFIG_LOG_INFO, "stopped, without waiting for a compilation");
	log_fini(&daemon->log);
}

bool daemon_fini(struct daemon *daemon)
{
	reactor_timer_close(&daemon->reactor, &daemon->slow_tick);
	reactor_timer_close(&daemon->reactor, &daemon->tick);
	if (leave_compilations(daemon)) {
		end_leaving(daemon);
		return false;
	}
	/* Jobs that end now may still publish and answer: workers and server are there until then. */
	compiler_destroy(daemon->merger);
	compiler_destroy(daemon->compiler);
	server_destroy(daemon->server);
	plane_stop(daemon->plane);
	plane_destroy(daemon->plane);
	publisher_fini(&daemon->publisher);
	empty_registries(daemon);
	eal_shutdown();
	claim_drop(daemon->claim);
	close_loop(daemon);
	log_line(&daemon->log, CONFIG_LOG_INFO, "stopped");
	log_fini(&daemon->log);
	unload_config(daemon);
	return true;
}
