/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages between workers: one that is to leave by a connection of another worker, and a response to what
 * another worker keeps. They travel in packet buffers, a header in front of the bytes; what finds a full ring
 * is dropped and counted, as frames are.
 */
#include "worker/exchange.h"
#include "worker/worker_priv.h"

#include <errno.h>
#include <rte_mbuf.h>

/* In front of the bytes, in a buffer of its own. */
struct given {
	bool is_out; /* to be sent; else received */
	uint8_t transport;
	bool is_request;
	uint16_t node_slot;
	uint64_t token;           /* of the giver's transaction that waits for an answer; 0: none does */
	struct endpoint src, dst; /* received: of the peer, and where it arrived */
	conn_id conn;
	size_t len;
};

static int give(struct worker *worker, unsigned to, const struct given *given, struct span bytes)
{
	struct exchange_way way = {EXCHANGE_MESSAGE, (uint8_t)worker->config.index, (uint8_t)to};
	struct rte_mbuf *head = worker_packet(worker, span_of((const char *)given, sizeof(*given)));

	if (!head)
		return -ENOBUFS;
	head->next = worker_packet(worker, bytes);
	if (!head->next) {
		rte_pktmbuf_free(head);
		return -ENOBUFS;
	}
	if (exchange_give(worker->config.exchange, way, 0, &head, 1) == 1) {
		stats_inc(&worker->stats, STAT_worker_given_messages);
		return 0;
	}
	stats_inc(&worker->stats, STAT_worker_given_messages_full);
	rte_pktmbuf_free(head);
	return -EAGAIN;
}

int worker_give_out(struct worker *worker, unsigned to, const struct proxy_out *out)
{
	struct given given = {
		.is_out = true,
		.transport = out->transport,
		.is_request = out->is_request,
		.node_slot = out->node_slot,
		.token = out->token,
		.src = out->src,
		.dst = out->dst,
		.conn = out->conn,
		.len = out->len,
	};

	return give(worker, to, &given, span_of(out->buf, out->len));
}

void worker_give_in(struct worker *worker, unsigned to, const struct proxy_in *in)
{
	struct given given = {
		.transport = in->transport,
		.src = in->src,
		.dst = in->local,
		.conn = in->conn,
		.len = in->bytes.len,
	};

	/* To its transaction it is like one lost on the wire. */
	already_counted(give(worker, to, &given, in->bytes));
}

/* The bytes behind the header, in one piece. */
static struct span linear(struct worker *worker, const struct rte_mbuf *mbuf, size_t len)
{
	size_t at = 0;

	if (mbuf->data_len == len)
		return span_of(rte_pktmbuf_mtod(mbuf, const char *), len);
	for (; mbuf; mbuf = mbuf->next) {
		ensure(at + mbuf->data_len <= sizeof(worker->datagram));
		memcpy(worker->datagram + at, rte_pktmbuf_mtod(mbuf, const char *), mbuf->data_len);
		at += mbuf->data_len;
	}
	ensure(at == len);
	return span_of(worker->datagram, len);
}

/*
 * The giver's transaction goes elsewhere at once. By letter, because it may be packet buffers that are
 * wanting; when that is refused, too, the transaction's own timers are left.
 */
static void tell_giver(struct worker *worker, unsigned giver, uint64_t token)
{
	const struct mail mail = {
		.kind = MAIL_SEND_FAILED, .from = (uint8_t)worker->config.index, .unsent = {.token = token}};

	if (!exchange_send(worker->config.exchange, worker->config.index, giver, &mail))
		stats_inc(&worker->stats, STAT_worker_letters_refused);
}

/* The connection may have ended meanwhile; then the way out finds another one, from here. */
static void take_out(struct worker *worker, unsigned from, const struct given *given, struct span bytes)
{
	struct proxy_out out = {
		.buf = worker->outgoing,
		.buf_size = sizeof(worker->outgoing),
		.len = bytes.len,
		.src = given->src,
		.dst = given->dst,
		.conn = given->conn,
		.node_slot = given->node_slot,
		.transport = given->transport,
		.is_request = given->is_request,
	};

	memcpy(worker->outgoing, bytes.p, bytes.len);
	/* Whoever gave it has counted and traced it as sent; a failure is counted where it happens. */
	if (worker_send_stream(worker, &out) != 0 && given->token != 0)
		tell_giver(worker, from, given->token);
}

static void take_in(struct worker *worker, const struct given *given, struct span bytes)
{
	const struct proxy_in in = {
		.bytes = bytes,
		.src = given->src,
		.local = given->dst,
		.conn = given->conn,
		.now_ns = worker->now_ns,
		.transport = given->transport,
	};

	worker_pass(worker, &in);
}

static unsigned take_from(struct worker *worker, unsigned from)
{
	struct exchange_way way = {EXCHANGE_MESSAGE, (uint8_t)from, (uint8_t)worker->config.index};
	struct rte_mbuf *mbufs[WORKER_BURST];
	uint16_t count = exchange_take(worker->config.exchange, way, mbufs, WORKER_BURST);

	for (uint16_t i = 0; i < count; i++) {
		const struct given *given = rte_pktmbuf_mtod(mbufs[i], const struct given *);
		struct span bytes = linear(worker, mbufs[i]->next, given->len);
		if (given->is_out)
			take_out(worker, from, given, bytes);
		else
			take_in(worker, given, bytes);
		rte_pktmbuf_free(mbufs[i]);
	}
	return count;
}

unsigned worker_take_given(struct worker *worker)
{
	unsigned work = 0;

	if (!worker->config.exchange)
		return 0;
	for (unsigned from = 0; from < worker->config.count; from++) {
		if (from != worker->config.index)
			work += take_from(worker, from);
	}
	return work;
}
