/* NIST's CAVS examples of IKEv2 key derivation. Read from ../shared (or $ADIT_SHARED), never
 * copied; skipped where that is absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "crypto/prf.h"
#include "ike/keymat.h"
#include "support/json.h"

enum { VALUES = 11, KEYMAT_MAX = 1024 };

/* The members of a vector, decoded once. */
enum { NI, NR, SECRET, SECRET_NEW, SPI_I, SPI_R, SKEYSEED, DKM, CHILD, CHILD_DH, REKEYED };
static const char *const names[VALUES] = {
	"Ni",
	"Nr",
	"g^ir",
	"g^ir (new)",
	"SPIi",
	"SPIr",
	"SKEYSEED",
	"DKM",
	"DKM(Child SA)",
	"DKM(Child SA D-H)",
	"SKEYSEED(Rekey)",
};

struct vector {
	const struct adit_prf *prf;
	struct adit_span v[VALUES];
	uint8_t *memory[VALUES];
};

static unsigned run, by_keymat, skipped;

static const struct adit_prf *
prf_of(const char *hash)
{
	static const struct {
		const char *name;
		const struct adit_prf *prf;
	} prfs[] = {{"SHA-1", &adit_mbedtls_prf_hmac_sha1},
		    {"SHA-256", &adit_mbedtls_prf_hmac_sha256},
		    {"SHA-384", &adit_mbedtls_prf_hmac_sha384},
		    {"SHA-512", &adit_mbedtls_prf_hmac_sha512}};

	for (size_t i = 0; i < sizeof prfs / sizeof prfs[0]; i++)
		if (strcmp(prfs[i].name, hash) == 0)
			return prfs[i].prf;
	return NULL;
}

static void
check_plus(const struct vector *v, struct adit_span key, const struct adit_span *parts, size_t n,
	   struct adit_span want)
{
	uint8_t out[KEYMAT_MAX];

	assert_true(want.n <= sizeof out && want.n > 0);
	assert_int_equal(adit_prf_plus(v->prf, key, parts, n, (struct adit_buf){out, want.n}),
			 ADIT_OK);
	assert_memory_equal(out, want.p, want.n);
}

/* The whole streams, of whatever length the vector has. */
static void
check_streams(const struct vector *v)
{
	const struct adit_span *x = v->v;
	const struct adit_span ike[] = {x[NI], x[NR], x[SPI_I], x[SPI_R]};
	const struct adit_span child[] = {x[NI], x[NR]};
	const struct adit_span child_dh[] = {x[SECRET_NEW], x[NI], x[NR]};
	struct adit_span sk_d = {x[DKM].p, v->prf->key_len};
	uint8_t seed[ADIT_HASH_MAX];

	check_plus(v, x[SKEYSEED], ike, 4, x[DKM]);
	check_plus(v, sk_d, child, 2, x[CHILD]);
	check_plus(v, sk_d, child_dh, 3, x[CHILD_DH]);
	assert_int_equal(adit_prf_sum(v->prf, sk_d, child_dh, 3, seed), ADIT_OK);
	assert_int_equal(x[REKEYED].n, v->prf->mac->out_len);
	assert_memory_equal(seed, x[REKEYED].p, x[REKEYED].n);
}

static const uint8_t *
assert_next(const uint8_t *at, struct adit_span got)
{
	assert_memory_equal(at, got.p, got.n);
	return at + got.n;
}

/* The same by the functions that the engine calls, where the stream is long enough for an AEAD. */
static void
check_keymat(const struct vector *v)
{
	const struct adit_aead *aead = &adit_mbedtls_aes128_gcm16;
	const struct adit_ike_suite suite = {aead, v->prf, NULL, false, 1};
	const struct adit_span *x = v->v;
	const struct adit_keymat_seed seed = {x[NI], x[NR], x[SECRET], x[SPI_I].p, x[SPI_R].p};
	size_t need = 3u * v->prf->key_len + 2u * aead->encr_key_len;
	struct adit_keymat_child_seed child_seed;
	struct adit_child_keys child;
	struct adit_ike_keys keys;
	const uint8_t *at = x[DKM].p;

	if (need > x[DKM].n)
		return;
	assert_int_equal(adit_keymat_ike(&keys, &suite, &seed), ADIT_OK);
	at = assert_next(at, adit_keymat_sk_d(&keys));
	at = assert_next(at, adit_keymat_sk_e(&keys, aead, true));
	at = assert_next(at, adit_keymat_sk_e(&keys, aead, false));
	at = assert_next(at, adit_keymat_sk_p(&keys, true));
	(void)assert_next(at, adit_keymat_sk_p(&keys, false));
	child_seed = (struct adit_keymat_child_seed){v->prf, adit_keymat_sk_d(&keys), x[SECRET_NEW],
						     x[NI], x[NR]};
	assert_int_equal(adit_keymat_child(&child, aead, &child_seed), ADIT_OK);
	assert_memory_equal(child.i, x[CHILD_DH].p, aead->encr_key_len);
	assert_memory_equal(child.r, x[CHILD_DH].p + aead->encr_key_len, aead->encr_key_len);
	by_keymat++;
}

static void
check_one(const struct json *j)
{
	struct vector v;

	memset(&v, 0, sizeof v);
	v.prf = prf_of(json_text(json_get(json_get(j, "group"), "hash")));
	if (v.prf == NULL) {
		skipped++;
		return;
	}
	for (unsigned i = 0; i < VALUES; i++) {
		v.memory[i] = json_hex(json_get(j, names[i]), &v.v[i].n);
		assert_non_null(v.memory[i]);
		v.v[i].p = v.memory[i];
	}
	check_streams(&v);
	check_keymat(&v);
	for (unsigned i = 0; i < VALUES; i++)
		free(v.memory[i]);
	run++;
}

static void
test_nist_ikev2_key_derivation(void **state)
{
	struct json *root = json_load(json_shared("vectors/kdf/nist_cavs_ikev2.json"));

	(void)state;
	if (root == NULL) {
		printf("NIST IKEv2 key derivation: skipped: ../shared is not here\n");
		skip();
	}
	for (const struct json *j = json_at(json_get(root, "vectors"), 0); j; j = j->next)
		check_one(j);
	printf("NIST IKEv2 key derivation: %u run, %u of them by keymat, %u skipped (a hash that "
	       "is "
	       "not built)\n",
	       run, by_keymat, skipped);
	assert_true(by_keymat > 0);
	json_free(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nist_ikev2_key_derivation),
	};

	return cmocka_run_group_tests_name("kdf", tests, NULL, NULL);
}
