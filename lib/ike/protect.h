/* The SK payload: a message's payloads enciphered and the whole message authenticated
 * (RFC 7296 3.14, RFC 5282). */
#ifndef ADIT_IKE_PROTECT_H
#define ADIT_IKE_PROTECT_H

#include "adit/ike_parts.h"
#include "wire/ike_chain.h"

/* Keys a direction. ERR_CRYPTO, ERR_CONFIG (a context larger than ADIT_KEYCTX_SIZE): *p is zero. */
ADIT_MUST_USE enum adit_status adit_protect_key(struct adit_protect *p,
						const struct adit_aead *aead, struct adit_span key);
/* Safe on one that was never keyed, if it is zero. */
void adit_protect_wipe(struct adit_protect *p);

/* Begins a protected message: header, SK payload, room for the IV. Payloads are then written as
 * into any message. */
void adit_protect_start(struct adit_ike_writer *m, struct adit_buf b,
			const struct adit_ike_header *h, const struct adit_aead *aead);
/* Pads, sets the lengths, enciphers in place. *len: bytes of the whole message.
 * ERR_ROOM: it did not fit; ERR_CRYPTO, ERR_RANDOM: the provider failed. On these the buffer's
 * contents are wiped. */
ADIT_MUST_USE enum adit_status adit_protect_end(struct adit_ike_writer *m, struct adit_protect *p,
						size_t *len);

/* Opens the protected message at msg in place; *chain is its own, as indexed, with SK in
 * it. *first and *inner: the payloads inside, for adit_ike_get_chain().
 * Nothing is known of the message's origin on: ERR_MALFORMED (sizes that can't be), ERR_ICV,
 * ERR_CRYPTO. It is authentic on ERR_PADDING: its padding is longer than its contents. */
ADIT_MUST_USE enum adit_status adit_protect_open(struct adit_protect *p, uint8_t *msg,
						 const struct adit_ike_chain *chain, uint8_t *first,
						 struct adit_span *inner);

#endif
