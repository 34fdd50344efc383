/* HMAC over raw hashes, PRF and PRF+ (RFC 2104, RFC 7296 2.13). Values: RFC 2202, RFC 4231; more of
 * them in test/vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "crypto/hash.h"
#include "crypto/prf.h"

#define SPAN(s) ((struct adit_span){(const uint8_t *)(s), sizeof(s) - 1})

static const struct adit_mac *const macs[] = {&adit_mbedtls_hmac_sha1, &adit_mbedtls_hmac_sha256,
					      &adit_mbedtls_hmac_sha384, &adit_mbedtls_hmac_sha512};
#define MACS (sizeof macs / sizeof macs[0])

static void
sum(const struct adit_mac *mac, struct adit_span key, struct adit_span msg, uint8_t *out)
{
	union adit_mac_ctx kc;

	assert_int_equal(mac->setkey(mac, &kc, key), ADIT_OK);
	assert_int_equal(mac->sum(mac, &kc, &msg, 1, out), ADIT_OK);
	mac->wipe(mac, &kc);
}

static void
test_hmac_rfc_2202_case_2_and_rfc_4231_case_2(void **state)
{
	static const struct {
		const struct adit_mac *mac;
		const char *start; /* the first 16 bytes */
	} cases[] = {
		{&adit_mbedtls_hmac_sha1,
		 "\xef\xfc\xdf\x6a\xe5\xeb\x2f\xa2\xd2\x74\x16\xd5\xf1\x84\xdf\x9c"},
		{&adit_mbedtls_hmac_sha256,
		 "\x5b\xdc\xc1\x46\xbf\x60\x75\x4e\x6a\x04\x24\x26\x08\x95\x75\xc7"},
		{&adit_mbedtls_hmac_sha384,
		 "\xaf\x45\xd2\xe3\x76\x48\x40\x31\x61\x7f\x78\xd2\xb5\x8a\x6b\x1b"},
		{&adit_mbedtls_hmac_sha512,
		 "\x16\x4b\x7a\x7b\xfc\xf8\x19\xe2\xe3\x95\xfb\xe7\x3b\x56\xe0\xa3"},
	};
	uint8_t out[ADIT_HASH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		sum(cases[i].mac, SPAN("Jefe"), SPAN("what do ya want for nothing?"), out);
		assert_memory_equal(out, cases[i].start, 16);
	}
}

/* A key longer than a block is its hash (RFC 2104 2); one of exactly a block is itself. */
static void
test_hmac_of_long_keys(void **state)
{
	uint8_t key[256], hashed[ADIT_HASH_MAX], a[ADIT_HASH_MAX], b[ADIT_HASH_MAX];

	(void)state;
	memset(key, 0xaa, sizeof key);
	for (size_t i = 0; i < MACS; i++) {
		const struct adit_hash *hash = macs[i]->hash;
		struct adit_span block = {key, hash->block_len};
		struct adit_span longer = {key, (size_t)hash->block_len + 1};

		assert_int_equal(adit_hash_sum(hash, &longer, 1, hashed), ADIT_OK);
		sum(macs[i], longer, SPAN("message"), a);
		sum(macs[i], (struct adit_span){hashed, hash->out_len}, SPAN("message"), b);
		assert_memory_equal(a, b, macs[i]->out_len);
		assert_int_equal(adit_hash_sum(hash, &block, 1, hashed), ADIT_OK);
		sum(macs[i], block, SPAN("message"), a);
		sum(macs[i], (struct adit_span){hashed, hash->out_len}, SPAN("message"), b);
		assert_memory_not_equal(a, b, macs[i]->out_len);
	}
}

static void
test_hmac_takes_a_message_in_any_parts(void **state)
{
	static const uint8_t msg[300] = {1, 2, 3};
	uint8_t whole[ADIT_HASH_MAX], parted[ADIT_HASH_MAX];

	(void)state;
	for (size_t i = 0; i < MACS; i++) {
		union adit_mac_ctx kc;

		assert_int_equal(macs[i]->setkey(macs[i], &kc, SPAN("key")), ADIT_OK);
		for (size_t cut = 0; cut <= sizeof msg; cut += 7) {
			const struct adit_span one = {msg, sizeof msg};
			const struct adit_span three[] = {
				{msg, cut}, {NULL, 0}, {msg + cut, sizeof msg - cut}};

			assert_int_equal(macs[i]->sum(macs[i], &kc, &one, 1, whole), ADIT_OK);
			assert_int_equal(macs[i]->sum(macs[i], &kc, three, 3, parted), ADIT_OK);
			assert_memory_equal(whole, parted, macs[i]->out_len);
		}
		macs[i]->wipe(macs[i], &kc);
	}
}

static void
test_hmac_with_an_empty_key_and_message(void **state)
{
	/* HMAC-SHA256 of nothing under nothing. */
	static const uint8_t want[] = {0xb6, 0x13, 0x67, 0x9a, 0x08, 0x14, 0xd9, 0xec};
	uint8_t out[ADIT_HASH_MAX];

	(void)state;
	sum(&adit_mbedtls_hmac_sha256, (struct adit_span){NULL, 0}, (struct adit_span){NULL, 0},
	    out);
	assert_memory_equal(out, want, sizeof want);
}

static void
test_hmac_wipe_leaves_nothing_of_the_key(void **state)
{
	union adit_mac_ctx kc, zero;

	(void)state;
	memset(&zero, 0, sizeof zero);
	for (size_t i = 0; i < MACS; i++) {
		memset(&kc, 0, sizeof kc);
		assert_int_equal(macs[i]->setkey(macs[i], &kc, SPAN("key")), ADIT_OK);
		assert_memory_not_equal(&kc, &zero, sizeof kc);
		macs[i]->wipe(macs[i], &kc);
		assert_memory_equal(&kc, &zero, macs[i]->ctx_size);
	}
}

/* A hash that fails at its n-th call. */
static int calls_left;

static enum adit_status
count_down(void)
{
	return calls_left-- > 0 ? ADIT_OK : ADIT_ERR_CRYPTO;
}

static enum adit_status
fail_start(void *ctx)
{
	(void)ctx;
	return count_down();
}

static enum adit_status
fail_update(void *ctx, const uint8_t *p, size_t n)
{
	(void)ctx;
	(void)p;
	(void)n;
	return count_down();
}

static enum adit_status
fail_finish(void *ctx, uint8_t *out)
{
	(void)ctx;
	memset(out, 1, 32);
	return count_down();
}

static const struct adit_hash failing_hash = {"failing",  32,          64,         8,
					      fail_start, fail_update, fail_finish};
static const struct adit_mac failing_mac = {
	"failing", &failing_hash, 32, 16, adit_hmac_setkey, adit_hmac_sum, adit_hmac_wipe, NULL};
static const struct adit_prf failing_prf = {"failing", 999, 32, &failing_mac};

static void
test_a_hash_that_fails_at_any_call_fails_the_prf(void **state)
{
	struct adit_span part = SPAN("part");
	int needed = 0;

	(void)state;
	for (;; needed++) {
		uint8_t out[ADIT_HASH_MAX];
		enum adit_status st;

		calls_left = needed;
		st = adit_prf_sum(&failing_prf, SPAN("key"), &part, 1, out);
		if (st == ADIT_OK)
			break;
		assert_int_equal(st, ADIT_ERR_CRYPTO);
		assert_true(needed < 100);
	}
	assert_true(needed > 3);
}

/* A key that is longer than a block is hashed first. */
static void
test_a_hash_that_fails_at_any_call_fails_the_prf_of_a_long_key(void **state)
{
	static const uint8_t key[100];
	struct adit_span part = SPAN("part");
	uint8_t out[ADIT_HASH_MAX];
	int needed = 0;

	(void)state;
	for (;; needed++) {
		enum adit_status st;

		calls_left = needed;
		st = adit_prf_sum(&failing_prf, (struct adit_span){key, sizeof key}, &part, 1, out);
		if (st == ADIT_OK)
			break;
		assert_int_equal(st, ADIT_ERR_CRYPTO);
	}
	assert_int_equal(needed, 3 + 2 + 2 + 4); /* the key, both pads, the sum */
}

static void
test_prf_plus_under_a_key_that_fails_leaves_no_output(void **state)
{
	struct adit_span part = SPAN("part");
	uint8_t out[100], zero[100] = {0};

	(void)state;
	calls_left = 0;
	memset(out, 0x5a, sizeof out);
	assert_int_equal(adit_prf_plus(&failing_prf, SPAN("key"), &part, 1,
				       (struct adit_buf){out, sizeof out}),
			 ADIT_ERR_CRYPTO);
	assert_memory_equal(out, zero, sizeof out);
}

static void
test_prf_plus_that_fails_leaves_no_output(void **state)
{
	struct adit_span part = SPAN("part");
	uint8_t out[100], zero[100] = {0};

	(void)state;
	calls_left = 20; /* enough for the first block or two */
	memset(out, 0x5a, sizeof out);
	assert_int_equal(adit_prf_plus(&failing_prf, SPAN("key"), &part, 1,
				       (struct adit_buf){out, sizeof out}),
			 ADIT_ERR_CRYPTO);
	assert_memory_equal(out, zero, sizeof out);
}

/* T1 = prf(K, S | 1), T2 = prf(K, T1 | S | 2), and any length is a prefix of the longer ones. */
static void
test_prf_plus_is_the_rfc_s_chain(void **state)
{
	const struct adit_prf *prf = &adit_mbedtls_prf_hmac_sha256;
	const struct adit_span seed[] = {SPAN("se"), SPAN("ed")};
	uint8_t t1[32], t2[32], out[64], shorter[64];
	const struct adit_span first[] = {SPAN("seed\1")};
	const struct adit_span second[] = {{t1, sizeof t1}, SPAN("seed\2")};

	(void)state;
	assert_int_equal(adit_prf_sum(prf, SPAN("key"), first, 1, t1), ADIT_OK);
	assert_int_equal(adit_prf_sum(prf, SPAN("key"), second, 2, t2), ADIT_OK);
	assert_int_equal(
		adit_prf_plus(prf, SPAN("key"), seed, 2, (struct adit_buf){out, sizeof out}),
		ADIT_OK);
	assert_memory_equal(out, t1, 32);
	assert_memory_equal(out + 32, t2, 32);
	for (size_t n = 0; n <= sizeof out; n++) {
		assert_int_equal(
			adit_prf_plus(prf, SPAN("key"), seed, 2, (struct adit_buf){shorter, n}),
			ADIT_OK);
		assert_memory_equal(shorter, out, n);
	}
}

static void
test_prf_plus_is_bounded(void **state)
{
	const struct adit_prf *prf = &adit_mbedtls_prf_hmac_sha1;
	struct adit_span seed[ADIT_PRF_PLUS_PARTS + 1];
	static uint8_t out[255 * 20 + 1];

	(void)state;
	memset(seed, 0, sizeof seed);
	assert_int_equal(adit_prf_plus(prf, SPAN("key"), seed, ADIT_PRF_PLUS_PARTS,
				       (struct adit_buf){out, sizeof out - 1}),
			 ADIT_OK);
	assert_int_equal(adit_prf_plus(prf, SPAN("key"), seed, ADIT_PRF_PLUS_PARTS,
				       (struct adit_buf){out, sizeof out}),
			 ADIT_ERR_ARG);
	assert_int_equal(adit_prf_plus(prf, SPAN("key"), seed, ADIT_PRF_PLUS_PARTS + 1,
				       (struct adit_buf){out, 20}),
			 ADIT_ERR_ARG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hmac_rfc_2202_case_2_and_rfc_4231_case_2),
		cmocka_unit_test(test_hmac_of_long_keys),
		cmocka_unit_test(test_hmac_takes_a_message_in_any_parts),
		cmocka_unit_test(test_hmac_with_an_empty_key_and_message),
		cmocka_unit_test(test_hmac_wipe_leaves_nothing_of_the_key),
		cmocka_unit_test(test_a_hash_that_fails_at_any_call_fails_the_prf),
		cmocka_unit_test(test_a_hash_that_fails_at_any_call_fails_the_prf_of_a_long_key),
		cmocka_unit_test(test_prf_plus_that_fails_leaves_no_output),
		cmocka_unit_test(test_prf_plus_under_a_key_that_fails_leaves_no_output),
		cmocka_unit_test(test_prf_plus_is_the_rfc_s_chain),
		cmocka_unit_test(test_prf_plus_is_bounded),
	};

	return cmocka_run_group_tests_name("hmac", tests, NULL, NULL);
}
