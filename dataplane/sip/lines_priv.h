/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the lines of a message, 64 bytes at a time, up to the empty one. Every CR must stand before an LF and
 * every LF behind a CR (RFC 3261 7); the first that does not is remembered, because a peer that takes it for
 * a line end would see other headers than we do.
 */
#ifndef SIP_LINES_PRIV_H
#define SIP_LINES_PRIV_H

#include "base/ensure.h"
#include "limits.h"
#include "sip/scan.h"

/* What the line behind an LF is. */
enum line_kind { LINE_HEADER, LINE_FOLDED, LINE_EMPTY, LINE_UNKNOWN };

enum { LINES_MAX = 1 + SIP_HEADERS_MAX };

struct lines {
	const char *stray; /* behind the first CR or LF that stands alone, or NULL; it may lie in the body */
	unsigned count;    /* of `lf`: the start line, then the headers */
	bool folded;       /* a header goes on in a line that begins with a blank */
	bool overflow;     /* there were more than LINES_MAX */
	const char *last;  /* the last LF of the last line */
	const char *lf[LINES_MAX]; /* the last LF of each */
};

static inline enum line_kind line_kind(const char *line, const char *end)
{
	if (unlikely_true(line == end))
		return LINE_UNKNOWN;
	if (likely_true((unsigned char)*line > ' '))
		return LINE_HEADER;
	if (*line == ' ' || *line == '\t')
		return LINE_FOLDED;
	if (*line != '\r')
		return LINE_HEADER;
	if (end - line < 2)
		return LINE_UNKNOWN;
	return line[1] == '\n' ? LINE_EMPTY : LINE_HEADER;
}

/* Takes the line that ends at `lf`; returns what stands behind it. Only headers are folded. */
static inline enum line_kind lines_add(struct lines *lines, const char *lf, const char *end)
{
	enum line_kind kind = line_kind(lf + 1, end);

	if (unlikely_true(kind != LINE_HEADER) && lines->count > 0) {
		if (kind == LINE_FOLDED)
			lines->folded = true;
		if (kind != LINE_EMPTY)
			return kind;
	}
	lines->last = lf;
	if (unlikely_true(lines->count == LINES_MAX))
		lines->overflow = true;
	else
		lines->lf[lines->count++] = lf;
	return kind;
}

/*
 * Fills *lines from the bytes from `begin` to `end`. Returns LINE_EMPTY when the empty line was found: it
 * stands behind the last LF, or behind what did not fit when `overflow` is set, and *ret_empty is its first
 * byte. Else the bytes end before it, and what stands behind the last LF is unfinished.
 */
static inline enum line_kind lines_find(
	struct lines *lines, const char *begin, const char *end, const char **ret_empty)
{
	uint64_t cr_before = 0; /* 1: the byte before the block is a CR */

	lines->stray = NULL;
	lines->count = 0;
	lines->folded = false;
	lines->overflow = false;
	for (const char *block = begin; block < end; block += 64) {
		size_t len = (size_t)(end - block) < 64 ? (size_t)(end - block) : 64;
		struct scan_marks marks = scan_mark(block, len, begin);
		uint64_t odd = (marks.cr << 1 | cr_before) ^ marks.lf;

		if (unlikely_true(len < 64))
			odd &= (1ULL << len) - 1;
		if (unlikely_true(odd != 0) && lines->stray == NULL)
			lines->stray = block + __builtin_ctzll(odd);
		cr_before = marks.cr >> 63;
		for (uint64_t lf = marks.lf; lf != 0; lf &= lf - 1) {
			const char *at = block + __builtin_ctzll(lf);

			if (unlikely_true(lines_add(lines, at, end) == LINE_EMPTY)) {
				*ret_empty = at + 1;
				return LINE_EMPTY;
			}
		}
	}
	return LINE_UNKNOWN;
}

#endif
