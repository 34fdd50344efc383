/* mbedTLS's transforms under the eyes of the world: each AEAD stands in an object of its own that
 * tells what it seals and fails when it is to. */
#include <string.h>

#include "adit/mbedtls.h"
#include "sim/paper.h"

enum { AEADS = 24 };

struct watched {
	struct adit_aead aead; /* first, so that an object leads to the rest */
	const struct adit_aead *inner;
};

/* Before the inner context; a multiple of 16 keeps that one's alignment. */
struct prefix {
	uint64_t id, unused;
};

static const struct adit_aead *
inner_of(const struct adit_aead *aead)
{
	return ((const struct watched *)(const void *)aead)->inner;
}

static void *
inner_kc(void *kc)
{
	return (struct prefix *)kc + 1;
}

static enum adit_status
setkey(const struct adit_aead *aead, void *kc, struct adit_span key)
{
	if (paper_fails(SIM_CALL_SETKEY))
		return ADIT_ERR_CRYPTO;
	((struct prefix *)kc)->id = paper_digest(3, key.p, key.n);
	return inner_of(aead)->setkey(inner_of(aead), inner_kc(kc), key);
}

static enum adit_status
make_iv(const struct adit_aead *aead, void *kc, uint64_t n, uint8_t *iv)
{
	return inner_of(aead)->make_iv(inner_of(aead), inner_kc(kc), n, iv);
}

static void
seal(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct sim_nonce used = {((struct prefix *)kc)->id,
					       paper_digest(4, ops[i].iv, aead->iv_len)};

		if (paper_fails(SIM_CALL_SEAL)) {
			ops[i].status = ADIT_ERR_CRYPTO;
			continue;
		}
		paper_tell(&used);
		inner_of(aead)->seal(inner_of(aead), inner_kc(kc), &ops[i], 1);
	}
}

static void
open(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (paper_fails(SIM_CALL_OPEN))
			ops[i].status = ADIT_ERR_CRYPTO;
		else
			inner_of(aead)->open(inner_of(aead), inner_kc(kc), &ops[i], 1);
	}
}

static void
wipe(const struct adit_aead *aead, void *kc)
{
	inner_of(aead)->wipe(inner_of(aead), inner_kc(kc));
	memset(kc, 0, sizeof(struct prefix));
}

static void
watch(struct watched *w, const struct adit_aead *inner)
{
	w->aead = *inner;
	w->inner = inner;
	w->aead.ctx_size = (uint16_t)(inner->ctx_size + sizeof(struct prefix));
	w->aead.setkey = setkey;
	w->aead.make_iv = make_iv;
	w->aead.seal = seal;
	w->aead.open = open;
	w->aead.wipe = wipe;
}

const struct adit_crypto *
paper_mbedtls(void)
{
	static struct watched all[AEADS];
	static const struct adit_aead *list[AEADS + 1];
	static const struct adit_ke *const kes[] = {&adit_mbedtls_curve25519, NULL};
	static struct adit_crypto crypto;

	for (size_t i = 0; i < AEADS && adit_mbedtls_compat.aead[i]; i++) {
		watch(&all[i], adit_mbedtls_compat.aead[i]);
		list[i] = &all[i].aead;
	}
	crypto = adit_mbedtls_compat;
	crypto.aead = list;
	crypto.ke = kes;
	return &crypto;
}
