/* The SA database (RFC 4301 4.4.2) over memory of the caller's. Inbound SPIs are ours to choose:
 * their low bits are the slot, the rest is random and guards against guessing and reuse, so that
 * look-up costs the same at any size. */
#ifndef ADIT_SAD_H
#define ADIT_SAD_H

#include "adit/sa.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A handle by value; a stale one is ERR_STALE, never a dangling pointer. Generation 0: none. */
struct adit_sa_id {
	uint32_t slot, generation;
};

/* Private: one slot. */
struct adit_sad_entry {
	struct adit_sa sa;
	struct adit_selectors selectors;
	uint32_t generation; /* odd while in use */
	uint32_t spi;        /* inbound: reserved or in use; 0: free */
	uint32_t policy;     /* outbound: index of the SPD's policy */
	uint32_t next;       /* next free slot, or next SA of the same policy; slot + 1, 0: end */
	uint32_t pair;       /* slot + 1 of the SA of the other direction; 0: none */
	uint32_t user;       /* the caller's, as given to adit_sad_pair() */
};

struct adit_sad_mem {
	struct adit_sad_entry *entries; /* count of them; count is a power of two, 1..2^20 */
	size_t count;
	uint8_t *keyctx;       /* count * keyctx_size bytes, aligned for uint64_t and pointers */
	size_t keyctx_size;    /* bytes per SA: the largest aead->ctx_size in use, multiple of 8 */
	uint32_t *replay_bits; /* count * replay_words words */
	size_t replay_words;   /* ADIT_REPLAY_WORDS(largest window) */
};

struct adit_sad {
	struct adit_sad_mem mem;
	struct adit_rng rng;
	uint32_t free; /* head of the free list, slot + 1 */
	uint32_t used;
};

#define adit_sad_init(sad, mem, rng) \
	adit_sad_init_((sad), sizeof *(sad), sizeof(struct adit_sad_entry), (mem), (rng))
ADIT_MUST_USE enum adit_status adit_sad_init_(struct adit_sad *sad, size_t sad_size,
					      size_t entry_size, const struct adit_sad_mem *mem,
					      const struct adit_rng *rng);

/* Reserves a slot and an SPI for an inbound SA to come. ERR_FULL, ERR_RANDOM. */
ADIT_MUST_USE enum adit_status adit_sad_spi(struct adit_sad *sad, uint32_t *spi);
/* Gives a reserved SPI back that never became an SA. Unknown SPIs are ignored. */
void adit_sad_spi_release(struct adit_sad *sad, uint32_t spi);

/* Makes an SA in the database. Inbound: params->spi was reserved by adit_sad_spi(), or fits this
 * table by chance or by hand (its low bits' slot is free), else ERR_FULL. Outbound: any free slot.
 * params->selectors is copied. policy: index in the SPD of the policy it serves (outbound). */
ADIT_MUST_USE enum adit_status adit_sad_add(struct adit_sad *sad,
					    const struct adit_sa_params *params, uint32_t policy,
					    struct adit_sa_id *id);
/* ERR_STALE: it is gone already. The SA is wiped. */
enum adit_status adit_sad_remove(struct adit_sad *sad, struct adit_sa_id id);

/* Says that two SAs are the two directions of one Child SA, and notes a word of the caller's with
 * both. ERR_STALE. */
ADIT_MUST_USE enum adit_status adit_sad_pair(struct adit_sad *sad, struct adit_sa_id in,
					     struct adit_sa_id out, uint32_t user);
/* The SA of the other direction, or NULL; its handle in *other, the word noted in *user. */
struct adit_sa *adit_sad_other(struct adit_sad *sad, struct adit_sa_id id, struct adit_sa_id *other,
			       uint32_t *user);

/* The SA of a handle, or NULL. */
struct adit_sa *adit_sad_get(struct adit_sad *sad, struct adit_sa_id id);
/* The inbound SA of an SPI, or NULL; *id may be NULL. */
struct adit_sa *adit_sad_find(struct adit_sad *sad, uint32_t spi, struct adit_sa_id *id);
/* Walks all SAs: start with *cursor 0; NULL at the end. */
struct adit_sa *adit_sad_next(struct adit_sad *sad, size_t *cursor, struct adit_sa_id *id);

#ifdef __cplusplus
}
#endif
#endif
