/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker's connections between TCP below and the proxy above, and what they tell about nodes. A node that
 * refuses a connection has failed each time; a reset is asked about by a probe; one that closes in order has
 * said nothing, but is asked, too.
 */
#include "worker/exchange.h"
#include "worker/worker_priv.h"

#include <string.h>

static void on_message(void *ctx, const struct conn_message *message)
{
	struct worker *worker = worker_of(ctx);
	const struct proxy_in in = {
		.bytes = message->bytes,
		.parsed = message->msg,
		.src = message->src,
		.local = message->local,
		.conn = message->conn,
		.now_ns = worker->now_ns,
		.transport = TRANSPORT_TCP,
	};

	worker_input(worker, &in);
}

void worker_conn_ended(struct worker *worker, conn_id conn, bool in_order)
{
	if (in_order)
		proxy_conn_closed(&worker->proxy, worker->snap, conn, worker->now_ns);
	else
		proxy_conn_lost(&worker->proxy, worker->snap, conn, worker->now_ns);
}

/* Their transactions wait for answers to what they sent by it. Without the letter, until time tells. */
static void tell_givers(struct worker *worker, const struct conn_info *info, bool in_order)
{
	const struct mail mail = {.kind = MAIL_CONN_ENDED,
		.from = (uint8_t)worker->config.index,
		.ended = {.conn = info->conn, .in_order = in_order}};

	for (uint32_t left = info->givers; left != 0; left &= left - 1) {
		unsigned to = (unsigned)__builtin_ctz(left);
		if (!exchange_send(worker->config.exchange, worker->config.index, to, &mail))
			stats_inc(&worker->stats, STAT_worker_letters_refused);
	}
}

static void on_ended(void *ctx, const struct conn_info *info, enum tcp_reason why)
{
	struct worker *worker = worker_of(ctx);
	char text[ENDPOINT_TEXT_MAX];

	if (trace_on(&worker->trace, TRACE_SIP_TCP)) {
		endpoint_format(&info->remote, text);
		tracef(&worker->trace, TRACE_SIP_TCP, "connection with %s ended: %s", text,
			tcp_reason_name(why));
	}
	worker_conn_ended(worker, info->conn, why == TCP_WHY_CLOSED);
	tell_givers(worker, info, why == TCP_WHY_CLOSED);
}

/* By the worker that probes the node: it alone counts. */
static void judge(struct worker *worker, const struct node *node, enum conn_node_event event)
{
	switch (event) {
	case CONN_NODE_REFUSED:
	case CONN_NODE_TIMED_OUT:
		probe_failed(&worker->probes, node, worker->now_ns);
		break;
	case CONN_NODE_RESET:
		probe_suspect(&worker->probes, node, worker->now_ns);
		break;
	case CONN_NODE_CONNECTED:
	case CONN_NODE_CLOSED:
		probe_now(&worker->probes, node, worker->now_ns);
		break;
	}
}

static void on_node_event(void *ctx, const struct conn_info *info, enum conn_node_event event)
{
	struct worker *worker = worker_of(ctx);
	const struct node *node = node_by_slot(worker->snap->nodes, info->node_slot);

	if (!node || node->id != info->node_id)
		return; /* removed; its connections outlive it for a moment */
	if (node->slot % worker->config.count == worker->config.index)
		judge(worker, node, event);
	else if (event == CONN_NODE_REFUSED || event == CONN_NODE_RESET)
		worker_suspect(worker, node);
}

int worker_streams_create(struct worker *worker)
{
	const struct worker_config *config = &worker->config;
	struct conns_config conns = {
		.worker_index = config->index,
		.tcp = worker->tcp,
		.pool = config->pool,
		.stats = &worker->stats,
		.rng = &worker->rng,
		.secret = config->tcp.secret,
		.directory = config->directory,
		.limits = config->streams,
		.ctx = worker,
		.message = on_message,
		.broken = on_message, /* its error is answered like any other message's */
		.ended = on_ended,
		.node_event = on_node_event,
	};

	conns.limits.connections_max = config->tcp.connections_max;
	return conns_create(&conns, config->now_ns, &worker->conns);
}

void worker_stream_event(void *ctx, struct tcb *tcb, enum tcp_event event, enum tcp_reason why)
{
	struct worker *worker = worker_of(ctx);

	conns_tcp_event(worker->conns, tcb, event, why, worker->now_ns);
}

void worker_streams_sync(struct worker *worker)
{
	const struct snapshot *snap = worker->snap;
	struct endpoint locals[LISTENERS_MAX];
	unsigned count = 0;

	for (unsigned i = 0; i < snap->listener_count; i++) {
		if (snap->listeners[i].transport == TRANSPORT_TCP)
			locals[count++] = snap->listeners[i].local;
	}
	stats_add(&worker->stats, STAT_worker_no_stream_listener, conns_listen(worker->conns, locals, count));
	conns_sync(worker->conns, snap->nodes, worker->now_ns);
}
