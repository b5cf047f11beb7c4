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

/* Where fewer than 64 bytes can be read. */
static __attribute__((noinline, unused)) struct stops stops_look_near(
	const char *p, const char *limit, const struct scan_class *class)
{
	char copy[64] = {0};

	memcpy(copy, p, (size_t)(limit - p));
	return (struct stops){scan_outside64(copy, class), p};
}

static inline struct stops stops_look(const char *p, const char *limit, const struct scan_class *class)
{
	if (unlikely_true(limit - p < 64))
		return stops_look_near(p, limit, class);
	return (struct stops){scan_outside64(p, class), p};
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

/* number_in() for any number of digits, zeros in front among them. */
static __attribute__((noinline, unused)) int64_t long_number_in(const char *p, const char *end, uint32_t max)
{
	uint64_t number = 0;

	if (p >= end)
		return -1;
	for (; p < end; p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (digit > 9)
			return -1;
		number = number * 10 + digit;
		if (number > max)
			return -1;
	}
	return (int64_t)number;
}

/*
 * The number whose digits are all that stands in [p, end), at most `max`, or -1. Four digits are taken at
 * once; the four bytes before `end` may be read, however many there are.
 */
static inline int64_t number_in(const char *p, const char *end, uint32_t max)
{
	size_t len = (size_t)(end - p);
	unsigned excess = (unsigned)(4 - len) * 8;
	uint32_t digits;

	if (unlikely_true(len - 1 > 3))
		return long_number_in(p, end, max);
	memcpy(&digits, end - sizeof(digits), sizeof(digits));
	digits = (digits ^ 0x30303030U) >> excess << excess;
	if (unlikely_true((((digits + 0x76767676U) | digits) & 0x80808080U) != 0))
		return -1;
	/* Neighbours become numbers of two digits, and those one of four. */
	digits = (digits * 10 + (digits >> 8)) & 0x00ff00ffU;
	digits = (digits * 100 + (digits >> 16)) & 0xffffU;
	return likely_true(digits <= max) ? (int64_t)digits : -1;
}

#endif
