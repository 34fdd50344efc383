/* AES-GCM with ICVs of 8, 12 and 16 bytes (RFC 4106, RFC 5282), and with an implicit IV (RFC 8750),
 * by mbedTLS's direct calls: the one way that does not allocate per packet. */
#include <string.h>

#include <mbedtls/gcm.h>

#include "provider/mbedtls/compat.h"
#include "provider/mbedtls/nonce.h"

struct gcm_key {
	mbedtls_gcm_context gcm;
	uint8_t salt[ADIT_SALT_LEN];
};

ADIT_CHECK(gcm_fits, sizeof(struct gcm_key) <= ADIT_KEYCTX_SIZE);

static enum adit_status
gcm_setkey(const struct adit_aead *aead, void *kc, struct adit_span key)
{
	struct gcm_key *k = kc;

	if (key.n != aead->encr_key_len)
		return ADIT_ERR_ARG;
	mbedtls_gcm_init(&k->gcm);
	if (mbedtls_gcm_setkey(&k->gcm, MBEDTLS_CIPHER_ID_AES, key.p, aead->key_bits) != 0) {
		mbedtls_gcm_free(&k->gcm);
		return ADIT_ERR_CRYPTO;
	}
	memcpy(k->salt, key.p + key.n - ADIT_SALT_LEN, ADIT_SALT_LEN);
	return ADIT_OK;
}

static void
gcm_seal(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	struct gcm_key *k = kc;
	uint8_t nonce[ADIT_NONCE_LEN];

	for (size_t i = 0; i < n; i++) {
		struct adit_aead_op *op = &ops[i];

		adit_make_nonce(k->salt, op->iv, nonce);
		op->status = adit_mbedtls_status(mbedtls_gcm_crypt_and_tag(
			&k->gcm, MBEDTLS_GCM_ENCRYPT, op->len, nonce, ADIT_NONCE_LEN, op->aad.p,
			op->aad.n, op->data, op->data, aead->icv_len, op->icv));
	}
}

static void
gcm_open(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	struct gcm_key *k = kc;
	uint8_t nonce[ADIT_NONCE_LEN];

	for (size_t i = 0; i < n; i++) {
		struct adit_aead_op *op = &ops[i];
		int ret;

		adit_make_nonce(k->salt, op->iv, nonce);
		ret = mbedtls_gcm_auth_decrypt(&k->gcm, op->len, nonce, ADIT_NONCE_LEN, op->aad.p,
					       op->aad.n, op->icv, aead->icv_len, op->data,
					       op->data);
		op->status = ret == MBEDTLS_ERR_GCM_AUTH_FAILED ? ADIT_ERR_ICV
								: adit_mbedtls_status(ret);
	}
}

static void
gcm_wipe(const struct adit_aead *aead, void *kc)
{
	struct gcm_key *k = kc;

	(void)aead;
	mbedtls_gcm_free(&k->gcm);
	adit_wipe(k, sizeof *k);
}

#define AES_GCM_OBJECT(object, title, number, bits, tag, iv) \
	const struct adit_aead adit_mbedtls_##object = {     \
		.name = title,                               \
		.encr = number,                              \
		.key_bits = bits,                            \
		.integ = ADIT_AUTH_NONE,                     \
		.ctx_size = sizeof(struct gcm_key),          \
		.encr_key_len = bits / 8 + ADIT_SALT_LEN,    \
		.salt_len = ADIT_SALT_LEN,                   \
		.iv_len = iv,                                \
		.implicit_iv = iv == 0,                      \
		.make_iv = adit_counter_iv,                  \
		.icv_len = tag,                              \
		.block = 1,                                  \
		.setkey = gcm_setkey,                        \
		.seal = gcm_seal,                            \
		.open = gcm_open,                            \
		.wipe = gcm_wipe,                            \
	}
#define AES_GCM(bits, tag)                                                                       \
	AES_GCM_OBJECT(aes##bits##_gcm##tag, "AES-GCM-" #tag "-" #bits, ADIT_ENCR_AES_GCM_##tag, \
		       bits, tag, ADIT_COUNTER_IV_LEN)
#define AES_GCM_IIV(bits)                                                 \
	AES_GCM_OBJECT(aes##bits##_gcm16_iiv, "AES-GCM-16-" #bits "-IIV", \
		       ADIT_ENCR_AES_GCM_16_IIV, bits, 16, 0)

AES_GCM(128, 8);
AES_GCM(192, 8);
AES_GCM(256, 8);
AES_GCM(128, 12);
AES_GCM(192, 12);
AES_GCM(256, 12);
AES_GCM(128, 16);
AES_GCM(192, 16);
AES_GCM(256, 16);
AES_GCM_IIV(128);
AES_GCM_IIV(192);
AES_GCM_IIV(256);
