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
