/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stream connections of one worker: those that peers opened, a small pool toward each node, and those
 * opened to answer or to reach somebody who is no node. Bytes come in as messages, messages go out as bytes.
 * Runs on the worker's thread, allocates nothing after conns_create() but mbufs from the given pool.
 *
 * Callbacks come from conns_tick() and conns_tcp_event(). They may send, and may close any connection; one
 * that is being read then ends when its message has been handled. `ended` comes exactly once for each
 * connection that was named to anybody, and is the last that is heard of it.
 */
#ifndef CONN_CONN_H
#define CONN_CONN_H

#include "base/ensure.h"
#include "conn/config.h"
#include "node/node.h"

#include <stdint.h>

struct conns;

/* 0, -EINVAL or -ENOMEM. */
must_use int conns_create(const struct conns_config *config, uint64_t now_ns, struct conns **ret_conns);
/* NULL is fine. Nobody is told; the tcp goes next. */
void conns_destroy(struct conns *conns);

/* What tcp_config.event is called with, its ctx apart. */
void conns_tcp_event(
	struct conns *conns, struct tcb *tcb, enum tcp_event event, enum tcp_reason why, uint64_t now_ns);

/* The listeners from now on; those that stay keep their backlog. Returns how many could not be had. */
unsigned conns_listen(struct conns *conns, const struct endpoint *locals, unsigned count);

/* The nodes from now on: opens pools, and closes those of nodes that are gone. */
void conns_sync(struct conns *conns, const struct node_table *nodes, uint64_t now_ns);

/*
 * Once a loop: reads what waits (a bounded number of messages of each connection), times out, opens and
 * reopens. `nodes` is the table of the last conns_sync(). Returns units of work done.
 */
unsigned conns_tick(struct conns *conns, const struct node_table *nodes, uint64_t now_ns);
/* Nothing happens by itself before this time; 0: at once. */
uint64_t conns_next_ns(const struct conns *conns);

/*
 * Sends a message on that connection: 0, -ENOENT (gone), -EAGAIN (its send budget is used up), -ENOBUFS (no
 * packet buffer), -EPIPE. All but 0 are counted.
 */
must_use int conns_send(struct conns *conns, conn_id conn, struct span bytes, uint64_t now_ns);

/*
 * Sends to a node, by one of its pool's connections that is not above high water. 0, -ENOTCONN (none is up or
 * about to be), -EAGAIN (all are above high water), or as conns_send().
 */
must_use int conns_send_node(
	struct conns *conns, const struct node *node, struct span bytes, uint64_t now_ns, conn_id *ret_conn);

/*
 * Sends to that address by the newest connection with it: its remote end, or an alias that its peer asked for
 * (RFC 5923). When there is none, opens one; what is sent waits in it, within the send budget (RFC 3261
 * 18.2.2). 0, -EADDRNOTAVAIL (no port), -EMFILE (no connection is left, or too many are being opened), or as
 * conns_send().
 */
must_use int conns_send_peer(struct conns *conns, const struct endpoint *remote, struct span bytes,
	uint64_t now_ns, conn_id *ret_conn);

/*
 * Sends what another worker gave, if the connection can still be found by that address: else -ENOENT, which
 * is not counted. Or as conns_send().
 */
must_use int conns_send_given(
	struct conns *conns, const struct conn_given *given, struct span bytes, uint64_t now_ns);

/* Closes it when what was sent has left. An unknown one is no harm. */
void conns_close(struct conns *conns, conn_id conn, uint64_t now_ns);

/*
 * For lists: up to `max` connections from slot *cursor on, looking at `looks` slots at most; moves *cursor,
 * to 0 at the end.
 */
struct conns_walk {
	uint32_t cursor;
	uint32_t looks;
};
unsigned conns_list(
	const struct conns *conns, struct conns_walk *walk, struct conn_info *ret_infos, unsigned max);

struct conns_levels {
	uint32_t connections, connections_max;
	uint64_t connections_exhausted;
	uint32_t buffers, buffers_max;
	uint64_t buffers_exhausted;
	uint64_t bytes; /* of memory taken at start */
};
void conns_levels(const struct conns *conns, struct conns_levels *ret_levels);

const char *conn_kind_name(enum conn_kind kind);
const char *conn_state_name(enum conn_state state);

#endif
