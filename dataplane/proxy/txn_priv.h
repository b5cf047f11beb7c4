/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions from inside. A request that is proxied with state is one server transaction, toward the client
 * that sent it, and one client transaction for each next hop it was sent to: usually one, more after a
 * failover, and one for each CANCEL. All belong to one worker. A server transaction is freed when its machine
 * has ended; client transactions outlive it where theirs has not.
 */
#ifndef PROXY_TXN_PRIV_H
#define PROXY_TXN_PRIV_H

#include "base/pool.h"
#include "base/timer.h"
#include "node/pick.h"
#include "limits.h"
#include "proxy/machine.h"
#include "proxy/proxy_priv.h"
#include "proxy/retry_budget.h"
#include "proxy/text_store.h"
#include "proxy/txn_table.h"

enum {
	TXN_ATTEMPTS_MAX = NODE_TRIED_MAX, /* next hops that one request may be sent to */
	TXN_CONN_BUCKETS = 1024,
};

struct txns;

struct server_txn {
	uint64_t key; /* what matches a request to it (17.2.3) */
	struct txns *txns;
	struct timer timer;
	struct machine machine;
	uint64_t ringing_until_ns; /* of an INVITE: then it is cancelled, whatever its nodes say */
	conn_id conn;              /* the request came by it */
	struct endpoint peer;      /* who sent the request */
	struct endpoint local;     /* where it arrived */
	struct endpoint reply_to;  /* RFC 3261 18.2.2 */
	uint32_t first_client;
	text_ref request;  /* as received; until the final response is sent */
	text_ref response; /* the latest one, to be sent again; unreliable transports only */
	text_ref best;     /* of several next hops' final responses, while others are awaited (16.7) */
	struct node_tried tried;
	uint16_t listener_id;
	uint16_t best_status;
	uint16_t local_status; /* what we say ourselves when no response is left to pass on; 0: nothing yet */
	uint8_t attempts;
	uint8_t transport; /* enum transport */
	bool cancelled;    /* the client sent CANCEL */
	bool dialog_bound; /* a node has its dialog: only that node's death sends it elsewhere */
};

/* A place in a list of client transactions that await their final response; indexes into the pool. */
struct pending_link {
	uint32_t prev;
	uint32_t next;
};

struct client_txn {
	struct txns *txns;
	struct timer timer;
	struct machine machine;
	conn_id conn; /* that the request went by; CONN_NONE: a datagram */
	uint64_t request_key;
	struct endpoint src;
	struct endpoint dst;
	uint32_t uses;    /* how often this place was taken: makes tokens differ */
	uint32_t server;  /* index; POOL_NONE: gone */
	uint32_t sibling; /* the next one of the same server transaction */
	uint32_t partner; /* of an INVITE: its CANCEL; of a CANCEL: its INVITE; POOL_NONE: none */
	uint32_t node_id; /* 0: it went to no node */
	struct pending_link by_node;
	struct pending_link by_conn; /* those of one connection */
	struct pending_link
		conns; /* the first of these: the first of others in its bucket, or among the lost */
	text_ref text; /* the request as sent; of an INVITE that failed: the ACK */
	uint16_t node_slot;
	uint8_t method;    /* enum sip_method */
	uint8_t transport; /* enum transport */
	bool is_cancel;
	bool cancel_wanted; /* as soon as a provisional response allows it (9.1) */
	bool given_up;      /* silent for so long that another next hop was asked */
	bool acknowledged;  /* the text is the ACK */
	bool in_flight;     /* it stands in the lists */
	bool conn_lost;     /* the first of a connection that has ended */
	bool conn_closed;   /* ... in order */
};

static_assert(sizeof(struct server_txn) + sizeof(struct client_txn) <= 512,
	"a transaction, with what it costs to forward it once, is at most 512 bytes");

struct txns {
	struct proxy *proxy;
	const struct snapshot *snap; /* of this call */
	uint64_t now_ns;             /* same */
	struct timer_wheel wheel;
	struct pool servers;
	struct pool clients;
	struct txn_table table;
	struct text_store texts;
	struct lightmac_key key; /* of the table */
	uint32_t first_generation;
	struct retry_budget retries;
	uint32_t node_heads[NODES_MAX];           /* client transactions in flight, by node slot */
	uint64_t nodes_in_flight[NODES_MAX / 64]; /* bit: the list is not empty */
	uint32_t conn_heads[TXN_CONN_BUCKETS];    /* of the same ones, the first of each connection */
	uint32_t lost_head; /* those whose connection has ended, and which are still to be sent anew */
	uint32_t states[MACHINE_KINDS][MACHINE_STATES]; /* writer: the worker; readers: control, relaxed */
	struct sip_msg msg;                             /* scratch: a kept text, parsed again */
	char out[SIP_DATAGRAM_MAX];                     /* scratch: what is sent by itself */
};

#endif
