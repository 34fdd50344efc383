/* The SA database over memory of the caller's. */
#include <string.h>

#include "adit/sad.h"
#include "base/endian.h"

#define COUNT_MAX ((size_t)1 << 20)

static bool
is_mem_good(const struct adit_sad_mem *mem)
{
	return mem->entries && mem->keyctx && mem->replay_bits && mem->count >= 1 &&
	       mem->count <= COUNT_MAX && (mem->count & (mem->count - 1)) == 0 &&
	       mem->keyctx_size % 8 == 0 && mem->replay_words >= ADIT_REPLAY_WORDS(ADIT_REPLAY_MIN);
}

enum adit_status
adit_sad_init_(struct adit_sad *sad, size_t sad_size, size_t entry_size,
	       const struct adit_sad_mem *mem, const struct adit_rng *rng)
{
	if (sad_size != sizeof *sad || entry_size != sizeof *mem->entries)
		return ADIT_ERR_CONFIG;
	if (!is_mem_good(mem) || !rng->fill)
		return ADIT_ERR_ARG;
	memset(sad, 0, sizeof *sad);
	memset(mem->entries, 0, mem->count * sizeof *mem->entries);
	sad->mem = *mem;
	sad->rng = *rng;
	for (size_t i = 0; i < mem->count; i++)
		mem->entries[i].next = i + 1 < mem->count ? (uint32_t)(i + 2) : 0;
	sad->free = 1;
	return ADIT_OK;
}

static uint32_t
slot_of(const struct adit_sad *sad, const struct adit_sad_entry *e)
{
	return (uint32_t)(e - sad->mem.entries);
}

static struct adit_sad_entry *
pop_free(struct adit_sad *sad)
{
	struct adit_sad_entry *e;

	if (sad->free == 0)
		return NULL;
	e = &sad->mem.entries[sad->free - 1];
	sad->free = e->next;
	e->next = 0;
	sad->used++;
	return e;
}

/* Takes one slot out of the free list, for an SPI that was not chosen here: costs a walk. */
static bool
take_free(struct adit_sad *sad, const struct adit_sad_entry *want)
{
	uint32_t *link = &sad->free;

	while (*link != 0) {
		struct adit_sad_entry *e = &sad->mem.entries[*link - 1];

		if (e == want) {
			*link = e->next;
			e->next = 0;
			sad->used++;
			return true;
		}
		link = &e->next;
	}
	return false;
}

static void
push_free(struct adit_sad *sad, struct adit_sad_entry *e)
{
	uint32_t generation = e->generation;

	adit_wipe(e, sizeof *e);
	/* Even while free, odd while in use. */
	e->generation = (generation + 1) & ~(uint32_t)1;
	e->next = sad->free;
	sad->free = slot_of(sad, e) + 1;
	sad->used--;
}

static struct adit_sad_entry *
entry_of_spi(const struct adit_sad *sad, uint32_t spi)
{
	return &sad->mem.entries[spi & (uint32_t)(sad->mem.count - 1)];
}

enum adit_status
adit_sad_spi(struct adit_sad *sad, uint32_t *spi)
{
	uint32_t mask = (uint32_t)(sad->mem.count - 1);
	struct adit_sad_entry *e;
	uint8_t raw[4];

	if (sad->free == 0)
		return ADIT_ERR_FULL;
	if (sad->rng.fill(sad->rng.ctx, raw, sizeof raw) != ADIT_OK)
		return ADIT_ERR_RANDOM;
	e = pop_free(sad);
	/* The highest bit keeps it clear of the reserved ones. */
	e->spi = (adit_load32(raw) & ~mask) | slot_of(sad, e) | 0x80000000u;
	*spi = e->spi;
	return ADIT_OK;
}

void
adit_sad_spi_release(struct adit_sad *sad, uint32_t spi)
{
	struct adit_sad_entry *e = entry_of_spi(sad, spi);

	if (spi != 0 && e->spi == spi && !e->sa.aead)
		push_free(sad, e);
}

static struct adit_sad_entry *
slot_for(struct adit_sad *sad, const struct adit_sa_params *params)
{
	struct adit_sad_entry *e;

	if (params->dir != ADIT_IN)
		return pop_free(sad);
	e = entry_of_spi(sad, params->spi);
	if (e->spi == params->spi && !e->sa.aead)
		return e;
	if (e->spi != 0 || e->sa.aead || !take_free(sad, e))
		return NULL;
	e->spi = params->spi;
	return e;
}

enum adit_status
adit_sad_add(struct adit_sad *sad, const struct adit_sa_params *params, uint32_t policy,
	     struct adit_sa_id *id)
{
	struct adit_sad_entry *e = slot_for(sad, params);
	struct adit_sa_params p = *params;
	struct adit_buf kc;
	enum adit_status st;
	size_t slot;

	if (!e)
		return ADIT_ERR_FULL;
	slot = slot_of(sad, e);
	kc.p = sad->mem.keyctx + slot * sad->mem.keyctx_size;
	kc.cap = sad->mem.keyctx_size;
	if (params->selectors) {
		e->selectors = *params->selectors;
		p.selectors = &e->selectors;
	}
	st = adit_sa_init(&e->sa, &p, kc, sad->mem.replay_bits + slot * sad->mem.replay_words,
			  sad->mem.replay_words);
	if (st != ADIT_OK) {
		push_free(sad, e);
		return st;
	}
	e->policy = policy;
	e->generation |= 1;
	id->slot = (uint32_t)slot;
	id->generation = e->generation;
	return ADIT_OK;
}

static struct adit_sad_entry *
entry_of_id(const struct adit_sad *sad, struct adit_sa_id id)
{
	struct adit_sad_entry *e;

	if (id.slot >= sad->mem.count)
		return NULL;
	e = &sad->mem.entries[id.slot];
	return (id.generation & 1) && e->generation == id.generation ? e : NULL;
}

enum adit_status
adit_sad_remove(struct adit_sad *sad, struct adit_sa_id id)
{
	struct adit_sad_entry *e = entry_of_id(sad, id);

	if (!e)
		return ADIT_ERR_STALE;
	adit_sa_wipe(&e->sa);
	push_free(sad, e);
	return ADIT_OK;
}

struct adit_sa *
adit_sad_get(struct adit_sad *sad, struct adit_sa_id id)
{
	struct adit_sad_entry *e = entry_of_id(sad, id);

	return e ? &e->sa : NULL;
}

enum adit_status
adit_sad_pair(struct adit_sad *sad, struct adit_sa_id in, struct adit_sa_id out, uint32_t user)
{
	struct adit_sad_entry *a = entry_of_id(sad, in), *b = entry_of_id(sad, out);

	if (!a || !b)
		return ADIT_ERR_STALE;
	a->pair = out.slot + 1;
	b->pair = in.slot + 1;
	a->user = user;
	b->user = user;
	return ADIT_OK;
}

struct adit_sa *
adit_sad_other(struct adit_sad *sad, struct adit_sa_id id, struct adit_sa_id *other, uint32_t *user)
{
	const struct adit_sad_entry *e = entry_of_id(sad, id);
	struct adit_sad_entry *o;

	if (!e || e->pair == 0)
		return NULL;
	o = &sad->mem.entries[e->pair - 1];
	if (!o->sa.aead || o->pair != id.slot + 1)
		return NULL;
	other->slot = e->pair - 1;
	other->generation = o->generation;
	*user = e->user;
	return &o->sa;
}

struct adit_sa *
adit_sad_find(struct adit_sad *sad, uint32_t spi, struct adit_sa_id *id)
{
	struct adit_sad_entry *e = entry_of_spi(sad, spi);

	if (spi == 0 || e->spi != spi || !e->sa.aead || e->sa.dir != ADIT_IN)
		return NULL;
	if (id) {
		id->slot = slot_of(sad, e);
		id->generation = e->generation;
	}
	return &e->sa;
}

struct adit_sa *
adit_sad_next(struct adit_sad *sad, size_t *cursor, struct adit_sa_id *id)
{
	for (; *cursor < sad->mem.count; (*cursor)++) {
		struct adit_sad_entry *e = &sad->mem.entries[*cursor];

		if (!e->sa.aead)
			continue;
		if (id) {
			id->slot = (uint32_t)*cursor;
			id->generation = e->generation;
		}
		(*cursor)++;
		return &e->sa;
	}
	return NULL;
}
