/* The policies of a file as the library's two databases, which decide on every packet. */
#include "policies.h"

#include <string.h>

#include "../xfrm/keep.h"
#include "../xfrm/plan.h"
#include "adit/ipsec.h"

struct policies {
	enum adit_direction dir;
	const struct plan *plan;
	struct adit_sad sad;
	struct adit_spd spd;
	struct adit_ipsec ipsec;
};

bool
policies_are_in(const struct xfrm *x, enum adit_direction dir)
{
	for (size_t i = 0; i < x->policy_count; i++)
		if ((x->policies[i].dir == XFRM_OUT) == (dir == ADIT_OUT))
			return true;
	return false;
}

/* A capture may begin anywhere, and out of order; of extended numbers the high half must be known.
 */
static void
forget_past(struct xfrm *x)
{
	for (size_t i = 0; i < x->state_count; i++) {
		struct xfrm_state *s = &x->states[i];

		s->seq = s->esn ? s->seq >> 32 << 32 : 0;
		s->replay_window = ADIT_REPLAY_MAX;
		memset(&s->soft, 0, sizeof s->soft);
		memset(&s->hard, 0, sizeof s->hard);
	}
}

/* All SPIs are those of the file. */
static enum adit_status
no_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 0, n);
	return ADIT_ERR_RANDOM;
}

static enum adit_status
make_sad(struct adit_sad *sad, size_t sa_count)
{
	const struct adit_rng rng = {.fill = no_random};
	struct adit_sad_mem m;

	memset(&m, 0, sizeof m);
	m.count = 1;
	while (m.count < sa_count)
		m.count *= 2;
	m.words = keep(m.count * sizeof *m.words);
	m.sas = keep(m.count * sizeof *m.sas);
	m.entries = keep(m.count * sizeof *m.entries);
	m.keyctx_size = sizeof(union adit_keyctx);
	m.keyctx = keep(m.count * m.keyctx_size);
	m.replay_words = ADIT_REPLAY_WORDS(ADIT_REPLAY_MAX);
	m.replay_bits = keep(m.count * m.replay_words * sizeof *m.replay_bits);
	m.hash_count = m.count;
	m.hash = keep(m.hash_count * sizeof *m.hash);
	return adit_sad_init(sad, &m, &rng);
}

static enum adit_status
make_spd(struct adit_spd *spd, const struct plan *plan)
{
	struct adit_spd_mem m;

	memset(&m, 0, sizeof m);
	m.policies = plan->policies;
	m.count = plan->policy_count;
	m.heads = keep(m.count * sizeof *m.heads);
	return adit_spd_init(spd, &m);
}

struct policies *
policies_make(struct xfrm *x, enum adit_direction dir, FILE *err)
{
	const struct plan_place place = {.legacy = true, .only = dir};
	struct policies *p = keep(sizeof *p);
	struct plan *plan;

	forget_past(x);
	plan = plan_make(x, &place, err);
	if (!plan)
		return NULL;
	p->dir = dir;
	p->plan = plan;
	if (make_sad(&p->sad, plan->sa_count) != ADIT_OK || make_spd(&p->spd, plan) != ADIT_OK) {
		fprintf(err, "%s: too many states or policies\n", x->name);
		return NULL;
	}
	adit_ipsec_init(&p->ipsec, &p->sad, &p->spd);
	if (plan_install(plan, &p->sad, &p->spd, 0, err))
		return p;
	policies_wipe(p);
	return NULL;
}

static enum work_result
result_of(const struct adit_verdict *v)
{
	switch (v->kind) {
	case ADIT_VERDICT_SEND:
	case ADIT_VERDICT_DELIVER:
		return WORK_DONE;
	case ADIT_VERDICT_BYPASS:
		return WORK_COPY;
	case ADIT_VERDICT_DISCARD:
	case ADIT_VERDICT_NEED_SA:
	case ADIT_VERDICT_TOO_BIG:
	case ADIT_VERDICT_QUEUE:
	case ADIT_VERDICT_AGGFRAG:
		break;
	}
	if (v->status == ADIT_ERR_DUMMY)
		return WORK_DUMMY;
	return v->status == ADIT_ERR_POLICY || v->status == ADIT_ERR_SELECTOR ? WORK_DROPPED
									      : WORK_FAILED;
}

enum work_result
policies_apply(struct policies *p, struct adit_pkt *pkt, enum adit_status *st)
{
	struct adit_verdict v;

	if (p->dir == ADIT_OUT)
		adit_ipsec_out(&p->ipsec, pkt, &v, 1);
	else
		adit_ipsec_in(&p->ipsec, pkt, &v, 1);
	*st = v.status;
	return result_of(&v);
}

bool
policies_have_ah(const struct policies *p)
{
	for (size_t i = 0; i < p->plan->sa_count; i++)
		if (p->plan->sas[i].state->protocol == ADIT_PROTO_AH)
			return true;
	return false;
}

void
policies_wipe(struct policies *p)
{
	for (size_t i = 0; p && i < p->sad.mem.count; i++)
		adit_sa_wipe(&p->sad.mem.sas[i]);
}
