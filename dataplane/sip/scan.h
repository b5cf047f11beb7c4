/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking at many bytes at once. The parser asks two things: where do the bytes of a class end (a token, a
 * host, a quoted string), and where are the line ends of 64 bytes. What is given a limit reads nothing at or
 * behind it, so a message may end flush against an unreadable page; what is given none reads a whole block,
 * and its caller knows that there is one.
 *
 * A class is a 128-bit map of ASCII folded for a nibble lookup: bit h of low[l] stands for byte 0xhl. Bytes
 * above 0x7f are in no class. The idea of the two shuffles is that of simdjson (Langdale and Lemire).
 */
#ifndef SIP_SCAN_H
#define SIP_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scan_class {
	uint8_t low[32]; /* twice the same 16, because a vector shuffle looks into each half by itself */
};

/* Bit n: the n-th of 64 bytes. */
struct scan_marks {
	uint64_t lf;  /* is an LF */
	uint64_t odd; /* is an LF without a CR before it, or stands behind a CR and is none */
};

/* A class from eight rows of ASCII: row n is bytes 0xn0..0xnf, the lowest bit first. */
#define SCAN_ROW(row, column, n) (((((unsigned)(row)) >> (column)) & 1U) << (n))
#define SCAN_COLUMN(c, r0, r1, r2, r3, r4, r5, r6, r7)                                       \
	(SCAN_ROW(r0, c, 0) | SCAN_ROW(r1, c, 1) | SCAN_ROW(r2, c, 2) | SCAN_ROW(r3, c, 3) | \
		SCAN_ROW(r4, c, 4) | SCAN_ROW(r5, c, 5) | SCAN_ROW(r6, c, 6) | SCAN_ROW(r7, c, 7))
#define SCAN_HALF(...)                                                                                    \
	SCAN_COLUMN(0, __VA_ARGS__), SCAN_COLUMN(1, __VA_ARGS__), SCAN_COLUMN(2, __VA_ARGS__),            \
		SCAN_COLUMN(3, __VA_ARGS__), SCAN_COLUMN(4, __VA_ARGS__), SCAN_COLUMN(5, __VA_ARGS__),    \
		SCAN_COLUMN(6, __VA_ARGS__), SCAN_COLUMN(7, __VA_ARGS__), SCAN_COLUMN(8, __VA_ARGS__),    \
		SCAN_COLUMN(9, __VA_ARGS__), SCAN_COLUMN(10, __VA_ARGS__), SCAN_COLUMN(11, __VA_ARGS__),  \
		SCAN_COLUMN(12, __VA_ARGS__), SCAN_COLUMN(13, __VA_ARGS__), SCAN_COLUMN(14, __VA_ARGS__), \
		SCAN_COLUMN(15, __VA_ARGS__)
#define SCAN_CLASS(...)                                                \
	{                                                              \
		{                                                      \
			SCAN_HALF(__VA_ARGS__), SCAN_HALF(__VA_ARGS__) \
		}                                                      \
	}

static inline bool scan_has(const struct scan_class *class, char c)
{
	unsigned byte = (unsigned char)c;

	return byte < 0x80 && (class->low[byte & 15] >> (byte >> 4) & 1) != 0;
}

/*
 * The one place where the instruction set is chosen. SCAN_WIDE says that looking at 64 bytes at once is
 * cheap: then fields of the usual shape are read from such a look (stops_priv.h).
 */
#if defined(__AVX2__) && defined(__BMI__) && !defined(SIP_SCAN_SCALAR)
#include "sip/scan_avx2.h"
#include "sip/scan_lines_avx2.h"
#define SCAN_WIDE      true
#define scan_first     scan_first_avx2
#define scan_while     scan_while_avx2
#define scan_until     scan_until_avx2
#define scan_equal     scan_equal_avx2
#define scan_outside   scan_outside_avx2
#define scan_outside64 scan_outside64_avx2
#define scan_unlike    scan_unlike_avx2
#define scan_mark64    scan_mark64_avx2
#define scan_lines64   scan_lines64_avx2
#define scan_odd       scan_odd_avx2
#define scan_odd_none  scan_odd_none_avx2
#define scan_odd_any   scan_odd_any_avx2
#else
#include "sip/scan_scalar.h"
#define SCAN_WIDE      false
#define scan_first     scan_first_scalar
#define scan_while     scan_while_scalar
#define scan_until     scan_until_scalar
#define scan_equal     scan_equal_scalar
#define scan_outside   scan_outside_scalar
#define scan_outside64 scan_outside64_scalar
#define scan_unlike    scan_unlike_scalar
#define scan_mark64    scan_mark64_scalar
#define scan_lines64   scan_lines64_scalar
#define scan_odd       scan_odd_scalar
#define scan_odd_none  scan_odd_none_scalar
#define scan_odd_any   scan_odd_any_scalar
#endif

#endif
