/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines that are not plain, or near the end of the bytes, where a whole block cannot be looked at (RFC 3261
 * 7). */
#include "sip/lines_priv.h"
#include "sip/scan_tail.h"

#include <string.h>

enum line_kind odd_line_kind(const char *line, const char *end)
{
	if (*line == ' ' || *line == '\t')
		return LINE_FOLDED;
	if (*line != '\r')
		return LINE_HEADER;
	if (end - line < 2)
		return LINE_UNKNOWN;
	return line[1] == '\n' ? LINE_EMPTY : LINE_HEADER;
}

/* The last block, of at most 64 bytes. Behind an LF that ends the bytes no line begins, except the first. */
static bool lines_take_tail(struct lines *lines, struct sip_header *rows, struct span bytes, const char *p)
{
	size_t len = (size_t)(span_end(bytes) - p);
	struct scan_marks marks = scan_mark(p, len, bytes.p);
	uint64_t known = len > 0 ? ~(1ULL << (len - 1)) : 0;
	bool ended = lines_take(&lines->count, rows, bytes, p, marks.lf & known);

	if (lines->count == 0 && (marks.lf & ~known) != 0)
		rows[lines->count++].line = (uint32_t)bytes.len;
	lines->odd |= marks.odd != 0;
	return ended;
}

struct lines lines_find_rest(struct lines lines, struct sip_header *rows, struct span bytes, const char *p)
{
	const char *end = span_end(bytes);
	scan_odd odd = scan_odd_none();

	for (; !lines.ended && end - p > 64; p += 64) {
		uint64_t lf = scan_lines64(p, &odd);

		lines.ended = lines_take(&lines.count, rows, bytes, p, lf);
		lines_limit(&lines, rows);
	}
	lines.odd |= scan_odd_any(odd);
	if (!lines.ended)
		lines.ended = lines_take_tail(&lines, rows, bytes, p);
	lines_limit(&lines, rows);
	return lines;
}

struct lines lines_find_end(struct lines lines, struct sip_header *rows, struct span bytes, const char *p)
{
	/* A byte before, two blocks, and what is looked at behind them for a name. */
	char copy[1 + 128 + 32] = {0};
	const size_t len = (size_t)(span_end(bytes) - p);
	struct sip_header *row = rows + lines.count;
	scan_odd odd = scan_odd_none();
	uint64_t lf = 0;
	size_t at;

	ensure(len < 64 + 32);
	memcpy(copy, p - 1, len + 1);
	for (at = 0; lf == 0 && at < 128; at += 64) {
		const char *block = copy + 1 + at;

		lf = scan_lines64(block, &odd);
		lf = lines_name(&row, block, (uintptr_t)block - (size_t)(p - bytes.p) - at, lf);
	}
	at = at - 64 + 1 + (size_t)__builtin_ctzll(lf | 1ULL << 63);
	if (at + 2 > len || memcmp(p + at, "\r\n", 2) != 0 || row - rows > SIP_HEADERS_MAX)
		return lines;
	row->line = (uint32_t)(p - bytes.p + at);
	lines.named = (uint16_t)(row - rows);
	lines.count = lines.named + 1;
	lines.odd |= scan_odd_any(odd);
	lines.ended = true;
	return lines;
}

bool lines_are_odd(const char *begin, const char *end)
{
	for (const char *block = begin + 1; block < end; block += 64) {
		size_t len = (size_t)(end - block) < 64 ? (size_t)(end - block) : 64;

		if (scan_mark(block, len, begin).odd != 0)
			return true;
	}
	return false;
}
