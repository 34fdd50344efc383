/* Hashing of words and addresses: FNV-1a over words, folded. An attacker who finds collisions gains
 * a slower look-up at most. */
#ifndef ADIT_SA_HASH_H
#define ADIT_SA_HASH_H

#include "adit/base.h"
#include "base/endian.h"

#define ADIT_HASH_BASIS 2166136261u
#define ADIT_HASH_PRIME 16777619u

static inline uint32_t
adit_mix(uint32_t h, uint32_t word)
{
	h = (h ^ word) * ADIT_HASH_PRIME;
	return h ^ h >> 15;
}

static inline uint32_t
adit_mix_ip(uint32_t h, const struct adit_ip *ip)
{
	size_t n = ip->version == 4 ? 4 : 16;

	for (size_t i = 0; i < n; i += 4)
		h = adit_mix(h, adit_load32(ip->b + i));
	return h;
}

#endif
