/* Key material of IKE SAs and Child SAs (RFC 7296 2.14, 2.17). */
#include <string.h>

#include "base/cursor.h"
#include "crypto/prf.h"
#include "ike/keymat.h"
#include "wire/ike_payload.h"

#define IKE_KEYMAT_MAX (3 * ADIT_HASH_MAX + 2 * ADIT_AEAD_KEY_MAX)

static bool
fits(const struct adit_prf *prf, const struct adit_aead *aead)
{
	return prf->key_len <= ADIT_HASH_MAX && adit_aead_key_len(aead) <= ADIT_AEAD_KEY_MAX;
}

/* SKEYSEED = prf(Ni | Nr, g^ir). */
static enum adit_status
make_skeyseed(const struct adit_prf *prf, const struct adit_keymat_seed *seed, uint8_t *skeyseed)
{
	uint8_t nonces[2 * ADIT_NONCE_MAX];
	struct adit_writer w = adit_writer_of((struct adit_buf){nonces, sizeof nonces});

	adit_write_span(&w, seed->ni);
	adit_write_span(&w, seed->nr);
	if (w.bad)
		return ADIT_ERR_ARG;
	return adit_prf_sum(prf, (struct adit_span){nonces, adit_writer_len(&w)}, &seed->secret, 1,
			    skeyseed);
}

/* {SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr}, into the places where they are used. */
static void
cut(struct adit_ike_keys *keys, const struct adit_ike_suite *suite, struct adit_span all)
{
	struct adit_reader r = adit_reader_of(all);
	size_t encr = suite->aead->encr_key_len, integ = suite->aead->integ_key_len;

	keys->prf_len = suite->prf->key_len;
	adit_read_bytes(&r, keys->d, keys->prf_len);
	adit_read_bytes(&r, keys->i + encr, integ);
	adit_read_bytes(&r, keys->r + encr, integ);
	adit_read_bytes(&r, keys->i, encr);
	adit_read_bytes(&r, keys->r, encr);
	adit_read_bytes(&r, keys->pi, keys->prf_len);
	adit_read_bytes(&r, keys->pr, keys->prf_len);
}

enum adit_status
adit_keymat_ike(struct adit_ike_keys *keys, const struct adit_ike_suite *suite,
		const struct adit_keymat_seed *seed)
{
	uint8_t skeyseed[ADIT_HASH_MAX], all[IKE_KEYMAT_MAX];
	const struct adit_span parts[] = {seed->ni,
					  seed->nr,
					  {seed->spi_i, ADIT_IKE_SPI_LEN},
					  {seed->spi_r, ADIT_IKE_SPI_LEN}};
	size_t n = 3u * suite->prf->key_len + 2 * adit_aead_key_len(suite->aead);
	enum adit_status st;

	memset(keys, 0, sizeof *keys);
	if (!fits(suite->prf, suite->aead))
		return ADIT_ERR_ARG;
	st = make_skeyseed(suite->prf, seed, skeyseed);
	if (st == ADIT_OK)
		st = adit_prf_plus(suite->prf,
				   (struct adit_span){skeyseed, suite->prf->mac->out_len}, parts,
				   sizeof parts / sizeof parts[0], (struct adit_buf){all, n});
	if (st == ADIT_OK)
		cut(keys, suite, (struct adit_span){all, n});
	adit_wipe(skeyseed, sizeof skeyseed);
	adit_wipe(all, sizeof all);
	return st;
}

/* KEYMAT = prf+(SK_d, [g^ir |] Ni | Nr): the initiator's keys first, for each the cipher's before
 * the MAC's (2.17), which is the order inside of an AEAD's key. */
enum adit_status
adit_keymat_child(struct adit_child_keys *child, const struct adit_aead *aead,
		  const struct adit_keymat_child_seed *seed)
{
	const struct adit_span parts[] = {seed->secret, seed->ni, seed->nr};
	uint8_t all[2 * ADIT_AEAD_KEY_MAX];
	size_t n = adit_aead_key_len(aead);
	enum adit_status st;

	memset(child, 0, sizeof *child);
	if (!fits(seed->prf, aead))
		return ADIT_ERR_ARG;
	st = adit_prf_plus(seed->prf, seed->sk_d, parts, sizeof parts / sizeof parts[0],
			   (struct adit_buf){all, 2 * n});
	if (st == ADIT_OK) {
		memcpy(child->i, all, n);
		memcpy(child->r, all + n, n);
	}
	adit_wipe(all, sizeof all);
	return st;
}

struct adit_span
adit_keymat_aead_key(const struct adit_ike_keys *keys, const struct adit_aead *aead, bool initiator)
{
	return (struct adit_span){initiator ? keys->i : keys->r, adit_aead_key_len(aead)};
}

struct adit_span
adit_keymat_sk_e(const struct adit_ike_keys *keys, const struct adit_aead *aead, bool initiator)
{
	return (struct adit_span){initiator ? keys->i : keys->r, aead->encr_key_len};
}

struct adit_span
adit_keymat_sk_a(const struct adit_ike_keys *keys, const struct adit_aead *aead, bool initiator)
{
	return (struct adit_span){(initiator ? keys->i : keys->r) + aead->encr_key_len,
				  aead->integ_key_len};
}

struct adit_span
adit_keymat_sk_p(const struct adit_ike_keys *keys, bool initiator)
{
	return (struct adit_span){initiator ? keys->pi : keys->pr, keys->prf_len};
}

struct adit_span
adit_keymat_sk_d(const struct adit_ike_keys *keys)
{
	return (struct adit_span){keys->d, keys->prf_len};
}
