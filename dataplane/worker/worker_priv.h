/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker from inside: worker.c has the loop, its neighbours the stages. */
#ifndef WORKER_PRIV_H
#define WORKER_PRIV_H

#include "worker/worker.h"

#include "base/rng.h"
#include "base/timer.h"
#include "conn/conn.h"
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
	struct rte_mbuf *spare; /* to write the next message into; NULL between loops */
	struct net *net;
	struct tcp *tcp;
	struct conns *conns;
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

/* message.c: net's callback for datagrams, and what becomes of a message from anywhere. */
enum net_verdict worker_datagram(void *ctx, struct udp_datagram *datagram);
void worker_input(struct worker *worker, const struct proxy_in *in);
/* The same for one that is known to be this worker's. */
void worker_pass(struct worker *worker, const struct proxy_in *in);
void worker_drop_spare(struct worker *worker); /* at the end of a loop */

/* way_out.c: how messages leave. Each returns 0 or -errno, and has counted the reason. */
must_use int worker_send(
	struct worker *worker, const struct endpoint *src, const struct endpoint *dst, struct span bytes);
must_use int worker_send_packet(struct worker *worker, const struct endpoint *src, const struct endpoint *dst,
	struct rte_mbuf *packet);
/* out->conn becomes the connection that took it. */
must_use int worker_send_stream(struct worker *worker, struct proxy_out *out);
/* The proxy's way out: by whatever transport, counted and traced. */
must_use int worker_way_out(void *ctx, struct proxy_out *out);
void worker_heard(void *ctx, const struct proxy_out *out);
void worker_trace_in(struct worker *worker, const struct proxy_in *in);
void worker_note_sent(struct worker *worker, const struct proxy_out *out);
/* The bytes in one buffer or a chain; NULL, counted, when the pool is empty. */
struct rte_mbuf *worker_packet(struct worker *worker, struct span bytes);

/* handover.c: messages for connections and transactions of other workers. 0, -ENOBUFS or -EAGAIN. */
must_use int worker_give_out(struct worker *worker, unsigned to, const struct proxy_out *out);
void worker_give_in(struct worker *worker, unsigned to, const struct proxy_in *in);
unsigned worker_take_given(struct worker *worker);

/* streams.c: the worker's connections. Creation's result as conns_create(). */
must_use int worker_streams_create(struct worker *worker);
void worker_stream_event(void *ctx, struct tcb *tcb, enum tcp_event event, enum tcp_reason why);
void worker_streams_sync(struct worker *worker);
/* Of whatever worker. */
void worker_conn_ended(struct worker *worker, conn_id conn, bool in_order);

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
/* The node cannot be reached, by somebody who must know: tells the worker that probes it. */
void worker_suspect(struct worker *worker, const struct node *node);
void worker_unreachable(void *ctx, const struct endpoint *local, const struct endpoint *remote,
	enum net_unreach why, struct span quoted);
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
