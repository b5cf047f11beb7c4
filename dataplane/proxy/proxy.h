/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The proxy. On a stateless listener: one message in, at most one message out (RFC 3261 16.11), a pure step
 * that keeps nothing between two calls. On a transaction listener the proxy keeps state, takes the message,
 * and sends what is to be sent through its way out, now or later.
 */
#ifndef PROXY_PROXY_H
#define PROXY_PROXY_H

#include "base/addr.h"
#include "base/conn_id.h"
#include "base/span.h"
#include "proxy/known_hosts.h"
#include "proxy/known_sources.h"
#include "proxy/own_text.h"
#include "proxy/refused.h"
#include "proxy/transactions.h"
#include "sip/edit.h"
#include "sip/msg.h"
#include "snapshot.h"
#include "stats.h"
#include "trace.h"

#include <stdint.h>

#define PROXY_NO_NODE UINT16_MAX

struct proxy_out;

/* How the proxy sends what is not the answer of the moment. */
struct proxy_way {
	void *ctx;
	/*
	 * Sends out->len bytes of out->buf, which is the proxy's and lasts until the call returns. Returns 0,
	 * or -errno: the transport refuses (RFC 3261 18.4). What loses or moves a message later says so by
	 * proxy_send_failed() or proxy_sent_by(). Sets out->conn to the connection that took it, if any.
	 */
	int (*send)(void *ctx, struct proxy_out *out);
	/* A response came to a request of ours, whether it goes on or not: for figures. NULL: unwanted. */
	void (*heard)(void *ctx, const struct proxy_out *out);
};

struct proxy_config {
	unsigned worker_index;
	struct stats *stats;  /* owner: the worker */
	struct trace *trace;  /* where log lines go; NULL: nowhere */
	struct proxy_way way; /* send NULL: there is none, and every listener is stateless */
	struct txns_config transactions;
};

/* What one worker keeps for the proxy. */
struct proxy {
	unsigned worker_index;
	struct stats *stats; /* owner: the worker */
	struct trace *trace; /* where log lines go; NULL: nowhere */
	struct proxy_way way;
	struct txns *txns;      /* owner: the proxy; NULL: it keeps no state */
	struct sip_msg msg;     /* scratch, too large for the stack */
	struct sip_edits edits; /* scratch */
	struct own_texts own_texts;
	struct known_hosts hosts;
	struct known_sources sources;
	struct refused_domains refused;
};

struct proxy_in {
	struct span bytes;            /* one datagram's payload, or one message of a stream */
	const struct sip_msg *parsed; /* of these bytes; NULL: to be parsed here */
	struct endpoint src;          /* the peer */
	struct endpoint local;        /* where it arrived: an address and port of ours */
	conn_id conn;                 /* the connection it came by; CONN_NONE: a datagram */
	uint64_t now_ns;
	uint8_t transport; /* enum transport */
};

enum proxy_action {
	PROXY_DROP,    /* counted; nothing goes out */
	PROXY_FORWARD, /* a request or response goes on */
	PROXY_REPLY,   /* our own response to the sender */
	PROXY_TAKEN,   /* a transaction has it; what there was to send went through the way out */
};

struct proxy_out {
	char *buf; /* set by the caller: where the outgoing bytes go; SIP_DATAGRAM_MAX bytes serve every
		      message */
	size_t buf_size;
	size_t len;          /* bytes written to buf */
	struct endpoint src; /* send from here */
	struct endpoint dst; /* over a stream: where a new connection would lead */
	conn_id conn;        /* to be preferred; CONN_NONE: one of the node, else one to dst */
	uint64_t token;      /* the client transaction, for proxy_send_failed(); 0: there is none */
	uint64_t
		request_key; /* the same for a request and its responses: latency samples are matched by it */
	uint16_t node_slot;  /* the node that serves the request: where it goes, or whose response this is;
				else PROXY_NO_NODE, also for what a node sends through us */
	uint16_t status;     /* of a response or of our reply; 0 for a request */
	uint8_t transport;   /* enum transport */
	bool is_request;
	bool untrusted; /* the ACL does not admit the sender, who is to lose his connection (R-ACL-2); also
			   valid with PROXY_DROP */
	bool is_repeat; /* sent before, or an ACK or CANCEL of ours: no new request in a node's figures */
};

/* Returns 0 or -ENOMEM. The caller's memory; it may be all zero before. */
must_use int proxy_init(struct proxy *proxy, const struct proxy_config *config);
void proxy_fini(struct proxy *proxy);

/*
 * Handles one message. The caller sets out->buf and buf_size; the rest is valid with PROXY_FORWARD and
 * PROXY_REPLY. A message that does not fit is dropped and counted.
 */
enum proxy_action proxy_input(
	struct proxy *proxy, const struct snapshot *snap, const struct proxy_in *in, struct proxy_out *out);

/*
 * The transport refused what proxy_input() wanted forwarded (RFC 3261 16.9). A request that came or was to
 * leave by a stream comes again from nobody: then out becomes the 503 with which it is answered, and
 * PROXY_REPLY is returned.
 */
enum proxy_action proxy_refuse_unsent(
	struct proxy *proxy, const struct snapshot *snap, const struct proxy_in *in, struct proxy_out *out);

/* What the way out had taken for that client transaction did not leave (RFC 3261 18.4). */
void proxy_send_failed(struct proxy *proxy, const struct snapshot *snap, uint64_t token, uint64_t now_ns);

/* Does that client transaction still wait for a final response? */
bool proxy_awaits(const struct proxy *proxy, uint64_t token);
/* What the way out had taken for it left by that connection after all. 0: of no transaction, no matter. */
void proxy_sent_by(struct proxy *proxy, uint64_t token, conn_id conn);

/*
 * A connection was lost: requests that were sent on it and wait for their final response are sent anew. After
 * one that was closed in order its node may still answer, by another (RFC 3261 18.2.2).
 */
void proxy_conn_lost(struct proxy *proxy, const struct snapshot *snap, conn_id conn, uint64_t now_ns);
void proxy_conn_closed(struct proxy *proxy, const struct snapshot *snap, conn_id conn, uint64_t now_ns);

/* Runs timers and looks after nodes that went down. Once a loop. Returns units of work done. */
unsigned proxy_tick(struct proxy *proxy, const struct snapshot *snap, uint64_t now_ns);

/* No timer of the proxy fires before this time; UINT64_MAX when none is armed. */
uint64_t proxy_next_ns(const struct proxy *proxy);

/*
 * The worker that a response belongs to, because its branch names a transaction or a connection there; or
 * -ENOENT: any worker will do. Cheap: looks for the topmost Via only, and believes nothing (branch.h).
 */
must_use int proxy_owner_of(struct span bytes);

#endif
