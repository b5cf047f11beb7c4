/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of the header table: the name that a line begins with. */
#ifndef SIP_HEADERS_PRIV_H
#define SIP_HEADERS_PRIV_H

#include "base/ensure.h"
#include "sip/cursor_priv.h"
#include "sip/msg.h"
#include "sip/names_priv.h"

/*
 * Returns whether the line begins with a name of the table, or with another one of more than the one letter
 * of a compact form, and a colon; 32 bytes of it may be read.
 */
static inline __attribute__((always_inline)) bool header_read(struct sip_header *header, const char *line)
{
	uint32_t colons = scan_equal(line, ':');
	const struct header_name *name = header_at(line, colons);

	header->colon = (uint16_t)scan_first(colons);
	if (likely_true(name != NULL)) {
		header->id = name->id;
		return true;
	}
	header->id = SIP_HDR_OTHER;
	return colons != 0 && (colons & 3) == 0 &&
	       (scan_outside(line, &class_token) & (colons ^ (colons - 1)) >> 1) == 0;
}

/* ... when fewer can be read. */
static inline bool near_header_read(struct sip_header *header, const char *line, const char *end)
{
	char copy[32] = {0};

	if (end - line >= 32)
		return header_read(header, line);
	memcpy(copy, line, (size_t)(end - line));
	return header_read(header, copy);
}

/* The colon of a line, or NULL. A name and the blanks behind it stand in one line (RFC 3261 7.3.1). */
static inline const char *colon_in(struct span line)
{
	const char *colon = memchr(line.p, ':', line.len);

	return colon && !memchr(line.p, '\n', (size_t)(colon - line.p)) ? colon : NULL;
}

/* A line that has no name and colon among its first bytes, or a compact form. Returns false when it is no
 * header. */
static inline bool odd_header_read(struct sip_header *header, struct span line, const char *limit)
{
	const char *colon = colon_in(line);
	struct span name;

	header->id = SIP_HDR_OTHER;
	header->colon = 0;
	if (!colon)
		return false;
	/* A header whose colon is farther away is too long, however far. */
	header->colon = (uint16_t)(colon - line.p < UINT16_MAX ? colon - line.p : UINT16_MAX);
	name = span_from(line.p, colon);
	while (!span_empty(name) && is_blank(span_end(name)[-1]))
		name.len--;
	header->id = (uint8_t)sip_header_lookup(name);
	return is_all(name, limit, &class_token); /* RFC 3261 25.1, header-name */
}

#endif
