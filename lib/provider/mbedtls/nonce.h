/* The nonce that AES-GCM and ChaCha20-Poly1305 share: four bytes of salt, then the eight of the IV,
 * which is the packet's number and so never the same twice under one key (RFC 4106 3.1, RFC 7634
 * 2). */
#ifndef ADIT_PROVIDER_MBEDTLS_NONCE_H
#define ADIT_PROVIDER_MBEDTLS_NONCE_H

#include <string.h>

#include "adit/crypto.h"
#include "base/endian.h"

#define ADIT_SALT_LEN 4
#define ADIT_COUNTER_IV_LEN 8
#define ADIT_NONCE_LEN (ADIT_SALT_LEN + ADIT_COUNTER_IV_LEN)

static inline enum adit_status
adit_counter_iv(const struct adit_aead *aead, void *kc, uint64_t n, uint8_t *iv)
{
	(void)aead;
	(void)kc;
	adit_store64(iv, n);
	return ADIT_OK;
}

static inline void
adit_make_nonce(const uint8_t *salt, const uint8_t *iv, uint8_t *nonce)
{
	memcpy(nonce, salt, ADIT_SALT_LEN);
	memcpy(nonce + ADIT_SALT_LEN, iv, ADIT_COUNTER_IV_LEN);
}

#endif
