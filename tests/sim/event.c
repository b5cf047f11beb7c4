/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A binary heap. */
#include "event.h"

#include "base/ensure.h"

#include <stdlib.h>

void event_queue_init(struct event_queue *queue)
{
	*queue = (struct event_queue){.heap = NULL};
}

void event_queue_fini(struct event_queue *queue)
{
	free(queue->heap);
}

static bool before(const struct event *a, const struct event *b)
{
	return a->at_ns < b->at_ns || (a->at_ns == b->at_ns && a->order < b->order);
}

void event_plan(struct event_queue *queue, struct event event)
{
	if (queue->count == queue->capacity) {
		queue->capacity = queue->capacity ? 2 * queue->capacity : 256;
		queue->heap = realloc(queue->heap, queue->capacity * sizeof(*queue->heap));
		ensure(queue->heap != NULL);
	}
	event.order = queue->order++;
	uint32_t i = queue->count++;
	for (; i > 0 && before(&event, &queue->heap[(i - 1) / 2]); i = (i - 1) / 2)
		queue->heap[i] = queue->heap[(i - 1) / 2];
	queue->heap[i] = event;
}

uint64_t event_next_ns(const struct event_queue *queue)
{
	return queue->count ? queue->heap[0].at_ns : UINT64_MAX;
}

struct event event_take(struct event_queue *queue)
{
	ensure(queue->count > 0);
	struct event first = queue->heap[0];
	struct event last = queue->heap[--queue->count];
	uint32_t i = 0;

	for (uint32_t child = 1; child < queue->count; child = 2 * i + 1) {
		if (child + 1 < queue->count && before(&queue->heap[child + 1], &queue->heap[child]))
			child++;
		if (!before(&queue->heap[child], &last))
			break;
		queue->heap[i] = queue->heap[child];
		i = child;
	}
	if (queue->count > 0)
		queue->heap[i] = last;
	return first;
}
