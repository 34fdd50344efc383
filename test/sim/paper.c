/* Paper transforms: as cheap as can be. They hide nothing from an attacker who knows them, and the
 * attackers of the simulated world do not; but every changed bit is noticed, keys and nonces
 * matter, and both ends of a key exchange come to the same secret. */
#include <string.h>

#include "sim/paper.h"
#include "sim/random.h"

static const struct paper_world *world;

void
paper_set_world(const struct paper_world *w)
{
	world = w;
}

bool
paper_fails(enum sim_call call)
{
	return world && world->fails(world->ctx, call);
}

void
paper_tell(const struct sim_nonce *used)
{
	if (world)
		world->sealed(world->ctx, used);
}

static uint64_t
load(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n < 8 ? n : 8);
	return v;
}

/* A step that can be undone, so that two inputs of one length never meet by a single change. */
static uint64_t
step(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9fb21c651e98df25u;
	return h ^ h >> 29;
}

uint64_t
paper_digest(uint64_t seed, const uint8_t *p, size_t n)
{
	uint64_t h = step(seed, n);

	for (size_t i = 0; i < n; i += 8)
		h = step(h, load(p + i, n - i));
	return sim_mix(h);
}

/* --- AEADs. */

struct aead_ctx {
	uint64_t key[2];
	uint64_t id; /* of key and salt, for the world */
};

static enum adit_status
aead_setkey(const struct adit_aead *aead, void *kc, struct adit_span key)
{
	struct aead_ctx *c = kc;

	(void)aead;
	if (paper_fails(SIM_CALL_SETKEY))
		return ADIT_ERR_CRYPTO;
	c->key[0] = paper_digest(1, key.p, key.n);
	c->key[1] = paper_digest(2, key.p, key.n);
	c->id = paper_digest(3, key.p, key.n);
	return ADIT_OK;
}

static enum adit_status
aead_make_iv(const struct adit_aead *aead, void *kc, uint64_t n, uint8_t *iv)
{
	const struct aead_ctx *c = kc;

	/* A counter for one, what can't be foretold for the other; never the same for two n. */
	for (size_t i = 0; i < 8; i++)
		iv[i] = (uint8_t)(n >> 8 * i);
	for (size_t i = 8; i < aead->iv_len; i++)
		iv[i] = (uint8_t)(sim_mix(c->key[1] ^ n) >> 8 * (i - 8));
	return ADIT_OK;
}

static void
xor_stream(const struct aead_ctx *c, uint64_t nonce, uint8_t *p, size_t n)
{
	uint64_t k = c->key[0] ^ nonce * 0x9e3779b97f4a7c15u;

	if (world && world->open)
		return;
	for (size_t i = 0; i < n; i += 8) {
		size_t m = n - i < 8 ? n - i : 8;
		uint64_t v = load(p + i, m) ^ sim_mix(k + i);

		memcpy(p + i, &v, m);
	}
}

static void
compute_icv(const struct adit_aead *aead, const struct aead_ctx *c, const struct adit_aead_op *op,
	    uint8_t *icv)
{
	uint64_t h[2] = {c->key[1], c->key[0]};

	for (int i = 0; i < 2; i++) {
		h[i] = paper_digest(h[i], op->aad.p, op->aad.n);
		h[i] = paper_digest(h[i], op->iv, aead->iv_len);
		h[i] = paper_digest(h[i], op->data, op->len);
		h[i] = paper_digest(h[i], op->tail.p, op->tail.n);
	}
	memcpy(icv, h, 16);
}

static void
aead_seal(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	const struct aead_ctx *c = kc;

	for (size_t i = 0; i < n; i++) {
		struct adit_aead_op *op = &ops[i];
		const struct sim_nonce used = {c->id, paper_digest(4, op->iv, aead->iv_len)};

		op->status = paper_fails(SIM_CALL_SEAL) ? ADIT_ERR_CRYPTO : ADIT_OK;
		if (op->status != ADIT_OK)
			continue;
		paper_tell(&used);
		xor_stream(c, paper_digest(5, op->iv, aead->iv_len), op->data, op->len);
		compute_icv(aead, c, op, op->icv);
	}
}

static void
aead_open(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	const struct aead_ctx *c = kc;

	for (size_t i = 0; i < n; i++) {
		struct adit_aead_op *op = &ops[i];
		uint8_t icv[16];

		op->status = paper_fails(SIM_CALL_OPEN) ? ADIT_ERR_CRYPTO : ADIT_OK;
		if (op->status != ADIT_OK)
			continue;
		compute_icv(aead, c, op, icv);
		if (memcmp(icv, op->icv, sizeof icv) != 0) {
			op->status = ADIT_ERR_ICV;
			continue;
		}
		xor_stream(c, paper_digest(5, op->iv, aead->iv_len), op->data, op->len);
	}
}

static void
aead_wipe(const struct adit_aead *aead, void *kc)
{
	(void)aead;
	memset(kc, 0, sizeof(struct aead_ctx));
}

const struct adit_aead paper_stream = {.name = "PAPER-STREAM",
				       .encr = ADIT_ENCR_AES_GCM_16,
				       .key_bits = 128,
				       .ctx_size = sizeof(struct aead_ctx),
				       .encr_key_len = 20,
				       .salt_len = 4,
				       .iv_len = 8,
				       .icv_len = 16,
				       .block = 1,
				       .setkey = aead_setkey,
				       .make_iv = aead_make_iv,
				       .seal = aead_seal,
				       .open = aead_open,
				       .wipe = aead_wipe};

const struct adit_aead paper_block = {.name = "PAPER-BLOCK",
				      .encr = ADIT_ENCR_AES_CBC,
				      .key_bits = 128,
				      .integ = ADIT_AUTH_HMAC_SHA2_256_128,
				      .ctx_size = sizeof(struct aead_ctx),
				      .encr_key_len = 16,
				      .integ_key_len = 32,
				      .iv_len = 16,
				      .icv_len = 16,
				      .block = 16,
				      .esn_tail = true,
				      .setkey = aead_setkey,
				      .make_iv = aead_make_iv,
				      .seal = aead_seal,
				      .open = aead_open,
				      .wipe = aead_wipe};

/* --- A PRF. */

enum { MAC_LEN = 32 };

static enum adit_status
mac_setkey(const struct adit_mac *mac, void *kc, struct adit_span key)
{
	uint64_t *h = kc;

	(void)mac;
	if (paper_fails(SIM_CALL_SETKEY))
		return ADIT_ERR_CRYPTO;
	for (uint64_t i = 0; i < MAC_LEN / 8; i++)
		h[i] = paper_digest(10 + i, key.p, key.n);
	return ADIT_OK;
}

static enum adit_status
mac_sum(const struct adit_mac *mac, void *kc, const struct adit_span *parts, size_t n, uint8_t *out)
{
	const uint64_t *h = kc;

	(void)mac;
	if (paper_fails(SIM_CALL_MAC))
		return ADIT_ERR_CRYPTO;
	for (size_t i = 0; i < MAC_LEN / 8; i++) {
		uint64_t v = h[i];

		/* Byte by byte, since the same message may come in other parts. */
		for (size_t k = 0; k < n; k++)
			for (size_t b = 0; b < parts[k].n; b++)
				v = step(v, parts[k].p[b]);
		v = sim_mix(v);
		memcpy(out + 8 * i, &v, 8);
	}
	return ADIT_OK;
}

static void
mac_wipe(const struct adit_mac *mac, void *kc)
{
	(void)mac;
	memset(kc, 0, MAC_LEN);
}

static const struct adit_mac paper_mac = {.name = "PAPER-MAC",
					  .out_len = MAC_LEN,
					  .ctx_size = MAC_LEN,
					  .setkey = mac_setkey,
					  .sum = mac_sum,
					  .wipe = mac_wipe};

static const struct adit_prf paper_prf = {"PAPER-PRF", ADIT_PRF_HMAC_SHA2_256, MAC_LEN, &paper_mac};

/* --- A hash, for NAT detection. */

enum { HASH_LEN = 20, HASH_LANES = 3 };

static enum adit_status
hash_start(void *ctx)
{
	uint64_t *h = ctx;

	if (paper_fails(SIM_CALL_HASH))
		return ADIT_ERR_CRYPTO;
	for (uint64_t i = 0; i < HASH_LANES; i++)
		h[i] = 20 + i;
	return ADIT_OK;
}

static enum adit_status
hash_update(void *ctx, const uint8_t *p, size_t n)
{
	uint64_t *h = ctx;

	for (size_t i = 0; i < HASH_LANES; i++)
		for (size_t b = 0; b < n; b++)
			h[i] = step(h[i], p[b]);
	return ADIT_OK;
}

static enum adit_status
hash_finish(void *ctx, uint8_t *out)
{
	uint64_t *h = ctx;

	for (size_t i = 0; i < HASH_LANES; i++)
		h[i] = sim_mix(h[i]);
	memcpy(out, h, HASH_LEN);
	return ADIT_OK;
}

static const struct adit_hash paper_hash = {"PAPER-HASH", HASH_LEN,    64,         HASH_LANES * 8,
					    hash_start,   hash_update, hash_finish};

/* --- Diffie-Hellman in the integers modulo the Mersenne prime 2^61 - 1. */

#define PRIME ((UINT64_C(1) << 61) - 1)
enum { KE_LEN = 32 };

static uint64_t
times(uint64_t a, uint64_t b)
{
	uint64_t high = (a >> 31) * (b >> 30), low = (a & 0x7fffffff) * (b & 0x3fffffff);
	uint64_t m1 = (a >> 31) * (b & 0x3fffffff), m2 = (a & 0x7fffffff) * (b >> 30);
	/* a b = high 2^61 + m1 2^31 + m2 2^30 + low, and 2^61 is 1. */
	uint64_t r = high + (m1 >> 30) + ((m1 & 0x3fffffff) << 31) + (m2 >> 31) +
		     ((m2 & 0x7fffffff) << 30) + low;

	r = (r & PRIME) + (r >> 61);
	return r >= PRIME ? r - PRIME : r;
}

static uint64_t
power(uint64_t base, uint64_t exponent)
{
	uint64_t r = 1;

	for (; exponent; exponent >>= 1, base = times(base, base))
		if (exponent & 1)
			r = times(r, base);
	return r;
}

static enum adit_status
ke_generate(const struct adit_rng *rng, uint8_t *priv, uint8_t *pub)
{
	uint64_t x;

	if (paper_fails(SIM_CALL_KE))
		return ADIT_ERR_CRYPTO;
	if (rng->fill(rng->ctx, priv, KE_LEN) != ADIT_OK)
		return ADIT_ERR_RANDOM;
	x = power(37, load(priv, 8) >> 4 | 1);
	memset(pub, 0, KE_LEN);
	memcpy(pub, &x, 8);
	return ADIT_OK;
}

static enum adit_status
ke_shared(const struct adit_rng *rng, const uint8_t *priv, struct adit_span peer, uint8_t *secret)
{
	uint64_t x;

	(void)rng;
	if (paper_fails(SIM_CALL_KE))
		return ADIT_ERR_CRYPTO;
	if (peer.n != KE_LEN)
		return ADIT_ERR_KE;
	x = load(peer.p, 8);
	if (x < 2 || x >= PRIME)
		return ADIT_ERR_KE;
	for (size_t i = 8; i < KE_LEN; i++)
		if (peer.p[i])
			return ADIT_ERR_KE;
	x = power(x, load(priv, 8) >> 4 | 1);
	memset(secret, 0, KE_LEN);
	memcpy(secret, &x, 8);
	return ADIT_OK;
}

static const struct adit_ke paper_ke = {"PAPER-KE", ADIT_KE_CURVE25519, KE_LEN,   KE_LEN,
					KE_LEN,     ke_generate,        ke_shared};

static const struct adit_aead *const aeads[] = {&paper_stream, &paper_block, NULL};
static const struct adit_aead *const none[] = {NULL};
static const struct adit_prf *const prfs[] = {&paper_prf, NULL};
static const struct adit_ke *const kes[] = {&paper_ke, NULL};

const struct adit_crypto paper_crypto = {"paper", aeads, none, prfs, kes, &paper_hash};
