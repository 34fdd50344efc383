/* The profiles: lists of transforms, best first. */
#include "provider/mbedtls/compat.h"

#define MODERN_AEADS                                                                             \
	&adit_mbedtls_aes128_gcm16, &adit_mbedtls_aes256_gcm16, &adit_mbedtls_chacha20_poly1305, \
		&adit_mbedtls_aes192_gcm16, &adit_mbedtls_aes128_cbc_sha256,                     \
		&adit_mbedtls_aes256_cbc_sha256, &adit_mbedtls_aes128_cbc_sha512,                \
		&adit_mbedtls_aes256_cbc_sha512, &adit_mbedtls_aes128_cbc_sha384,                \
		&adit_mbedtls_aes256_cbc_sha384, &adit_mbedtls_aes192_cbc_sha256,                \
		&adit_mbedtls_aes192_cbc_sha384, &adit_mbedtls_aes192_cbc_sha512

static const struct adit_aead *const modern_aeads[] = {MODERN_AEADS, NULL};

static const struct adit_aead *const compat_aeads[] = {MODERN_AEADS, &adit_mbedtls_aes128_cbc_sha1,
						       &adit_mbedtls_aes256_cbc_sha1,
						       &adit_mbedtls_aes192_cbc_sha1, NULL};

#define MODERN_PRFS \
	&adit_mbedtls_prf_hmac_sha256, &adit_mbedtls_prf_hmac_sha384, &adit_mbedtls_prf_hmac_sha512

static const struct adit_prf *const modern_prfs[] = {MODERN_PRFS, NULL};
static const struct adit_prf *const compat_prfs[] = {MODERN_PRFS, &adit_mbedtls_prf_hmac_sha1,
						     NULL};

static const struct adit_ke *const kes[] = {&adit_mbedtls_curve25519, &adit_mbedtls_ecp256,
					    &adit_mbedtls_ecp384,     &adit_mbedtls_ecp521,
					    &adit_mbedtls_modp3072,   &adit_mbedtls_modp4096,
					    &adit_mbedtls_modp2048,   NULL};

const struct adit_crypto adit_mbedtls_modern = {"mbedTLS, modern", modern_aeads, modern_prfs, kes,
						&adit_mbedtls_sha1};
const struct adit_crypto adit_mbedtls_compat = {"mbedTLS, compatible", compat_aeads, compat_prfs,
						kes, &adit_mbedtls_sha1};
