/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Seeded pseudo-randomness. Randomness is a parameter: a worker gets its generator at start, the
 * simulator gives it a seed. Not for keys: those come from getrandom() on the control thread.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include "base/hash.h"

#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline void rng_init(struct rng *rng, uint64_t seed)
{
	rng->state = seed;
}

static inline uint64_t rng_u64(struct rng *rng)
{
	rng->state += 0x9e3779b97f4a7c15ULL;
	return hash_mix(rng->state);
}

/* Uniform in [0, bound); bound > 0. The bias of the multiply is below 2^-32 and of no matter here. */
static inline uint32_t rng_below(struct rng *rng, uint32_t bound)
{
	return (uint32_t)(((rng_u64(rng) >> 32) * bound) >> 32);
}

#endif
