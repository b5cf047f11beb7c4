/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a stream: cut in two at every place, and in small pieces, they give the same messages,
 * keepalives and faults as in one piece.
 */
#include "stream_log.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PLACES_MAX = 128 /* of a longer input only so many places are tried, others in each */ };

static struct stream_log whole, cut;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span stream = span_of((const char *)data, size);
	size_t step = 1 + size / PLACES_MAX;

	/* Line ends alone make a ping each four bytes: no more of them than the log holds. */
	if (size > STREAM_EVENTS_MAX)
		return 0;
	stream_log_run(&whole, stream, size ? size : 1);
	for (size_t at = 1 + size % step; at < size; at += step) {
		stream_log_init(&cut);
		stream_log_arrive(&cut, span_of(stream.p, at));
		stream_log_arrive(&cut, stream);
		if (!stream_log_same(&whole, &cut))
			abort();
	}
	stream_log_run(&cut, stream, step);
	if (!stream_log_same(&whole, &cut))
		abort();
	return 0;
}
