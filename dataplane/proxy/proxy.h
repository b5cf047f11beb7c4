/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stateless proxy: one message in, at most one message out (RFC 3261 16.11). A pure step: it reads the
 * snapshot, counts, and writes the outgoing bytes; it keeps nothing between two calls.
 */
#ifndef PROXY_PROXY_H
#define PROXY_PROXY_H

#include "base/addr.h"
#include "base/span.h"
#include "proxy/refused.h"
#include "sip/edit.h"
#include "sip/msg.h"
#include "snapshot.h"
#include "stats.h"
#include "trace.h"

#include <stdint.h>

#define PROXY_NO_NODE UINT16_MAX

/* What one worker keeps for the proxy; figures apart, none of it lasts from one message to the next. */
struct proxy {
	unsigned worker_index;
	struct stats *stats;    /* owner: the worker */
	struct trace *trace;    /* where log lines go; NULL: nowhere */
	struct sip_msg msg;     /* scratch, too large for the stack */
	struct sip_edits edits; /* scratch */
	struct refused_domains refused;
};

struct proxy_in {
	struct span bytes;     /* one datagram's payload */
	struct endpoint src;   /* the peer */
	struct endpoint local; /* where it arrived: an address and port of ours */
	uint8_t transport;     /* enum transport */
};

enum proxy_action {
	PROXY_DROP,    /* counted; nothing goes out */
	PROXY_FORWARD, /* a request or response goes on */
	PROXY_REPLY,   /* our own response to the sender */
};

struct proxy_out {
	char *buf; /* set by the caller: where the outgoing bytes go; SIP_DATAGRAM_MAX bytes serve every
		      message */
	size_t buf_size;
	size_t len;          /* bytes written to buf */
	struct endpoint src; /* send from here */
	struct endpoint dst;
	uint64_t
		request_key; /* the same for a request and its responses: latency samples are matched by it */
	uint16_t node_slot;  /* the node that serves the request: where it goes, or whose response this is;
				else PROXY_NO_NODE, also for what a node sends through us */
	uint16_t status;     /* of a response or of our reply; 0 for a request */
	bool is_request;
};

/*
 * Handles one message. The caller sets out->buf and buf_size; the rest is valid unless PROXY_DROP comes back.
 * A message that does not fit is dropped and counted.
 */
enum proxy_action proxy_input(
	struct proxy *proxy, const struct snapshot *snap, const struct proxy_in *in, struct proxy_out *out);

#endif
