/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a worker's thread does when there is nothing to do. `poll` looks again at once. `adaptive` keeps
 * polling for a short while, then sleeps: until a frame arrives when every port it polls has receive
 * interrupts, else in naps that grow; in both cases at most until its next timer, and a wake ends them.
 */
#ifndef IDLE_H
#define IDLE_H

#include "base/ensure.h"
#include "limits.h"

#include <rte_interrupts.h>
#include <stdbool.h>
#include <stdint.h>

enum idle_policy { IDLE_ADAPTIVE, IDLE_POLL };

struct port;

/* The queue whose interrupt ends a sleep. */
struct idle_queue {
	const struct port *port;
	unsigned queue;
};

struct idle {
	enum idle_policy policy;
	bool interrupts;                   /* all queues can wake it */
	int wake_fd;                       /* owner: this */
	struct rte_epoll_event wake_event; /* the epoll set points to it */
	unsigned queue_count;
	struct idle_queue queues[PORTS_MAX];
	uint64_t idle_since_ns;       /* 0: busy */
	uint64_t nap_ns;              /* the next one */
	_Alignas(64) uint32_t asleep; /* writer: its thread; readers: whoever wakes it */
};

/* 0 or -errno. */
must_use int idle_init(struct idle *idle, enum idle_policy policy);
void idle_fini(struct idle *idle);

/*
 * From its own thread: the queues it polls, at most PORTS_MAX. One without interrupts is fine: then
 * naps it is.
 */
void idle_watch(struct idle *idle, const struct idle_queue *queues, unsigned count);

/* Any thread: ends its sleep. A system call only when it is asleep. */
void idle_wake(struct idle *idle);

/* There was work. */
void idle_busy(struct idle *idle);

/* How long it may sleep now, given its next timer; 0: look again at once. */
uint64_t idle_nap_ns(struct idle *idle, uint64_t now_ns, uint64_t next_ns);

/*
 * Sleeping takes three steps, so that nothing given to the worker in between is overlooked: begin (from now
 * on others will wake it), then the caller looks once more for work, then sleep or cancel.
 */
void idle_begin(struct idle *idle);
void idle_sleep(struct idle *idle, uint64_t nap_ns);
void idle_cancel(struct idle *idle);

#endif
