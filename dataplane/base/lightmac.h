/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LightMAC (ISO/IEC 29192-6; Luykx, Preneel, Tischhauser and Yasuda, "A MAC Mode for Lightweight Block
 * Ciphers") over AES-128, with a counter of 16 bits: a block is 14 bytes of the message and its number. The
 * blocks do not wait for each other, so that the processor has several of them under way; the longest message
 * has 2^16 blocks.
 *
 * What is covered is given block by block. Whoever cuts a message into blocks sees to it that no two messages
 * give the same ones.
 */
#ifndef BASE_LIGHTMAC_H
#define BASE_LIGHTMAC_H

#include "base/aes.h"
#include "base/hash.h"

enum { LIGHTMAC_BYTES = 14, LIGHTMAC_BLOCKS_MAX = UINT16_MAX };

struct lightmac_key {
	struct aes_key blocks;
	struct aes_key tag;
};

/* A copy goes on from where it was taken: what two messages begin with is taken in once. */
struct lightmac {
	const struct lightmac_key *key;
	__m128i sum;
	__m128i number; /* of the next block, in the upper two bytes; the others are 0 */
};

/* Both keys come from the one secret. */
void lightmac_key_init(struct lightmac_key *key, const struct hash_key *secret);

static inline struct lightmac lightmac_begin(const struct lightmac_key *key)
{
	return (struct lightmac){key, _mm_setzero_si128(), _mm_set_epi16(1, 0, 0, 0, 0, 0, 0, 0)};
}

/* The lower 14 bytes count. At most LIGHTMAC_BLOCKS_MAX blocks. */
static inline void lightmac_block(struct lightmac *mac, __m128i bytes)
{
	__m128i block = _mm_blend_epi16(bytes, mac->number, 0x80);

	mac->sum = _mm_xor_si128(mac->sum, aes_encrypt(&mac->key->blocks, block));
	mac->number = _mm_add_epi16(mac->number, _mm_set_epi16(1, 0, 0, 0, 0, 0, 0, 0));
}

/* The tag, with the last eight bytes of the message and the padding behind them. */
static inline uint64_t lightmac_end(const struct lightmac *mac, uint64_t last)
{
	__m128i sum = _mm_xor_si128(mac->sum, _mm_set_epi64x(0x80, (long long)last));

	return (uint64_t)_mm_cvtsi128_si64(aes_encrypt(&mac->key->tag, sum));
}

#endif
