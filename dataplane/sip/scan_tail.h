/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The marks of scan.h for a block that is shorter than 64 bytes: the last of a message. */
#ifndef SIP_SCAN_TAIL_H
#define SIP_SCAN_TAIL_H

#include "base/ensure.h"
#include "sip/scan.h"

#include <string.h>

/*
 * Marks len (at most 64) bytes. What stands from `begin` on may be read, and begin is before p: a short tail
 * is marked together with what stands before it; where that is too little, in a copy.
 */
static inline struct scan_marks scan_mark(const char *p, size_t len, const char *begin)
{
	char copy[1 + 64] = {0};
	struct scan_marks marks;
	size_t excess = 64 - len;

	if (len == 0)
		return (struct scan_marks){0, 0};
	if (likely_true((size_t)(p - begin) > excess)) {
		marks = scan_mark64(p - excess);
		return (struct scan_marks){marks.lf >> excess, marks.odd >> excess};
	}
	memcpy(copy, p - 1, len + 1);
	marks = scan_mark64(copy + 1);
	return (struct scan_marks){marks.lf, marks.odd & UINT64_MAX >> excess};
}

#endif
