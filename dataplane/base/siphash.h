/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SipHash-2-4 a word at a time, inline, so that its state stays in registers: base/hash.h makes the hash of
 * bytes of it, and the proxy seals words with it. Source: Aumasson and Bernstein, "SipHash: a fast
 * short-input PRF".
 */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0;
	uint64_t k1;
};

struct siphash_state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t siphash_rotl(uint64_t x, unsigned bits)
{
	return (x << bits) | (x >> (64 - bits));
}

static inline void siphash_round(struct siphash_state *s)
{
	s->v0 += s->v1;
	s->v1 = siphash_rotl(s->v1, 13) ^ s->v0;
	s->v0 = siphash_rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = siphash_rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = siphash_rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = siphash_rotl(s->v1, 17) ^ s->v2;
	s->v2 = siphash_rotl(s->v2, 32);
}

static inline struct siphash_state siphash_begin(const struct hash_key *key)
{
	return (struct siphash_state){
		.v0 = key->k0 ^ 0x736f6d6570736575ULL,
		.v1 = key->k1 ^ 0x646f72616e646f6dULL,
		.v2 = key->k0 ^ 0x6c7967656e657261ULL,
		.v3 = key->k1 ^ 0x7465646279746573ULL,
	};
}

/* Eight bytes, the first one lowest. */
static inline void siphash_word(struct siphash_state *s, uint64_t word)
{
	s->v3 ^= word;
	siphash_round(s);
	siphash_round(s);
	s->v0 ^= word;
}

/* What is left of the bytes, at most seven, and in the highest byte how many there were in all, modulo 256.
 */
static inline uint64_t siphash_end(struct siphash_state *s, uint64_t last)
{
	siphash_word(s, last);
	s->v2 ^= 0xff;
	siphash_round(s);
	siphash_round(s);
	siphash_round(s);
	siphash_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* Up to seven bytes as the low end of a word; little-endian hosts only, asserted in limits.h. */
static inline uint64_t siphash_rest(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint64_t word = 0;

	if (len & 4) {
		uint32_t part;
		__builtin_memcpy(&part, p, 4);
		word = part;
		p += 4;
	}
	if (len & 2) {
		uint16_t part;
		__builtin_memcpy(&part, p, 2);
		word |= (uint64_t)part << (8 * (len & 4));
		p += 2;
	}
	if (len & 1)
		word |= (uint64_t)*p << (8 * (len & 6));
	return word;
}

#endif
