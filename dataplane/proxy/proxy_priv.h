/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One message on its way through the proxy: what the stages hand to each other. Lives on proxy_input's stack.
 */
#ifndef PROXY_PROXY_PRIV_H
#define PROXY_PROXY_PRIV_H

#include "proxy/branch.h"
#include "proxy/proxy.h"
#include "proxy/route_set.h"
#include "proxy/target.h"

#include <stdbool.h>

struct passage {
	struct proxy *proxy;
	const struct snapshot *snap;
	const struct proxy_in *in;
	struct proxy_out *out;
	const struct sip_msg *msg;
	const struct listener *listener; /* where a request came in */
	struct known_source *source;     /* of a request that just came in; else NULL */
	const struct node *from_node;    /* a node with the source's address, or NULL */
	bool admitted;                   /* by the ACL, or as a node */
	uint64_t match_key;              /* of a request on a transaction listener (17.2.3) */
};

/* Where a request leaves from. */
struct egress {
	struct endpoint src;
	const struct listener *facing; /* how the next hop reaches us later; NULL: no way */
};

/* The stages; each counts what it decides. */
enum proxy_action request_input(struct passage *passage);
enum proxy_action response_input(struct passage *passage);

/* Answers the request, or drops it when it is an ACK. Counts `reason`. */
enum proxy_action reply_refuse(struct passage *passage, unsigned status, enum stat reason);
/* 420 naming what stands in the header `requires` (Proxy-Require or Require). */
enum proxy_action reply_unsupported(struct passage *passage, enum sip_header_id requires);
enum proxy_action reply_options(struct passage *passage);
/* A response that refuses nothing, or says what became of a transaction: 100, 200, 408, 487, 503. */
enum proxy_action reply_plain(struct passage *passage, unsigned status);
struct endpoint reply_destination(const struct passage *passage);
/* For a request that did not parse: what its error asks for, if it can be answered at all. */
enum proxy_action reply_parse_error(struct passage *passage);

/* What loop detection and the choice of a node see of a request (RFC 3261 16.11, RFC 5393 4.2). */
struct request_hash {
	uint64_t loop;
	uint64_t node_key;   /* of the Call-ID alone: what belongs together goes to one node */
	uint32_t originator; /* cookie_tag_hash() of the From tag */
};
uint64_t request_node_key(struct span call_id);
void request_hash(const struct sip_msg *msg, const struct route_set *set, struct request_hash *ret_hash);
/* Is there a Via of ours that saw the same request? */
bool request_has_looped(const struct passage *passage, const struct request_hash *hash);

/* A request inside a dialog, by our cookie. */
struct target dialog_target(
	const struct passage *passage, const struct route_set *set, const struct target_query *query);

/* A request on its way out. */
struct forward {
	const struct route_set *set;
	struct target *target; /* of kind NODE or DIRECT; another transport may be chosen for its node */
	struct request_hash *hash;
	uint64_t token; /* of its client transaction; 0: none */
	int error;      /* what forward_render() said */
};

/* Our Via and Record-Routes, of which there are two at most. Puts at most OWN_LINES_MAX bytes
 * (sip_put_begin). */
enum {
	RECORD_ROUTE_MAX = OWN_LINE_MAX + COOKIE_TEXT_MAX + sizeof(">\r\n"),
	OWN_LINES_MAX = OWN_LINE_MAX + BRANCH_LONG_LEN + sizeof("\r\n") + 2 * RECORD_ROUTE_MAX,
};

static_assert(OWN_LINES_MAX + SIP_PUT_SLACK <= SIP_EDIT_TEXT_MAX, "our own lines fit as the first edit");

char *own_lines_put(
	char *at, struct passage *passage, const struct forward *forward, const struct egress *egress);

/* Writes a request that needs nothing unusual into passage->out; false: it does, and nothing is written. */
bool straight_render(struct passage *passage, const struct forward *forward, const struct egress *egress);

/*
 * Writes it into passage->out. Returns 0, -EPROTONOSUPPORT or -EADDRNOTAVAIL (nothing of ours leads there),
 * or -E2BIG.
 */
must_use int forward_render(struct passage *passage, const struct forward *forward);
enum proxy_action forward_refuse(struct passage *passage, int error);
/* The same without state, with all that is counted. */
enum proxy_action forward_request(struct passage *passage, const struct forward *forward);

/* Where a request goes; `tried` is NULL for the first attempt, else nodes that are not asked again. */
struct target request_target(struct passage *passage, const struct route_set *set,
	const struct request_hash *hash, const struct node_tried *tried);

/* Transactions: does the request belong to one (then *ret_action is what became of it), shall it have one? */
bool txn_known(struct passage *passage, enum proxy_action *ret_action);
bool txn_wanted(const struct passage *passage);
enum proxy_action txn_begin(struct passage *passage, const struct forward *forward);

/* A response whose branch names a client transaction. */
enum txn_verdict {
	TXN_TAKEN,
	TXN_DROPPED,   /* counted */
	TXN_STATELESS, /* it goes on all the same, by its next Via */
};
/* A response to a CANCEL of ours, which has no Via but ours. False: to none that is under way. */
bool txn_cancel_response(struct passage *passage);
enum txn_verdict txn_response(struct passage *passage, struct span own_via, const struct branch *branch);

/* The traces of R-TR-1: a request was sent on; a message ended here, answered with `status` or (0) dropped.
 */
void tell_forwarded(const struct passage *passage, const struct target *target);
void tell_ended(const struct passage *passage, unsigned status, enum stat reason);

/* A header that the caller knows to be there: the parser refuses messages without it, or the caller looked.
 */
static inline const struct sip_header *present_header(const struct sip_msg *msg, enum sip_header_id id)
{
	const struct sip_header *header = sip_header_first(msg, id);

	ensure(header);
	return header;
}

/* The message without what stood before and behind it in the datagram (RFC 3261 7.5, 18.3). */
struct span passage_message(const struct passage *passage);

/* Renders the edits into out. Returns 0, or -E2BIG when they do not fit. */
must_use int passage_render(struct passage *passage);

/* The latency key of a request or response: a CANCEL shares the branch, but has an answer of its own. */
uint64_t passage_latency_key(const struct sip_msg *msg, uint64_t branch_mac);

#endif
