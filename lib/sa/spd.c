/* The Security Policy Database: ordered policies, and the SAs under each. */
#include <string.h>

#include "sa/sad.h"
#include "sa/spd.h"

enum adit_status
adit_spd_init_(struct adit_spd *spd, size_t spd_size, size_t policy_size,
	       const struct adit_spd_mem *mem)
{
	if (spd_size != sizeof *spd || policy_size != sizeof *mem->policies)
		return ADIT_ERR_CONFIG;
	if ((mem->count && (!mem->policies || !mem->heads)) || mem->count >= ADIT_POLICY_NONE ||
	    (mem->cache_count & (mem->cache_count - 1)) != 0 || (mem->cache_count && !mem->cache))
		return ADIT_ERR_ARG;
	memset(spd, 0, sizeof *spd);
	spd->mem = *mem;
	spd->generation = 1;
	if (mem->count)
		memset(mem->heads, 0, mem->count * sizeof *mem->heads);
	if (mem->cache_count)
		memset(mem->cache, 0, mem->cache_count * sizeof *mem->cache);
	return ADIT_OK;
}

/* A change of SAs or policies may change any decision. */
static void
forget_decisions(struct adit_spd *spd)
{
	if (++spd->generation != 0)
		return;
	/* Once around: what was decided 2^32 changes ago must not look new. */
	spd->generation = 1;
	if (spd->mem.cache_count)
		memset(spd->mem.cache, 0, spd->mem.cache_count * sizeof *spd->mem.cache);
}

void
adit_spd_changed(struct adit_spd *spd)
{
	memset(&spd->index, 0, sizeof spd->index);
	forget_decisions(spd);
}

uint32_t
adit_spd_scan(const struct adit_spd *spd, enum adit_direction dir, const struct adit_flow *flow)
{
	for (size_t i = 0; i < spd->mem.count; i++) {
		const struct adit_policy *p = &spd->mem.policies[i];

		if ((p->dir == 0 || p->dir == dir) && adit_selectors_match(&p->selectors, flow))
			return (uint32_t)i;
	}
	return ADIT_POLICY_NONE;
}

uint32_t
adit_spd_find(const struct adit_spd *spd, enum adit_direction dir, const struct adit_flow *flow)
{
	return spd->index.find ? spd->index.find(&spd->index, dir, flow)
			       : adit_spd_scan(spd, dir, flow);
}

/* --- The SAs of each policy, in both ways, so that one is taken out without a walk. */

enum adit_status
adit_spd_link(struct adit_spd *spd, struct adit_sad *sad, struct adit_sa_id id)
{
	const struct adit_sa *sa = adit_sad_get(sad, id);
	struct adit_sad_entry *e;
	uint32_t *head;

	if (!sa)
		return ADIT_ERR_STALE;
	e = &sad->mem.entries[id.slot];
	if (e->note.policy >= spd->mem.count || sa->dir != ADIT_OUT)
		return ADIT_ERR_ARG;
	if (e->is_linked)
		return ADIT_ERR_STATE;
	e->is_linked = true;
	forget_decisions(spd);
	if (ADIT_EXTRAS && adit_spd_pin(spd, sad, id.slot))
		return ADIT_OK;
	head = &spd->mem.heads[e->note.policy];
	e->next = *head;
	if (e->next)
		sad->mem.entries[e->next - 1].prev = id.slot + 1;
	*head = id.slot + 1;
	return ADIT_OK;
}

void
adit_spd_unlink(struct adit_spd *spd, struct adit_sad *sad, struct adit_sa_id id)
{
	struct adit_sad_entry *e;

	if (!adit_sad_get(sad, id) || !sad->mem.entries[id.slot].is_linked)
		return;
	e = &sad->mem.entries[id.slot];
	e->is_linked = false;
	forget_decisions(spd);
	if (ADIT_EXTRAS && e->is_hashed) {
		adit_spd_unpin(sad, id.slot);
		return;
	}
	if (e->prev)
		sad->mem.entries[e->prev - 1].next = e->next;
	else
		spd->mem.heads[e->note.policy] = e->next;
	if (e->next)
		sad->mem.entries[e->next - 1].prev = e->prev;
	e->prev = 0; /* who is linked is the first */
}

#define DSCP_MAX 63

/* How well an SA fits a packet that its selectors match; UNFIT: not at all. */
enum { UNFIT = 0, FITS = 1, NAMES_DSCP = 2, IS_RESOURCE = 4 };
#define FITS_BEST (FITS | NAMES_DSCP | IS_RESOURCE)

static unsigned
fitness(const struct adit_sad_note *note, const struct adit_spd_ask *ask)
{
	unsigned fit = FITS;

	if (note->resource && note->resource != ask->resource)
		return UNFIT;
	if (note->dscps && !(note->dscps >> (ask->dscp & DSCP_MAX) & 1))
		return UNFIT;
	if (note->resource)
		fit |= IS_RESOURCE;
	if (note->dscps)
		fit |= NAMES_DSCP;
	return fit;
}

struct choice {
	unsigned fit;
	uint32_t slot;
};

static void
consider(const struct adit_sad *sad, const struct adit_spd_ask *ask, uint32_t slot,
	 struct choice *best)
{
	const struct adit_sa *sa = &sad->mem.sas[slot];
	unsigned fit = fitness(&sad->mem.entries[slot].note, ask);

	if (fit <= best->fit || (sa->selectors && !adit_selectors_match(sa->selectors, ask->flow)))
		return;
	best->fit = fit;
	best->slot = slot;
}

static void
choose_sa(const struct adit_spd *spd, struct adit_sad *sad, const struct adit_spd_ask *ask,
	  struct adit_spd_answer *to)
{
	struct choice best = {UNFIT, ADIT_SLOT_NONE};
	uint32_t slot = ADIT_SLOT_NONE, at = spd->mem.heads[to->policy];

	while (ADIT_EXTRAS &&
	       (slot = adit_spd_pinned(spd, sad, to->policy, ask->flow, slot)) != ADIT_SLOT_NONE)
		consider(sad, ask, slot, &best);
	for (; at && best.fit != FITS_BEST; at = sad->mem.entries[at - 1].next)
		consider(sad, ask, at - 1, &best);
	if (best.fit == UNFIT)
		return;
	to->sa = &sad->mem.sas[best.slot];
	to->id.slot = best.slot;
	to->id.generation = sad->mem.words[best.slot].generation;
}

void
adit_spd_decide(const struct adit_spd *spd, struct adit_sad *sad, const struct adit_spd_ask *ask,
		struct adit_spd_answer *to)
{
	memset(to, 0, sizeof *to);
	to->policy = adit_spd_find(spd, ask->dir, ask->flow);
	if (to->policy != ADIT_POLICY_NONE && ask->dir == ADIT_OUT &&
	    spd->mem.policies[to->policy].action == ADIT_PROTECT)
		choose_sa(spd, sad, ask, to);
}
