/* The values that an IKE SA is built of. Private: shown so that callers can reserve storage; what
 * makes and reads them stands in lib/ike/. */
#ifndef ADIT_IKE_PARTS_H
#define ADIT_IKE_PARTS_H

#include "adit/crypto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a negotiation came to: the algorithms of an IKE SA or of a Child SA. */
struct adit_ike_suite {
	const struct adit_aead *aead;
	const struct adit_prf *prf; /* NULL: ESP */
	const struct adit_ke *ke;   /* NULL: no key exchange of its own */
	bool esn;                   /* ESP: extended sequence numbers */
	uint8_t number;             /* of the proposal chosen */
};

/* The keys of an IKE SA (RFC 7296 2.14). i and r are keys of suite.aead as they are: SK_ei with its
 * salt, then SK_ai; SK_er, SK_ar. d, pi and pr have the first prf_len bytes in use. */
struct adit_ike_keys {
	uint8_t prf_len;
	uint8_t d[ADIT_HASH_MAX], pi[ADIT_HASH_MAX], pr[ADIT_HASH_MAX];
	uint8_t i[ADIT_AEAD_KEY_MAX], r[ADIT_AEAD_KEY_MAX];
};

/* The keys of a Child SA (RFC 7296 2.17): of what the exchange's initiator sends, and of what its
 * responder sends; each is a key of the AEAD as it is. */
struct adit_child_keys {
	uint8_t i[ADIT_AEAD_KEY_MAX], r[ADIT_AEAD_KEY_MAX];
};

/* One direction of an IKE SA: its keyed cipher, and how many messages that has sealed. */
struct adit_protect {
	const struct adit_aead *aead; /* NULL: not keyed */
	uint64_t sealed;              /* number of the next message, for make_iv */
	union adit_keyctx kc;
};

/* The secret behind stateless cookies (RFC 7296 2.6), and the one before it, so that cookies given
 * shortly before a change stay good. */
#define ADIT_COOKIE_SECRET_LEN 32
struct adit_cookie_jar {
	uint8_t secret[2][ADIT_COOKIE_SECRET_LEN]; /* [version & 1] is the present one */
	uint8_t version;                           /* the first byte of the cookies made now */
	uint8_t secrets;                           /* 0: none yet; 1; 2: the one before too */
	uint64_t born;                             /* adit_ms of the present one */
};

#ifdef __cplusplus
}
#endif
#endif
