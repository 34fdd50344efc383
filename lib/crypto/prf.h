/* PRF and PRF+ (RFC 7296 2.13). */
#ifndef ADIT_CRYPTO_PRF_H
#define ADIT_CRYPTO_PRF_H

#include "adit/crypto.h"

/* prf(key, parts): out gets prf->mac->out_len bytes. */
ADIT_MUST_USE enum adit_status adit_prf_sum(const struct adit_prf *prf, struct adit_span key,
					    const struct adit_span *parts, size_t n_parts,
					    uint8_t *out);

/* prf+(key, parts): fills out.cap bytes, at most 255 outputs. At most ADIT_PRF_PLUS_PARTS parts.
 * ERR_ARG: beyond these. On any error out is wiped. */
#define ADIT_PRF_PLUS_PARTS 6
ADIT_MUST_USE enum adit_status adit_prf_plus(const struct adit_prf *prf, struct adit_span key,
					     const struct adit_span *parts, size_t n_parts,
					     struct adit_buf out);

#endif
