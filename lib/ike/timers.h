/* When each IKE SA wants to be looked at again: a binary heap whose array lies in the slots, an
 * entry in each. The soonest is known at once, a change costs the logarithm of their number. */
#ifndef ADIT_IKE_TIMERS_H
#define ADIT_IKE_TIMERS_H

#include "adit/ike.h"

/* Wants tick for *sa at t at the latest; ADIT_NEVER says nothing. */
void adit_timer_wake(struct adit_ike *ike, struct adit_ike_sa *sa, adit_ms t);
/* Nothing more is wanted for *sa. */
void adit_timer_stop(struct adit_ike *ike, struct adit_ike_sa *sa);
/* The SA that wanted tick first of those that wanted it by now, or NULL; it is stopped. */
struct adit_ike_sa *adit_timer_take(struct adit_ike *ike, adit_ms now);
/* The soonest time that is wanted, or ADIT_NEVER. */
adit_ms adit_timer_first(const struct adit_ike *ike);

#endif
