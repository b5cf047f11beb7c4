/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters of one worker. Written by that worker alone, read by the control thread at any moment, both
 * relaxed: a reader may be late, never torn. The table of names, units and documentation is stats.def.
 */
#ifndef STATS_H
#define STATS_H

#include "base/ensure.h"

#include <stdint.h>

enum stat {
#define STAT(name, unit, doc) STAT_##name,
#include "stats.def"
#undef STAT
	STAT_COUNT
};

struct stat_info {
	const char *name; /* lower case, as in stats.def */
	const char *unit; /* "packets", "messages", "bytes", "events", "ns" */
	const char *doc;  /* one sentence for operators */
};

extern const struct stat_info stat_infos[STAT_COUNT];

struct stats {
	uint64_t value[STAT_COUNT]; /* writer: its worker; readers: control; relaxed */
};

static inline void stats_add(struct stats *stats, enum stat stat, uint64_t amount)
{
	/* One writer: a plain read and a relaxed store compile to one add and still never tear for a reader.
	 */
	__atomic_store_n(&stats->value[stat], stats->value[stat] + amount, __ATOMIC_RELAXED);
}

static inline void stats_inc(struct stats *stats, enum stat stat)
{
	stats_add(stats, stat, 1);
}

static inline uint64_t stats_get(const struct stats *stats, enum stat stat)
{
	return __atomic_load_n(&stats->value[stat], __ATOMIC_RELAXED);
}

#endif
