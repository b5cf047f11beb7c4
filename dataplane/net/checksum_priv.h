/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Internet checksum (RFC 1071) over headers and over payloads that lie in chains of segments. */
#ifndef NET_CHECKSUM_PRIV_H
#define NET_CHECKSUM_PRIV_H

#include "base/addr.h"

#include <stddef.h>
#include <stdint.h>

struct rte_mbuf;

/*
 * The checksum of a sum of words, in memory order. A number and its own halves exchanged add up to both
 * halves and the carry out of them in the upper one: what RFC 1071 wants of two words, and so of 64 bits and
 * of 32.
 */
static inline uint16_t checksum_fold(uint64_t sum)
{
	uint32_t half = (uint32_t)((sum + (sum << 32 | sum >> 32)) >> 32);

	return (uint16_t) ~((half + (half << 16 | half >> 16)) >> 16);
}

/* The value for a header's checksum field, as it lies in memory; 0 when the header includes a correct one. */
uint16_t checksum_header(const void *bytes, size_t len);

/*
 * The same for `len` bytes at `offset` of the chain, under the pseudo header of RFC 768 or RFC 8200 8.1 when
 * src is given (ICMP for IPv4 has none). The chain must hold offset + len bytes.
 */
struct checksum_pseudo {
	const struct ip_addr *src;
	const struct ip_addr *dst;
	uint8_t proto;
};
uint16_t checksum_mbuf(
	const struct rte_mbuf *mbuf, uint32_t offset, uint32_t len, const struct checksum_pseudo *pseudo);

/* The pseudo header's sum alone, not inverted: what devices that compute the rest want to find in the field.
 */
uint16_t checksum_pseudo_sum(const struct checksum_pseudo *pseudo, uint32_t len);

#endif
