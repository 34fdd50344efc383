/* Stateless cookies. Attack corpus: NOTIFY-05. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "ike/cookie.h"

static enum adit_status
count_up(void *ctx, uint8_t *out, size_t n)
{
	uint8_t *next = ctx;

	for (size_t i = 0; i < n; i++)
		out[i] = (*next)++;
	return ADIT_OK;
}

static enum adit_status
no_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	(void)out;
	(void)n;
	return ADIT_ERR_RANDOM;
}

static uint8_t random_state;
static const struct adit_rng rng = {&random_state, count_up};
static const struct adit_rng broken = {NULL, no_random};

static const uint8_t nonce[32] = {1}, other_nonce[32] = {2};
static const uint8_t spi[8] = {3}, other_spi[8] = {4};
static const struct adit_ip ip = {4, {192, 0, 2, 1}}, other_ip = {4, {192, 0, 2, 2}};
static const struct adit_cookie_of of = {
	&adit_mbedtls_prf_hmac_sha256, {nonce, sizeof nonce}, spi, &ip};

static enum adit_status
check(const struct adit_cookie_jar *jar, const struct adit_cookie_of *what, const uint8_t *cookie)
{
	return adit_cookie_check(jar, what, (struct adit_span){cookie, ADIT_COOKIE_LEN});
}

static void
test_cookie_made_is_the_cookie_accepted(void **state)
{
	struct adit_cookie_jar jar = {0};
	uint8_t cookie[ADIT_COOKIE_LEN];

	(void)state;
	assert_int_equal(adit_cookie_rotate(&jar, &rng, 1000), ADIT_OK);
	assert_int_equal(adit_cookie_make(&jar, &of, cookie), ADIT_OK);
	assert_int_equal(check(&jar, &of, cookie), ADIT_OK);
}

static void
test_cookie_of_another_request_is_refused(void **state)
{
	struct adit_cookie_of other_n = of, other_s = of, other_a = of;
	struct adit_cookie_jar jar = {0};
	uint8_t cookie[ADIT_COOKIE_LEN];

	(void)state;
	other_n.ni.p = other_nonce;
	other_s.spi_i = other_spi;
	other_a.remote = &other_ip;
	assert_int_equal(adit_cookie_rotate(&jar, &rng, 1000), ADIT_OK);
	assert_int_equal(adit_cookie_make(&jar, &of, cookie), ADIT_OK);
	assert_int_equal(check(&jar, &other_n, cookie), ADIT_ERR_COOKIE);
	assert_int_equal(check(&jar, &other_s, cookie), ADIT_ERR_COOKIE);
	assert_int_equal(check(&jar, &other_a, cookie), ADIT_ERR_COOKIE);
}

static void
test_cookie_covers_all_of_an_ipv6_address(void **state)
{
	const struct adit_ip a = {6, {0xfd, 0, 0, 0, 0, 1}}, b = {6, {0xfd, 0, 0, 0, 0, 2}};
	struct adit_cookie_of of_a = of, of_b = of;
	struct adit_cookie_jar jar = {0};
	uint8_t cookie[ADIT_COOKIE_LEN];

	(void)state;
	of_a.remote = &a;
	of_b.remote = &b;
	assert_int_equal(adit_cookie_rotate(&jar, &rng, 1000), ADIT_OK);
	assert_int_equal(adit_cookie_make(&jar, &of_a, cookie), ADIT_OK);
	assert_int_equal(check(&jar, &of_a, cookie), ADIT_OK);
	assert_int_equal(check(&jar, &of_b, cookie), ADIT_ERR_COOKIE);
}

static void
test_cookie_changed_in_any_bit_or_length_is_refused(void **state)
{
	struct adit_cookie_jar jar = {0};
	uint8_t cookie[ADIT_COOKIE_LEN + 64] = {0};

	(void)state;
	assert_int_equal(adit_cookie_rotate(&jar, &rng, 1000), ADIT_OK);
	assert_int_equal(adit_cookie_make(&jar, &of, cookie), ADIT_OK);
	for (size_t bit = 0; bit < 8 * ADIT_COOKIE_LEN; bit++) {
		cookie[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(check(&jar, &of, cookie), ADIT_ERR_COOKIE);
		cookie[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t n = 0; n < sizeof cookie; n++)
		assert_int_equal(adit_cookie_check(&jar, &of, (struct adit_span){cookie, n}),
				 n == ADIT_COOKIE_LEN ? ADIT_OK : ADIT_ERR_COOKIE);
}

static void
test_cookie_stays_good_over_one_change_of_the_secret(void **state)
{
	struct adit_cookie_jar jar = {0};
	uint8_t cookie[ADIT_COOKIE_LEN];
	adit_ms now = 1000;

	(void)state;
	assert_int_equal(adit_cookie_rotate(&jar, &rng, now), ADIT_OK);
	assert_int_equal(adit_cookie_make(&jar, &of, cookie), ADIT_OK);
	assert_int_equal(adit_cookie_rotate(&jar, &rng, now + ADIT_COOKIE_PERIOD_MS - 1), ADIT_OK);
	assert_int_equal(cookie[0], jar.version);
	now += ADIT_COOKIE_PERIOD_MS;
	assert_int_equal(adit_cookie_rotate(&jar, &rng, now), ADIT_OK);
	assert_int_not_equal(cookie[0], jar.version);
	assert_int_equal(check(&jar, &of, cookie), ADIT_OK);
	now += ADIT_COOKIE_PERIOD_MS;
	assert_int_equal(adit_cookie_rotate(&jar, &rng, now), ADIT_OK);
	assert_int_equal(check(&jar, &of, cookie), ADIT_ERR_COOKIE);
}

static void
test_cookie_from_before_a_long_silence_is_refused(void **state)
{
	struct adit_cookie_jar jar = {0};
	uint8_t cookie[ADIT_COOKIE_LEN];

	(void)state;
	assert_int_equal(adit_cookie_rotate(&jar, &rng, 0), ADIT_OK);
	assert_int_equal(adit_cookie_make(&jar, &of, cookie), ADIT_OK);
	assert_int_equal(adit_cookie_rotate(&jar, &rng, 2 * ADIT_COOKIE_PERIOD_MS), ADIT_OK);
	assert_int_equal(check(&jar, &of, cookie), ADIT_ERR_COOKIE);
}

static void
test_cookie_of_a_version_that_never_was_is_refused(void **state)
{
	struct adit_cookie_jar jar = {0};
	uint8_t cookie[ADIT_COOKIE_LEN] = {0};

	(void)state;
	assert_int_equal(check(&jar, &of, cookie), ADIT_ERR_COOKIE);
	assert_int_equal(adit_cookie_rotate(&jar, &rng, 0), ADIT_OK);
	for (unsigned version = 0; version < 256; version++) {
		cookie[0] = (uint8_t)version;
		assert_int_equal(check(&jar, &of, cookie), ADIT_ERR_COOKIE);
	}
}

static void
test_cookie_without_randomness_is_not_made(void **state)
{
	struct adit_cookie_jar jar = {0};
	uint8_t cookie[ADIT_COOKIE_LEN], again[ADIT_COOKIE_LEN];

	(void)state;
	assert_int_equal(adit_cookie_rotate(&jar, &broken, 0), ADIT_ERR_RANDOM);
	assert_int_equal(adit_cookie_make(&jar, &of, cookie), ADIT_ERR_STATE);
	assert_int_equal(adit_cookie_rotate(&jar, &rng, 0), ADIT_OK);
	assert_int_equal(adit_cookie_make(&jar, &of, cookie), ADIT_OK);
	assert_int_equal(adit_cookie_rotate(&jar, &broken, ADIT_COOKIE_PERIOD_MS), ADIT_ERR_RANDOM);
	assert_int_equal(adit_cookie_make(&jar, &of, again), ADIT_OK);
	assert_memory_equal(cookie, again, sizeof cookie);
}

/* Each version has a secret of its own, which nobody knows: not zero, and not the one before. */
static void
test_cookie_of_each_version_is_of_the_secret_drawn_for_it(void **state)
{
	struct adit_cookie_jar jar = {0}, other = {0}, unset;
	uint8_t cookie[4][ADIT_COOKIE_LEN], theirs[ADIT_COOKIE_LEN], known[ADIT_COOKIE_LEN];
	uint8_t other_state = 0x80;
	const struct adit_rng other_rng = {&other_state, count_up};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(adit_cookie_rotate(&jar, &rng, i * ADIT_COOKIE_PERIOD_MS),
				 ADIT_OK);
		assert_int_equal(adit_cookie_rotate(&other, &other_rng, i * ADIT_COOKIE_PERIOD_MS),
				 ADIT_OK);
		assert_int_equal(adit_cookie_make(&jar, &of, cookie[i]), ADIT_OK);
		assert_int_equal(adit_cookie_make(&other, &of, theirs), ADIT_OK);
		assert_int_equal(check(&jar, &of, theirs), ADIT_ERR_COOKIE);
		unset = jar;
		memset(unset.secret, 0, sizeof unset.secret);
		assert_int_equal(adit_cookie_make(&unset, &of, known), ADIT_OK);
		assert_int_equal(check(&jar, &of, known), ADIT_ERR_COOKIE);
		for (unsigned k = 0; k < i; k++)
			assert_memory_not_equal(cookie[i] + 1, cookie[k] + 1, ADIT_COOKIE_LEN - 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cookie_made_is_the_cookie_accepted),
		cmocka_unit_test(test_cookie_of_another_request_is_refused),
		cmocka_unit_test(test_cookie_covers_all_of_an_ipv6_address),
		cmocka_unit_test(test_cookie_changed_in_any_bit_or_length_is_refused),
		cmocka_unit_test(test_cookie_stays_good_over_one_change_of_the_secret),
		cmocka_unit_test(test_cookie_from_before_a_long_silence_is_refused),
		cmocka_unit_test(test_cookie_of_a_version_that_never_was_is_refused),
		cmocka_unit_test(test_cookie_without_randomness_is_not_made),
		cmocka_unit_test(test_cookie_of_each_version_is_of_the_secret_drawn_for_it),
	};

	return cmocka_run_group_tests_name("cookie", tests, NULL, NULL);
}
