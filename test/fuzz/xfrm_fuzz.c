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

/* Counting ciphers never begin without a known number; what is protected has its SA. */
static void
check_plan(const struct manual *m)
{
	for (size_t i = 0; i < m->sa_count; i++) {
		const struct manual_sa *sa = &m->sas[i];

		if (sa->dir == ADIT_OUT && sa->state->aead->salt_len && !sa->state->has_oseq)
			abort();
		if (!sa->has_selectors || (sa->is_inner && sa->policy >= m->policy_count))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct manual_place place = {is_own, true, 4500, NULL};
	FILE *err = fopen("/dev/null", "w");
	struct xfrm *x = xfrm_read_memory("fuzz", (const char *)data, n, err);
	struct manual *m = x ? manual_plan(x, &place, err) : NULL;

	for (size_t i = 0; x && i < x->state_count; i++)
		check_state(&x->states[i]);
	for (size_t i = 0; x && i < x->policy_count; i++)
		check_policy(&x->policies[i]);
	if (m)
		check_plan(m);
	xfrm_free(x);
	keep_nothing();
	fclose(err);
	return 0;
}
