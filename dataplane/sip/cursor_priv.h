/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A reader's place in a field. Line ends inside a field are those of folded lines (the line scanner has seen
 * to that), so they are blanks here (RFC 3261 25.1, LWS).
 */
#ifndef SIP_CURSOR_PRIV_H
#define SIP_CURSOR_PRIV_H

#include "base/ensure.h"
#include "base/span.h"
#include "sip/charset_priv.h"
#include "sip/scan.h"

struct cursor {
	const char *p;
	const char *end;
	const char *limit; /* loads may reach to here; >= end */
};

static inline struct cursor cursor_of(struct span text, const char *limit)
{
	return (struct cursor){text.p, span_end(text), limit};
}

static inline bool cursor_done(const struct cursor *c)
{
	return c->p >= c->end;
}

static inline bool cursor_at(const struct cursor *c, char wanted)
{
	return c->p < c->end && *c->p == wanted;
}

static inline bool cursor_accept(struct cursor *c, char wanted)
{
	if (!cursor_at(c, wanted))
		return false;
	c->p++;
	return true;
}

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline void cursor_skip_blanks(struct cursor *c)
{
	while (c->p < c->end && unlikely_true((unsigned char)*c->p <= ' ') && is_blank(*c->p))
		c->p++;
}

/*
 * Takes `wanted` and the blanks around it; nearly always there are none. Returns false when something else
 * stands behind the blanks, which are gone then too.
 */
static inline bool cursor_accept_separator(struct cursor *c, char wanted)
{
	if (!cursor_at(c, wanted)) {
		if (likely_true(cursor_done(c) || (unsigned char)*c->p > ' '))
			return false;
		cursor_skip_blanks(c);
		if (!cursor_at(c, wanted))
			return false;
	}
	c->p++;
	cursor_skip_blanks(c);
	return true;
}

/* Takes the longest run of bytes in the class; it may be empty. */
static inline struct span cursor_take(struct cursor *c, const struct scan_class *class)
{
	const char *begin = c->p;

	c->p = scan_while(begin, c->end, c->limit, class);
	return span_from(begin, c->p);
}

/* Whether a text of at least one byte is of a class; looked at once when it is of at most 32 or 64. */
static inline bool is_all(struct span text, const char *limit, const struct scan_class *class)
{
	if (likely_true(text.len - 1 < 32 && limit - text.p >= 32))
		return scan_outside(text.p, class) << (32 - text.len) == 0;
	if (likely_true(text.len - 1 < 64 && limit - text.p >= 64))
		return scan_outside64(text.p, class) << (64 - text.len) == 0;
	return !span_empty(text) && scan_while(text.p, span_end(text), limit, class) == span_end(text);
}

/* Skips to the first byte in the class, or to the end. */
static inline void cursor_skip_until(struct cursor *c, const struct scan_class *class)
{
	c->p = scan_until(c->p, c->end, c->limit, class);
}

/*
 * Takes a quoted string, quotes included; the cursor stands on the opening one. A backslash protects the byte
 * behind it. Returns false when it never ends.
 */
static inline bool cursor_take_quoted(struct cursor *c, struct span *ret_quoted)
{
	const char *begin = c->p++;

	for (;;) {
		cursor_skip_until(c, &class_quoted_stop);
		if (cursor_done(c))
			return false;
		if (*c->p++ == '"') {
			*ret_quoted = span_from(begin, c->p);
			return true;
		}
		if (cursor_done(c))
			return false;
		c->p++;
	}
}

/*
 * Takes a decimal number of at most `max`, at least one digit. Returns false when there is none or it is
 * larger; the cursor is then anywhere in it.
 */
static inline bool cursor_take_number(struct cursor *c, uint32_t max, uint32_t *ret_number)
{
	const char *p = c->p;
	uint64_t number = 0;

	for (; p < c->end; p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (digit > 9)
			break;
		number = number * 10 + digit;
		if (unlikely_true(number > max))
			return false;
	}
	if (p == c->p)
		return false;
	c->p = p;
	*ret_number = (uint32_t)number;
	return true;
}

#endif
