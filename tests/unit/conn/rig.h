/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connections of a balancer and a peer host, two stacks back to back in virtual time. The peer's side is
 * bare TCP: it opens, listens, writes text, reads it or does not, closes, resets, or falls silent.
 */
#ifndef TESTS_UNIT_CONN_RIG_H
#define TESTS_UNIT_CONN_RIG_H

#include "conn/conn.h"
#include "tcp/tcp.h"

#include <stdbool.h>
#include <stdint.h>

#define RIG_MS 1000000ULL

enum { RIG_PEERS = 96, RIG_TEXT_MAX = 1 << 20, RIG_EVENTS_MAX = 256, RIG_MBUFS = 8191, RIG_QUEUE = 4096 };

/* A connection as the peer host has it. */
struct rig_peer {
	struct tcb *tcb; /* NULL: not begun, or ended */
	bool used, connected, peer_closed, ended;
	bool deaf; /* does not read */
	enum tcp_reason why;
	size_t len;
	char *text; /* what it has read; owner: the rig */
};

struct rig_host {
	struct rig *rig;
	unsigned index; /* 0: the balancer, 1: the peer */
	struct ip_addr ip;
	struct tcp *tcp;
	struct stats stats;
	struct rng rng;
};

struct rig_segment {
	struct rte_mbuf *mbuf;
	unsigned to;
};

struct rig {
	uint64_t now_ns;
	struct rte_mempool *pool;
	struct rig_host hosts[2];
	bool cut[2]; /* segments to that host are lost */
	unsigned queued, first;
	struct rig_segment queue[RIG_QUEUE];
	struct tcp_config tcp_config[2]; /* may be changed between prepare and start */
	struct conns_config config;      /* same */
	struct conns *conns;
	struct node_table nodes;
	struct node node;
	struct node_live live;

	struct rig_peer peers[RIG_PEERS];
	unsigned peer_count;

	/* What the balancer's side was told. */
	unsigned message_count, broken_count, ended_count, node_event_count;
	struct conn_message last; /* bytes and msg are no longer valid */
	uint8_t last_error;       /* enum sip_error */
	char last_text[SIP_STREAM_MESSAGE_MAX];
	uint8_t node_events[RIG_EVENTS_MAX];
	uint64_t node_event_ns[RIG_EVENTS_MAX];
	struct conn_info ended[RIG_EVENTS_MAX];
	/* What its message callback does, when set. */
	void (*on_message)(struct rig *rig, const struct conn_message *message);
};

void rig_prepare(struct rig *rig);
void rig_start(struct rig *rig);
/* True when every packet buffer came back. */
bool rig_finish(struct rig *rig);

/* Delivers segments and runs loops until nothing moves; time stands still. */
void rig_run(struct rig *rig);
/* Time passes; what is due happens when it is due. */
void rig_wait(struct rig *rig, uint64_t ns);

/* The peer opens a connection to the balancer's listener, and it is established. */
struct rig_peer *rig_open(struct rig *rig);
void rig_write(struct rig *rig, struct rig_peer *peer, const char *text, size_t len);
void rig_say(struct rig *rig, struct rig_peer *peer, const char *text);

/* The peer host becomes a node: it listens from now on (or not), and the balancer knows it. */
void rig_node(struct rig *rig, bool listens);
/* How many connections to it are up. */
unsigned rig_node_up(const struct rig *rig);
void rig_listen(struct rig *rig);
void rig_unlisten(struct rig *rig);
/* All connections of the peer host are reset, as when its process is killed. */
void rig_kill(struct rig *rig);

uint64_t rig_count(const struct rig *rig, enum stat stat);

#endif
