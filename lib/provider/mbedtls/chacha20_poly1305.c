/* ChaCha20-Poly1305 (RFC 7634), also with an implicit IV (RFC 8750), by mbedTLS. */
#include <string.h>

#include <mbedtls/chachapoly.h>

#include "provider/mbedtls/compat.h"
#include "provider/mbedtls/nonce.h"

#define KEY_LEN 32
#define ICV_LEN 16

struct chachapoly_key {
	mbedtls_chachapoly_context cp;
	uint8_t salt[ADIT_SALT_LEN];
};

ADIT_CHECK(chachapoly_fits, sizeof(struct chachapoly_key) <= ADIT_KEYCTX_SIZE);

static enum adit_status
chachapoly_setkey(const struct adit_aead *aead, void *kc, struct adit_span key)
{
	struct chachapoly_key *k = kc;

	if (key.n != aead->encr_key_len)
		return ADIT_ERR_ARG;
	mbedtls_chachapoly_init(&k->cp);
	if (mbedtls_chachapoly_setkey(&k->cp, key.p) != 0) {
		mbedtls_chachapoly_free(&k->cp);
		return ADIT_ERR_CRYPTO;
	}
	memcpy(k->salt, key.p + KEY_LEN, ADIT_SALT_LEN);
	return ADIT_OK;
}

static void
chachapoly_seal(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	struct chachapoly_key *k = kc;
	uint8_t nonce[ADIT_NONCE_LEN];

	(void)aead;
	for (size_t i = 0; i < n; i++) {
		struct adit_aead_op *op = &ops[i];

		adit_make_nonce(k->salt, op->iv, nonce);
		op->status = adit_mbedtls_status(mbedtls_chachapoly_encrypt_and_tag(
			&k->cp, op->len, nonce, op->aad.p, op->aad.n, op->data, op->data, op->icv));
	}
}

static void
chachapoly_open(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	struct chachapoly_key *k = kc;
	uint8_t nonce[ADIT_NONCE_LEN];

	(void)aead;
	for (size_t i = 0; i < n; i++) {
		struct adit_aead_op *op = &ops[i];
		int ret;

		adit_make_nonce(k->salt, op->iv, nonce);
		ret = mbedtls_chachapoly_auth_decrypt(&k->cp, op->len, nonce, op->aad.p, op->aad.n,
						      op->icv, op->data, op->data);
		op->status = ret == MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED ? ADIT_ERR_ICV
								       : adit_mbedtls_status(ret);
	}
}

static void
chachapoly_wipe(const struct adit_aead *aead, void *kc)
{
	struct chachapoly_key *k = kc;

	(void)aead;
	mbedtls_chachapoly_free(&k->cp);
	adit_wipe(k, sizeof *k);
}

/* key_bits 0: the transform has no Key Length attribute (RFC 7634 3). */
#define CHACHAPOLY(object, title, number, iv)              \
	const struct adit_aead adit_mbedtls_##object = {   \
		.name = title,                             \
		.encr = number,                            \
		.integ = ADIT_AUTH_NONE,                   \
		.ctx_size = sizeof(struct chachapoly_key), \
		.encr_key_len = KEY_LEN + ADIT_SALT_LEN,   \
		.salt_len = ADIT_SALT_LEN,                 \
		.iv_len = iv,                              \
		.implicit_iv = iv == 0,                    \
		.icv_len = ICV_LEN,                        \
		.block = 1,                                \
		.setkey = chachapoly_setkey,               \
		.make_iv = adit_counter_iv,                \
		.seal = chachapoly_seal,                   \
		.open = chachapoly_open,                   \
		.wipe = chachapoly_wipe,                   \
	}

CHACHAPOLY(chacha20_poly1305, "CHACHA20-POLY1305", ADIT_ENCR_CHACHA20_POLY1305,
	   ADIT_COUNTER_IV_LEN);
CHACHAPOLY(chacha20_poly1305_iiv, "CHACHA20-POLY1305-IIV", ADIT_ENCR_CHACHA20_POLY1305_IIV, 0);
