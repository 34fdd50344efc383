/* All randomness of a simulated world: streams that a seed determines (SplitMix64). */
#ifndef ADIT_SIM_RANDOM_H
#define ADIT_SIM_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_random {
	uint64_t state;
};

static inline uint64_t
sim_mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static inline uint64_t
sim_next(struct sim_random *r)
{
	return sim_mix(r->state += 0x9e3779b97f4a7c15u);
}

/* 0..n-1; n at least 1. */
static inline uint32_t
sim_below(struct sim_random *r, uint32_t n)
{
	return (uint32_t)((sim_next(r) >> 32) * n >> 32);
}

static inline uint32_t
sim_between(struct sim_random *r, uint32_t low, uint32_t high)
{
	return low + sim_below(r, high - low + 1);
}

/* True in so many cases of a thousand. */
static inline bool
sim_chance(struct sim_random *r, uint32_t permille)
{
	return sim_below(r, 1000) < permille;
}

static inline void
sim_fill(struct sim_random *r, uint8_t *out, size_t n)
{
	for (size_t i = 0; i < n; i += 8) {
		uint64_t z = sim_next(r);

		for (size_t k = i; k < n && k < i + 8; k++, z >>= 8)
			out[k] = (uint8_t)z;
	}
}

#endif
