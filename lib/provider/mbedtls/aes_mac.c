/* AES-XCBC-96 and AES-CMAC-96 (RFC 3566, RFC 4494) over mbedTLS's AES: its own CMAC allocates. */
#include <mbedtls/aes.h>

#include "provider/mbedtls/compat.h"
#include "provider/mbedtls/etm.h"

ADIT_CHECK(cbc_mac_fits, ADIT_CBC_MAC_CTX_SIZE(sizeof(mbedtls_aes_context)) <= ADIT_MAC_CTX_SIZE);

static enum adit_status
aes_setkey(void *kc, struct adit_span key)
{
	mbedtls_aes_init(kc);
	return adit_mbedtls_status(mbedtls_aes_setkey_enc(kc, key.p, (unsigned)key.n * 8));
}

static enum adit_status
aes_encrypt(void *kc, const uint8_t *in, uint8_t *out)
{
	return adit_mbedtls_status(mbedtls_aes_crypt_ecb(kc, MBEDTLS_AES_ENCRYPT, in, out));
}

static void
aes_wipe(void *kc)
{
	mbedtls_aes_free(kc);
}

const struct adit_block adit_mbedtls_aes = {"AES", sizeof(mbedtls_aes_context), aes_setkey,
					    aes_encrypt, aes_wipe};

#define CBC_MAC(object, title, key)                                             \
	const struct adit_mac adit_mbedtls_##object = {                         \
		.name = title,                                                  \
		.out_len = ADIT_BLOCK_LEN,                                      \
		.ctx_size = ADIT_CBC_MAC_CTX_SIZE(sizeof(mbedtls_aes_context)), \
		.setkey = key,                                                  \
		.sum = adit_cbc_mac_sum,                                        \
		.wipe = adit_cbc_mac_wipe,                                      \
		.block = &adit_mbedtls_aes,                                     \
	}

CBC_MAC(aes_cmac, "AES-CMAC", adit_cmac_setkey);
CBC_MAC(aes_xcbc, "AES-XCBC-MAC", adit_xcbc_setkey);

const struct adit_integ adit_mbedtls_auth_aes_xcbc_96 = {"AUTH_AES_XCBC_96", ADIT_AUTH_AES_XCBC_96,
							 16, 12, &adit_mbedtls_aes_xcbc};
const struct adit_integ adit_mbedtls_auth_aes_cmac_96 = {"AUTH_AES_CMAC_96", ADIT_AUTH_AES_CMAC_96,
							 16, 12, &adit_mbedtls_aes_cmac};
