/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers of one worker: intrusive, armed and stopped in O(1), fired by a wheel that skips empty time by
 * bitmaps. A timer never fires early; it fires at most one tick and one loop late, unless a run's budget is
 * exhausted, and then the next run goes on where it stopped.
 */
#ifndef BASE_TIMER_H
#define BASE_TIMER_H

#include "base/ensure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TIMER_TICK_SHIFT = 17, /* a tick is 2^17 ns = 131 us */
	TIMER_LEVEL_BITS = 6,
	TIMER_SLOTS = 1 << TIMER_LEVEL_BITS, /* of one level: one bit each in a 64-bit map */
	TIMER_LEVELS = 7,                    /* 2^(42 + 17) ns = 18 years ahead */
};

#define TIMER_NONE UINT64_MAX

struct timer_link {
	struct timer_link *next;
	struct timer_link *prev;
};

struct timer;
typedef void timer_fire(struct timer *timer, uint64_t now_ns);

/* A member of what it times; the callback finds its owner from the member's address (timer_owner). */
struct timer {
	struct timer_link link;
	uint64_t deadline_tick; /* may be later than the slot it sits in: then it is moved when that fires */
	uint64_t placed_tick;   /* the tick it was put in place for */
	timer_fire *fire;
};

struct timer_wheel {
	uint64_t tick;                                       /* everything up to here was looked at */
	uint64_t used[TIMER_LEVELS];                         /* bit i: slot i holds timers */
	struct timer_link due;                               /* taken from a slot, not yet handled */
	struct timer_link slots[TIMER_LEVELS * TIMER_SLOTS]; /* list heads, level by level */
	uint32_t armed;                                      /* timers in the wheel */
};

/* The object that a timer is a member of. */
#define timer_owner(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ns);

/*
 * Fires what is due, at most `budget` steps (a step is one timer fired or moved). Returns the steps taken:
 * less than budget means that nothing due is left.
 */
unsigned timer_wheel_run(struct timer_wheel *wheel, uint64_t now_ns, unsigned budget);

/* No timer fires before this time; TIMER_NONE when none is armed. It may be earlier than the first one. */
uint64_t timer_wheel_next_ns(const struct timer_wheel *wheel);

void timer_init(struct timer *timer, timer_fire *fire);

/*
 * Arms, or re-arms: a later deadline only changes a number (the timer stays in its slot until that comes), so
 * pushing a timeout ahead with every packet costs nothing. A deadline in the past fires in the next run.
 */
void timer_arm(struct timer_wheel *wheel, struct timer *timer, uint64_t deadline_ns);

/* Stops it; a stopped or fired timer may be stopped again. */
void timer_stop(struct timer_wheel *wheel, struct timer *timer);

static inline bool timer_armed(const struct timer *timer)
{
	return timer->link.next != 0;
}

#endif
