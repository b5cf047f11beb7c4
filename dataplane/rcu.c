/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rte_rcu_qsbr around one pointer. Control is not a registered reader, so it may ask without dead-locking
 * on itself. A worker that never joined is ignored by grace periods.
 */
#include "rcu.h"

#include "limits.h"

#include <errno.h>
#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>

struct rcu {
	const struct snapshot *current; /* writer: control (release); readers: workers (acquire) */
	unsigned reader_count;
	struct rte_rcu_qsbr *qsbr; /* owner: this */
};

int rcu_create(unsigned reader_count, const struct snapshot *first, struct rcu **ret_rcu)
{
	ensure(reader_count > 0 && reader_count <= WORKERS_MAX);
	struct rcu *rcu = rte_zmalloc("rcu", sizeof(*rcu), RTE_CACHE_LINE_SIZE);
	if (!rcu)
		return -ENOMEM;
	rcu->qsbr = rte_zmalloc("qsbr", rte_rcu_qsbr_get_memsize(reader_count), RTE_CACHE_LINE_SIZE);
	if (!rcu->qsbr) {
		rte_free(rcu);
		return -ENOMEM;
	}
	ensure(rte_rcu_qsbr_init(rcu->qsbr, reader_count) == 0);
	rcu->reader_count = reader_count;
	rcu->current = first;
	*ret_rcu = rcu;
	return 0;
}

void rcu_destroy(struct rcu *rcu)
{
	if (!rcu)
		return;
	rte_free(rcu->qsbr);
	rte_free(rcu);
}

void rcu_join(struct rcu *rcu, unsigned reader)
{
	ensure(rte_rcu_qsbr_thread_register(rcu->qsbr, reader) == 0);
	rte_rcu_qsbr_thread_online(rcu->qsbr, reader);
}

void rcu_leave(struct rcu *rcu, unsigned reader)
{
	rte_rcu_qsbr_thread_offline(rcu->qsbr, reader);
	ensure(rte_rcu_qsbr_thread_unregister(rcu->qsbr, reader) == 0);
}

void rcu_online(struct rcu *rcu, unsigned reader)
{
	rte_rcu_qsbr_thread_online(rcu->qsbr, reader);
}

void rcu_offline(struct rcu *rcu, unsigned reader)
{
	rte_rcu_qsbr_thread_offline(rcu->qsbr, reader);
}

void rcu_quiescent(struct rcu *rcu, unsigned reader)
{
	rte_rcu_qsbr_quiescent(rcu->qsbr, reader);
}

const struct snapshot *rcu_snapshot(const struct rcu *rcu)
{
	/* Pairs with the release in rcu_publish: what the pointer leads to is complete. */
	return __atomic_load_n(&rcu->current, __ATOMIC_ACQUIRE);
}

const struct snapshot *rcu_publish(struct rcu *rcu, const struct snapshot *next)
{
	/* Pairs with the acquire in rcu_snapshot. */
	return __atomic_exchange_n(&rcu->current, next, __ATOMIC_ACQ_REL);
}

void rcu_grace_begin(struct rcu *rcu, uint64_t now_ns, struct rcu_grace *ret_grace)
{
	*ret_grace = (struct rcu_grace){.token = rte_rcu_qsbr_start(rcu->qsbr), .begun_ns = now_ns};
}

bool rcu_grace_over(struct rcu *rcu, struct rcu_grace *grace, uint64_t now_ns)
{
	if (rte_rcu_qsbr_check(rcu->qsbr, grace->token, false) != 1)
		return false;
	if (grace->took_ns == 0)
		grace->took_ns = now_ns > grace->begun_ns ? now_ns - grace->begun_ns : 1;
	return true;
}

int rcu_laggard(const struct rcu *rcu, const struct rcu_grace *grace)
{
	for (unsigned reader = 0; reader < rcu->reader_count; reader++) {
		uint64_t seen = __atomic_load_n(&rcu->qsbr->qsbr_cnt[reader].cnt, __ATOMIC_ACQUIRE);
		if (seen != __RTE_QSBR_CNT_THR_OFFLINE && seen < grace->token)
			return (int)reader;
	}
	return -1;
}
