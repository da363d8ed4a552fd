/* SPDX-License-Identifier: GPL-2.0-only */
/* prng.h - random numbers from a seed: xoshiro256** seeded by splitmix64 (Blackman, Vigna 2018);
 * not for secrets. Inline, as page generators draw hundreds for each page.
 */
#ifndef COLDPRESS_ANALYSIS_PRNG_H
#define COLDPRESS_ANALYSIS_PRNG_H

#include "lib/base/base.h"

#define PRNG_GOLDEN UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / golden ratio */

struct prng {
	uint64_t s[4];
};

/* prng_mix - splitmix64's finalizer. */
static inline uint64_t prng_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline void prng_seed(struct prng *rng, uint64_t seed)
{
	for (size_t i = 0; i < ARRAY_SIZE(rng->s); i++)
		rng->s[i] = prng_mix(seed += PRNG_GOLDEN);
}

static inline uint64_t prng_rotate(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

static inline uint64_t prng_next(struct prng *rng)
{
	uint64_t *s = rng->s, ret = prng_rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = prng_rotate(s[3], 45);
	return ret;
}

/* prng_below - uniform in [0, bound), without modulo bias. bound must not be 0. */
static inline uint64_t prng_below(struct prng *rng, uint64_t bound)
{
	/* 2^64 mod bound: below it some remainders come once too often */
	uint64_t x, least = -bound % bound;

	do
		x = prng_next(rng);
	while (x < least);
	return x % bound;
}

/* prng_shuffle - the numbers 0 .. n-1 in random order, into order. */
static inline void prng_shuffle(struct prng *rng, size_t *order, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t j = prng_below(rng, i + 1);

		order[i] = j < i ? order[j] : i;
		order[j] = i;
	}
}

#endif
