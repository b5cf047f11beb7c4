/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks the lines of a message, 64 bytes at a time: where each line ends and where its first colon is. Every
 * CR must stand before an LF and every LF behind a CR (RFC 3261 7); the first that does not is remembered,
 * because a peer that takes it for a line end would see other headers than we do.
 */
#ifndef SIP_LINES_PRIV_H
#define SIP_LINES_PRIV_H

#include "base/ensure.h"
#include "sip/scan.h"

struct lines {
	const char *begin;
	const char *end;
	const char *block; /* the 64 bytes that lf and colon describe */
	const char *next;  /* the block behind it */
	const char
		*stray; /* right behind the first CR that stands alone, or the first LF that does; or NULL */
	uint64_t lf, colon; /* what lies behind the last line end given out */
	uint64_t cr_before; /* 1: the byte before `next` is a CR */
};

static inline __attribute__((always_inline)) void lines_load(struct lines *l)
{
	size_t left = (size_t)(l->end - l->next);
	size_t len = left < 64 ? left : 64;
	struct scan_marks marks = scan_mark(l->next, len, l->begin);
	uint64_t odd = ((marks.cr << 1) | l->cr_before) ^ marks.lf;

	l->block = l->next;
	l->next += len;
	l->lf = marks.lf;
	l->colon = marks.colon;
	l->cr_before = len == 64 ? marks.cr >> 63 : 0;
	if (len < 64)
		odd &= (1ULL << len) - 1;
	if (unlikely_true(odd != 0) && l->stray == NULL)
		l->stray = l->block + __builtin_ctzll(odd);
}

static inline void lines_init(struct lines *l, const char *begin, const char *end)
{
	l->begin = begin;
	l->end = end;
	l->block = begin;
	l->next = begin;
	l->stray = NULL;
	l->lf = 0;
	l->colon = 0;
	l->cr_before = 0;
}

/*
 * The next LF, or NULL when the bytes end before it. *ret_colon is the first colon behind the last line end,
 * or NULL; it may lie behind the LF found. Inlined so that the walk keeps its place in registers.
 */
static inline __attribute__((always_inline)) const char *lines_next(struct lines *l, const char **ret_colon)
{
	const char *colon = NULL;
	const char *lf;
	uint64_t passed;

	for (;;) {
		if (colon == NULL && l->colon != 0)
			colon = l->block + __builtin_ctzll(l->colon);
		if (l->lf != 0)
			break;
		if (l->next == l->end)
			return NULL;
		lines_load(l);
	}
	lf = l->block + __builtin_ctzll(l->lf);
	passed = l->lf ^ (l->lf - 1);
	l->lf &= ~passed;
	l->colon &= ~passed;
	*ret_colon = colon;
	return lf;
}

#endif
