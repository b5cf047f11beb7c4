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
	const char *begin, *end; /* the bytes; a line end does not stand at the beginning */
	struct sip_header *rows; /* SIP_ROWS; where each line behind the start line begins */
	unsigned count;          /* of rows: the headers', and the empty line's when it was found */
	const char *last;        /* the last of those lines */
	bool odd;                /* a CR or LF stands alone somewhere; it may be in the body */
	bool overflow;           /* there were more headers than SIP_HEADERS_MAX */
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
 * Takes the lines that begin behind the LFs of a block; none stands at the end of the bytes. Returns true
 * when one of them is empty. Only headers are folded, the start line is not.
 */
static inline bool lines_take(struct lines *lines, const char *block, uint64_t lf)
{
	for (; lf != 0; lf &= lf - 1) {
		const char *line = block + __builtin_ctzll(lf) + 1;
		enum line_kind kind = LINE_HEADER;

		if (unlikely_true((unsigned char)*line <= ' ')) {
			kind = odd_line_kind(line, lines->end);
			if (lines->count > 0 && (kind == LINE_FOLDED || kind == LINE_UNKNOWN))
				continue;
		}
		lines->rows[lines->count++].line = (uint32_t)(line - lines->begin);
		if (unlikely_true(kind == LINE_EMPTY))
			return true;
	}
	return false;
}

/* The rows have room for what a block can add. */
static inline void lines_limit(struct lines *lines)
{
	if (likely_true(lines->count <= SIP_HEADERS_MAX + 1))
		return;
	lines->last = lines->begin + lines->rows[lines->count - 1].line;
	lines->count = SIP_HEADERS_MAX + 1;
	lines->overflow = true;
}

static inline bool lines_take_block(struct lines *lines, const char *block, struct scan_marks marks)
{
	bool empty = lines_take(lines, block, marks.lf);

	lines->odd |= marks.odd != 0;
	lines_limit(lines);
	return empty;
}

/* The last block, of at most 64 bytes. Behind an LF that ends the bytes no line begins yet. */
static inline bool lines_take_tail(struct lines *lines, const char *block)
{
	size_t len = (size_t)(lines->end - block);
	struct scan_marks marks = scan_mark(block, len, lines->begin);

	if (len > 0 && lines->end[-1] == '\n')
		marks.lf &= ~(1ULL << (len - 1));
	if (lines_take_block(lines, block, marks))
		return true;
	if (len > 0 && lines->end[-1] == '\n' && lines->count == 0)
		lines->rows[lines->count++].line = (uint32_t)(lines->end - lines->begin);
	return false;
}

static inline bool lines_take_all(struct lines *lines)
{
	const char *block = lines->begin + 1;

	for (; lines->end - block > 64; block += 64) {
		if (lines_take_block(lines, block, scan_mark64(block)))
			return true;
	}
	return lines_take_tail(lines, block);
}

/*
 * Fills the rows. Returns true when the empty line was found: it is lines->last. Else the bytes end before
 * it, and lines->last is unfinished.
 */
static inline bool lines_find(struct lines *lines)
{
	bool empty;

	lines->count = 0;
	lines->odd = false;
	lines->overflow = false;
	lines->last = lines->begin;
	empty = lines_take_all(lines);
	if (likely_true(!lines->overflow && lines->count > 0))
		lines->last = lines->begin + lines->rows[lines->count - 1].line;
	return empty;
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
