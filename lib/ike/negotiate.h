/* Which algorithms both sides take: offering, choosing, and checking what was chosen
 * (RFC 7296 2.7, 3.3; RFC 5282 8 for combined modes). */
#ifndef ADIT_IKE_NEGOTIATE_H
#define ADIT_IKE_NEGOTIATE_H

#include "adit/ike_config.h"
#include "adit/ike_parts.h"
#include "wire/ike_sa_payload.h"

/* What this side is ready to use. Without proposals: all that the crypto has, combined modes in the
 * first proposal, ciphers with a MAC behind it; ESP then with 32-bit numbers preferred to extended
 * ones. KE transforms in ESP proposals are for exchanges that have a KE payload, and passed over
 * here: IKE_AUTH has none (RFC 7296 1.2). */
struct adit_offer {
	const struct adit_crypto *crypto;
	const struct adit_proposal *proposals; /* in order of preference */
	uint8_t count;                         /* 0: all that the crypto has */
	uint8_t protocol;                      /* ADIT_IKE_PROTO_IKE or _ESP */
};

/* ERR_CONFIG: a proposal names what the crypto has not, lacks a type that its protocol needs, or
 * admits no combination at all; or there is nothing to offer. */
ADIT_MUST_USE enum adit_status adit_negotiate_check(const struct adit_offer *offer);

/* The key exchange method to begin with: the first of the offer. NULL: none (ESP). */
const struct adit_ke *adit_negotiate_first_ke(const struct adit_offer *offer);
/* The method of that number if it is in the offer (asked for by INVALID_KE_PAYLOAD), else NULL. */
const struct adit_ke *adit_negotiate_ke(const struct adit_offer *offer, uint16_t id);

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
