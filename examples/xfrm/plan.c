/* Which state of a file serves which policy, in which direction. */
#include "plan.h"

#include <stdarg.h>
#include <string.h>

#include "keep.h"

struct making {
	struct plan *m;
	const struct plan_place *place;
	FILE *err;
};

static bool fail(const struct making *p, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool
fail(const struct making *p, unsigned line, const char *format, ...)
{
	va_list args;

	fprintf(p->err, "%s:%u: ", p->m->x->name, line);
	va_start(args, format);
	vfprintf(p->err, format, args);
	va_end(args);
	fputc('\n', p->err);
	return false;
}

/* --- Selectors: lists of ranges of both sides, of which every pair counts. */

static bool
is_same_ts(const struct adit_ts *a, const struct adit_ts *b)
{
	return a->version == b->version && a->protocol == b->protocol &&
	       a->port_first == b->port_first && a->port_last == b->port_last &&
	       memcmp(a->first, b->first, sizeof a->first) == 0 &&
	       memcmp(a->last, b->last, sizeof a->last) == 0;
}

static bool
has_ts(const struct adit_ts *list, uint8_t n, const struct adit_ts *ts)
{
	for (uint8_t i = 0; i < n; i++)
		if (is_same_ts(&list[i], ts))
			return true;
	return false;
}

/* Whether the ranges of ts' version are ts alone, or none. */
static bool
is_alone(const struct adit_ts *list, uint8_t n, const struct adit_ts *ts)
{
	for (uint8_t i = 0; i < n; i++)
		if (list[i].version == ts->version && !is_same_ts(&list[i], ts))
			return false;
	return true;
}

static bool
add_ts(struct adit_ts *list, uint8_t *n, const struct adit_ts *ts)
{
	if (has_ts(list, *n, ts))
		return true;
	if (*n == ADIT_TS_MAX)
		return false;
	list[(*n)++] = *ts;
	return true;
}

/* Adds a pair of ranges, where that adds no other pair. */
static bool
add_pair(struct adit_selectors *s, const struct adit_ts *local, const struct adit_ts *remote)
{
	struct adit_selectors more = *s;

	if (!is_alone(s->local, s->local_n, local) && !is_alone(s->remote, s->remote_n, remote) &&
	    !(has_ts(s->local, s->local_n, local) && has_ts(s->remote, s->remote_n, remote)))
		return false;
	if (!add_ts(more.local, &more.local_n, local) ||
	    !add_ts(more.remote, &more.remote_n, remote))
		return false;
	*s = more;
	return true;
}

static bool
is_ts_within(const struct adit_ts *a, const struct adit_ts *b)
{
	return a->version == b->version && memcmp(a->first, b->first, sizeof a->first) >= 0 &&
	       memcmp(a->last, b->last, sizeof a->last) <= 0 &&
	       (b->protocol == ADIT_PROTO_ANY || a->protocol == b->protocol) &&
	       a->port_first >= b->port_first && a->port_last <= b->port_last;
}

static bool
is_within(const struct adit_selectors *a, const struct adit_selectors *b)
{
	for (uint8_t i = 0; i < a->local_n; i++)
		if (!is_ts_within(&a->local[i], &b->local[0]))
			return false;
	for (uint8_t i = 0; i < a->remote_n; i++)
		if (!is_ts_within(&a->remote[i], &b->remote[0]))
			return false;
	return true;
}

/* src and dst as local and remote. */
static struct adit_selectors
turn(const struct xfrm_selector *sel, enum adit_direction dir)
{
	struct adit_selectors s;

	memset(&s, 0, sizeof s);
	s.local_n = s.remote_n = 1;
	s.local[0] = dir == ADIT_OUT ? sel->src : sel->dst;
	s.remote[0] = dir == ADIT_OUT ? sel->dst : sel->src;
	return s;
}

/* --- Policies. */

static enum adit_direction
direction_of(const struct xfrm_policy *p)
{
	return p->dir == XFRM_OUT ? ADIT_OUT : ADIT_IN;
}

static bool
is_same_template(const struct xfrm_template *a, const struct xfrm_template *b)
{
	return a->protocol == b->protocol && a->mode == b->mode && a->reqid == b->reqid &&
	       a->spi == b->spi && adit_ip_equal(&a->src, &b->src) &&
	       adit_ip_equal(&a->dst, &b->dst);
}

static bool
is_alike(const struct xfrm_policy *a, const struct xfrm_policy *b)
{
	if (a->block != b->block || a->priority != b->priority || a->template_n != b->template_n)
		return false;
	for (size_t i = 0; i < a->template_n; i++)
		if (!is_same_template(&a->templates[i], &b->templates[i]))
			return false;
	return true;
}

/* Policies that follow each other and are alike become one, so that one SA can serve them: it hangs
 * under one policy alone. */
static bool
join_last(struct plan *m, const struct xfrm_policy *p)
{
	struct adit_selectors s = turn(&p->sel, direction_of(p));

	for (size_t i = m->policy_count; i > 0; i--) {
		if (m->policies[i - 1].dir != direction_of(p))
			continue;
		return is_alike(m->from[i - 1], p) &&
		       add_pair(&m->policies[i - 1].selectors, &s.local[0], &s.remote[0]);
	}
	return false;
}

static void
plan_policies(struct making *p)
{
	struct plan *m = p->m;

	m->policies = keep((m->x->policy_count + 1) * sizeof *m->policies);
	m->from = keep((m->x->policy_count + 1) * sizeof *m->from);
	for (size_t i = 0; i < m->x->policy_count; i++) {
		const struct xfrm_policy *from = &m->x->policies[i];
		struct adit_policy *policy = &m->policies[m->policy_count];

		if (p->place->only && direction_of(from) != p->place->only)
			continue;
		if (join_last(m, from))
			continue;
		m->from[m->policy_count++] = from;
		policy->name = "manual";
		policy->dir = direction_of(from);
		policy->selectors = turn(&from->sel, policy->dir);
		policy->tag = PLAN_TAG;
		policy->action = from->block        ? ADIT_DISCARD
				 : from->template_n ? ADIT_PROTECT
						    : ADIT_BYPASS;
	}
}

/* --- States. */

/* Where nothing else tells, the near end of a policy is its template's, or what packets come from
 * or go to. */
static bool
is_near_end(const struct making *p, const struct xfrm_policy *policy, const struct adit_ip *ip)
{
	bool out = p->place->only == ADIT_OUT, is_said = false;
	struct adit_ts ts = out ? policy->sel.src : policy->sel.dst;

	for (size_t i = 0; i < policy->template_n; i++) {
		const struct xfrm_template *t = &policy->templates[i];
		const struct adit_ip *near = out ? &t->src : &t->dst;

		if (adit_ip_equal(near, ip))
			return true;
		is_said = is_said || near->version;
	}
	ts.protocol = ADIT_PROTO_ANY;
	ts.port_first = 0;
	ts.port_last = UINT16_MAX;
	return policy->template_n && !is_said && adit_ts_match(&ts, ip, 0, false, 0);
}

static bool
is_own(const struct making *p, const struct adit_ip *ip)
{
	if (p->place->is_own)
		return p->place->is_own(ip);
	for (size_t i = 0; i < p->m->policy_count; i++)
		if (is_near_end(p, p->m->from[i], ip))
			return true;
	return false;
}

static bool
find_direction(const struct making *p, struct plan_sa *sa)
{
	const struct xfrm_state *s = sa->state;
	bool src = is_own(p, &s->src), dst = is_own(p, &s->dst);

	sa->dir = s->dir;
	if (!sa->dir && src != dst)
		sa->dir = src ? ADIT_OUT : ADIT_IN;
	/* One that no policy of this direction can mean is none of ours. */
	if (sa->dir || (p->place->only && !src))
		return true;
	return fail(p, s->line,
		    src ? "both addresses are ours: say dir out or dir in with this state"
			: "neither address is ours: say dir out or dir in with this state");
}

bool
plan_is_counting(const struct xfrm_state *s)
{
	return s->aead->salt_len != 0;
}

/* Two SAs that count under one key use one number twice. */
static bool
check_key(const struct making *p, const struct plan_sa *sa)
{
	for (const struct plan_sa *other = p->m->sas; other < sa; other++)
		if (plan_is_counting(sa->state) && plan_is_counting(other->state) &&
		    sa->state->key_n == other->state->key_n &&
		    adit_equal_ct(sa->state->key, other->state->key, sa->state->key_n))
			return fail(
				p, sa->state->line,
				"the key of line %u: with this algorithm every state, of either "
				"direction too, needs a key of its own",
				other->state->line);
	return true;
}

static bool
check_legacy(const struct making *p, const struct plan_sa *sa)
{
	return !sa->state->is_legacy || p->place->legacy ||
	       fail(p, sa->state->line,
		    "3DES, DES and HMAC-MD5 are for peers that have nothing else (RFC 8221): aditd "
		    "takes them with --legacy");
}

static bool
check_port(const struct making *p, const struct plan_sa *sa)
{
	uint16_t port = sa->dir == ADIT_OUT ? sa->state->sport : sa->state->dport;

	return !sa->state->encap || !p->place->natt_port || port == p->place->natt_port ||
	       fail(p, sa->state->line, "our port of encap is %u, and --natt-port is %u", port,
		    p->place->natt_port);
}

static bool
is_host(const struct adit_ts *ts)
{
	return memcmp(ts->first, ts->last, sizeof ts->first) == 0;
}

static bool
check_beet(const struct making *p, const struct plan_sa *sa)
{
	return sa->state->mode != ADIT_BEET ||
	       (is_host(&sa->state->sel.src) && is_host(&sa->state->sel.dst)) ||
	       fail(p, sa->state->line, "mode beet needs one address in each of sel src, sel dst");
}

static bool
plan_state(struct making *p, const struct xfrm_state *s)
{
	struct plan_sa *sa = &p->m->sas[p->m->sa_count];

	memset(sa, 0, sizeof *sa);
	sa->state = s;
	sa->policy = ADIT_POLICY_NONE;
	if (!find_direction(p, sa))
		return false;
	if (p->place->only && sa->dir != p->place->only)
		return true;
	sa->last = sa->dir == ADIT_OUT ? s->oseq : s->seq;
	p->m->sa_count++;
	return check_key(p, sa) && check_legacy(p, sa) && check_port(p, sa) && check_beet(p, sa);
}

static bool
plan_states(struct making *p)
{
	const struct xfrm *x = p->m->x;

	p->m->sas = keep((x->state_count + 1) * sizeof *p->m->sas);
	for (size_t i = 0; i < x->state_count; i++)
		if (!plan_state(p, &x->states[i]))
			return false;
	return true;
}

/* --- Which serves which. */

static bool
conflict(const struct making *p, const struct plan_sa *sa, unsigned line)
{
	return fail(p, line,
		    "the state of line %u serves another policy already, and the two can't be one: "
		    "give each a state of its own (reqid tells them apart)",
		    sa->state->line);
}

/* The innermost SA of a policy. */
static bool
serve(const struct making *p, struct plan_sa *sa, uint32_t index)
{
	const struct adit_policy *policy = &p->m->policies[index];

	if (sa->has_selectors && (!sa->is_inner || sa->policy != index))
		return conflict(p, sa, p->m->from[index]->line);
	sa->is_inner = true;
	sa->policy = index;
	sa->selectors = policy->selectors;
	sa->has_selectors = true;
	return true;
}

/* What comes out of an outer SA is what its inner one made. */
static bool
enclose(const struct making *p, struct plan_sa *inner, struct plan_sa *outer, unsigned line)
{
	struct adit_ts src =
		adit_ts_prefix(&inner->state->src, inner->state->src.version == 4 ? 32 : 128);
	struct adit_ts dst =
		adit_ts_prefix(&inner->state->dst, inner->state->dst.version == 4 ? 32 : 128);
	bool out = inner->dir == ADIT_OUT;

	if ((inner->outer && inner->outer != outer) || outer == inner || outer->is_inner)
		return conflict(p, outer == inner || outer->is_inner ? outer : inner, line);
	if (inner->state->encap)
		return fail(p, inner->state->line, "ESP in UDP can't be in another SA here");
	inner->outer = outer;
	outer->policy = inner->policy;
	outer->has_selectors = true;
	src.protocol = dst.protocol = inner->state->protocol;
	return add_pair(&outer->selectors, out ? &src : &dst, out ? &dst : &src) ||
	       conflict(p, outer, line);
}

/* The next state behind *at that a template asks for; NULL: none. */
static struct plan_sa *
next_match(const struct making *p, const struct xfrm_template *t, enum adit_direction dir,
	   size_t *at)
{
	while (*at < p->m->sa_count) {
		struct plan_sa *sa = &p->m->sas[(*at)++];

		if (sa->dir == dir && xfrm_template_match(t, sa->state))
			return sa;
	}
	return NULL;
}

/* Most often a file for the other side of the tunnel. */
static bool
fail_template(const struct making *p, const struct xfrm_policy *from, size_t k,
	      enum adit_direction dir)
{
	size_t at = 0;
	const struct plan_sa *other =
		next_match(p, &from->templates[k], dir == ADIT_OUT ? ADIT_IN : ADIT_OUT, &at);

	if (!p->place->is_own)
		return fail(p, from->line,
			    "no state is what tmpl number %zu of this policy asks for, in this "
			    "direction: src and dst of tmpl tell it, or dir of the state",
			    k + 1);
	if (!other)
		return fail(p, from->line,
			    "no state is what tmpl number %zu of this policy asks for", k + 1);
	return fail(p, from->line,
		    "this policy is dir %s, and the state of line %u that tmpl number %zu asks for "
		    "is dir %s here, by %s: is this the other side's file?",
		    dir == ADIT_OUT ? "out" : "in", other->state->line, k + 1,
		    other->dir == ADIT_OUT ? "out" : "in",
		    other->state->dir ? "its word" : "the addresses of this machine");
}

static bool
assign_template(const struct making *p, uint32_t index, size_t k)
{
	const struct xfrm_policy *from = p->m->from[index];
	enum adit_direction dir = p->m->policies[index].dir;
	struct plan_sa *inner, *outer;
	size_t at = 0, outer_at = 0;
	bool any = false;

	while ((inner = next_match(p, &from->templates[k], dir, &at)) != NULL) {
		any = true;
		if (k == 0 && !serve(p, inner, index))
			return false;
		if (k + 1 == from->template_n)
			continue;
		outer_at = 0;
		outer = next_match(p, &from->templates[k + 1], dir, &outer_at);
		if (outer && !enclose(p, inner, outer, from->line))
			return false;
	}
	return any || fail_template(p, from, k, dir);
}

static bool
assign(const struct making *p)
{
	for (uint32_t i = 0; i < p->m->policy_count; i++)
		for (size_t k = 0; k < p->m->from[i]->template_n; k++)
			if (!assign_template(p, i, k))
				return false;
	return true;
}

/* The SAs around that of a policy are those of its templates and no more. Where policies share
 * them, one may have gone on with what another's end was, or closed a ring. */
static bool
check_chain(const struct making *p, const struct plan_sa *sa)
{
	const struct xfrm_policy *from = p->m->from[sa->policy];

	for (size_t k = 0; k < from->template_n; k++) {
		bool is_last = k + 1 == from->template_n;

		if (!xfrm_template_match(&from->templates[k], sa->state) ||
		    is_last != (sa->outer == NULL))
			return conflict(p, sa, from->line);
		if (!is_last)
			sa = sa->outer;
	}
	return true;
}

static bool
check_chains(const struct making *p)
{
	for (size_t i = 0; i < p->m->sa_count; i++)
		if (p->m->sas[i].is_inner && !check_chain(p, &p->m->sas[i]))
			return false;
	return true;
}

/* sel and the policies: what both let pass. */
static bool
settle(const struct making *p, struct plan_sa *sa)
{
	const struct xfrm_state *s = sa->state;
	struct adit_selectors sel;

	if (!sa->has_selectors && (sa->dir == ADIT_OUT || !s->has_sel)) {
		/* Of a capture's states some may be of no use: nothing passes through them. */
		sa->has_selectors = p->place->only != 0;
		return sa->has_selectors ||
		       fail(p, s->line, "no policy with dir %s uses this state",
			    sa->dir == ADIT_OUT ? "out" : "in, or dir fwd,");
	}
	if (!s->has_sel)
		return true;
	sel = turn(&s->sel, sa->dir);
	if (sa->has_selectors && is_within(&sa->selectors, &sel))
		return true;
	if (sa->dir == ADIT_OUT ||
	    (sa->has_selectors && (sa->selectors.local_n != 1 || sa->selectors.remote_n != 1 ||
				   !is_within(&sel, &sa->selectors))))
		return fail(p, s->line,
			    "sel of this state doesn't hold what its policy lets through");
	sa->selectors = sel;
	sa->has_selectors = true;
	return true;
}

struct plan *
plan_make(const struct xfrm *x, const struct plan_place *place, FILE *err)
{
	struct making p = {keep(sizeof *p.m), place, err};

	p.m->x = x;
	plan_policies(&p);
	if (!plan_states(&p) || !assign(&p) || !check_chains(&p))
		return NULL;
	for (size_t i = 0; i < p.m->sa_count; i++)
		if (!settle(&p, &p.m->sas[i]))
			return NULL;
	return p.m;
}
