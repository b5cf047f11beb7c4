/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What connections are given at start, and what passes between them and their owner. */
#ifndef CONN_CONFIG_H
#define CONN_CONFIG_H

#include "base/addr.h"
#include "base/conn_id.h"
#include "base/hash.h"
#include "base/rng.h"
#include "base/span.h"
#include "limits.h"
#include "sip/msg.h"
#include "stats.h"
#include "tcp/config.h"

#include <stdbool.h>
#include <stdint.h>

struct directory;
struct rte_mempool;

/* A message of a stream. *msg and the bytes last until the callback returns. */
struct conn_message {
	conn_id conn;
	struct span bytes;
	const struct sip_msg
		*msg; /* msg->error may say that it is faulty: that is for its reader to answer */
	struct endpoint src, local;
};

enum conn_kind {
	CONN_ACCEPTED, /* a peer opened it */
	CONN_NODE,     /* of a node's pool */
	CONN_PEER,     /* opened by us, to a peer that is no node */
};

enum conn_state { CONN_FREE, CONN_OPENING, CONN_UP, CONN_LINGERING /* the peer has closed its half */ };

/* A connection as others see it. */
struct conn_info {
	conn_id conn;
	struct endpoint remote, local;
	uint8_t kind;       /* enum conn_kind */
	uint8_t state;      /* enum conn_state */
	bool choked;        /* above high water: not chosen for new work, or not read */
	uint16_t node_slot; /* CONN_NODE only */
	uint32_t node_id;
	uint32_t send_queued_bytes;
	uint32_t givers; /* workers that sent requests by it, as bits: its end is news for them, too */
};

static_assert(WORKERS_MAX <= 32, "a bit for each");

/* A request that another worker sends by that connection to that address. */
struct conn_given {
	conn_id conn;
	struct endpoint remote;
	unsigned giver;
};

enum conn_node_event {
	CONN_NODE_CONNECTED,
	CONN_NODE_REFUSED,   /* also: no way there */
	CONN_NODE_TIMED_OUT, /* no answer to SYNs, to text or to keepalives */
	CONN_NODE_RESET,
	CONN_NODE_CLOSED, /* in order: by itself no sign of a fault */
};

enum { CONN_CONNECTIONS_DEFAULT = 16384 };

/* Of one worker; 0 takes the default beside it. */
struct conns_limits {
	uint32_t connections_max;    /* 16,384, of all kinds together */
	uint32_t buffers_max;        /* 1,024 messages whose end has not arrived */
	uint32_t node_connections;   /* 2 to each node, at most CONN_POOL_MAX */
	uint32_t connect_timeout_ms; /* 2,000 */
	uint32_t message_timeout_ms; /* 10,000 from a message's first byte to its last */
	uint32_t linger_ms;          /* 4,000 that a peer who closed its half may still be answered */
	uint32_t reopen_max_ms;      /* 2,000 between two attempts to reach a node */
};

struct conns_config {
	unsigned worker_index;
	struct tcp *tcp;             /* borrowed; its events must come to conns_tcp_event() */
	struct rte_mempool *pool;    /* borrowed; for what is sent */
	struct stats *stats;         /* borrowed */
	struct rng *rng;             /* borrowed; jitter */
	struct hash_key secret;      /* of the table of peers: they choose its keys */
	struct directory *directory; /* borrowed; shared by all workers; NULL: this one is alone */

	struct conns_limits limits;

	void *ctx;
	void (*message)(void *ctx, const struct conn_message *message);
	/*
	 * The stream cannot be read any further and is closed after this; msg->error says what to answer. Not
	 * called where nobody can be answered.
	 */
	void (*broken)(void *ctx, const struct conn_message *message);
	void (*ended)(void *ctx, const struct conn_info *info, enum tcp_reason why);
	void (*node_event)(void *ctx, const struct conn_info *info, enum conn_node_event event);
};

#endif
