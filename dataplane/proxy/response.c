/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A response's way back (RFC 3261 16.7, 16.11, 18.1.2, 18.2.2): our Via comes off, the next one says where
 * to. A response is believed when the branch is one that we wrote for exactly that next Via; who sent it does
 * not matter then, nor could it be known: nodes answer from where they like.
 */
#include "proxy/proxy_priv.h"
#include "sip/build.h"

#include <errno.h>

static enum proxy_action drop(struct passage *passage, enum stat reason)
{
	stats_inc(passage->proxy->stats, reason);
	tell_ended(passage, 0, reason);
	return PROXY_DROP;
}

/* 18.1.2: "it compares the sent-by value of the top Via with the values the client transport inserts". */
static bool top_via_is_ours(const struct passage *passage)
{
	const struct sip_via *via = &passage->msg->via;
	struct endpoint sent_by = {.port = via->port};

	return ip_parse(via->host, &sent_by.ip) == 0 && snapshot_is_local(passage->snap, &sent_by);
}

struct via_below {
	struct span own; /* what to take out */
	struct sip_via next;
	struct branch_peer peer; /* who stands in `next` */
};

/* The Via below ours may stand on the same line or on one of its own. Returns false when there is none. */
static bool find_via_below(const struct sip_msg *msg, struct via_below *ret_below)
{
	const struct sip_header *header = present_header(msg, SIP_HDR_VIA);
	struct span rest = span_from(span_end(msg->via.whole), span_end(sip_header_value(msg, header)));
	struct sip_via top;

	/* Nearly always each Via has a line of its own; else the first is read again, for a comment may
	 * follow it. */
	if (rest.len > 0) {
		rest = sip_header_value(msg, header);
		if (sip_via_next(&rest, &top) != 0)
			return false;
	}
	if (rest.len > 0) {
		if (sip_via_next(&rest, &ret_below->next) != 0)
			return false;
		ret_below->own = span_from(sip_header_value(msg, header).p, ret_below->next.whole.p);
		return true;
	}
	ret_below->own = sip_header_line(msg, header);
	header = sip_header_next(msg, header);
	if (!header)
		return false;
	rest = sip_header_value(msg, header);
	return sip_via_next(&rest, &ret_below->next) == 0;
}

/*
 * From where the request came in, so that the peer hears the address that it spoke to. Where that listener is
 * gone, what the peer wrote into its Via says how it wants to be spoken to.
 */
static const struct listener *find_listener(const struct passage *passage, const struct branch *branch,
	const struct sip_via *next, uint8_t family)
{
	const struct listener *listener = snapshot_listener_by_id(passage->snap, branch->listener_id);
	enum transport transport;

	if (listener && listener->local.ip.family == family)
		return listener;
	if (listener)
		transport = listener->transport;
	else if (transport_parse(next->transport, &transport) != 0)
		return NULL;
	return snapshot_listener_of_family(passage->snap, family, transport);
}

/*
 * RFC 3261 18.2.2. A response to what came by a stream goes back on it; when it has ended, a new one leads to
 * the sent-by port, for nobody listens at the port that the old one came from.
 */
static int find_way(
	const struct passage *passage, const struct branch_peer *peer, const struct branch *branch)
{
	const struct sip_via *next = peer->via;
	struct proxy_out *out = passage->out;
	const struct listener *listener;

	if (sip_via_target(next, &peer->source, &out->dst) != 0 ||
		snapshot_is_local_ip(passage->snap, &out->dst.ip))
		return -EHOSTUNREACH;
	listener = find_listener(passage, branch, next, out->dst.ip.family);
	if (!listener)
		return -EADDRNOTAVAIL;
	out->src = listener->local;
	out->transport = listener->transport;
	if (listener->transport != TRANSPORT_UDP) {
		out->conn = branch->conn;
		out->dst.port = next->port ? next->port : transport_default_port(listener->transport);
	}
	return 0;
}

static enum proxy_action send_on(
	struct passage *passage, const struct via_below *below, const struct branch *branch)
{
	struct proxy_out *out = passage->out;
	const struct node *node;

	switch (find_way(passage, &below->peer, branch)) {
	case 0:
		break;
	case -EHOSTUNREACH:
		return drop(passage, STAT_sip_response_no_target);
	default:
		return drop(passage, STAT_sip_no_egress);
	}
	sip_edits_init(&passage->proxy->edits, passage_message(passage));
	sip_edit_delete(&passage->proxy->edits, below->own);
	if (passage_render(passage) != 0)
		return drop(passage, STAT_sip_too_large);
	stats_inc(passage->proxy->stats, STAT_sip_responses_forwarded);
	node = node_by_id(passage->snap->nodes, branch->node_id);
	out->node_slot = node ? node->slot : PROXY_NO_NODE;
	out->status = passage->msg->status;
	return PROXY_FORWARD;
}

/* To the transaction that sent the request. */
static enum proxy_action hand_over(
	struct passage *passage, const struct via_below *below, const struct branch *branch)
{
	switch (txn_response(passage, below->own, branch)) {
	case TXN_TAKEN:
		return PROXY_TAKEN;
	case TXN_DROPPED:
		return PROXY_DROP;
	default:
		return send_on(passage, below, branch);
	}
}

enum proxy_action response_input(struct passage *passage)
{
	const struct sip_msg *msg = passage->msg;
	struct via_below below;
	struct branch branch;

	if (!top_via_is_ours(passage))
		return drop(passage, STAT_sip_response_foreign);
	if (!find_via_below(msg, &below)) {
		if (msg->method_id == SIP_CANCEL && txn_cancel_response(passage))
			return PROXY_TAKEN;
		return drop(passage, STAT_sip_response_bad_next_via);
	}
	below.peer.via = &below.next;
	if (sip_via_source(&below.next, &below.peer.source) != 0)
		return drop(passage, STAT_sip_response_forged);
	switch (branch_verify(msg->via.branch, &passage->snap->keys, msg->call_id, &below.peer, &branch)) {
	case 0:
		passage->out->request_key = passage_latency_key(msg, branch.mac);
		break;
	case -EINVAL:
		return drop(passage, STAT_sip_response_bad_branch);
	default:
		return drop(passage, STAT_sip_response_forged);
	}
	return branch.token != 0 ? hand_over(passage, &below, &branch) : send_on(passage, &below, &branch);
}
