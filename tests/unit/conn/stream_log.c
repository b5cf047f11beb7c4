/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader of a stream as a connection is one, without a connection. */
#include "stream_log.h"

#include <stdlib.h>
#include <string.h>

void stream_log_init(struct stream_log *log)
{
	memset(&log->frame, 0, sizeof(log->frame));
	log->begin = 0;
	log->broken = false;
	log->messages = log->pings = log->count = 0;
}

static void note(struct stream_log *log, enum frame_result result, const struct frame_found *found)
{
	ensure(log->count < STREAM_EVENTS_MAX);
	log->events[log->count++] = (struct stream_event){
		.result = (uint8_t)result,
		.fault = found->fault,
		.status = found->status,
		.error = result == FRAME_MESSAGE ? log->msg.error : 0,
		.offset = result == FRAME_PING ? log->begin + found->len : log->begin,
		.len = result == FRAME_MESSAGE ? found->len : 0,
	};
	log->messages += result == FRAME_MESSAGE;
	log->pings += result == FRAME_PING;
}

static bool step(struct stream_log *log, struct span bytes)
{
	struct frame_found found;
	enum frame_result result = frame_next(&log->frame, bytes, &log->msg, &found);

	if (result == FRAME_MORE) {
		ensure(found.len == 0 &&
			(bytes.len == 0 || frame_wants(&log->frame, (uint32_t)bytes.len) > 0));
		return false;
	}
	ensure(found.len <= bytes.len);
	if (result == FRAME_MESSAGE) {
		ensure(log->msg.start_line.p == bytes.p && found.len == log->msg.total_len);
		ensure(log->frame.scanned == 0 && log->frame.total == 0);
	}
	if (result != FRAME_SKIP)
		note(log, result, &found);
	log->begin += found.len;
	log->broken = result == FRAME_BROKEN;
	return !log->broken;
}

void stream_log_arrive(struct stream_log *log, struct span stream)
{
	bool more = !log->broken;

	while (more) {
		size_t len = stream.len - log->begin;
		char *exact = malloc(len ? len : 1);
		ensure(exact != NULL && log->begin <= stream.len);
		memcpy(exact, stream.p + log->begin, len);
		more = step(log, span_of(exact, len));
		free(exact);
	}
}

void stream_log_run(struct stream_log *log, struct span stream, size_t piece)
{
	stream_log_init(log);
	for (size_t at = 0; at < stream.len; at += piece) {
		size_t len = stream.len - at < piece ? stream.len : at + piece;
		stream_log_arrive(log, span_of(stream.p, len));
	}
}

bool stream_log_same(const struct stream_log *a, const struct stream_log *b)
{
	return a->count == b->count && a->broken == b->broken &&
	       memcmp(a->events, b->events, sizeof(a->events[0]) * a->count) == 0;
}
