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

static bool is_beside(const struct listener *listener, const struct node *node)
{
	return listener->transport == node->transport && ip_equal(&listener->local.ip, &node->local);
}

/* The listener on our address toward the node, over the node's transport. */
static const struct listener *listener_beside(const struct passage *passage, const struct node *node)
{
	const struct snapshot *snap = passage->snap;

	for (unsigned i = 0; i < snap->listener_count; i++) {
		const struct listener *listener = &snap->listeners[i];

		if (is_beside(listener, node))
			return listener;
	}
	return NULL;
}

static __attribute__((noinline)) const struct listener *another_facing(
	const struct passage *passage, const struct node *node)
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

/*
 * How a node reaches us later: the listener on our address toward it, first of all that of the request, else
 * that one if it is of the node's family. Where nobody listens on the node's transport, one of another is
 * better than none.
 */
static inline const struct listener *listener_facing(const struct passage *passage, const struct node *node)
{
	return likely_true(is_beside(passage->listener, node)) ? passage->listener
							       : another_facing(passage, node);
}

static __attribute__((noinline)) const struct listener *listener_toward_peer(
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

/* Our Via and Record-Route stand before all others of their kind: in front of the first header. */
static void edit_top(struct passage *passage, const struct forward *forward, const struct egress *egress)
{
	struct sip_edits *edits = &passage->proxy->edits;
	struct sip_writer w = sip_edit_begin(edits);
	char *at = sip_put_begin(&w, OWN_LINES_MAX);

	ensure(at);
	sip_put_end(&w, own_lines_put(at, passage, forward, egress));
	sip_edit_end_insert(edits, sip_first_line(passage->msg), &w);
}

static int render_by_edits(
	struct passage *passage, const struct forward *forward, const struct egress *egress)
{
	struct sip_edits *edits = &passage->proxy->edits;

	sip_edits_init(edits, passage_message(passage));
	edit_top(passage, forward, egress);
	edit_received(passage);
	edit_max_forwards(passage->msg, edits);
	route_set_edit(forward->set, passage->msg, edits);
	return passage_render(passage);
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

static inline __attribute__((always_inline)) int render_for(
	struct passage *passage, const struct forward *forward)
{
	struct egress egress;

	if (target_transport(forward->target) == TRANSPORT_TLS)
		return -EPROTONOSUPPORT;
	if (!find_egress(passage, forward->set, forward->target, &egress))
		return -EADDRNOTAVAIL;
	if (unlikely_true(!straight_render(passage, forward, &egress)) &&
		render_by_edits(passage, forward, &egress) != 0)
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

/* 18.1.1: what comes within 200 bytes of the MTU goes by a transport that controls congestion. */
static __attribute__((noinline)) int render_oversize(struct passage *passage, const struct forward *forward)
{
	struct target *target = forward->target;
	const struct node *twin =
		target->kind == TARGET_NODE ? stream_twin(passage->snap, target->node) : NULL;

	if (!twin) {
		stats_inc(passage->proxy->stats, STAT_sip_oversize_datagrams);
		return 0;
	}
	stats_inc(passage->proxy->stats, STAT_sip_oversize_by_stream);
	target->node = twin;
	return render_for(passage, forward);
}

int forward_render(struct passage *passage, const struct forward *forward)
{
	uint32_t bytes_max = passage->snap->udp_bytes_max;
	int ret = render_for(passage, forward);

	if (likely_true(ret != 0 || passage->out->transport != TRANSPORT_UDP || bytes_max == 0 ||
			passage->out->len <= bytes_max))
		return ret;
	return render_oversize(passage, forward);
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
