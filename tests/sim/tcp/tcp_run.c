/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run: the hosts, the loop of virtual time, and what must hold during it and at its end. */
#include "tcp/tcp_app.h"

#include "support/eal.h"

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const uint64_t end_ns = 20000 * SIM_S; /* later than any timeout */

void tcp_sim_violate(struct tcp_sim *sim, const char *format, ...)
{
	va_list args;

	if (sim->violation[0])
		return;
	va_start(args, format);
	vsnprintf(sim->violation, sizeof(sim->violation), format, args);
	va_end(args);
}

void tcp_sim_log(const struct tcp_sim *sim, const char *format, ...)
{
	char line[LOG_LINE_MAX];
	int used = snprintf(line, sizeof(line), "%12.6f ", (double)sim->now_ns / 1e9);
	va_list args;

	if (!sim->verbose && !sim->log)
		return;
	va_start(args, format);
	vsnprintf(line + used, sizeof(line) - (size_t)used, format, args);
	va_end(args);
	if (sim->log)
		memcpy(sim->log->lines[sim->log->count++ % LOG_LINES], line, sizeof(line));
	else
		puts(line);
}

void tcp_sim_later(
	struct tcp_sim *sim, uint64_t in_ns, void (*happen)(void *, uint64_t), void *ctx, uint64_t arg)
{
	event_plan(&sim->events,
		(struct event){.at_ns = sim->now_ns + in_ns, .happen = happen, .ctx = ctx, .arg = arg});
}

/* Pools outlive the runs: making one takes longer than a run. */
static struct rte_mempool *pool_for(unsigned host, bool few)
{
	static struct rte_mempool *pools[HOSTS][2];
	char name[32];

	if (!pools[host][few]) {
		snprintf(name, sizeof(name), "sim%u%d", host, few);
		pools[host][few] = eal_pool(name, few ? SIM_MBUFS_FEW : SIM_MBUFS, 2176);
	}
	return pools[host][few];
}

static void stack_start(struct tcp_sim *sim, struct sim_host *host)
{
	unsigned index = host->index;
	struct endpoint local = {host->ip, SIM_PORT};
	struct tcp_config config = {
		.stats = &host->stats,
		.rng = &host->rng,
		.secret = {sim->seed, index + HOSTS * host->reboots},
		.socket_id = -1,
		.connections_max = 16,
		.half_open_max = 8,
		.time_wait_max = 16,
		.pieces_max = sim->plan.pieces_max[index],
		.window_bytes = sim->plan.window_bytes[index],
		.send_max_bytes = sim->plan.few_mbufs ? 20000 : 0,
		/* Some buffers must stay for what is on its way in or out. */
		.memory_max_bytes = sim->plan.few_mbufs ? 128 * 2304 : 0,
		.connect_timeout_ms = 300000,
		.user_timeout_ms = 1000000,
		.close_limit_ms = 1000000,
		.keepalive_probes = 40, /* a wire that loses this much loses five of them and their answers */
		.ctx = host,
		.output = tcp_wire_send,
		.event = tcp_app_event,
	};

	host->pool = config.pool = pool_for(index, sim->plan.few_mbufs);
	/* After a reboot the same ports come in the same order. */
	rng_init(&host->rng, sim->seed + index);
	ensure(tcp_create(&config, sim->now_ns, &host->tcp) == 0);
	ensure(tcp_add_source(host->tcp, &host->ip) == 0);
	ensure(tcp_listen(host->tcp, &local, 4, 0) == 0);
}

static void host_start(struct tcp_sim *sim, unsigned index)
{
	struct sim_host *host = &sim->hosts[index];
	const char *text = sim->plan.family == 4 ? (index ? "192.0.2.2" : "192.0.2.1")
						 : (index ? "2001:db8::2" : "2001:db8::1");

	host->sim = sim;
	host->index = index;
	ensure(ip_parse(span_str(text), &host->ip) == 0);
	if (index != MODEL_HOST || !sim->plan.has_model)
		stack_start(sim, host);
}

static void check_pool(struct tcp_sim *sim, const struct sim_host *host)
{
	unsigned all = sim->plan.few_mbufs ? SIM_MBUFS_FEW : SIM_MBUFS;
	unsigned back = rte_mempool_avail_count(host->pool);

	if (back != all)
		tcp_sim_violate(sim, "host %u lost %u packet buffers", host->index, all - back);
}

/* The address stays, the memory goes. Whoever still believes in a connection must find out by itself. */
static void reboot(void *ctx, uint64_t arg)
{
	struct sim_host *host = ctx;
	struct tcp_sim *sim = host->sim;

	(void)arg;
	tcp_sim_log(sim, "host %u reboots", host->index);
	sim->disturbed++;
	host->reboots++;
	host->ports_used = 0;
	for (unsigned i = 0; i < sim->plan.conns; i++) {
		struct side *side = &sim->conns[i].sides[host->index];
		sim->conns[i].lost = sim->conns[i].lost || sim->conns[i].opened;
		side->ended = side->ended || sim->conns[i].opened;
		side->tcb = NULL;
	}
	models_forget(host);
	if (!host->tcp)
		return;
	tcp_destroy(host->tcp);
	check_pool(sim, host);
	stack_start(sim, host);
}

void tcp_hosts_start(struct tcp_sim *sim)
{
	for (unsigned i = 0; i < HOSTS; i++)
		host_start(sim, i);
	if (sim->plan.reboots)
		tcp_sim_later(sim, sim->plan.reboot_at_ns, reboot, &sim->hosts[sim->plan.reboot_host], 0);
}

void tcp_hosts_stop(struct tcp_sim *sim)
{
	while (event_next_ns(&sim->events) != UINT64_MAX)
		tcp_wire_forget(event_take(&sim->events));
	event_queue_fini(&sim->events);
	models_free(sim);
	for (unsigned i = 0; i < HOSTS; i++) {
		if (!sim->hosts[i].tcp)
			continue;
		tcp_destroy(sim->hosts[i].tcp);
		check_pool(sim, &sim->hosts[i]);
	}
}

/* While it runs: each connection has a timer, and its right edge only moves right. */
void tcp_oracle_step(struct tcp_sim *sim)
{
	for (unsigned i = 0; i < sim->plan.conns * HOSTS; i++) {
		struct side *side = &sim->conns[i / HOSTS].sides[i % HOSTS];
		struct tcp_info info;
		if (!side->tcb)
			continue;
		tcp_info(side->tcb, &info);
		if (!info.timer_armed && strcmp(info.state, "CLOSED") != 0)
			tcp_sim_violate(sim, "conn %u host %u is in %s without a timer", i / HOSTS, i % HOSTS,
				info.state);
		if (!side->begun)
			continue;
		if (side->edge_known && (int32_t)(info.window_edge - side->edge) < 0)
			tcp_sim_violate(sim, "conn %u host %u took its window back", i / HOSTS, i % HOSTS);
		side->edge = info.window_edge;
		side->edge_known = true;
	}
}

/* A model without anything to say does not find out that its peer is gone. */
static bool must_end(const struct sim_conn *conn, const struct side *side)
{
	return conn->opened && (side->begun || side->host->index == conn->opener) && side->host->tcp;
}

/* Half-open entries that were given up make the opener's connection end by a reset; so does a late FIN. */
static bool may_reset(const struct tcp_sim *sim, const struct sim_conn *conn)
{
	const struct stats *acceptor = &sim->hosts[!conn->opener].stats;

	return stats_get(acceptor, STAT_tcp_half_timeout) > 0 ||
	       stats_get(acceptor, STAT_tcp_cookies_sent) > 0;
}

/* One whose peer's window stayed shut while memory was short is given up, so that others have some. */
static bool may_be_evicted(const struct tcp_sim *sim, const struct sim_conn *conn)
{
	for (unsigned i = 0; i < HOSTS; i++) {
		if (conn->sides[i].why == TCP_WHY_USER_TIMEOUT &&
			stats_get(&sim->hosts[i].stats, STAT_tcp_stuck_evicted) > 0)
			return true;
	}
	return false;
}

static bool all_arrived(const struct sim_conn *conn)
{
	return conn->sides[0].read == conn->sides[1].to_send && conn->sides[1].read == conn->sides[0].to_send;
}

static void check_conn(struct tcp_sim *sim, const struct sim_conn *conn)
{
	for (unsigned i = 0; i < HOSTS; i++) {
		const struct side *side = &conn->sides[i];
		if (must_end(conn, side) && !side->ended)
			tcp_sim_violate(sim, "conn %u host %u never ended", conn->index, i);
	}
	if (conn->aborts || conn->lost || sim->plan.cut || all_arrived(conn) || may_reset(sim, conn) ||
		may_be_evicted(sim, conn))
		return;
	tcp_sim_violate(sim, "conn %u: %u of %u and %u of %u bytes arrived; ended %s and %s", conn->index,
		conn->sides[0].read, conn->sides[1].to_send, conn->sides[1].read, conn->sides[0].to_send,
		tcp_reason_name(conn->sides[0].why), tcp_reason_name(conn->sides[1].why));
}

/* Nobody here sends beyond an edge: had anything been cut off, less were enforced than was advertised. */
static void check_window(struct tcp_sim *sim, const struct sim_host *host)
{
	if (stats_get(&host->stats, STAT_tcp_trimmed) > 0 && !sim->plan.reboots)
		tcp_sim_violate(
			sim, "host %u cut off text inside of the window it had advertised", host->index);
}

/* Nobody is given up where there is memory enough. */
static void check_evicted(struct tcp_sim *sim, const struct sim_host *host)
{
	if (!sim->plan.few_mbufs && stats_get(&host->stats, STAT_tcp_stuck_evicted) > 0)
		tcp_sim_violate(sim, "host %u gave up connections for memory that it had", host->index);
}

void tcp_oracle_end(struct tcp_sim *sim)
{
	for (unsigned i = 0; i < sim->plan.conns; i++)
		check_conn(sim, &sim->conns[i]);
	for (unsigned i = 0; i < HOSTS; i++) {
		struct tcp_levels levels;
		if (!sim->hosts[i].tcp)
			continue;
		check_window(sim, &sim->hosts[i]);
		check_evicted(sim, &sim->hosts[i]);
		tcp_levels(sim->hosts[i].tcp, &levels);
		if (levels.connections + levels.half_open + levels.time_wait + levels.pieces +
					levels.under_way >
				0 ||
			levels.pinned_bytes > 0)
			tcp_sim_violate(sim,
				"host %u keeps %u connections, %u half open, %u waiting, %u pieces, %u "
				"records",
				i, levels.connections, levels.half_open, levels.time_wait, levels.pieces,
				levels.under_way);
	}
}

/* A host that stands still does nothing until it goes on. */
static uint64_t host_next_ns(const struct tcp_sim *sim, unsigned host)
{
	uint64_t next_ns = sim->hosts[host].tcp ? tcp_next_ns(sim->hosts[host].tcp) : UINT64_MAX;
	uint64_t from_ns = SIM_S + sim->plan.pause_at_ns;
	uint64_t until_ns = from_ns + sim->plan.pause_ns;

	if (host == sim->plan.pause_host && next_ns >= from_ns && next_ns < until_ns)
		return until_ns;
	return next_ns;
}

static bool step(struct tcp_sim *sim)
{
	uint64_t event_ns = event_next_ns(&sim->events);
	unsigned host = host_next_ns(sim, 0) <= host_next_ns(sim, 1) ? 0 : 1;
	uint64_t host_ns = host_next_ns(sim, host);

	if (event_ns == UINT64_MAX && host_ns == UINT64_MAX)
		return false;
	if (event_ns <= host_ns) {
		struct event event = event_take(&sim->events);
		sim->now_ns = event.at_ns > sim->now_ns ? event.at_ns : sim->now_ns;
		event.happen(event.ctx, event.arg);
	} else {
		sim->now_ns = host_ns > sim->now_ns ? host_ns : sim->now_ns;
		tcp_tick(sim->hosts[host].tcp, sim->now_ns);
	}
	return sim->now_ns < end_ns;
}

static void log_plan(const struct tcp_sim *sim)
{
	const struct tcp_plan *plan = &sim->plan;

	tcp_sim_log(sim,
		"IPv%d, %u connections, delay %llu us, loss %u duplicate %u reorder %u corrupt %u per "
		"million",
		plan->family, plan->conns, (unsigned long long)(plan->delay_ns / 1000), plan->loss,
		plan->duplicate, plan->reorder, plan->corrupt);
	tcp_sim_log(sim, "windows %u %u, pieces %u %u, %s mbufs,%s%s%s", plan->window_bytes[0],
		plan->window_bytes[1], plan->pieces_max[0], plan->pieces_max[1],
		plan->few_mbufs ? "few" : "many", plan->strip_sack ? " no SACK" : "",
		plan->strip_ts ? " no timestamps" : "", plan->cut ? " the wire is cut" : "");
	if (plan->has_model)
		tcp_sim_log(sim,
			"host %u is a model: window %u scale %d, mss %u, %u at a time, %u under way, ACKs "
			"after %llu "
			"ms%s%s%s%s%s",
			MODEL_HOST, plan->habits.window_bytes, plan->habits.shift, plan->habits.mss,
			plan->habits.segment_max, plan->habits.flight_max,
			(unsigned long long)(plan->habits.ack_delay_ns / SIM_MS),
			plan->habits.sack ? ", SACK" : "", plan->habits.timestamps ? ", timestamps" : "",
			plan->habits.keeps ? "" : ", goes back", plan->habits.reneges ? ", reneges" : "",
			plan->habits.shrinks ? ", shrinks its window" : "");
	if (plan->mtu_at_ns)
		tcp_sim_log(sim, "MTU %u%s", plan->mtu_path, plan->black_hole ? ", and nobody says so" : "");
}

void tcp_sim_run(struct tcp_sim *sim)
{
	sim->now_ns = SIM_S;
	event_queue_init(&sim->events);
	tcp_plan_make(sim);
	log_plan(sim);
	tcp_hosts_start(sim);
	tcp_apps_start(sim);
	while (sim->violation[0] == '\0' && step(sim))
		tcp_oracle_step(sim);
	if (sim->violation[0] == '\0')
		tcp_oracle_end(sim);
	tcp_hosts_stop(sim);
}
