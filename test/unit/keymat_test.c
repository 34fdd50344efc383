/* Key material: that it is cut in the order of RFC 7296 2.14 and 2.17. Values are tested with
 * recordings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "crypto/prf.h"
#include "ike/keymat.h"

#define SPAN(s) ((struct adit_span){(const uint8_t *)(s), sizeof(s) - 1})

static const struct adit_prf *const prf = &adit_mbedtls_prf_hmac_sha384;
static const struct adit_aead *const cbc = &adit_mbedtls_aes256_cbc_sha512;
static const struct adit_aead *const gcm = &adit_mbedtls_aes128_gcm16;

static const struct adit_keymat_seed seed = {
	{(const uint8_t *)"nonce of initiator", 18},
	{(const uint8_t *)"nonce of the responder", 22},
	{(const uint8_t *)"shared secret", 13},
	(const uint8_t *)"spi of i",
	(const uint8_t *)"spi of r",
};

/* prf+(SKEYSEED, Ni | Nr | SPIi | SPIr), put together here by hand. */
static void
expand(uint8_t *out, size_t n)
{
	struct adit_span nonces = SPAN("nonce of initiatornonce of the responder");
	struct adit_span all = SPAN("nonce of initiatornonce of the responderspi of ispi of r");
	uint8_t skeyseed[ADIT_HASH_MAX];

	assert_int_equal(adit_prf_sum(prf, nonces, &seed.secret, 1, skeyseed), ADIT_OK);
	assert_int_equal(adit_prf_plus(prf, (struct adit_span){skeyseed, 48}, &all, 1,
				       (struct adit_buf){out, n}),
			 ADIT_OK);
}

static void
assert_next(const uint8_t **at, struct adit_span got, size_t n)
{
	assert_int_equal(got.n, n);
	assert_memory_equal(got.p, *at, n);
	*at += n;
}

static void
check_ike(const struct adit_aead *aead)
{
	const struct adit_ike_suite suite = {aead, prf, &adit_mbedtls_curve25519, false, 1};
	size_t e = aead->encr_key_len, a = aead->integ_key_len;
	uint8_t all[3 * ADIT_HASH_MAX + 2 * ADIT_AEAD_KEY_MAX];
	struct adit_ike_keys keys;
	const uint8_t *at = all;

	expand(all, 3 * 48 + 2 * (e + a));
	assert_int_equal(adit_keymat_ike(&keys, &suite, &seed), ADIT_OK);
	assert_next(&at, adit_keymat_sk_d(&keys), 48);
	assert_next(&at, adit_keymat_sk_a(&keys, aead, true), a);
	assert_next(&at, adit_keymat_sk_a(&keys, aead, false), a);
	assert_next(&at, adit_keymat_sk_e(&keys, aead, true), e);
	assert_next(&at, adit_keymat_sk_e(&keys, aead, false), e);
	assert_next(&at, adit_keymat_sk_p(&keys, true), 48);
	assert_next(&at, adit_keymat_sk_p(&keys, false), 48);
	assert_ptr_equal(adit_keymat_aead_key(&keys, aead, true).p, keys.i);
	assert_ptr_equal(adit_keymat_aead_key(&keys, aead, false).p, keys.r);
	assert_int_equal(adit_keymat_aead_key(&keys, aead, false).n, e + a);
}

static void
test_ike_keys_of_a_combined_mode(void **state)
{
	(void)state;
	check_ike(gcm);
}

static void
test_ike_keys_of_a_cipher_with_a_mac(void **state)
{
	(void)state;
	check_ike(cbc);
}

static void
check_child(const struct adit_aead *aead, struct adit_span secret)
{
	const struct adit_keymat_child_seed s = {prf, SPAN("SK_d"), secret, seed.ni, seed.nr};
	const struct adit_span parts[] = {secret, seed.ni, seed.nr};
	size_t n = adit_aead_key_len(aead);
	uint8_t all[2 * ADIT_AEAD_KEY_MAX];
	struct adit_child_keys child;

	assert_int_equal(adit_prf_plus(prf, s.sk_d, parts, 3, (struct adit_buf){all, 2 * n}),
			 ADIT_OK);
	assert_int_equal(adit_keymat_child(&child, aead, &s), ADIT_OK);
	assert_memory_equal(child.i, all, n);
	assert_memory_equal(child.r, all + n, n);
}

static void
test_child_keys_with_and_without_a_key_exchange(void **state)
{
	(void)state;
	check_child(gcm, (struct adit_span){NULL, 0});
	check_child(gcm, SPAN("another shared secret"));
	check_child(cbc, (struct adit_span){NULL, 0});
	check_child(cbc, SPAN("another shared secret"));
}

static void
test_key_sizes_beyond_the_build_s_are_refused(void **state)
{
	struct adit_aead huge = *cbc;
	const struct adit_ike_suite suite = {&huge, prf, NULL, false, 1};
	const struct adit_keymat_child_seed s = {prf, SPAN("SK_d"), {NULL, 0}, seed.ni, seed.nr};
	struct adit_child_keys child, zero_child = {{0}, {0}};
	struct adit_ike_keys keys;

	(void)state;
	huge.encr_key_len = ADIT_AEAD_KEY_MAX;
	assert_int_equal(adit_keymat_ike(&keys, &suite, &seed), ADIT_ERR_ARG);
	assert_int_equal(keys.prf_len, 0);
	assert_int_equal(adit_keymat_child(&child, &huge, &s), ADIT_ERR_ARG);
	assert_memory_equal(&child, &zero_child, sizeof child);
}

static void
test_nonces_beyond_their_size_are_refused(void **state)
{
	static const uint8_t nonce[400];
	const struct adit_ike_suite suite = {gcm, prf, NULL, false, 1};
	struct adit_keymat_seed s = seed;
	struct adit_ike_keys keys;

	(void)state;
	s.ni = s.nr = (struct adit_span){nonce, 256};
	assert_int_equal(adit_keymat_ike(&keys, &suite, &s), ADIT_OK);
	s.ni.n = 257;
	assert_int_equal(adit_keymat_ike(&keys, &suite, &s), ADIT_ERR_ARG);
	assert_int_equal(keys.prf_len, 0);
}

static enum adit_status
fail_setkey(const struct adit_mac *mac, void *kc, struct adit_span key)
{
	(void)mac;
	(void)kc;
	(void)key;
	return ADIT_ERR_CRYPTO;
}

static void
test_a_provider_that_fails_leaves_no_keys(void **state)
{
	struct adit_mac mac = *prf->mac;
	struct adit_prf broken = *prf;
	const struct adit_ike_suite suite = {gcm, &broken, NULL, false, 1};
	struct adit_ike_keys keys;

	(void)state;
	mac.setkey = fail_setkey;
	broken.mac = &mac;
	assert_int_equal(adit_keymat_ike(&keys, &suite, &seed), ADIT_ERR_CRYPTO);
	assert_int_equal(keys.prf_len, 0);
	assert_int_equal(keys.i[0] | keys.r[0] | keys.d[0], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ike_keys_of_a_combined_mode),
		cmocka_unit_test(test_ike_keys_of_a_cipher_with_a_mac),
		cmocka_unit_test(test_child_keys_with_and_without_a_key_exchange),
		cmocka_unit_test(test_key_sizes_beyond_the_build_s_are_refused),
		cmocka_unit_test(test_nonces_beyond_their_size_are_refused),
		cmocka_unit_test(test_a_provider_that_fails_leaves_no_keys),
	};

	return cmocka_run_group_tests_name("keymat", tests, NULL, NULL);
}
