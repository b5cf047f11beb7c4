/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rate limit without a timer: events are due one interval after another, and may run ahead of that by a
 * burst (the virtual scheduling form of the leaky bucket, ITU-T I.371 annex A).
 */
#ifndef BASE_BUDGET_H
#define BASE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct budget {
	uint64_t due_ns; /* when the next event is due */
	uint64_t interval_ns;
	uint64_t ahead_max_ns;
};

static inline struct budget budget_of(uint32_t per_second, uint32_t burst)
{
	uint64_t interval_ns = 1000000000ULL / per_second;

	return (struct budget){.interval_ns = interval_ns, .ahead_max_ns = interval_ns * (burst - 1)};
}

/* True when an event may happen now, and counts it. */
static inline bool budget_take(struct budget *budget, uint64_t now_ns)
{
	uint64_t due_ns = budget->due_ns > now_ns ? budget->due_ns : now_ns;

	if (due_ns - now_ns > budget->ahead_max_ns)
		return false;
	budget->due_ns = due_ns + budget->interval_ns;
	return true;
}

#endif
