/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scan.h with 32 bytes to the instruction. `limit` is how far loads may reach: the end of the received bytes,
 * which lies far behind the end of most fields, so that a field needs no loop for its tail.
 */
#ifndef SIP_SCAN_AVX2_H
#define SIP_SCAN_AVX2_H

#include "base/ensure.h"
#include "sip/scan.h"

#include <immintrin.h>
#include <string.h>

/* The number of the lowest bit that is set, or 32: what the instruction yields, and compilers do not rely on.
 */
static inline unsigned scan_first_avx2(uint32_t bits)
{
	return _tzcnt_u32(bits);
}

/* Bit n: the n-th of 32 bytes is not in the class. */
static inline uint32_t scan_outside_avx2(const char *p, const struct scan_class *class)
{
	const __m256i rows = _mm256_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2,
		4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0);
	/*
	 * A shuffle ignores bits 4 to 6 of an index. One byte is unlike the others in them because the
	 * compiler would compute a vector of equal bytes each time instead of loading it.
	 */
	const __m256i nibble = _mm256_setr_epi8(31, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,
		15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15);
	__m256i columns = _mm256_loadu_si256((const __m256i *)(const void *)class->low);
	__m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble);
	/* A shuffle yields 0 for an index above 0x7f, so that such bytes are in no class. */
	__m256i in = _mm256_and_si256(_mm256_shuffle_epi8(columns, bytes), _mm256_shuffle_epi8(rows, high));

	return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(in, _mm256_setzero_si256()));
}

/* ... of 64 bytes. */
static inline uint64_t scan_outside64_avx2(const char *p, const struct scan_class *class)
{
	return (uint64_t)scan_outside_avx2(p + 32, class) << 32 | scan_outside_avx2(p, class);
}

/* The rest of a field that is longer than 32 bytes or ends near the limit. */
static __attribute__((noinline, unused)) const char *scan_long_avx2(
	const char *p, const char *end, const char *limit, const struct scan_class *class, bool member)
{
	while (p < end && limit - p >= 32) {
		uint32_t outside = scan_outside_avx2(p, class);
		uint32_t stops = member ? outside : ~outside;

		if (stops != 0) {
			p += __builtin_ctz(stops);
			return p < end ? p : end;
		}
		p += 32;
	}
	while (p < end && scan_has(class, *p) == member)
		p++;
	return p < end ? p : end;
}

/* The first byte in [p, end) whose membership is not `member`, or end. Most fields end within 32 bytes. */
static inline __attribute__((always_inline)) const char *scan_run_avx2(
	const char *p, const char *end, const char *limit, const struct scan_class *class, bool member)
{
	if (likely_true(limit - p >= 32)) {
		uint32_t outside = scan_outside_avx2(p, class);
		uint32_t stops = member ? outside : ~outside;

		if (likely_true(stops != 0)) {
			p += __builtin_ctz(stops);
			return p < end ? p : end;
		}
	}
	return scan_long_avx2(p, end, limit, class, member);
}

static inline const char *scan_while_avx2(
	const char *p, const char *end, const char *limit, const struct scan_class *class)
{
	return scan_run_avx2(p, end, limit, class, true);
}

static inline const char *scan_until_avx2(
	const char *p, const char *end, const char *limit, const struct scan_class *class)
{
	return scan_run_avx2(p, end, limit, class, false);
}

/* Bit n: the n-th of 32 bytes is c. */
static inline uint32_t scan_equal_avx2(const char *p, char c)
{
	__m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)p);

	return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(c)));
}

/* Bit n: the n-th of 32 bytes, made lower case by bit 5, is another one than in `text`. */
static inline uint32_t scan_unlike_avx2(const char *p, const char *text)
{
	const __m256i lower = _mm256_set1_epi8(0x20);
	__m256i left = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i right = _mm256_loadu_si256((const __m256i *)(const void *)text);
	__m256i same = _mm256_cmpeq_epi8(_mm256_or_si256(left, lower), right);

	return ~(uint32_t)_mm256_movemask_epi8(same);
}

#endif
