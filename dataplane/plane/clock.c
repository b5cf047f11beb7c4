/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the counter costs some 20 cycles, the kernel's clock three times that. The EAL's measure of the
 * counter's frequency is off by some parts per million, which the correction of every second keeps from
 * adding up.
 */
#include "plane/clock.h"

#include <rte_cycles.h>
#include <time.h>

static const uint64_t second_ns = 1000000000;

uint64_t clock_kernel_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * second_ns + (uint64_t)now.tv_nsec;
}

uint64_t clock_cycles(void)
{
	return rte_rdtsc();
}

uint64_t clock_span_ns(const struct clock *clock, uint64_t cycles)
{
	return (uint64_t)(((unsigned __int128)cycles * clock->ns_per_cycle_2_32) >> 32);
}

static void anchor(struct clock *clock, uint64_t cycles)
{
	clock->anchor_ns = clock_kernel_ns();
	clock->anchor_tsc = cycles;
	clock->correct_tsc = cycles + clock->correct_cycles;
}

void clock_start(struct clock *clock)
{
	uint64_t hz = rte_get_tsc_hz();

	*clock = (struct clock){.correct_cycles = hz};
	clock->ns_per_cycle_2_32 = (uint64_t)(((unsigned __int128)second_ns << 32) / hz);
	anchor(clock, rte_rdtsc());
	clock->last_ns = clock->anchor_ns;
}

uint64_t clock_ns(struct clock *clock, uint64_t cycles)
{
	if (cycles >= clock->correct_tsc)
		anchor(clock, cycles);
	uint64_t now_ns = clock->anchor_ns + clock_span_ns(clock, cycles - clock->anchor_tsc);
	/* A correction may step back by what the counter was fast: then time stands still for a moment. */
	if (now_ns > clock->last_ns)
		clock->last_ns = now_ns;
	return clock->last_ns;
}
