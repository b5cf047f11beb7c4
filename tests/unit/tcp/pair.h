/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two stacks back to back, without loss: one opens connections, the other accepts them and sends back what it
 * reads. For tests of what happens when something runs out: each connection carries its text there and back,
 * closes, and counts as served when all of it was right.
 */
#ifndef TESTS_UNIT_TCP_PAIR_H
#define TESTS_UNIT_TCP_PAIR_H

#include "tcp/tcp.h"

#include <stdbool.h>
#include <stdint.h>

enum { PAIR_CONNS_MAX = 64, PAIR_QUEUE_MAX = 4096 };

struct pair;
struct rte_mempool;

struct pair_conn {
	struct pair *pair;
	struct tcb *tcb;  /* NULL: ended */
	struct tcb *echo; /* the other end */
	uint32_t index;
	uint32_t to_send, sent, read;
	uint32_t echoed;    /* bytes that the other end has sent back */
	bool begun, served; /* all came back right */
	bool wrong;
};

struct pair {
	struct tcp *ends[2]; /* the one that opens, and the one that accepts */
	struct tcp_config configs[2];
	struct stats stats[2];
	struct rng rng;
	struct rte_mempool *pool;
	uint64_t now_ns;
	struct {
		struct rte_mbuf *mbuf;
		unsigned to;
	} queue[PAIR_QUEUE_MAX]; /* on the wire; first_in is the oldest */
	uint32_t first_in, queued;
	struct pair_conn conns[PAIR_CONNS_MAX];
	unsigned conn_count;
};

/* configs may be changed before pair_start(). The pool is the caller's. */
void pair_prepare(struct pair *pair, struct rte_mempool *pool);
void pair_start(struct pair *pair);
/* A connection that carries so many bytes there and back. What tcp_connect() says. */
int pair_open(struct pair *pair, uint32_t bytes);
/* Until nothing is on its way and everything has ended, or so much time has passed. */
void pair_run(struct pair *pair, uint64_t max_ns);
unsigned pair_served(const struct pair *pair);
/* True when both have neither connection nor memory left, not even what waits. */
bool pair_is_empty(const struct pair *pair);
uint64_t pair_count(const struct pair *pair, enum stat stat); /* of both */
void pair_stop(struct pair *pair);

#endif
