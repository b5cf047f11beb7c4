/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What identifies a request: to find it again when it comes back (RFC 3261 16.3 step 4, RFC 5393 4.2), and to
 * give its retransmissions, its CANCEL and the ACK to its failure the same branch (16.11). So neither the
 * method nor the To tag may count: CANCEL differs in the one, that ACK in the other.
 */
#include "proxy/proxy_priv.h"

static uint64_t add(uint64_t hash, struct span text)
{
	return hash_bytes(text.p, text.len, hash);
}

/*
 * Not keyed, so that instances without a common key agree on nodes and a key rotation disturbs no
 * transaction. Who makes up a collision confuses his own requests only: branch.c authenticates the hash
 * together with the peer's Via.
 */
uint64_t request_node_key(struct span call_id)
{
	return add(0, call_id);
}

struct request_hash request_hash(const struct sip_msg *msg, const struct route_set *set)
{
	uint32_t dialog_node = set->has_cookie ? set->cookie.node_id : 0;
	struct request_hash hash = {.node_key = request_node_key(msg->call_id)};
	uint64_t loop = hash_mix(hash.node_key ^ ((uint64_t)msg->cseq << 32 | dialog_node));

	/* Our own Route values are gone here: a request that went out without them comes back without them.
	 */
	loop = add(loop, msg->from_tag);
	loop = add(loop, set->request_uri.whole);
	for (unsigned i = set->first; i < set->end; i++)
		loop = add(loop, set->values[i].uri);
	hash.loop = (uint32_t)loop;
	/* The topmost Via makes it this transaction of this peer; without a branch (RFC 2543) all of it
	 * counts. */
	loop = add(loop + msg->via.port, msg->via.host);
	hash.transaction = add(loop, msg->via.branch.len > 0 ? msg->via.branch : msg->via.whole);
	return hash;
}

static bool is_loop_via(
	const struct snapshot *snap, const struct sip_via *via, const struct request_hash *hash)
{
	struct endpoint ep = {.port = via->port};
	struct branch branch;

	/* Another balancer writes branches as we do: only a sent-by of ours makes the Via ours. */
	if (branch_read(via->branch, &branch) != 0 || branch.loop_hash != hash->loop ||
		ip_parse(via->host, &ep.ip) != 0)
		return false;
	return snapshot_is_local(snap, &ep);
}

bool request_has_looped(const struct passage *passage, const struct request_hash *hash)
{
	const struct sip_header *header = sip_header_first(passage->msg, SIP_HDR_VIA);

	for (; header; header = sip_header_next(passage->msg, header)) {
		struct span rest = sip_header_value(passage->msg, header);
		struct sip_via via;

		if (!branch_is_in(rest))
			continue;
		while (sip_via_next(&rest, &via) == 0) {
			if (is_loop_via(passage->snap, &via, hash))
				return true;
		}
	}
	return false;
}
