/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Client transactions: what goes to a next hop, and what happens when nothing comes back (RFC 3261 17.1,
 * 16.6, 16.8, 16.9). The request as sent is kept where it may be needed: over UDP for repetitions, and for
 * INVITE over any transport, because ACK and CANCEL are made of it.
 */
#include "proxy/txn_stages_priv.h"

/* The node may have been removed since the request went out, and its slot be another's. */
static uint16_t slot_of(const struct client_txn *client)
{
	const struct node *node = node_by_slot(client->txns->snap->nodes, client->node_slot);

	return node && node->id == client->node_id ? client->node_slot : PROXY_NO_NODE;
}

/*
 * A message that belongs to the transaction. Its first sending counts as a request of the node, and is what
 * the transaction wants to hear of when another worker cannot send it: a lost repetition is not the end.
 */
static int client_send(struct client_txn *client, char *bytes, size_t len, bool is_first)
{
	struct txns *txns = client->txns;
	struct proxy_out out = {
		.buf = bytes,
		.buf_size = len,
		.len = len,
		.src = client->src,
		.dst = client->dst,
		.conn = client->conn,
		.token = is_first && !client->is_cancel ? client_token(client) : 0,
		.request_key = client->request_key,
		.node_slot = slot_of(client),
		.transport = client->transport,
		.is_request = true,
		.is_repeat = !is_first,
	};
	int ret = txns->proxy->way.send(txns->proxy->way.ctx, &out);

	if (ret != 0)
		stats_inc(txns->proxy->stats, STAT_sip_txn_send_failed);
	else if (!client->in_flight)
		client->conn = out.conn; /* else the lists hold it by the one that took the request */
	return ret;
}

static void client_address(
	struct client_txn *client, const struct target *target, const struct proxy_out *out)
{
	client->src = out->src;
	client->dst = out->dst;
	client->transport = out->transport;
	client->request_key = out->request_key;
	if (target->kind != TARGET_NODE)
		return;
	client->node_id = target->node->id;
	client->node_slot = target->node->slot;
}

static uint64_t doubt_ns(const struct txns *txns, const struct target *target)
{
	uint32_t after_ms = target->failover_ms ? target->failover_ms : txns->snap->failover_timeout_ms;

	return after_ms ? txns->now_ns + after_ms * 1000000ULL : MACHINE_NEVER;
}

static void client_begin(struct client_txn *client, const struct target *target)
{
	struct txns *txns = client->txns;
	enum machine_kind kind = client->method == SIP_INVITE ? MACHINE_CLIENT_INVITE : MACHINE_CLIENT_OTHER;

	machine_begin(txns, &client->machine, kind, client->transport != TRANSPORT_UDP);
	machine_doubt_after(&client->machine, doubt_ns(txns, target));
}

/* False when no block is left. Over a stream for the ACK and CANCEL of an INVITE, and where it stays with its
 * node. */
static bool client_keeps(struct client_txn *client, const struct server_txn *server, struct span sent)
{
	if (client->method != SIP_INVITE && client->transport != TRANSPORT_UDP && !server->dialog_bound)
		return true;
	client->text = text_keep(&client->txns->texts, sent);
	return client->text != 0;
}

enum attempt client_attempt(struct server_txn *server, struct passage *passage, struct forward *forward)
{
	struct txns *txns = server->txns;
	struct client_txn *client = client_take(txns, server);
	const struct node *chosen = forward->target->kind == TARGET_NODE ? forward->target->node : NULL;

	if (!client)
		return ATTEMPT_NO_ROOM;
	server->attempts++;
	client->method = passage->msg->method_id;
	forward->token = client_token(client);
	forward->error = forward_render(passage, forward);
	if (forward->error != 0) {
		client_drop(client);
		return ATTEMPT_REFUSED;
	}
	client_address(client, forward->target, passage->out);
	if (!client_keeps(client, server, span_of(passage->out->buf, passage->out->len))) {
		client_drop(client);
		return ATTEMPT_NO_ROOM;
	}
	/* The one that was chosen, whichever of its transports took the request: it is not chosen again. */
	if (chosen)
		node_tried_add(&server->tried, chosen->id);
	client_begin(client, forward->target);
	tell_forwarded(passage, forward->target);
	if (client_send(client, passage->out->buf, passage->out->len, true) != 0) {
		machine_take(txns, &client->machine, MACHINE_FAILED);
		client_settle(client);
		return ATTEMPT_UNSENT;
	}
	stats_inc(txns->proxy->stats, STAT_sip_requests_forwarded);
	pending_add(client);
	client_settle(client);
	return ATTEMPT_SENT;
}

void client_repeat(struct client_txn *client)
{
	struct txns *txns = client->txns;
	char *bytes;
	size_t len;

	if (client->text == 0)
		return;
	stats_inc(txns->proxy->stats, STAT_sip_txn_repeated);
	bytes = text_at(&txns->texts, client->text, &len);
	/* That it cannot leave now is what the next repetition, and the timer's end, are for. */
	client_send(client, bytes, len, false);
}

/* Silence: another next hop may do better; this one is still heard when it wakes up. */
void client_doubt(struct client_txn *client)
{
	struct server_txn *server = server_at(client->txns, client->server);

	if (!server || client->is_cancel || !server_next(server, TXN_SILENT))
		return;
	client->given_up = true;
	machine_hush(&client->machine);
}

/* Ended without a final response. */
static void client_ended(struct client_txn *client, enum txn_why why, uint16_t status)
{
	struct server_txn *server = server_at(client->txns, client->server);

	if (!server || client->is_cancel || machine_is_final(&server->machine))
		return;
	if (why == TXN_DEAD && server_next(server, why))
		return;
	/* Time says more than a refusal: the request may have arrived. */
	if (server->local_status != 408)
		server->local_status = status;
	server_conclude(server);
}

void client_timed_out(struct client_txn *client)
{
	stats_inc(client->txns->proxy->stats, STAT_sip_txn_timeouts);
	client_ended(client, TXN_SILENT, 408);
}

void client_fail(struct client_txn *client)
{
	struct txns *txns = client->txns;
	struct server_txn *server = server_at(txns, client->server);

	/* Out of the lists first, whatever the machine makes of it. */
	pending_remove(client);
	if (machine_take(txns, &client->machine, MACHINE_FAILED) & MACHINE_DO_FAIL)
		client_ended(client, TXN_DEAD, 503);
	client_settle(client);
	if (server)
		server_settle(server);
}

/*
 * The connection of a request ended. That is no sign of the node's death, which its probes tell soon: until
 * then a dialog stays with its node. One that closed in order may have the request, and answer by a
 * connection of its own (RFC 3261 18.2.2): another next hop may do better, but this one is heard.
 */
void client_lose_conn(struct client_txn *client, const struct node *node, bool in_order)
{
	const struct server_txn *server = server_at(client->txns, client->server);
	bool alive = node && node_word_health(node_word(node)) != NODE_DOWN;

	if (!alive || !server || (!in_order && !server->dialog_bound)) {
		client_fail(client);
		return;
	}
	pending_remove(client);
	client->conn = CONN_NONE;
	/* The node knows it by its branch if it has it. Without a connection it is about to be found dead. */
	if (server->dialog_bound)
		client_repeat(client);
	pending_add(client);
	if (client->machine.state != MACHINE_PROCEEDING)
		client_doubt(client);
	client_settle(client);
}

/* The request as sent, read again. False when it was not kept. */
static bool read_sent(const struct client_txn *client)
{
	struct txns *txns = client->txns;

	return client->text != 0 &&
	       sip_parse(text_read(&txns->texts, client->text), true, &txns->msg) == PARSE_OK;
}

void client_acknowledge(struct client_txn *client, const struct sip_msg *response)
{
	struct txns *txns = client->txns;
	struct sip_writer w = sip_writer_of(txns->out, sizeof(txns->out));
	struct span to = sip_header_value(response, present_header(response, SIP_HDR_TO));

	/* The kept text is the ACK already when the failure comes again. */
	if (client->acknowledged) {
		client_repeat(client);
		return;
	}
	if (!read_sent(client) || hop_request_write(&w, &txns->msg, SIP_ACK, to) != 0)
		return;
	client->acknowledged = true;
	text_release(&txns->texts, &client->text);
	if (client->transport == TRANSPORT_UDP)
		client->text = text_keep(&txns->texts, span_of(w.buf, w.len));
	stats_inc(txns->proxy->stats, STAT_sip_txn_acks_made);
	client_send(client, w.buf, w.len, false);
}

/* The CANCEL is a transaction of its own, over the same way (9.1). */
static void cancel_begin(struct client_txn *invite, char *bytes, size_t len)
{
	struct txns *txns = invite->txns;
	struct client_txn *cancel = client_take(txns, NULL);

	if (!cancel) {
		/* Sent once all the same: over a stream that is all there is to do. */
		client_send(invite, bytes, len, false);
		return;
	}
	cancel->src = invite->src;
	cancel->dst = invite->dst;
	cancel->conn = invite->conn;
	cancel->transport = invite->transport;
	cancel->node_id = invite->node_id;
	cancel->node_slot = invite->node_slot;
	cancel->method = SIP_CANCEL;
	cancel->is_cancel = true;
	cancel->partner = pool_index(&txns->clients, invite);
	invite->partner = pool_index(&txns->clients, cancel);
	if (cancel->transport == TRANSPORT_UDP)
		cancel->text = text_keep(&txns->texts, span_of(bytes, len));
	machine_begin(txns, &cancel->machine, MACHINE_CLIENT_OTHER, cancel->transport != TRANSPORT_UDP);
	client_send(cancel, bytes, len, false);
	client_settle(cancel);
}

void client_cancel(struct client_txn *client)
{
	struct txns *txns = client->txns;
	struct sip_writer w = sip_writer_of(txns->out, sizeof(txns->out));
	struct span to;

	client->cancel_wanted = true;
	if (client->machine.kind != MACHINE_CLIENT_INVITE || client->machine.cancelled ||
		client->machine.state != MACHINE_PROCEEDING)
		return;
	machine_take(txns, &client->machine, MACHINE_CANCELLED);
	client_settle(client);
	if (!read_sent(client))
		return;
	to = sip_header_value(&txns->msg, present_header(&txns->msg, SIP_HDR_TO));
	if (hop_request_write(&w, &txns->msg, SIP_CANCEL, to) != 0)
		return;
	stats_inc(txns->proxy->stats, STAT_sip_txn_cancels_made);
	cancel_begin(client, w.buf, w.len);
}
