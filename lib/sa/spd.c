/* The Security Policy Database: ordered policies, the SAs under each, a flow cache in front. */
#include <string.h>

#include "base/endian.h"
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
	head = &spd->mem.heads[e->note.policy];
	e->next = *head;
	if (e->next)
		sad->mem.entries[e->next - 1].prev = id.slot + 1;
	*head = id.slot + 1;
	e->is_linked = true;
	forget_decisions(spd);
	return ADIT_OK;
}

void
adit_spd_unlink(struct adit_spd *spd, struct adit_sad *sad, struct adit_sa_id id)
{
	struct adit_sad_entry *e;

	if (!adit_sad_get(sad, id) || !sad->mem.entries[id.slot].is_linked)
		return;
	e = &sad->mem.entries[id.slot];
	if (e->prev)
		sad->mem.entries[e->prev - 1].next = e->next;
	else
		spd->mem.heads[e->note.policy] = e->next;
	if (e->next)
		sad->mem.entries[e->next - 1].prev = e->prev;
	e->next = 0;
	e->prev = 0;
	e->is_linked = false;
	forget_decisions(spd);
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

static struct adit_sa *
best_sa(const struct adit_spd *spd, struct adit_sad *sad, uint32_t policy,
	const struct adit_spd_ask *ask, struct adit_sa_id *id)
{
	unsigned best = UNFIT;

	for (uint32_t at = spd->mem.heads[policy]; at && best != FITS_BEST;
	     at = sad->mem.entries[at - 1].next) {
		const struct adit_sa *sa = &sad->mem.sas[at - 1];
		unsigned fit = fitness(&sad->mem.entries[at - 1].note, ask);

		if (fit <= best ||
		    (sa->selectors && !adit_selectors_match(sa->selectors, ask->flow)))
			continue;
		best = fit;
		id->slot = at - 1;
		id->generation = sad->mem.words[at - 1].generation;
	}
	return best == UNFIT ? NULL : &sad->mem.sas[id->slot];
}

/* --- The cache. */

static bool
is_about(const struct adit_spd_cache_entry *c, const struct adit_spd_ask *ask)
{
	const struct adit_flow *a = &c->flow, *b = ask->flow;

	return c->dir == ask->dir && c->dscp == ask->dscp && c->resource == ask->resource &&
	       a->protocol == b->protocol && a->has_ports == b->has_ports &&
	       a->local_port == b->local_port && a->remote_port == b->remote_port &&
	       adit_ip_equal(&a->local, &b->local) && adit_ip_equal(&a->remote, &b->remote);
}

/* FNV-1a over words: cheap, and an attacker who finds collisions gains a slower look-up at most. */
static uint32_t
mix(uint32_t h, uint32_t word)
{
	h = (h ^ word) * 16777619u;
	return h ^ h >> 15;
}

static uint32_t
hash(const struct adit_spd_ask *ask)
{
	const struct adit_flow *f = ask->flow;
	size_t n = f->local.version == 4 ? 4 : 16;
	uint32_t h = mix(2166136261u, (uint32_t)f->local_port << 16 | f->remote_port);

	h = mix(h, (uint32_t)ask->dir << 16 | (uint32_t)ask->dscp << 8 | f->protocol);
	h = mix(h, ask->resource);
	for (size_t i = 0; i < n; i += 4) {
		h = mix(h, adit_load32(f->local.b + i));
		h = mix(h, adit_load32(f->remote.b + i));
	}
	return h;
}

/* Slots go by two: flows of one hash share both, the later one in the first. */
struct places {
	struct adit_spd_cache_entry *first, *second;
};

static struct places
places_of(const struct adit_spd *spd, const struct adit_spd_ask *ask)
{
	uint32_t mask = (uint32_t)(spd->mem.cache_count - 1), at = hash(ask) & mask;

	return (struct places){&spd->mem.cache[at & ~(uint32_t)1],
			       &spd->mem.cache[(at | 1) & mask]};
}

static const struct adit_spd_cache_entry *
remembered(const struct adit_spd *spd, const struct places *places, const struct adit_spd_ask *ask)
{
	const struct adit_spd_cache_entry *c = places->first;

	if (c->generation == spd->generation && is_about(c, ask))
		return c;
	c = places->second;
	return c->generation == spd->generation && is_about(c, ask) ? c : NULL;
}

static void
remember(const struct adit_spd *spd, const struct places *places, const struct adit_spd_ask *ask,
	 uint32_t policy, struct adit_sa_id id)
{
	struct adit_spd_cache_entry *c = places->first;

	*places->second = *c;
	c->flow = *ask->flow;
	c->dir = (uint8_t)ask->dir;
	c->dscp = ask->dscp;
	c->resource = ask->resource;
	c->policy = policy;
	c->sa = id;
	c->generation = spd->generation;
}

static uint32_t
decide(const struct adit_spd *spd, struct adit_sad *sad, const struct adit_spd_ask *ask,
       struct adit_sa_id *id, struct adit_sa **sa)
{
	uint32_t policy;

	memset(id, 0, sizeof *id);
	*sa = NULL;
	policy = adit_spd_find(spd, ask->dir, ask->flow);
	if (policy != ADIT_POLICY_NONE && ask->dir == ADIT_OUT &&
	    spd->mem.policies[policy].action == ADIT_PROTECT)
		*sa = best_sa(spd, sad, policy, ask, id);
	return policy;
}

uint32_t
adit_spd_lookup(struct adit_spd *spd, struct adit_sad *sad, const struct adit_spd_ask *ask,
		struct adit_sa_id *id, struct adit_sa **sa)
{
	const struct adit_spd_cache_entry *c;
	struct places places;
	uint32_t policy;

	if (spd->mem.cache_count == 0)
		return decide(spd, sad, ask, id, sa);
	places = places_of(spd, ask);
	c = remembered(spd, &places, ask);
	if (c) {
		*id = c->sa;
		*sa = adit_sad_get(sad, *id);
		return c->policy;
	}
	policy = decide(spd, sad, ask, id, sa);
	remember(spd, &places, ask, policy, *id);
	return policy;
}
