/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a framer makes of a stream that arrives in pieces, as a log that can be compared. */
#ifndef TESTS_UNIT_CONN_STREAM_LOG_H
#define TESTS_UNIT_CONN_STREAM_LOG_H

#include "conn/frame.h"

enum { STREAM_EVENTS_MAX = 4096 };

struct stream_event {
	uint8_t result; /* FRAME_MESSAGE, FRAME_PING or FRAME_BROKEN */
	uint8_t fault;
	uint16_t status;
	uint8_t error;   /* of the message */
	uint32_t offset; /* of the message, or of the byte behind a ping, in the stream */
	uint32_t len;
};

struct stream_log {
	struct sip_msg msg;
	struct frame frame;
	uint32_t begin; /* in the stream: what is done with */
	bool broken;
	unsigned messages, pings;
	unsigned count;
	struct stream_event events[STREAM_EVENTS_MAX];
};

void stream_log_init(struct stream_log *log);

/*
 * All that has arrived of the stream so far: the framer gets what is not done with, in memory of its own that
 * ends where the bytes end.
 */
void stream_log_arrive(struct stream_log *log, struct span stream);

/* The stream in one piece, or in pieces of so many bytes. */
void stream_log_run(struct stream_log *log, struct span stream, size_t piece);

bool stream_log_same(const struct stream_log *a, const struct stream_log *b);

#endif
