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
 * Takes the lines that begin behind the LFs of the block at that offset into the rows, which have room for
 * what a block can add. Returns whether one of them is empty, which is then the last. Only headers are
 * folded, the start line is not.
 */
static inline __attribute__((always_inline)) bool lines_take(
	struct lines *lines, struct sip_header *rows, struct span bytes, size_t block, uint64_t lf)
{
	for (; lf != 0; lf &= lf - 1) {
		size_t line = block + 1 + (size_t)__builtin_ctzll(lf);
		enum line_kind kind = LINE_HEADER;

		if (unlikely_true((unsigned char)bytes.p[line] <= ' ')) {
			kind = odd_line_kind(bytes.p + line, span_end(bytes));
			if (lines->count > 0 && (kind == LINE_FOLDED || kind == LINE_UNKNOWN))
				continue;
		}
		rows[lines->count++].line = (uint32_t)line;
		if (unlikely_true(kind == LINE_EMPTY))
			return true;
	}
	return false;
}

/* Keeps the rows to what a message may have. */
static inline __attribute__((always_inline)) void lines_limit(
	struct lines *lines, const struct sip_header *rows)
{
	if (likely_true(lines->count <= SIP_HEADERS_MAX + 1))
		return;
	lines->last = rows[lines->count - 1].line;
	lines->count = SIP_HEADERS_MAX + 1;
	lines->overflow = true;
}

/* The last block, of at most 64 bytes. Behind an LF that ends the bytes no line begins, except the first. */
static inline __attribute__((always_inline)) uint64_t lines_take_tail(
	struct lines *lines, struct sip_header *rows, struct span bytes, size_t block)
{
	size_t len = bytes.len - block;
	struct scan_marks marks = scan_mark(bytes.p + block, len, bytes.p);
	uint64_t known = len > 0 ? ~(1ULL << (len - 1)) : 0;

	lines->ended = lines_take(lines, rows, bytes, block, marks.lf & known);
	if (lines->count == 0 && (marks.lf & ~known) != 0)
		rows[lines->count++].line = (uint32_t)bytes.len;
	return marks.odd;
}

/*
 * Fills `rows` (SIP_ROWS of them) with where each line behind the start line begins. The first byte is
 * neither a CR nor an LF.
 */
static __attribute__((noinline)) struct lines lines_find(struct span bytes, struct sip_header *rows)
{
	const size_t tail = bytes.len > 64 ? bytes.len - 64 : 0; /* what begins before it is a whole block */
	struct lines lines = {.last = 0};
	uint64_t odd = 0;
	size_t block;

	for (block = 1; block < tail; block += 64) {
		struct scan_marks marks = scan_mark64(bytes.p + block);

		odd |= marks.odd;
		if (unlikely_true(lines_take(&lines, rows, bytes, block, marks.lf))) {
			lines.ended = true;
			break;
		}
		lines_limit(&lines, rows);
	}
	if (!lines.ended)
		odd |= lines_take_tail(&lines, rows, bytes, block);
	lines_limit(&lines, rows);
	if (likely_true(!lines.overflow && lines.count > 0))
		lines.last = rows[lines.count - 1].line;
	lines.odd = odd != 0;
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
