/* DES-CBC (RFC 2451, RFC 2405) by mbedTLS, and the AEAD objects made of it: for old peers alone. */
#include <string.h>

#include <mbedtls/des.h>

#include "base/endian.h"
#include "provider/mbedtls/compat.h"
#include "provider/mbedtls/etm.h"

#define BLOCK_LEN 8
#define DES_KEY_LEN 8

struct des_key {
	mbedtls_des_context encrypt, decrypt;
};

ADIT_CHECK(des_fits, ADIT_ETM_CTX_SIZE(sizeof(struct des_key)) <= ADIT_KEYCTX_SIZE);

static void
des_wipe(void *kc)
{
	struct des_key *k = kc;

	mbedtls_des_free(&k->encrypt);
	mbedtls_des_free(&k->decrypt);
	adit_wipe(k, sizeof *k);
}

static enum adit_status
des_setkey(void *kc, struct adit_span key)
{
	struct des_key *k = kc;

	if (key.n != DES_KEY_LEN)
		return ADIT_ERR_ARG;
	mbedtls_des_init(&k->encrypt);
	mbedtls_des_init(&k->decrypt);
	if (mbedtls_des_setkey_enc(&k->encrypt, key.p) == 0 &&
	    mbedtls_des_setkey_dec(&k->decrypt, key.p) == 0)
		return ADIT_OK;
	des_wipe(k);
	return ADIT_ERR_CRYPTO;
}

static enum adit_status
des_make_iv(void *kc, uint64_t n, uint8_t *iv)
{
	struct des_key *k = kc;
	uint8_t block[BLOCK_LEN];

	adit_store64(block, n);
	return adit_mbedtls_status(mbedtls_des_crypt_ecb(&k->encrypt, block, iv));
}

static enum adit_status
des_encrypt(void *kc, const uint8_t *iv, uint8_t *data, size_t len)
{
	struct des_key *k = kc;
	uint8_t chain[BLOCK_LEN];

	memcpy(chain, iv, BLOCK_LEN);
	return adit_mbedtls_status(
		mbedtls_des_crypt_cbc(&k->encrypt, MBEDTLS_DES_ENCRYPT, len, chain, data, data));
}

static enum adit_status
des_decrypt(void *kc, const uint8_t *iv, uint8_t *data, size_t len)
{
	struct des_key *k = kc;
	uint8_t chain[BLOCK_LEN];

	memcpy(chain, iv, BLOCK_LEN);
	return adit_mbedtls_status(
		mbedtls_des_crypt_cbc(&k->decrypt, MBEDTLS_DES_DECRYPT, len, chain, data, data));
}

const struct adit_cipher adit_mbedtls_des_cbc = {
	"ENCR_DES", ADIT_ENCR_DES, BLOCK_LEN,   BLOCK_LEN,   sizeof(struct des_key),
	des_setkey, des_make_iv,   des_encrypt, des_decrypt, des_wipe};

#define DES_AEAD(object, title, ...)                                   \
	const struct adit_aead adit_mbedtls_##object = {               \
		.name = title,                                         \
		.encr = ADIT_ENCR_DES,                                 \
		.ctx_size = ADIT_ETM_CTX_SIZE(sizeof(struct des_key)), \
		.encr_key_len = DES_KEY_LEN,                           \
		.iv_len = BLOCK_LEN,                                   \
		.block = BLOCK_LEN,                                    \
		.cipher = &adit_mbedtls_des_cbc,                       \
		__VA_ARGS__,                                           \
	}

ADIT_WITH_EACH(DES_AEAD, des_cbc, "DES-CBC");
