/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A heap of copies, each as long as its frame. */
#include "queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int queue_init(struct queue *queue)
{
	*queue = (struct queue){.frames = calloc(QUEUE_MAX, sizeof(struct frame *))};
	return queue->frames ? 0 : -ENOMEM;
}

static bool before(const struct frame *a, const struct frame *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->number < b->number;
}

static void swap(struct queue *queue, size_t a, size_t b)
{
	struct frame *frame = queue->frames[a];

	queue->frames[a] = queue->frames[b];
	queue->frames[b] = frame;
}

bool queue_put(struct queue *queue, const struct frame *frame)
{
	size_t size = offsetof(struct frame, bytes) + frame->len;
	struct frame *copy = queue->count < QUEUE_MAX ? malloc(size) : NULL;

	if (!copy)
		return false;
	memcpy(copy, frame, size);
	copy->number = queue->number++;
	queue->frames[queue->count] = copy;
	for (size_t i = queue->count++; i > 0; i = (i - 1) / 2) {
		if (!before(queue->frames[i], queue->frames[(i - 1) / 2]))
			break;
		swap(queue, i, (i - 1) / 2);
	}
	return true;
}

const struct frame *queue_first(const struct queue *queue)
{
	return queue->count > 0 ? queue->frames[0] : NULL;
}

void queue_drop_first(struct queue *queue)
{
	size_t at = 0;

	free(queue->frames[0]);
	queue->frames[0] = queue->frames[--queue->count];
	for (;;) {
		size_t least = at;
		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < queue->count; child++) {
			if (before(queue->frames[child], queue->frames[least]))
				least = child;
		}
		if (least == at)
			return;
		swap(queue, at, least);
		at = least;
	}
}
