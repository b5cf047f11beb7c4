/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A span is a view of bytes that somebody else owns: a field of a received message, a token of the
 * configuration. It is never NUL-terminated and never outlives the bytes it points into.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct span {
	const char *p;
	size_t len;
};

/* For printf: ("%.*s", SPAN_ARG(s)). */
#define SPAN_ARG(s) (int)(s).len, (s).p

/* A string literal as a span, usable in initialisers. */
#define SPAN_LIT(lit)                  \
	{                              \
		(lit), sizeof(lit) - 1 \
	}

static inline struct span span_of(const char *p, size_t len)
{
	return (struct span){p, len};
}

static inline struct span span_from(const char *begin, const char *end)
{
	return (struct span){begin, (size_t)(end - begin)};
}

static inline struct span span_str(const char *s)
{
	return (struct span){s, strlen(s)};
}

static inline bool span_empty(struct span s)
{
	return s.len == 0;
}

/* An empty span may have no pointer; C defines no sum with a null pointer, not even of 0, but integers add.
 */
static inline const char *span_end(struct span s)
{
	return (const char *)((uintptr_t)s.p + s.len);
}

static inline bool span_eq(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* ASCII case is ignored; every name in SIP and DNS compares so. */
static inline bool span_ieq(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || strncasecmp(a.p, b.p, a.len) == 0);
}

static inline bool span_eq_str(struct span a, const char *s)
{
	return span_eq(a, span_str(s));
}

static inline bool span_ieq_str(struct span a, const char *s)
{
	return span_ieq(a, span_str(s));
}

/* Cuts blanks, tabs, CR and LF off both ends. */
static inline struct span span_trim(struct span s)
{
	while (s.len > 0 && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\r' || s.p[0] == '\n')) {
		s.p++;
		s.len--;
	}
	while (s.len > 0) {
		char c = s.p[s.len - 1];
		if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
			break;
		s.len--;
	}
	return s;
}

/*
 * Reads a run of decimal digits that fills the whole span.
 * Returns 0 and sets *ret_value, or -1 when it is empty, holds another byte, or exceeds max.
 */
static inline int span_to_u64(struct span s, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (s.len == 0)
		return -1;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned char)s.p[i] - '0';
		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return -1;
		value = value * 10 + digit;
	}
	if (value > max)
		return -1;
	*ret_value = value;
	return 0;
}

#endif
