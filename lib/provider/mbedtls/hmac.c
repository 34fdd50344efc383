/* HMAC, PRF and integrity objects over the hashes of mbedTLS (RFC 2404, RFC 4868). */
#include "provider/mbedtls/compat.h"

/* Two hash states; each is at most ADIT_HASH_CTX_SIZE, and hash.c checks that. */
#define HMAC_CTX_SIZE (2 * ADIT_HASH_CTX_SIZE)

#define HMAC(object, object_hash, title, len)                \
	const struct adit_mac adit_mbedtls_hmac_##object = { \
		.name = title,                               \
		.hash = &adit_mbedtls_##object_hash,         \
		.out_len = len,                              \
		.ctx_size = HMAC_CTX_SIZE,                   \
		.setkey = adit_hmac_setkey,                  \
		.sum = adit_hmac_sum,                        \
		.wipe = adit_hmac_wipe,                      \
	}

HMAC(sha1, sha1, "HMAC-SHA1", 20);
HMAC(sha256, sha256, "HMAC-SHA2-256", 32);
HMAC(sha384, sha384, "HMAC-SHA2-384", 48);
HMAC(sha512, sha512, "HMAC-SHA2-512", 64);

#define PRF(object, id, name, len)                                             \
	const struct adit_prf adit_mbedtls_prf_hmac_##object = {name, id, len, \
								&adit_mbedtls_hmac_##object}

PRF(sha1, ADIT_PRF_HMAC_SHA1, "PRF_HMAC_SHA1", 20);
PRF(sha256, ADIT_PRF_HMAC_SHA2_256, "PRF_HMAC_SHA2_256", 32);
PRF(sha384, ADIT_PRF_HMAC_SHA2_384, "PRF_HMAC_SHA2_384", 48);
PRF(sha512, ADIT_PRF_HMAC_SHA2_512, "PRF_HMAC_SHA2_512", 64);

const struct adit_integ adit_mbedtls_auth_hmac_sha1_96 = {
	"AUTH_HMAC_SHA1_96", ADIT_AUTH_HMAC_SHA1_96, 20, 12, &adit_mbedtls_hmac_sha1};
const struct adit_integ adit_mbedtls_auth_hmac_sha256_128 = {
	"AUTH_HMAC_SHA2_256_128", ADIT_AUTH_HMAC_SHA2_256_128, 32, 16, &adit_mbedtls_hmac_sha256};
const struct adit_integ adit_mbedtls_auth_hmac_sha384_192 = {
	"AUTH_HMAC_SHA2_384_192", ADIT_AUTH_HMAC_SHA2_384_192, 48, 24, &adit_mbedtls_hmac_sha384};
const struct adit_integ adit_mbedtls_auth_hmac_sha512_256 = {
	"AUTH_HMAC_SHA2_512_256", ADIT_AUTH_HMAC_SHA2_512_256, 64, 32, &adit_mbedtls_hmac_sha512};
