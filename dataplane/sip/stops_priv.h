/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a field from one look at 64 of its bytes: each byte outside a class is a stop, and most of them are
 * where one token ends and the next begins. It serves the short ways: readers of the shape that nearly every
 * field has, which give up where they meet another, and then the long way reads the field from its beginning.
 *
 * Only fields in a message are read so. Behind each of them stands a CR or a blank, which no class here
 * holds: a stop is there at the latest, and a byte before the end of the message.
 */
#ifndef SIP_STOPS_PRIV_H
#define SIP_STOPS_PRIV_H

#include "base/ensure.h"
#include "sip/scan.h"

#include <string.h>

struct stops {
	uint64_t map; /* bit n: the n-th byte from base on is a stop that was not yet taken */
	const char *base;
};

static inline struct stops stops_look(const char *p, const char *limit, const struct scan_class *class)
{
	char copy[64] = {0};

	if (likely_true(limit - p >= 64))
		return (struct stops){scan_outside64(p, class), p};
	memcpy(copy, p, (size_t)(limit - p));
	return (struct stops){scan_outside64(copy, class), p};
}

/* What follows 64 bytes without a stop, or all of whose stops are taken. */
static __attribute__((noinline, unused)) struct stops stops_more(
	const char *base, const char *limit, const struct scan_class *class)
{
	struct stops stops;

	do {
		base += 64;
		stops = stops_look(base, limit, class);
	} while (stops.map == 0);
	return stops;
}

/* Takes the next stop. */
static inline __attribute__((always_inline)) const char *stops_next(
	struct stops *stops, const char *limit, const struct scan_class *class)
{
	const char *stop;

	if (unlikely_true(stops->map == 0))
		*stops = stops_more(stops->base, limit, class);
	stop = stops->base + __builtin_ctzll(stops->map);
	stops->map &= stops->map - 1;
	return stop;
}

/*
 * The number whose digits stand in [p, end): at most eight of them, and eight bytes before `end` may be read.
 * 0 when there is none or it is larger than max.
 */
static inline uint32_t digits_value(const char *p, const char *end, uint32_t max)
{
	size_t len = (size_t)(end - p);
	uint64_t digits;
	uint64_t value;
	unsigned excess;

	if (len - 1 > 7)
		return 0;
	excess = (unsigned)(8 - len) * 8;
	memcpy(&digits, end - 8, sizeof(digits));
	digits = (digits ^ 0x3030303030303030ULL) >> excess << excess;
	if (((digits + 0x7676767676767676ULL) | digits) & 0x8080808080808080ULL)
		return 0;
	/* Neighbours become numbers of two digits, those of four, those of eight. */
	value = (digits * 10 + (digits >> 8)) & 0x00ff00ff00ff00ffULL;
	value = (value * 100 + (value >> 16)) & 0x0000ffff0000ffffULL;
	value = (value * 10000 + (value >> 32)) & 0x00000000ffffffffULL;
	return value <= max ? (uint32_t)value : 0;
}

#endif
