/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scan.h byte by byte: for a processor without AVX2, and what the tests compare the other one with. */
#ifndef SIP_SCAN_SCALAR_H
#define SIP_SCAN_SCALAR_H

#include "sip/scan.h"

/* The first byte in [p, end) that is not in the class, or end. */
static inline const char *scan_while_scalar(
	const char *p, const char *end, const char *limit, const struct scan_class *class)
{
	(void)limit;
	while (p < end && scan_has(class, *p))
		p++;
	return p;
}

/* The first byte in [p, end) that is in the class, or end. */
static inline const char *scan_until_scalar(
	const char *p, const char *end, const char *limit, const struct scan_class *class)
{
	(void)limit;
	while (p < end && !scan_has(class, *p))
		p++;
	return p;
}

/* The number of the lowest bit that is set, or 32. */
static inline unsigned scan_first_scalar(uint32_t bits)
{
	unsigned first = 0;

	while (first < 32 && (bits >> first & 1) == 0)
		first++;
	return first;
}

/* Bit n: the n-th of 32 bytes is not in the class. */
static inline uint32_t scan_outside_scalar(const char *p, const struct scan_class *class)
{
	uint32_t outside = 0;

	for (unsigned i = 0; i < 32; i++)
		outside |= (uint32_t)!scan_has(class, p[i]) << i;
	return outside;
}

/* ... of 64 bytes. */
static inline uint64_t scan_outside64_scalar(const char *p, const struct scan_class *class)
{
	return (uint64_t)scan_outside_scalar(p + 32, class) << 32 | scan_outside_scalar(p, class);
}

/* Bit n: the n-th of 32 bytes is c. */
static inline uint32_t scan_equal_scalar(const char *p, char c)
{
	uint32_t equal = 0;

	for (unsigned i = 0; i < 32; i++)
		equal |= (uint32_t)(p[i] == c) << i;
	return equal;
}

/* Bit n: the n-th of 32 bytes, made lower case by bit 5, is another one than in `text`. */
static inline uint32_t scan_unlike_scalar(const char *p, const char *text)
{
	uint32_t unlike = 0;

	for (unsigned i = 0; i < 32; i++)
		unlike |= (uint32_t)((p[i] | 0x20) != text[i]) << i;
	return unlike;
}

/* Marks 64 bytes; the byte before them is read too. */
static inline struct scan_marks scan_mark64_scalar(const char *p)
{
	struct scan_marks marks = {0, 0};

	for (unsigned i = 0; i < 64; i++) {
		marks.lf |= (uint64_t)(p[i] == '\n') << i;
		marks.odd |= (uint64_t)((p[i] == '\n') != (p[(int)i - 1] == '\r')) << i;
	}
	return marks;
}

/* Where bytes are not a line end although they must be, or the other way round: gathered over many. */
typedef uint64_t scan_odd_scalar;

static inline scan_odd_scalar scan_odd_none_scalar(void)
{
	return 0;
}

static inline bool scan_odd_any_scalar(scan_odd_scalar odd)
{
	return odd != 0;
}

/* Returns the LFs of 64 bytes, and adds to *odd what is odd of them; the byte before them is read too. */
static inline uint64_t scan_lines64_scalar(const char *p, scan_odd_scalar *odd)
{
	struct scan_marks marks = scan_mark64_scalar(p);

	*odd |= marks.odd;
	return marks.lf;
}

#endif
