/* AES-GMAC for ESP (ENCR_NULL_AUTH_AES_GMAC) and for AH (RFC 4543) by mbedTLS: GCM over additional
 * data alone. */
#include <string.h>

#include <mbedtls/gcm.h>

#include "provider/mbedtls/compat.h"
#include "provider/mbedtls/gmac.h"
#include "provider/mbedtls/nonce.h"

#define ICV_LEN 16

struct gmac_key {
	mbedtls_gcm_context gcm;
	uint8_t salt[ADIT_SALT_LEN];
};

ADIT_CHECK(gmac_fits, sizeof(struct gmac_key) <= ADIT_KEYCTX_SIZE);

static enum adit_status
gmac_setkey(const struct adit_aead *aead, void *kc, struct adit_span key)
{
	struct gmac_key *k = kc;
	size_t n = key.n - ADIT_SALT_LEN;

	if (key.n != adit_aead_key_len(aead))
		return ADIT_ERR_ARG;
	mbedtls_gcm_init(&k->gcm);
	if (mbedtls_gcm_setkey(&k->gcm, MBEDTLS_CIPHER_ID_AES, key.p, (unsigned)n * 8) != 0) {
		mbedtls_gcm_free(&k->gcm);
		return ADIT_ERR_CRYPTO;
	}
	memcpy(k->salt, key.p + n, ADIT_SALT_LEN);
	return ADIT_OK;
}

/* ESP: the IV stands between header and payload. AH: it stands in the ICV field, which is zero
 * while the ICV is computed; the high half of an extended number stands behind all. */
static enum adit_status
gmac(const struct adit_aead *aead, struct gmac_key *k, const struct adit_aead_op *op, uint8_t *tag)
{
	bool ah = aead->encr == ADIT_ENCR_NULL;
	const struct adit_span iv = {op->iv, ah ? 0 : ADIT_COUNTER_IV_LEN};
	const struct adit_span parts[] = {op->aad, iv, {op->data, op->len}, op->tail};
	uint8_t nonce[ADIT_NONCE_LEN];

	adit_make_nonce(k->salt, op->iv, nonce);
	return adit_mbedtls_gmac(&k->gcm, nonce, parts, sizeof parts / sizeof parts[0], tag);
}

static void
gmac_seal(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ops[i].status = gmac(aead, kc, &ops[i], ops[i].icv);
}

static void
gmac_open(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	uint8_t tag[ICV_LEN];

	for (size_t i = 0; i < n; i++) {
		ops[i].status = gmac(aead, kc, &ops[i], tag);
		if (ops[i].status == ADIT_OK && !adit_equal_ct(tag, ops[i].icv, ICV_LEN))
			ops[i].status = ADIT_ERR_ICV;
	}
	adit_wipe(tag, sizeof tag);
}

static void
gmac_wipe(const struct adit_aead *aead, void *kc)
{
	struct gmac_key *k = kc;

	(void)aead;
	mbedtls_gcm_free(&k->gcm);
	adit_wipe(k, sizeof *k);
}

#define GMAC_FUNCTIONS                                                                        \
	.ctx_size = sizeof(struct gmac_key), .salt_len = ADIT_SALT_LEN,                       \
	.iv_len = ADIT_COUNTER_IV_LEN, .icv_len = ICV_LEN, .block = 1, .setkey = gmac_setkey, \
	.make_iv = adit_counter_iv, .seal = gmac_seal, .open = gmac_open, .wipe = gmac_wipe

#define ESP_GMAC(bits)                                           \
	const struct adit_aead adit_mbedtls_aes##bits##_gmac = { \
		.name = "AES-GMAC-" #bits,                       \
		.encr = ADIT_ENCR_NULL_AUTH_AES_GMAC,            \
		.key_bits = bits,                                \
		.integ = ADIT_AUTH_NONE,                         \
		.encr_key_len = bits / 8 + ADIT_SALT_LEN,        \
		GMAC_FUNCTIONS,                                  \
	}

ESP_GMAC(128);
ESP_GMAC(192);
ESP_GMAC(256);

#define AH_GMAC(bits)                                               \
	const struct adit_aead adit_mbedtls_ah_aes##bits##_gmac = { \
		.name = "NULL+AES-GMAC-" #bits,                     \
		.encr = ADIT_ENCR_NULL,                             \
		.integ = ADIT_AUTH_AES_##bits##_GMAC,               \
		.integ_key_len = bits / 8 + ADIT_SALT_LEN,          \
		.esn_tail = true,                                   \
		GMAC_FUNCTIONS,                                     \
	}

AH_GMAC(128);
AH_GMAC(192);
AH_GMAC(256);
