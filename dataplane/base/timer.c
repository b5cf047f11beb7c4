/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hierarchical wheel: level L has 64 slots of 64^L ticks. A timer sits on the level of the highest group
 * of six bits in which its tick differs from the wheel's, so a slot in use always lies ahead of the wheel's
 * own index on that level, no level wraps round, and everything on a lower level comes before everything on a
 * higher one. Hence "the next slot" is one bit scan. When the wheel reaches a slot of a higher level, its
 * timers are placed again, lower. Source of the idea: Varghese and Lauck, "Hashed and Hierarchical Timing
 * Wheels" (1987), scheme 7.
 */
#include "base/timer.h"

#include <stddef.h>

static const uint64_t ticks_max = (1ULL << (TIMER_LEVEL_BITS * TIMER_LEVELS)) - 1;

static void list_init(struct timer_link *head)
{
	head->next = head;
	head->prev = head;
}

static bool list_empty(const struct timer_link *head)
{
	return head->next == head;
}

static void list_append(struct timer_link *head, struct timer_link *link)
{
	link->prev = head->prev;
	link->next = head;
	head->prev->next = link;
	head->prev = link;
}

static void list_take_all(struct timer_link *to, struct timer_link *from)
{
	ensure(list_empty(to) && !list_empty(from));
	*to = *from;
	to->next->prev = to;
	to->prev->next = to;
	list_init(from);
}

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ns)
{
	wheel->tick = now_ns >> TIMER_TICK_SHIFT;
	wheel->armed = 0;
	list_init(&wheel->due);
	for (unsigned level = 0; level < TIMER_LEVELS; level++) {
		wheel->used[level] = 0;
	}
	for (unsigned i = 0; i < TIMER_LEVELS * TIMER_SLOTS; i++)
		list_init(&wheel->slots[i]);
}

void timer_init(struct timer *timer, timer_fire *fire)
{
	*timer = (struct timer){.fire = fire};
}

/* The wheel's own tick may be under way or done, so the earliest place is the next one. */
static void place(struct timer_wheel *wheel, struct timer *timer)
{
	uint64_t tick = timer->deadline_tick;

	if (tick <= wheel->tick)
		tick = wheel->tick + 1;
	if ((tick ^ wheel->tick) > ticks_max)
		tick = wheel->tick | ticks_max;
	uint64_t differ = tick ^ wheel->tick;
	unsigned level = differ ? (63 - (unsigned)__builtin_clzll(differ)) / TIMER_LEVEL_BITS : 0;
	unsigned slot = (tick >> (level * TIMER_LEVEL_BITS)) % TIMER_SLOTS;

	timer->placed_tick = tick;
	wheel->used[level] |= 1ULL << slot;
	list_append(&wheel->slots[level * TIMER_SLOTS + slot], &timer->link);
}

static void take_out(struct timer_wheel *wheel, struct timer *timer)
{
	struct timer_link *next = timer->link.next;
	struct timer_link *first = wheel->slots;

	next->prev = timer->link.prev;
	timer->link.prev->next = next;
	timer->link.next = NULL;
	timer->link.prev = NULL;
	/* The last one of a slot leaves its head alone: the head's place in the array names the bit. */
	if (next->next == next && next >= first && next < first + TIMER_LEVELS * TIMER_SLOTS) {
		size_t index = (size_t)(next - first);
		wheel->used[index / TIMER_SLOTS] &= ~(1ULL << (index % TIMER_SLOTS));
	}
}

void timer_arm(struct timer_wheel *wheel, struct timer *timer, uint64_t deadline_ns)
{
	uint64_t rounded_up = (1ULL << TIMER_TICK_SHIFT) - 1;

	ensure(timer->fire != NULL);
	timer->deadline_tick = deadline_ns > UINT64_MAX - rounded_up
				       ? UINT64_MAX >> TIMER_TICK_SHIFT
				       : (deadline_ns + rounded_up) >> TIMER_TICK_SHIFT;
	if (timer_armed(timer)) {
		if (timer->deadline_tick >= timer->placed_tick)
			return;
		take_out(wheel, timer);
	} else {
		wheel->armed++;
	}
	place(wheel, timer);
}

void timer_stop(struct timer_wheel *wheel, struct timer *timer)
{
	if (!timer_armed(timer))
		return;
	ensure(wheel->armed > 0);
	take_out(wheel, timer);
	wheel->armed--;
}

/* The next slot in use: its first tick and where it is. False when the wheel is empty. */
static bool next_slot(const struct timer_wheel *wheel, uint64_t *ret_tick, unsigned *ret_level)
{
	for (unsigned level = 0; level < TIMER_LEVELS; level++) {
		if (wheel->used[level] == 0)
			continue;
		unsigned shift = level * TIMER_LEVEL_BITS;
		uint64_t slot = (uint64_t)__builtin_ctzll(wheel->used[level]);
		uint64_t above = wheel->tick >> shift >> TIMER_LEVEL_BITS << TIMER_LEVEL_BITS << shift;
		*ret_tick = above | (slot << shift);
		*ret_level = level;
		return true;
	}
	return false;
}

uint64_t timer_wheel_next_ns(const struct timer_wheel *wheel)
{
	uint64_t tick;
	unsigned level;

	if (!list_empty(&wheel->due))
		return wheel->tick << TIMER_TICK_SHIFT;
	return next_slot(wheel, &tick, &level) ? tick << TIMER_TICK_SHIFT : TIMER_NONE;
}

static unsigned handle_due(struct timer_wheel *wheel, uint64_t now_ns, unsigned budget)
{
	unsigned steps = 0;

	while (steps < budget && !list_empty(&wheel->due)) {
		struct timer *timer = timer_owner(wheel->due.next, struct timer, link);
		take_out(wheel, timer);
		if (timer->deadline_tick > wheel->tick) {
			place(wheel, timer);
		} else {
			wheel->armed--;
			timer->fire(timer, now_ns);
		}
		steps++;
	}
	return steps;
}

unsigned timer_wheel_run(struct timer_wheel *wheel, uint64_t now_ns, unsigned budget)
{
	uint64_t now_tick = now_ns >> TIMER_TICK_SHIFT;
	unsigned steps = handle_due(wheel, now_ns, budget);

	while (list_empty(&wheel->due) && steps < budget) {
		uint64_t tick;
		unsigned level;
		if (!next_slot(wheel, &tick, &level) || tick > now_tick) {
			if (now_tick > wheel->tick)
				wheel->tick = now_tick;
			break;
		}
		ensure(tick >= wheel->tick);
		unsigned slot = (tick >> (level * TIMER_LEVEL_BITS)) % TIMER_SLOTS;
		wheel->tick = tick;
		wheel->used[level] &= ~(1ULL << slot);
		list_take_all(&wheel->due, &wheel->slots[level * TIMER_SLOTS + slot]);
		steps += handle_due(wheel, now_ns, budget - steps);
	}
	return steps;
}
