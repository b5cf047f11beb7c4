/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run of the simulation: real workers between scripted clients and nodes, on a wire that loses, repeats,
 * reorders, delays and damages frames, in virtual time. The seed decides everything.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/addr.h"
#include "base/rng.h"
#include "event.h"
#include "packet.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	SIM_WORKERS_MAX = 2,
	SIM_NODES = 4, /* the last one joins in mid-run, if at all */
	SIM_CLIENTS = 4,
	SIM_HOSTS = SIM_NODES + SIM_CLIENTS,
	SIM_CALLS_MAX = 512,
	SIM_PUBLISHES_MAX = 6,
	SIM_SOURCE_PORT_BASE = 30000,
	SIM_PORT = 5060,      /* of the balancer, of nodes, and the first of a client's */
	SIM_STREAM_PORTS = 4, /* of a client whose calls share connections */
	SIM_LISTEN_MAX = SIM_STREAM_PORTS,
	SIM_HANG_UPS_MAX = 6,
};

#define SIM_MS 1000000ULL
#define SIM_S  1000000000ULL

enum sim_crash {
	SIM_NO_CRASH,
	SIM_CRASH_SILENT,      /* the host is gone: not even ARP is answered */
	SIM_CRASH_UNREACHABLE, /* the process is gone: the host answers port unreachable, or by resets */
	SIM_CRASH_BUSY,        /* 503 to probes for a while */
	SIM_CRASHES
};

/* A fault put into the machinery on purpose: proves that the checks can fail. */
enum sim_sabotage {
	SIM_HONEST,
	SIM_LEAK,  /* a packet buffer is never given back */
	SIM_TWICE, /* a datagram or message that left once arrives twice, behind the checker's back */
	SIM_BLIND, /* control never tells workers that a node is down */
	SIM_MUTE,  /* a message that left is swallowed, and no counter says so */
	SIM_SABOTAGES
};

/* In a million. */
struct sim_faults {
	uint32_t loss, duplicate, reorder, corrupt, truncate;
};

struct sim_plan {
	unsigned workers;
	unsigned queues; /* fewer than workers: frames are handed over by flow hash */
	bool nodes_v6;
	bool clients_v6;
	bool nodes_tcp;
	bool clients_tcp;
	bool alias;   /* clients want to be reached by their connections (RFC 5923) */
	bool forgets; /* a silent host was rebooted: its connections are gone */
	unsigned hang_up_count;
	uint64_t hang_up_ns[SIM_HANG_UPS_MAX]; /* somebody ends a connection */
	struct sim_faults faults;
	bool clean; /* no faults at all: then nothing may go wrong that the plan did not ask for */
	enum sim_crash crash;
	unsigned crash_node;
	uint64_t crash_ns, return_ns;
	unsigned publish_count;
	uint64_t publish_ns[SIM_PUBLISHES_MAX];
	bool fourth_node;
	bool drain;            /* the operator drains the second node for a while */
	bool stateless;        /* the listeners keep no transactions */
	unsigned transactions; /* room for so many in each worker */
	unsigned calls;
	bool bursts; /* calls begin many at once: their messages share segments */
	uint64_t calls_end_ns;
	enum sim_sabotage sabotage;
};

struct sim_link;
struct sim_ledger;
struct sim_control;
struct sim_host;
struct sim_call;
struct sim_server;
struct worker;

struct sim {
	uint64_t seed;
	uint64_t now_ns;
	bool verbose;
	struct sim_plan plan;
	struct event_queue events;
	uint64_t digest;     /* of every frame that left a worker, and when */
	char violation[256]; /* the first one; empty: none */
	uint64_t violation_ns;
	struct worker *workers[SIM_WORKERS_MAX];
	struct rng order;            /* which worker is polled first */
	struct exchange *exchange;   /* NULL with one worker */
	struct directory *directory; /* same */
	struct sim_link *link;
	struct sim_ledger *ledger;
	struct sim_control *control;
	struct sim_host *hosts[SIM_HOSTS]; /* nodes, then clients */
	struct sim_server *servers[SIM_NODES];
	struct sim_call *calls; /* [plan.calls] */
};

/* What is expected did not happen. The first one ends the run. */
__attribute__((format(printf, 2, 3))) void sim_violate(struct sim *sim, const char *format, ...);
__attribute__((format(printf, 2, 3))) void sim_log(struct sim *sim, const char *format, ...);

/* Something of the run's own happens so much later. */
void sim_later(
	struct sim *sim, uint64_t in_ns, void (*happen)(void *ctx, uint64_t arg), void *ctx, uint64_t arg);

static inline bool sim_chance(struct rng *rng, uint32_t in_a_million)
{
	return in_a_million > 0 && rng_below(rng, 1000000) < in_a_million;
}

struct sim_result {
	uint64_t digest;
	unsigned calls, answered, refused, unanswered, retransmissions;
	uint64_t frames, faults, given;
	uint64_t detect_ns; /* from the crash to the word; 0: none */
	char violation[640];
};

struct sim_options {
	uint64_t seed;
	bool verbose;
	enum sim_sabotage sabotage;
};

/* One run from its seed. Needs a started EAL. */
void sim_run(const struct sim_options *options, struct sim_result *ret_result);

#endif
