/* The parts that every encrypt-then-MAC object of this provider is written with: a cipher's file
 * names each of its objects once for each integrity transform. */
#ifndef ADIT_PROVIDER_MBEDTLS_ETM_H
#define ADIT_PROVIDER_MBEDTLS_ETM_H

#include "adit/mbedtls.h"

/* Bytes of a context: the cipher's, and two hash states or the keys of a CBC-MAC behind it. */
#define ADIT_MAC_CTX_SIZE (2 * ADIT_HASH_CTX_SIZE)
#define ADIT_ETM_CTX_SIZE(cipher_size) ((((cipher_size) + 7) & ~(size_t)7) + ADIT_MAC_CTX_SIZE)

#define ADIT_ETM_FUNCTIONS                                                        \
	.esn_tail = true, .setkey = adit_etm_setkey, .make_iv = adit_etm_make_iv, \
	.seal = adit_etm_seal, .open = adit_etm_open, .wipe = adit_etm_wipe

#define ADIT_WITH(number, key, icv, object)                    \
	.integ = number, .integ_key_len = key, .icv_len = icv, \
	.auth = &adit_mbedtls_auth_##object, ADIT_ETM_FUNCTIONS
#define ADIT_WITH_MD5 ADIT_WITH(ADIT_AUTH_HMAC_MD5_96, 16, 12, hmac_md5_96)
#define ADIT_WITH_SHA1 ADIT_WITH(ADIT_AUTH_HMAC_SHA1_96, 20, 12, hmac_sha1_96)
#define ADIT_WITH_XCBC ADIT_WITH(ADIT_AUTH_AES_XCBC_96, 16, 12, aes_xcbc_96)
#define ADIT_WITH_CMAC ADIT_WITH(ADIT_AUTH_AES_CMAC_96, 16, 12, aes_cmac_96)
#define ADIT_WITH_SHA256 ADIT_WITH(ADIT_AUTH_HMAC_SHA2_256_128, 32, 16, hmac_sha256_128)
#define ADIT_WITH_SHA384 ADIT_WITH(ADIT_AUTH_HMAC_SHA2_384_192, 48, 24, hmac_sha384_192)
#define ADIT_WITH_SHA512 ADIT_WITH(ADIT_AUTH_HMAC_SHA2_512_256, 64, 32, hmac_sha512_256)

/* one(object name, title, parts) for each integrity transform. */
#define ADIT_WITH_EACH(one, cipher, title)                                  \
	one(cipher##_sha256, title "+HMAC-SHA2-256-128", ADIT_WITH_SHA256); \
	one(cipher##_sha384, title "+HMAC-SHA2-384-192", ADIT_WITH_SHA384); \
	one(cipher##_sha512, title "+HMAC-SHA2-512-256", ADIT_WITH_SHA512); \
	one(cipher##_sha1, title "+HMAC-SHA1-96", ADIT_WITH_SHA1);          \
	one(cipher##_xcbc, title "+AES-XCBC-96", ADIT_WITH_XCBC);           \
	one(cipher##_cmac, title "+AES-CMAC-96", ADIT_WITH_CMAC);           \
	one(cipher##_md5, title "+HMAC-MD5-96", ADIT_WITH_MD5)

#endif
