/* AES-CBC (RFC 3602) by mbedTLS, and the AEAD objects made of it with HMAC. */
#include <string.h>

#include <mbedtls/aes.h>

#include "provider/mbedtls/compat.h"
#include "provider/mbedtls/etm.h"

#define BLOCK_LEN 16

struct cbc_key {
	mbedtls_aes_context encrypt, decrypt;
};

ADIT_CHECK(cbc_hmac_fits, ADIT_ETM_CTX_SIZE(sizeof(struct cbc_key)) <= ADIT_KEYCTX_SIZE);

static void
cbc_wipe(void *kc)
{
	struct cbc_key *k = kc;

	mbedtls_aes_free(&k->encrypt);
	mbedtls_aes_free(&k->decrypt);
	adit_wipe(k, sizeof *k);
}

static enum adit_status
cbc_setkey(void *kc, struct adit_span key)
{
	struct cbc_key *k = kc;
	unsigned bits = (unsigned)key.n * 8;

	mbedtls_aes_init(&k->encrypt);
	mbedtls_aes_init(&k->decrypt);
	if (mbedtls_aes_setkey_enc(&k->encrypt, key.p, bits) == 0 &&
	    mbedtls_aes_setkey_dec(&k->decrypt, key.p, bits) == 0)
		return ADIT_OK;
	cbc_wipe(k);
	return ADIT_ERR_CRYPTO;
}

/* CBC wants an IV that can't be foretold. The cipher itself over the packet's number is one (NIST
 * SP 800-38A appendix C, first method): unique because the number is, and needs no random source.
 */
static enum adit_status
cbc_make_iv(void *kc, uint64_t n, uint8_t *iv)
{
	struct cbc_key *k = kc;
	uint8_t block[BLOCK_LEN] = {0};

	for (size_t i = 0; i < 8; i++)
		block[i] = (uint8_t)(n >> (8 * (7 - i)));
	return adit_mbedtls_status(
		mbedtls_aes_crypt_ecb(&k->encrypt, MBEDTLS_AES_ENCRYPT, block, iv));
}

static enum adit_status
cbc_encrypt(void *kc, const uint8_t *iv, uint8_t *data, size_t len)
{
	struct cbc_key *k = kc;
	uint8_t chain[BLOCK_LEN];

	memcpy(chain, iv, BLOCK_LEN);
	return adit_mbedtls_status(
		mbedtls_aes_crypt_cbc(&k->encrypt, MBEDTLS_AES_ENCRYPT, len, chain, data, data));
}

static enum adit_status
cbc_decrypt(void *kc, const uint8_t *iv, uint8_t *data, size_t len)
{
	struct cbc_key *k = kc;
	uint8_t chain[BLOCK_LEN];

	memcpy(chain, iv, BLOCK_LEN);
	return adit_mbedtls_status(
		mbedtls_aes_crypt_cbc(&k->decrypt, MBEDTLS_AES_DECRYPT, len, chain, data, data));
}

const struct adit_cipher adit_mbedtls_aes_cbc = {
	"ENCR_AES_CBC", ADIT_ENCR_AES_CBC, BLOCK_LEN,   BLOCK_LEN,   sizeof(struct cbc_key),
	cbc_setkey,     cbc_make_iv,       cbc_encrypt, cbc_decrypt, cbc_wipe};

#define CBC_AEAD(object, title, bits, ...)                             \
	const struct adit_aead adit_mbedtls_##object = {               \
		.name = title,                                         \
		.encr = ADIT_ENCR_AES_CBC,                             \
		.key_bits = bits,                                      \
		.ctx_size = ADIT_ETM_CTX_SIZE(sizeof(struct cbc_key)), \
		.encr_key_len = bits / 8,                              \
		.iv_len = BLOCK_LEN,                                   \
		.block = BLOCK_LEN,                                    \
		.cipher = &adit_mbedtls_aes_cbc,                       \
		__VA_ARGS__,                                           \
	}
#define CBC_128(object, title, ...) CBC_AEAD(object, title, 128, __VA_ARGS__)
#define CBC_192(object, title, ...) CBC_AEAD(object, title, 192, __VA_ARGS__)
#define CBC_256(object, title, ...) CBC_AEAD(object, title, 256, __VA_ARGS__)

ADIT_WITH_EACH(CBC_128, aes128_cbc, "AES-CBC-128");
ADIT_WITH_EACH(CBC_192, aes192_cbc, "AES-CBC-192");
ADIT_WITH_EACH(CBC_256, aes256_cbc, "AES-CBC-256");
