/* The transform objects that mbedTLS (2.28 or 3.6) stands behind, and the profiles made of them.
 * Naming an object links it; a profile names many.
 * mbedTLS allocates when a key of AES-GCM, AES-CCM or AES-GMAC is set, until it is wiped, and while
 * a key exchange is computed; never for a packet. Where there is no heap, its
 * mbedtls_memory_buffer_alloc_init() gives it one in your own memory. */
#ifndef ADIT_MBEDTLS_H
#define ADIT_MBEDTLS_H

#include "adit/crypto.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const struct adit_hash adit_mbedtls_md5, adit_mbedtls_sha1, adit_mbedtls_sha256,
	adit_mbedtls_sha384, adit_mbedtls_sha512;

extern const struct adit_block adit_mbedtls_aes;

extern const struct adit_mac adit_mbedtls_hmac_md5, adit_mbedtls_hmac_sha1,
	adit_mbedtls_hmac_sha256, adit_mbedtls_hmac_sha384, adit_mbedtls_hmac_sha512;
extern const struct adit_mac adit_mbedtls_aes_cmac, adit_mbedtls_aes_xcbc;

extern const struct adit_prf adit_mbedtls_prf_hmac_sha1, adit_mbedtls_prf_hmac_sha256,
	adit_mbedtls_prf_hmac_sha384, adit_mbedtls_prf_hmac_sha512;

extern const struct adit_integ adit_mbedtls_auth_hmac_md5_96, adit_mbedtls_auth_hmac_sha1_96,
	adit_mbedtls_auth_aes_xcbc_96, adit_mbedtls_auth_aes_cmac_96,
	adit_mbedtls_auth_hmac_sha256_128, adit_mbedtls_auth_hmac_sha384_192,
	adit_mbedtls_auth_hmac_sha512_256;

extern const struct adit_cipher adit_mbedtls_aes_cbc, adit_mbedtls_aes_ctr,
	adit_mbedtls_camellia_cbc, adit_mbedtls_des3_cbc, adit_mbedtls_des_cbc;

/* One AEAD object for each key length of AES. */
#define ADIT_MBEDTLS_AES(mode)                                                                \
	extern const struct adit_aead adit_mbedtls_aes128_##mode, adit_mbedtls_aes192_##mode, \
		adit_mbedtls_aes256_##mode
ADIT_MBEDTLS_AES(gcm8); /* RFC 4106 */
ADIT_MBEDTLS_AES(gcm12);
ADIT_MBEDTLS_AES(gcm16);
ADIT_MBEDTLS_AES(gcm16_iiv); /* RFC 8750: the IV is the packet's number, and not sent */
ADIT_MBEDTLS_AES(ccm8);      /* RFC 4309 */
ADIT_MBEDTLS_AES(ccm12);
ADIT_MBEDTLS_AES(ccm16);
ADIT_MBEDTLS_AES(ccm16_iiv);
ADIT_MBEDTLS_AES(gmac); /* RFC 4543: ESP without encryption */
/* RFC 4543: AH. */
extern const struct adit_aead adit_mbedtls_ah_aes128_gmac, adit_mbedtls_ah_aes192_gmac,
	adit_mbedtls_ah_aes256_gmac;
/* RFC 7634. */
extern const struct adit_aead adit_mbedtls_chacha20_poly1305, adit_mbedtls_chacha20_poly1305_iiv;

/* One AEAD object of a cipher for each integrity transform: RFC 4868, RFC 2404, RFC 3566, RFC 4494,
 * RFC 2403. */
#define ADIT_MBEDTLS_ETM(cipher)                                                \
	extern const struct adit_aead adit_mbedtls_##cipher##_sha256,           \
		adit_mbedtls_##cipher##_sha384, adit_mbedtls_##cipher##_sha512, \
		adit_mbedtls_##cipher##_sha1, adit_mbedtls_##cipher##_xcbc,     \
		adit_mbedtls_##cipher##_cmac, adit_mbedtls_##cipher##_md5
ADIT_MBEDTLS_ETM(null);       /* RFC 2410: ESP without encryption, and AH */
ADIT_MBEDTLS_ETM(aes128_cbc); /* RFC 3602 */
ADIT_MBEDTLS_ETM(aes192_cbc);
ADIT_MBEDTLS_ETM(aes256_cbc);
ADIT_MBEDTLS_ETM(aes128_ctr); /* RFC 3686 */
ADIT_MBEDTLS_ETM(aes192_ctr);
ADIT_MBEDTLS_ETM(aes256_ctr);
ADIT_MBEDTLS_ETM(camellia128_cbc); /* RFC 4312 */
ADIT_MBEDTLS_ETM(camellia192_cbc);
ADIT_MBEDTLS_ETM(camellia256_cbc);
ADIT_MBEDTLS_ETM(des3_cbc); /* RFC 2451 */
ADIT_MBEDTLS_ETM(des_cbc);  /* RFC 2405 */

extern const struct adit_ke adit_mbedtls_curve25519, adit_mbedtls_ecp256, adit_mbedtls_ecp384,
	adit_mbedtls_ecp521;
extern const struct adit_ke adit_mbedtls_modp2048, adit_mbedtls_modp3072, adit_mbedtls_modp4096;

/* IKE and ESP: AEAD ciphers and AES-CBC with SHA-2, PRFs of SHA-2, all key exchange methods above:
 * nothing that RFC 8221 or RFC 8247 discourages. For SAs that name them: implicit IVs, AES-GMAC,
 * and NULL with SHA-2. */
extern const struct adit_crypto adit_mbedtls_modern;
/* modern, and HMAC-SHA1-96 and PRF_HMAC_SHA1 (MUST- in RFC 8221 and RFC 8247) at the end. For SAs
 * that name them: short ICVs, AES-CCM, AES-CTR, Camellia, AES-XCBC-96, AES-CMAC-96. */
extern const struct adit_crypto adit_mbedtls_compat;
/* compat, and for SAs that name them 3DES, DES and HMAC-MD5-96: MUST NOT or SHOULD NOT in RFC 8221,
 * for peers that have nothing else. */
extern const struct adit_crypto adit_mbedtls_legacy;

#ifdef __cplusplus
}
#endif
#endif
