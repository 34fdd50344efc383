/* AES-CCM (RFC 4309, RFC 5282) with ICVs of 8, 12 and 16 bytes, and with an implicit IV (RFC 8750),
 * by mbedTLS. */
#include <string.h>

#include <mbedtls/ccm.h>

#include "provider/mbedtls/compat.h"
#include "provider/mbedtls/nonce.h"

#define SALT_LEN 3
#define IV_LEN ADIT_COUNTER_IV_LEN
#define NONCE_LEN (SALT_LEN + IV_LEN)

struct ccm_key {
	mbedtls_ccm_context ccm;
	uint8_t salt[SALT_LEN];
};

ADIT_CHECK(ccm_fits, sizeof(struct ccm_key) <= ADIT_KEYCTX_SIZE);

static enum adit_status
ccm_setkey(const struct adit_aead *aead, void *kc, struct adit_span key)
{
	struct ccm_key *k = kc;

	if (key.n != aead->encr_key_len)
		return ADIT_ERR_ARG;
	mbedtls_ccm_init(&k->ccm);
	if (mbedtls_ccm_setkey(&k->ccm, MBEDTLS_CIPHER_ID_AES, key.p, aead->key_bits) != 0) {
		mbedtls_ccm_free(&k->ccm);
		return ADIT_ERR_CRYPTO;
	}
	memcpy(k->salt, key.p + key.n - SALT_LEN, SALT_LEN);
	return ADIT_OK;
}

static void
make_nonce(const struct ccm_key *k, const uint8_t *iv, uint8_t *nonce)
{
	memcpy(nonce, k->salt, SALT_LEN);
	memcpy(nonce + SALT_LEN, iv, IV_LEN);
}

static void
ccm_seal(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	struct ccm_key *k = kc;
	uint8_t nonce[NONCE_LEN];

	for (size_t i = 0; i < n; i++) {
		struct adit_aead_op *op = &ops[i];

		make_nonce(k, op->iv, nonce);
		op->status = adit_mbedtls_status(mbedtls_ccm_encrypt_and_tag(
			&k->ccm, op->len, nonce, NONCE_LEN, op->aad.p, op->aad.n, op->data,
			op->data, op->icv, aead->icv_len));
	}
}

static void
ccm_open(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	struct ccm_key *k = kc;
	uint8_t nonce[NONCE_LEN];

	for (size_t i = 0; i < n; i++) {
		struct adit_aead_op *op = &ops[i];
		int ret;

		make_nonce(k, op->iv, nonce);
		ret = mbedtls_ccm_auth_decrypt(&k->ccm, op->len, nonce, NONCE_LEN, op->aad.p,
					       op->aad.n, op->data, op->data, op->icv,
					       aead->icv_len);
		op->status = ret == MBEDTLS_ERR_CCM_AUTH_FAILED ? ADIT_ERR_ICV
								: adit_mbedtls_status(ret);
	}
}

static void
ccm_wipe(const struct adit_aead *aead, void *kc)
{
	struct ccm_key *k = kc;

	(void)aead;
	mbedtls_ccm_free(&k->ccm);
	adit_wipe(k, sizeof *k);
}

#define AES_CCM_OBJECT(object, title, number, bits, tag, iv) \
	const struct adit_aead adit_mbedtls_##object = {     \
		.name = title,                               \
		.encr = number,                              \
		.key_bits = bits,                            \
		.integ = ADIT_AUTH_NONE,                     \
		.ctx_size = sizeof(struct ccm_key),          \
		.encr_key_len = bits / 8 + SALT_LEN,         \
		.salt_len = SALT_LEN,                        \
		.iv_len = iv,                                \
		.implicit_iv = iv == 0,                      \
		.icv_len = tag,                              \
		.block = 1,                                  \
		.setkey = ccm_setkey,                        \
		.make_iv = adit_counter_iv,                  \
		.seal = ccm_seal,                            \
		.open = ccm_open,                            \
		.wipe = ccm_wipe,                            \
	}
#define AES_CCM(bits, tag)                                                                       \
	AES_CCM_OBJECT(aes##bits##_ccm##tag, "AES-CCM-" #tag "-" #bits, ADIT_ENCR_AES_CCM_##tag, \
		       bits, tag, IV_LEN)
#define AES_CCM_IIV(bits)                                                 \
	AES_CCM_OBJECT(aes##bits##_ccm16_iiv, "AES-CCM-16-" #bits "-IIV", \
		       ADIT_ENCR_AES_CCM_16_IIV, bits, 16, 0)

AES_CCM(128, 8);
AES_CCM(192, 8);
AES_CCM(256, 8);
AES_CCM(128, 12);
AES_CCM(192, 12);
AES_CCM(256, 12);
AES_CCM(128, 16);
AES_CCM(192, 16);
AES_CCM(256, 16);
AES_CCM_IIV(128);
AES_CCM_IIV(192);
AES_CCM_IIV(256);
