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

#define ALL_AES(mode) \
	&adit_mbedtls_aes128_##mode, &adit_mbedtls_aes192_##mode, &adit_mbedtls_aes256_##mode
#define WITH_SHA2(cipher)                                                 \
	&adit_mbedtls_##cipher##_sha256, &adit_mbedtls_##cipher##_sha384, \
		&adit_mbedtls_##cipher##_sha512
#define WITH_OLD(cipher) \
	&adit_mbedtls_##cipher##_sha1, &adit_mbedtls_##cipher##_xcbc, &adit_mbedtls_##cipher##_cmac
#define WITH_MD5(cipher) &adit_mbedtls_##cipher##_md5

/* Here too the first is the best. */
#define MODERN_SA_ONLY                                                               \
	ALL_AES(gcm16_iiv), &adit_mbedtls_chacha20_poly1305_iiv, ALL_AES(ccm16_iiv), \
		ALL_AES(ccm16), ALL_AES(gmac), &adit_mbedtls_ah_aes128_gmac,         \
		&adit_mbedtls_ah_aes192_gmac, &adit_mbedtls_ah_aes256_gmac, WITH_SHA2(null)

#define COMPAT_SA_ONLY                                                                             \
	ALL_AES(gcm12), ALL_AES(gcm8), ALL_AES(ccm12), ALL_AES(ccm8), WITH_SHA2(aes128_ctr),       \
		WITH_SHA2(aes192_ctr), WITH_SHA2(aes256_ctr), WITH_OLD(aes128_ctr),                \
		WITH_OLD(aes192_ctr), WITH_OLD(aes256_ctr), WITH_SHA2(camellia128_cbc),            \
		WITH_SHA2(camellia192_cbc), WITH_SHA2(camellia256_cbc), WITH_OLD(camellia128_cbc), \
		WITH_OLD(camellia192_cbc), WITH_OLD(camellia256_cbc), WITH_OLD(null),              \
		&adit_mbedtls_aes128_cbc_xcbc, &adit_mbedtls_aes192_cbc_xcbc,                      \
		&adit_mbedtls_aes256_cbc_xcbc, &adit_mbedtls_aes128_cbc_cmac,                      \
		&adit_mbedtls_aes192_cbc_cmac, &adit_mbedtls_aes256_cbc_cmac

#define LEGACY_SA_ONLY                                                                           \
	WITH_SHA2(des3_cbc), WITH_OLD(des3_cbc), WITH_SHA2(des_cbc), WITH_OLD(des_cbc),          \
		WITH_MD5(aes128_cbc), WITH_MD5(aes192_cbc), WITH_MD5(aes256_cbc),                \
		WITH_MD5(aes128_ctr), WITH_MD5(aes192_ctr), WITH_MD5(aes256_ctr),                \
		WITH_MD5(camellia128_cbc), WITH_MD5(camellia192_cbc), WITH_MD5(camellia256_cbc), \
		WITH_MD5(null), WITH_MD5(des3_cbc), WITH_MD5(des_cbc)

static const struct adit_aead *const modern_sa_only[] = {MODERN_SA_ONLY, NULL};
static const struct adit_aead *const compat_sa_only[] = {MODERN_SA_ONLY, COMPAT_SA_ONLY, NULL};
static const struct adit_aead *const legacy_sa_only[] = {MODERN_SA_ONLY, COMPAT_SA_ONLY,
							 LEGACY_SA_ONLY, NULL};

#define MODERN_PRFS \
	&adit_mbedtls_prf_hmac_sha256, &adit_mbedtls_prf_hmac_sha384, &adit_mbedtls_prf_hmac_sha512

static const struct adit_prf *const modern_prfs[] = {MODERN_PRFS, NULL};
static const struct adit_prf *const compat_prfs[] = {MODERN_PRFS, &adit_mbedtls_prf_hmac_sha1,
						     NULL};

static const struct adit_ke *const kes[] = {&adit_mbedtls_curve25519, &adit_mbedtls_ecp256,
					    &adit_mbedtls_ecp384,     &adit_mbedtls_ecp521,
					    &adit_mbedtls_modp3072,   &adit_mbedtls_modp4096,
					    &adit_mbedtls_modp2048,   NULL};

const struct adit_crypto adit_mbedtls_modern = {
	"mbedTLS, modern", modern_aeads, modern_sa_only, modern_prfs, kes, &adit_mbedtls_sha1};
const struct adit_crypto adit_mbedtls_compat = {
	"mbedTLS, compatible", compat_aeads, compat_sa_only, compat_prfs, kes, &adit_mbedtls_sha1};
const struct adit_crypto adit_mbedtls_legacy = {
	"mbedTLS, legacy", compat_aeads, legacy_sa_only, compat_prfs, kes, &adit_mbedtls_sha1};
