/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key schedule of AES-128 (FIPS 197 5.2). The instruction wants its constant at compile time. */
#include "base/aes.h"

/* Each word of the next round key is the sum of the words of the last one up to it, and of `assist`. */
static __m128i next_round(__m128i last, __m128i assist)
{
	last = _mm_xor_si128(last, _mm_slli_si128(last, 4));
	last = _mm_xor_si128(last, _mm_slli_si128(last, 8));
	return _mm_xor_si128(last, _mm_shuffle_epi32(assist, 0xff));
}

static __m128i store(struct aes_key *key, unsigned round, __m128i value)
{
	_mm_storeu_si128((__m128i *)(void *)key->rounds[round], value);
	return value;
}

#define ROUND(round, constant) \
	last = store(key, round, next_round(last, _mm_aeskeygenassist_si128(last, constant)))

void aes_key_init(struct aes_key *key, const uint8_t secret[static AES_BLOCK])
{
	__m128i last = store(key, 0, _mm_loadu_si128((const __m128i *)(const void *)secret));

	ROUND(1, 0x01);
	ROUND(2, 0x02);
	ROUND(3, 0x04);
	ROUND(4, 0x08);
	ROUND(5, 0x10);
	ROUND(6, 0x20);
	ROUND(7, 0x40);
	ROUND(8, 0x80);
	ROUND(9, 0x1b);
	ROUND(10, 0x36);
}
