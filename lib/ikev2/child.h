/* The Child SA of IKE_AUTH: offer, answer, conclusion (RFC 7296 1.2, 1.3.1, 2.9, 2.17). */
#ifndef ADIT_IKEV2_CHILD_H
#define ADIT_IKEV2_CHILD_H

#include "ikev2/turn.h"

/* Initiator: takes a Child SA slot with an SPI and puts [N(USE_TRANSPORT_MODE)], SA, TSi, TSr. */
ADIT_MUST_USE enum adit_status
adit_ikev2_put_child_offer(struct adit_ike *ike, struct adit_ike_sa *sa, struct adit_ike_writer *m);
/* Initiator: what the response made of the offer; the child is up, or the status says why not. */
ADIT_MUST_USE enum adit_status adit_ikev2_finish_child(struct adit_ikev2_turn *t);

/* Responder: puts SA, TSi, TSr of a child that is then up, or the notify that says why there is
 * none. */
void adit_ikev2_answer_child(struct adit_ikev2_turn *t);

#endif
