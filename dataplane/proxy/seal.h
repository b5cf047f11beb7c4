/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One key authenticates branches and cookies; the purpose is hashed in first, so that what a peer was given
 * as one can never pass for the other.
 */
#ifndef PROXY_SEAL_H
#define PROXY_SEAL_H

#include "base/hash.h"

enum seal_purpose { SEAL_BRANCH = 1, SEAL_COOKIE = 2, SEAL_TO_TAG = 3 };

static inline void seal_begin(struct siphash *h, const struct hash_key *key, enum seal_purpose purpose)
{
	uint64_t block = (uint64_t)purpose;

	siphash_init(h, key);
	siphash_add(h, &block, sizeof(block));
}

#endif
