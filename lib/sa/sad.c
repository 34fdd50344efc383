/* The SA database: slots, SPIs, handles. */
#include <string.h>

#include "base/endian.h"
#include "sa/sad.h"

#define COUNT_MAX ((size_t)1 << 20)

/* The highest bit keeps SPIs that are chosen here clear of the reserved ones. */
#define SPI_OURS 0x80000000u

static bool
is_power_of_two(size_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

static bool
is_mem_good(const struct adit_sad_mem *mem)
{
	return mem->words && mem->sas && mem->entries && mem->keyctx && mem->replay_bits &&
	       mem->count <= COUNT_MAX && is_power_of_two(mem->count) &&
	       mem->keyctx_size % 8 == 0 &&
	       mem->replay_words >= ADIT_REPLAY_WORDS(ADIT_REPLAY_MIN) &&
	       (mem->hash_count == 0 ||
		(ADIT_EXTRAS && mem->hash && is_power_of_two(mem->hash_count)));
}

/* --- The list of free slots: both ways, because an SPI by hand takes one out of its middle. */

static void
push_free(struct adit_sad *sad, uint32_t slot)
{
	struct adit_sad_entry *e = &sad->mem.entries[slot];
	struct adit_sad_word *w = &sad->mem.words[slot];

	adit_wipe(e, sizeof *e);
	w->spi = 0;
	/* Even while free, odd while in use. */
	w->generation = (w->generation + 1) & ~(uint32_t)1;
	e->next = sad->free;
	if (sad->free)
		sad->mem.entries[sad->free - 1].prev = slot + 1;
	sad->free = slot + 1;
	sad->used--;
}

static void
take_free(struct adit_sad *sad, uint32_t slot)
{
	struct adit_sad_entry *e = &sad->mem.entries[slot];

	if (e->prev)
		sad->mem.entries[e->prev - 1].next = e->next;
	else
		sad->free = e->next;
	if (e->next)
		sad->mem.entries[e->next - 1].prev = e->prev;
	e->prev = 0;
	sad->used++;
}

/* Any free slot; ADIT_SLOT_NONE: there is none. */
static uint32_t
pop_free(struct adit_sad *sad)
{
	uint32_t slot = sad->free - 1;

	if (sad->free == 0)
		return ADIT_SLOT_NONE;
	take_free(sad, slot);
	return slot;
}

enum adit_status
adit_sad_init_(struct adit_sad *sad, size_t sad_size, size_t slot_size,
	       const struct adit_sad_mem *mem, const struct adit_rng *rng)
{
	if (sad_size != sizeof *sad || slot_size != ADIT_SAD_SLOT_SIZE)
		return ADIT_ERR_CONFIG;
	if (!is_mem_good(mem) || !rng->fill)
		return ADIT_ERR_ARG;
	memset(sad, 0, sizeof *sad);
	memset(mem->words, 0, mem->count * sizeof *mem->words);
	memset(mem->sas, 0, mem->count * sizeof *mem->sas);
	memset(mem->entries, 0, mem->count * sizeof *mem->entries);
	if (ADIT_EXTRAS && mem->hash_count)
		memset(mem->hash, 0, mem->hash_count * sizeof *mem->hash);
	sad->mem = *mem;
	sad->rng = *rng;
	for (size_t i = 0; i < mem->count; i++) {
		mem->entries[i].next = i + 1 < mem->count ? (uint32_t)(i + 2) : 0;
		mem->entries[i].prev = (uint32_t)i;
	}
	sad->free = 1;
	return ADIT_OK;
}

/* --- SPIs of our own. */

static bool
is_taken_by_hand(const struct adit_sad *sad, uint32_t spi)
{
	struct adit_sad_key key;

	memset(&key, 0, sizeof key);
	key.spi = spi;
	return adit_sad_slot_by(sad, ADIT_BY_SPI, &key) != ADIT_SLOT_NONE;
}

enum adit_status
adit_sad_spi(struct adit_sad *sad, uint32_t *spi)
{
	uint32_t mask = (uint32_t)(sad->mem.count - 1), slot, value;
	uint8_t raw[4];

	if (sad->free == 0)
		return ADIT_ERR_FULL;
	if (sad->rng.fill(sad->rng.ctx, raw, sizeof raw) != ADIT_OK)
		return ADIT_ERR_RANDOM;
	slot = pop_free(sad);
	value = (adit_load32(raw) & ~mask) | slot | SPI_OURS;
	/* Each SA by hand stands in the way once at most, but for one of the other protocol. */
	for (uint32_t n = sad->hashed[ADIT_BY_SPI]; n && is_taken_by_hand(sad, value); n--)
		value = (value + mask + 1) | SPI_OURS;
	if (sad->hashed[ADIT_BY_SPI] && is_taken_by_hand(sad, value)) {
		push_free(sad, slot);
		return ADIT_ERR_FULL;
	}
	sad->mem.words[slot].spi = value;
	*spi = value;
	return ADIT_OK;
}

static bool
is_reserved(const struct adit_sad *sad, uint32_t spi)
{
	uint32_t slot = adit_sad_slot_of_spi(sad, spi);

	return spi != 0 && sad->mem.words[slot].spi == spi && !adit_sad_is_used(sad, slot);
}

void
adit_sad_spi_release(struct adit_sad *sad, uint32_t spi)
{
	if (is_reserved(sad, spi))
		push_free(sad, adit_sad_slot_of_spi(sad, spi));
}

/* --- SAs. */

/* A slot that is in use, reserved for another SPI, or a hashed or outbound SA's, is not free. */
static bool
is_free(const struct adit_sad *sad, uint32_t slot)
{
	return sad->mem.words[slot].spi == 0 && !adit_sad_is_used(sad, slot);
}

/* The slot of an inbound SA to come; one that is not its SPI's is to be hashed. */
static uint32_t
inbound_slot(struct adit_sad *sad, uint32_t spi, enum adit_sad_by by)
{
	uint32_t slot = adit_sad_slot_of_spi(sad, spi);

	if (by == ADIT_BY_SPI && is_reserved(sad, spi))
		return slot;
	if (by == ADIT_BY_SPI && is_free(sad, slot)) {
		take_free(sad, slot);
		sad->mem.words[slot].spi = spi;
		return slot;
	}
	return ADIT_EXTRAS && sad->mem.hash_count ? pop_free(sad) : ADIT_SLOT_NONE;
}

static enum adit_status
check_place(const struct adit_sad *sad, const struct adit_sa_params *p, enum adit_sad_by by)
{
	const struct adit_sad_key key = {
		p->spi,
		p->protocol ? p->protocol : (uint8_t)ADIT_PROTO_ESP,
		p->local,
		p->remote,
	};

	if (by != ADIT_BY_SPI && by != ADIT_BY_LOCAL && by != ADIT_BY_BOTH)
		return ADIT_ERR_ARG;
	if (by != ADIT_BY_SPI && !sad->mem.hash_count)
		return ADIT_ERR_CONFIG;
	return adit_sad_slot_by(sad, by, &key) == ADIT_SLOT_NONE ? ADIT_OK : ADIT_ERR_STATE;
}

static enum adit_status
make(struct adit_sad *sad, uint32_t slot, const struct adit_sa_params *params)
{
	struct adit_sad_entry *e = &sad->mem.entries[slot];
	const struct adit_buf kc = {sad->mem.keyctx + slot * sad->mem.keyctx_size,
				    sad->mem.keyctx_size};
	struct adit_sa_params p = *params;

	p.more = ADIT_EXTRAS ? &e->more : NULL;
	if (p.selectors) {
		e->selectors = *p.selectors;
		p.selectors = &e->selectors;
	}
	return adit_sa_init(&sad->mem.sas[slot], &p, kc,
			    sad->mem.replay_bits + slot * sad->mem.replay_words,
			    sad->mem.replay_words);
}

enum adit_status
adit_sad_add_noted(struct adit_sad *sad, const struct adit_sa_params *params,
		   const struct adit_sad_note *note, struct adit_sa_id *id)
{
	enum adit_status st = ADIT_OK;
	uint32_t slot;

	if (ADIT_EXTRAS && params->dir == ADIT_IN)
		st = check_place(sad, params, note->by);

	if (st != ADIT_OK)
		return st;
	slot = params->dir == ADIT_IN ? inbound_slot(sad, params->spi, note->by) : pop_free(sad);
	if (slot == ADIT_SLOT_NONE)
		return ADIT_ERR_FULL;
	st = make(sad, slot, params);
	if (st != ADIT_OK) {
		push_free(sad, slot);
		return st;
	}
	sad->mem.entries[slot].note = *note;
	sad->mem.words[slot].generation |= 1;
	if (ADIT_EXTRAS && params->dir == ADIT_IN && sad->mem.words[slot].spi == 0)
		adit_sad_hash_put(sad, slot);
	id->slot = slot;
	id->generation = sad->mem.words[slot].generation;
	return ADIT_OK;
}

enum adit_status
adit_sad_add(struct adit_sad *sad, const struct adit_sa_params *params, uint32_t policy,
	     struct adit_sa_id *id)
{
	struct adit_sad_note note;

	memset(&note, 0, sizeof note);
	note.policy = policy;
	return adit_sad_add_noted(sad, params, &note, id);
}

struct adit_sa *
adit_sad_get(struct adit_sad *sad, struct adit_sa_id id)
{
	return adit_sad_at(sad, id);
}

/* Notes the SA around that of a slot; generation 0: none. */
static void
put_around(struct adit_sad *sad, uint32_t slot, struct adit_sa_id outer)
{
	struct adit_sa_id *to = &sad->mem.entries[slot].outer;

	sad->bundled -= to->generation != 0;
	sad->bundled += outer.generation != 0;
	*to = outer;
}

enum adit_status
adit_sad_remove(struct adit_sad *sad, struct adit_sa_id id)
{
	const struct adit_sa_id none = {0, 0};
	struct adit_sa *sa = adit_sad_get(sad, id);

	if (!sa)
		return ADIT_ERR_STALE;
	if (sad->mem.entries[id.slot].is_linked)
		return ADIT_ERR_STATE;
	if (ADIT_EXTRAS && sad->mem.entries[id.slot].is_hashed)
		adit_sad_hash_take(sad, id.slot);
	put_around(sad, id.slot, none);
	adit_sa_wipe(sa);
	push_free(sad, id.slot);
	return ADIT_OK;
}

/* --- SAs that belong together. Each names the other by its handle, which turns stale by itself. */

static bool
is_same(struct adit_sa_id a, struct adit_sa_id b)
{
	return a.slot == b.slot && a.generation == b.generation;
}

enum adit_status
adit_sad_pair(struct adit_sad *sad, struct adit_sa_id in, struct adit_sa_id out, uint32_t user)
{
	if (!adit_sad_get(sad, in) || !adit_sad_get(sad, out))
		return ADIT_ERR_STALE;
	sad->mem.entries[in.slot].pair = out;
	sad->mem.entries[in.slot].user = user;
	sad->mem.entries[out.slot].pair = in;
	sad->mem.entries[out.slot].user = user;
	return ADIT_OK;
}

struct adit_sa *
adit_sad_other(struct adit_sad *sad, struct adit_sa_id id, struct adit_sa_id *other, uint32_t *user)
{
	const struct adit_sad_entry *e;
	struct adit_sa *sa;

	if (!adit_sad_get(sad, id))
		return NULL;
	e = &sad->mem.entries[id.slot];
	sa = adit_sad_get(sad, e->pair);
	if (!sa || !is_same(sad->mem.entries[e->pair.slot].pair, id))
		return NULL;
	*other = e->pair;
	*user = e->user;
	return sa;
}

enum adit_status
adit_sad_bundle(struct adit_sad *sad, struct adit_sa_id inner, struct adit_sa_id outer)
{
	const struct adit_sa *in = adit_sad_get(sad, inner), *around = adit_sad_get(sad, outer);

	if (!in || (!around && outer.generation != 0))
		return ADIT_ERR_STALE;
	if (around && (in == around || in->dir != around->dir))
		return ADIT_ERR_ARG;
	put_around(sad, inner.slot, outer);
	return ADIT_OK;
}

bool
adit_sad_outer(struct adit_sad *sad, struct adit_sa_id inner, struct adit_sa_id *outer,
	       struct adit_sa **sa)
{
	*sa = NULL;
	if (!adit_sad_has_bundles(sad) || !adit_sad_get(sad, inner))
		return false;
	*outer = sad->mem.entries[inner.slot].outer;
	*sa = adit_sad_get(sad, *outer);
	return outer->generation != 0;
}

struct adit_sa *
adit_sad_next(struct adit_sad *sad, size_t *cursor, struct adit_sa_id *id)
{
	for (; *cursor < sad->mem.count; (*cursor)++) {
		uint32_t slot = (uint32_t)*cursor;

		if (!adit_sad_is_used(sad, slot))
			continue;
		if (id) {
			id->slot = slot;
			id->generation = sad->mem.words[slot].generation;
		}
		(*cursor)++;
		return &sad->mem.sas[slot];
	}
	return NULL;
}
