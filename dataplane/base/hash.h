/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keyed hashing. SipHash-2-4 authenticates what we hand to peers and get back (Via branch, Record-Route
 * cookie) and keeps a peer from choosing keys that collide in our tables.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/siphash.h"

#include <stddef.h>
#include <stdint.h>

/* SipHash-2-4 in pieces: base/siphash.h has what it is made of, and takes whole words. */
struct siphash {
	struct siphash_state state;
	uint64_t tail; /* bytes not yet compressed, little endian */
	uint64_t len;  /* bytes seen, for the final block and the tail's fill */
};

void siphash_init(struct siphash *h, const struct hash_key *key);
void siphash_add(struct siphash *h, const void *data, size_t len);
uint64_t siphash_final(struct siphash *h);

/* The plain function: what the published test vectors describe. */
uint64_t siphash(const struct hash_key *key, const void *data, size_t len);

/*
 * Fast and not keyed: for identities that an operator names, and where a collision that somebody made up
 * harms nobody but himself. The same in every build and process. Source: Wang Yi, "wyhash", final version 3,
 * in the way it folds.
 */
uint64_t hash_bytes(const void *data, size_t len, uint64_t seed);

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The same where the call would cost as much as the hash: for what each message is hashed by. */
static inline uint64_t hash_bytes_inline(const void *data, size_t len, uint64_t seed)
{
	const uint64_t odd[2] = {0xa0761d6478bd642fULL, 0xe7037ed1a0b428dbULL};
	const uint8_t *p = data;
	uint64_t hash = seed ^ odd[0];
	uint64_t a;
	uint64_t b = 0;
	size_t left = len;

	for (; left > 16; p += 16, left -= 16) {
		__builtin_memcpy(&a, p, 8);
		__builtin_memcpy(&b, p + 8, 8);
		hash = hash_fold(a ^ odd[1], b ^ hash);
	}
	/* Up to 16 bytes as two words that may overlap, up to seven as one; the length is folded in too. */
	b = 0;
	if (left >= 8) {
		__builtin_memcpy(&a, p, 8);
		__builtin_memcpy(&b, p + left - 8, 8);
	} else if (len >= 8) {
		/* There is more in front of them, which a shift drops. */
		__builtin_memcpy(&a, p + left - 8, 8);
		a >>= 64 - 8 * left;
	} else {
		a = siphash_rest(p, left);
	}
	return hash_fold(odd[1] ^ len, hash_fold(a ^ odd[1], b ^ hash));
}

/* A bijective 64-bit finaliser (splitmix64's). */
static inline uint64_t hash_mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

#endif
