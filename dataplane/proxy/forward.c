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

/* Room for a Via and two Record-Routes of our own. */
enum {
	RECORD_ROUTE_MAX = OWN_LINE_MAX + COOKIE_TEXT_MAX + sizeof(">\r\n"),
	TOP_MAX = OWN_LINE_MAX + BRANCH_LONG_LEN + sizeof("\r\n") + 2 * RECORD_ROUTE_MAX,
};

static_assert(TOP_MAX + SIP_PUT_SLACK <= SIP_EDIT_TEXT_MAX, "our own lines fit as the first edit");

static char *put_record_route(
	char *at, struct passage *passage, const struct listener *listener, struct span cookie)
{
	const struct own_text *own = own_text_at(
		&passage->proxy->own_texts, &listener->local, (enum transport)listener->transport);

	at = sip_put(own_line_put(at, &own->record_route), cookie.p, cookie.len);
	return sip_put_lit(at, ">\r\n");
}

/*
 * One value serves both sides, unless each reaches us at another address: then two, the next hop's on top
 * (RFC 5658 5).
 */
static char *put_record_routes(char *at, struct passage *passage, const struct forward *forward,
	const struct egress *egress, const struct seal *call)
{
	struct cookie cookie = {.originator_hash = forward->hash->originator};
	char text[COOKIE_TEXT_MAX + SIP_PUT_SLACK];
	struct span written;

	if (!passage->listener->record_route || !may_begin_dialog(passage->msg))
		return at;
	fill_cookie(passage, forward->set, forward->target, egress, &cookie);
	written = span_from(text, cookie_put(text, &passage->snap->keys, call, &cookie));
	if (egress->facing && egress->facing != passage->listener)
		at = put_record_route(at, passage, egress->facing, written);
	return put_record_route(at, passage, passage->listener, written);
}

/* RFC 3261 18.2.1 and RFC 3581 4. */
static void edit_received(struct passage *passage)
{
	struct sip_edits *edits = &passage->proxy->edits;
	const struct sip_via *via = &passage->msg->via;
	struct sip_writer w;
	struct span old;

	if (sip_via_is_from(via, &passage->in->src))
		return;
	old = sip_via_unreceived(via);
	w = sip_edit_begin(edits);
	sip_write_via_received(&w, via, old, &passage->in->src);
	sip_edit_end_replace(edits, old, &w);
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

/* The Via below ours will say where the request came from, by whichever means: edit_received() sees to it. */
static char *put_branch(
	char *at, struct passage *passage, const struct forward *forward, const struct seal *call)
{
	const struct target *target = forward->target;
	const struct sip_via *via = &passage->msg->via;
	struct branch branch = {
		.node_id = target->kind == TARGET_NODE ? target->node->id : 0,
		.listener_id = passage->listener->id,
		.loop_hash = forward->hash->loop,
		.conn = passage->in->conn,
		.token = forward->token,
	};
	const struct branch_peer peer = {.via = via,
		.source = {.ip = passage->in->src.ip, .port = via->has_rport ? passage->in->src.port : 0}};

	at = branch_put(at, &passage->snap->keys, call, &branch, &peer);
	passage->out->request_key = passage_latency_key(passage->msg, branch.mac);
	return at;
}

/* Our Via and Record-Route stand before all others of their kind: in front of the first header. */
static void edit_top(struct passage *passage, const struct forward *forward, const struct egress *egress)
{
	const struct cookie_keys *keys = &passage->snap->keys;
	const struct seal call = seal_call(&keys->key[keys->current], passage->msg->call_id);
	const struct own_text *own =
		own_text_at(&passage->proxy->own_texts, &egress->src, target_transport(forward->target));
	struct sip_edits *edits = &passage->proxy->edits;
	struct sip_writer w = sip_edit_begin(edits);
	char *at = sip_put_begin(&w, TOP_MAX);

	ensure(at);
	at = put_branch(own_line_put(at, &own->via), passage, forward, &call);
	at = put_record_routes(sip_put_lit(at, "\r\n"), passage, forward, egress, &call);
	sip_put_end(&w, at);
	sip_edit_end_insert(edits, sip_first_line(passage->msg), &w);
}

static void fill_out(struct passage *passage, const struct target *target, const struct egress *egress)
{
	struct proxy_out *out = passage->out;

	out->src = egress->src;
	out->dst = target->kind == TARGET_NODE ? target->node->remote : target->endpoint;
	out->node_slot = target->kind == TARGET_NODE ? target->node->slot : PROXY_NO_NODE;
	out->transport = (uint8_t)target_transport(target);
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
	edit_received(passage);
	edit_max_forwards(passage->msg, edits);
	route_set_edit(forward->set, passage->msg, edits);
	if (passage_render(passage) != 0)
		return -E2BIG;
	fill_out(passage, forward->target, &egress);
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
