/* Which state of a file serves which policy, in which direction; and both in the library's two
 * databases. */
#ifndef XFRM_PLAN_H
#define XFRM_PLAN_H

#include <stdio.h>

#include "adit/spd.h"
#include "xfrm.h"

/* The tag of these policies. */
#define PLAN_TAG UINT32_MAX

struct plan_sa {
	const struct xfrm_state *state;
	enum adit_direction dir;
	uint32_t policy; /* outbound: index of the policy that it serves; ADIT_POLICY_NONE: none */
	bool is_inner;   /* what a policy's packets go through first */
	struct plan_sa *outer; /* the SA around this one; NULL: none */
	bool has_selectors;
	struct adit_selectors selectors; /* inbound: what may come out of it */
	uint64_t last; /* number that was used; as the state says, and the caller may know better */
	struct adit_sa_id id; /* of the SA that was made */
};

struct plan {
	const struct xfrm *x;
	struct plan_sa *sas;
	size_t sa_count;
	struct adit_policy *policies;    /* in order */
	const struct xfrm_policy **from; /* the first that each was made of */
	size_t policy_count;
};

/* What the plan is for. */
struct plan_place {
	/* Whether an address is of this end of the SAs. NULL, with `only`: as the policies tell. */
	bool (*is_own)(const struct adit_ip *ip);
	bool legacy;              /* 3DES, DES and HMAC-MD5 are let pass */
	uint16_t natt_port;       /* where UDP is heard; zero: anywhere */
	enum adit_direction only; /* the states and policies of this one; zero: of both */
};

/* NULL: what is wrong was written to err as "file:line: text". *x must outlive the plan; memory is
 * kept until keep_nothing(). */
struct plan *plan_make(const struct xfrm *x, const struct plan_place *place, FILE *err);
/* What an SA is made from. */
void plan_params(const struct plan_sa *sa, adit_ms now, struct adit_sa_params *p);
/* Makes the SAs. The first policies of *spd are those of the plan. */
bool plan_install(struct plan *p, struct adit_sad *sad, struct adit_spd *spd, adit_ms now,
		  FILE *err);
/* The state's algorithm counts: a number used twice breaks the key (RFC 8221 section 4). */
bool plan_is_counting(const struct xfrm_state *s);

#endif
