/* An offer seen as proposals of transforms by type, configured or made from the lists of the
 * crypto (RFC 7296 3.3). */
#ifndef ADIT_IKE_OFFER_H
#define ADIT_IKE_OFFER_H

#include "adit/ike_config.h"
#include "wire/ike_header.h"

/* What this side is ready to use. Without proposals: all that the crypto has, combined modes in a
 * proposal of their own, ciphers with a MAC in others, in the order of the lists; for ESP 32-bit
 * numbers preferred to extended ones. KE transforms in ESP proposals are for exchanges that have a
 * KE payload, and passed over here: IKE_AUTH has none (RFC 7296 1.2). */
struct adit_offer {
	const struct adit_crypto *crypto;
	const struct adit_proposal *proposals; /* in order of preference */
	uint8_t count;                         /* 0: all that the crypto has */
	uint8_t protocol;                      /* ADIT_IKE_PROTO_IKE or _ESP */
};

/* How many proposals it has. */
unsigned adit_offer_proposals(const struct adit_offer *offer);

/* The n-th transform of that type in proposal p, in order of preference; false: there are fewer. */
bool adit_offer_nth(const struct adit_offer *offer, unsigned p, uint8_t type, unsigned n,
		    struct adit_transform *t);

/* ERR_CONFIG: a proposal names what the crypto has not, lacks a type that its protocol needs, or
 * admits no combination at all; or there is nothing to offer. */
ADIT_MUST_USE enum adit_status adit_offer_check(const struct adit_offer *offer);

/* The key exchange method to begin with: the first of the offer. NULL: none (ESP). */
const struct adit_ke *adit_offer_first_ke(const struct adit_offer *offer);
/* The method of that number if it is in the offer (asked for by INVALID_KE_PAYLOAD), else NULL. */
const struct adit_ke *adit_offer_ke(const struct adit_offer *offer, uint16_t id);

#endif
