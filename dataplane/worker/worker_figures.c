/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What control may ask of a worker while it runs. Everything here is read relaxed, or goes through a ring. */
#include "worker/worker_priv.h"

#include <rte_mbuf.h>

unsigned worker_index(const struct worker *worker)
{
	return worker->config.index;
}

bool worker_tell(struct worker *worker, const struct mail *mail)
{
	return mailbox_send(&worker->from_control, mail);
}

unsigned worker_hear(struct worker *worker, struct mail *ret_mails, unsigned max)
{
	return mailbox_receive(&worker->to_control, ret_mails, max);
}

const struct stats *worker_stats(const struct worker *worker)
{
	return &worker->stats;
}

const struct loop_figures *worker_loop_figures(const struct worker *worker)
{
	return &worker->loop;
}

struct loop_figures *worker_loop_meter(struct worker *worker)
{
	return &worker->loop;
}

const struct node_figures *worker_node_figures(const struct worker *worker, unsigned slot)
{
	ensure(slot < NODES_MAX);
	return &worker->nodes[slot];
}

struct trace *worker_trace(struct worker *worker)
{
	return &worker->trace;
}

const struct refused_domains *worker_refused_domains(const struct worker *worker)
{
	return &worker->proxy.refused;
}

static struct worker_level level_of(
	const struct worker *worker, const char *name, uint64_t used, uint64_t size, enum stat exhausted)
{
	return (struct worker_level){
		.name = name, .used = used, .size = size, .exhausted = stats_get(&worker->stats, exhausted)};
}

/* Where running out is answered with something else than a refusal, that is what counts as exhausted. */
static void tcp_rows(const struct worker *worker, struct worker_level *levels)
{
	const struct tcp_config *most = &worker->config.tcp;
	struct tcp_levels now = {0};

	tcp_levels(worker->tcp, &now);
	levels[WORKER_LEVEL_CONNECTIONS] =
		level_of(worker, "connections", now.connections, most->connections_max, STAT_tcp_no_tcb);
	levels[WORKER_LEVEL_HALF_OPEN] =
		level_of(worker, "half-open", now.half_open, most->half_open_max, STAT_tcp_cookies_sent);
	levels[WORKER_LEVEL_TIME_WAIT] =
		level_of(worker, "time-wait", now.time_wait, most->time_wait_max, STAT_tcp_time_wait_evicted);
	levels[WORKER_LEVEL_PIECES] =
		level_of(worker, "pieces", now.pieces, most->pieces_max, STAT_tcp_no_piece);
	levels[WORKER_LEVEL_UNDER_WAY] =
		(struct worker_level){.name = "under-way", .used = now.under_way, .size = most->pieces_max};
	levels[WORKER_LEVEL_PINNED] = level_of(
		worker, "pinned-bytes", now.pinned_bytes, most->memory_max_bytes, STAT_tcp_memory_full);
	levels[WORKER_LEVEL_PORTS] =
		level_of(worker, "source-ports", now.ports, now.ports_max, STAT_tcp_ports_exhausted);
}

static void stream_rows(const struct worker *worker, struct worker_level *levels)
{
	struct conns_levels now;

	conns_levels(worker->conns, &now);
	levels[WORKER_LEVEL_MESSAGES] = (struct worker_level){.name = "half-messages",
		.used = now.buffers,
		.size = now.buffers_max,
		.exhausted = now.buffers_exhausted};
}

static unsigned transaction_levels(const struct worker *worker, struct worker_level *ret_levels)
{
	struct txns_level levels[TXNS_LEVELS_MAX];
	unsigned count = txns_levels(worker->proxy.txns, levels);

	for (unsigned i = 0; i < count; i++)
		ret_levels[i] = (struct worker_level){.name = levels[i].name,
			.used = levels[i].used,
			.size = levels[i].size,
			.exhausted = levels[i].exhausted};
	return count;
}

unsigned worker_levels(const struct worker *worker, struct worker_level ret_levels[static WORKER_LEVELS_MAX])
{
	const struct rte_mempool *mbufs = worker->config.pool;
	const struct pool *probes = &worker->probes.pool;

	ret_levels[WORKER_LEVEL_MBUFS] =
		level_of(worker, "mbufs", rte_mempool_in_use_count(mbufs), mbufs->size, STAT_worker_no_mbuf);
	ret_levels[WORKER_LEVEL_PROBES] = (struct worker_level){.name = "probes",
		.used = __atomic_load_n(&probes->used, __ATOMIC_RELAXED),
		.size = probes->object_count,
		.exhausted = __atomic_load_n(&probes->exhausted, __ATOMIC_RELAXED)};
	tcp_rows(worker, ret_levels);
	stream_rows(worker, ret_levels);
	return WORKER_LEVEL_TRANSACTIONS + transaction_levels(worker, ret_levels + WORKER_LEVEL_TRANSACTIONS);
}
