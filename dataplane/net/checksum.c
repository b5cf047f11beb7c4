/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Internet checksum. DPDK's rte_raw_cksum_mbuf() swaps a sum of 32 bits as if it were one of 16 when a
 * segment begins at an odd offset, and so loses carries; a reassembled datagram has such segments, hence this
 * file. Sums are taken in memory order: RFC 1071 2 (B), the byte order does not matter.
 */
#include "net/checksum_priv.h"

#include "base/ensure.h"
#include "net/sum_priv.h"

#include <rte_mbuf.h>

#include <string.h>

static uint16_t sum_fold(uint64_t sum)
{
	return (uint16_t)~checksum_fold(sum);
}

uint16_t checksum_header(const void *bytes, size_t len)
{
	return checksum_fold(sum_bytes(bytes, len));
}

static uint64_t sum_chain(const struct rte_mbuf *seg, uint32_t offset, uint32_t len)
{
	uint64_t sum = 0;
	uint32_t done = 0;

	while (offset >= seg->data_len && len > 0) {
		offset -= seg->data_len;
		seg = seg->next;
		ensure(seg != NULL);
	}
	while (done < len) {
		uint32_t count = seg->data_len - offset;
		uint16_t part;

		if (count > len - done)
			count = len - done;
		part = sum_fold(sum_bytes(rte_pktmbuf_mtod_offset(seg, const void *, offset), count));
		/* After an odd number of bytes each byte stands in the other half of its word. */
		sum += (done & 1) ? (uint16_t)((part << 8) | (part >> 8)) : part;
		done += count;
		offset = 0;
		seg = seg->next;
		ensure(seg != NULL || done == len);
	}
	return sum;
}

static inline uint64_t sum_mbuf(const struct rte_mbuf *mbuf, uint32_t offset, uint32_t len)
{
	if (likely_true(offset + len <= mbuf->data_len))
		return sum_bytes(rte_pktmbuf_mtod_offset(mbuf, const void *, offset), len);
	return sum_chain(mbuf, offset, len);
}

static uint64_t address_sum(const struct ip_addr *ip)
{
	uint64_t low;
	uint64_t high;

	/* The bytes behind an IPv4 address are zero and add nothing. */
	memcpy(&low, ip->bytes, sizeof(low));
	memcpy(&high, ip->bytes + sizeof(low), sizeof(high));
	return (low & 0xffffffff) + (low >> 32) + (high & 0xffffffff) + (high >> 32);
}

static uint64_t pseudo_sum(const struct checksum_pseudo *pseudo, uint32_t len)
{
	return address_sum(pseudo->src) + address_sum(pseudo->dst) + rte_cpu_to_be_32(len) +
	       rte_cpu_to_be_32(pseudo->proto);
}

uint16_t checksum_mbuf(
	const struct rte_mbuf *mbuf, uint32_t offset, uint32_t len, const struct checksum_pseudo *pseudo)
{
	uint64_t sum = sum_mbuf(mbuf, offset, len);

	if (pseudo)
		sum += pseudo_sum(pseudo, len);
	return checksum_fold(sum);
}

uint16_t checksum_pseudo_sum(const struct checksum_pseudo *pseudo, uint32_t len)
{
	return sum_fold(pseudo_sum(pseudo, len));
}
