/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames on their way, in the order of the time at which they arrive. */
#ifndef TESTS_INTEROP_RELAY_QUEUE_H
#define TESTS_INTEROP_RELAY_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_MAX = 2048, QUEUE_MAX = 1 << 16 };

struct frame {
	uint64_t due_ns;
	uint64_t number; /* of frames due at the same time, the first to come is the first to go */
	int to;          /* descriptor */
	uint16_t len;
	char bytes[FRAME_MAX];
};

/* A binary heap; [0] is the next. */
struct queue {
	struct frame **frames; /* [QUEUE_MAX]; owner: this */
	size_t count;
	uint64_t number;
};

/* 0 or -ENOMEM. */
int queue_init(struct queue *queue);
/* False: full, the frame is lost. */
bool queue_put(struct queue *queue, const struct frame *frame);
const struct frame *queue_first(const struct queue *queue); /* NULL: empty */
void queue_drop_first(struct queue *queue);

#endif
