/* The SAs of a plan in the database, under their policies and in one another. */
#include <string.h>

#include "plan.h"

static void
put_inside(const struct xfrm_state *s, struct adit_sa_params *p)
{
	const struct adit_ts *local = p->dir == ADIT_OUT ? &s->sel.src : &s->sel.dst;
	const struct adit_ts *remote = p->dir == ADIT_OUT ? &s->sel.dst : &s->sel.src;

	p->inner_local.version = local->version;
	memcpy(p->inner_local.b, local->first, sizeof p->inner_local.b);
	p->inner_remote.version = remote->version;
	memcpy(p->inner_remote.b, remote->first, sizeof p->inner_remote.b);
}

void
plan_params(const struct plan_sa *sa, adit_ms now, struct adit_sa_params *p)
{
	const struct xfrm_state *s = sa->state;
	bool out = sa->dir == ADIT_OUT;

	memset(p, 0, sizeof *p);
	p->dir = sa->dir;
	p->protocol = s->protocol;
	p->mode = s->mode;
	p->spi = s->spi;
	p->local = out ? s->src : s->dst;
	p->remote = out ? s->dst : s->src;
	p->udp_encap = s->encap;
	p->local_port = out ? s->sport : s->dport;
	p->remote_port = out ? s->dport : s->sport;
	p->aead = s->aead;
	p->key = (struct adit_span){s->key, s->key_n};
	p->esn = s->esn;
	p->replay_window = out ? 0 : s->replay_window;
	p->seq = sa->last;
	p->flags = s->flags;
	/* Without a tunnel it is this host that sends, so it cuts behind ESP and AH. */
	if (out && (s->mode == ADIT_TRANSPORT || s->mode == ADIT_BEET))
		p->flags |= ADIT_SA_CUT_AFTER;
	p->tfc = out ? s->tfc : 0;
	p->manual = true;
	p->seq_known = true; /* the plan has seen to it */
	p->selectors = sa->has_selectors ? &sa->selectors : NULL;
	p->soft = s->soft;
	p->hard = s->hard;
	p->now = now;
	if (s->mode == ADIT_BEET)
		put_inside(s, p);
	if (s->mode == ADIT_TRANSPORT && s->encap && !out && s->original.version) {
		p->inner_remote = s->original;
		p->inner_local = s->dst;
	}
}

static enum adit_status
add(struct plan_sa *sa, struct adit_sad *sad, struct adit_spd *spd, adit_ms now)
{
	struct adit_sa_params p;
	struct adit_sad_note note;
	enum adit_status st;

	memset(&note, 0, sizeof note);
	note.policy = sa->policy;
	plan_params(sa, now, &p);
	st = adit_sad_add_noted(sad, &p, &note, &sa->id);
	if (st == ADIT_OK && sa->dir == ADIT_OUT && sa->is_inner)
		st = adit_spd_link(spd, sad, sa->id);
	adit_wipe(&p, sizeof p);
	return st;
}

static bool
bundle(const struct plan *p, const struct plan_sa *sa, struct adit_sad *sad, FILE *err)
{
	enum adit_status st = ADIT_OK;

	if (sa->outer)
		st = adit_sad_bundle(sad, sa->id, sa->outer->id);
	if (st != ADIT_OK)
		fprintf(err, "%s:%u: it can't be in the SA of line %u: %s\n", p->x->name,
			sa->state->line, sa->outer->state->line, adit_status_name(st));
	return st == ADIT_OK;
}

bool
plan_install(struct plan *p, struct adit_sad *sad, struct adit_spd *spd, adit_ms now, FILE *err)
{
	for (size_t i = 0; i < p->sa_count; i++) {
		enum adit_status st = add(&p->sas[i], sad, spd, now);

		if (st == ADIT_OK)
			continue;
		fprintf(err, "%s:%u: no SA can be made of this state: %s\n", p->x->name,
			p->sas[i].state->line, adit_status_name(st));
		return false;
	}
	for (size_t i = 0; i < p->sa_count; i++)
		if (!bundle(p, &p->sas[i], sad, err))
			return false;
	return true;
}
