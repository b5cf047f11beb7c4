/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages in, whatever brought them: to the worker whose they are, to the probes, or to the proxy. What the
 * proxy writes in answer to a datagram goes straight into the packet that leaves; a message that could
 * outgrow one packet buffer, or came by a stream, is written to the worker's scratch first.
 */
#include "net/flow.h"
#include "worker/worker_priv.h"

#include <rte_mbuf.h>

static bool is_done(enum proxy_action action)
{
	return action == PROXY_DROP || action == PROXY_TAKEN;
}

/* A request that no connection takes is answered instead (RFC 3261 16.9); nobody is told of anything else
 * that is lost. */
static void send_or_refuse(struct worker *worker, const struct proxy_in *in, struct proxy_out *out)
{
	if (worker_way_out(worker, out) == 0)
		return;
	if (proxy_refuse_unsent(&worker->proxy, worker->snap, in, out) == PROXY_REPLY)
		already_counted(worker_way_out(worker, out));
}

/* Whoever has handled a message has a buffer for the next one: most need no trip to the pool. */
static struct rte_mbuf *buffer_take(struct worker *worker)
{
	struct rte_mbuf *buffer = worker->spare;

	if (!buffer)
		return rte_pktmbuf_alloc(worker->config.pool);
	worker->spare = NULL;
	rte_pktmbuf_reset(buffer);
	return buffer;
}

static void buffer_give(struct worker *worker, struct rte_mbuf *buffer)
{
	bool fits = buffer->pool == worker->config.pool && buffer->nb_segs == 1 && RTE_MBUF_DIRECT(buffer) &&
		    rte_mbuf_refcnt_read(buffer) == 1;

	if (fits && !worker->spare)
		worker->spare = buffer;
	else
		rte_pktmbuf_free(buffer);
}

void worker_drop_spare(struct worker *worker)
{
	rte_pktmbuf_free(worker->spare);
	worker->spare = NULL;
}

/* Into the packet itself when even a grown message fits it. */
static void pass_in_place(struct worker *worker, const struct proxy_in *in)
{
	struct rte_mbuf *packet = buffer_take(worker);
	struct proxy_out out;

	if (!packet) {
		stats_inc(&worker->stats, STAT_worker_no_mbuf);
		return;
	}
	out.buf = rte_pktmbuf_mtod(packet, char *);
	out.buf_size = rte_pktmbuf_tailroom(packet);
	if (is_done(proxy_input(&worker->proxy, worker->snap, in, &out))) {
		buffer_give(worker, packet);
		return;
	}
	ensure(out.len > 0 && out.len <= out.buf_size);
	packet->data_len = (uint16_t)out.len;
	packet->pkt_len = (uint32_t)out.len;
	if (out.transport == TRANSPORT_UDP) {
		worker_note_sent(worker, &out);
		/* Who sent the message will send it again. */
		already_counted(worker_send_packet(worker, &out.src, &out.dst, packet));
		return;
	}
	send_or_refuse(worker, in, &out);
	buffer_give(worker, packet);
}

static void pass_by_scratch(struct worker *worker, const struct proxy_in *in)
{
	struct proxy_out out = {.buf = worker->outgoing, .buf_size = sizeof(worker->outgoing)};

	if (!is_done(proxy_input(&worker->proxy, worker->snap, in, &out))) {
		ensure(out.len > 0 && out.len <= out.buf_size);
		send_or_refuse(worker, in, &out);
	}
	if (out.untrusted)
		conns_close(worker->conns, in->conn, worker->now_ns);
}

static bool fits_in_place(const struct worker *worker, const struct proxy_in *in)
{
	size_t room = rte_pktmbuf_data_room_size(worker->config.pool) - RTE_PKTMBUF_HEADROOM;

	return in->transport == TRANSPORT_UDP && in->bytes.len + WORKER_MESSAGE_GROWTH <= room;
}

void worker_pass(struct worker *worker, const struct proxy_in *in)
{
	if (fits_in_place(worker, in))
		pass_in_place(worker, in);
	else
		pass_by_scratch(worker, in);
}

/* A response that belongs to what another worker keeps. */
static bool is_given_away(struct worker *worker, const struct proxy_in *in)
{
	int owner;

	if (worker->config.count == 1)
		return false;
	owner = proxy_owner_of(in->bytes);
	if (owner < 0 || (unsigned)owner == worker->config.index || (unsigned)owner >= worker->config.count)
		return false;
	worker_give_in(worker, (unsigned)owner, in);
	return true;
}

/*
 * Fragments were brought together by the id of their datagram. The flow may be another worker's, which has
 * its transactions: a request that comes again, or the CANCEL after it, may be small enough to come in one.
 * Where a device spreads flows itself, only the device knows.
 */
static bool is_of_another(
	struct worker *worker, const struct udp_datagram *datagram, const struct proxy_in *in)
{
	unsigned to;

	if (worker->config.count == 1 || datagram->mbuf->nb_segs == 1)
		return false;
	for (unsigned i = 0; i < worker->config.port_count; i++) {
		if (!worker->config.ports[i].spread)
			return false;
	}
	to = net_flow_hash_of(&datagram->src, &datagram->dst) % worker->config.count;
	if (to == worker->config.index || proxy_owner_of(in->bytes) >= 0)
		return false;
	worker_give_in(worker, to, in);
	return true;
}

void worker_input(struct worker *worker, const struct proxy_in *in)
{
	figure_add(&worker->loop.messages, 1);
	worker_trace_in(worker, in);
	if (!worker_probe_response(worker, in->bytes) && !is_given_away(worker, in))
		worker_pass(worker, in);
}

enum net_verdict worker_datagram(void *ctx, struct udp_datagram *datagram)
{
	struct worker *worker = worker_of(ctx);
	struct proxy_in in;

	if (!snapshot_is_local(worker->snap, &datagram->dst))
		return NET_NO_LISTENER;
	/* One by one: an initialiser would clear it all first, with an instruction that takes its time. */
	in.bytes.p = net_udp_linear(datagram, worker->datagram, sizeof(worker->datagram));
	in.bytes.len = datagram->payload_len;
	in.parsed = NULL;
	in.src = datagram->src;
	in.local = datagram->dst;
	in.conn = CONN_NONE;
	in.now_ns = worker->now_ns;
	in.transport = TRANSPORT_UDP;
	ensure(in.bytes.p != NULL); /* no UDP payload is longer than the scratch */
	if (!is_of_another(worker, datagram, &in))
		worker_input(worker, &in);
	buffer_give(worker, datagram->mbuf);
	return NET_TAKEN;
}
