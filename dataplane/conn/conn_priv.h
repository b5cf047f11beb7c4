/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections from inside: what the files of this room share. */
#ifndef CONN_CONN_PRIV_H
#define CONN_CONN_PRIV_H

#include "conn/conn.h"

#include "base/pool.h"
#include "conn/frame.h"
#include "conn/list_priv.h"
#include "conn/peers_priv.h"
#include "limits.h"
#include "tcp/tcp.h"

enum { CONN_BUFFER_BYTES = SIP_STREAM_MESSAGE_MAX + 1 };

#define CONN_MAGIC 0x434f4e4eu
#define CONN_MS    1000000ULL

static_assert((int)CONN_BUFFER_BYTES > (int)SIP_STREAM_MESSAGE_MAX, "a message of full length fits");

struct conn {
	uint32_t magic; /* 0: free */
	uint32_t generation;
	uint32_t turn; /* the last loop in which it was read */
	struct tcb *tcb;
	struct endpoint remote, local;
	uint16_t alias_port; /* 0: none; the address is the remote's */
	uint8_t kind;        /* enum conn_kind */
	uint8_t state;       /* enum conn_state */
	bool choked;         /* above high water; TCP_WRITABLE ends it */
	bool peer_closed;    /* no bytes come behind those that wait */
	bool reading;        /* a callback has bytes of it in hand: it must not end now */
	bool doomed;         /* ... but then */
	uint8_t doom;        /* enum tcp_reason */
	uint8_t stuck;       /* looks in a row at which nothing that was sent had been acknowledged */
	uint16_t node_slot;
	uint32_t node_id;      /* 0: none */
	uint32_t queued_bytes; /* for sending, at the last look */
	struct frame frame;
	char *buffer; /* owner: the pool of buffers; a message whose end has not come, or NULL */
	uint32_t buffer_len;
	struct list ready;    /* conns.ready: has something to read */
	struct list choking;  /* conns.choked: accepted, and above high water */
	struct list half;     /* conns.half: holds a buffer */
	struct list waiting;  /* conns.opening, conns.silent or conns.lingering, as the state says */
	uint64_t buffered_ns; /* since when it holds one */
	uint64_t since_ns;    /* since when it waits */
	uint64_t heard_ns;    /* when text last came */
	bool listed;          /* may be found by its addresses */
	uint32_t shared_s;    /* when it was last seen to that other workers find it */
	uint32_t givers;      /* see conn_info */
	struct peer_place places[CONN_KEYS];
};

/* A node's connections. */
struct node_pool {
	uint32_t node_id; /* 0: there is no such pool */
	struct endpoint remote;
	uint16_t fails; /* attempts in a row that failed: how long to wait */
	uint8_t turn;   /* which one is next */
	uint64_t open_at_ns;
	struct conn *conns[CONN_POOL_MAX]; /* NULL: to be opened */
};

struct conns {
	struct conns_config config;
	uint64_t now_ns;
	uint32_t turn;       /* loops, so that each connection is read once in one */
	struct pool pool;    /* of struct conn */
	struct pool buffers; /* of char[CONN_BUFFER_BYTES] */
	uint32_t *heads;     /* table of peers: entry, or POOL_NONE */
	uint32_t heads_mask;
	struct list ready;
	struct list choked;
	struct list half;      /* oldest first */
	struct list opening;   /* oldest first */
	struct list silent;    /* accepted, and not heard a message of; oldest first */
	struct list lingering; /* oldest first */
	uint32_t peers_opening;
	uint64_t pools_due_ns; /* when a pool has to be looked at */
	unsigned listen_count;
	struct endpoint listening[LISTENERS_MAX];
	struct sip_msg msg; /* scratch: the message being handled */
	uint64_t bytes;     /* of memory taken at start */
	struct node_pool pools[NODES_MAX];
};

/* conns.c */
struct conn *conn_begin(struct conns *conns, enum conn_kind kind, const struct endpoint *remote);
/* NULL when it is gone. */
struct conn *conn_by_id(const struct conns *conns, conn_id id);
conn_id conn_id_of(const struct conns *conns, const struct conn *conn);
void conn_info_of(const struct conns *conns, const struct conn *conn, struct conn_info *ret_info);
/* FIN behind what is queued; or, abort: RST. Tells `ended`, and the connection is gone, or (reading) dies. */
void conn_end(struct conns *conns, struct conn *conn, enum tcp_reason why);
/* The tcb is gone or was given up: frees what is left. */
void conn_forget(struct conns *conns, struct conn *conn, enum tcp_reason why);
void conn_count(struct conns *conns, enum stat stat);

/* reader.c */
void reader_wake(struct conns *conns, struct conn *conn);
unsigned reader_run(struct conns *conns);
/* The peer sends no more, and all it sent was read. */
void reader_finish(struct conns *conns, struct conn *conn);

/* stream_buffer.c: one for each message whose end has not come. */
void buffer_take(struct conns *conns, struct conn *conn);
void buffer_give(struct conns *conns, struct conn *conn);
unsigned buffers_expire(struct conns *conns);
uint64_t buffers_expire_ns(const struct conns *conns);

/* choked.c: above high water, or no longer. */
void choked_set(struct conns *conns, struct conn *conn, bool choked);
/* Ends those that pin most, while there is no room for what others send. Returns how many. */
unsigned choked_evict(struct conns *conns);

/* sender.c */
must_use int sender_send(struct conns *conns, struct conn *conn, struct span bytes);

/* node_pool.c */
void pools_run(struct conns *conns, const struct node_table *nodes);
void pools_connected(struct conns *conns, struct conn *conn);
void pools_lost(struct conns *conns, struct conn *conn, enum tcp_reason why);

/* open.c */
void open_linger(struct conns *conns, struct conn *conn);
must_use int open_connection(
	struct conns *conns, enum conn_kind kind, const struct endpoint *remote, struct conn **ret_conn);
void open_accepted(struct conns *conns, struct tcb *tcb);
unsigned open_expire(struct conns *conns);

#endif
