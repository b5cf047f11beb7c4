/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A worker's thread: turns the counter into time, polls the worker, measures, rests when there is nothing to
 * do, and wakes workers that were given something.
 */
#ifndef LOOP_H
#define LOOP_H

#include "base/ensure.h"
#include "plane/idle.h"
#include "limits.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct rcu;
struct worker;

enum { LOOP_ANY_CORE = UINT16_MAX };

struct loop {
	struct worker *worker; /* borrowed */
	struct rcu *rcu;       /* borrowed */
	struct loop *all;      /* the loops of all workers, by index; borrowed */
	unsigned all_count;
	uint16_t core; /* or LOOP_ANY_CORE */
	unsigned queue_count;
	struct idle_queue queues[PORTS_MAX]; /* polled by this worker */
	unsigned arena;                      /* the allocator's; 0: the common one */
	struct idle idle;
	pthread_t thread;
	bool running;  /* control's: the thread was started and not yet joined */
	uint32_t stop; /* writer: control, reader: the loop; relaxed */
};

/* Starts the thread. Returns 0 or -errno. */
must_use int loop_start(struct loop *loop);

/* Ends it and waits for its end. */
void loop_stop(struct loop *loop);

#endif
