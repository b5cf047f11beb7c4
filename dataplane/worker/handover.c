/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages between workers: one that is to leave by a connection of another worker, and a response to what
 * another worker keeps. They travel in packet buffers, a header in front of the bytes; what finds a full ring
 * is counted, as frames are.
 *
 * A request whose connection the other worker does not have (any more) comes back. Its giver asks the
 * directory once more, for a peer that has connected anew meanwhile; then it sends it by a connection of its
 * own. What a living connection refuses is refused as at home: the transaction is told, which goes elsewhere
 * or answers. A request without a transaction is lost then: what it came with is no longer there to be
 * answered.
 */
#include "conn/directory.h"
#include "worker/exchange.h"
#include "worker/worker_priv.h"

#include <errno.h>
#include <rte_mbuf.h>

enum { GIVEN_IN /* received */, GIVEN_OUT /* to be sent */, GIVEN_BACK /* it was not sent */ };

/* In front of the bytes, in a buffer of its own. */
struct given {
	uint8_t kind;
	uint8_t transport;
	bool is_request;
	bool again;               /* given a second time */
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
		.kind = GIVEN_OUT,
		.transport = out->transport,
		.is_request = out->is_request,
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
		.kind = GIVEN_IN,
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
	if (token == 0) {
		stats_inc(&worker->stats, STAT_worker_given_lost);
		return;
	}
	const struct mail mail = {
		.kind = MAIL_SEND_FAILED, .from = (uint8_t)worker->config.index, .unsent = {.token = token}};

	if (!exchange_send(worker->config.exchange, worker->config.index, giver, &mail))
		stats_inc(&worker->stats, STAT_worker_letters_refused);
}

/* The connection may have ended meanwhile; then the way out finds another one, from here. */
static void take_response(struct worker *worker, const struct given *given, struct span bytes)
{
	struct proxy_out out = {
		.buf = worker->outgoing,
		.buf_size = sizeof(worker->outgoing),
		.len = bytes.len,
		.src = given->src,
		.dst = given->dst,
		.conn = given->conn,
		.node_slot = PROXY_NO_NODE,
		.transport = given->transport,
	};

	memcpy(worker->outgoing, bytes.p, bytes.len);
	/* Whoever gave it has counted and traced it as sent; a failure is counted where it happens. */
	already_counted(worker_send_stream(worker, &out));
}

static void take_request(struct worker *worker, unsigned from, const struct given *given, struct span bytes)
{
	const struct conn_given ask = {.conn = given->conn, .remote = given->dst, .giver = from};
	struct given back = *given;
	int ret = conns_send_given(worker->conns, &ask, bytes, worker->now_ns);

	if (ret == 0)
		return;
	back.kind = GIVEN_BACK;
	if (ret == -ENOENT || ret == -EPIPE) {
		stats_inc(&worker->stats, STAT_worker_given_stale);
		ret = give(worker, from, &back, bytes);
	}
	if (ret != 0)
		tell_giver(worker, from, given->token);
}

/* Its peer may have come back meanwhile, to whichever worker: the newest connection wins. Once, not for ever.
 */
static bool given_again(struct worker *worker, const struct given *given, struct span bytes)
{
	conn_id newest = directory_find(worker->config.directory, &given->dst);
	struct given again = *given;

	if (given->again || newest == CONN_NONE || newest == given->conn ||
		conn_id_worker(newest) == worker->config.index)
		return false;
	again.kind = GIVEN_OUT;
	again.again = true;
	again.conn = newest;
	if (give(worker, conn_id_worker(newest), &again, bytes) != 0)
		return false;
	proxy_sent_by(&worker->proxy, given->token, newest);
	return true;
}

/* By a connection of our own, and the transaction, if there is one, waits for what comes by that. */
static void take_back(struct worker *worker, const struct given *given, struct span bytes)
{
	conn_id conn;

	if (given->token != 0 && !proxy_awaits(&worker->proxy, given->token))
		stats_inc(&worker->stats, STAT_worker_given_lost);
	else if (given_again(worker, given, bytes))
		return;
	else if (conns_send_peer(worker->conns, &given->dst, bytes, worker->now_ns, &conn) == 0)
		proxy_sent_by(&worker->proxy, given->token, conn);
	else if (given->token != 0)
		proxy_send_failed(&worker->proxy, worker->snap, given->token, worker->now_ns);
	else
		stats_inc(&worker->stats, STAT_worker_given_lost);
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

static void take(struct worker *worker, unsigned from, const struct given *given, struct span bytes)
{
	if (given->kind == GIVEN_IN)
		take_in(worker, given, bytes);
	else if (given->kind == GIVEN_BACK)
		take_back(worker, given, bytes);
	else if (given->is_request)
		take_request(worker, from, given, bytes);
	else
		take_response(worker, given, bytes);
}

static unsigned take_from(struct worker *worker, unsigned from)
{
	struct exchange_way way = {EXCHANGE_MESSAGE, (uint8_t)from, (uint8_t)worker->config.index};
	struct rte_mbuf *mbufs[WORKER_BURST];
	uint16_t count = exchange_take(worker->config.exchange, way, mbufs, WORKER_BURST);

	for (uint16_t i = 0; i < count; i++) {
		const struct given *given = rte_pktmbuf_mtod(mbufs[i], const struct given *);
		struct span bytes = linear(worker, mbufs[i]->next, given->len);
		take(worker, from, given, bytes);
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
