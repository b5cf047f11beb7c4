/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames in: from the queues this worker polls, and from workers that took frames of its flows. Where a
 * device does not spread flows itself, the queue's worker does it here, before anything is parsed; the flow
 * hash is net's, so all fragments of a datagram meet on one worker. What answers to a worker's own source
 * port goes to that worker in any case: it alone knows when it asked, and a connection is nobody else's.
 */
#include "worker/exchange.h"
#include "net/flow.h"
#include "worker/worker_priv.h"

#include <netinet/in.h>
#include <rte_mbuf.h>

/* The worker that a frame belongs to. */
static unsigned worker_for(const struct worker *worker, unsigned port, const struct rte_mbuf *frame)
{
	struct flow_end end = net_flow_end(frame);
	unsigned owner = UINT32_MAX;

	if (end.proto == IPPROTO_UDP)
		owner = (unsigned)end.port - worker->snap->source_port_base;
	else if (end.proto == IPPROTO_TCP)
		owner = worker_of_tcp_port(worker, end.port);
	if (owner < worker->config.count)
		return owner;
	if (worker->config.ports[port].spread)
		return net_flow_hash(frame) % worker->config.count;
	return worker->config.index;
}

static void give(struct worker *worker, unsigned to, unsigned port, struct rte_mbuf *frame)
{
	struct exchange_way way = {EXCHANGE_RX, (uint8_t)worker->config.index, (uint8_t)to};

	if (exchange_give(worker->config.exchange, way, (uint16_t)port, &frame, 1) == 1) {
		stats_inc(&worker->stats, STAT_worker_given_rx);
		return;
	}
	stats_inc(&worker->stats, STAT_worker_given_full);
	rte_pktmbuf_free(frame);
}

/* Gives away what belongs to others and closes the gaps; returns how many frames stay. */
static uint16_t sort_out(struct worker *worker, unsigned port, struct rte_mbuf **frames, uint16_t count)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < count; i++) {
		unsigned to = worker_for(worker, port, frames[i]);
		if (to == worker->config.index)
			frames[kept++] = frames[i];
		else
			give(worker, to, port, frames[i]);
	}
	return kept;
}

static unsigned receive_port(struct worker *worker, unsigned port)
{
	const struct wire *wire = worker->config.ports[port].net.wire;
	struct rte_mbuf *frames[WORKER_BURST];
	uint16_t count = wire->rx(wire->ctx, frames, WORKER_BURST);
	uint16_t kept = count;

	if (count == 0)
		return 0;
	stats_add(&worker->stats, STAT_rx_packets, count);
	if (worker->config.count > 1)
		kept = sort_out(worker, port, frames, count);
	net_input(worker->net, (uint16_t)port, frames, kept, worker->now_ns);
	return count;
}

/* Frames in a row that came by the same port go to net together. */
static unsigned receive_given(struct worker *worker, unsigned from)
{
	struct exchange_way way = {EXCHANGE_RX, (uint8_t)from, (uint8_t)worker->config.index};
	struct rte_mbuf *frames[WORKER_BURST];
	uint16_t count = exchange_take(worker->config.exchange, way, frames, WORKER_BURST);

	for (uint16_t begin = 0, end; begin < count; begin = end) {
		uint16_t port = frames[begin]->port;
		for (end = begin + 1; end < count && frames[end]->port == port; end++)
			;
		net_input(worker->net, port, frames + begin, (uint16_t)(end - begin), worker->now_ns);
	}
	return count;
}

static unsigned send_given(struct worker *worker, unsigned from)
{
	struct exchange_way way = {EXCHANGE_TX, (uint8_t)from, (uint8_t)worker->config.index};
	struct rte_mbuf *frames[WORKER_BURST];
	uint16_t count = exchange_take(worker->config.exchange, way, frames, WORKER_BURST);

	for (uint16_t i = 0; i < count; i++) {
		const struct wire *wire = worker->config.ports[frames[i]->port].net.wire;
		if (wire->tx(wire->ctx, &frames[i], 1) == 1) {
			stats_inc(&worker->stats, STAT_worker_given_tx);
			continue;
		}
		stats_inc(&worker->stats, STAT_worker_given_tx_refused);
		rte_pktmbuf_free(frames[i]);
	}
	return count;
}

unsigned worker_receive(struct worker *worker)
{
	unsigned work = 0;

	for (unsigned port = 0; port < worker->config.port_count; port++) {
		if (worker->config.ports[port].own_queue)
			work += receive_port(worker, port);
	}
	if (!worker->config.exchange)
		return work;
	for (unsigned from = 0; from < worker->config.count; from++) {
		if (from == worker->config.index)
			continue;
		work += receive_given(worker, from);
		work += send_given(worker, from);
	}
	return work;
}
