/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time for a worker's loop: the time stamp counter as CLOCK_MONOTONIC nanoseconds, so that what a worker and
 * what control call "now" compare. Corrected against the kernel's clock once a second; never runs backwards.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

struct clock {
	uint64_t anchor_tsc;
	uint64_t anchor_ns;
	uint64_t ns_per_cycle_2_32; /* nanoseconds per cycle, times 2^32 */
	uint64_t correct_tsc;       /* when to look at the kernel's clock again */
	uint64_t correct_cycles;
	uint64_t last_ns;
};

/* Needs a started EAL, which has measured the counter. */
void clock_start(struct clock *clock);

uint64_t clock_cycles(void);
uint64_t clock_ns(struct clock *clock, uint64_t cycles);

/* A difference of counter readings as time. */
uint64_t clock_span_ns(const struct clock *clock, uint64_t cycles);

/* What the kernel says; for control. */
uint64_t clock_kernel_ns(void);

#endif
