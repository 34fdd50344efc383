/* The parts that every encrypt-then-MAC object of this provider is written with. */
#ifndef ADIT_PROVIDER_MBEDTLS_ETM_H
#define ADIT_PROVIDER_MBEDTLS_ETM_H

#include "adit/mbedtls.h"

/* Bytes of a context: the cipher's, and two hash states behind it. */
#define ADIT_ETM_CTX_SIZE(cipher_size) ((((cipher_size) + 7) & ~(size_t)7) + 2 * ADIT_HASH_CTX_SIZE)

#define ADIT_ETM_FUNCTIONS                                                        \
	.esn_tail = true, .setkey = adit_etm_setkey, .make_iv = adit_etm_make_iv, \
	.seal = adit_etm_seal, .open = adit_etm_open, .wipe = adit_etm_wipe

#define ADIT_WITH_SHA1_96                                                    \
	.integ = ADIT_AUTH_HMAC_SHA1_96, .integ_key_len = 20, .icv_len = 12, \
	.auth = &adit_mbedtls_auth_hmac_sha1_96, ADIT_ETM_FUNCTIONS
#define ADIT_WITH_SHA256_128                                                      \
	.integ = ADIT_AUTH_HMAC_SHA2_256_128, .integ_key_len = 32, .icv_len = 16, \
	.auth = &adit_mbedtls_auth_hmac_sha256_128, ADIT_ETM_FUNCTIONS
#define ADIT_WITH_SHA384_192                                                      \
	.integ = ADIT_AUTH_HMAC_SHA2_384_192, .integ_key_len = 48, .icv_len = 24, \
	.auth = &adit_mbedtls_auth_hmac_sha384_192, ADIT_ETM_FUNCTIONS
#define ADIT_WITH_SHA512_256                                                      \
	.integ = ADIT_AUTH_HMAC_SHA2_512_256, .integ_key_len = 64, .icv_len = 32, \
	.auth = &adit_mbedtls_auth_hmac_sha512_256, ADIT_ETM_FUNCTIONS

#endif
