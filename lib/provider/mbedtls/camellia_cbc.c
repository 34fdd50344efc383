/* Camellia-CBC (RFC 4312) by mbedTLS, and the AEAD objects made of it. */
#include <string.h>

#include <mbedtls/camellia.h>

#include "base/endian.h"
#include "provider/mbedtls/compat.h"
#include "provider/mbedtls/etm.h"

#define BLOCK_LEN 16

struct cbc_key {
	mbedtls_camellia_context encrypt, decrypt;
};

ADIT_CHECK(camellia_fits, ADIT_ETM_CTX_SIZE(sizeof(struct cbc_key)) <= ADIT_KEYCTX_SIZE);

static void
camellia_wipe(void *kc)
{
	struct cbc_key *k = kc;

	mbedtls_camellia_free(&k->encrypt);
	mbedtls_camellia_free(&k->decrypt);
	adit_wipe(k, sizeof *k);
}

static enum adit_status
camellia_setkey(void *kc, struct adit_span key)
{
	struct cbc_key *k = kc;
	unsigned bits = (unsigned)key.n * 8;

	mbedtls_camellia_init(&k->encrypt);
	mbedtls_camellia_init(&k->decrypt);
	if (mbedtls_camellia_setkey_enc(&k->encrypt, key.p, bits) == 0 &&
	    mbedtls_camellia_setkey_dec(&k->decrypt, key.p, bits) == 0)
		return ADIT_OK;
	camellia_wipe(k);
	return ADIT_ERR_CRYPTO;
}

/* The cipher over the packet's number, as with AES-CBC. */
static enum adit_status
camellia_make_iv(void *kc, uint64_t n, uint8_t *iv)
{
	struct cbc_key *k = kc;
	uint8_t block[BLOCK_LEN] = {0};

	adit_store64(block, n);
	return adit_mbedtls_status(
		mbedtls_camellia_crypt_ecb(&k->encrypt, MBEDTLS_CAMELLIA_ENCRYPT, block, iv));
}

static enum adit_status
camellia_encrypt(void *kc, const uint8_t *iv, uint8_t *data, size_t len)
{
	struct cbc_key *k = kc;
	uint8_t chain[BLOCK_LEN];

	memcpy(chain, iv, BLOCK_LEN);
	return adit_mbedtls_status(mbedtls_camellia_crypt_cbc(&k->encrypt, MBEDTLS_CAMELLIA_ENCRYPT,
							      len, chain, data, data));
}

static enum adit_status
camellia_decrypt(void *kc, const uint8_t *iv, uint8_t *data, size_t len)
{
	struct cbc_key *k = kc;
	uint8_t chain[BLOCK_LEN];

	memcpy(chain, iv, BLOCK_LEN);
	return adit_mbedtls_status(mbedtls_camellia_crypt_cbc(&k->decrypt, MBEDTLS_CAMELLIA_DECRYPT,
							      len, chain, data, data));
}

const struct adit_cipher adit_mbedtls_camellia_cbc = {
	"ENCR_CAMELLIA_CBC",    ADIT_ENCR_CAMELLIA_CBC, BLOCK_LEN,        BLOCK_LEN,
	sizeof(struct cbc_key), camellia_setkey,        camellia_make_iv, camellia_encrypt,
	camellia_decrypt,       camellia_wipe};

#define CAMELLIA_AEAD(object, title, bits, ...)                        \
	const struct adit_aead adit_mbedtls_##object = {               \
		.name = title,                                         \
		.encr = ADIT_ENCR_CAMELLIA_CBC,                        \
		.key_bits = bits,                                      \
		.ctx_size = ADIT_ETM_CTX_SIZE(sizeof(struct cbc_key)), \
		.encr_key_len = bits / 8,                              \
		.iv_len = BLOCK_LEN,                                   \
		.block = BLOCK_LEN,                                    \
		.cipher = &adit_mbedtls_camellia_cbc,                  \
		__VA_ARGS__,                                           \
	}
#define CAMELLIA_128(object, title, ...) CAMELLIA_AEAD(object, title, 128, __VA_ARGS__)
#define CAMELLIA_192(object, title, ...) CAMELLIA_AEAD(object, title, 192, __VA_ARGS__)
#define CAMELLIA_256(object, title, ...) CAMELLIA_AEAD(object, title, 256, __VA_ARGS__)

ADIT_WITH_EACH(CAMELLIA_128, camellia128_cbc, "CAMELLIA-CBC-128");
ADIT_WITH_EACH(CAMELLIA_192, camellia192_cbc, "CAMELLIA-CBC-192");
ADIT_WITH_EACH(CAMELLIA_256, camellia256_cbc, "CAMELLIA-CBC-256");
