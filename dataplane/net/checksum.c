/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Internet checksum. DPDK's rte_raw_cksum_mbuf() swaps a sum of 32 bits as if it were one of 16 when a
 * segment begins at an odd offset, and so loses carries; a reassembled datagram has such segments, hence this
 * file. Sums are taken in memory order: RFC 1071 2 (B), the byte order does not matter.
 */
#include "net/checksum_priv.h"

#include "base/ensure.h"

#include <rte_mbuf.h>

#include <string.h>

static uint16_t sum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Sums of 32-bit words in 64 bits: no carry is lost below 2^32 words. */
static uint64_t sum_bytes(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint64_t even = 0;
	uint64_t odd = 0;
	uint64_t words[4];
	uint32_t word;
	uint8_t rest[4] = {0};

	for (; len >= sizeof(words); len -= sizeof(words), p += sizeof(words)) {
		memcpy(words, p, sizeof(words));
		even += (words[0] & 0xffffffff) + (words[1] & 0xffffffff) + (words[2] & 0xffffffff) +
			(words[3] & 0xffffffff);
		odd += (words[0] >> 32) + (words[1] >> 32) + (words[2] >> 32) + (words[3] >> 32);
	}
	for (; len >= sizeof(word); len -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		even += word;
	}
	memcpy(rest, p, len);
	memcpy(&word, rest, sizeof(word));
	return even + odd + word;
}

uint16_t checksum_header(const void *bytes, size_t len)
{
	return (uint16_t)~sum_fold(sum_bytes(bytes, len));
}

static uint64_t sum_mbuf(const struct rte_mbuf *seg, uint32_t offset, uint32_t len)
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

static uint64_t pseudo_sum(const struct checksum_pseudo *pseudo, uint32_t len)
{
	size_t addr_len = pseudo->src->family == IP_V4 ? 4 : 16;
	uint32_t tail[2] = {rte_cpu_to_be_32(len), rte_cpu_to_be_32(pseudo->proto)};

	return sum_bytes(pseudo->src->bytes, addr_len) + sum_bytes(pseudo->dst->bytes, addr_len) +
	       sum_bytes(tail, sizeof(tail));
}

uint16_t checksum_mbuf(
	const struct rte_mbuf *mbuf, uint32_t offset, uint32_t len, const struct checksum_pseudo *pseudo)
{
	uint64_t sum = sum_mbuf(mbuf, offset, len);

	if (pseudo)
		sum += pseudo_sum(pseudo, len);
	return (uint16_t)~sum_fold(sum);
}

uint16_t checksum_pseudo_sum(const struct checksum_pseudo *pseudo, uint32_t len)
{
	return sum_fold(pseudo_sum(pseudo, len));
}
