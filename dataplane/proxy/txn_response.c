/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Responses that belong to a client transaction (RFC 3261 16.7, 17.1; RFC 6026): provisional ones and 2xx go
 * on at once; of the failures one goes on when no better answer can come; a 503 sends the request elsewhere.
 * Called by response.c once the branch has proved to be ours.
 */
#include "proxy/txn_stages_priv.h"

/* What a response is for the stages below. */
struct answer {
	struct passage *passage;
	struct client_txn *client;
	struct server_txn *server;
	struct span own_via; /* what to take out */
};

static enum machine_event event_of(unsigned status)
{
	if (status == 100)
		return MACHINE_100;
	return status < 200 ? MACHINE_1XX : status < 300 ? MACHINE_2XX : MACHINE_FINAL;
}

static bool answer_render(struct answer *answer)
{
	struct passage *passage = answer->passage;

	sip_edits_init(&passage->proxy->edits, passage_message(passage));
	sip_edit_delete(&passage->proxy->edits, answer->own_via);
	if (passage_render(passage) == 0)
		return true;
	stats_inc(passage->proxy->stats, STAT_sip_too_large);
	return false;
}

static void pass_on(struct answer *answer, enum machine_event event)
{
	struct proxy_out *out = answer->passage->out;

	if (!answer_render(answer))
		return;
	out->status = answer->passage->msg->status;
	if (server_send(answer->server, out, event))
		stats_inc(answer->passage->proxy->stats, STAT_sip_responses_forwarded);
}

static bool another_proceeds(const struct answer *answer)
{
	struct txns *txns = answer->client->txns;

	for (uint32_t i = answer->server->first_client; i != POOL_NONE;) {
		const struct client_txn *client = client_at(txns, i);

		if (client != answer->client && client->machine.state == MACHINE_PROCEEDING &&
			!client->cancel_wanted)
			return true;
		i = client->sibling;
	}
	return false;
}

/*
 * The next hop that first gives a sign of life is waited for. One that wakes up later, after the request went
 * to another, is cancelled: the called party shall not ring twice.
 */
static void take_provisional(struct answer *answer)
{
	struct client_txn *client = answer->client;
	unsigned status = answer->passage->msg->status;

	if (client->cancel_wanted || answer->server->cancelled || another_proceeds(answer)) {
		client_cancel(client);
		if (!answer->server->cancelled)
			return;
	}
	client->given_up = false;
	if (status == 100)
		return;
	if (answer->server->machine.kind == MACHINE_SERVER_OTHER) {
		stats_inc(client->txns->proxy->stats, STAT_sip_txn_provisional_dropped);
		return;
	}
	pass_on(answer, MACHINE_SEND_1XX);
}

static void take_success(struct answer *answer)
{
	pass_on(answer, MACHINE_SEND_2XX);
	server_cancel_clients(answer->server, answer->client);
}

/* What is not passed on, whatever else comes: 503 is about the node, 408 must not go on (RFC 4320 4.2). */
static bool is_unfit(const struct answer *answer)
{
	unsigned status = answer->passage->msg->status;

	return status == 503 || (status == 408 && answer->server->machine.kind == MACHINE_SERVER_OTHER);
}

static void take_unfit(struct answer *answer)
{
	struct server_txn *server = answer->server;

	if (answer->passage->msg->status == 503) {
		stats_inc(answer->passage->proxy->stats, STAT_sip_txn_busy);
		if (server_next(server, TXN_BUSY))
			return;
	}
	if (server->local_status != 408)
		server->local_status = answer->passage->msg->status;
	server_conclude(server);
}

/* 487 to a CANCEL of ours, while another next hop may still say what came of the call. */
static bool lost_race(const struct answer *answer)
{
	return answer->passage->msg->status == 487 && answer->client->cancel_wanted &&
	       !answer->server->cancelled && server_awaits(answer->server, answer->client);
}

static void take_failure(struct answer *answer)
{
	struct server_txn *server = answer->server;
	unsigned status = answer->passage->msg->status;

	if (lost_race(answer)) {
		stats_inc(answer->passage->proxy->stats, STAT_sip_txn_absorbed);
		return;
	}
	if (is_unfit(answer)) {
		take_unfit(answer);
		return;
	}
	if (status >= 600)
		server_cancel_clients(server, answer->client);
	if (server->best == 0 && !server_awaits(server, answer->client)) {
		pass_on(answer, MACHINE_SEND_FINAL);
		server_cancel_clients(server, answer->client);
		return;
	}
	if (answer_render(answer))
		server_keep_best(
			server, status, span_of(answer->passage->out->buf, answer->passage->out->len));
	server_conclude(server);
}

static void take_news(struct answer *answer)
{
	unsigned status = answer->passage->msg->status;

	if (!answer->server)
		return;
	if (status < 200)
		take_provisional(answer);
	else if (status < 300)
		take_success(answer);
	else
		take_failure(answer);
}

/* Is that a success the client must hear although its transaction can carry it no more? (16.7 step 5) */
static bool is_stray_success(const struct sip_msg *msg, const struct server_txn *server)
{
	return msg->method_id == SIP_INVITE && msg->status / 100 == 2 &&
	       (!server || server->machine.state == MACHINE_COMPLETED ||
		       server->machine.state == MACHINE_CONFIRMED);
}

/* The transaction is gone: only the success of an INVITE still matters to somebody (RFC 6026 7.3). */
static enum txn_verdict take_stray(struct passage *passage)
{
	if (is_stray_success(passage->msg, NULL)) {
		stats_inc(passage->proxy->stats, STAT_sip_txn_late_success);
		return TXN_STATELESS;
	}
	stats_inc(passage->proxy->stats, STAT_sip_txn_late);
	tell_ended(passage, 0, STAT_sip_txn_late);
	return TXN_DROPPED;
}

static void hear(struct passage *passage, const struct client_txn *client)
{
	const struct proxy_way *way = &passage->proxy->way;
	struct proxy_out *out = passage->out;
	const struct node *node = node_by_id(passage->snap->nodes, client->node_id);

	if (!way->heard || !node)
		return;
	out->node_slot = node->slot;
	out->status = passage->msg->status;
	out->request_key = client->request_key;
	way->heard(way->ctx, out);
}

static struct client_txn *find_client(struct txns *txns, const struct sip_msg *msg, uint64_t token)
{
	struct client_txn *client = client_of_token(txns, token);

	return client && client->method == msg->method_id ? client : NULL;
}

/*
 * 17.1.3: a CANCEL has the branch of its INVITE; the method in CSeq tells them apart. There is no Via below
 * ours that the branch could be proved with, but the INVITE is still here with the branch that we wrote.
 */
static struct client_txn *find_cancel(struct txns *txns, const struct sip_msg *msg)
{
	struct client_txn *invite;
	struct branch branch;
	struct span sent;

	if (branch_read(msg->via.branch, &branch) != 0)
		return NULL;
	invite = client_of_token(txns, branch.token);
	if (!invite || invite->method != SIP_INVITE || invite->text == 0)
		return NULL;
	sent = text_read(&txns->texts, invite->text);
	if (!memmem(sent.p, sent.len, msg->via.branch.p, msg->via.branch.len))
		return NULL;
	return client_at(txns, invite->partner);
}

bool txn_cancel_response(struct passage *passage)
{
	struct txns *txns = passage->proxy->txns;
	struct client_txn *cancel;

	if (!txns)
		return false;
	txns_enter(txns, passage->snap, passage->in->now_ns);
	cancel = find_cancel(txns, passage->msg);
	if (!cancel)
		return false;
	stats_inc(txns->proxy->stats, STAT_sip_txn_absorbed);
	machine_take(txns, &cancel->machine, event_of(passage->msg->status));
	client_settle(cancel);
	return true;
}

enum txn_verdict txn_response(struct passage *passage, struct span own_via, const struct branch *branch)
{
	struct txns *txns = passage->proxy->txns;
	struct answer answer = {.passage = passage, .own_via = own_via};
	enum txn_verdict verdict = TXN_TAKEN;
	unsigned doing;

	if (!txns)
		return take_stray(passage);
	txns_enter(txns, passage->snap, passage->in->now_ns);
	answer.client = find_client(txns, passage->msg, branch->token);
	if (!answer.client)
		return take_stray(passage);
	answer.server = server_at(txns, answer.client->server);
	hear(passage, answer.client);
	doing = machine_take(txns, &answer.client->machine, event_of(passage->msg->status));
	if (answer.server)
		machine_end_by(&answer.client->machine, answer.server->ringing_until_ns);
	if (doing & MACHINE_DO_ACK)
		client_acknowledge(answer.client, passage->msg);
	if (!(doing & MACHINE_DO_PASS))
		stats_inc(txns->proxy->stats, STAT_sip_txn_absorbed);
	else if (is_stray_success(passage->msg, answer.server))
		verdict = take_stray(passage);
	else
		take_news(&answer);
	client_settle(answer.client);
	if (answer.server)
		server_settle(answer.server);
	return verdict;
}
