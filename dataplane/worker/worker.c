/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop of a worker, one screen long. Every step does a bounded amount of work, so the loop's length is
 * bounded too. Called by the loop's thread (loop.c), by the simulator and by the benchmark.
 */
#include "worker/worker.h"

#include "worker/exchange.h"
#include "rcu.h"
#include "worker/worker_priv.h"

/* net_tick() wants to be called this often even when nothing else happens. */
static const uint64_t net_tick_ns = 10000000;

/* A pointer that looks the same may lead to a newer snapshot in recycled memory: generations tell. */
static void take_snapshot(struct worker *worker)
{
	worker->snap = rcu_snapshot(worker->config.rcu);
	if (worker->snap->generation == worker->generation)
		return;
	worker_nodes_sync(worker);
	worker_streams_sync(worker);
	worker->generation = worker->snap->generation;
	figure_set(&worker->loop.generation, worker->generation);
}

unsigned worker_poll(struct worker *worker, uint64_t now_ns)
{
	unsigned work = 0;

	ensure(worker->magic == WORKER_MAGIC && now_ns >= worker->now_ns);
	worker->now_ns = now_ns;
	worker->trace.now_ns = now_ns;
	take_snapshot(worker);

	work += worker_letters(worker);
	work += worker_receive(worker);
	work += worker_take_given(worker);
	work += timer_wheel_run(&worker->wheel, now_ns, WORKER_TIMER_STEPS);
	probe_flush(&worker->probes, now_ns);
	tcp_tick(worker->tcp, now_ns);
	work += conns_tick(worker->conns, worker->snap->nodes, now_ns);
	work += proxy_tick(&worker->proxy, worker->snap, now_ns);
	net_tick(worker->net, now_ns);
	net_flush(worker->net);
	worker_drop_spare(worker);

	worker->gave_to =
		worker->config.exchange ? exchange_gave_to(worker->config.exchange, worker->config.index) : 0;
	worker->snap = NULL;
	rcu_quiescent(worker->config.rcu, worker->config.index);
	return work;
}

static uint64_t sooner(uint64_t a_ns, uint64_t b_ns)
{
	return a_ns < b_ns ? a_ns : b_ns;
}

uint64_t worker_next_ns(const struct worker *worker)
{
	uint64_t next_ns = worker->now_ns + net_tick_ns;

	next_ns = sooner(next_ns, timer_wheel_next_ns(&worker->wheel));
	next_ns = sooner(next_ns, tcp_next_ns(worker->tcp));
	next_ns = sooner(next_ns, conns_next_ns(worker->conns));
	return sooner(next_ns, proxy_next_ns(&worker->proxy));
}

uint64_t worker_gave_to(const struct worker *worker)
{
	return worker->gave_to;
}

bool worker_has_letters(const struct worker *worker)
{
	if (!mailbox_empty(&worker->from_control))
		return true;
	return worker->config.exchange && exchange_waiting(worker->config.exchange, worker->config.index);
}
