/* What outbound and inbound processing share. */
#ifndef ADIT_DATA_IPSEC_H
#define ADIT_DATA_IPSEC_H

#include "adit/ipsec.h"
#include "sa/audit.h"

/* SAs around one another in a bundle, at most. */
#define ADIT_NEST_MAX 4

static inline void
adit_verdict_discard(struct adit_verdict *v, enum adit_status why)
{
	v->kind = ADIT_VERDICT_DISCARD;
	v->status = why;
}

static inline const struct adit_policy *
adit_ipsec_policy(const struct adit_ipsec *ipsec, uint32_t index)
{
	return index == ADIT_POLICY_NONE ? NULL : &ipsec->spd->mem.policies[index];
}

/* Whether an SA has reached a hard bound of time; bytes and packets are ESP's and AH's to see. */
static inline bool
adit_ipsec_is_over(const struct adit_ipsec *ipsec, const struct adit_sa *sa)
{
	return sa->bounded && adit_sa_age(sa, ipsec->now) == ADIT_AGE_HARD;
}

/* The same, with a verdict on the packet that came to such an SA; the SA counts it. */
static inline bool
adit_ipsec_refuses(const struct adit_ipsec *ipsec, struct adit_sa *sa, struct adit_verdict *v)
{
	if (!adit_ipsec_is_over(ipsec, sa))
		return false;
	adit_sa_dropped(sa, ADIT_ERR_EXHAUSTED);
	adit_verdict_discard(v, ADIT_ERR_EXHAUSTED);
	return true;
}

/* How many of the SAs at sas[] are the first one: neighbours of one SA go to its cipher together.
 */
static inline size_t
adit_ipsec_run(struct adit_sa *const *sas, size_t n)
{
	size_t i = 1;

	while (i < n && sas[i] == sas[0])
		i++;
	return i;
}

#endif
