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

/* On a copy whose four words stay in registers; the caller writes them back. */
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

/* Up to seven bytes as the low end of a word; little-endian hosts only, asserted in limits.h. */
static inline uint64_t load_rest(const uint8_t *p, size_t len)
{
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

/* Puts up to eight bytes behind the tail; a word that becomes full is compressed, what is left stays. */
static inline void add_word(struct siphash *h, uint64_t word, size_t len)
{
	size_t fill = h->len & 7;

	h->len += len;
	h->tail |= word << (8 * fill);
	if (fill + len < 8)
		return;
	sip_compress(h, h->tail);
	h->tail = fill ? word >> (8 * (8 - fill)) : 0;
}

void siphash_add(struct siphash *h, const void *data, size_t len)
{
	const uint8_t *p = data;
	struct siphash copy = *h;

	for (; len >= 8; p += 8, len -= 8) {
		uint64_t word;
		__builtin_memcpy(&word, p, 8);
		add_word(&copy, word, 8);
	}
	if (len > 0)
		add_word(&copy, load_rest(p, len), len);
	*h = copy;
}

void siphash_add_span(struct siphash *h, struct span s)
{
	siphash_add(h, s.p, s.len);
	add_word(h, s.len, sizeof(uint64_t));
}

uint64_t siphash_final(struct siphash *h)
{
	struct siphash copy = *h;

	sip_compress(&copy, copy.tail | (copy.len << 56));
	copy.v2 ^= 0xff;
	sip_round(&copy);
	sip_round(&copy);
	sip_round(&copy);
	sip_round(&copy);
	*h = copy;
	return copy.v0 ^ copy.v1 ^ copy.v2 ^ copy.v3;
}

/* The same over one piece, in which no block is ever cut. */
uint64_t siphash(const struct hash_key *key, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t left = len;
	struct siphash h;

	siphash_init(&h, key);
	for (; left >= 8; p += 8, left -= 8) {
		uint64_t block;
		__builtin_memcpy(&block, p, 8);
		sip_compress(&h, block);
	}
	h.tail = load_rest(p, left);
	h.len = len;
	return siphash_final(&h);
}

static inline uint64_t fold(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Up to 16 bytes as two words; shorter ones may overlap in them, for the length is folded in too. */
static inline void load_pair(const uint8_t *p, size_t len, uint64_t *ret_a, uint64_t *ret_b)
{
	*ret_a = 0;
	*ret_b = 0;
	if (len >= 8) {
		__builtin_memcpy(ret_a, p, 8);
		__builtin_memcpy(ret_b, p + len - 8, 8);
	} else {
		*ret_a = load_rest(p, len);
	}
}

uint64_t hash_bytes(const void *data, size_t len, uint64_t seed)
{
	static const uint64_t odd[2] = {0xa0761d6478bd642fULL, 0xe7037ed1a0b428dbULL};
	const uint8_t *p = data;
	uint64_t hash = seed ^ odd[0];
	uint64_t a, b;
	size_t left = len;

	for (; left > 16; p += 16, left -= 16) {
		load_pair(p, 16, &a, &b);
		hash = fold(a ^ odd[1], b ^ hash);
	}
	load_pair(p, left, &a, &b);
	return fold(odd[1] ^ len, fold(a ^ odd[1], b ^ hash));
}
