/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What identifies a request, to find it again when it comes back (RFC 3261 16.3 step 4, RFC 5393 4.2). It is
 * also in the branch, which retransmissions, CANCEL and the ACK to a failure have in common with their
 * request (16.11). So neither the method nor the To tag may count: CANCEL differs in the one, that ACK in the
 * other.
 */
#include "proxy/proxy_priv.h"

#include "base/hash.h"

static uint64_t add(uint64_t hash, struct span text)
{
	return hash_bytes_inline(text.p, text.len, hash);
}

/*
 * Not keyed, so that instances without a common key agree on nodes and a key rotation disturbs no
 * loop detection. Who makes up a collision confuses his own requests only: branch.c authenticates the hash
 * together with his address and his own branch.
 */
uint64_t request_node_key(struct span call_id)
{
	return add(0, call_id);
}

void request_hash(const struct sip_msg *msg, const struct route_set *set, struct request_hash *ret_hash)
{
	uint32_t dialog_node = set->has_cookie ? set->cookie.node_id : 0;
	uint64_t node_key = request_node_key(msg->call_id);
	uint32_t originator = cookie_tag_hash(msg->from_tag);
	uint64_t loop = hash_mix(node_key ^ ((uint64_t)msg->cseq << 32 | dialog_node)) ^ originator;

	loop = add(loop, set->request_uri.whole);
	/* Our own Route values are gone here: a request that went out without them comes back without them.
	 */
	for (unsigned i = set->first; i < set->end; i++)
		loop = add(loop, set->values[i].uri);
	*ret_hash = (struct request_hash){.loop = loop, .node_key = node_key, .originator = originator};
}

static bool is_loop_via(
	const struct snapshot *snap, const struct sip_via *via, const struct request_hash *hash)
{
	struct endpoint ep = {.port = via->port};
	struct branch branch;

	if (likely_true(!branch_may_be(via->branch)))
		return false;
	/* Another balancer writes branches as we do: only a sent-by of ours makes the Via ours. */
	if (branch_read(via->branch, &branch) != 0 || branch.loop_hash != hash->loop ||
		ip_parse(via->host, &ep.ip) != 0)
		return false;
	return snapshot_is_local(snap, &ep);
}

static bool is_loop_line(
	const struct passage *passage, const struct sip_header *header, const struct request_hash *hash)
{
	struct span rest = sip_header_value(passage->msg, header);
	struct sip_via via;

	if (!branch_is_in(rest))
		return false;
	while (sip_via_next(&rest, &via) == 0) {
		if (is_loop_via(passage->snap, &via, hash))
			return true;
	}
	return false;
}

bool request_has_looped(const struct passage *passage, const struct request_hash *hash)
{
	const struct sip_header *header = present_header(passage->msg, SIP_HDR_VIA);
	const struct sip_via *top = &passage->msg->via;

	/* The topmost one is parsed already, and mostly it is alone in its line. */
	if (is_loop_via(passage->snap, top, hash))
		return true;
	if (span_end(top->whole) == span_end(sip_header_line(passage->msg, header)) - 2 ||
		span_end(top->whole) == span_end(sip_header_value(passage->msg, header)))
		header = sip_header_next(passage->msg, header);
	for (; header; header = sip_header_next(passage->msg, header)) {
		if (is_loop_line(passage, header, hash))
			return true;
	}
	return false;
}
