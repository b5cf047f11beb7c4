/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SipHash-2-4 in a streaming form, and the unkeyed hash of names. Called on the packet path for every
 * branch and cookie; no allocation, no state beyond the caller's struct.
 */
#include "base/hash.h"

static inline uint64_t rotl(uint64_t x, unsigned bits)
{
	return (x << bits) | (x >> (64 - bits));
}

static inline void sip_round(struct siphash *h)
{
	h->v0 += h->v1;
	h->v1 = rotl(h->v1, 13) ^ h->v0;
	h->v0 = rotl(h->v0, 32);
	h->v2 += h->v3;
	h->v3 = rotl(h->v3, 16) ^ h->v2;
	h->v0 += h->v3;
	h->v3 = rotl(h->v3, 21) ^ h->v0;
	h->v2 += h->v1;
	h->v1 = rotl(h->v1, 17) ^ h->v2;
	h->v2 = rotl(h->v2, 32);
}

static inline void sip_compress(struct siphash *h, uint64_t block)
{
	h->v3 ^= block;
	sip_round(h);
	sip_round(h);
	h->v0 ^= block;
}

void siphash_init(struct siphash *h, const struct hash_key *key)
{
	h->v0 = key->k0 ^ 0x736f6d6570736575ULL;
	h->v1 = key->k1 ^ 0x646f72616e646f6dULL;
	h->v2 = key->k0 ^ 0x6c7967656e657261ULL;
	h->v3 = key->k1 ^ 0x7465646279746573ULL;
	h->tail = 0;
	h->len = 0;
}

void siphash_add(struct siphash *h, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t fill = h->len & 7;

	h->len += len;
	while (len > 0 && fill > 0) {
		h->tail |= (uint64_t)*p++ << (8 * fill);
		len--;
		if (++fill == 8) {
			sip_compress(h, h->tail);
			h->tail = 0;
			fill = 0;
		}
	}
	for (; len >= 8; p += 8, len -= 8) {
		uint64_t block;
		__builtin_memcpy(&block, p, 8); /* little endian hosts only, asserted in limits.h */
		sip_compress(h, block);
	}
	for (; len > 0; len--)
		h->tail |= (uint64_t)*p++ << (8 * fill++);
}

void siphash_add_span(struct siphash *h, struct span s)
{
	uint64_t len = s.len;

	siphash_add(h, s.p, s.len);
	siphash_add(h, &len, sizeof(len));
}

uint64_t siphash_final(struct siphash *h)
{
	sip_compress(h, h->tail | (h->len << 56));
	h->v2 ^= 0xff;
	sip_round(h);
	sip_round(h);
	sip_round(h);
	sip_round(h);
	return h->v0 ^ h->v1 ^ h->v2 ^ h->v3;
}

uint64_t siphash(const struct hash_key *key, const void *data, size_t len)
{
	struct siphash h;

	siphash_init(&h, key);
	siphash_add(&h, data, len);
	return siphash_final(&h);
}

uint64_t hash_bytes(const void *data, size_t len, uint64_t seed)
{
	const uint8_t *p = data;
	uint64_t hash = seed ^ 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * 0x100000001b3ULL;
	return hash_mix(hash);
}
