/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests on a transaction listener (RFC 3261 16.3 to 16.6, 16.10, 17.2.3): one that is known already is
 * absorbed, answered again, or ends what it is about; a new one begins a transaction. When the stores are
 * full it is forwarded without one, and counted: a balancer that cannot remember can still carry.
 */
#include "proxy/seal.h"
#include "proxy/txn_stages_priv.h"

/* CANCEL and the ACK to a failure are about the INVITE. */
static enum sip_method matched_method(const struct sip_msg *msg)
{
	return msg->method_id == SIP_ACK || msg->method_id == SIP_CANCEL ? SIP_INVITE
									 : (enum sip_method)msg->method_id;
}

static bool has_magic_cookie(struct span branch)
{
	return branch.len > 7 && strncasecmp(branch.p, "z9hG4bK", 7) == 0;
}

/*
 * 17.2.3: branch, sent-by and method. Call-ID and CSeq, which repetitions, CANCEL and ACK share, keep apart
 * what peers with bad branches mix up. Without the cookie (RFC 2543) the whole Via, the Request-URI and the
 * From tag count as well.
 */
static uint64_t match_key(const struct txns *txns, const struct sip_msg *msg)
{
	enum sip_method method = matched_method(msg);
	struct seal seal = seal_begin(&txns->key);

	seal_word(&seal, msg->cseq | (uint64_t)msg->via.port << 32 | (uint64_t)method << 48);
	seal_text(&seal, msg->via.host);
	seal_text(&seal, msg->via.branch);
	seal_text(&seal, msg->call_id);
	if (method == SIP_UNKNOWN)
		seal_text(&seal, msg->method);
	if (!has_magic_cookie(msg->via.branch)) {
		seal_text(&seal, msg->via.whole);
		seal_text(&seal, msg->uri.whole);
		seal_text(&seal, msg->from_tag);
	}
	return seal_end(&seal, SEAL_TRANSACTION);
}

static struct txns *txns_of(const struct passage *passage)
{
	struct txns *txns = passage->proxy->txns;

	if (!txns || passage->listener->stateless)
		return NULL;
	txns_enter(txns, passage->snap, passage->in->now_ns);
	return txns;
}

static enum proxy_action take_repeated(struct server_txn *server)
{
	struct txns *txns = server->txns;

	stats_inc(txns->proxy->stats, STAT_sip_txn_requests_again);
	if (machine_take(txns, &server->machine, MACHINE_REQUEST) & MACHINE_DO_SEND)
		server_repeat(server);
	server_settle(server);
	return PROXY_TAKEN;
}

/* 16.10: answered here, and each next hop that still rings is told. */
static enum proxy_action take_cancel(struct passage *passage, struct server_txn *server)
{
	bool pending = !machine_is_final(&server->machine);

	stats_inc(passage->proxy->stats, STAT_sip_txn_cancelled);
	if (pending && !server->cancelled) {
		server->cancelled = true;
		server_cancel_clients(server, NULL);
	}
	server_settle(server);
	return reply_plain(passage, 200);
}

/* False: it acknowledges a 2xx and goes on to the far end. */
static bool take_ack(struct server_txn *server)
{
	struct txns *txns = server->txns;
	unsigned doing = machine_take(txns, &server->machine, MACHINE_ACK);

	server_settle(server);
	if (doing & MACHINE_DO_PASS)
		return false;
	stats_inc(txns->proxy->stats, STAT_sip_txn_acks);
	return true;
}

bool txn_known(struct passage *passage, enum proxy_action *ret_action)
{
	struct txns *txns = txns_of(passage);
	struct server_txn *server;

	if (!txns)
		return false;
	passage->match_key = match_key(txns, passage->msg);
	server = server_at(txns, txn_table_find(&txns->table, passage->match_key));
	if (!server)
		return false;
	*ret_action = PROXY_TAKEN;
	switch (passage->msg->method_id) {
	case SIP_ACK:
		return take_ack(server);
	case SIP_CANCEL:
		*ret_action = take_cancel(passage, server);
		return true;
	default:
		*ret_action = take_repeated(server);
		return true;
	}
}

static uint64_t ringing_until_ns(const struct passage *passage)
{
	uint64_t max_s = passage->snap->ringing_max_s;

	return max_s ? passage->in->now_ns + max_s * 1000000000ULL : MACHINE_NEVER;
}

static void server_begin(
	struct server_txn *server, const struct passage *passage, const struct forward *forward)
{
	const struct proxy_in *in = passage->in;
	bool is_invite = passage->msg->method_id == SIP_INVITE;

	server->conn = in->conn;
	server->transport = in->transport;
	server->peer = in->src;
	server->local = in->local;
	server->reply_to = reply_destination(passage);
	if (snapshot_is_local_ip(passage->snap, &server->reply_to.ip))
		server->reply_to = in->src;
	server->listener_id = passage->listener->id;
	server->dialog_bound = forward->set->has_cookie;
	server->ringing_until_ns = ringing_until_ns(passage);
	machine_begin(server->txns, &server->machine,
		is_invite ? MACHINE_SERVER_INVITE : MACHINE_SERVER_OTHER, in->transport != TRANSPORT_UDP);
}

/* Without state after all. */
static enum proxy_action carry(struct passage *passage, const struct forward *forward)
{
	stats_inc(passage->proxy->stats, STAT_sip_txn_exhausted);
	return forward_request(passage, forward);
}

/* Ends a transaction that sent nothing and must not be heard of. */
static void server_undo(struct server_txn *server)
{
	machine_end(server->txns, &server->machine);
	server_settle(server);
}

enum proxy_action txn_begin(struct passage *passage, const struct forward *wanted)
{
	struct txns *txns = passage->proxy->txns;
	struct forward forward = *wanted;
	struct server_txn *server = server_take(txns, passage->match_key);

	retry_budget_earn(&txns->retries);
	if (!server)
		return carry(passage, wanted);
	server_begin(server, passage, &forward);
	server->request = text_keep(&txns->texts, passage_message(passage));
	if (server->request == 0) {
		server_undo(server);
		return carry(passage, wanted);
	}
	switch (client_attempt(server, passage, &forward)) {
	case ATTEMPT_SENT:
		break;
	case ATTEMPT_NO_ROOM:
		server_undo(server);
		return carry(passage, wanted);
	case ATTEMPT_REFUSED:
		server_undo(server);
		return forward_refuse(passage, forward.error);
	case ATTEMPT_UNSENT:
		if (!server_next(server, TXN_DEAD))
			server_conclude(server);
		break;
	}
	stats_inc(txns->proxy->stats, STAT_sip_txn_begun);
	server_settle(server);
	return PROXY_TAKEN;
}

/* An ACK is no transaction, and a CANCEL that matches none is forwarded like one (16.10). */
bool txn_wanted(const struct passage *passage)
{
	return passage->proxy->txns && !passage->listener->stateless && passage->msg->method_id != SIP_ACK &&
	       passage->msg->method_id != SIP_CANCEL;
}
