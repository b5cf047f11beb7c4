/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AES-128 of single blocks by the processor's instructions (FIPS 197). Not for secrecy, which is the TLS
 * library's: here it is the keyed permutation under base/lightmac.h. Nothing in it depends on a secret for
 * its time.
 */
#ifndef BASE_AES_H
#define BASE_AES_H

#include <immintrin.h>
#include <stdint.h>

enum { AES_ROUNDS = 10, AES_BLOCK = 16 };

struct aes_key {
	uint8_t rounds[AES_ROUNDS + 1][AES_BLOCK];
};

/* Expands a key of 16 bytes. */
void aes_key_init(struct aes_key *key, const uint8_t secret[static AES_BLOCK]);

static inline __m128i aes_round_key(const struct aes_key *key, unsigned round)
{
	return _mm_loadu_si128((const __m128i *)(const void *)key->rounds[round]);
}

static inline __attribute__((always_inline)) __m128i aes_round(
	const struct aes_key *key, unsigned round, __m128i block)
{
	return _mm_aesenc_si128(block, aes_round_key(key, round));
}

/* One instruction a round, which takes its key from memory. */
static inline __attribute__((always_inline)) __m128i aes_encrypt(const struct aes_key *key, __m128i block)
{
	block = _mm_xor_si128(block, aes_round_key(key, 0));
	block = aes_round(key, 1, block);
	block = aes_round(key, 2, block);
	block = aes_round(key, 3, block);
	block = aes_round(key, 4, block);
	block = aes_round(key, 5, block);
	block = aes_round(key, 6, block);
	block = aes_round(key, 7, block);
	block = aes_round(key, 8, block);
	block = aes_round(key, 9, block);
	return _mm_aesenclast_si128(block, aes_round_key(key, AES_ROUNDS));
}

#endif
