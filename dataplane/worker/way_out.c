/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How messages leave: a datagram in a packet of its own, or bytes on a connection. Which connection: the one
 * that is named, wherever it is; when that has ended, or none is named, one of the node's pool, or the newest
 * with that address, or a new one (RFC 3261 18.2.2). For a request that is the newest of all workers', for a
 * response the newest of this one's.
 */
#include "conn/directory.h"
#include "worker/worker_priv.h"

#include <errno.h>
#include <rte_mbuf.h>

static_assert(RTE_PKTMBUF_HEADROOM >= NET_HEADROOM, "net puts its headers in front of a payload");

struct rte_mbuf *worker_packet(struct worker *worker, struct span bytes)
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
	stats_inc(&worker->stats, STAT_worker_no_mbuf);
	rte_pktmbuf_free(head);
	return NULL;
}

int worker_send_packet(struct worker *worker, const struct endpoint *src, const struct endpoint *dst,
	struct rte_mbuf *packet)
{
	/* net has counted the reason. That a neighbour does not answer is news about the node behind it. */
	int ret = net_udp_send(worker->net, src, dst, packet, worker->now_ns);

	if (ret == -EHOSTUNREACH)
		worker_unreachable(worker, src, dst, NET_UNREACH_NEIGHBOUR, span_of(NULL, 0));
	return ret;
}

int worker_send(
	struct worker *worker, const struct endpoint *src, const struct endpoint *dst, struct span bytes)
{
	struct rte_mbuf *packet = worker_packet(worker, bytes);

	return packet ? worker_send_packet(worker, src, dst, packet) : -ENOBUFS;
}

/* By the connection that is named. -ENOENT and -EPIPE: it has ended, or a request may as well go another way.
 */
static int send_on(struct worker *worker, struct proxy_out *out, struct span bytes)
{
	unsigned owner = conn_id_worker(out->conn);
	int ret;

	if (owner == worker->config.index)
		return conns_send(worker->conns, out->conn, bytes, worker->now_ns);
	if (owner >= worker->config.count)
		return -ENOENT;
	ret = worker_give_out(worker, owner, out);
	return ret != 0 && out->is_request ? -ENOENT : ret;
}

/* False: it is to leave from here. */
static bool given_to_newest(struct worker *worker, struct proxy_out *out)
{
	conn_id newest = CONN_NONE;

	if (worker->config.directory)
		newest = directory_find(worker->config.directory, &out->dst);
	if (newest == CONN_NONE || conn_id_worker(newest) == worker->config.index)
		return false;
	out->conn = newest;
	if (worker_give_out(worker, conn_id_worker(newest), out) != 0) {
		out->conn = CONN_NONE;
		return false;
	}
	stats_inc(&worker->stats, STAT_worker_given_requests);
	return true;
}

int worker_send_stream(struct worker *worker, struct proxy_out *out)
{
	struct span bytes = span_of(out->buf, out->len);
	const struct node *node = out->is_request ? node_by_slot(worker->snap->nodes, out->node_slot) : NULL;
	int ret = -ENOENT;

	bool elsewhere = out->conn != CONN_NONE && conn_id_worker(out->conn) != worker->config.index;

	if (out->conn != CONN_NONE)
		ret = send_on(worker, out, bytes);
	if (ret != -ENOENT && ret != -EPIPE)
		return ret;
	out->conn = CONN_NONE;
	if (node && node->transport == TRANSPORT_TCP)
		return conns_send_node(worker->conns, node, bytes, worker->now_ns, &out->conn);
	if (out->dst.ip.family == IP_NONE)
		return -EHOSTUNREACH;
	/* The ring that had no room just now is not asked again. */
	if (out->is_request && !elsewhere && given_to_newest(worker, out))
		return 0;
	return conns_send_peer(worker->conns, &out->dst, bytes, worker->now_ns, &out->conn);
}

static enum trace_category trace_category_of(uint8_t transport)
{
	return transport == TRANSPORT_UDP ? TRACE_SIP_UDP : TRACE_SIP_TCP;
}

static __attribute__((noinline)) void trace_message(struct worker *worker, uint8_t transport,
	const char *verb, const struct endpoint *peer, struct span bytes)
{
	enum trace_category category = trace_category_of(transport);
	char text[ENDPOINT_TEXT_MAX];

	endpoint_format(peer, text);
	tracef(&worker->trace, category, "%s %s, %zu bytes", verb, text, bytes.len);
	trace_bytes(&worker->trace, category, bytes);
}

void worker_trace_in(struct worker *worker, const struct proxy_in *in)
{
	if (trace_on(&worker->trace, trace_category_of(in->transport)))
		trace_message(worker, in->transport, "received from", &in->src, in->bytes);
}

void worker_note_sent(struct worker *worker, const struct proxy_out *out)
{
	if (trace_on(&worker->trace, trace_category_of(out->transport)))
		trace_message(worker, out->transport, "send to", &out->dst, span_of(out->buf, out->len));
	if (out->node_slot == PROXY_NO_NODE || out->is_repeat)
		return;
	if (out->is_request)
		worker_request_sent(worker, out);
	else
		worker_response_seen(worker, out);
}

int worker_way_out(void *ctx, struct proxy_out *out)
{
	struct worker *worker = worker_of(ctx);
	int ret;

	if (out->transport == TRANSPORT_UDP)
		ret = worker_send(worker, &out->src, &out->dst, span_of(out->buf, out->len));
	else
		ret = worker_send_stream(worker, out);
	if (ret == 0)
		worker_note_sent(worker, out);
	/* Without a packet buffer a datagram is lost, as it may be on the wire: no reason to blame its node.
	 */
	return out->transport == TRANSPORT_UDP && ret == -ENOBUFS ? 0 : ret;
}

void worker_heard(void *ctx, const struct proxy_out *out)
{
	worker_response_seen(worker_of(ctx), out);
}
