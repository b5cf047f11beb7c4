/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which header and which method a name is. The first two letters of a header's name and its length choose one
 * row of a table, in which no other name stands (header.def); the row either is the name or no row is. That
 * takes no branch that depends on the name.
 */
#ifndef SIP_NAMES_PRIV_H
#define SIP_NAMES_PRIV_H

#include "base/ensure.h"
#include "base/span.h"
#include "sip/names.h"
#include "sip/scan.h"

enum { HEADER_SLOTS = 64 };

struct header_name {
	char text[31]; /* in lower case, with a colon behind it */
	uint8_t id;    /* enum sip_header_id */
};

extern const struct header_name header_names[HEADER_SLOTS];

/*
 * The factor is one of those by which no two names get the same slot; where a new name does, the compiler
 * says that a row of header_names is overwritten, and another factor has to be tried. Bit 5 is set in both
 * letters, so that their case does not matter.
 */
#define HEADER_HASH(letters, len) \
	((((uint32_t)(letters) | (uint32_t)(len) << 16 | 0x2020) * 0x98aa045fU) >> 26)
#define HEADER_SLOT(first, second, len) HEADER_HASH((first) | (second) << 8, len)

/*
 * The row of the header whose name, in any case (RFC 3261 7.3.1), begins at p and ends before the lowest bit
 * of `colons`: bit n is the n-th of 32 bytes, which may be read. NULL for every other name, and when there is
 * no colon or no name. Case is set aside by bit 5. Of the bytes that differ in nothing else from one of a
 * name, CR would become '-', but CR never gets here alone; and the colon is known to be one.
 */
static inline const struct header_name *header_at(const char *p, uint32_t colons)
{
	const struct header_name *row;
	uint16_t letters;

	memcpy(&letters, p, sizeof(letters));
	row = &header_names[HEADER_HASH(letters, scan_first(colons))];
	/* Without a colon all 32 bytes count, and behind the colon of a row stands what is like no byte. */
	return likely_true((scan_unlike(p, row->text) & (colons ^ (colons - 1))) == 0) ? row : NULL;
}

/* ... for a name that is by itself. */
enum sip_header_id sip_header_lookup(struct span name);

/* The method with that name, case-sensitive (RFC 3261 7.1); SIP_UNKNOWN for every other token. */
enum sip_method sip_method_lookup(struct span name, const char *limit);

#endif
