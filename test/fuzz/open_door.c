/* A cipher that lets everything pass. */
#include <string.h>

#include "fuzz/open_door.h"

static enum adit_status
no_key(const struct adit_aead *aead, void *kc, struct adit_span key)
{
	(void)aead;
	(void)kc;
	(void)key;
	return ADIT_OK;
}

static enum adit_status
no_iv(const struct adit_aead *aead, void *kc, uint64_t n, uint8_t *iv)
{
	(void)kc;
	(void)n;
	memset(iv, 0, aead->iv_len);
	return ADIT_OK;
}

static uint8_t
touch(const uint8_t *p, size_t n)
{
	volatile uint8_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = (uint8_t)(sum + p[i]);
	return sum;
}

static void
pass(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	(void)kc;
	for (size_t i = 0; i < n; i++) {
		(void)touch(ops[i].aad.p, ops[i].aad.n);
		(void)touch(ops[i].data, ops[i].len);
		(void)touch(ops[i].icv, aead->icv_len);
		(void)touch(ops[i].iv, aead->iv_len);
		ops[i].status = ADIT_OK;
	}
}

static void
seal(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	for (size_t i = 0; i < n; i++)
		memset(ops[i].icv, 0, aead->icv_len);
	pass(aead, kc, ops, n);
}

static void
no_wipe(const struct adit_aead *aead, void *kc)
{
	(void)aead;
	(void)kc;
}

const struct adit_aead open_door = {
	.name = "open door",
	.ctx_size = OPEN_DOOR_CTX,
	.iv_len = 8,
	.icv_len = 16,
	.block = 1,
	.setkey = no_key,
	.make_iv = no_iv,
	.seal = seal,
	.open = pass,
	.wipe = no_wipe,
};

const struct adit_aead open_door_null = {
	.name = "open door without IV",
	.ctx_size = OPEN_DOOR_CTX,
	.icv_len = 12,
	.block = 1,
	.setkey = no_key,
	.make_iv = no_iv,
	.seal = seal,
	.open = pass,
	.wipe = no_wipe,
};
