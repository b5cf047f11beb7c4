/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bucket b < 16 holds durations of b units. Above, octave o = 0.. holds [16 << o, 32 << o) units in sixteen
 * buckets of (1 << o) units each, so the index is the octave and the four bits behind the leading one.
 */
#include "base/hist.h"

#include "base/ensure.h"

static uint64_t load(const uint64_t *from)
{
	return __atomic_load_n(from, __ATOMIC_RELAXED);
}

static void store(uint64_t *to, uint64_t value)
{
	__atomic_store_n(to, value, __ATOMIC_RELAXED);
}

unsigned hist_bucket(uint64_t ns)
{
	uint64_t units = ns >> HIST_UNIT_SHIFT;

	if (units < HIST_SUBS)
		return (unsigned)units;
	unsigned octave = 63 - (unsigned)__builtin_clzll(units) - HIST_SUB_BITS;
	if (octave >= HIST_OCTAVES)
		return HIST_BUCKETS - 1;
	return HIST_SUBS + octave * HIST_SUBS + (unsigned)((units >> octave) % HIST_SUBS);
}

uint64_t hist_bucket_upper_ns(unsigned bucket)
{
	uint64_t units;

	ensure(bucket < HIST_BUCKETS);
	if (bucket < HIST_SUBS) {
		units = bucket + 1;
	} else {
		unsigned octave = bucket / HIST_SUBS - 1;
		units = (uint64_t)(HIST_SUBS + bucket % HIST_SUBS + 1) << octave;
	}
	return (units << HIST_UNIT_SHIFT) - 1;
}

void hist_record(struct hist *hist, uint64_t ns)
{
	uint64_t *bucket = &hist->buckets[hist_bucket(ns)];

	/* One writer: plain reads of what only it writes. */
	store(bucket, *bucket + 1);
	store(&hist->sum_ns, hist->sum_ns + ns);
	if (ns > hist->max_ns)
		store(&hist->max_ns, ns);
	store(&hist->count, hist->count + 1);
}

void hist_merge(struct hist *to, const struct hist *from)
{
	uint64_t max_ns = load(&from->max_ns);

	to->count += load(&from->count);
	to->sum_ns += load(&from->sum_ns);
	if (max_ns > to->max_ns)
		to->max_ns = max_ns;
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		to->buckets[i] += load(&from->buckets[i]);
}

/* Counted from the buckets: `count` may be a sample behind them. */
static uint64_t samples(const struct hist *hist)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		total += load(&hist->buckets[i]);
	return total;
}

uint64_t hist_quantile_ns(const struct hist *hist, double quantile)
{
	uint64_t total = samples(hist);
	uint64_t max_ns = load(&hist->max_ns);
	uint64_t seen = 0;

	if (total == 0)
		return 0;
	for (unsigned i = 0; i < HIST_BUCKETS - 1; i++) {
		seen += load(&hist->buckets[i]);
		if ((double)seen >= quantile * (double)total && seen > 0) {
			uint64_t upper_ns = hist_bucket_upper_ns(i);
			return upper_ns < max_ns ? upper_ns : max_ns;
		}
	}
	return max_ns;
}

uint64_t hist_count_below(const struct hist *hist, uint64_t ns)
{
	uint64_t seen = 0;

	for (unsigned i = 0; i < HIST_BUCKETS && hist_bucket_upper_ns(i) <= ns; i++)
		seen += load(&hist->buckets[i]);
	return seen;
}
