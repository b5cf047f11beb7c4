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
	work += timer_wheel_run(&worker->wheel, now_ns, WORKER_TIMER_STEPS);
	probe_flush(&worker->probes, now_ns);
	tcp_tick(worker->tcp, now_ns);
	net_tick(worker->net, now_ns);
	net_flush(worker->net);

	worker->gave_to =
		worker->config.exchange ? exchange_gave_to(worker->config.exchange, worker->config.index) : 0;
	worker->snap = NULL;
	rcu_quiescent(worker->config.rcu, worker->config.index);
	return work;
}

uint64_t worker_next_ns(const struct worker *worker)
{
	uint64_t next_ns = worker->now_ns + net_tick_ns;
	uint64_t timer_ns = timer_wheel_next_ns(&worker->wheel);
	uint64_t tcp_ns = tcp_next_ns(worker->tcp);

	if (timer_ns < next_ns)
		next_ns = timer_ns;
	return tcp_ns < next_ns ? tcp_ns : next_ns;
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
