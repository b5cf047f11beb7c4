/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds a world from the seed, lets virtual time jump from event to event, and asks at the end whether
 * everything is accounted for. Control's and all workers' code run on this one thread, one after the other.
 */
#include "sim.h"

#include "base/hash.h"
#include "client.h"
#include "control.h"
#include "conn/directory.h"
#include "worker/exchange.h"
#include "host.h"
#include "ledger.h"
#include "link.h"
#include "plan.h"
#include "rcu.h"
#include "server.h"
#include "streams.h"
#include "support/small_tcp.h"
#include "worker/worker.h"

#include <rte_mbuf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	POOL_MBUFS = 2047,
	POOL_ROOM = RTE_PKTMBUF_HEADROOM + 2560,
	ROUNDS_MAX = 1000, /* polls of all workers at one moment: more means that they keep each other busy */
};

/* The last call may begin at 16 s and live for two requests; then everything that waits must have expired. */
static const uint64_t run_ends_ns = 52 * SIM_S;
/* Timer C and the wait for a cancelled INVITE after that (RFC 3261 16.8, 9.1). */
static const uint64_t transactions_end_ns = 220 * SIM_S;
static const uint64_t poll_step_ns = 50000;

/* Pools outlive runs: EAL memory is not given back quickly. Counting them is how a leak is seen. */
static struct rte_mempool *pool_of(unsigned worker)
{
	char name[32];

	snprintf(name, sizeof(name), "sim-%u", worker);
	struct rte_mempool *pool = rte_mempool_lookup(name);
	if (!pool)
		pool = rte_pktmbuf_pool_create(name, POOL_MBUFS, 0, 0, POOL_ROOM, SOCKET_ID_ANY);
	ensure(pool != NULL);
	return pool;
}

void sim_log(struct sim *sim, const char *format, ...)
{
	va_list args;

	if (!sim->verbose)
		return;
	printf("%12.6f ", (double)sim->now_ns / (double)SIM_S);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

void sim_violate(struct sim *sim, const char *format, ...)
{
	va_list args;

	if (sim->violation[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(sim->violation, sizeof(sim->violation), format, args);
	va_end(args);
	sim->violation_ns = sim->now_ns;
	sim_log(sim, "VIOLATION %s", sim->violation);
}

void sim_later(
	struct sim *sim, uint64_t in_ns, void (*happen)(void *ctx, uint64_t arg), void *ctx, uint64_t arg)
{
	event_plan(&sim->events,
		(struct event){.at_ns = sim->now_ns + in_ns, .happen = happen, .ctx = ctx, .arg = arg});
}

static void crash_streams(const struct sim *sim, struct sim_streams *streams, bool crash)
{
	if (sim->plan.crash == SIM_CRASH_UNREACHABLE && crash)
		sim_streams_kill(streams);
	else if (sim->plan.crash == SIM_CRASH_UNREACHABLE)
		sim_streams_revive(streams);
	else if (sim->plan.forgets && !crash)
		sim_streams_reboot(streams);
}

static void crash_or_return(void *ctx, uint64_t arg)
{
	struct sim *sim = ctx;
	bool crash = arg != 0;
	struct sim_host *host = sim->hosts[sim->plan.crash_node];

	sim_log(sim, "node %u %s", sim->plan.crash_node, crash ? "crashes" : "returns");
	if (sim->plan.crash == SIM_CRASH_BUSY) {
		sim_server_busy(sim->servers[sim->plan.crash_node], crash);
		return;
	}
	sim_host_condition(host, crash && sim->plan.crash == SIM_CRASH_SILENT,
		crash && sim->plan.crash == SIM_CRASH_UNREACHABLE);
	if (sim->plan.crash == SIM_CRASH_UNREACHABLE || (sim->plan.forgets && !crash))
		sim_server_forget(sim->servers[sim->plan.crash_node]);
	if (sim_host_streams(host))
		crash_streams(sim, sim_host_streams(host), crash);
}

/* Somebody, by turns a node and a client, if they have connections. */
static void hang_up(void *ctx, uint64_t arg)
{
	struct sim *sim = ctx;
	enum sim_hang_up how = (enum sim_hang_up)(arg % SIM_HANG_UPS);
	unsigned host = (unsigned)(arg / SIM_HANG_UPS) % SIM_HOSTS;
	struct sim_streams *streams = sim_host_streams(sim->hosts[host]);
	uint16_t port = streams ? sim_streams_hang_up(streams, how) : 0;

	if (port != 0 && how == SIM_HANG_UP_RESET)
		sim_calls_hurt(sim, host, port);
}

static void publish(void *ctx, uint64_t arg)
{
	struct sim *sim = ctx;

	(void)arg;
	sim_control_publish(sim->control);
}

static void drain_or_ready(void *ctx, uint64_t arg)
{
	struct sim *sim = ctx;

	sim_control_drain(sim->control, 1, arg != 0);
}

static void plan_events(struct sim *sim)
{
	const struct sim_plan *plan = &sim->plan;

	if (plan->crash != SIM_NO_CRASH) {
		sim_later(sim, plan->crash_ns, crash_or_return, sim, 1);
		sim_later(sim, plan->return_ns, crash_or_return, sim, 0);
	}
	for (unsigned i = 0; i < plan->publish_count; i++)
		sim_later(sim, plan->publish_ns[i], publish, sim, 0);
	for (unsigned i = 0; i < plan->hang_up_count; i++)
		sim_later(sim, plan->hang_up_ns[i], hang_up, sim, plan->hang_up_ns[i] / 1000);
	if (plan->drain) {
		sim_later(sim, 3 * SIM_S, drain_or_ready, sim, 1);
		sim_later(sim, 4 * SIM_S + 700 * SIM_MS, drain_or_ready, sim, 0);
	}
}

static void create_hosts(struct sim *sim)
{
	for (unsigned i = 0; i < SIM_HOSTS; i++) {
		if (i < SIM_NODES)
			sim->servers[i] = sim_server_create(sim, i);
		sim->hosts[i] = sim_host_create(
			sim, i, i < SIM_NODES ? sim_server_owner(sim->servers[i]) : sim_client_owner(sim));
	}
}

static void create_shared(struct sim *sim)
{
	const struct hash_key secret = {sim->seed, 78};

	ensure(exchange_create(sim->plan.workers, &sim->exchange) == 0);
	ensure(directory_create(&secret, sim->plan.workers, small_tcp().connections_max, &sim->directory) ==
		0);
}

static void create_workers(struct sim *sim, struct rte_mempool **pools)
{
	struct tcp_config limits = small_tcp();

	limits.time_wait_ms = 5000;
	for (unsigned i = 0; i < sim->plan.workers; i++) {
		unsigned owner = i % sim->plan.queues;
		const struct wire *wire = sim_link_wire(sim->link, owner);
		struct worker_config config = {
			.index = i,
			.count = sim->plan.workers,
			.port_count = 1,
			.pool = pools[i],
			.rcu = sim_control_rcu(sim->control),
			.exchange = sim->exchange,
			.directory = sim->directory,
			.probe_key = {sim->seed, 77},
			.epoch = 5,
			.transactions = {.transactions_max = sim->plan.transactions},
			.tcp = limits,
			.seed = sim->seed + i,
			.now_ns = sim->now_ns,
		};
		struct worker_port *port = &config.ports[0];
		port->own_queue = i < sim->plan.queues;
		port->spread = sim->plan.queues < sim->plan.workers;
		port->net.wire = port->own_queue ? wire : exchange_wire(sim->exchange, i, owner, 0, wire);
		port->net.local[0] = (struct ip_prefix){.addr = sim_balancer_ip(false), .len = 24};
		port->net.local[1] = (struct ip_prefix){.addr = sim_balancer_ip(true), .len = 64};
		port->net.local_count = 2;
		ensure(worker_create(&config, &sim->workers[i]) == 0);
		rcu_join(sim_control_rcu(sim->control), i);
	}
}

static void poll_workers(struct sim *sim)
{
	unsigned first = rng_below(&sim->order, sim->plan.workers);
	unsigned idle = 0;

	for (unsigned round = 0; idle < sim->plan.workers; round++) {
		struct worker *worker = sim->workers[(first + round) % sim->plan.workers];
		idle = worker_poll(worker, sim->now_ns) == 0 ? idle + 1 : 0;
		if (round > ROUNDS_MAX) {
			sim_violate(sim, "workers found work %u times at one moment", round);
			return;
		}
	}
}

static uint64_t next_ns(const struct sim *sim)
{
	uint64_t next = event_next_ns(&sim->events);
	uint64_t control_ns = sim_control_next_ns(sim->control);

	if (control_ns < next)
		next = control_ns;
	for (unsigned i = 0; i < sim->plan.workers; i++) {
		uint64_t worker_ns = worker_next_ns(sim->workers[i]);
		if (worker_ns < next)
			next = worker_ns;
	}
	for (unsigned i = 0; i < SIM_HOSTS; i++) {
		const struct sim_streams *streams = sim_host_streams(sim->hosts[i]);
		if (streams && sim_streams_next_ns(streams) < next)
			next = sim_streams_next_ns(streams);
	}
	return next > sim->now_ns ? next : sim->now_ns + poll_step_ns;
}

static void note_detection(struct sim *sim, struct sim_result *result)
{
	uint64_t since_ns;

	if (result->detect_ns == 0 && sim->now_ns > sim->plan.crash_ns && sim->now_ns < sim->plan.return_ns &&
		sim_control_health(sim->control, sim->plan.crash_node, &since_ns) == NODE_DOWN &&
		since_ns >= sim->plan.crash_ns)
		result->detect_ns = since_ns - sim->plan.crash_ns;
}

/* The first store of a worker, packet buffers apart, in which something is; NULL: none. */
static const char *store_in_use(const struct sim *sim)
{
	struct worker_level levels[WORKER_LEVELS_MAX];

	for (unsigned i = 0; i < sim->plan.workers; i++) {
		unsigned count = worker_levels(sim->workers[i], levels);
		for (unsigned k = WORKER_LEVEL_MBUFS + 1; k < count; k++) {
			if (levels[k].used > 0)
				return levels[k].name;
		}
	}
	return NULL;
}

/*
 * Each transaction ends: whatever is left after the last call is over by its own timers (RFC 3261 17), and so
 * does each connection once nobody wants it. A host whose peer is gone may wait longer.
 */
static bool anything_lives(struct sim *sim)
{
	const char *store = store_in_use(sim);

	if (store && sim->now_ns > run_ends_ns + transactions_end_ns)
		sim_violate(sim, "a worker still keeps %s", store);
	return store != NULL;
}

/* The calls are over: no node is left, and the hosts end their connections. */
static void retire(struct sim *sim)
{
	sim_log(sim, "the run winds up");
	sim_control_retire(sim->control);
	for (unsigned i = 0; i < SIM_HOSTS; i++) {
		if (sim_host_streams(sim->hosts[i]))
			sim_streams_retire(sim_host_streams(sim->hosts[i]));
	}
}

static void tick_hosts(struct sim *sim)
{
	for (unsigned i = 0; i < SIM_HOSTS; i++) {
		if (sim_host_streams(sim->hosts[i]))
			sim_streams_tick(sim_host_streams(sim->hosts[i]));
	}
}

static void run_to_end(struct sim *sim, struct sim_result *result)
{
	bool retired = false;

	while ((!retired || anything_lives(sim)) && sim->violation[0] == '\0') {
		sim->now_ns = next_ns(sim);
		if (!retired && sim->now_ns >= run_ends_ns) {
			retired = true;
			retire(sim);
		}
		while (event_next_ns(&sim->events) <= sim->now_ns) {
			struct event event = event_take(&sim->events);
			event.happen(event.ctx, event.arg);
		}
		tick_hosts(sim);
		poll_workers(sim);
		sim_control_step(sim->control);
		note_detection(sim, result);
	}
}

static void check_end(struct sim *sim, struct sim_result *result, struct rte_mempool **pools)
{
	const struct sim_plan *plan = &sim->plan;
	bool dies = plan->crash == SIM_CRASH_SILENT || plan->crash == SIM_CRASH_UNREACHABLE;

	sim_ledger_balance(sim->ledger);
	sim_calls_check(sim, result);
	for (unsigned i = 0; i < SIM_NODES; i++)
		sim_server_check(sim->servers[i]);
	if (plan->clean && dies && (result->detect_ns == 0 || result->detect_ns > SIM_S))
		sim_violate(sim, "the crash was known after %llu ms only",
			(unsigned long long)(result->detect_ns / SIM_MS));
	for (unsigned i = 0; i < plan->workers; i++) {
		unsigned missing = rte_mempool_in_use_count(pools[i]);
		if (missing > 0)
			sim_violate(sim, "%u packet buffers of worker %u are missing", missing, i);
	}
}

/* A violated run is cut off with frames in the air; an honest one leaves none. */
static void destroy(struct sim *sim)
{
	for (unsigned i = 0; i < sim->plan.workers; i++) {
		rcu_leave(sim_control_rcu(sim->control), i);
		worker_destroy(sim->workers[i]);
	}
	exchange_destroy(sim->exchange);
	directory_destroy(sim->directory);
	sim_control_destroy(sim->control);
	sim_calls_destroy(sim);
	for (unsigned i = 0; i < SIM_HOSTS; i++)
		sim_host_destroy(sim->hosts[i]);
	for (unsigned i = 0; i < SIM_NODES; i++)
		sim_server_destroy(sim->servers[i]);
	while (event_next_ns(&sim->events) != UINT64_MAX)
		sim_link_forget(event_take(&sim->events));
	sim_link_destroy(sim->link);
	sim_ledger_destroy(sim->ledger);
	event_queue_fini(&sim->events);
}

void sim_run(const struct sim_options *options, struct sim_result *ret_result)
{
	struct rte_mempool *pools[SIM_WORKERS_MAX];
	struct sim sim = {.seed = options->seed, .verbose = options->verbose};
	char text[256];

	*ret_result = (struct sim_result){.digest = 0};
	sim.plan = sim_plan_of(options->seed, options->sabotage);
	sim_plan_describe(&sim.plan, text, sizeof(text));
	sim_log(&sim, "seed %llu: %s", (unsigned long long)sim.seed, text);
	for (unsigned i = 0; i < sim.plan.workers; i++)
		pools[i] = pool_of(i);
	event_queue_init(&sim.events);
	rng_init(&sim.order, sim.seed * 7 + 3);
	sim.link = sim_link_create(&sim, pools);
	sim.ledger = sim_ledger_create(&sim);
	create_hosts(&sim);
	sim.control = sim_control_create(&sim);
	if (sim.plan.workers > 1)
		create_shared(&sim);
	create_workers(&sim, pools);
	sim_calls_create(&sim);
	plan_events(&sim);

	run_to_end(&sim, ret_result);
	if (sim.violation[0] == '\0')
		check_end(&sim, ret_result, pools);
	const struct sim_link_counts *counts = sim_link_counts(sim.link);
	ret_result->frames = counts->frames;
	ret_result->faults = counts->faults;
	ret_result->digest = sim.digest;
	for (unsigned i = 0; i < sim.plan.workers; i++)
		ret_result->given += stats_get(worker_stats(sim.workers[i]), STAT_worker_given_rx);
	if (sim.violation[0] != '\0')
		snprintf(ret_result->violation, sizeof(ret_result->violation), "at %.6f s: %s",
			(double)sim.violation_ns / (double)SIM_S, sim.violation);
	destroy(&sim);
}
