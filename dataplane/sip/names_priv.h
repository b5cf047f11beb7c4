/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which header and which method a name is. The first and the last letter of a header's name and its length
 * choose one row of a table, in which no other name stands (header.def); the row either is the name or no row
 * is. That takes no branch that depends on the name.
 */
#ifndef SIP_NAMES_PRIV_H
#define SIP_NAMES_PRIV_H

#include "base/ensure.h"
#include "base/span.h"
#include "sip/names.h"
#include "sip/scan.h"

enum { HEADER_SLOTS = 64 };

struct header_name {
	char text[31]; /* with a colon behind it */
	uint8_t id;    /* enum sip_header_id */
};

extern const struct header_name header_names[HEADER_SLOTS];

/*
 * The factors are some of those by which no two names get the same slot; where a new name does, the compiler
 * says that a row of header_names is overwritten, and other factors have to be tried.
 */
#define HEADER_SLOT(first, last, len) \
	((((unsigned)(first)&31) + ((unsigned)(last)&31) * 6 + (unsigned)(len)*52) % HEADER_SLOTS)

/* The header with that compact form (RFC 3261 7.3.3). */
enum sip_header_id header_compact(char c);

/*
 * The header whose name or compact form, in any case (RFC 3261 7.3.1), begins at p and ends before the lowest
 * bit of `colons`: bit n is the n-th of 32 bytes, which may be read, as may the byte before p. SIP_HDR_OTHER
 * for every other name. Case is set aside by bit 5. Of the bytes that differ in nothing else from one of a
 * name, CR would become '-', but CR never gets here alone; and the colon is known to be one.
 */
static inline unsigned header_at(const char *p, uint32_t colons)
{
	unsigned len = (unsigned)__builtin_ctz(colons);
	const struct header_name *row = &header_names[HEADER_SLOT(p[0], p[(int)len - 1], len)];

	if (likely_true((scan_unlike(p, row->text) & (colons ^ (colons - 1))) == 0))
		return row->id;
	return len == 1 ? header_compact(*p) : SIP_HDR_OTHER;
}

/* ... for a name that is by itself. */
enum sip_header_id sip_header_lookup(struct span name);

/* The method with that name, case-sensitive (RFC 3261 7.1); SIP_UNKNOWN for every other token. */
enum sip_method sip_method_lookup(struct span name, const char *limit);

#endif
