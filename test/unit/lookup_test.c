/* Look-up of transforms by IANA number and by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"

static void
test_aeads_are_found_by_all_of_their_numbers(void **state)
{
	const struct adit_crypto *c = &adit_mbedtls_compat;

	(void)state;
	for (const struct adit_aead *const *a = c->aead; *a != NULL; a++)
		assert_ptr_equal(adit_crypto_aead(c, (*a)->encr, (*a)->key_bits, (*a)->integ), *a);
	assert_null(adit_crypto_aead(c, ADIT_ENCR_AES_CBC, 128, ADIT_AUTH_NONE));
	assert_null(adit_crypto_aead(c, ADIT_ENCR_AES_GCM_16, 128, ADIT_AUTH_HMAC_SHA2_256_128));
	assert_null(adit_crypto_aead(c, ADIT_ENCR_AES_GCM_16, 0, ADIT_AUTH_NONE));
	assert_null(adit_crypto_aead(c, 0, 0, 0));
}

static void
test_aeads_are_found_by_name(void **state)
{
	const struct adit_crypto *c = &adit_mbedtls_compat;

	(void)state;
	for (const struct adit_aead *const *a = c->aead; *a != NULL; a++)
		assert_ptr_equal(adit_crypto_aead_by_name(c, (*a)->name), *a);
	assert_null(adit_crypto_aead_by_name(c, "AES-GCM-16"));
	assert_null(adit_crypto_aead_by_name(c, ""));
}

static void
test_aeads_for_sas_are_found_in_both_lists(void **state)
{
	struct adit_crypto c = adit_mbedtls_compat;

	(void)state;
	for (const struct adit_aead *const *a = c.aead; *a != NULL; a++)
		assert_ptr_equal(adit_crypto_sa_aead(&c, (*a)->encr, (*a)->key_bits, (*a)->integ),
				 *a);
	for (const struct adit_aead *const *a = c.sa_only; *a != NULL; a++) {
		assert_ptr_equal(adit_crypto_sa_aead(&c, (*a)->encr, (*a)->key_bits, (*a)->integ),
				 *a);
		assert_ptr_equal(adit_crypto_aead_by_name(&c, (*a)->name), *a);
	}
	/* A list that is not there has nothing. */
	c.sa_only = NULL;
	assert_null(adit_crypto_sa_aead(&c, ADIT_ENCR_AES_CTR, 128, ADIT_AUTH_HMAC_SHA2_256_128));
	assert_null(adit_crypto_aead_by_name(&c, "AES-CTR-128+HMAC-SHA2-256-128"));
}

static void
test_prfs_and_key_exchanges_are_found_by_number(void **state)
{
	const struct adit_crypto *c = &adit_mbedtls_compat;

	(void)state;
	for (const struct adit_prf *const *p = c->prf; *p != NULL; p++)
		assert_ptr_equal(adit_crypto_prf(c, (*p)->id), *p);
	for (const struct adit_ke *const *k = c->ke; *k != NULL; k++)
		assert_ptr_equal(adit_crypto_ke(c, (*k)->id), *k);
	assert_null(adit_crypto_prf(c, 0));
	assert_null(adit_crypto_ke(c, 0));
	assert_null(adit_crypto_ke(c, 2));
}

static void
test_the_modern_profile_has_no_sha_1(void **state)
{
	const struct adit_crypto *c = &adit_mbedtls_modern;

	(void)state;
	assert_null(adit_crypto_prf(c, ADIT_PRF_HMAC_SHA1));
	for (const struct adit_aead *const *a = c->aead; *a != NULL; a++)
		assert_int_not_equal((*a)->integ, ADIT_AUTH_HMAC_SHA1_96);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aeads_are_found_by_all_of_their_numbers),
		cmocka_unit_test(test_aeads_are_found_by_name),
		cmocka_unit_test(test_aeads_for_sas_are_found_in_both_lists),
		cmocka_unit_test(test_prfs_and_key_exchanges_are_found_by_number),
		cmocka_unit_test(test_the_modern_profile_has_no_sha_1),
	};

	return cmocka_run_group_tests_name("lookup", tests, NULL, NULL);
}
