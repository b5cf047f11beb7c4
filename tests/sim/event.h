/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is going to happen, in the order of virtual time; what happens at the same time happens in the order
 * it was planned. That order, and nothing else, makes one seed one run.
 */
#ifndef SIM_EVENT_H
#define SIM_EVENT_H

#include <stdbool.h>
#include <stdint.h>

struct event {
	uint64_t at_ns;
	uint64_t order;
	void (*happen)(void *ctx, uint64_t arg);
	void *ctx;
	uint64_t arg;
};

struct event_queue {
	struct event *heap; /* owner: the queue */
	uint32_t count;
	uint32_t capacity;
	uint64_t order;
};

void event_queue_init(struct event_queue *queue);
void event_queue_fini(struct event_queue *queue);
void event_plan(struct event_queue *queue, struct event event); /* its order is set here */
/* UINT64_MAX when nothing is planned. */
uint64_t event_next_ns(const struct event_queue *queue);
struct event event_take(struct event_queue *queue);

#endif
