/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bulk of a checksum: the sum of many 16-bit words, in memory order. The one place where the instruction
 * set is chosen.
 */
#ifndef NET_SUM_PRIV_H
#define NET_SUM_PRIV_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __AVX2__
#include <immintrin.h>
#endif

/*
 * sum_blocks: len is a multiple of SUM_BLOCK and at most 64 KiB. The result is a sum of words, to be folded.
 */
#ifdef __AVX2__
enum { SUM_BLOCK = 32 };

/* Two signed words at a time are all that an instruction adds, so each is taken 2^15 lower, and that is given
 * back at the end. */
static inline __m256i sum_pairs(__m256i sums, const uint8_t *p)
{
	__m256i words = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i lowered = _mm256_xor_si256(words, _mm256_set1_epi16(INT16_MIN));

	return _mm256_add_epi32(sums, _mm256_madd_epi16(lowered, _mm256_set1_epi16(1)));
}

static inline uint64_t sum_blocks(const uint8_t *p, size_t len)
{
	__m256i even = _mm256_setzero_si256();
	__m256i odd = _mm256_setzero_si256();
	const uint8_t *end = p + len;
	__m256i wide;
	__m128i half;

	for (; end - p >= 2 * SUM_BLOCK; p += 2 * SUM_BLOCK) {
		even = sum_pairs(even, p);
		odd = sum_pairs(odd, p + SUM_BLOCK);
	}
	if (p < end)
		even = sum_pairs(even, p);
	wide = _mm256_add_epi64(_mm256_cvtepi32_epi64(_mm256_castsi256_si128(even)),
		_mm256_cvtepi32_epi64(_mm256_extracti128_si256(even, 1)));
	wide = _mm256_add_epi64(wide, _mm256_cvtepi32_epi64(_mm256_castsi256_si128(odd)));
	wide = _mm256_add_epi64(wide, _mm256_cvtepi32_epi64(_mm256_extracti128_si256(odd, 1)));
	half = _mm_add_epi64(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
	return (uint64_t)(_mm_cvtsi128_si64(half) + _mm_extract_epi64(half, 1)) + (len / 2 << 15);
}
#else
enum { SUM_BLOCK = 8 };

static inline uint64_t sum_blocks(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;
	uint64_t word;

	for (size_t i = 0; i < len; i += SUM_BLOCK) {
		memcpy(&word, p + i, sizeof(word));
		sum += (word & 0xffffffff) + (word >> 32);
	}
	return sum;
}
#endif

#endif
