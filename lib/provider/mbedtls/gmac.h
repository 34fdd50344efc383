/* GMAC over parts that do not lie together. */
#ifndef ADIT_PROVIDER_MBEDTLS_GMAC_H
#define ADIT_PROVIDER_MBEDTLS_GMAC_H

#include <mbedtls/gcm.h>

#include "adit/base.h"

/* The 16-byte tag of the parts, one behind the other, under a keyed context and a 12-byte nonce. */
enum adit_status adit_mbedtls_gmac(mbedtls_gcm_context *gcm, const uint8_t *nonce,
				   const struct adit_span *parts, size_t n_parts, uint8_t *tag);

#endif
