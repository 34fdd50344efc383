/* The flow cache in front of the policies. */
#include <string.h>

#include "base/check.h"
#include "base/prefetch.h"
#include "sa/hash.h"
#include "sa/sad.h"
#include "sa/spd.h"

/* Flows have no gaps, and what they don't say of an address is zero, so they are compared whole. */
ADIT_CHECK(flow_has_no_gaps, sizeof(struct adit_flow) == 2 * sizeof(struct adit_ip) + 6);

static bool
is_about(const struct adit_spd_cache_entry *c, const struct adit_spd_ask *ask)
{
	return memcmp(&c->flow, ask->flow, sizeof c->flow) == 0 && c->dir == ask->dir &&
	       c->dscp == ask->dscp && c->resource == ask->resource;
}

static uint32_t
hash(const struct adit_spd_ask *ask)
{
	const struct adit_flow *f = ask->flow;
	uint32_t ports = (uint32_t)f->local_port << 16 | f->remote_port;
	uint32_t rest = (uint32_t)ask->dir << 16 | (uint32_t)ask->dscp << 8 | f->protocol;
	uint32_t local = adit_mix_ip(ports, &f->local);
	uint32_t remote = adit_mix_ip(adit_mix(rest, ask->resource), &f->remote);

	/* Two chains side by side, which are one at the end. */
	return adit_mix(local * ADIT_HASH_PRIME, remote);
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
	 const struct adit_spd_answer *answer)
{
	struct adit_spd_cache_entry *c = places->first;

	*places->second = *c;
	c->flow = *ask->flow;
	c->dir = (uint8_t)ask->dir;
	c->dscp = ask->dscp;
	c->resource = ask->resource;
	c->policy = answer->policy;
	c->sa = answer->id;
	c->generation = spd->generation;
}

/* From here, or decided and remembered. */
static void
look_up(const struct adit_spd *spd, struct adit_sad *sad, const struct adit_spd_ask *ask,
	const struct places *places, struct adit_spd_answer *to)
{
	const struct adit_spd_cache_entry *c = remembered(spd, places, ask);

	if (!c) {
		adit_spd_decide(spd, sad, ask, to);
		remember(spd, places, ask, to);
		return;
	}
	to->policy = c->policy;
	to->id = c->sa;
	to->sa = adit_sad_at(sad, c->sa);
}

/* Few enough for the stack of a small machine. */
enum { TOGETHER = ADIT_BURST };

static void
look_up_together(const struct adit_spd *spd, struct adit_sad *sad, const struct adit_spd_ask *asks,
		 struct adit_spd_answer *answers, size_t n)
{
	struct places places[TOGETHER];

	for (size_t i = 0; i < n; i++) {
		places[i] = places_of(spd, &asks[i]);
		ADIT_PREFETCH(places[i].first);
		ADIT_PREFETCH(places[i].second);
	}
	for (size_t i = 0; i < n; i++) {
		look_up(spd, sad, &asks[i], &places[i], &answers[i]);
		ADIT_PREFETCH(answers[i].sa);
	}
}

void
adit_spd_lookup_burst(struct adit_spd *spd, struct adit_sad *sad, const struct adit_spd_ask *asks,
		      struct adit_spd_answer *answers, size_t n)
{
	if (spd->mem.cache_count == 0) {
		for (size_t i = 0; i < n; i++)
			adit_spd_decide(spd, sad, &asks[i], &answers[i]);
		return;
	}
	for (size_t i = 0; i < n; i += TOGETHER)
		look_up_together(spd, sad, asks + i, answers + i,
				 n - i < TOGETHER ? n - i : TOGETHER);
}

uint32_t
adit_spd_lookup(struct adit_spd *spd, struct adit_sad *sad, const struct adit_spd_ask *ask,
		struct adit_sa_id *id, struct adit_sa **sa)
{
	struct adit_spd_answer answer;

	adit_spd_lookup_burst(spd, sad, ask, &answer, 1);
	*id = answer.id;
	*sa = answer.sa;
	return answer.policy;
}
