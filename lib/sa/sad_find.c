/* Finding the SA of an inbound packet (RFC 4301 4.1): by the low bits of the SPI, or by a hash. */
#include <string.h>

#include "base/prefetch.h"
#include "sa/hash.h"
#include "sa/sad.h"

/* Look-ups that wait for memory together: more than any cache has in flight gains nothing. */
enum { TOGETHER = 32 };

static uint32_t
hash_of(enum adit_sad_by by, const struct adit_sad_key *key)
{
	uint32_t h = adit_mix(ADIT_HASH_BASIS, key->spi);

	if (by >= ADIT_BY_LOCAL)
		h = adit_mix_ip(h, &key->local);
	if (by == ADIT_BY_BOTH)
		h = adit_mix_ip(h, &key->remote);
	return h;
}

void
adit_sad_chain_put(struct adit_sad *sad, uint32_t slot, uint32_t hash)
{
	struct adit_sad_entry *e = &sad->mem.entries[slot];
	uint32_t *head = adit_sad_bucket(sad, hash);

	e->hash = hash;
	e->chain = *head;
	*head = slot + 1;
	e->is_hashed = true;
}

void
adit_sad_chain_take(struct adit_sad *sad, uint32_t slot)
{
	struct adit_sad_entry *e = &sad->mem.entries[slot];
	uint32_t *link = adit_sad_bucket(sad, e->hash);

	while (*link != slot + 1)
		link = &sad->mem.entries[*link - 1].chain;
	*link = e->chain;
	e->is_hashed = false;
}

void
adit_sad_hash_put(struct adit_sad *sad, uint32_t slot)
{
	enum adit_sad_by by = sad->mem.entries[slot].note.by;
	const struct adit_sa *sa = &sad->mem.sas[slot];
	struct adit_path path = adit_sa_path(sa);
	const struct adit_sad_key key = {sa->spi, sa->protocol, path.local.ip, path.remote.ip};

	adit_sad_chain_put(sad, slot, hash_of(by, &key));
	sad->hashed[by]++;
}

void
adit_sad_hash_take(struct adit_sad *sad, uint32_t slot)
{
	adit_sad_chain_take(sad, slot);
	sad->hashed[sad->mem.entries[slot].note.by]--;
}

static bool
is_protocol(const struct adit_sa *sa, const struct adit_sad_key *key)
{
	return key->protocol == 0 || sa->protocol == key->protocol;
}

static bool
is_match(const struct adit_sad *sad, uint32_t slot, enum adit_sad_by by,
	 const struct adit_sad_key *key)
{
	const struct adit_sa *sa = &sad->mem.sas[slot];
	struct adit_path path;

	if (sa->dir != ADIT_IN || sa->spi != key->spi || sad->mem.entries[slot].note.by != by ||
	    !is_protocol(sa, key))
		return false;
	if (by == ADIT_BY_SPI)
		return true;
	path = adit_sa_path(sa);
	return adit_ip_equal(&path.local.ip, &key->local) &&
	       (by == ADIT_BY_LOCAL || adit_ip_equal(&path.remote.ip, &key->remote));
}

static uint32_t
hashed_slot(const struct adit_sad *sad, enum adit_sad_by by, const struct adit_sad_key *key)
{
	uint32_t hash, at;

	if (sad->hashed[by] == 0)
		return ADIT_SLOT_NONE;
	hash = hash_of(by, key);
	for (at = *adit_sad_bucket(sad, hash); at; at = sad->mem.entries[at - 1].chain)
		if (sad->mem.entries[at - 1].hash == hash && is_match(sad, at - 1, by, key))
			return at - 1;
	return ADIT_SLOT_NONE;
}

static uint32_t
indexed_slot(const struct adit_sad *sad, uint32_t spi)
{
	uint32_t slot = adit_sad_slot_of_spi(sad, spi);
	const struct adit_sad_word *w = &sad->mem.words[slot];

	return spi != 0 && w->spi == spi && (w->generation & 1) ? slot : ADIT_SLOT_NONE;
}

uint32_t
adit_sad_slot_by(const struct adit_sad *sad, enum adit_sad_by by, const struct adit_sad_key *key)
{
	uint32_t slot = by == ADIT_BY_SPI ? indexed_slot(sad, key->spi) : ADIT_SLOT_NONE;

	if (slot != ADIT_SLOT_NONE && is_protocol(&sad->mem.sas[slot], key))
		return slot;
	return hashed_slot(sad, by, key);
}

static struct adit_sa *
found(struct adit_sad *sad, uint32_t slot, struct adit_sa_id *id)
{
	if (slot == ADIT_SLOT_NONE)
		return NULL;
	if (id) {
		id->slot = slot;
		id->generation = sad->mem.words[slot].generation;
	}
	return &sad->mem.sas[slot];
}

static struct adit_sa *
find_hashed(struct adit_sad *sad, uint32_t spi, struct adit_sa_id *id)
{
	struct adit_sad_key key;

	memset(&key, 0, sizeof key);
	key.spi = spi;
	return found(sad, hashed_slot(sad, ADIT_BY_SPI, &key), id);
}

static inline struct adit_sa *
find(struct adit_sad *sad, uint32_t spi, struct adit_sa_id *id)
{
	struct adit_sa *sa = found(sad, indexed_slot(sad, spi), id);

	return sa || !ADIT_EXTRAS || sad->hashed[ADIT_BY_SPI] == 0 ? sa : find_hashed(sad, spi, id);
}

struct adit_sa *
adit_sad_find(struct adit_sad *sad, uint32_t spi, struct adit_sa_id *id)
{
	return find(sad, spi, id);
}

/* What a packet reads of its SA: all of it, and the note and the first selectors. */
static void
ask_for(const struct adit_sad *sad, const struct adit_sa *sa)
{
	const struct adit_sad_entry *e = &sad->mem.entries[sa - sad->mem.sas];

	ADIT_PREFETCH(&sa->aead);
	ADIT_PREFETCH(&sa->outer);
	ADIT_PREFETCH(&sa->window);
	ADIT_PREFETCH(&e->note);
	ADIT_PREFETCH(&e->selectors);
	ADIT_PREFETCH(&e->selectors.remote);
}

static void
find_together(struct adit_sad *sad, const uint32_t *spis, struct adit_sa **sas,
	      struct adit_sa_id *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ADIT_PREFETCH(&sad->mem.words[adit_sad_slot_of_spi(sad, spis[i])]);
	for (size_t i = 0; i < n; i++) {
		sas[i] = find(sad, spis[i], ids ? &ids[i] : NULL);
		if (sas[i])
			ask_for(sad, sas[i]);
	}
}

void
adit_sad_find_burst(struct adit_sad *sad, const uint32_t *spis, struct adit_sa **sas,
		    struct adit_sa_id *ids, size_t n)
{
	for (size_t i = 0; i < n; i += TOGETHER)
		find_together(sad, spis + i, sas + i, ids ? ids + i : NULL,
			      n - i < TOGETHER ? n - i : TOGETHER);
}

struct adit_sa *
adit_sad_match(struct adit_sad *sad, const struct adit_sad_key *key, struct adit_sa_id *id)
{
	uint32_t slot = adit_sad_slot_by(sad, ADIT_BY_BOTH, key);

	if (slot == ADIT_SLOT_NONE)
		slot = adit_sad_slot_by(sad, ADIT_BY_LOCAL, key);
	if (slot == ADIT_SLOT_NONE)
		slot = adit_sad_slot_by(sad, ADIT_BY_SPI, key);
	return found(sad, slot, id);
}
