/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short names compared with literals. */
#ifndef SIP_LITERAL_PRIV_H
#define SIP_LITERAL_PRIV_H

#include "base/span.h"

/*
 * Whether a name is `literal`, which stands in lower case. len is a constant: one comparison, of two words
 * that overlap.
 */
static inline __attribute__((always_inline)) bool name_is(struct span name, const char *literal, size_t len)
{
	const size_t half = len < 4 ? 2 : 4;
	uint32_t first = 0, last = 0, first_wanted = 0, last_wanted = 0;

	if (name.len != len)
		return false;
	memcpy(&first, name.p, half);
	memcpy(&last, name.p + len - half, half);
	memcpy(&first_wanted, literal, half);
	memcpy(&last_wanted, literal + len - half, half);
	return (((first | 0x20202020) ^ (first_wanted | 0x20202020)) |
		       ((last | 0x20202020) ^ (last_wanted | 0x20202020))) == 0;
}

/* For literals of two to eight letters; another byte could be taken for one that differs from it in bit 5. */
#define NAME_IS(name, literal) name_is((name), (literal), sizeof(literal) - 1)

#endif
