/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One datagram in, at most one out: net's payload goes to the proxy (or to the probes), and what the proxy
 * writes goes straight into the packet that leaves. A message that could outgrow one packet buffer is written
 * to the worker's scratch first and copied into a chain.
 */
#include "worker/worker_priv.h"

#include <rte_mbuf.h>

static_assert(RTE_PKTMBUF_HEADROOM >= NET_HEADROOM, "net puts its headers in front of a payload");

/* Copies the bytes into one buffer or a chain of them. NULL when the pool is empty. */
static struct rte_mbuf *packet_of(struct worker *worker, struct span bytes)
{
	struct rte_mbuf *head = rte_pktmbuf_alloc(worker->config.pool);
	struct rte_mbuf *tail = head;

	while (tail) {
		uint16_t room = rte_pktmbuf_tailroom(tail);
		uint16_t len = bytes.len < room ? (uint16_t)bytes.len : room;
		memcpy(rte_pktmbuf_mtod(tail, char *), bytes.p, len);
		tail->data_len = len;
		if (tail != head)
			head->nb_segs++;
		head->pkt_len += len;
		bytes = span_of(bytes.p + len, bytes.len - len);
		if (bytes.len == 0)
			return head;
		tail->next = rte_pktmbuf_alloc(worker->config.pool);
		tail = tail->next;
	}
	rte_pktmbuf_free(head);
	return NULL;
}

static void send_packet(struct worker *worker, const struct endpoint *src, const struct endpoint *dst,
	struct rte_mbuf *packet)
{
	/* net has counted the reason. That a neighbour does not answer is news about the node behind it. */
	if (net_udp_send(worker->net, src, dst, packet, worker->now_ns) == -EHOSTUNREACH)
		worker_unreachable(worker, src, dst, NET_UNREACH_NEIGHBOUR);
}

void worker_send(
	struct worker *worker, const struct endpoint *src, const struct endpoint *dst, struct span bytes)
{
	struct rte_mbuf *packet = packet_of(worker, bytes);

	if (!packet) {
		stats_inc(&worker->stats, STAT_worker_no_mbuf);
		return;
	}
	send_packet(worker, src, dst, packet);
}

static void trace_message(
	struct worker *worker, const char *verb, const struct endpoint *peer, struct span bytes)
{
	char text[ENDPOINT_TEXT_MAX];

	endpoint_format(peer, text);
	tracef(&worker->trace, TRACE_SIP_UDP, "%s %s, %zu bytes", verb, text, bytes.len);
	trace_bytes(&worker->trace, TRACE_SIP_UDP, bytes);
}

static void count_message(struct worker *worker, enum proxy_action action, const struct proxy_out *out)
{
	if (trace_on(&worker->trace, TRACE_SIP_UDP))
		trace_message(worker, "send to", &out->dst, span_of(out->buf, out->len));
	if (action != PROXY_FORWARD || out->node_slot == PROXY_NO_NODE)
		return;
	if (out->is_request)
		worker_request_sent(worker, out);
	else
		worker_response_seen(worker, out);
}

/* Into the packet itself when even a grown message fits it. */
static void pass_in_place(struct worker *worker, const struct proxy_in *in)
{
	struct rte_mbuf *packet = rte_pktmbuf_alloc(worker->config.pool);
	struct proxy_out out;

	if (!packet) {
		stats_inc(&worker->stats, STAT_worker_no_mbuf);
		return;
	}
	out.buf = rte_pktmbuf_mtod(packet, char *);
	out.buf_size = rte_pktmbuf_tailroom(packet);
	enum proxy_action action = proxy_input(&worker->proxy, worker->snap, in, &out);
	if (action == PROXY_DROP || action == PROXY_TAKEN) {
		rte_pktmbuf_free(packet);
		return;
	}
	ensure(out.len > 0 && out.len <= out.buf_size);
	packet->data_len = (uint16_t)out.len;
	packet->pkt_len = (uint32_t)out.len;
	count_message(worker, action, &out);
	send_packet(worker, &out.src, &out.dst, packet);
}

static void pass_by_scratch(struct worker *worker, const struct proxy_in *in)
{
	struct proxy_out out = {.buf = worker->outgoing, .buf_size = sizeof(worker->outgoing)};
	enum proxy_action action = proxy_input(&worker->proxy, worker->snap, in, &out);

	if (action == PROXY_DROP || action == PROXY_TAKEN)
		return;
	ensure(out.len > 0 && out.len <= out.buf_size);
	count_message(worker, action, &out);
	worker_send(worker, &out.src, &out.dst, span_of(out.buf, out.len));
}

static bool fits_in_place(const struct worker *worker, size_t len)
{
	size_t room = rte_pktmbuf_data_room_size(worker->config.pool) - RTE_PKTMBUF_HEADROOM;

	return len + WORKER_MESSAGE_GROWTH <= room;
}

enum net_verdict worker_datagram(void *ctx, struct udp_datagram *datagram)
{
	struct worker *worker = worker_of(ctx);

	if (!snapshot_is_local(worker->snap, &datagram->dst))
		return NET_NO_LISTENER;
	struct proxy_in in = {
		.bytes.p = net_udp_linear(datagram, worker->datagram, sizeof(worker->datagram)),
		.bytes.len = datagram->payload_len,
		.src = datagram->src,
		.local = datagram->dst,
		.now_ns = worker->now_ns,
		.transport = TRANSPORT_UDP,
	};
	ensure(in.bytes.p != NULL); /* no UDP payload is longer than the scratch */
	figure_add(&worker->loop.messages, 1);
	if (trace_on(&worker->trace, TRACE_SIP_UDP))
		trace_message(worker, "received from", &in.src, in.bytes);
	if (!worker_probe_response(worker, in.bytes)) {
		if (fits_in_place(worker, in.bytes.len))
			pass_in_place(worker, &in);
		else
			pass_by_scratch(worker, &in);
	}
	rte_pktmbuf_free(datagram->mbuf);
	return NET_TAKEN;
}
