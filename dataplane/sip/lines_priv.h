/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the lines of a message, 64 bytes at a time, up to the empty one. Every CR must stand before an LF and
 * every LF behind a CR (RFC 3261 7); where one does not is looked for when it is known that there is such a
 * one, because a peer that takes it for a line end would see other headers than we do.
 */
#ifndef SIP_LINES_PRIV_H
#define SIP_LINES_PRIV_H

#include "base/ensure.h"
#include "limits.h"
#include "sip/msg.h"
#include "sip/scan_tail.h"

struct lines {
	size_t last;   /* where the last line begins; it is the empty one when `ended` */
	size_t count;  /* of rows: the headers', and the empty line's */
	bool ended;    /* the empty line was found; else the bytes end before it */
	bool odd;      /* a CR or LF stands alone somewhere; it may be in the body */
	bool overflow; /* there were more headers than SIP_HEADERS_MAX */
};

/* What a line that begins with a blank or a CR is. */
enum line_kind { LINE_HEADER, LINE_FOLDED, LINE_EMPTY, LINE_UNKNOWN };

static __attribute__((noinline)) enum line_kind odd_line_kind(const char *line, const char *end)
{
	if (*line == ' ' || *line == '\t')
		return LINE_FOLDED;
	if (*line != '\r')
		return LINE_HEADER;
	if (end - line < 2)
		return LINE_UNKNOWN;
	return line[1] == '\n' ? LINE_EMPTY : LINE_HEADER;
}

/*
 * Takes the lines that begin behind the LFs of the block at p into the rows from *at on, which have room for
 * what a block can add. Returns whether one of them is empty, which is then the last. Only headers are
 * folded, the start line is not.
 */
static inline __attribute__((always_inline)) bool lines_take(
	struct sip_header **at, const struct sip_header *rows, struct span bytes, const char *p, uint64_t lf)
{
	const uint32_t behind = (uint32_t)(p + 1 - bytes.p);
	struct sip_header *row = *at;
	bool ended = false;

	for (; lf != 0; lf &= lf - 1) {
		size_t n = (size_t)__builtin_ctzll(lf);

		row->line = behind + (uint32_t)n;
		if (unlikely_true((unsigned char)p[1 + n] <= ' ')) {
			enum line_kind kind = odd_line_kind(p + 1 + n, span_end(bytes));

			if (row > rows && (kind == LINE_FOLDED || kind == LINE_UNKNOWN))
				continue;
			ended = kind == LINE_EMPTY;
		}
		row++;
		if (unlikely_true(ended))
			break;
	}
	*at = row;
	return ended;
}

/* Keeps the rows to what a message may have. */
static inline __attribute__((always_inline)) void lines_limit(
	struct lines *lines, struct sip_header **at, struct sip_header *rows)
{
	if (likely_true(*at <= rows + SIP_HEADERS_MAX + 1))
		return;
	lines->last = (*at)[-1].line;
	lines->overflow = true;
	*at = rows + SIP_HEADERS_MAX + 1;
}

/* What the last block adds: the rows' end, and what struct lines says of the whole. */
struct tail {
	struct sip_header *row;
	bool ended, odd;
};

/* The last block, of at most 64 bytes. Behind an LF that ends the bytes no line begins, except the first. */
static __attribute__((noinline)) struct tail lines_take_tail(
	struct sip_header *row, struct sip_header *rows, struct span bytes, const char *p)
{
	size_t len = (size_t)(span_end(bytes) - p);
	struct scan_marks marks = scan_mark(p, len, bytes.p);
	uint64_t known = len > 0 ? ~(1ULL << (len - 1)) : 0;
	bool ended = lines_take(&row, rows, bytes, p, marks.lf & known);

	if (row == rows && (marks.lf & ~known) != 0)
		row++->line = (uint32_t)bytes.len;
	return (struct tail){row, ended, marks.odd != 0};
}

/*
 * Fills `rows` (SIP_ROWS of them) with where each line behind the start line begins. The first byte is
 * neither a CR nor an LF.
 */
static inline struct lines lines_find(struct span bytes, struct sip_header *rows)
{
	/* A block that begins before it is a whole one. */
	const char *tail = bytes.p + (bytes.len > 64 ? bytes.len - 64 : 0);
	struct lines lines = {.last = 0};
	struct sip_header *row = rows;
	scan_odd odd = scan_odd_none();
	const char *p;

	for (p = bytes.p + 1; p < tail; p += 64) {
		uint64_t lf = scan_lines64(p, &odd);

		if (unlikely_true(lines_take(&row, rows, bytes, p, lf))) {
			lines.ended = true;
			break;
		}
		lines_limit(&lines, &row, rows);
	}
	lines.odd = scan_odd_any(odd);
	if (unlikely_true(!lines.ended)) {
		struct tail last = lines_take_tail(row, rows, bytes, p);

		row = last.row;
		lines.ended = last.ended;
		lines.odd |= last.odd;
	}
	lines_limit(&lines, &row, rows);
	lines.count = (size_t)(row - rows);
	if (likely_true(!lines.overflow && lines.count > 0))
		lines.last = row[-1].line;
	return lines;
}

/* Whether a CR or LF stands alone before `end`. A CR there may be the beginning of a line end. */
static __attribute__((noinline)) bool lines_are_odd(const char *begin, const char *end)
{
	for (const char *block = begin + 1; block < end; block += 64) {
		size_t len = (size_t)(end - block) < 64 ? (size_t)(end - block) : 64;

		if (scan_mark(block, len, begin).odd != 0)
			return true;
	}
	return false;
}

#endif
