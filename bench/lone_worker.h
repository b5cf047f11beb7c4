/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One worker at 192.0.2.1/24 on a wire that the benchmark is: its rx and tx. Everybody else on the link is
 * one neighbour, with one MAC address.
 */
#ifndef BENCH_LONE_WORKER_H
#define BENCH_LONE_WORKER_H

#include "rcu.h"
#include "sim/packet.h"
#include "worker/worker.h"

#include <rte_mbuf.h>

extern const uint8_t lone_worker_mac[6];
extern const uint8_t lone_worker_peer_mac[6];

struct lone_worker {
	struct wire wire;         /* the caller sets rx, tx and ctx before lone_worker_create() */
	struct rte_mempool *pool; /* ... and what the worker and its frames live in */
	struct rcu *rcu;
	struct worker *worker;
	uint64_t now_ns; /* the time to go on from */
};

/* The snapshot must live as long as the worker. */
void lone_worker_create(struct lone_worker *lone, const struct snapshot *snap);
void lone_worker_destroy(struct lone_worker *lone);

/* A frame as it comes out of rx. Inline: the copy is part of what is measured, a call more would be, too. */
static inline struct rte_mbuf *lone_worker_frame(const struct lone_worker *lone, const struct packet *packet)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(lone->pool);

	ensure(mbuf != NULL);
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)packet->len), packet->bytes, packet->len);
	return mbuf;
}

#endif
