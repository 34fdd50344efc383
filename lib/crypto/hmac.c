/* HMAC (RFC 2104) over raw hash states. The states behind the inner and the outer pad are computed
 * once per key: that saves two of the four blocks of a short packet, and no packet allocates. */
#include <string.h>

#include "adit/crypto.h"
#include "crypto/hash.h"

#define INNER_PAD 0x36
#define OUTER_PAD 0x5c
#define BLOCK_MAX 128 /* SHA-384 and SHA-512 */

static size_t
state_size(const struct adit_hash *hash)
{
	return ((size_t)hash->ctx_size + 7) & ~(size_t)7;
}

static void *
inner_state(void *kc)
{
	return kc;
}

static void *
outer_state(const struct adit_hash *hash, void *kc)
{
	return (uint8_t *)kc + state_size(hash);
}

static enum adit_status
start_padded(const struct adit_hash *hash, void *state, const uint8_t *key, uint8_t pad)
{
	uint8_t block[BLOCK_MAX];
	enum adit_status st;

	for (size_t i = 0; i < hash->block_len; i++)
		block[i] = key[i] ^ pad;
	st = hash->start(state);
	if (st == ADIT_OK)
		st = hash->update(state, block, hash->block_len);
	adit_wipe(block, sizeof block);
	return st;
}

enum adit_status
adit_hmac_setkey(const struct adit_mac *mac, void *kc, struct adit_span key)
{
	const struct adit_hash *hash = mac->hash;
	uint8_t padded[BLOCK_MAX] = {0};
	enum adit_status st = ADIT_OK;

	if (key.n > hash->block_len)
		st = adit_hash_sum(hash, &key, 1, padded);
	else if (key.n)
		memcpy(padded, key.p, key.n);
	if (st == ADIT_OK)
		st = start_padded(hash, inner_state(kc), padded, INNER_PAD);
	if (st == ADIT_OK)
		st = start_padded(hash, outer_state(hash, kc), padded, OUTER_PAD);
	adit_wipe(padded, sizeof padded);
	return st;
}

enum adit_status
adit_hmac_sum(const struct adit_mac *mac, void *kc, const struct adit_span *parts, size_t n_parts,
	      uint8_t *out)
{
	const struct adit_hash *hash = mac->hash;
	union adit_hash_ctx ctx;
	uint8_t inner[ADIT_HASH_MAX];
	enum adit_status st = ADIT_OK;

	memcpy(&ctx, inner_state(kc), hash->ctx_size);
	for (size_t i = 0; st == ADIT_OK && i < n_parts; i++)
		st = hash->update(&ctx, parts[i].p, parts[i].n);
	if (st == ADIT_OK)
		st = hash->finish(&ctx, inner);
	memcpy(&ctx, outer_state(hash, kc), hash->ctx_size);
	if (st == ADIT_OK)
		st = hash->update(&ctx, inner, hash->out_len);
	if (st == ADIT_OK)
		st = hash->finish(&ctx, out);
	adit_wipe(&ctx, hash->ctx_size);
	adit_wipe(inner, sizeof inner);
	return st;
}

void
adit_hmac_wipe(const struct adit_mac *mac, void *kc)
{
	adit_wipe(kc, 2 * state_size(mac->hash));
}
