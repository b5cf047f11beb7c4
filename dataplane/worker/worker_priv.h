/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker from inside: worker.c has the loop, its neighbours the stages. */
#ifndef WORKER_PRIV_H
#define WORKER_PRIV_H

#include "worker/worker.h"

#include "base/rng.h"
#include "base/timer.h"
#include "worker/latency.h"
#include "limits.h"
#include "node/probe.h"
#include "proxy/proxy.h"
#include "snapshot.h"
#include "tcp/tcp.h"

#define WORKER_MAGIC 0x57524b31u

/* Objects that cross a callback carry it; all members belong to the worker's thread unless figures.h says so.
 */
struct worker {
	uint32_t magic;
	struct worker_config config;
	uint64_t now_ns;             /* of this loop */
	const struct snapshot *snap; /* of this loop */
	uint64_t generation;         /* of the snapshot that probes and figures were last brought up to */
	uint64_t gave_to;
	struct net *net;
	struct tcp *tcp;
	uint32_t tcp_ports_each; /* source ports of each worker, from config.tcp.port_first on */
	struct rng rng;
	struct timer_wheel wheel;
	struct stats stats;
	struct loop_figures loop;
	struct mailbox to_control;
	struct mailbox from_control;
	struct proxy proxy;
	struct probe_set probes;
	struct latency latency;
	struct trace trace;
	char datagram[SIP_DATAGRAM_MAX]; /* a received datagram that came in pieces */
	char outgoing[SIP_DATAGRAM_MAX]; /* a message that may not fit one buffer */
	struct node_figures nodes[NODES_MAX];
};

/* receive.c: takes frames from the wires and from other workers; returns how many. */
unsigned worker_receive(struct worker *worker);

/* message.c: net's callback for datagrams, and the way out for everything that is sent. */
enum net_verdict worker_datagram(void *ctx, struct udp_datagram *datagram);
void worker_send(
	struct worker *worker, const struct endpoint *src, const struct endpoint *dst, struct span bytes);

/* segments.c: the worker's TCP. Creation's result as tcp_create() and tcp_add_source(). */
must_use int worker_tcp_create(struct worker *worker);
void worker_segment(void *ctx, const struct net_segment *segment);
void worker_segment_lost(void *ctx, const struct endpoint *local, const struct endpoint *remote,
	uint32_t quoted_seq, uint32_t mtu);
/* The worker that opens connections from that port; a number beyond all workers: none does. */
unsigned worker_of_tcp_port(const struct worker *worker, uint16_t port);

/* nodes.c: probes, and what is learned about nodes. */
void worker_nodes_init(struct worker *worker);
void worker_nodes_sync(struct worker *worker);
/* True when the bytes were a probe's answer, real or not: then the proxy must not see them. */
bool worker_probe_response(struct worker *worker, struct span bytes);
void worker_unreachable(
	void *ctx, const struct endpoint *local, const struct endpoint *remote, enum net_unreach why);
void worker_request_sent(struct worker *worker, const struct proxy_out *out);
void worker_response_seen(struct worker *worker, const struct proxy_out *out);

/* letters.c: what control and other workers wrote; returns how many letters. */
unsigned worker_letters(struct worker *worker);
void worker_neighbour_offer(void *ctx, const struct net_neighbour *neighbour);

static inline struct worker *worker_of(void *ctx)
{
	struct worker *worker = ctx;

	ensure(worker->magic == WORKER_MAGIC);
	return worker;
}

#endif
