/* The transform objects that mbedTLS (2.28 or 3.6) stands behind, and the profiles made of them.
 * Naming an object links it; a profile names many. */
#ifndef ADIT_MBEDTLS_H
#define ADIT_MBEDTLS_H

#include "adit/crypto.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const struct adit_hash adit_mbedtls_sha1, adit_mbedtls_sha256, adit_mbedtls_sha384,
	adit_mbedtls_sha512;

extern const struct adit_mac adit_mbedtls_hmac_sha1, adit_mbedtls_hmac_sha256,
	adit_mbedtls_hmac_sha384, adit_mbedtls_hmac_sha512;

extern const struct adit_prf adit_mbedtls_prf_hmac_sha1, adit_mbedtls_prf_hmac_sha256,
	adit_mbedtls_prf_hmac_sha384, adit_mbedtls_prf_hmac_sha512;

extern const struct adit_integ adit_mbedtls_auth_hmac_sha1_96, adit_mbedtls_auth_hmac_sha256_128,
	adit_mbedtls_auth_hmac_sha384_192, adit_mbedtls_auth_hmac_sha512_256;

extern const struct adit_cipher adit_mbedtls_aes_cbc, adit_mbedtls_aes_ctr;

/* RFC 4106. */
extern const struct adit_aead adit_mbedtls_aes128_gcm8, adit_mbedtls_aes192_gcm8,
	adit_mbedtls_aes256_gcm8;
extern const struct adit_aead adit_mbedtls_aes128_gcm12, adit_mbedtls_aes192_gcm12,
	adit_mbedtls_aes256_gcm12;
extern const struct adit_aead adit_mbedtls_aes128_gcm16, adit_mbedtls_aes192_gcm16,
	adit_mbedtls_aes256_gcm16;
/* RFC 4309. */
extern const struct adit_aead adit_mbedtls_aes128_ccm8, adit_mbedtls_aes192_ccm8,
	adit_mbedtls_aes256_ccm8;
extern const struct adit_aead adit_mbedtls_aes128_ccm12, adit_mbedtls_aes192_ccm12,
	adit_mbedtls_aes256_ccm12;
extern const struct adit_aead adit_mbedtls_aes128_ccm16, adit_mbedtls_aes192_ccm16,
	adit_mbedtls_aes256_ccm16;
/* RFC 7634. */
extern const struct adit_aead adit_mbedtls_chacha20_poly1305;
/* RFC 3602 with RFC 4868; with RFC 2404. */
extern const struct adit_aead adit_mbedtls_aes128_cbc_sha256, adit_mbedtls_aes192_cbc_sha256,
	adit_mbedtls_aes256_cbc_sha256;
extern const struct adit_aead adit_mbedtls_aes128_cbc_sha384, adit_mbedtls_aes192_cbc_sha384,
	adit_mbedtls_aes256_cbc_sha384;
extern const struct adit_aead adit_mbedtls_aes128_cbc_sha512, adit_mbedtls_aes192_cbc_sha512,
	adit_mbedtls_aes256_cbc_sha512;
extern const struct adit_aead adit_mbedtls_aes128_cbc_sha1, adit_mbedtls_aes192_cbc_sha1,
	adit_mbedtls_aes256_cbc_sha1;

/* RFC 3686. */
extern const struct adit_aead adit_mbedtls_aes128_ctr_sha1, adit_mbedtls_aes192_ctr_sha1,
	adit_mbedtls_aes256_ctr_sha1;
extern const struct adit_aead adit_mbedtls_aes128_ctr_sha256, adit_mbedtls_aes192_ctr_sha256,
	adit_mbedtls_aes256_ctr_sha256;
extern const struct adit_aead adit_mbedtls_aes128_ctr_sha384, adit_mbedtls_aes192_ctr_sha384,
	adit_mbedtls_aes256_ctr_sha384;
extern const struct adit_aead adit_mbedtls_aes128_ctr_sha512, adit_mbedtls_aes192_ctr_sha512,
	adit_mbedtls_aes256_ctr_sha512;
/* Integrity alone, for ESP and AH (RFC 2410). */
extern const struct adit_aead adit_mbedtls_null_sha1, adit_mbedtls_null_sha256,
	adit_mbedtls_null_sha384, adit_mbedtls_null_sha512;

extern const struct adit_ke adit_mbedtls_curve25519, adit_mbedtls_ecp256, adit_mbedtls_ecp384,
	adit_mbedtls_ecp521;
extern const struct adit_ke adit_mbedtls_modp2048, adit_mbedtls_modp3072, adit_mbedtls_modp4096;

/* AEAD ciphers and AES-CBC with SHA-2, PRFs of SHA-2, all key exchange methods above: nothing that
 * RFC 8221 or RFC 8247 discourages. */
extern const struct adit_crypto adit_mbedtls_modern;
/* modern, and HMAC-SHA1-96 and PRF_HMAC_SHA1 (MUST- in RFC 8221 and RFC 8247) at the end. */
extern const struct adit_crypto adit_mbedtls_compat;

#ifdef __cplusplus
}
#endif
#endif
