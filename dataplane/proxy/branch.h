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
#include "sip/via.h"
#include "sip/write.h"
#include "snapshot.h"

struct branch {
	uint32_t node_id;     /* the node the request went to; 0: it went to no node */
	uint16_t listener_id; /* where the request came in: its response leaves from there */
	uint32_t loop_hash;   /* of the fields that route: equal again means a loop, another value a spiral */
	uint64_t request_key; /* of the transaction: the same for retransmissions, CANCEL, and ACK to a
				 non-2xx */
	conn_id conn;         /* the connection it came by, for the way back; CONN_NONE: a datagram */
	uint64_t token; /* the client transaction it belongs to (proxy_out.token); 0: sent without state */
};

/*
 * "z9hG4bK", our mark with its version, and 28 bytes in hexadecimal; 16 more when a connection or a
 * transaction is to be named.
 */
enum { BRANCH_LEN = 67, BRANCH_LONG_LEN = 99 };

/*
 * Signs with the current key. `next` is the Via below ours as it goes out, `received` and `rport` included: a
 * response can go nowhere else than where that Via says.
 */
void branch_write(struct sip_writer *w, const struct cookie_keys *keys, const struct branch *branch,
	const struct sip_via *next);

/* Looks only at the form. Returns 0, or -EINVAL when we did not write that. */
must_use int branch_read(struct span text, struct branch *ret_branch);

/* Returns 0, -EINVAL as branch_read, or -EBADMSG when either accepted key disagrees. */
must_use int branch_verify(struct span text, const struct cookie_keys *keys, const struct sip_via *next,
	struct branch *ret_branch);

/*
 * The worker whose connection or transaction the branch names, or -ENOENT when any worker will do. Not
 * authenticated: it only says who shall look at the message.
 */
must_use int branch_owner(struct span text);

/* Can the text hold a branch of ours at all? Cheap; says yes too often, never no. */
bool branch_is_in(struct span text);

#endif
