/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A histogram of durations in log-linear buckets: each power of two is cut into 16 equal parts, so a quantile
 * is off by at most one sixteenth. Written by one worker, read by control at any moment, both relaxed: a
 * reader may be late, never torn.
 */
#ifndef BASE_HIST_H
#define BASE_HIST_H

#include <stdint.h>

enum {
	HIST_UNIT_SHIFT = 10, /* nothing below 2^10 ns = 1 us is told apart */
	HIST_SUB_BITS = 4,
	HIST_SUBS = 1 << HIST_SUB_BITS,
	HIST_OCTAVES = 24,                                   /* up to 2^(10 + 4 + 23) ns = 137 s */
	HIST_BUCKETS = HIST_SUBS + HIST_OCTAVES * HIST_SUBS, /* the last one takes everything longer */
};

/* All zero is an empty one. */
struct hist {
	uint64_t count;
	uint64_t sum_ns;
	uint64_t max_ns;
	uint64_t buckets[HIST_BUCKETS];
};

void hist_record(struct hist *hist, uint64_t ns);

/* Adds what `from` holds; `to` is the reader's own. */
void hist_merge(struct hist *to, const struct hist *from);

/* The duration that a share `quantile` (0..1) of the samples does not exceed; 0 when there are none. */
uint64_t hist_quantile_ns(const struct hist *hist, double quantile);

/* Samples of at most about `ns` (whole buckets), for cumulative exposition. */
uint64_t hist_count_below(const struct hist *hist, uint64_t ns);

/* The bucket a duration falls into, and the largest duration that falls into a bucket. */
unsigned hist_bucket(uint64_t ns);
uint64_t hist_bucket_upper_ns(unsigned bucket);

#endif
