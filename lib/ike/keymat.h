/* Key material of IKE SAs and Child SAs (RFC 7296 2.14, 2.17). */
#ifndef ADIT_IKE_KEYMAT_H
#define ADIT_IKE_KEYMAT_H

#include "adit/ike_parts.h"

/* What the keys of an IKE SA are made from: both nonces, both SPIs (8 bytes each, as on the wire)
 * and the shared secret g^ir. */
struct adit_keymat_seed {
	struct adit_span ni, nr, secret;
	const uint8_t *spi_i, *spi_r;
};

/* SKEYSEED and from it all of *keys; SKEYSEED itself is wiped. ERR_CRYPTO; ERR_ARG: the suite's key
 * sizes are beyond ADIT_HASH_MAX or ADIT_AEAD_KEY_MAX. On any error *keys is zero. */
ADIT_MUST_USE enum adit_status adit_keymat_ike(struct adit_ike_keys *keys,
					       const struct adit_ike_suite *suite,
					       const struct adit_keymat_seed *seed);

/* The keys of a Child SA, from SK_d and the nonces of the exchange that makes it. secret: g^ir of a
 * key exchange in that exchange, or n 0. Statuses as above; on any error *child is zero. */
struct adit_keymat_child_seed {
	const struct adit_prf *prf; /* of the IKE SA */
	struct adit_span sk_d, secret, ni, nr;
};
ADIT_MUST_USE enum adit_status adit_keymat_child(struct adit_child_keys *child,
						 const struct adit_aead *aead,
						 const struct adit_keymat_child_seed *seed);

/* Slices of *keys, for setkey, AUTH and trace. initiator: of the original initiator. */
struct adit_span adit_keymat_aead_key(const struct adit_ike_keys *keys,
				      const struct adit_aead *aead, bool initiator);
struct adit_span adit_keymat_sk_e(const struct adit_ike_keys *keys, const struct adit_aead *aead,
				  bool initiator);
struct adit_span adit_keymat_sk_a(const struct adit_ike_keys *keys, const struct adit_aead *aead,
				  bool initiator);
struct adit_span adit_keymat_sk_p(const struct adit_ike_keys *keys, bool initiator);
struct adit_span adit_keymat_sk_d(const struct adit_ike_keys *keys);

#endif
