/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header lines that we put on top of a request: Via with the branch (RFC 3261 16.6 step 8), Record-Route
 * with the cookie (step 4). Called when a request is rendered, by whichever way.
 */
#include "proxy/proxy_priv.h"

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

static inline char *begin_record_route(char *at, struct passage *passage, const struct listener *listener)
{
	const struct own_text *own = own_text_at(
		&passage->proxy->own_texts, &listener->local, (enum transport)listener->transport);

	return own_line_put(at, &own->record_route);
}

/*
 * One value serves both sides, unless each reaches us at another address: then two, the next hop's on top
 * (RFC 5658 5).
 */
static char *put_record_routes(char *at, struct passage *passage, const struct forward *forward,
	const struct egress *egress, const struct seal *call)
{
	struct cookie cookie = {.originator_hash = forward->hash->originator};
	const struct listener *facing = egress->facing;
	const char *text;
	size_t len;

	if (!passage->listener->record_route || !may_begin_dialog(passage->msg))
		return at;
	fill_cookie(passage, forward->set, forward->target, egress, &cookie);
	at = begin_record_route(at, passage, facing ? facing : passage->listener);
	text = at;
	at = cookie_put(at, &passage->snap->keys, call, &cookie);
	len = (size_t)(at - text);
	at = sip_put_lit(at, ">\r\n");
	if (likely_true(!facing || facing == passage->listener))
		return at;
	at = sip_put(begin_record_route(at, passage, passage->listener), text, len);
	return sip_put_lit(at, ">\r\n");
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

char *own_lines_put(
	char *at, struct passage *passage, const struct forward *forward, const struct egress *egress)
{
	const struct cookie_keys *keys = &passage->snap->keys;
	const struct seal call = seal_call(&keys->key[keys->current], passage->msg->call_id);
	const struct own_text *own =
		own_text_at(&passage->proxy->own_texts, &egress->src, target_transport(forward->target));

	at = put_branch(own_line_put(at, &own->via), passage, forward, &call);
	return put_record_routes(sip_put_lit(at, "\r\n"), passage, forward, egress, &call);
}
