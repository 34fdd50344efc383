/* Inactivity: Child SAs that nothing goes through are closed, and with the last of them their IKE
 * SA. */
#ifndef ADIT_IKE_IDLE_H
#define ADIT_IKE_IDLE_H

#include "ike/slots.h"

/* Begins the life of a child that has come up. */
void adit_idle_begin(struct adit_ike_child *child, adit_ms now);

/* Closes what was not used for as long as its configuration allows: notes in sa->want what is to be
 * sent. The time to look again, ADIT_NEVER: not at all. *sa is up. */
adit_ms adit_idle_tick(struct adit_ike *ike, struct adit_ike_sa *sa, adit_ms now);

#endif
