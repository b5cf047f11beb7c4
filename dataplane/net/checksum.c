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
	return (uint16_t)~checksum_fold(sum);
}

/* Four sums side by side; gcc and clang make vector instructions of it. */
typedef uint64_t lanes __attribute__((vector_size(32)));

static inline lanes lanes_load(const uint8_t *p)
{
	lanes v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Less than 8 bytes, without a copy: a load right behind shorter stores would wait for them. */
static inline uint64_t sum_rest(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;
	uint32_t word;
	uint16_t half;

	if (len & 4) {
		memcpy(&word, p, sizeof(word));
		sum += word;
		p += 4;
	}
	if (len & 2) {
		memcpy(&half, p, sizeof(half));
		sum += half;
		p += 2;
	}
	return len & 1 ? sum + *p : sum;
}

/* Sums of 32-bit words in 64 bits: no carry is lost below 2^32 words. */
static uint64_t sum_bytes(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	lanes low = {0};
	lanes high = {0};
	uint64_t sum = 0;
	uint64_t word;

	for (; len >= sizeof(lanes); len -= sizeof(lanes), p += sizeof(lanes)) {
		lanes v = lanes_load(p);
		low += v & 0xffffffff;
		high += v >> 32;
	}
	low += high;
	for (; len >= sizeof(word); len -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum += (word & 0xffffffff) + (word >> 32);
	}
	return sum + sum_rest(p, len) + low[0] + low[1] + low[2] + low[3];
}

uint16_t checksum_header(const void *bytes, size_t len)
{
	return checksum_fold(sum_bytes(bytes, len));
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
	return checksum_fold(sum);
}

uint16_t checksum_pseudo_sum(const struct checksum_pseudo *pseudo, uint32_t len)
{
	return sum_fold(pseudo_sum(pseudo, len));
}
