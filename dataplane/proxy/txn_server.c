/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Server transactions: what goes to the client (RFC 3261 17.2, 16.7), responses of nodes and our own. Of all
 * next hops' final responses one goes out; where none is worth it, 503, 408 or 487 says so, and to a request
 * other than INVITE nothing instead of 408 (RFC 4320 4.2).
 */
#include "proxy/txn_stages_priv.h"

#include <errno.h>

int server_passage(
	struct server_txn *server, struct proxy_in *in, struct proxy_out *out, struct passage *ret_passage)
{
	struct txns *txns = server->txns;

	if (server->request == 0)
		return -EINVAL;
	*in = (struct proxy_in){
		.bytes = text_read(&txns->texts, server->request),
		.src = server->peer,
		.local = server->local,
		.conn = server->conn,
		.now_ns = txns->now_ns,
		.transport = server->transport,
	};
	*out = (struct proxy_out){
		.buf = txns->out, .buf_size = sizeof(txns->out), .node_slot = PROXY_NO_NODE};
	*ret_passage = (struct passage){
		.proxy = txns->proxy,
		.snap = txns->snap,
		.in = in,
		.out = out,
		.msg = &txns->msg,
		.listener = snapshot_listener_by_id(txns->snap, server->listener_id),
		.from_node = node_by_ip(txns->snap->nodes, &server->peer.ip),
		.admitted = true,
	};
	return sip_parse(in->bytes, true, &txns->msg) == PARSE_OK ? 0 : -EINVAL;
}

static void transmit(struct server_txn *server, struct proxy_out *out)
{
	struct proxy *proxy = server->txns->proxy;

	out->src = server->local;
	out->dst = server->reply_to;
	out->conn = server->conn;
	out->transport = server->transport;
	out->node_slot = PROXY_NO_NODE;
	out->token = 0;
	out->is_request = false;
	if (proxy->way.send(proxy->way.ctx, out) != 0)
		stats_inc(proxy->stats, STAT_sip_txn_send_failed);
}

/* Will that response have to be sent again? A 2xx to INVITE is the far end's to repeat (13.3.1.4). */
static bool is_kept(const struct server_txn *server)
{
	return server->transport == TRANSPORT_UDP && server->machine.state != MACHINE_ACCEPTED;
}

/* Once the final response is out, nothing more is made of the request. */
static void forget_request(struct server_txn *server)
{
	struct txns *txns = server->txns;

	text_release(&txns->texts, &server->request);
	text_release(&txns->texts, &server->best);
}

bool server_send(struct server_txn *server, struct proxy_out *out, enum machine_event event)
{
	struct txns *txns = server->txns;
	bool had_none = !machine_is_final(&server->machine);

	if (!(machine_take(txns, &server->machine, event) & MACHINE_DO_SEND)) {
		stats_inc(txns->proxy->stats, STAT_sip_txn_absorbed);
		return false;
	}
	text_release(&txns->texts, &server->response);
	if (is_kept(server))
		server->response = text_keep(&txns->texts, span_of(out->buf, out->len));
	if (machine_is_final(&server->machine))
		forget_request(server);
	if (had_none && machine_is_final(&server->machine))
		stats_inc(txns->proxy->stats, STAT_sip_txn_answered);
	transmit(server, out);
	return true;
}

static enum machine_event event_of(unsigned status)
{
	return status < 200 ? MACHINE_SEND_1XX : status < 300 ? MACHINE_SEND_2XX : MACHINE_SEND_FINAL;
}

void server_reply(struct server_txn *server, unsigned status)
{
	struct proxy_out out;
	struct proxy_in in;
	struct passage passage;

	if (server_passage(server, &in, &out, &passage) != 0 || reply_plain(&passage, status) != PROXY_REPLY)
		return;
	server_send(server, &out, event_of(status));
}

void server_repeat(struct server_txn *server)
{
	struct txns *txns = server->txns;
	struct proxy_out out = {0};

	if (server->response == 0) {
		/* A repeated INVITE that nobody answered yet: its client waits for a sign of life. */
		if (server->machine.kind == MACHINE_SERVER_INVITE && server->request != 0)
			server_reply(server, 100);
		return;
	}
	out.buf = text_at(&txns->texts, server->response, &out.len);
	out.buf_size = out.len;
	stats_inc(txns->proxy->stats, STAT_sip_txn_repeated);
	out.is_repeat = true;
	transmit(server, &out);
}

void server_cancel_clients(struct server_txn *server, const struct client_txn *but)
{
	struct txns *txns = server->txns;

	for (uint32_t i = server->first_client; i != POOL_NONE;) {
		struct client_txn *client = client_at(txns, i);

		i = client->sibling;
		if (client != but && !machine_is_final(&client->machine))
			client_cancel(client);
	}
}

bool server_awaits(const struct server_txn *server, const struct client_txn *but)
{
	for (uint32_t i = server->first_client; i != POOL_NONE;) {
		const struct client_txn *client = client_at(server->txns, i);

		if (client != but && !client->given_up && !machine_is_final(&client->machine))
			return true;
		i = client->sibling;
	}
	return false;
}

/* One that was given up is better than none: it may still answer, until its timer B or F. */
static bool hope_again(struct server_txn *server)
{
	bool hopes = false;

	for (uint32_t i = server->first_client; i != POOL_NONE;) {
		struct client_txn *client = client_at(server->txns, i);

		if (!machine_is_final(&client->machine)) {
			client->given_up = false;
			hopes = true;
		}
		i = client->sibling;
	}
	return hopes;
}

void server_keep_best(struct server_txn *server, unsigned status, struct span text)
{
	struct txns *txns = server->txns;

	/* 16.7 step 6: 6xx before all, else the lowest class; the first of a class stays. */
	if (server->best != 0 &&
		(server->best_status >= 600 || (status < 600 && status / 100 >= server->best_status / 100u)))
		return;
	text_release(&txns->texts, &server->best);
	server->best = text_keep(&txns->texts, text);
	server->best_status = (uint16_t)status;
}

static void send_best(struct server_txn *server)
{
	struct txns *txns = server->txns;
	struct span best = text_read(&txns->texts, server->best);
	struct proxy_out out = {.buf = txns->out, .buf_size = sizeof(txns->out), .len = best.len};

	/* Its block is given back before it is kept as the response to repeat. */
	memcpy(txns->out, best.p, best.len);
	out.status = server->best_status;
	if (server_send(server, &out, event_of(server->best_status)))
		stats_inc(txns->proxy->stats, STAT_sip_responses_forwarded);
}

static void answer_ourselves(struct server_txn *server)
{
	struct stats *stats = server->txns->proxy->stats;
	unsigned status = server->local_status == 408 ? 408 : 503;

	if (server->cancelled)
		status = 487;
	if (status == 408 && server->machine.kind == MACHINE_SERVER_OTHER) {
		stats_inc(stats, STAT_sip_txn_unanswered);
		machine_take(server->txns, &server->machine, MACHINE_SEND_NONE);
		forget_request(server);
		text_release(&server->txns->texts, &server->response);
		return;
	}
	if (status != 487)
		stats_inc(stats, status == 408 ? STAT_sip_txn_timed_out : STAT_sip_txn_no_node);
	server_reply(server, status);
}

void server_conclude(struct server_txn *server)
{
	if (machine_is_final(&server->machine) || server_awaits(server, NULL))
		return;
	if (server->best != 0) {
		send_best(server);
		server_cancel_clients(server, NULL);
	} else if (!hope_again(server)) {
		answer_ourselves(server);
	}
}
