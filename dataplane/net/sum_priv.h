/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sum of many 16-bit words, in memory order, that a checksum is folded from. The one place where the
 * instruction set is chosen.
 */
#ifndef NET_SUM_PRIV_H
#define NET_SUM_PRIV_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __AVX2__
#include <immintrin.h>
#endif

enum {
	SUM_BLOCK = 32,
	SUM_LONG_MAX = 65536 /* whatever the words are, 32 bits with a sign hold what is added up of them */
};

/* Eight bytes. */
static inline uint64_t sum_word(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return (word & 0xffffffff) + (word >> 32);
}

/* Any number of bytes. Sums of 32-bit words in 64 bits: no carry is lost below 2^32 words. */
static inline uint64_t sum_short(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;
	uint32_t word;
	uint16_t half;

	for (; len >= sizeof(word); len -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum += word;
	}
	if (len & 2) {
		memcpy(&half, p, sizeof(half));
		sum += half;
		p += 2;
	}
	return len & 1 ? sum + *p : sum;
}

/* sum_long: an even number of bytes, from SUM_BLOCK to SUM_LONG_MAX. */
#ifdef __AVX2__
/* Two signed words at a time are all that an instruction adds, so each is taken 2^15 lower, and that is given
 * back at the end. */
static inline __m256i sum_pairs(__m256i sums, __m256i words)
{
	__m256i lowered = _mm256_xor_si256(words, _mm256_set1_epi16(INT16_MIN));

	return _mm256_add_epi32(sums, _mm256_madd_epi16(lowered, _mm256_set1_epi16(1)));
}

static inline __m256i sum_load(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

static inline int32_t sum_lanes(__m256i lanes)
{
	__m128i four = _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
	__m128i two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));

	return _mm_cvtsi128_si32(two) + _mm_extract_epi32(two, 1);
}

/* The last block overlaps the one before it, whose bytes are masked out: zeros, which are lowered as well. */
static inline uint64_t sum_long(const uint8_t *p, size_t len)
{
	static const uint8_t mask[2 * SUM_BLOCK] = {[SUM_BLOCK... 2 * SUM_BLOCK - 1] = 0xff};
	int64_t lowered_by = (int64_t)(len / SUM_BLOCK + 1) * (SUM_BLOCK / 2) << 15;
	__m256i last = _mm256_and_si256(sum_load(p + len - SUM_BLOCK), sum_load(mask + len % SUM_BLOCK));
	__m256i sums = sum_pairs(_mm256_setzero_si256(), last);

	for (size_t fours = len / SUM_BLOCK / 4; fours > 0; fours--, p += 4 * SUM_BLOCK) {
		sums = sum_pairs(sums, sum_load(p));
		sums = sum_pairs(sums, sum_load(p + SUM_BLOCK));
		sums = sum_pairs(sums, sum_load(p + 2 * SUM_BLOCK));
		sums = sum_pairs(sums, sum_load(p + 3 * SUM_BLOCK));
	}
	for (size_t ones = len / SUM_BLOCK % 4; ones > 0; ones--, p += SUM_BLOCK)
		sums = sum_pairs(sums, sum_load(p));
	return (uint64_t)(sum_lanes(sums) + lowered_by);
}
#else
static inline uint64_t sum_long(const uint8_t *p, size_t len)
{
	return sum_short(p, len);
}
#endif

/* Any number of bytes up to SUM_LONG_MAX. The last one of an odd number is the first half of its word. */
static inline uint64_t sum_bytes(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	size_t even = len & ~(size_t)1;

	if (even < SUM_BLOCK)
		return sum_short(p, len);
	return sum_long(p, even) + (len & 1 ? p[even] : 0);
}

#endif
