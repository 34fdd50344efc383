/* AUTH by pre-shared key. The value itself is tested with recordings; here that it is made as RFC
 * 7296 2.15 says, and that nothing else passes. Attack corpus: AUTH-01, AUTH-07, AUTH-08. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "crypto/prf.h"
#include "ike/auth.h"

#define SPAN(s) ((struct adit_span){(const uint8_t *)(s), sizeof(s) - 1})

static const struct adit_prf *const prf = &adit_mbedtls_prf_hmac_sha256;

static struct adit_auth_signed
octets(void)
{
	return (struct adit_auth_signed){SPAN("first message"), SPAN("nonce of the other side"),
					 SPAN("SK_p"), SPAN("\2\0\0\0a.example")};
}

static void
test_auth_is_made_as_the_rfc_says(void **state)
{
	uint8_t key[32], id[32], want[32], got[ADIT_HASH_MAX];
	struct adit_auth_signed s = octets();
	struct adit_span pad = SPAN("Key Pad for IKEv2");
	struct adit_span parts[] = {s.message, s.nonce, {id, sizeof id}};

	(void)state;
	assert_int_equal(adit_prf_sum(prf, SPAN("secret"), &pad, 1, key), ADIT_OK);
	assert_int_equal(adit_prf_sum(prf, s.sk_p, &s.id, 1, id), ADIT_OK);
	assert_int_equal(adit_prf_sum(prf, (struct adit_span){key, sizeof key}, parts, 3, want),
			 ADIT_OK);
	assert_int_equal(adit_auth_psk(prf, SPAN("secret"), &s, got), ADIT_OK);
	assert_memory_equal(got, want, sizeof want);
}

static void
test_auth_made_is_the_auth_verified(void **state)
{
	static const struct adit_prf *const prfs[] = {
		&adit_mbedtls_prf_hmac_sha1, &adit_mbedtls_prf_hmac_sha256,
		&adit_mbedtls_prf_hmac_sha384, &adit_mbedtls_prf_hmac_sha512};
	struct adit_auth_signed s = octets();
	uint8_t auth[ADIT_HASH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof prfs / sizeof prfs[0]; i++) {
		struct adit_span span = {auth, prfs[i]->mac->out_len};

		assert_int_equal(adit_auth_psk(prfs[i], SPAN("secret"), &s, auth), ADIT_OK);
		assert_int_equal(adit_auth_psk_verify(prfs[i], SPAN("secret"), &s, span), ADIT_OK);
	}
}

static enum adit_status
verify(struct adit_span psk, const struct adit_auth_signed *s, const uint8_t *auth, size_t n)
{
	return adit_auth_psk_verify(prf, psk, s, (struct adit_span){auth, n});
}

static void
test_auth_07_08_covers_psk_message_nonce_key_and_identity(void **state)
{
	struct adit_auth_signed s = octets(), other;
	uint8_t auth[ADIT_HASH_MAX];

	(void)state;
	assert_int_equal(adit_auth_psk(prf, SPAN("secret"), &s, auth), ADIT_OK);
	assert_int_equal(verify(SPAN("secreT"), &s, auth, 32), ADIT_ERR_AUTH);
	assert_int_equal(verify(SPAN(""), &s, auth, 32), ADIT_ERR_AUTH);
	other = s;
	other.message = SPAN("first Message");
	assert_int_equal(verify(SPAN("secret"), &other, auth, 32), ADIT_ERR_AUTH);
	other = s;
	other.nonce = SPAN("nonce of the other Side");
	assert_int_equal(verify(SPAN("secret"), &other, auth, 32), ADIT_ERR_AUTH);
	other = s;
	other.sk_p = SPAN("SK_r");
	assert_int_equal(verify(SPAN("secret"), &other, auth, 32), ADIT_ERR_AUTH);
	other = s;
	other.id = SPAN("\2\0\0\0b.example");
	assert_int_equal(verify(SPAN("secret"), &other, auth, 32), ADIT_ERR_AUTH);
	other = s;
	other.id = SPAN("\2\0\0\1a.example"); /* RESERVED is signed as it came */
	assert_int_equal(verify(SPAN("secret"), &other, auth, 32), ADIT_ERR_AUTH);
}

static void
test_auth_01_every_other_length_and_bit_is_refused(void **state)
{
	struct adit_auth_signed s = octets();
	uint8_t auth[ADIT_HASH_MAX] = {0};

	(void)state;
	assert_int_equal(adit_auth_psk(prf, SPAN("secret"), &s, auth), ADIT_OK);
	for (size_t n = 0; n <= sizeof auth; n++)
		assert_int_equal(verify(SPAN("secret"), &s, auth, n),
				 n == 32 ? ADIT_OK : ADIT_ERR_AUTH);
	for (size_t bit = 0; bit < 256; bit++) {
		auth[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(verify(SPAN("secret"), &s, auth, 32), ADIT_ERR_AUTH);
		auth[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_int_equal(verify(SPAN("secret"), &s, NULL, 0), ADIT_ERR_AUTH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_auth_is_made_as_the_rfc_says),
		cmocka_unit_test(test_auth_made_is_the_auth_verified),
		cmocka_unit_test(test_auth_07_08_covers_psk_message_nonce_key_and_identity),
		cmocka_unit_test(test_auth_01_every_other_length_and_bit_is_refused),
	};

	return cmocka_run_group_tests_name("ikeauth", tests, NULL, NULL);
}
