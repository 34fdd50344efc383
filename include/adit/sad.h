/* The SA database (RFC 4301 4.4.2) over memory of the caller's. Inbound SPIs are ours to choose:
 * their low bits are the slot, the rest is random and guards against guessing and reuse, so that
 * look-up costs the same at any size. SPIs that others chose (by hand, or by the controller of a
 * multicast group) are found by a hash, if the caller gives memory for one. */
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

/* What an inbound packet must share with an SA beside the SPI (RFC 4301 4.1). Of several SAs that
 * match, the one that asks for most is taken. */
enum adit_sad_by {
	ADIT_BY_SPI = 0,   /* nothing: unicast */
	ADIT_BY_LOCAL = 1, /* its destination: any-source multicast */
	ADIT_BY_BOTH = 2   /* destination and source: source-specific multicast */
};

/* What the database notes of an SA beside the SA itself. */
struct adit_sad_note {
	uint32_t policy;     /* outbound: index in the SPD of the policy that it serves; inbound:
				told in verdicts, and nothing else */
	enum adit_sad_by by; /* inbound; zero: ADIT_BY_SPI; others need mem.hash */
	uint64_t dscps;      /* outbound: bit n: it serves DSCP n; zero: all */
	uint32_t resource;   /* outbound: the resource it serves (RFC 9611); zero: any */
};

/* Private: what a look-up reads, apart from the rest, so that a million of them lie close. */
struct adit_sad_word {
	uint32_t spi;        /* inbound and found by its low bits: reserved or in use; else 0 */
	uint32_t generation; /* odd while in use */
};

/* Private: the rest, of which packets need the first lines at most. */
struct adit_sad_entry {
	struct adit_sad_note note;
	struct adit_sa_id outer; /* the SA around this one in a bundle */
	struct adit_sa_id pair;  /* the SA of the other direction */
	uint32_t user;           /* the caller's, as given to adit_sad_pair() */
	uint32_t next, prev;     /* among free slots, or SAs of a policy; slot + 1, 0: end */
	uint32_t hash, chain;    /* its hash, and the next slot + 1 of that bucket */
	bool is_linked;          /* hangs under its policy */
	bool is_hashed;
	struct adit_selectors selectors;
	struct adit_sa_more more;
};

struct adit_sad_mem {
	/* count of each; count is a power of two, 1..2^20. */
	struct adit_sad_word *words;
	struct adit_sa *sas;
	struct adit_sad_entry *entries;
	size_t count;
	uint8_t *keyctx;       /* count * keyctx_size bytes, aligned for uint64_t and pointers */
	size_t keyctx_size;    /* bytes per SA: the largest aead->ctx_size in use, multiple of 8 */
	uint32_t *replay_bits; /* count * replay_words words */
	size_t replay_words;   /* ADIT_REPLAY_WORDS(largest window) */
	/* For inbound SAs whose SPI others chose, and outbound ones that took selectors from their
	 * packet (adit_policy.pfp): hash_count words; may be NULL. */
	uint32_t *hash;
	size_t hash_count; /* a power of two, about as many as such SAs; or 0 */
};

struct adit_sad {
	struct adit_sad_mem mem;
	struct adit_rng rng;
	uint32_t free; /* head of the free list, slot + 1 */
	uint32_t used;
	uint32_t hashed[3]; /* inbound SAs in the hash, by enum adit_sad_by */
	uint32_t pinned;    /* outbound ones, made for a single flow */
	uint32_t bundled;   /* SAs that stand in another one */
};

/* Bytes of a slot, but for key context and window; init checks that both builds agree on it. */
#define ADIT_SAD_SLOT_SIZE \
	(sizeof(struct adit_sad_word) + sizeof(struct adit_sa) + sizeof(struct adit_sad_entry))

/* *mem and *rng are copied. ERR_CONFIG: structs of another size; ERR_ARG: memory that can't work.
 */
#define adit_sad_init(sad, mem, rng) \
	adit_sad_init_((sad), sizeof *(sad), ADIT_SAD_SLOT_SIZE, (mem), (rng))
ADIT_MUST_USE enum adit_status adit_sad_init_(struct adit_sad *sad, size_t sad_size,
					      size_t slot_size, const struct adit_sad_mem *mem,
					      const struct adit_rng *rng);

/* Reserves a slot and an SPI for an inbound SA to come. ERR_FULL, ERR_RANDOM. */
ADIT_MUST_USE enum adit_status adit_sad_spi(struct adit_sad *sad, uint32_t *spi);
/* Gives a reserved SPI back that never became an SA. Unknown SPIs are ignored. */
void adit_sad_spi_release(struct adit_sad *sad, uint32_t spi);

/* Makes an SA in the database, statuses of adit_sa_init() beside these. Inbound: params->spi was
 * reserved by adit_sad_spi(), or it fits this table by chance (its low bits' slot is free), or
 * there is a hash; else ERR_FULL. Outbound: any free slot. ERR_STATE: there is an inbound SA that
 * the same packets would find; ERR_CONFIG: note->by asks for a hash, and there is none.
 * params->selectors is copied; params->more is the database's own. */
ADIT_MUST_USE enum adit_status adit_sad_add_noted(struct adit_sad *sad,
						  const struct adit_sa_params *params,
						  const struct adit_sad_note *note,
						  struct adit_sa_id *id);
/* With nothing to note but the policy. */
ADIT_MUST_USE enum adit_status adit_sad_add(struct adit_sad *sad,
					    const struct adit_sa_params *params, uint32_t policy,
					    struct adit_sa_id *id);
/* Wipes and ends an SA. ERR_STALE: it is gone already; ERR_STATE: it hangs under a policy still,
 * see adit_spd_unlink(). */
enum adit_status adit_sad_remove(struct adit_sad *sad, struct adit_sa_id id);

/* Says that two SAs are the two directions of one Child SA, and notes a word of the caller's with
 * both. ERR_STALE. */
ADIT_MUST_USE enum adit_status adit_sad_pair(struct adit_sad *sad, struct adit_sa_id in,
					     struct adit_sa_id out, uint32_t user);
/* The SA of the other direction, or NULL; its handle in *other, the word noted in *user. */
struct adit_sa *adit_sad_other(struct adit_sad *sad, struct adit_sa_id id, struct adit_sa_id *other,
			       uint32_t *user);

/* Says that packets of the SA `inner` go through the SA `outer` next, of the same direction (a
 * bundle: ESP inside AH). A zero `outer` ends that. ERR_STALE; ERR_ARG: two directions, or an SA
 * that is in itself. */
ADIT_MUST_USE enum adit_status adit_sad_bundle(struct adit_sad *sad, struct adit_sa_id inner,
					       struct adit_sa_id outer);
/* The SA around an SA in a bundle. false: it is in none. true and NULL in *sa: that one is gone,
 * and what went through it must not go without. */
bool adit_sad_outer(struct adit_sad *sad, struct adit_sa_id inner, struct adit_sa_id *outer,
		    struct adit_sa **sa);
/* Whether any SA here stands in another one: if none, no packet asks for the SA around its own. */
static inline bool
adit_sad_has_bundles(const struct adit_sad *sad)
{
	return sad->bundled != 0;
}

/* The SA of a handle, or NULL. */
struct adit_sa *adit_sad_get(struct adit_sad *sad, struct adit_sa_id id);
/* The inbound SA of an SPI alone, or NULL; *id may be NULL. */
struct adit_sa *adit_sad_find(struct adit_sad *sad, uint32_t spi, struct adit_sa_id *id);
/* The same for n packets at once: sas[i] and, unless ids is NULL, ids[i] for spis[i]. The memory
 * that they need is asked for together. */
void adit_sad_find_burst(struct adit_sad *sad, const uint32_t *spis, struct adit_sa **sas,
			 struct adit_sa_id *ids, size_t n);

/* What of an inbound packet an SA is looked up by. */
struct adit_sad_key {
	uint32_t spi;
	uint8_t protocol;             /* ADIT_PROTO_ESP, ADIT_PROTO_AH; zero: either */
	struct adit_ip local, remote; /* destination and source of the outer header */
};
/* Whether any SA here asks for addresses: if none, the SPI alone tells. */
static inline bool
adit_sad_has_addresses(const struct adit_sad *sad)
{
	return sad->hashed[ADIT_BY_LOCAL] != 0 || sad->hashed[ADIT_BY_BOTH] != 0;
}
/* The inbound SA of a packet in the order of RFC 4301 4.1: SPI and both addresses, SPI and
 * destination, SPI; or NULL. *id may be NULL. */
struct adit_sa *adit_sad_match(struct adit_sad *sad, const struct adit_sad_key *key,
			       struct adit_sa_id *id);

/* Walks all SAs: start with *cursor 0; NULL at the end. */
struct adit_sa *adit_sad_next(struct adit_sad *sad, size_t *cursor, struct adit_sa_id *id);

#ifdef __cplusplus
}
#endif
#endif
