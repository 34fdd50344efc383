/* Every object of the mbedTLS provider keeps the promises of adit/crypto.h. Attack corpus: KE-01 to
 * KE-04, NONCE-03. Known answers are in test/vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mbedtls/dhm.h>

#include "adit/mbedtls.h"

static const struct adit_crypto *const all = &adit_mbedtls_compat;

/* Not random at all, and different each time. */
static enum adit_status
fill_bytes(void *ctx, uint8_t *out, size_t n)
{
	uint32_t *x = ctx;

	for (size_t i = 0; i < n; i++) {
		*x = *x * 1664525u + 1013904223u;
		out[i] = (uint8_t)(*x >> 24);
	}
	return ADIT_OK;
}

static enum adit_status
fill_nothing(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	(void)out;
	(void)n;
	return ADIT_ERR_RANDOM;
}

static uint32_t lcg = 1;
static const struct adit_rng rng = {&lcg, fill_bytes};
static const struct adit_rng broken = {NULL, fill_nothing};

/* --- Hashes: a state copied as bytes goes on as the original does. */

static void
test_hash_states_can_be_copied(void **state)
{
	static const struct adit_hash *const hashes[] = {&adit_mbedtls_sha1, &adit_mbedtls_sha256,
							 &adit_mbedtls_sha384,
							 &adit_mbedtls_sha512};
	static const uint8_t msg[200] = {9};

	(void)state;
	for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
		union adit_hash_ctx a, b;
		uint8_t x[ADIT_HASH_MAX], y[ADIT_HASH_MAX];

		assert_true(hashes[i]->ctx_size <= sizeof a);
		assert_true(hashes[i]->out_len <= ADIT_HASH_MAX);
		assert_int_equal(hashes[i]->start(&a), ADIT_OK);
		assert_int_equal(hashes[i]->update(&a, msg, 77), ADIT_OK);
		memcpy(&b, &a, hashes[i]->ctx_size);
		assert_int_equal(hashes[i]->update(&a, msg + 77, 123), ADIT_OK);
		assert_int_equal(hashes[i]->finish(&a, x), ADIT_OK);
		assert_int_equal(hashes[i]->update(&b, msg + 77, 123), ADIT_OK);
		assert_int_equal(hashes[i]->finish(&b, y), ADIT_OK);
		assert_memory_equal(x, y, hashes[i]->out_len);
	}
}

static void
test_prfs_have_keys_as_long_as_their_output(void **state)
{
	(void)state;
	for (const struct adit_prf *const *p = all->prf; *p != NULL; p++) {
		assert_int_equal((*p)->key_len, (*p)->mac->out_len);
		assert_true((*p)->mac->out_len <= ADIT_HASH_MAX);
		assert_true((*p)->mac->ctx_size <= sizeof(union adit_mac_ctx));
	}
}

/* --- AEADs. */

struct sealed {
	union adit_keyctx kc;
	uint8_t iv[ADIT_IV_MAX], aad[12], data[64], icv[ADIT_ICV_MAX];
	struct adit_aead_op op;
};

static void
seal(struct sealed *s, const struct adit_aead *aead, uint64_t number)
{
	uint8_t key[ADIT_AEAD_KEY_MAX];

	memset(s, 0, sizeof *s);
	memset(key, 0x3c, sizeof key);
	assert_int_equal(
		aead->setkey(aead, &s->kc, (struct adit_span){key, adit_aead_key_len(aead)}),
		ADIT_OK);
	assert_int_equal(aead->make_iv(aead, &s->kc, number, s->iv), ADIT_OK);
	s->op.iv = s->iv;
	s->op.aad = (struct adit_span){s->aad, 8};
	s->op.data = s->data;
	s->op.len = sizeof s->data;
	s->op.icv = s->icv;
	aead->seal(aead, &s->kc, &s->op, 1);
	assert_int_equal(s->op.status, ADIT_OK);
}

static void
test_aead_sizes_are_within_the_build_s(void **state)
{
	(void)state;
	for (const struct adit_aead *const *p = all->aead; *p != NULL; p++) {
		const struct adit_aead *a = *p;

		assert_true(a->ctx_size <= ADIT_KEYCTX_SIZE);
		assert_true(adit_aead_key_len(a) <= ADIT_AEAD_KEY_MAX);
		assert_true(a->iv_len <= ADIT_IV_MAX && a->icv_len <= ADIT_ICV_MAX);
		assert_true(a->block >= 1 && a->block <= ADIT_IV_MAX);
		/* Who has its MAC behind the data has the extended number's high half there. */
		assert_int_equal(a->esn_tail, a->integ != ADIT_AUTH_NONE);
		assert_int_equal(a->cipher != NULL, a->integ != ADIT_AUTH_NONE);
		assert_int_equal(a->encr_key_len,
				 (a->key_bits ? a->key_bits : 256) / 8 + a->salt_len);
	}
}

static void
test_aeads_open_what_they_seal_and_nothing_else(void **state)
{
	static const uint8_t zero[64];
	struct sealed s, before;

	(void)state;
	for (const struct adit_aead *const *a = all->aead; *a != NULL; a++) {
		seal(&s, *a, 7);
		assert_memory_not_equal(s.data, zero, sizeof zero);
		before = s;
		s.aad[0] ^= 1;
		(*a)->open(*a, &s.kc, &s.op, 1);
		assert_int_equal(s.op.status, ADIT_ERR_ICV);
		/* Forged data is wiped, or was never touched; it is never given as plain. */
		assert_true(memcmp(s.data, before.data, sizeof zero) == 0 ||
			    memcmp(s.data, zero, sizeof zero) == 0);
		s.aad[0] ^= 1;
		memcpy(s.data, before.data, sizeof s.data);
		(*a)->open(*a, &s.kc, &s.op, 1);
		assert_int_equal(s.op.status, ADIT_OK);
		assert_memory_equal(s.data, zero, sizeof zero);
		(*a)->wipe(*a, &s.kc);
	}
}

static void
test_aead_ivs_differ_for_every_number(void **state)
{
	static const uint64_t numbers[] = {
		0, 1, 2, 255, 256, UINT32_MAX, (uint64_t)UINT32_MAX + 1, UINT64_MAX};
	enum { N = sizeof numbers / sizeof numbers[0] };

	(void)state;
	for (const struct adit_aead *const *a = all->aead; *a != NULL; a++) {
		uint8_t ivs[N][ADIT_IV_MAX];
		struct sealed s;

		seal(&s, *a, 0);
		for (size_t i = 0; i < N; i++) {
			assert_int_equal((*a)->make_iv(*a, &s.kc, numbers[i], ivs[i]), ADIT_OK);
			for (size_t j = 0; j < i; j++)
				assert_memory_not_equal(ivs[i], ivs[j], (*a)->iv_len);
		}
		(*a)->wipe(*a, &s.kc);
	}
}

/* Unforeseeable without the key: for CBC another key gives other IVs (RFC 3602 3). */
static void
test_cbc_ivs_depend_on_the_key(void **state)
{
	const struct adit_cipher *cbc = &adit_mbedtls_aes_cbc;
	uint8_t key[16] = {0}, one[16], two[16];
	union adit_keyctx kc;

	(void)state;
	assert_int_equal(cbc->setkey(&kc, (struct adit_span){key, sizeof key}), ADIT_OK);
	assert_int_equal(cbc->make_iv(&kc, 1, one), ADIT_OK);
	cbc->wipe(&kc);
	key[0] = 1;
	assert_int_equal(cbc->setkey(&kc, (struct adit_span){key, sizeof key}), ADIT_OK);
	assert_int_equal(cbc->make_iv(&kc, 1, two), ADIT_OK);
	cbc->wipe(&kc);
	assert_memory_not_equal(one, two, sizeof one);
}

static void
test_aeads_refuse_keys_of_another_length(void **state)
{
	static const uint8_t key[ADIT_AEAD_KEY_MAX + 1];
	union adit_keyctx kc;

	(void)state;
	for (const struct adit_aead *const *a = all->aead; *a != NULL; a++)
		for (size_t n = 0; n <= sizeof key; n++)
			if (n != adit_aead_key_len(*a))
				assert_int_equal((*a)->setkey(*a, &kc, (struct adit_span){key, n}),
						 ADIT_ERR_ARG);
}

static void
test_aead_wipe_leaves_nothing(void **state)
{
	static const uint8_t zero[ADIT_KEYCTX_SIZE];
	struct sealed s;

	(void)state;
	for (const struct adit_aead *const *a = all->aead; *a != NULL; a++) {
		seal(&s, *a, 1);
		(*a)->wipe(*a, &s.kc);
		assert_memory_equal(s.kc.mem, zero, (*a)->ctx_size);
	}
}

/* --- Key exchange. */

/* One side: big enough for any method. */
struct side {
	uint8_t priv[ADIT_KE_PRIVATE_MAX], pub[ADIT_KE_PUBLIC_MAX], secret[ADIT_KE_PUBLIC_MAX];
};

static enum adit_status
with_peer(const struct adit_ke *ke, const struct side *own, const uint8_t *peer, size_t n)
{
	uint8_t secret[ADIT_KE_PUBLIC_MAX];

	return ke->shared(&rng, own->priv, (struct adit_span){peer, n}, secret);
}

static void
test_both_sides_of_a_key_exchange_agree(void **state)
{
	(void)state;
	for (const struct adit_ke *const *k = all->ke; *k != NULL; k++) {
		const struct adit_ke *ke = *k;
		struct side a, b;

		assert_true(ke->public_len <= ADIT_KE_PUBLIC_MAX);
		assert_true(ke->secret_len <= ADIT_KE_PUBLIC_MAX);
		assert_true(ke->private_len <= ADIT_KE_PRIVATE_MAX);
		assert_int_equal(ke->generate(&rng, a.priv, a.pub), ADIT_OK);
		assert_int_equal(ke->generate(&rng, b.priv, b.pub), ADIT_OK);
		assert_memory_not_equal(a.pub, b.pub, ke->public_len);
		assert_int_equal(ke->shared(&rng, a.priv, (struct adit_span){b.pub, ke->public_len},
					    a.secret),
				 ADIT_OK);
		assert_int_equal(ke->shared(&rng, b.priv, (struct adit_span){a.pub, ke->public_len},
					    b.secret),
				 ADIT_OK);
		assert_memory_equal(a.secret, b.secret, ke->secret_len);
	}
}

static void
test_ke_04_public_values_of_another_length_are_refused(void **state)
{
	static const uint8_t long_value[65536];

	(void)state;
	for (const struct adit_ke *const *k = all->ke; *k != NULL; k++) {
		const size_t wrong[] = {0, 1, (*k)->public_len - 1u, (*k)->public_len + 1u, 65531};
		struct side own;

		assert_int_equal((*k)->generate(&rng, own.priv, own.pub), ADIT_OK);
		for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
			assert_int_equal(with_peer(*k, &own, long_value, wrong[i]), ADIT_ERR_KE);
	}
}

static void
test_nonce_03_without_randomness_no_key_is_made(void **state)
{
	(void)state;
	for (const struct adit_ke *const *k = all->ke; *k != NULL; k++) {
		struct side own;

		assert_int_equal((*k)->generate(&broken, own.priv, own.pub), ADIT_ERR_RANDOM);
	}
}

/* p - 1 and p + 1 differ from p, whose last byte is 0xff in all of these groups (RFC 3526), in the
 * low bytes alone. */
static void
check_modp(const struct adit_ke *ke, const uint8_t *prime)
{
	uint8_t value[ADIT_KE_PUBLIC_MAX];
	size_t n = ke->public_len;
	struct side own;

	assert_int_equal(ke->generate(&rng, own.priv, own.pub), ADIT_OK);
	memset(value, 0, n);
	assert_int_equal(with_peer(ke, &own, value, n), ADIT_ERR_KE); /* 0 */
	value[n - 1] = 1;
	assert_int_equal(with_peer(ke, &own, value, n), ADIT_ERR_KE); /* 1 */
	value[n - 1] = 2;
	assert_int_equal(with_peer(ke, &own, value, n), ADIT_OK);
	memcpy(value, prime, n);
	assert_int_equal(with_peer(ke, &own, value, n), ADIT_ERR_KE); /* p */
	value[n - 1]--;
	assert_int_equal(with_peer(ke, &own, value, n), ADIT_ERR_KE); /* p - 1 */
	value[n - 1]--;
	assert_int_equal(with_peer(ke, &own, value, n), ADIT_OK); /* p - 2 */
	memset(value, 0xff, n);
	assert_int_equal(with_peer(ke, &own, value, n), ADIT_ERR_KE); /* beyond p */
}

static void
test_ke_01_values_of_modp_groups_outside_2_to_p_minus_2_are_refused(void **state)
{
	static const uint8_t p2048[] = MBEDTLS_DHM_RFC3526_MODP_2048_P_BIN;
	static const uint8_t p3072[] = MBEDTLS_DHM_RFC3526_MODP_3072_P_BIN;
	static const uint8_t p4096[] = MBEDTLS_DHM_RFC3526_MODP_4096_P_BIN;

	(void)state;
	check_modp(&adit_mbedtls_modp2048, p2048);
	check_modp(&adit_mbedtls_modp3072, p3072);
	check_modp(&adit_mbedtls_modp4096, p4096);
}

static void
test_ke_02_points_off_the_curve_are_refused(void **state)
{
	static const struct adit_ke *const curves[] = {&adit_mbedtls_ecp256, &adit_mbedtls_ecp384,
						       &adit_mbedtls_ecp521};

	(void)state;
	for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
		size_t n = curves[i]->public_len;
		uint8_t value[ADIT_KE_PUBLIC_MAX];
		struct side own;

		assert_int_equal(curves[i]->generate(&rng, own.priv, own.pub), ADIT_OK);
		memcpy(value, own.pub, n);
		value[n - 1] ^= 1;
		assert_int_equal(with_peer(curves[i], &own, value, n), ADIT_ERR_KE);
		memset(value, 0, n); /* what infinity might look like */
		assert_int_equal(with_peer(curves[i], &own, value, n), ADIT_ERR_KE);
		memset(value, 0xff, n); /* coordinates beyond p */
		assert_int_equal(with_peer(curves[i], &own, value, n), ADIT_ERR_KE);
	}
}

static void
test_ke_03_points_of_low_order_are_refused(void **state)
{
	const struct adit_ke *ke = &adit_mbedtls_curve25519;
	uint8_t value[32] = {0};
	struct side own;

	(void)state;
	assert_int_equal(ke->generate(&rng, own.priv, own.pub), ADIT_OK);
	assert_int_equal(with_peer(ke, &own, value, sizeof value), ADIT_ERR_KE); /* 0 */
	value[0] = 1;
	assert_int_equal(with_peer(ke, &own, value, sizeof value), ADIT_ERR_KE); /* 1 */
	memset(value, 0xff, sizeof value);
	value[0] = 0xec;
	value[31] = 0x7f;
	assert_int_equal(with_peer(ke, &own, value, sizeof value), ADIT_ERR_KE); /* p - 1 */
	value[0] = 0xed;
	assert_int_equal(with_peer(ke, &own, value, sizeof value), ADIT_ERR_KE); /* p */
	value[0] = 0xee;
	assert_int_equal(with_peer(ke, &own, value, sizeof value), ADIT_ERR_KE); /* p + 1 */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_states_can_be_copied),
		cmocka_unit_test(test_prfs_have_keys_as_long_as_their_output),
		cmocka_unit_test(test_aead_sizes_are_within_the_build_s),
		cmocka_unit_test(test_aeads_open_what_they_seal_and_nothing_else),
		cmocka_unit_test(test_aead_ivs_differ_for_every_number),
		cmocka_unit_test(test_cbc_ivs_depend_on_the_key),
		cmocka_unit_test(test_aeads_refuse_keys_of_another_length),
		cmocka_unit_test(test_aead_wipe_leaves_nothing),
		cmocka_unit_test(test_both_sides_of_a_key_exchange_agree),
		cmocka_unit_test(test_ke_04_public_values_of_another_length_are_refused),
		cmocka_unit_test(test_nonce_03_without_randomness_no_key_is_made),
		cmocka_unit_test(
			test_ke_01_values_of_modp_groups_outside_2_to_p_minus_2_are_refused),
		cmocka_unit_test(test_ke_02_points_off_the_curve_are_refused),
		cmocka_unit_test(test_ke_03_points_of_low_order_are_refused),
	};

	return cmocka_run_group_tests_name("provider", tests, NULL, NULL);
}
