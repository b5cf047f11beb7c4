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

unsigned worker_levels(const struct worker *worker, struct worker_level ret_levels[static WORKER_LEVELS_MAX])
{
	const struct rte_mempool *mbufs = worker->config.pool;
	const struct pool *probes = &worker->probes.pool;

	ret_levels[WORKER_LEVEL_MBUFS] = (struct worker_level){.name = "mbufs",
		.used = rte_mempool_in_use_count(mbufs),
		.size = mbufs->size,
		.exhausted = stats_get(&worker->stats, STAT_worker_no_mbuf)};
	ret_levels[WORKER_LEVEL_PROBES] = (struct worker_level){.name = "probes",
		.used = __atomic_load_n(&probes->used, __ATOMIC_RELAXED),
		.size = probes->object_count,
		.exhausted = __atomic_load_n(&probes->exhausted, __ATOMIC_RELAXED)};
	return WORKER_LEVELS_MAX;
}
