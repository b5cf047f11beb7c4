/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One key authenticates branches and cookies. What is covered is words: numbers as they are, and texts, whose
 * last word is filled up with zeros. The lengths of the texts and the purpose are covered too, so that the
 * same bytes cut elsewhere are something else, and what a peer was given as one can never pass for the other.
 * Inline, with the state in registers: what two seals have in common is taken in once, and the copy goes on
 * from there.
 */
#ifndef PROXY_SEAL_H
#define PROXY_SEAL_H

#include "base/ensure.h"
#include "base/siphash.h"
#include "base/span.h"
#include "limits.h"

enum seal_purpose { SEAL_BRANCH = 1, SEAL_COOKIE = 2, SEAL_TO_TAG = 3, SEAL_TRANSACTION = 4 };

/* Lengths of 16 bits wait until they fill a word, or the rest of the last one. */
enum { SEAL_LENGTHS = 3, SEAL_LENGTH_BITS = 16 };

static_assert(SIP_DATAGRAM_MAX < 1 << SEAL_LENGTH_BITS, "no text is longer than a message");

struct seal {
	struct siphash_state state;
	uint64_t lengths; /* of the texts since the last word of lengths */
	unsigned texts;   /* how many those are */
	unsigned words;
};

static inline struct seal seal_begin(const struct hash_key *key)
{
	return (struct seal){.state = siphash_begin(key)};
}

static inline void seal_word(struct seal *seal, uint64_t word)
{
	siphash_word(&seal->state, word);
	seal->words++;
}

/* The last, incomplete word of a text: where there is one before it, a shift drops what belongs to that. */
static inline uint64_t seal_rest(struct span text)
{
	size_t len = text.len % sizeof(uint64_t);
	uint64_t word;

	if (text.len < sizeof(word))
		return siphash_rest(text.p, len);
	memcpy(&word, span_end(text) - sizeof(word), sizeof(word));
	return word >> (64 - 8 * len);
}

static inline __attribute__((always_inline)) void seal_text(struct seal *seal, struct span text)
{
	const char *p = text.p;
	uint64_t word;

	ensure(text.len <= SIP_DATAGRAM_MAX);
	if (seal->texts == SEAL_LENGTHS) {
		seal_word(seal, seal->lengths);
		seal->lengths = 0;
		seal->texts = 0;
	}
	for (size_t left = text.len; left >= sizeof(word); left -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		seal_word(seal, word);
	}
	if (text.len % sizeof(word) != 0)
		seal_word(seal, seal_rest(text));
	seal->lengths |= (uint64_t)text.len << (SEAL_LENGTH_BITS * seal->texts++);
}

/* How the seals of branches and cookies begin: neither is of use in another call. */
static inline struct seal seal_call(const struct hash_key *key, struct span call_id)
{
	struct seal seal = seal_begin(key);

	seal_text(&seal, call_id);
	return seal;
}

/* SipHash-2-4 of the words and seven more bytes: the lengths that wait, and the purpose. */
static inline uint64_t seal_end(struct seal *seal, enum seal_purpose purpose)
{
	uint64_t bytes = seal->words * sizeof(uint64_t) + 7;

	return siphash_end(&seal->state, bytes << 56 | (uint64_t)purpose << 48 | seal->lengths);
}

#endif
