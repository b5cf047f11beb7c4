/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What identifies a request: to find it again when it comes back (RFC 3261 16.3 step 4, RFC 5393 4.2), and to
 * give its retransmissions, its CANCEL and the ACK to its failure the same branch (16.11). So neither the
 * method nor the To tag may count: CANCEL differs in the one, that ACK in the other.
 */
#include "proxy/proxy_priv.h"

/*
 * Fixed, so that instances without a common key agree on nodes, and a key rotation disturbs no transaction.
 * What must not be forged is authenticated in branch.c.
 */
static const struct hash_key request_key = {0x736c7563652d6c6fULL, 0x6f702d686173682dULL};

uint64_t request_node_key(struct span call_id)
{
	struct siphash h;

	siphash_init(&h, &request_key);
	siphash_add_span(&h, call_id);
	return siphash_final(&h);
}

struct request_hash request_hash(const struct sip_msg *msg, const struct route_set *set)
{
	uint32_t dialog_node = set->has_cookie ? set->cookie.node_id : 0;
	uint64_t cseq_and_node = (uint64_t)msg->cseq << 32 | dialog_node;
	struct request_hash hash;
	struct siphash h;
	struct siphash transaction;

	hash.node_key = request_node_key(msg->call_id);
	siphash_init(&h, &request_key);
	siphash_add(&h, &hash.node_key, sizeof(hash.node_key));
	/* Our own Route values are gone here: a request that went out without them comes back without them.
	 */
	siphash_add(&h, &cseq_and_node, sizeof(cseq_and_node));
	siphash_add_span(&h, msg->from_tag);
	siphash_add_span(&h, set->request_uri.whole);
	for (unsigned i = set->first; i < set->end; i++)
		siphash_add_span(&h, set->values[i].uri);
	transaction = h;
	hash.loop = (uint32_t)siphash_final(&h);
	/* The topmost Via makes it this transaction of this peer; without a branch (RFC 2543) all of it
	 * counts. */
	siphash_add_span(&transaction, msg->via.host);
	siphash_add(&transaction, &msg->via.port, sizeof(msg->via.port));
	siphash_add_span(&transaction, msg->via.branch.len > 0 ? msg->via.branch : msg->via.whole);
	hash.transaction = siphash_final(&transaction);
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
		struct span rest = header->value;
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
