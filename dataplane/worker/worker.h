/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A worker: everything that handles packets on one core. It shares nothing but the directory of
 * connections; control reads its figures and exchanges letters with it, other workers hand it frames.
 *
 * worker_poll() is a pure step: time, wire and randomness are given to it, and it makes no system call, so
 * the simulator and the benchmark run the very code that the loop thread runs.
 */
#ifndef WORKER_H
#define WORKER_H

#include "base/ensure.h"
#include "base/hash.h"
#include "conn/config.h"
#include "worker/figures.h"
#include "worker/mailbox.h"
#include "net/net.h"
#include "net/rss.h"
#include "proxy/refused.h"
#include "proxy/transactions.h"
#include "stats.h"
#include "tcp/config.h"
#include "trace.h"

#include <stdbool.h>
#include <stdint.h>

struct directory;
struct exchange;
struct rcu;
struct worker;

struct worker_port {
	struct net_port_config net; /* its wire: a queue pair of this worker, or exchange_wire() */
	bool own_queue;             /* this worker polls the wire; else frames come by the exchange */
	const struct net_rss *rss;  /* of a device with a queue for each worker; borrowed; NULL: unknown */
	bool spread; /* fewer queues than workers, or no RSS: give flows to all workers by their hash */
};

struct worker_config {
	unsigned index;
	unsigned count; /* workers of this instance */
	unsigned port_count;
	struct worker_port ports[PORTS_MAX];
	struct rte_mempool *pool;        /* packets; borrowed */
	struct rcu *rcu;                 /* borrowed; holds the first snapshot already */
	struct exchange *exchange;       /* borrowed; NULL with one worker */
	struct directory *directory;     /* same: connections of all workers */
	struct hash_key probe_key;       /* authenticates probes; any random key, same for all workers */
	struct txns_config transactions; /* how many; key and time are filled in here */
	/* Limits, timeouts and secret of each worker's TCP, 0 taking the defaults there. The port range is
	 * that of all workers and must be given; the rest is filled in here. */
	struct tcp_config tcp;
	struct conns_limits streams; /* but for connections_max, which is TCP's */
	uint32_t epoch; /* differs from start to start: late answers to earlier probes are foreign */
	uint64_t seed;  /* of this worker's randomness */
	uint64_t now_ns;
};

/* Returns 0, -ENOMEM, or what net_create() says. The caller's thread need not be the loop's. */
must_use int worker_create(const struct worker_config *config, struct worker **ret_worker);
void worker_destroy(struct worker *worker); /* NULL is fine; the loop has ended */

/* One loop. now_ns never decreases. Returns units of work done (frames, letters, timers); 0: it was idle. */
unsigned worker_poll(struct worker *worker, uint64_t now_ns);

/* No work will come up by itself before this time. */
uint64_t worker_next_ns(const struct worker *worker);

/* The workers that the last worker_poll() gave something to, as bits: whoever runs the loop wakes them. */
uint64_t worker_gave_to(const struct worker *worker);

/* Has anything been handed to it that it has not looked at? For the last look before a nap. */
bool worker_has_letters(const struct worker *worker);

unsigned worker_index(const struct worker *worker);

/*
 * Control's side. Letters to a worker: send, then wake it (plane_wake). Each box has one sender and one
 * receiver. worker_hear() gives what the worker reported, oldest first; returns how many.
 */
must_use bool worker_tell(struct worker *worker, const struct mail *mail);
unsigned worker_hear(struct worker *worker, struct mail *ret_mails, unsigned max);

const struct stats *worker_stats(const struct worker *worker);
const struct loop_figures *worker_loop_figures(const struct worker *worker);
/* The same, for whoever runs the loop and measures it: its only writer. */
struct loop_figures *worker_loop_meter(struct worker *worker);
const struct node_figures *worker_node_figures(const struct worker *worker, unsigned slot); /* < NODES_MAX */
struct trace *worker_trace(struct worker *worker);
const struct refused_domains *worker_refused_domains(const struct worker *worker);

/* How full its fixed stores are. */
struct worker_level {
	const char *name;
	uint64_t used;
	uint64_t size;
	uint64_t exhausted; /* times there was none */
};

enum {
	WORKER_LEVEL_MBUFS,
	WORKER_LEVEL_PROBES,
	WORKER_LEVEL_CONNECTIONS,
	WORKER_LEVEL_HALF_OPEN,
	WORKER_LEVEL_TIME_WAIT,
	WORKER_LEVEL_PIECES,
	WORKER_LEVEL_UNDER_WAY,
	WORKER_LEVEL_PINNED,
	WORKER_LEVEL_PORTS,
	WORKER_LEVEL_MESSAGES,
	WORKER_LEVEL_TRANSACTIONS, /* and the following */
	WORKER_LEVELS_MAX = WORKER_LEVEL_TRANSACTIONS + TXNS_LEVELS_MAX
};
unsigned worker_levels(const struct worker *worker, struct worker_level ret_levels[static WORKER_LEVELS_MAX]);

#endif
