/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SipHash-2-4 of bytes, whole or in pieces, and the unkeyed hash of names. Called on the packet path; no
 * allocation, no state beyond the caller's struct.
 */
#include "base/hash.h"

void siphash_init(struct siphash *h, const struct hash_key *key)
{
	*h = (struct siphash){.state = siphash_begin(key)};
}

/* Puts up to eight bytes behind the tail; a word that becomes full is compressed, what is left stays. */
static inline void add_word(struct siphash *h, uint64_t word, size_t len)
{
	size_t fill = h->len & 7;

	h->len += len;
	h->tail |= word << (8 * fill);
	if (fill + len < 8)
		return;
	siphash_word(&h->state, h->tail);
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
		add_word(&copy, siphash_rest(p, len), len);
	*h = copy;
}

uint64_t siphash_final(struct siphash *h)
{
	return siphash_end(&h->state, h->tail | (h->len << 56));
}

/* The same over one piece, in which no block is ever cut. */
uint64_t siphash(const struct hash_key *key, const void *data, size_t len)
{
	struct siphash_state state = siphash_begin(key);
	const uint8_t *p = data;
	size_t left = len;

	for (; left >= 8; p += 8, left -= 8) {
		uint64_t block;
		__builtin_memcpy(&block, p, 8);
		siphash_word(&state, block);
	}
	return siphash_end(&state, siphash_rest(p, left) | (uint64_t)len << 56);
}

uint64_t hash_bytes(const void *data, size_t len, uint64_t seed)
{
	return hash_bytes_inline(data, len, seed);
}
