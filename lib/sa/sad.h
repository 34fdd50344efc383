/* Where SAs stand that are found neither by their slot nor under their policy: between sad.c, which
 * owns the slots, sad_find.c and spd_pin.c, which find them. */
#ifndef ADIT_SA_SAD_INTERNAL_H
#define ADIT_SA_SAD_INTERNAL_H

#include "adit/sad.h"

/* Puts the SA of a slot into the bucket of a hash; takes it out again. */
void adit_sad_chain_put(struct adit_sad *sad, uint32_t slot, uint32_t hash);
void adit_sad_chain_take(struct adit_sad *sad, uint32_t slot);

/* Head of the bucket: slot + 1, 0: empty; entries[].chain goes on. */
static inline uint32_t *
adit_sad_bucket(const struct adit_sad *sad, uint32_t hash)
{
	return &sad->mem.hash[hash & (uint32_t)(sad->mem.hash_count - 1)];
}

/* Hashes the inbound SA of a slot by its SPI and what its note asks for; takes it out again. */
void adit_sad_hash_put(struct adit_sad *sad, uint32_t slot);
void adit_sad_hash_take(struct adit_sad *sad, uint32_t slot);

/* The slot of the inbound SA that asks for just `by`, or ADIT_SLOT_NONE. */
#define ADIT_SLOT_NONE UINT32_MAX
uint32_t adit_sad_slot_by(const struct adit_sad *sad, enum adit_sad_by by,
			  const struct adit_sad_key *key);

static inline uint32_t
adit_sad_slot_of_spi(const struct adit_sad *sad, uint32_t spi)
{
	return spi & (uint32_t)(sad->mem.count - 1);
}

static inline bool
adit_sad_is_used(const struct adit_sad *sad, uint32_t slot)
{
	return (sad->mem.words[slot].generation & 1) != 0;
}

/* adit_sad_get(), for each packet. */
static inline struct adit_sa *
adit_sad_at(const struct adit_sad *sad, struct adit_sa_id id)
{
	if (id.slot >= sad->mem.count || !(id.generation & 1) ||
	    sad->mem.words[id.slot].generation != id.generation)
		return NULL;
	return &sad->mem.sas[id.slot];
}

#endif
