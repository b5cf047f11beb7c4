/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When to probe a node, and what a missing or present answer means: the schedule of OPTIONS heartbeats for
 * the nodes that one worker owns (slot modulo workers). It neither builds messages nor decides about health:
 * it asks its owner to send, is told of answers and of ICMP errors, and reports one event after the other.
 *
 * Timers, per node:
 *   interval    from one probe to the next while answers come
 *   timeout     from a probe to its failure; an answer also settles every older probe
 *   timeout/4   once the oldest probe has waited that long, further probes follow at this distance, so that
 *               `fall` failures are collected in about interval + timeout + (fall - 1) * timeout/4
 *   timeout/16  the least distance of two probes; an ICMP error or a reset asks for a probe at once
 * A node that has failed `fall` times in a row is only probed at its interval, until it answers again.
 */
#ifndef NODE_PROBE_H
#define NODE_PROBE_H

#include "base/pool.h"
#include "base/rng.h"
#include "base/timer.h"
#include "limits.h"
#include "node/health.h"
#include "node/node.h"

enum { PROBE_BACKLOG_RUNS = 2 };

/* One thing that happened to a node. */
struct probe_report {
	const struct node *node;
	enum health_event event; /* PROBE_OK, PROBE_BUSY, PROBE_TIMEOUT or UNREACHABLE */
	uint32_t retry_after_s;  /* with PROBE_BUSY */
	uint64_t rtt_ns;         /* of an answered probe */
};

/* What the owner does for the schedule. */
struct probe_owner {
	void *ctx;
	/*
	 * Sends the probe `seq`. It may be lost in silence: then no answer comes. False: there is no way to
	 * the node now, which is a failure at once.
	 */
	bool (*send)(void *ctx, const struct node *node, uint32_t seq, uint64_t now_ns);
	/* Passes a report on. False when there is no room: it is kept and offered again. */
	bool (*report)(void *ctx, const struct probe_report *report, uint64_t now_ns);
};

struct probe_sent {
	uint32_t seq;
	bool excused; /* an ICMP error has counted as its failure: silence adds nothing, an answer still does
		       */
	uint64_t sent_ns;
};

/* Equal reports in a row that could not be passed on. */
struct probe_run {
	struct probe_report report;
	uint32_t count;
};

struct probe {
	struct timer timer;
	struct probe_set *set;
	const struct node
		*node;    /* of the snapshot last synced: not to be followed while a newer one is due */
	uint32_t node_id; /* its identity, which outlives that snapshot */
	uint32_t seq;     /* of the last probe sent */
	uint32_t fails;   /* in a row, to know when to stop hurrying */
	bool in_doubt;    /* an ICMP error since the last probe: more of them say nothing new */
	uint64_t last_sent_ns;
	uint64_t next_send_ns;
	unsigned outstanding_count; /* oldest first */
	struct probe_sent outstanding[PROBE_OUTSTANDING_MAX];
	unsigned run_count;
	struct probe_run runs[PROBE_BACKLOG_RUNS];
};

struct probe_set {
	struct probe_owner owner;
	struct timer_wheel *wheel; /* borrowed */
	struct rng *rng;           /* borrowed; staggers the first probes */
	unsigned worker_index;
	unsigned worker_count;
	unsigned backlogged; /* probes with reports that could not be passed on */
	struct pool pool;
	struct probe *by_slot[NODES_MAX];
	uint32_t free_list[NODES_MAX];
	struct probe probes[NODES_MAX];
};

struct probe_set_config {
	struct probe_owner owner;
	struct timer_wheel *wheel;
	struct rng *rng;
	unsigned worker_index;
	unsigned worker_count;
};

void probe_set_init(struct probe_set *set, const struct probe_set_config *config);

/*
 * A new snapshot's nodes: starts, ends and re-aims probes; a node that stays keeps its history. Must be
 * called before the snapshot that the former nodes came from may be freed.
 */
void probe_set_sync(struct probe_set *set, const struct node_table *nodes, uint64_t now_ns);

/* An authenticated answer to a probe. False: nobody waits for it (late, or sent twice by the network). */
struct probe_answer {
	uint32_t seq;
	uint16_t status;        /* of the final response */
	uint32_t retry_after_s; /* with 503; 0 when it named none */
};
bool probe_answered(
	struct probe_set *set, const struct node *node, const struct probe_answer *answer, uint64_t now_ns);

/*
 * ICMP says that the node cannot be reached; somebody who can guess ports may have forged it. It counts as a
 * failure, but once per probe: a node that is alive answers the probe this asks for. False: not this worker's
 * node, or nothing new.
 */
bool probe_suspect(struct probe_set *set, const struct node *node, uint64_t now_ns);

/*
 * A connection to the node was refused, or did not come about: nobody but the node or the way to it can say
 * that, so each time counts as a failure. False: not this worker's node.
 */
bool probe_failed(struct probe_set *set, const struct node *node, uint64_t now_ns);

/* Probes the node as soon as the least distance allows. False: not this worker's node. */
bool probe_now(struct probe_set *set, const struct node *node, uint64_t now_ns);

/* Offers again what could not be passed on; costs a load when there is nothing. */
void probe_flush(struct probe_set *set, uint64_t now_ns);

#endif
