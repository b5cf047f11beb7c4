/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The branch of our own Via: what a stateless proxy must know when the response comes, written into the
 * request and authenticated, because the peer that gives it back is not trusted (RFC 3261 16.11, 8.1.1.7; RFC
 * 5393 4.2).
 */
#ifndef PROXY_BRANCH_H
#define PROXY_BRANCH_H

#include "base/conn_id.h"
#include "base/ensure.h"
#include "base/span.h"
#include "proxy/seal.h"
#include "sip/via.h"
#include "sip/write.h"
#include "snapshot.h"

struct branch {
	uint32_t node_id;     /* the node the request went to; 0: it went to no node */
	uint16_t listener_id; /* where the request came in: its response leaves from there */
	uint64_t loop_hash;   /* of the fields that route: equal again means a loop, another value a spiral */
	conn_id conn;         /* the connection it came by, for the way back; CONN_NONE: a datagram */
	uint64_t token; /* the client transaction it belongs to (proxy_out.token); 0: sent without state */
	uint64_t mac;   /* set by branch_put() and the readers: tells the transaction from all others */
};

/*
 * "z9hG4bK", our mark with its version, and 24 bytes in hexadecimal; 16 more when a connection or a
 * transaction is to be named.
 */
enum { BRANCH_LEN = 59, BRANCH_LONG_LEN = 91 };

/*
 * What the branch is bound to. A response goes nowhere else than where its request came from, and belongs to
 * the client's transaction that the request was.
 */
struct branch_peer {
	const struct sip_via *via; /* the one below ours: transport, sent-by port, branch and maddr count */
	struct endpoint source;    /* sip_via_source() of that, as it goes out */
};

/*
 * Signs with the current key, of which `call` is seal_call(). Puts at most BRANCH_LONG_LEN bytes
 * (sip_put_begin). The branch is the same for retransmissions, CANCEL, and the ACK to a non-2xx.
 */
char *branch_put(char *at, const struct cookie_keys *keys, const struct seal *call, struct branch *branch,
	const struct branch_peer *peer);

/* Can that be one of ours? Says no to most that are not. */
static inline bool branch_may_be(struct span text)
{
	return text.len == BRANCH_LEN || text.len == BRANCH_LONG_LEN;
}

/* Looks only at the form. Returns 0, or -EINVAL when we did not write that. */
must_use int branch_read(struct span text, struct branch *ret_branch);

/* Returns 0, -EINVAL as branch_read, or -EBADMSG when the key that it names disagrees. */
must_use int branch_verify(struct span text, const struct cookie_keys *keys, struct span call_id,
	const struct branch_peer *peer, struct branch *ret_branch);

/*
 * The worker whose connection or transaction the branch names, or -ENOENT when any worker will do. Not
 * authenticated: it only says who shall look at the message.
 */
must_use int branch_owner(struct span text);

/* Can the text hold a branch of ours at all? Cheap; says yes too often, never no. */
bool branch_is_in(struct span text);

#endif
