/* Our one outstanding request: sending, sending again, giving up (RFC 7296 2.1, 2.4), and what time
 * brings to an SA. */
#ifndef ADIT_IKE_REQUESTS_H
#define ADIT_IKE_REQUESTS_H

#include "ike/slots.h"

/* Something of *sa (adit_due_*) is ready to be sent. */
void adit_ike_due(struct adit_ike *ike, struct adit_ike_sa *sa, uint8_t what);

/* The request in sa->request is complete: it goes out, and again until it is answered. */
void adit_ike_sent(struct adit_ike *ike, struct adit_ike_sa *sa, adit_ms now,
		   enum adit_ike_job job);
/* The request was answered. */
void adit_ike_answered(struct adit_ike_sa *sa);

/* Timers of *sa that are due by now: retransmission, half-open time-out, liveness, keep-alive.
 * Wants tick again for those that are not. */
void adit_ike_tick_sa(struct adit_ike *ike, struct adit_ike_sa *sa, adit_ms now);

#endif
