/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests inside a dialog: the cookie in our Route says which node has the dialog and where the other side
 * is (R-LB-3). Called by request.c once a cookie has proved to be ours.
 */
#include "proxy/proxy_priv.h"

/*
 * The From tag tells who sends: in every request of a dialog it is the sender's own (RFC 3261 12.2.1.1).
 * Peers without tags (RFC 2543) are told apart by address.
 */
static bool goes_to_node(const struct passage *passage, const struct cookie *cookie)
{
	const struct sip_msg *msg = passage->msg;
	bool from_originator = cookie_tag_hash(msg->from_tag) == cookie->originator_hash;
	bool to_originator = cookie_tag_hash(msg->to_tag) == cookie->originator_hash;
	const struct node *node;

	if (from_originator != to_originator)
		return from_originator != cookie->node_began;
	node = node_by_id(passage->snap->nodes, cookie->node_id);
	return !node || !ip_equal(&node->remote.ip, &passage->in->src.ip);
}

/*
 * The node that had the dialog is gone: another one may know it, or will answer 481 and let the peer begin
 * anew. The Request-URI is mostly the lost node's own address; To still names whom the dialog is with.
 */
static struct target failover_target(
	const struct passage *passage, const struct route_set *set, const struct target_query *query)
{
	struct target target = target_of_patterns(query, &set->request_uri);
	const struct sip_header *header = present_header(passage->msg, SIP_HDR_TO);
	struct sip_name_addr to;
	struct sip_uri uri;

	stats_inc(passage->proxy->stats, STAT_sip_dialog_failovers);
	if (target.kind == TARGET_REFUSED && target.reason == STAT_sip_no_route &&
		sip_name_addr_parse(sip_header_value(passage->msg, header), &to) == 0 &&
		sip_uri_parse(to.uri, &uri) == 0)
		target = target_of_patterns(query, &uri);
	/* 404 would end the dialog at the peer (RFC 5057 5.1); that a node is missing is true. */
	if (target.kind == TARGET_REFUSED && target.reason == STAT_sip_no_route) {
		target.status = 503;
		target.reason = STAT_sip_no_node;
	}
	return target;
}

/*
 * Away from the node: the next Route or the Request-URI when it is an address and a node says so, else the
 * address that the other side had when the dialog began, which needs no trust: we wrote it.
 */
static struct target peer_target(
	const struct passage *passage, const struct route_set *set, const struct cookie *cookie)
{
	struct target target = {
		.kind = TARGET_DIRECT, .endpoint = cookie->flow, .transport = cookie->flow_transport};
	const struct node *node;
	struct literal literal;

	if (!passage->from_node ||
		target_literal(set->has_next ? &set->next : &set->request_uri, &literal) != 0 ||
		ip_is_multicast(&literal.endpoint.ip) || ip_is_unspecified(&literal.endpoint.ip) ||
		snapshot_is_local_ip(passage->snap, &literal.endpoint.ip))
		return target;
	/* A Contact that names no transport means the one its owner spoke when the dialog began. */
	if (literal.names_transport || !ip_equal(&literal.endpoint.ip, &cookie->flow.ip))
		target.transport = literal.transport;
	target.endpoint = literal.endpoint;
	node = target_node_at(passage->snap, &target.endpoint, target.transport);
	if (node) {
		target.kind = TARGET_NODE;
		target.node = node;
	}
	return target;
}

struct target dialog_target(
	const struct passage *passage, const struct route_set *set, const struct target_query *query)
{
	const struct cookie *cookie = &set->cookie;
	const struct node *node;

	if (!query->tried)
		stats_inc(passage->proxy->stats, STAT_sip_dialog_requests);
	if (!goes_to_node(passage, cookie))
		return peer_target(passage, set, cookie);
	node = node_by_id(passage->snap->nodes, cookie->node_id);
	if (node && node_serves_dialogs(node) && !node_was_tried(query->tried, node->id))
		return (struct target){.kind = TARGET_NODE, .node = node};
	return failover_target(passage, set, query);
}
