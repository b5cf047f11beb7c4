/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the lines of a message, 64 bytes at a time, up to the empty one, and names the plain headers on the
 * way. Every CR must stand before an LF and every LF behind a CR (RFC 3261 7); where one does not is looked
 * for when it is known that there is such a one, because a peer that takes it for a line end would see other
 * headers than we do.
 */
#ifndef SIP_LINES_PRIV_H
#define SIP_LINES_PRIV_H

#include "base/ensure.h"
#include "limits.h"
#include "sip/headers_priv.h"
#include "sip/msg.h"

/* So small that functions hand it on in registers. */
struct lines {
	uint32_t last;  /* where the last line begins; it is the empty one when `ended` */
	uint16_t count; /* of rows: the headers', and the empty line's */
	uint16_t named; /* of headers: those from the first on that have their name and colon already */
	bool ended;     /* the empty line was found; else the bytes end before it */
	bool odd;       /* a CR or LF stands alone somewhere; it may be in the body */
	bool overflow;  /* there were more headers than SIP_HEADERS_MAX */
};

static_assert(SIP_ROWS <= UINT16_MAX, "rows are counted in 16 bits");

/* What a line that begins with a blank or a CR is. */
enum line_kind { LINE_HEADER, LINE_FOLDED, LINE_EMPTY, LINE_UNKNOWN };

__attribute__((noinline)) enum line_kind odd_line_kind(const char *line, const char *end);

/* The lines from the block at p on, without names.  */
__attribute__((noinline)) struct lines lines_find_rest(
	struct lines lines, struct sip_header *rows, struct span bytes, const char *p);

/*
 * ... when at most 95 bytes are left: with names when all are plain up to the empty line. Else it returns
 * `lines` as it was.
 */
__attribute__((noinline)) struct lines lines_find_end(
	struct lines lines, struct sip_header *rows, struct span bytes, const char *p);

/* Whether a CR or LF stands alone before `end`. A CR there may be the beginning of a line end. */
__attribute__((noinline)) bool lines_are_odd(const char *begin, const char *end);

/*
 * Takes the lines that begin behind the LFs of the block at p into the rows from *count on, which have room
 * for what a block can add. Returns whether one of them is empty, which is then the last. Only headers are
 * folded, the start line is not.
 */
static inline __attribute__((always_inline)) bool lines_take(
	uint16_t *count, struct sip_header *rows, struct span bytes, const char *p, uint64_t lf)
{
	for (; lf != 0; lf &= lf - 1) {
		const char *line = p + 1 + __builtin_ctzll(lf);
		enum line_kind kind = LINE_HEADER;

		if (unlikely_true((unsigned char)*line <= ' ')) {
			kind = odd_line_kind(line, span_end(bytes));
			if (*count > 0 && (kind == LINE_FOLDED || kind == LINE_UNKNOWN))
				continue;
		}
		rows[(*count)++].line = (uint32_t)(line - bytes.p);
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

/*
 * Takes and names the lines of the block at p up to one that is not plain. `base` is where the message would
 * begin that the block is in: it may be in a copy. Returns the LF before that line and those behind.
 */
static inline __attribute__((always_inline)) uint64_t lines_name(
	struct sip_header **at, const char *p, uintptr_t base, uint64_t lf)
{
	struct sip_header *row = *at;

	for (; lf != 0; lf &= lf - 1) {
		const char *line = p + 1 + __builtin_ctzll(lf);

		if (unlikely_true(!header_read(row, line)))
			break;
		row->line = (uint32_t)((uintptr_t)line - base);
		row++;
	}
	*at = row;
	return lf;
}

/*
 * Fills `rows` (SIP_ROWS of them) with where each line behind the start line begins, and names the headers up
 * to the first one that is not plain. The first byte is neither a CR nor an LF.
 */
static inline struct lines lines_find(struct span bytes, struct sip_header *rows)
{
	const char *end = span_end(bytes);
	/* A name is looked for in 32 bytes, which may begin behind the block. */
	const char *near = bytes.len > 64 + 32 ? end - (64 + 32) : bytes.p;
	const char *p = bytes.p + 1;
	struct lines lines = {.last = 0};
	struct sip_header *row = rows;
	scan_odd odd = scan_odd_none();
	uint64_t lf = 0;

	for (; p <= near; p += 64) {
		lf = lines_name(&row, p, (uintptr_t)bytes.p, scan_lines64(p, &odd));
		if (unlikely_true(lf != 0 || row > rows + SIP_HEADERS_MAX))
			break;
	}
	lines.count = lines.named = (uint16_t)(row - rows);
	lines.odd = scan_odd_any(odd);
	if (p <= near) {
		lines.ended = lines_take(&lines.count, rows, bytes, p, lf);
		lines_limit(&lines, rows);
		p += 64;
	} else {
		lines = lines_find_end(lines, rows, bytes, p);
	}
	if (unlikely_true(!lines.ended))
		lines = lines_find_rest(lines, rows, bytes, p);
	if (likely_true(!lines.overflow && lines.count > 0))
		lines.last = rows[lines.count - 1].line;
	return lines;
}

#endif
