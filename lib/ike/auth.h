/* Authentication by pre-shared key (RFC 7296 2.15). */
#ifndef ADIT_IKE_AUTH_H
#define ADIT_IKE_AUTH_H

#include "adit/crypto.h"

/* What one side signs: its first message (the IKE_SA_INIT that led on, header to end, without
 * non-ESP marker), the other side's nonce, and its own identity under its own SK_p.
 * id: the body of its ID payload as on the wire, RESERVED included. */
struct adit_auth_signed {
	struct adit_span message, nonce, sk_p, id;
};

/* AUTH = prf(prf(psk, "Key Pad for IKEv2"), octets). out: prf->mac->out_len bytes, at most
 * ADIT_HASH_MAX. ERR_CRYPTO. */
ADIT_MUST_USE enum adit_status adit_auth_psk(const struct adit_prf *prf, struct adit_span psk,
					     const struct adit_auth_signed *s, uint8_t *out);

/* ERR_AUTH: `auth`, the data of the peer's AUTH payload, is not that. Time does not tell where they
 * differ. */
ADIT_MUST_USE enum adit_status adit_auth_psk_verify(const struct adit_prf *prf,
						    struct adit_span psk,
						    const struct adit_auth_signed *s,
						    struct adit_span auth);

#endif
