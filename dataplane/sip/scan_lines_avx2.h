/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scan.h with 32 bytes to the instruction: the line ends of a block. */
#ifndef SIP_SCAN_LINES_AVX2_H
#define SIP_SCAN_LINES_AVX2_H

#include "sip/scan.h"

#include <immintrin.h>

/* Where bytes are not a line end although they must be, or the other way round: gathered over many. */
typedef __m256i scan_odd_avx2;

static inline scan_odd_avx2 scan_odd_none_avx2(void)
{
	return _mm256_setzero_si256();
}

static inline bool scan_odd_any_avx2(scan_odd_avx2 odd)
{
	return _mm256_testz_si256(odd, odd) == 0;
}

/* Bit n: the n-th of 32 bytes is an LF; *odd has all bits of a byte that is odd (scan.h). */
static inline uint32_t scan_lines32_avx2(const char *p, __m256i *odd)
{
	__m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i before = _mm256_loadu_si256((const __m256i *)(const void *)(p - 1));
	__m256i lf = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\n'));
	__m256i behind_cr = _mm256_cmpeq_epi8(before, _mm256_set1_epi8('\r'));

	*odd = _mm256_xor_si256(lf, behind_cr);
	return (uint32_t)_mm256_movemask_epi8(lf);
}

/* Marks 64 bytes; the byte before them is read too. */
static inline struct scan_marks scan_mark64_avx2(const char *p)
{
	__m256i low, high;
	uint64_t low_lf = scan_lines32_avx2(p, &low);
	uint64_t high_lf = scan_lines32_avx2(p + 32, &high);
	uint64_t low_odd = (uint32_t)_mm256_movemask_epi8(low);
	uint64_t high_odd = (uint32_t)_mm256_movemask_epi8(high);

	return (struct scan_marks){high_lf << 32 | low_lf, high_odd << 32 | low_odd};
}

/* Returns the LFs of 64 bytes, and adds to *odd what is odd of them; the byte before them is read too. */
static inline uint64_t scan_lines64_avx2(const char *p, scan_odd_avx2 *odd)
{
	__m256i low, high;
	uint64_t low_lf = scan_lines32_avx2(p, &low);
	uint64_t high_lf = scan_lines32_avx2(p + 32, &high);

	*odd = _mm256_or_si256(*odd, _mm256_or_si256(low, high));
	return high_lf << 32 | low_lf;
}

#endif
