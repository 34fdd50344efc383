/* The mbedTLS that a firmware with all transforms of the library would be built with: what the
 * provider in lib/provider/mbedtls/ needs and no more. AES tables in ROM, the small ones. With
 * ADIT_SIZE_LEAST, without the ciphers that only AH and hand-made SAs use: mbedTLS 2.28 links all
 * that it has into its cipher layer. */
#ifndef ADIT_SIZE_MBEDTLS_CONFIG_H
#define ADIT_SIZE_MBEDTLS_CONFIG_H

#define MBEDTLS_HAVE_ASM
#define MBEDTLS_AES_C
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_AES_FEWER_TABLES
#define MBEDTLS_CIPHER_C
#define MBEDTLS_CIPHER_MODE_CBC
#define MBEDTLS_GCM_C
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C
#define MBEDTLS_SHA1_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA512_C
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_ECP_C
#define MBEDTLS_ECDH_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED
#define MBEDTLS_ECP_DP_SECP521R1_ENABLED
#define MBEDTLS_ECP_DP_CURVE25519_ENABLED
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECP_NO_INTERNAL_RNG
#define MBEDTLS_DHM_C

#ifndef ADIT_SIZE_LEAST
#define MBEDTLS_CIPHER_MODE_CTR
#define MBEDTLS_CAMELLIA_C
#define MBEDTLS_DES_C
#define MBEDTLS_CCM_C
#define MBEDTLS_MD5_C
#endif

#include "mbedtls/check_config.h"

#endif
