/* AES-CTR (RFC 3686) by mbedTLS, and the AEAD objects made of it with HMAC. */
#include <string.h>

#include <mbedtls/aes.h>

#include "base/endian.h"
#include "provider/mbedtls/compat.h"
#include "provider/mbedtls/etm.h"

#define BLOCK_LEN 16
#define NONCE_LEN 4
#define IV_LEN 8

struct ctr_key {
	mbedtls_aes_context aes;
	uint8_t nonce[NONCE_LEN];
};

ADIT_CHECK(ctr_hmac_fits, ADIT_ETM_CTX_SIZE(sizeof(struct ctr_key)) <= ADIT_KEYCTX_SIZE);

static void
ctr_wipe(void *kc)
{
	struct ctr_key *k = kc;

	mbedtls_aes_free(&k->aes);
	adit_wipe(k, sizeof *k);
}

static enum adit_status
ctr_setkey(void *kc, struct adit_span key)
{
	struct ctr_key *k = kc;
	size_t n = key.n - NONCE_LEN;

	mbedtls_aes_init(&k->aes);
	if (key.n <= NONCE_LEN || mbedtls_aes_setkey_enc(&k->aes, key.p, (unsigned)n * 8) != 0) {
		ctr_wipe(k);
		return ADIT_ERR_CRYPTO;
	}
	memcpy(k->nonce, key.p + n, NONCE_LEN);
	return ADIT_OK;
}

static enum adit_status
ctr_make_iv(void *kc, uint64_t n, uint8_t *iv)
{
	(void)kc;
	adit_store64(iv, n);
	return ADIT_OK;
}

/* Nonce, IV, and a block counter that begins with 1. */
static enum adit_status
ctr_crypt(void *kc, const uint8_t *iv, uint8_t *data, size_t len)
{
	struct ctr_key *k = kc;
	uint8_t counter[BLOCK_LEN], stream[BLOCK_LEN];
	size_t used = 0;
	int ret;

	memcpy(counter, k->nonce, NONCE_LEN);
	memcpy(counter + NONCE_LEN, iv, IV_LEN);
	adit_store32(counter + NONCE_LEN + IV_LEN, 1);
	ret = mbedtls_aes_crypt_ctr(&k->aes, len, &used, counter, stream, data, data);
	adit_wipe(stream, sizeof stream);
	return adit_mbedtls_status(ret);
}

const struct adit_cipher adit_mbedtls_aes_ctr = {
	"ENCR_AES_CTR", ADIT_ENCR_AES_CTR, IV_LEN,    1,         sizeof(struct ctr_key),
	ctr_setkey,     ctr_make_iv,       ctr_crypt, ctr_crypt, ctr_wipe};

#define CTR_AEAD(object, title, bits, ...)                             \
	const struct adit_aead adit_mbedtls_##object = {               \
		.name = title,                                         \
		.encr = ADIT_ENCR_AES_CTR,                             \
		.key_bits = bits,                                      \
		.ctx_size = ADIT_ETM_CTX_SIZE(sizeof(struct ctr_key)), \
		.encr_key_len = bits / 8 + NONCE_LEN,                  \
		.salt_len = NONCE_LEN,                                 \
		.iv_len = IV_LEN,                                      \
		.block = 1,                                            \
		.cipher = &adit_mbedtls_aes_ctr,                       \
		__VA_ARGS__,                                           \
	}
#define CTR_128(object, title, ...) CTR_AEAD(object, title, 128, __VA_ARGS__)
#define CTR_192(object, title, ...) CTR_AEAD(object, title, 192, __VA_ARGS__)
#define CTR_256(object, title, ...) CTR_AEAD(object, title, 256, __VA_ARGS__)

ADIT_WITH_EACH(CTR_128, aes128_ctr, "AES-CTR-128");
ADIT_WITH_EACH(CTR_192, aes192_ctr, "AES-CTR-192");
ADIT_WITH_EACH(CTR_256, aes256_ctr, "AES-CTR-256");
