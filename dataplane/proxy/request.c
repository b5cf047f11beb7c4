/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A request's way through the proxy: RFC 3261 16.3 (validation), 16.4 (preprocessing), 16.5 (target). What is
 * decided here is carried out by forward.c and reply.c. Trust comes first: a stranger learns nothing from our
 * other answers.
 */
#include "proxy/proxy_priv.h"

static bool is_admitted(struct passage *passage)
{
	struct known_source *source =
		known_source_of(&passage->proxy->sources, passage->snap, &passage->in->src);

	passage->source = source;
	passage->from_node = source->node;
	passage->admitted = source->admitted;
	return source->admitted;
}

static enum proxy_action refuse_stranger(struct passage *passage)
{
	char source[ENDPOINT_TEXT_MAX];

	endpoint_format(&passage->in->src, source);
	tracef(passage->proxy->trace, TRACE_LOG,
		"ACL - upstream not trusted - need to authenticate: %s at listener %s", source,
		passage->listener->name);
	passage->out->untrusted = true;
	if (!passage->listener->acl_drop)
		return reply_refuse(passage, 403, STAT_sip_acl_refused);
	stats_inc(passage->proxy->stats, STAT_sip_acl_dropped);
	return PROXY_DROP;
}

static enum proxy_action to_ourselves(struct passage *passage)
{
	if (passage->msg->method_id != SIP_OPTIONS || passage->msg->uri.user.len > 0)
		return reply_refuse(passage, 404, STAT_sip_unknown_user);
	if (sip_header_first(passage->msg, SIP_HDR_REQUIRE))
		return reply_unsupported(passage, SIP_HDR_REQUIRE);
	return reply_options(passage);
}

/* 16.3 step 3: OPTIONS at its last hop is answered instead. */
static enum proxy_action out_of_hops(struct passage *passage)
{
	if (passage->msg->method_id == SIP_OPTIONS)
		return reply_options(passage);
	return reply_refuse(passage, 483, STAT_sip_max_forwards_reached);
}

/* 16.3 step 5. A CANCEL must go where its INVITE went, whatever it requires (RFC 3261 9.1, 8.2.2.3). */
static bool requires_extension(const struct sip_msg *msg)
{
	return sip_header_first(msg, SIP_HDR_PROXY_REQUIRE) && msg->method_id != SIP_CANCEL &&
	       msg->method_id != SIP_ACK;
}

struct target request_target(struct passage *passage, const struct route_set *set,
	const struct request_hash *hash, const struct node_tried *tried)
{
	const struct target_query query = {
		.snap = passage->snap,
		.worker = passage->proxy->worker_index,
		.from_node = passage->from_node,
		.node_key = hash->node_key,
		.trace = passage->proxy->trace,
		.hosts = &passage->proxy->hosts,
		.tried = tried,
	};

	if (set->cookie_bad && !tried)
		stats_inc(passage->proxy->stats, STAT_sip_cookie_bad);
	if (set->has_cookie)
		return dialog_target(passage, set, &query);
	if (set->has_next)
		return target_of_next_hop(&query, &set->next);
	return target_of_request_uri(&query, &set->request_uri);
}

static inline __attribute__((always_inline)) enum proxy_action route_request(struct passage *passage)
{
	struct request_hash hash;
	struct target target;
	struct route_set set;
	struct forward forward = {.set = &set, .target = &target, .hash = &hash};

	if (route_set_read(&set, passage->msg, passage->snap) != 0)
		return reply_refuse(passage, 400, STAT_sip_bad_route);
	request_hash(passage->msg, &set, &hash);
	if (request_has_looped(passage, &hash))
		return reply_refuse(passage, 482, STAT_sip_loop_detected);
	target = request_target(passage, &set, &hash, NULL);
	switch (target.kind) {
	case TARGET_REFUSED:
		if (target.reason == STAT_sip_domain_unknown)
			refused_domains_note(&passage->proxy->refused, set.request_uri.host);
		return reply_refuse(passage, target.status, target.reason);
	case TARGET_SELF:
		return to_ourselves(passage);
	case TARGET_NODE:
	case TARGET_DIRECT:
		break;
	}
	return txn_wanted(passage) ? txn_begin(passage, &forward) : forward_request(passage, &forward);
}

/*
 * A request may come on a connection that we opened, where no listener is: a node uses it in both directions
 * (RFC 5923). It counts as one that came to the listener of that address, or of that family.
 */
static const struct listener *find_listener(const struct passage *passage)
{
	const struct proxy_in *in = passage->in;
	const struct snapshot *snap = passage->snap;
	const struct listener *listener = snapshot_listener(snap, &in->local, (enum transport)in->transport);

	if (listener || in->conn == CONN_NONE)
		return listener;
	for (unsigned i = 0; i < snap->listener_count; i++) {
		listener = &snap->listeners[i];
		if (listener->transport == in->transport && ip_equal(&listener->local.ip, &in->local.ip))
			return listener;
	}
	return snapshot_listener_of_family(snap, in->local.ip.family, (enum transport)in->transport);
}

enum proxy_action request_input(struct passage *passage)
{
	enum proxy_action action;

	passage->listener = find_listener(passage);
	if (!passage->listener) {
		stats_inc(passage->proxy->stats, STAT_sip_no_listener);
		tell_ended(passage, 0, STAT_sip_no_listener);
		return PROXY_DROP;
	}
	if (!is_admitted(passage))
		return refuse_stranger(passage);
	if (passage->msg->error != SIP_ERR_NONE)
		return reply_parse_error(passage);
	if (txn_known(passage, &action))
		return action;
	if (passage->msg->max_forwards == 0)
		return out_of_hops(passage);
	if (requires_extension(passage->msg))
		return reply_unsupported(passage, SIP_HDR_PROXY_REQUIRE);
	return route_request(passage);
}
