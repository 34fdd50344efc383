/* The mbedTLS provider where something fails beneath it: memory runs out at the n-th allocation, a
 * key has a length that the cipher has not. No call says OK then, and nothing is left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"

/* As in provider_alloc_test.c: the program's own malloc goes before the C library's, where there is
 * no sanitizer that has its own. */
#if defined(__SANITIZE_ADDRESS__) || !defined(__GLIBC__)
#define FAILING 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define FAILING 0
#endif
#endif
#ifndef FAILING
#define FAILING 1
#endif

enum { EDGE = 24 };

static bool is_counting;
static unsigned long allocations, fail_at; /* 0: none fails */
static long held;                          /* allocated while counting, and not freed */

#if FAILING
void *__libc_calloc(size_t n, size_t size);
void __libc_free(void *p);

void *
calloc(size_t n, size_t size)
{
	if (!is_counting)
		return __libc_calloc(n, size);
	if (++allocations == fail_at)
		return NULL;
	held++;
	return __libc_calloc(n, size);
}

void
free(void *p)
{
	if (is_counting && p)
		held--;
	__libc_free(p);
}
#endif

static void
count_from_here(unsigned long n)
{
	allocations = 0;
	held = 0;
	fail_at = n;
	is_counting = true;
}

static void
need_failing(void)
{
	if (!FAILING) {
		printf("allocations that fail: skipped: malloc is not ours here\n");
		skip();
	}
}

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(37 * i + n);
	return ADIT_OK;
}

static const struct adit_rng rng = {NULL, fill};

/* What may fail, told of with one status. */
struct job {
	const struct adit_aead *aead;
	const struct adit_ke *ke;
	bool is_shared;
};

static uint8_t priv[ADIT_KE_PRIVATE_MAX], pub[ADIT_KE_PUBLIC_MAX], result[ADIT_KE_PUBLIC_MAX];

static enum adit_status
run(const struct job *job)
{
	static const uint8_t key[ADIT_AEAD_KEY_MAX];
	union adit_keyctx kc;
	enum adit_status st;

	memset(result, 0, sizeof result);
	if (job->ke && job->is_shared)
		return job->ke->shared(&rng, priv, (struct adit_span){pub, job->ke->public_len},
				       result);
	if (job->ke)
		return job->ke->generate(&rng, priv, result);
	st = job->aead->setkey(job->aead, &kc,
			       (struct adit_span){key, adit_aead_key_len(job->aead)});
	if (st == ADIT_OK)
		job->aead->wipe(job->aead, &kc);
	return st;
}

static enum adit_status
run_failing_at(const struct job *job, unsigned long n)
{
	enum adit_status st;

	count_from_here(n);
	st = run(job);
	is_counting = false;
	assert_int_equal(held, 0);
	return st;
}

/* The first allocations, the last ones, and some between. */
static unsigned long
next_at(unsigned long n, unsigned long all)
{
	return n < EDGE || n + EDGE >= all ? n + 1 : n + (all - 2 * EDGE) / 8 + 1;
}

/* OK may be said only where mbedTLS does without: then the result is the right one. */
static void
assert_fails_wherever_memory_ends(const struct job *job)
{
	uint8_t want[sizeof result];
	unsigned long all, failed = 0;

	assert_int_equal(run_failing_at(job, 0), ADIT_OK);
	memcpy(want, result, sizeof want);
	all = allocations;
	for (unsigned long n = 1; n <= all; n = next_at(n, all)) {
		enum adit_status st = run_failing_at(job, n);

		if (st == ADIT_OK)
			assert_memory_equal(result, want, sizeof want);
		else
			assert_int_equal(st, ADIT_ERR_CRYPTO);
		failed += st != ADIT_OK;
	}
	assert_true(all == 0 || failed > 0);
	assert_int_equal(run_failing_at(job, 0), ADIT_OK);
}

static void
run_list(const struct adit_aead *const *list)
{
	for (; *list; list++)
		assert_fails_wherever_memory_ends(&(struct job){*list, NULL, false});
}

static void
test_an_aead_whose_key_finds_no_memory_says_so_and_keeps_none(void **state)
{
	(void)state;
	need_failing();
	run_list(adit_mbedtls_legacy.aead);
	run_list(adit_mbedtls_legacy.sa_only);
}

/* Neither the peer's value nor the random source is to blame then. */
static void
test_a_key_exchange_without_memory_says_so_and_keeps_none(void **state)
{
	static const struct adit_ke *const all[] = {&adit_mbedtls_curve25519, &adit_mbedtls_ecp256,
						    &adit_mbedtls_modp2048};

	(void)state;
	need_failing();
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		assert_fails_wherever_memory_ends(&(struct job){NULL, all[i], false});
		memcpy(pub, result, sizeof pub);
		assert_fails_wherever_memory_ends(&(struct job){NULL, all[i], true});
	}
}

static enum adit_status
no_fill(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	(void)out;
	(void)n;
	return ADIT_ERR_RANDOM;
}

/* Curves are multiplied with a blinding; the peer's point is not to blame for a lack of it. */
static void
test_a_shared_secret_without_randomness_says_so(void **state)
{
	static const struct adit_ke *const curves[] = {&adit_mbedtls_curve25519,
						       &adit_mbedtls_ecp256, &adit_mbedtls_ecp384,
						       &adit_mbedtls_ecp521};
	const struct adit_rng broken = {NULL, no_fill};

	(void)state;
	for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
		assert_int_equal(curves[i]->generate(&rng, priv, pub), ADIT_OK);
		assert_int_equal(curves[i]->shared(&broken, priv,
						   (struct adit_span){pub, curves[i]->public_len},
						   result),
				 ADIT_ERR_RANDOM);
	}
}

/* --- Bare ciphers, which their AEADs give no such keys. */

static void
test_a_cipher_refuses_a_key_of_a_length_that_it_has_not(void **state)
{
	static const struct adit_cipher *const all[] = {
		&adit_mbedtls_aes_cbc, &adit_mbedtls_aes_ctr, &adit_mbedtls_camellia_cbc,
		&adit_mbedtls_des_cbc, &adit_mbedtls_des3_cbc};
	static const size_t wrong[] = {0, 1, 4, 5, 7, 15, 17, 25, 33, 40};
	static const uint8_t key[40] = {1};
	union adit_keyctx kc;

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
			enum adit_status st =
				all[i]->setkey(&kc, (struct adit_span){key, wrong[k]});

			assert_true(st == ADIT_ERR_CRYPTO || st == ADIT_ERR_ARG);
		}
}

static void
test_every_aead_refuses_keys_of_another_length(void **state)
{
	static const uint8_t key[ADIT_AEAD_KEY_MAX + 1];
	union adit_keyctx kc;

	(void)state;
	for (const struct adit_aead *const *a = adit_mbedtls_legacy.sa_only; *a; a++)
		for (size_t n = 0; n <= sizeof key; n++)
			if (n != adit_aead_key_len(*a))
				assert_int_equal((*a)->setkey(*a, &kc, (struct adit_span){key, n}),
						 ADIT_ERR_ARG);
}

static void
test_a_mac_of_a_cipher_refuses_a_key_that_the_cipher_refuses(void **state)
{
	static const struct adit_mac *const all[] = {&adit_mbedtls_aes_cmac,
						     &adit_mbedtls_aes_xcbc};
	static const uint8_t key[16];
	union adit_mac_ctx kc;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (size_t n = 0; n < sizeof key; n++)
			assert_int_not_equal(
				all[i]->setkey(all[i], &kc, (struct adit_span){key, n}), ADIT_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_aead_whose_key_finds_no_memory_says_so_and_keeps_none),
		cmocka_unit_test(test_a_key_exchange_without_memory_says_so_and_keeps_none),
		cmocka_unit_test(test_a_shared_secret_without_randomness_says_so),
		cmocka_unit_test(test_a_cipher_refuses_a_key_of_a_length_that_it_has_not),
		cmocka_unit_test(test_every_aead_refuses_keys_of_another_length),
		cmocka_unit_test(test_a_mac_of_a_cipher_refuses_a_key_that_the_cipher_refuses),
	};

	return cmocka_run_group_tests_name("provider_fault", tests, NULL, NULL);
}
