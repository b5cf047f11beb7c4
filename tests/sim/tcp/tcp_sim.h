/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two stacks of ours, or ours and a model of a peer, on a wire that loses, repeats, reorders, delays,
 * damages, and changes its MTU, in virtual time. Applications on both sides send a stream that is a function
 * of connection, direction and place; what arrives is held against it byte for byte. The seed decides
 * everything.
 */
#ifndef SIM_TCP_TCP_SIM_H
#define SIM_TCP_TCP_SIM_H

#include "base/rng.h"
#include "event.h"
#include "tcp/tcp.h"
#include "tcp/tcp_plan.h"

#include <stdbool.h>
#include <stdint.h>

#define SIM_MS 1000000ULL
#define SIM_S  1000000000ULL

enum {
	CONNS_MAX = 6,
	SIM_MBUFS = 4095,
	SIM_MBUFS_FEW = 255,
	SIM_PORT = 5060,
	MODEL_PORT_FIRST = 40000,
	STREAM_MAX = 250000, /* bytes that one side sends */
	LOG_LINES = 400,     /* that are kept for the end */
	LOG_LINE_MAX = 240,
	SEGMENT_MAX = 2048, /* bytes that the wire carries in one */
};

/* A fault put into the machinery on purpose: proves that the checks can fail. */
enum sabotage { SABOTAGE_NONE, SABOTAGE_LEAK, SABOTAGE_TWIST, SABOTAGE_SHRINK, SABOTAGE_MUTE, SABOTAGES };

/* One side of a connection, as its application sees it. */
struct side {
	struct sim_host *host;
	struct sim_conn *conn;
	struct tcb *tcb;     /* NULL: not yet, or no more, or the host is a model */
	struct model *model; /* same, or the host is none */
	uint32_t to_send, sent, read;
	uint32_t read_max; /* bytes at a time; 0: all at once */
	uint64_t read_every_ns;
	uint64_t send_every_ns;
	uint64_t rest_ns; /* that its application says nothing, once it has sent rest_at; 0: none, or over */
	uint32_t rest_at;
	uint64_t rests_until_ns;
	uint32_t edge; /* the last right edge seen inside */
	enum tcp_reason why;
	bool begun, ended, peer_closed, shut, edge_known;
};

struct sim_conn {
	unsigned index;
	unsigned opener; /* which host */
	uint64_t open_at_ns;
	bool opened;
	bool aborts; /* one side gives up in the middle */
	uint64_t abort_at_ns;
	bool lost;            /* a host rebooted under it */
	struct endpoint from; /* the opener's end: how the other side knows it */
	struct side sides[HOSTS];
};

/* What the wire saw one way of one connection: the promise of its window. */
struct promise {
	uint32_t edge;
	uint32_t iss;
	uint8_t shift;
	bool known, scaled;
};

struct sim_host {
	struct tcp_sim *sim;
	unsigned index;
	struct ip_addr ip;
	struct tcp *tcp;     /* NULL: a model lives here */
	unsigned ports_used; /* by the model */
	unsigned reboots;
	struct rte_mempool *pool;
	struct stats stats;
	struct rng rng;
};

/* The last lines of a run's log, for one that failed. */
struct tcp_log {
	char lines[LOG_LINES][LOG_LINE_MAX];
	unsigned count;
};

struct tcp_sim {
	uint64_t seed;
	uint64_t now_ns;
	bool verbose;
	struct tcp_log *log; /* NULL: none is kept */
	enum sabotage sabotage;
	struct tcp_plan plan;
	struct event_queue events;
	struct rng rng; /* the wire's and the applications' */
	struct sim_host hosts[HOSTS];
	struct sim_conn conns[CONNS_MAX];
	const struct sim_conn *opening; /* in the middle of tcp_connect(): its SYN is on its way */
	struct promise promises[HOSTS][CONNS_MAX];
	struct model_population models;
	uint64_t digest, segments, disturbed, bytes;
	char violation[256];
};

/* In the order of a run. */
void tcp_plan_make(struct tcp_sim *sim);
void tcp_hosts_start(struct tcp_sim *sim);
void tcp_apps_start(struct tcp_sim *sim);
void tcp_oracle_step(struct tcp_sim *sim);
void tcp_oracle_end(struct tcp_sim *sim);
void tcp_hosts_stop(struct tcp_sim *sim);
/* Runs a seed; sim->violation is empty when all held. */
void tcp_sim_run(struct tcp_sim *sim);

/* tcp_wire.c */
void tcp_wire_send(void *ctx, const struct ip_addr *src, const struct ip_addr *dst, struct rte_mbuf *mbuf);
void tcp_wire_carry(struct sim_host *from, const uint8_t *bytes, uint32_t len);
void tcp_wire_forget(struct event event);

__attribute__((format(printf, 2, 3))) void tcp_sim_violate(struct tcp_sim *sim, const char *format, ...);
__attribute__((format(printf, 2, 3))) void tcp_sim_log(const struct tcp_sim *sim, const char *format, ...);
void tcp_sim_later(
	struct tcp_sim *sim, uint64_t in_ns, void (*happen)(void *, uint64_t), void *ctx, uint64_t arg);

static inline bool tcp_sim_chance(struct tcp_sim *sim, uint32_t in_a_million)
{
	return in_a_million > 0 && rng_below(&sim->rng, 1000000) < in_a_million;
}

#endif
