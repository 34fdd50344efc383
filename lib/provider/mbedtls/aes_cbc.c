/* AES-CBC (RFC 3602) by mbedTLS, and the AEAD objects made of it with HMAC. */
#include <string.h>

#include <mbedtls/aes.h>

#include "provider/mbedtls/compat.h"

#define BLOCK_LEN 16

struct cbc_key {
	mbedtls_aes_context encrypt, decrypt;
};

/* Two HMAC states stand behind the cipher's keys in the context of an AEAD. */
#define CBC_CTX_SIZE ((sizeof(struct cbc_key) + 7) & ~(size_t)7)
#define AEAD_CTX_SIZE (CBC_CTX_SIZE + 2 * ADIT_HASH_CTX_SIZE)
ADIT_CHECK(cbc_hmac_fits, AEAD_CTX_SIZE <= ADIT_KEYCTX_SIZE);

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

#define CBC_HMAC(object, bits, hmac_name, integ_id, auth_object, auth_key_len, icv) \
	const struct adit_aead adit_mbedtls_##object = {                            \
		.name = "AES-CBC-" #bits "+" hmac_name,                             \
		.encr = ADIT_ENCR_AES_CBC,                                          \
		.key_bits = bits,                                                   \
		.integ = integ_id,                                                  \
		.ctx_size = AEAD_CTX_SIZE,                                          \
		.encr_key_len = bits / 8,                                           \
		.integ_key_len = auth_key_len,                                      \
		.iv_len = BLOCK_LEN,                                                \
		.icv_len = icv,                                                     \
		.block = BLOCK_LEN,                                                 \
		.esn_tail = true,                                                   \
		.cipher = &adit_mbedtls_aes_cbc,                                    \
		.auth = &adit_mbedtls_auth_hmac_##auth_object,                      \
		.setkey = adit_etm_setkey,                                          \
		.make_iv = adit_etm_make_iv,                                        \
		.seal = adit_etm_seal,                                              \
		.open = adit_etm_open,                                              \
		.wipe = adit_etm_wipe,                                              \
	}

#define SHA1_96(object, bits) \
	CBC_HMAC(object, bits, "HMAC-SHA1-96", ADIT_AUTH_HMAC_SHA1_96, sha1_96, 20, 12)
#define SHA256_128(object, bits) \
	CBC_HMAC(object, bits, "HMAC-SHA2-256-128", ADIT_AUTH_HMAC_SHA2_256_128, sha256_128, 32, 16)
#define SHA384_192(object, bits) \
	CBC_HMAC(object, bits, "HMAC-SHA2-384-192", ADIT_AUTH_HMAC_SHA2_384_192, sha384_192, 48, 24)
#define SHA512_256(object, bits) \
	CBC_HMAC(object, bits, "HMAC-SHA2-512-256", ADIT_AUTH_HMAC_SHA2_512_256, sha512_256, 64, 32)

SHA1_96(aes128_cbc_sha1, 128);
SHA1_96(aes192_cbc_sha1, 192);
SHA1_96(aes256_cbc_sha1, 256);
SHA256_128(aes128_cbc_sha256, 128);
SHA256_128(aes192_cbc_sha256, 192);
SHA256_128(aes256_cbc_sha256, 256);
SHA384_192(aes128_cbc_sha384, 128);
SHA384_192(aes192_cbc_sha384, 192);
SHA384_192(aes256_cbc_sha384, 256);
SHA512_256(aes128_cbc_sha512, 128);
SHA512_256(aes192_cbc_sha512, 192);
SHA512_256(aes256_cbc_sha512, 256);
