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
	if ((mem->count && (!mem->policies || !mem->heads)) ||
	    (mem->cache_count & (mem->cache_count - 1)) != 0 || (mem->cache_count && !mem->cache))
		return ADIT_ERR_ARG;
	spd->mem = *mem;
	if (mem->count)
		memset(mem->heads, 0, mem->count * sizeof *mem->heads);
	if (mem->cache_count)
		memset(mem->cache, 0, mem->cache_count * sizeof *mem->cache);
	return ADIT_OK;
}

uint32_t
adit_spd_find(const struct adit_spd *spd, const struct adit_flow *flow)
{
	for (size_t i = 0; i < spd->mem.count; i++)
		if (adit_selectors_match(&spd->mem.policies[i].selectors, flow))
			return (uint32_t)i;
	return ADIT_POLICY_NONE;
}

/* A change of SAs may change any decision, and is rare. */
static void
clear_cache(struct adit_spd *spd)
{
	if (spd->mem.cache_count)
		memset(spd->mem.cache, 0, spd->mem.cache_count * sizeof *spd->mem.cache);
}

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
	clear_cache(spd);
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
	clear_cache(spd);
}

static bool
flow_equal(const struct adit_flow *a, const struct adit_flow *b)
{
	return a->protocol == b->protocol && a->has_ports == b->has_ports &&
	       a->local_port == b->local_port && a->remote_port == b->remote_port &&
	       a->local.version == b->local.version && memcmp(a->local.b, b->local.b, 16) == 0 &&
	       memcmp(a->remote.b, b->remote.b, 16) == 0;
}

/* FNV-1a over words: cheap, and an attacker who finds collisions gains a slower look-up at most. */
static uint32_t
mix(uint32_t h, uint32_t word)
{
	return (h ^ word) * 16777619u;
}

static uint32_t
hash(const struct adit_flow *f)
{
	uint32_t h = mix(2166136261u, (uint32_t)f->local_port << 16 | f->remote_port);

	h = mix(h, f->protocol);
	for (size_t i = 0; i < 16; i += 4) {
		h = mix(h, adit_load32(f->local.b + i));
		h = mix(h, adit_load32(f->remote.b + i));
	}
	return h ^ h >> 15;
}

static struct adit_spd_cache_entry *
cache_slot(const struct adit_spd *spd, const struct adit_flow *flow)
{
	if (spd->mem.cache_count == 0)
		return NULL;
	return &spd->mem.cache[hash(flow) & (uint32_t)(spd->mem.cache_count - 1)];
}

static struct adit_sa *
newest_sa(const struct adit_spd *spd, struct adit_sad *sad, uint32_t policy,
	  const struct adit_flow *flow, struct adit_sa_id *id)
{
	for (uint32_t at = spd->mem.heads[policy]; at; at = sad->mem.entries[at - 1].next) {
		struct adit_sa *sa = &sad->mem.sas[at - 1];

		if (sa->selectors && !adit_selectors_match(sa->selectors, flow))
			continue;
		id->slot = at - 1;
		id->generation = sad->mem.words[at - 1].generation;
		return sa;
	}
	return NULL;
}

uint32_t
adit_spd_lookup(struct adit_spd *spd, struct adit_sad *sad, const struct adit_flow *flow,
		struct adit_sa_id *id, struct adit_sa **sa)
{
	struct adit_spd_cache_entry *c = cache_slot(spd, flow);
	uint32_t policy;

	memset(id, 0, sizeof *id);
	*sa = NULL;
	if (c && c->policy && flow_equal(&c->flow, flow)) {
		*sa = adit_sad_get(sad, c->sa);
		if (*sa)
			*id = c->sa;
		return c->policy - 1;
	}
	policy = adit_spd_find(spd, flow);
	if (policy == ADIT_POLICY_NONE)
		return policy;
	if (spd->mem.policies[policy].action == ADIT_PROTECT)
		*sa = newest_sa(spd, sad, policy, flow, id);
	if (c) {
		c->flow = *flow;
		c->policy = policy + 1;
		c->sa = *id;
	}
	return policy;
}
