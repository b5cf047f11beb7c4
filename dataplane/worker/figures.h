/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one worker measures besides the counters of stats.def: how its loop fares, and how each node answers.
 * Writer: the worker alone. Readers: control, at any moment, relaxed: late at most, never torn.
 */
#ifndef FIGURES_H
#define FIGURES_H

#include "base/hist.h"

#include <stdint.h>

struct loop_figures {
	uint64_t loops;
	uint64_t busy_loops;      /* those that found work */
	uint64_t busy_cycles;     /* spent in them, by the time stamp counter */
	uint64_t messages;        /* SIP messages handled: busy_cycles / messages is the cost of one */
	uint64_t longest_ns;      /* the longest loop since the start */
	uint64_t longest_late_ns; /* ... of the last whole ten seconds */
	uint64_t started_ns;      /* when the loop began, and its latest time: their difference is the base */
	uint64_t now_ns;          /* of the busy share */
	uint64_t busy_ns;
	uint64_t naps; /* times it slept for want of work */
	uint64_t napped_ns;
	uint64_t generation; /* of the snapshot it last used */
};

/* One node as one worker saw it, by slot. The worker clears it when the slot gets another node. */
struct node_figures {
	uint32_t node_id; /* whom the numbers are about; 0: nobody yet */
	uint64_t requests;
	uint64_t responses[7]; /* by class: [1] 1xx .. [6] 6xx */
	uint64_t probes;
	uint64_t probe_answers;
	uint64_t probe_timeouts;
	uint64_t unreachable; /* ICMP errors about it */
	struct hist latency;  /* first response to a request */
	struct hist probe_rtt;
};

static inline void figure_add(uint64_t *figure, uint64_t amount)
{
	__atomic_store_n(figure, *figure + amount, __ATOMIC_RELAXED);
}

static inline void figure_set(uint64_t *figure, uint64_t value)
{
	__atomic_store_n(figure, value, __ATOMIC_RELAXED);
}

static inline uint64_t figure_get(const uint64_t *figure)
{
	return __atomic_load_n(figure, __ATOMIC_RELAXED);
}

#endif
