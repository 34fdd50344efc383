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

/* The policy of a packet (index or ADIT_POLICY_NONE), and, outbound, the SA under a PROTECT policy
 * that fits it best: of those whose selectors and DSCPs match, one of the packet's resource before
 * one of none, one that names the DSCP before one that takes all, the newest of equals. NULL, and
 * *id zero, where there is none. Served from the cache where it knows; the same as without. */
uint32_t adit_spd_lookup(struct adit_spd *spd, struct adit_sad *sad, const struct adit_spd_ask *ask,
			 struct adit_sa_id *id, struct adit_sa **sa);

/* adit_spd_find() by trying each policy in turn. */
uint32_t adit_spd_scan(const struct adit_spd *spd, enum adit_direction dir,
		       const struct adit_flow *flow);

#endif
