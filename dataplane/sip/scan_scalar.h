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

/* The first c in [p, end), or end. */
static inline const char *scan_find_scalar(const char *p, const char *end, const char *limit, char c)
{
	(void)limit;
	while (p < end && *p != c)
		p++;
	return p;
}

/* Marks len (at most 64) bytes. */
static inline struct scan_marks scan_mark_scalar(const char *p, size_t len, const char *begin)
{
	struct scan_marks marks = {0, 0};

	(void)begin;
	for (size_t i = 0; i < len; i++) {
		marks.cr |= (uint64_t)(p[i] == '\r') << i;
		marks.lf |= (uint64_t)(p[i] == '\n') << i;
	}
	return marks;
}

#endif
