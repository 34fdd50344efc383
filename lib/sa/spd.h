/* The flow cache in front of the policies, as the data path uses it. */
#ifndef ADIT_SA_SPD_INTERNAL_H
#define ADIT_SA_SPD_INTERNAL_H

#include "adit/spd.h"

/* What is asked of the databases for one packet. */
struct adit_spd_ask {
	const struct adit_flow *flow;
	enum adit_direction dir;
	uint8_t dscp;      /* of the packet, 0..63: chooses among the SAs of a policy */
	uint32_t resource; /* that the packet comes from (RFC 9611); zero: none */
};

/* What is answered: policy is an index or ADIT_POLICY_NONE; sa may be NULL, id is then zero. */
struct adit_spd_answer {
	uint32_t policy;
	struct adit_sa_id id;
	struct adit_sa *sa;
};

/* The policy of a packet (index or ADIT_POLICY_NONE), and, outbound, the SA under a PROTECT policy
 * that fits it best: of those whose selectors and DSCPs match, one of the packet's resource before
 * one of none, one that names the DSCP before one that takes all, one made for this flow before
 * others, the newest of equals. NULL, and
 * *id zero, where there is none. Served from the cache where it knows; the same as without. */
uint32_t adit_spd_lookup(struct adit_spd *spd, struct adit_sad *sad, const struct adit_spd_ask *ask,
			 struct adit_sa_id *id, struct adit_sa **sa);

/* The same for n packets at once. The memory that they need is asked for together. */
void adit_spd_lookup_burst(struct adit_spd *spd, struct adit_sad *sad,
			   const struct adit_spd_ask *asks, struct adit_spd_answer *answers,
			   size_t n);

/* The same without the cache. */
void adit_spd_decide(const struct adit_spd *spd, struct adit_sad *sad,
		     const struct adit_spd_ask *ask, struct adit_spd_answer *to);

/* An outbound SA whose selectors say just one value of each that its policy takes from packets is
 * found by a hash of these, and not in the policy's list. false: it isn't such a one, or there is
 * no hash. */
bool adit_spd_pin(const struct adit_spd *spd, struct adit_sad *sad, uint32_t slot);
void adit_spd_unpin(struct adit_sad *sad, uint32_t slot);
/* The next of these that may be the flow's, behind slot `after` (ADIT_SLOT_NONE: the first), newest
 * first; ADIT_SLOT_NONE: none. */
uint32_t adit_spd_pinned(const struct adit_spd *spd, const struct adit_sad *sad, uint32_t policy,
			 const struct adit_flow *flow, uint32_t after);

/* adit_spd_find() by trying each policy in turn. */
uint32_t adit_spd_scan(const struct adit_spd *spd, enum adit_direction dir,
		       const struct adit_flow *flow);

#endif
