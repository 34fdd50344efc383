/* The flow cache in front of the policies, as the data path uses it. */
#ifndef ADIT_SA_SPD_INTERNAL_H
#define ADIT_SA_SPD_INTERNAL_H

#include "adit/spd.h"

/* The policy of a flow (index or ADIT_POLICY_NONE), and of a PROTECT policy the newest outbound SA
 * whose selectors match: NULL, and *id zero, where there is none. Served from the cache where it
 * knows; the same as without. */
uint32_t adit_spd_lookup(struct adit_spd *spd, struct adit_sad *sad, const struct adit_flow *flow,
			 struct adit_sa_id *id, struct adit_sa **sa);

#endif
