/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host behind the rig's wire that speaks TCP: it is the nodes and the clients at once, with a stack of ours
 * that the workers know nothing of. What it reads stands in its connections as text.
 */
#ifndef TESTS_UNIT_WORKER_STREAM_HOST_H
#define TESTS_UNIT_WORKER_STREAM_HOST_H

#include "rig.h"
#include "tcp/tcp.h"

enum { STREAM_ENDS_MAX = 64, STREAM_TEXT_MAX = 8192 };

struct stream_end {
	struct tcb *tcb; /* NULL: ended */
	struct endpoint local;
	struct endpoint balancer;
	bool accepted; /* the balancer opened it: we are a node */
	bool peer_closed;
	bool deaf; /* does not read */
	size_t len;
	char text[STREAM_TEXT_MAX];
};

struct stream_host {
	struct rig *rig;
	struct tcp *tcp;
	struct rte_mempool *pool;
	struct stats stats;
	struct rng rng;
	unsigned count;
	struct stream_end ends[STREAM_ENDS_MAX];
};

/* Listens where the nodes are; destroyed before the rig. */
struct stream_host *stream_host_create(struct rig *rig);
void stream_host_destroy(struct stream_host *host);

/* Both sides go on until nothing moves; what is sent besides segments stays in rig->sent. */
void stream_host_run(struct stream_host *host);
/* Time passes, in steps of a millisecond. */
void stream_host_wait(struct stream_host *host, unsigned ms);

struct stream_end *stream_host_open(struct stream_host *host);
/* The same so often that it comes to that worker; all are those of one listener. */
struct stream_end *stream_host_open_to(struct stream_host *host, unsigned worker);
/* The text is on the wire; nobody has looked at it. */
void stream_host_write(struct stream_host *host, struct stream_end *end, const char *text);
void stream_host_say(struct stream_host *host, struct stream_end *end, const char *text);
/* The end of a node that has received what contains `needle`; NULL when none has. */
struct stream_end *stream_host_heard(struct stream_host *host, const char *needle);
/* The end of a node's connection with that worker. */
struct stream_end *stream_host_node_of(struct stream_host *host, unsigned worker);
void stream_host_listen(struct stream_host *host, uint16_t port); /* as a client */
void stream_host_forget(struct stream_host *host);
/* No node listens any more, and all their connections are reset. */
void stream_host_kill_nodes(struct stream_host *host);

#endif
