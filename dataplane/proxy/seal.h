/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One key authenticates branches and cookies. What is covered is numbers, each a block, and texts, whose last
 * block is filled up with zeros. The lengths of the texts and the purpose are covered too, so that the same
 * bytes cut elsewhere are something else, and what a peer was given as one can never pass for the other.
 * Inline, with the state in registers: what two seals have in common is taken in once, and the copy goes on
 * from there.
 */
#ifndef PROXY_SEAL_H
#define PROXY_SEAL_H

#include "base/ensure.h"
#include "base/lightmac.h"
#include "base/span.h"
#include "limits.h"

enum seal_purpose { SEAL_BRANCH = 1, SEAL_COOKIE = 2, SEAL_TO_TAG = 3, SEAL_TRANSACTION = 4 };

/* Lengths of 16 bits wait until they fill a word, or the rest of the last one. */
enum { SEAL_LENGTHS = 3, SEAL_LENGTH_BITS = 16 };

static_assert(SIP_DATAGRAM_MAX < 1 << SEAL_LENGTH_BITS, "no text is longer than a message");

struct seal {
	struct lightmac mac;
	uint64_t lengths; /* of the texts since the last block of lengths */
	unsigned texts;   /* how many those are */
};

static_assert(
	SIP_DATAGRAM_MAX / LIGHTMAC_BYTES * 8 < LIGHTMAC_BLOCKS_MAX, "more texts than a seal ever covers");

static inline struct seal seal_begin(const struct lightmac_key *key)
{
	return (struct seal){.mac = lightmac_begin(key)};
}

static inline void seal_word(struct seal *seal, uint64_t word)
{
	lightmac_block(&seal->mac, _mm_cvtsi64_si128((long long)word));
}

static inline __m128i seal_load(const char *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* Fewer than 16 bytes, and nothing before them that may be read; zeros behind them. */
static inline __m128i seal_short(struct span text)
{
	uint64_t low, high;

	if (text.len < sizeof(low))
		return _mm_cvtsi64_si128((long long)siphash_rest(text.p, text.len));
	memcpy(&low, text.p, sizeof(low));
	memcpy(&high, span_end(text) - sizeof(high), sizeof(high));
	high = text.len == sizeof(low) ? 0 : high >> (8 * (2 * sizeof(high) - text.len));
	return _mm_set_epi64x((long long)high, (long long)low);
}

/* The last `len` bytes of a longer text, fewer than 16; zeros behind them. */
static inline __m128i seal_rest(struct span text, size_t len)
{
	/* Moves the byte at 16 - len to the front. */
	static const int8_t shifts[32] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, -1, -1, -1,
		-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
	__m128i shift = _mm_loadu_si128((const __m128i *)(const void *)(shifts + AES_BLOCK - len));

	return _mm_shuffle_epi8(seal_load(span_end(text) - AES_BLOCK), shift);
}

static inline __attribute__((always_inline)) void seal_text(struct seal *seal, struct span text)
{
	size_t left = text.len;

	ensure(text.len <= SIP_DATAGRAM_MAX);
	if (seal->texts == SEAL_LENGTHS) {
		seal_word(seal, seal->lengths);
		seal->lengths = 0;
		seal->texts = 0;
	}
	seal->lengths |= (uint64_t)text.len << (SEAL_LENGTH_BITS * seal->texts++);
	for (const char *p = text.p; left >= AES_BLOCK; left -= LIGHTMAC_BYTES, p += LIGHTMAC_BYTES)
		lightmac_block(&seal->mac, seal_load(p));
	if (left == 0)
		return;
	__m128i rest = likely_true(text.len >= AES_BLOCK) ? seal_rest(text, left) : seal_short(text);
	lightmac_block(&seal->mac, rest);
	if (unlikely_true(left > LIGHTMAC_BYTES))
		lightmac_block(&seal->mac, _mm_srli_si128(rest, LIGHTMAC_BYTES));
}

/* How the seals of branches and cookies begin: neither is of use in another call. */
static inline struct seal seal_call(const struct lightmac_key *key, struct span call_id)
{
	struct seal seal = seal_begin(key);

	seal_text(&seal, call_id);
	return seal;
}

/* How many blocks there are and the lengths that wait are covered last, and the purpose. */
static inline uint64_t seal_end(const struct seal *seal, enum seal_purpose purpose)
{
	uint64_t count = (uint8_t)_mm_extract_epi16(seal->mac.number, 7);

	return lightmac_end(&seal->mac, count << 56 | (uint64_t)purpose << 48 | seal->lengths);
}

#endif
