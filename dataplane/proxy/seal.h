/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One key authenticates branches and cookies; the purpose is hashed in first, so that what a peer was given
 * as one can never pass for the other.
 */
#ifndef PROXY_SEAL_H
#define PROXY_SEAL_H

#include "base/ensure.h"
#include "base/hash.h"
#include "base/span.h"

enum seal_purpose { SEAL_BRANCH = 1, SEAL_COOKIE = 2, SEAL_TO_TAG = 3, SEAL_TRANSACTION = 4 };

/*
 * What is to be authenticated, laid in a row: the hash is much quicker over one piece than over many. Parts
 * beyond the room are hashed down to a word each; only peers that write very long fields get there.
 */
enum { SEAL_BYTES_MAX = 512, SEAL_PARTS_MAX = 10 };

struct seal {
	const struct hash_key *key; /* owner: the snapshot */
	size_t len;
	unsigned part_count;
	uint16_t ends[SEAL_PARTS_MAX]; /* the same bytes cut elsewhere are something else */
	uint8_t bytes[SEAL_BYTES_MAX];
};

static inline void seal_begin(struct seal *seal, const struct hash_key *key, enum seal_purpose purpose)
{
	seal->key = key;
	seal->bytes[0] = (uint8_t)purpose;
	seal->len = 1;
	seal->part_count = 0;
}

static inline void seal_add(struct seal *seal, const void *data, size_t len)
{
	uint64_t digest;

	ensure(seal->part_count < SEAL_PARTS_MAX);
	/* Keeps room for the digests of all parts to come, and for the table of ends. */
	if (seal->len + len > SEAL_BYTES_MAX - sizeof(seal->ends) - SEAL_PARTS_MAX * sizeof(digest)) {
		digest = siphash(seal->key, data, len);
		data = &digest;
		len = sizeof(digest);
	}
	memcpy(seal->bytes + seal->len, data, len);
	seal->len += len;
	seal->ends[seal->part_count++] = (uint16_t)seal->len;
}

static inline void seal_add_span(struct seal *seal, struct span text)
{
	seal_add(seal, text.p ? text.p : "", text.len);
}

static inline uint64_t seal_end(struct seal *seal)
{
	memcpy(seal->bytes + seal->len, seal->ends, seal->part_count * sizeof(seal->ends[0]));
	seal->len += seal->part_count * sizeof(seal->ends[0]);
	return siphash(seal->key, seal->bytes, seal->len);
}

#endif
