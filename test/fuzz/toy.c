/* Crypto for fuzzing. */
#include <string.h>

#include "base/endian.h"
#include "fuzz/toy.h"

unsigned toy_fails_in;

static bool
fails(void)
{
	return toy_fails_in && --toy_fails_in == 0;
}

static uint64_t
stir(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint64_t
toy_mix(uint64_t h, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return stir(h + n);
}

static void
spread(uint64_t h, uint8_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i % 8 == 0)
			h = stir(h + 0x9e3779b97f4a7c15u);
		out[i] = (uint8_t)(h >> 8 * (i % 8));
	}
}

/* --- A hash and a MAC: their state is a number. */

static enum adit_status
hash_start(void *ctx)
{
	memset(ctx, 0, sizeof(uint64_t));
	return fails() ? ADIT_ERR_CRYPTO : ADIT_OK;
}

static enum adit_status
hash_update(void *ctx, const uint8_t *p, size_t n)
{
	uint64_t *h = ctx;

	*h = toy_mix(*h, p, n);
	return ADIT_OK;
}

static enum adit_status
hash_finish(void *ctx, uint8_t *out)
{
	uint64_t *h = ctx;

	spread(*h, out, 20);
	return ADIT_OK;
}

static const struct adit_hash toy_hash = {"toy",      20,          64,         sizeof(uint64_t),
					  hash_start, hash_update, hash_finish};

static enum adit_status
mac_key(const struct adit_mac *mac, void *kc, struct adit_span key)
{
	uint64_t *h = kc;

	(void)mac;
	*h = toy_mix(1, key.p, key.n);
	return fails() ? ADIT_ERR_CRYPTO : ADIT_OK;
}

static enum adit_status
mac_sum(const struct adit_mac *mac, void *kc, const struct adit_span *parts, size_t n, uint8_t *out)
{
	const uint64_t *key = kc;
	uint64_t h = *key;

	/* Bytes count, not how they are cut. */
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < parts[i].n; k++)
			h = (h ^ parts[i].p[k]) * 0x100000001b3u;
	spread(h, out, mac->out_len);
	return fails() ? ADIT_ERR_CRYPTO : ADIT_OK;
}

static void
mac_wipe(const struct adit_mac *mac, void *kc)
{
	(void)mac;
	memset(kc, 0, sizeof(uint64_t));
}

static const struct adit_mac toy_mac = {"toy",   &toy_hash, 32,       sizeof(uint64_t),
					mac_key, mac_sum,   mac_wipe, NULL};
static const struct adit_prf toy_prf = {"toy", ADIT_PRF_HMAC_SHA2_256, 32, &toy_mac};

/* --- Ciphers. */

static enum adit_status
aead_key(const struct adit_aead *aead, void *kc, struct adit_span key)
{
	uint64_t *h = kc;

	(void)aead;
	*h = toy_mix(2, key.p, key.n);
	return fails() ? ADIT_ERR_CRYPTO : ADIT_OK;
}

static enum adit_status
aead_iv(const struct adit_aead *aead, void *kc, uint64_t n, uint8_t *iv)
{
	(void)kc;
	memset(iv, 0, aead->iv_len);
	adit_store32(iv, (uint32_t)(n >> 32));
	adit_store32(iv + 4, (uint32_t)n);
	return fails() ? ADIT_ERR_CRYPTO : ADIT_OK;
}

static void
icv_of(const struct adit_aead *aead, uint64_t key, const struct adit_aead_op *op, uint8_t *icv)
{
	uint64_t h = toy_mix(key, op->aad.p, op->aad.n);

	h = toy_mix(h, op->iv, aead->iv_len);
	spread(toy_mix(h, op->data, op->len), icv, aead->icv_len);
}

static void
crypt(const struct adit_aead *aead, uint64_t key, const struct adit_aead_op *op)
{
	uint64_t h = toy_mix(key, op->iv, aead->iv_len);

	for (size_t i = 0; i < op->len; i++) {
		if (i % 8 == 0)
			h = stir(h + 1);
		op->data[i] ^= (uint8_t)(h >> 8 * (i % 8));
	}
}

static void
aead_seal(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	const uint64_t *key = kc;

	for (size_t i = 0; i < n; i++) {
		crypt(aead, *key, &ops[i]);
		icv_of(aead, *key, &ops[i], ops[i].icv);
		ops[i].status = fails() ? ADIT_ERR_CRYPTO : ADIT_OK;
	}
}

static void
aead_open(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	const uint64_t *key = kc;
	uint8_t icv[ADIT_ICV_MAX];

	for (size_t i = 0; i < n; i++) {
		icv_of(aead, *key, &ops[i], icv);
		ops[i].status = ADIT_ERR_ICV;
		if (fails())
			ops[i].status = ADIT_ERR_CRYPTO;
		else if (memcmp(icv, ops[i].icv, aead->icv_len) == 0)
			ops[i].status = ADIT_OK;
		if (ops[i].status == ADIT_OK)
			crypt(aead, *key, &ops[i]);
	}
}

static void
aead_wipe(const struct adit_aead *aead, void *kc)
{
	(void)aead;
	memset(kc, 0, sizeof(uint64_t));
}

/* One whose messages have any length, and one of blocks, with a MAC beside it. */
static const struct adit_aead toy_stream = {
	.name = "toy stream",
	.encr = ADIT_ENCR_AES_GCM_16,
	.key_bits = 128,
	.ctx_size = sizeof(uint64_t),
	.encr_key_len = 20,
	.salt_len = 4,
	.iv_len = 8,
	.icv_len = 16,
	.block = 1,
	.setkey = aead_key,
	.make_iv = aead_iv,
	.seal = aead_seal,
	.open = aead_open,
	.wipe = aead_wipe,
};

static const struct adit_aead toy_block = {
	.name = "toy block",
	.encr = ADIT_ENCR_AES_CBC,
	.key_bits = 128,
	.integ = ADIT_AUTH_HMAC_SHA2_256_128,
	.ctx_size = sizeof(uint64_t),
	.encr_key_len = 16,
	.integ_key_len = 32,
	.iv_len = 16,
	.icv_len = 16,
	.block = 16,
	.setkey = aead_key,
	.make_iv = aead_iv,
	.seal = aead_seal,
	.open = aead_open,
	.wipe = aead_wipe,
};

/* --- Key exchange: the private value is the public one. */

static enum adit_status
generate(const struct adit_rng *rng, uint8_t *priv, uint8_t *pub, size_t n)
{
	uint8_t seed[8];

	if (fails() || rng->fill(rng->ctx, seed, sizeof seed) != ADIT_OK)
		return ADIT_ERR_CRYPTO;
	memset(pub, 0, n);
	memcpy(pub, seed, sizeof seed);
	memcpy(priv, seed, sizeof seed);
	return ADIT_OK;
}

static enum adit_status
shared(const uint8_t *priv, struct adit_span peer, uint8_t *secret, size_t n)
{
	uint8_t both[8], any = 0;

	if (fails())
		return ADIT_ERR_CRYPTO;
	for (size_t i = 0; i < peer.n; i++)
		any |= peer.p[i];
	if (peer.n != n || any == 0)
		return ADIT_ERR_KE;
	for (size_t i = 0; i < sizeof both; i++)
		both[i] = priv[i] ^ peer.p[i];
	spread(toy_mix(3, both, sizeof both), secret, n);
	return ADIT_OK;
}

static enum adit_status
generate_small(const struct adit_rng *rng, uint8_t *priv, uint8_t *pub)
{
	return generate(rng, priv, pub, 32);
}

static enum adit_status
shared_small(const struct adit_rng *rng, const uint8_t *priv, struct adit_span peer,
	     uint8_t *secret)
{
	(void)rng;
	return shared(priv, peer, secret, 32);
}

static enum adit_status
generate_large(const struct adit_rng *rng, uint8_t *priv, uint8_t *pub)
{
	return generate(rng, priv, pub, 256);
}

static enum adit_status
shared_large(const struct adit_rng *rng, const uint8_t *priv, struct adit_span peer,
	     uint8_t *secret)
{
	(void)rng;
	return shared(priv, peer, secret, 256);
}

static const struct adit_ke toy_small = {"toy small", ADIT_KE_CURVE25519, 32,          32,
					 8,           generate_small,     shared_small};
static const struct adit_ke toy_large = {"toy large", ADIT_KE_MODP_2048, 256,         256,
					 8,           generate_large,    shared_large};

static const struct adit_aead *const aeads[] = {&toy_stream, &toy_block, NULL};
static const struct adit_aead *const aeads_block_first[] = {&toy_block, &toy_stream, NULL};
static const struct adit_prf *const prfs[] = {&toy_prf, NULL};
static const struct adit_ke *const both[] = {&toy_small, &toy_large, NULL};
static const struct adit_ke *const large_first[] = {&toy_large, &toy_small, NULL};
static const struct adit_ke *const large_only[] = {&toy_large, NULL};

const struct adit_crypto toy_crypto = {"toy", aeads, NULL, prfs, both, &toy_hash};
const struct adit_crypto toy_crypto_large_first = {"toy", aeads_block_first, NULL,
						   prfs,  large_first,       &toy_hash};
const struct adit_crypto toy_crypto_large_only = {"toy", aeads, NULL, prfs, large_only, &toy_hash};
