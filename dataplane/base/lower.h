/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names in lower case, eight letters at a time: hosts are looked up by them for each request. */
#ifndef BASE_LOWER_H
#define BASE_LOWER_H

#include "base/span.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that are no letters stay, those above 0x7f too. */
static inline uint64_t word_lower(uint64_t word)
{
	const uint64_t each = 0x0101010101010101ULL;
	uint64_t low = word & each * 0x7f;
	uint64_t from_a = low + each * (0x80 - 'A');
	uint64_t behind_z = low + each * (0x80 - 'Z' - 1);
	uint64_t capitals = from_a & ~behind_z & ~word & each * 0x80;

	return word | capitals >> 2;
}

static inline void word_lower_copy(const char *from, char *to)
{
	uint64_t word;

	memcpy(&word, from, sizeof(word));
	word = word_lower(word);
	memcpy(to, &word, sizeof(word));
}

/* Writes the text in lower case, ASCII only, whatever the locale (RFC 4343); `out` has room for its length.
 */
static inline struct span span_lower(struct span text, char *out)
{
	size_t i = 0;

	if (text.len < sizeof(uint64_t)) {
		for (; i < text.len; i++)
			out[i] = (char)word_lower((unsigned char)text.p[i]);
		return span_of(out, text.len);
	}
	for (; text.len - i > sizeof(uint64_t); i += sizeof(uint64_t))
		word_lower_copy(text.p + i, out + i);
	/* The last word may overlap the one before it. */
	i = text.len - sizeof(uint64_t);
	word_lower_copy(text.p + i, out + i);
	return span_of(out, text.len);
}

#endif
