/* Files of `ip xfrm` commands: any bytes give states and policies that are whole, or one line of
 * words; and a plan of them that hangs together. */
#include <stdio.h>
#include <stdlib.h>

#include "../../examples/aditd/manual.h"
#include "../../examples/aditd/values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool
is_own(const struct adit_ip *ip)
{
	return ip->b[0] == 10 || ip->b[0] == 0xfd;
}

static void
check_state(const struct xfrm_state *s)
{
	if (!s->aead || s->key_n != adit_aead_key_len(s->aead) || s->spi < ADIT_SPI_MIN ||
	    s->src.version != s->dst.version || s->aead->icv_len == 0 ||
	    (s->protocol != ADIT_PROTO_ESP && s->protocol != ADIT_PROTO_AH))
		abort();
}

static void
check_policy(const struct xfrm_policy *p)
{
	if (!p->dir || p->template_n > XFRM_TEMPLATES || p->sel.src.version != p->sel.dst.version ||
	    p->sel.src.protocol != p->sel.dst.protocol)
		abort();
}

/* The SAs around an innermost one, outwards, are those that its policy's templates ask for. */
static void
check_chain(const struct plan *p, const struct plan_sa *sa)
{
	const struct xfrm_policy *from = p->from[sa->policy];
	size_t k = 0;

	for (; sa; sa = sa->outer, k++)
		if (k == from->template_n || !xfrm_template_match(&from->templates[k], sa->state))
			abort();
	if (k != from->template_n)
		abort();
}

static void
check_chains(const struct plan *p)
{
	for (size_t i = 0; i < p->sa_count; i++)
		if (p->sas[i].is_inner)
			check_chain(p, &p->sas[i]);
}

/* Counting ciphers never begin without a known number; what is protected has its SA. */
static void
check_plan(const struct manual *m)
{
	for (size_t i = 0; i < m->plan->sa_count; i++) {
		const struct plan_sa *sa = &m->plan->sas[i];

		if (sa->dir == ADIT_OUT && sa->state->aead->salt_len && !sa->state->has_oseq)
			abort();
		if (!sa->has_selectors || (sa->is_inner && sa->policy >= m->plan->policy_count))
			abort();
	}
	check_chains(m->plan);
}

/* What adit-pcap plans, without knowing any address. */
static void
check_one_direction(const struct xfrm *x, enum adit_direction dir, FILE *err)
{
	const struct plan_place place = {.legacy = true, .only = dir};
	const struct plan *p = plan_make(x, &place, err);

	for (size_t i = 0; p && i < p->sa_count; i++)
		if (p->sas[i].dir != dir || !p->sas[i].has_selectors)
			abort();
	for (size_t i = 0; p && i < p->policy_count; i++)
		if (p->policies[i].dir != dir)
			abort();
	if (p)
		check_chains(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct manual_place place = {{is_own, true, 4500, 0}, NULL};
	FILE *err = fopen("/dev/null", "w");
	struct xfrm *x = xfrm_read_memory("fuzz", (const char *)data, n, err);
	struct manual *m = x ? manual_plan(x, &place, err) : NULL;

	for (size_t i = 0; x && i < x->state_count; i++)
		check_state(&x->states[i]);
	for (size_t i = 0; x && i < x->policy_count; i++)
		check_policy(&x->policies[i]);
	if (m)
		check_plan(m);
	if (x) {
		check_one_direction(x, ADIT_OUT, err);
		check_one_direction(x, ADIT_IN, err);
	}
	xfrm_free(x);
	keep_nothing();
	fclose(err);
	return 0;
}
