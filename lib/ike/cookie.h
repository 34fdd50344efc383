/* Stateless cookies against floods of first messages (RFC 7296 2.6): a MAC over what came, under a
 * secret that changes. */
#ifndef ADIT_IKE_COOKIE_H
#define ADIT_IKE_COOKIE_H

#include "adit/ike_parts.h"
#include "wire/ike_payload.h"

/* Version of the secret, then the first 16 bytes of the PRF's output. */
#define ADIT_COOKIE_LEN 17
/* How long cookies are made with one secret; they are good for up to twice as long. */
#define ADIT_COOKIE_PERIOD_MS UINT64_C(60000)

/* What a cookie is bound to: the first request that it answers, and where that came from. */
struct adit_cookie_of {
	const struct adit_prf *prf;
	struct adit_span ni;
	const uint8_t *spi_i;
	const struct adit_ip *remote;
};

/* Makes the first secret, or a new one where ADIT_COOKIE_PERIOD_MS have passed. To be called before
 * make and check. ERR_RANDOM: the jar is as it was, and must not be used where jar->secrets is 0.
 */
ADIT_MUST_USE enum adit_status adit_cookie_rotate(struct adit_cookie_jar *jar,
						  const struct adit_rng *rng, adit_ms now);

/* out: ADIT_COOKIE_LEN bytes. ERR_STATE: no secret yet. ERR_CRYPTO. */
ADIT_MUST_USE enum adit_status adit_cookie_make(const struct adit_cookie_jar *jar,
						const struct adit_cookie_of *of, uint8_t *out);

/* ERR_COOKIE: not one that was made of this with the present secret or the one before. */
ADIT_MUST_USE enum adit_status adit_cookie_check(const struct adit_cookie_jar *jar,
						 const struct adit_cookie_of *of,
						 struct adit_span cookie);

#endif
