/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sends a request on (RFC 3261 16.6, 16.11): the copy is the received bytes and a list of edits. Called by
 * request.c once the target is known. The Request-URI's host is never touched (R-RT-9).
 */
#include "proxy/proxy_priv.h"
#include "sip/build.h"

#include <errno.h>

static bool listener_serves(const struct listener *listener, uint8_t family, enum transport transport)
{
	return listener->local.ip.family == family && listener->transport == transport;
}

/* The listener on our address toward the node, over the node's transport. */
static const struct listener *listener_beside(const struct passage *passage, const struct node *node)
{
	const struct snapshot *snap = passage->snap;

	if (passage->listener->transport == node->transport &&
		ip_equal(&passage->listener->local.ip, &node->local))
		return passage->listener;
	for (unsigned i = 0; i < snap->listener_count; i++) {
		const struct listener *listener = &snap->listeners[i];

		if (listener->transport == node->transport && ip_equal(&listener->local.ip, &node->local))
			return listener;
	}
	return NULL;
}

/*
 * How a node reaches us later: the listener on our address toward it, else the one the request came to if
 * that is of the node's family. Where nobody listens on the node's transport, one of another is better than
 * none.
 */
static const struct listener *listener_facing(const struct passage *passage, const struct node *node)
{
	const struct listener *listener = listener_beside(passage, node);
	uint8_t family = node->local.family;

	if (listener)
		return listener;
	if (listener_serves(passage->listener, family, node->transport))
		return passage->listener;
	listener = snapshot_listener_of_family(passage->snap, family, node->transport);
	if (listener)
		return listener;
	if (passage->listener->local.ip.family == family)
		return passage->listener;
	return snapshot_listener_of_family(passage->snap, family, TRANSPORT_UDP);
}

static const struct listener *listener_toward_peer(
	const struct passage *passage, const struct route_set *set, const struct target *target)
{
	uint8_t family = target->endpoint.ip.family;
	const struct listener *listener = NULL;

	if (set->has_cookie)
		listener = snapshot_listener_by_id(passage->snap, set->cookie.listener_id);
	if (!listener || !listener_serves(listener, family, target->transport))
		listener = passage->listener;
	if (!listener_serves(listener, family, target->transport))
		listener = snapshot_listener_of_family(passage->snap, family, target->transport);
	return listener;
}

/*
 * What our Via says: over UDP the worker's own port, where the answer shall come to. Over a stream the answer
 * comes back on the connection; sent-by is where a new one finds us if that one is gone (RFC 3261 18.2.2).
 */
static struct endpoint sent_by_toward(
	const struct passage *passage, const struct node *node, const struct listener *facing)
{
	if (node->transport != TRANSPORT_UDP && facing && facing->transport == node->transport)
		return facing->local;
	return (struct endpoint){.ip = node->local,
		.port = (uint16_t)(passage->snap->source_port_base + passage->proxy->worker_index)};
}

static bool find_egress(const struct passage *passage, const struct route_set *set,
	const struct target *target, struct egress *ret_egress)
{
	if (target->kind == TARGET_NODE) {
		ret_egress->facing = listener_facing(passage, target->node);
		ret_egress->src = sent_by_toward(passage, target->node, ret_egress->facing);
		return target->node->local.family == target->node->remote.ip.family;
	}
	ret_egress->facing = listener_toward_peer(passage, set, target);
	if (!ret_egress->facing)
		return false;
	ret_egress->src = ret_egress->facing->local;
	return true;
}

/* Methods that can begin a dialog, and unknown ones, which may (RFC 3261 16.6 step 4). */
static bool may_begin_dialog(const struct sip_msg *msg)
{
	switch (msg->method_id) {
	case SIP_INVITE:
	case SIP_SUBSCRIBE:
	case SIP_NOTIFY:
	case SIP_REFER:
	case SIP_UNKNOWN:
		return msg->to_tag.len == 0;
	default:
		return false;
	}
}

/* Of the dialog that the request begins, or of the one that its own cookie names. */
static void fill_cookie(const struct passage *passage, const struct route_set *set,
	const struct target *target, const struct egress *egress, struct cookie *ret_cookie)
{
	const struct node *sender;

	ret_cookie->originator_hash = cookie_tag_hash(passage->msg->from_tag);
	ret_cookie->node_began = target->kind != TARGET_NODE;
	if (!ret_cookie->node_began) {
		ret_cookie->node_id = target->node->id;
		ret_cookie->flow = passage->in->src;
		ret_cookie->flow_transport = passage->in->transport;
		ret_cookie->listener_id = passage->listener->id;
		return;
	}
	ret_cookie->flow = target->endpoint;
	ret_cookie->flow_transport = target->transport;
	ret_cookie->listener_id = egress->facing->id;
	if (set->has_cookie) {
		/* Anybody may send so: a copy of what the node began, back to where it came from. */
		ret_cookie->node_id = set->cookie.node_id;
		return;
	}
	/* Only a node may name a target of its own, so the sender is the node of the dialog. */
	ensure(passage->from_node);
	sender = node_by_endpoint(passage->snap->nodes, &passage->in->src);
	ret_cookie->node_id = sender ? sender->id : passage->from_node->id;
}

static void write_record_route(struct sip_writer *w, const struct passage *passage,
	const struct listener *listener, const struct cookie *cookie)
{
	sip_write_lit(w, "Record-Route: <sip:");
	sip_write_endpoint(w, &listener->local);
	if (listener->transport != TRANSPORT_UDP)
		sip_write_lit(w, ";transport=tcp");
	sip_write_lit(w, ";lr;" COOKIE_PARAM "=");
	cookie_write(w, &passage->snap->keys, cookie, passage->msg->call_id);
	sip_write_lit(w, ">\r\n");
}

/*
 * One value serves both sides, unless each reaches us at another address: then two, the next hop's on top
 * (RFC 5658 5).
 */
static void write_record_routes(struct sip_writer *w, const struct passage *passage,
	const struct route_set *set, const struct target *target, const struct egress *egress)
{
	struct cookie cookie;

	if (!passage->listener->record_route || !may_begin_dialog(passage->msg))
		return;
	fill_cookie(passage, set, target, egress, &cookie);
	if (egress->facing && egress->facing != passage->listener)
		write_record_route(w, passage, egress->facing, &cookie);
	write_record_route(w, passage, passage->listener, &cookie);
}

/* RFC 3261 18.2.1 and RFC 3581 4. Returns the Via below ours as it goes out; `kept` is room for it. */
static const struct sip_via *edit_received(struct passage *passage, struct sip_via *kept)
{
	struct sip_edits *edits = &passage->proxy->edits;
	const struct sip_via *via = &passage->msg->via;
	struct sip_writer w;

	if (sip_via_is_from(via, &passage->in->src))
		return via;
	w = sip_edit_begin(edits);
	sip_write_via_received(&w, via, &passage->in->src, kept);
	sip_edit_end_replace(edits, via->whole, &w);
	return kept;
}

/* 16.6 step 3: one less, or 70 where there was none. The parser lets it stand twice with the same value. */
static void edit_max_forwards(const struct sip_msg *msg, struct sip_edits *edits)
{
	const struct sip_header *header = sip_header_first(msg, SIP_HDR_MAX_FORWARDS);
	struct sip_writer w;

	if (!header)
		sip_edit_insert(edits, sip_first_line(msg), (struct span)SPAN_LIT("Max-Forwards: 70\r\n"));
	for (; header; header = sip_header_next(msg, header)) {
		w = sip_edit_begin(edits);
		sip_write_u32(&w, (uint32_t)msg->max_forwards - 1);
		sip_edit_end_replace(edits, sip_header_value(msg, header), &w);
	}
}

/* Our Via and Record-Route stand before all others of their kind: in front of the first header. */
static void edit_top(struct passage *passage, const struct forward *forward, const struct egress *egress)
{
	const struct target *target = forward->target;
	struct sip_edits *edits = &passage->proxy->edits;
	const struct branch branch = {
		.node_id = target->kind == TARGET_NODE ? target->node->id : 0,
		.listener_id = passage->listener->id,
		.loop_hash = forward->hash->loop,
		.request_key = forward->hash->transaction,
		.conn = passage->in->conn,
		.token = forward->token,
	};
	struct sip_via kept;
	const struct sip_via *next = edit_received(passage, &kept);
	struct sip_writer w = sip_edit_begin(edits);

	if (target_transport(target) == TRANSPORT_UDP)
		sip_write_lit(&w, "Via: SIP/2.0/UDP ");
	else
		sip_write_lit(&w, "Via: SIP/2.0/TCP ");
	sip_write_endpoint(&w, &egress->src);
	sip_write_lit(&w, ";branch=");
	branch_write(&w, &passage->snap->keys, &branch, next);
	sip_write_lit(&w, "\r\n");
	write_record_routes(&w, passage, forward->set, target, egress);
	sip_edit_end_insert(edits, sip_first_line(passage->msg), &w);
}

static void fill_out(struct passage *passage, const struct target *target, const struct egress *egress,
	const struct request_hash *hash)
{
	struct proxy_out *out = passage->out;

	out->src = egress->src;
	out->dst = target->kind == TARGET_NODE ? target->node->remote : target->endpoint;
	out->node_slot = target->kind == TARGET_NODE ? target->node->slot : PROXY_NO_NODE;
	out->transport = (uint8_t)target_transport(target);
	out->request_key = passage_latency_key(passage->msg, hash->transaction);
	out->is_request = true;
}

static int render_for(struct passage *passage, const struct forward *forward)
{
	struct sip_edits *edits = &passage->proxy->edits;
	struct egress egress;

	if (target_transport(forward->target) == TRANSPORT_TLS)
		return -EPROTONOSUPPORT;
	if (!find_egress(passage, forward->set, forward->target, &egress))
		return -EADDRNOTAVAIL;
	sip_edits_init(edits, passage_message(passage));
	edit_top(passage, forward, &egress);
	edit_max_forwards(passage->msg, edits);
	route_set_edit(forward->set, passage->msg, edits);
	if (passage_render(passage) != 0)
		return -E2BIG;
	fill_out(passage, forward->target, &egress, forward->hash);
	return 0;
}

/* The same node over TCP, if it is configured and can be used. */
static const struct node *stream_twin(const struct snapshot *snap, const struct node *node)
{
	const struct node *twin = node_by_id(snap->nodes, node_id(&node->remote, TRANSPORT_TCP));

	return twin && endpoint_equal(&twin->remote, &node->remote) && node_serves_dialogs(twin) ? twin
												 : NULL;
}

int forward_render(struct passage *passage, const struct forward *forward)
{
	const struct snapshot *snap = passage->snap;
	struct target *target = forward->target;
	int ret = render_for(passage, forward);
	const struct node *twin;

	if (ret != 0 || passage->out->transport != TRANSPORT_UDP || snap->udp_bytes_max == 0 ||
		passage->out->len <= snap->udp_bytes_max)
		return ret;
	/* 18.1.1: what comes within 200 bytes of the MTU goes by a transport that controls congestion. */
	twin = target->kind == TARGET_NODE ? stream_twin(snap, target->node) : NULL;
	if (!twin) {
		stats_inc(passage->proxy->stats, STAT_sip_oversize_datagrams);
		return 0;
	}
	stats_inc(passage->proxy->stats, STAT_sip_oversize_by_stream);
	target->node = twin;
	return render_for(passage, forward);
}

enum proxy_action forward_refuse(struct passage *passage, int error)
{
	if (error == -EPROTONOSUPPORT)
		return reply_refuse(passage, 503, STAT_sip_transport_unserved);
	if (error == -EADDRNOTAVAIL)
		return reply_refuse(passage, 503, STAT_sip_no_egress);
	return reply_refuse(passage, 513, STAT_sip_too_large);
}

enum proxy_action forward_request(struct passage *passage, const struct forward *forward)
{
	int error = forward_render(passage, forward);

	if (error != 0)
		return forward_refuse(passage, error);
	stats_inc(passage->proxy->stats, STAT_sip_requests_forwarded);
	tell_forwarded(passage, forward->target);
	return PROXY_FORWARD;
}
