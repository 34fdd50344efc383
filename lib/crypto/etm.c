/* A cipher and a MAC as one AEAD: encrypt, then MAC over AAD, IV, ciphertext and tail
 * (RFC 4303 3.3.2, RFC 7296 3.14). */
#include <string.h>

#include "adit/crypto.h"

static void *
cipher_context(void *kc)
{
	return kc;
}

static void *
mac_context(const struct adit_aead *aead, void *kc)
{
	return (uint8_t *)kc + (((size_t)aead->cipher->ctx_size + 7) & ~(size_t)7);
}

enum adit_status
adit_etm_setkey(const struct adit_aead *aead, void *kc, struct adit_span key)
{
	const struct adit_mac *mac = aead->auth->mac;
	struct adit_span encr = {key.p, aead->encr_key_len};
	struct adit_span auth = {key.p + aead->encr_key_len, aead->integ_key_len};
	enum adit_status st;

	if (key.n != adit_aead_key_len(aead))
		return ADIT_ERR_ARG;
	st = aead->cipher->setkey(cipher_context(kc), encr);
	if (st != ADIT_OK)
		return st;
	st = mac->setkey(mac, mac_context(aead, kc), auth);
	if (st != ADIT_OK)
		aead->cipher->wipe(cipher_context(kc));
	return st;
}

enum adit_status
adit_etm_make_iv(const struct adit_aead *aead, void *kc, uint64_t n, uint8_t *iv)
{
	return aead->cipher->make_iv(cipher_context(kc), n, iv);
}

static enum adit_status
mac_op(const struct adit_aead *aead, void *kc, const struct adit_aead_op *op, uint8_t *out)
{
	const struct adit_mac *mac = aead->auth->mac;
	const struct adit_span parts[] = {
		op->aad, {op->iv, aead->iv_len}, {op->data, op->len}, op->tail};

	return mac->sum(mac, mac_context(aead, kc), parts, sizeof parts / sizeof parts[0], out);
}

static enum adit_status
seal_one(const struct adit_aead *aead, void *kc, const struct adit_aead_op *op)
{
	uint8_t full[ADIT_HASH_MAX];
	enum adit_status st = aead->cipher->encrypt(cipher_context(kc), op->iv, op->data, op->len);

	if (st == ADIT_OK)
		st = mac_op(aead, kc, op, full);
	if (st == ADIT_OK)
		memcpy(op->icv, full, aead->icv_len);
	return st;
}

/* The ICV is checked before anything is deciphered, so forged data is never looked at. */
static enum adit_status
open_one(const struct adit_aead *aead, void *kc, const struct adit_aead_op *op)
{
	uint8_t full[ADIT_HASH_MAX];
	enum adit_status st = mac_op(aead, kc, op, full);

	if (st == ADIT_OK && !adit_equal_ct(full, op->icv, aead->icv_len))
		st = ADIT_ERR_ICV;
	adit_wipe(full, sizeof full);
	if (st != ADIT_OK)
		return st;
	return aead->cipher->decrypt(cipher_context(kc), op->iv, op->data, op->len);
}

void
adit_etm_seal(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ops[i].status = seal_one(aead, kc, &ops[i]);
}

void
adit_etm_open(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ops[i].status = open_one(aead, kc, &ops[i]);
}

void
adit_etm_wipe(const struct adit_aead *aead, void *kc)
{
	const struct adit_mac *mac = aead->auth->mac;

	aead->cipher->wipe(cipher_context(kc));
	mac->wipe(mac, mac_context(aead, kc));
}
