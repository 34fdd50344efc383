/* 3DES-CBC (RFC 2451) by mbedTLS, and the AEAD objects made of it: for old peers alone. */
#include <string.h>

#include <mbedtls/des.h>

#include "base/endian.h"
#include "provider/mbedtls/compat.h"
#include "provider/mbedtls/etm.h"

#define BLOCK_LEN 8
#define DES3_KEY_LEN 24

struct des3_key {
	mbedtls_des3_context encrypt, decrypt;
};

ADIT_CHECK(des3_fits, ADIT_ETM_CTX_SIZE(sizeof(struct des3_key)) <= ADIT_KEYCTX_SIZE);

static void
des3_wipe(void *kc)
{
	struct des3_key *k = kc;

	mbedtls_des3_free(&k->encrypt);
	mbedtls_des3_free(&k->decrypt);
	adit_wipe(k, sizeof *k);
}

static enum adit_status
des3_setkey(void *kc, struct adit_span key)
{
	struct des3_key *k = kc;

	if (key.n != DES3_KEY_LEN)
		return ADIT_ERR_ARG;
	mbedtls_des3_init(&k->encrypt);
	mbedtls_des3_init(&k->decrypt);
	if (mbedtls_des3_set3key_enc(&k->encrypt, key.p) == 0 &&
	    mbedtls_des3_set3key_dec(&k->decrypt, key.p) == 0)
		return ADIT_OK;
	des3_wipe(k);
	return ADIT_ERR_CRYPTO;
}

static enum adit_status
des3_make_iv(void *kc, uint64_t n, uint8_t *iv)
{
	struct des3_key *k = kc;
	uint8_t block[BLOCK_LEN];

	adit_store64(block, n);
	return adit_mbedtls_status(mbedtls_des3_crypt_ecb(&k->encrypt, block, iv));
}

static enum adit_status
des3_encrypt(void *kc, const uint8_t *iv, uint8_t *data, size_t len)
{
	struct des3_key *k = kc;
	uint8_t chain[BLOCK_LEN];

	memcpy(chain, iv, BLOCK_LEN);
	return adit_mbedtls_status(
		mbedtls_des3_crypt_cbc(&k->encrypt, MBEDTLS_DES_ENCRYPT, len, chain, data, data));
}

static enum adit_status
des3_decrypt(void *kc, const uint8_t *iv, uint8_t *data, size_t len)
{
	struct des3_key *k = kc;
	uint8_t chain[BLOCK_LEN];

	memcpy(chain, iv, BLOCK_LEN);
	return adit_mbedtls_status(
		mbedtls_des3_crypt_cbc(&k->decrypt, MBEDTLS_DES_DECRYPT, len, chain, data, data));
}

const struct adit_cipher adit_mbedtls_des3_cbc = {
	"ENCR_3DES", ADIT_ENCR_3DES, BLOCK_LEN,    BLOCK_LEN,    sizeof(struct des3_key),
	des3_setkey, des3_make_iv,   des3_encrypt, des3_decrypt, des3_wipe};

#define DES3_AEAD(object, title, ...)                                   \
	const struct adit_aead adit_mbedtls_##object = {                \
		.name = title,                                          \
		.encr = ADIT_ENCR_3DES,                                 \
		.ctx_size = ADIT_ETM_CTX_SIZE(sizeof(struct des3_key)), \
		.encr_key_len = DES3_KEY_LEN,                           \
		.iv_len = BLOCK_LEN,                                    \
		.block = BLOCK_LEN,                                     \
		.cipher = &adit_mbedtls_des3_cbc,                       \
		__VA_ARGS__,                                            \
	}

ADIT_WITH_EACH(DES3_AEAD, des3_cbc, "3DES-CBC");
