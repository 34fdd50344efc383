/* Which algorithms both sides take: offering, choosing, and checking what was chosen
 * (RFC 7296 2.7, 3.3; RFC 5282 8 for combined modes). */
#ifndef ADIT_IKE_NEGOTIATE_H
#define ADIT_IKE_NEGOTIATE_H

#include "adit/ike_parts.h"
#include "ike/offer.h"
#include "wire/ike_sa_payload.h"

/* Writes an SA payload with the whole offer. spi: ours in each proposal; n 0 in IKE_SA_INIT. */
void adit_negotiate_put_offer(struct adit_ike_writer *m, const struct adit_offer *offer,
			      struct adit_span spi);

/* As responder: takes from the peer's SA payload `body` the first of our proposals, in our order,
 * that one of the peer's meets, and in it the transforms that we prefer. *suite is what was chosen,
 * *spi the peer's SPI in it (a view into body).
 * ke_sent: the method of the peer's KE payload; taken where both accept it, which spares a round.
 * 0: the exchange has no KE payload.
 * ERR_MALFORMED; ERR_NO_PROPOSAL; ERR_KE: all fits but ke_sent, suite->ke is the one wanted. */
ADIT_MUST_USE enum adit_status adit_negotiate_choose(const struct adit_offer *offer,
						     struct adit_span body, uint16_t ke_sent,
						     struct adit_ike_suite *suite,
						     struct adit_span *spi);

/* Writes the SA payload that answers with *suite; spi: ours. */
void adit_negotiate_put_chosen(struct adit_ike_writer *m, const struct adit_ike_suite *suite,
			       uint8_t protocol, struct adit_span spi);

/* As initiator: what the peer's SA payload `body` chose from our offer. ke_sent: the method of our
 * KE payload, or 0.
 * ERR_MALFORMED; ERR_NO_PROPOSAL: not exactly one proposal with one transform of each type, all of
 * them offered together under that number; ERR_KE: another method than ke_sent. */
ADIT_MUST_USE enum adit_status adit_negotiate_verify(const struct adit_offer *offer,
						     struct adit_span body, uint16_t ke_sent,
						     struct adit_ike_suite *suite,
						     struct adit_span *spi);

#endif
