/* AES-CMAC and AES-XCBC-MAC against RFC 4493 and RFC 3566, however the message is cut; AES-GMAC
 * against GCM of the provider in one piece. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <mbedtls/gcm.h>

#include "adit/mbedtls.h"

enum { KEY = 16, BLOCK = 16, MESSAGE = 64 };

struct known {
	size_t len;
	uint8_t mac[BLOCK];
};

static void
assert_macs(const struct adit_mac *mac, const uint8_t *key, const uint8_t *message,
	    const struct known *known, size_t n)
{
	union adit_mac_ctx kc;

	assert_int_equal(mac->setkey(mac, kc.mem, (struct adit_span){key, KEY}), ADIT_OK);
	for (size_t i = 0; i < n; i++)
		for (size_t cut = 0; cut <= known[i].len; cut++) {
			const struct adit_span parts[] = {
				{message, cut}, {NULL, 0}, {message + cut, known[i].len - cut}};
			uint8_t out[BLOCK];

			assert_int_equal(mac->sum(mac, kc.mem, parts, 3, out), ADIT_OK);
			assert_memory_equal(out, known[i].mac, BLOCK);
		}
	mac->wipe(mac, kc.mem);
}

static void
test_cmac_gives_the_values_of_rfc_4493(void **state)
{
	static const uint8_t key[KEY] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
					 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
	static const uint8_t message[MESSAGE] = {
		0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73,
		0x93, 0x17, 0x2a, 0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03, 0xac, 0x9c, 0x9e, 0xb7,
		0x6f, 0xac, 0x45, 0xaf, 0x8e, 0x51, 0x30, 0xc8, 0x1c, 0x46, 0xa3, 0x5c, 0xe4,
		0x11, 0xe5, 0xfb, 0xc1, 0x19, 0x1a, 0x0a, 0x52, 0xef, 0xf6, 0x9f, 0x24, 0x45,
		0xdf, 0x4f, 0x9b, 0x17, 0xad, 0x2b, 0x41, 0x7b, 0xe6, 0x6c, 0x37, 0x10};
	static const struct known known[] = {
		{0,
		 {0xbb, 0x1d, 0x69, 0x29, 0xe9, 0x59, 0x37, 0x28, 0x7f, 0xa3, 0x7d, 0x12, 0x9b,
		  0x75, 0x67, 0x46}},
		{16,
		 {0x07, 0x0a, 0x16, 0xb4, 0x6b, 0x4d, 0x41, 0x44, 0xf7, 0x9b, 0xdd, 0x9d, 0xd0,
		  0x4a, 0x28, 0x7c}},
		{40,
		 {0xdf, 0xa6, 0x67, 0x47, 0xde, 0x9a, 0xe6, 0x30, 0x30, 0xca, 0x32, 0x61, 0x14,
		  0x97, 0xc8, 0x27}},
		{64,
		 {0x51, 0xf0, 0xbe, 0xbf, 0x7e, 0x3b, 0x9d, 0x92, 0xfc, 0x49, 0x74, 0x17, 0x79,
		  0x36, 0x3c, 0xfe}},
	};

	(void)state;
	assert_macs(&adit_mbedtls_aes_cmac, key, message, known, 4);
}

static void
test_xcbc_gives_the_values_of_rfc_3566(void **state)
{
	static const struct known known[] = {
		{0,
		 {0x75, 0xf0, 0x25, 0x1d, 0x52, 0x8a, 0xc0, 0x1c, 0x45, 0x73, 0xdf, 0xd5, 0x84,
		  0xd7, 0x9f, 0x29}},
		{3,
		 {0x5b, 0x37, 0x65, 0x80, 0xae, 0x2f, 0x19, 0xaf, 0xe7, 0x21, 0x9c, 0xee, 0xf1,
		  0x72, 0x75, 0x6f}},
		{16,
		 {0xd2, 0xa2, 0x46, 0xfa, 0x34, 0x9b, 0x68, 0xa7, 0x99, 0x98, 0xa4, 0x39, 0x4f,
		  0xf7, 0xa2, 0x63}},
		{20,
		 {0x47, 0xf5, 0x1b, 0x45, 0x64, 0x96, 0x62, 0x15, 0xb8, 0x98, 0x5c, 0x63, 0x05,
		  0x5e, 0xd3, 0x08}},
		{32,
		 {0xf5, 0x4f, 0x0e, 0xc8, 0xd2, 0xb9, 0xf3, 0xd3, 0x68, 0x07, 0x73, 0x4b, 0xd5,
		  0x28, 0x3f, 0xd4}},
		{34,
		 {0xbe, 0xcb, 0xb3, 0xbc, 0xcd, 0xb5, 0x18, 0xa3, 0x06, 0x77, 0xd5, 0x48, 0x1f,
		  0xb6, 0xb4, 0xd8}},
	};
	uint8_t key[KEY], message[MESSAGE];

	(void)state;
	for (size_t i = 0; i < MESSAGE; i++)
		message[i] = (uint8_t)i;
	memcpy(key, message, KEY);
	assert_macs(&adit_mbedtls_aes_xcbc, key, message, known, 6);
}

static void
test_gmac_is_gcm_over_the_parts_together(void **state)
{
	const struct adit_aead *const aeads[] = {&adit_mbedtls_aes128_gmac,
						 &adit_mbedtls_ah_aes128_gmac};
	uint8_t key[20], message[300], tag[16], want[16], nonce[12];

	(void)state;
	memset(message, 0x37, sizeof message);
	memset(key, 0x11, sizeof key);
	for (size_t n = 0; n < 250; n++)
		for (size_t a = 0; a < 2; a++) {
			bool ah = a == 1;
			size_t whole = 8 + (ah ? 0u : 8u) + n + (ah ? 4u : 0u);
			struct adit_aead_op op = {.iv = message + 8,
						  .aad = {message, 8},
						  .data = message + (ah ? 8 : 16),
						  .len = n,
						  .icv = tag};
			mbedtls_gcm_context gcm;
			union adit_keyctx kc;

			if (ah)
				op.tail = (struct adit_span){message + 8 + n, 4};
			memcpy(nonce, key + 16, 4);
			memcpy(nonce + 4, message + 8, 8);
			mbedtls_gcm_init(&gcm);
			assert_int_equal(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 128),
					 0);
			assert_int_equal(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, 0,
								   nonce, 12, message, whole, NULL,
								   NULL, 16, want),
					 0);
			mbedtls_gcm_free(&gcm);
			assert_int_equal(aeads[a]->setkey(aeads[a], kc.mem,
							  (struct adit_span){key, sizeof key}),
					 ADIT_OK);
			aeads[a]->seal(aeads[a], kc.mem, &op, 1);
			assert_int_equal(op.status, ADIT_OK);
			assert_memory_equal(tag, want, 16);
			aeads[a]->open(aeads[a], kc.mem, &op, 1);
			assert_int_equal(op.status, ADIT_OK);
			tag[n % 16] ^= 1;
			aeads[a]->open(aeads[a], kc.mem, &op, 1);
			assert_int_equal(op.status, ADIT_ERR_ICV);
			aeads[a]->wipe(aeads[a], kc.mem);
		}
}

/* --- A cipher that fails at its n-th call. */

static unsigned countdown;

static enum adit_status
faulty_setkey(void *kc, struct adit_span key)
{
	if (countdown && --countdown == 0)
		return ADIT_ERR_CRYPTO;
	return adit_mbedtls_aes.setkey(kc, key);
}

static enum adit_status
faulty_encrypt(void *kc, const uint8_t *in, uint8_t *out)
{
	if (countdown && --countdown == 0)
		return ADIT_ERR_CRYPTO;
	return adit_mbedtls_aes.encrypt(kc, in, out);
}

/* Keys, and sums a message of three parts and three blocks. */
static enum adit_status
sum_once(const struct adit_mac *mac, uint8_t *out)
{
	static const uint8_t key[KEY] = {7}, message[40] = {8};
	const struct adit_span parts[] = {{message, 36}, {message + 36, 3}, {message + 39, 1}};
	union adit_mac_ctx kc;
	enum adit_status st = mac->setkey(mac, kc.mem, (struct adit_span){key, KEY});

	if (st != ADIT_OK)
		return st;
	st = mac->sum(mac, kc.mem, parts, 3, out);
	mac->wipe(mac, kc.mem);
	return st;
}

static void
test_a_cipher_that_fails_at_any_call_fails_the_mac(void **state)
{
	static const struct adit_mac *const macs[] = {&adit_mbedtls_aes_cmac,
						      &adit_mbedtls_aes_xcbc};
	struct adit_block block = adit_mbedtls_aes;
	uint8_t want[BLOCK], out[BLOCK];

	(void)state;
	block.setkey = faulty_setkey;
	block.encrypt = faulty_encrypt;
	for (size_t i = 0; i < 2; i++) {
		/* A key, the subkeys' blocks, and the three blocks of the message. */
		const unsigned calls = i ? 2 + 3 + 3 : 1 + 1 + 3;
		struct adit_mac faulty = *macs[i];

		faulty.block = &block;
		countdown = 0;
		assert_int_equal(sum_once(macs[i], want), ADIT_OK);
		for (unsigned n = 1; n <= calls; n++) {
			memset(out, 0, sizeof out);
			countdown = n;
			assert_int_equal(sum_once(&faulty, out), ADIT_ERR_CRYPTO);
			assert_int_equal(countdown, 0);
			assert_memory_not_equal(out, want, BLOCK);
		}
		countdown = calls + 1;
		assert_int_equal(sum_once(&faulty, out), ADIT_OK);
		assert_memory_equal(out, want, BLOCK);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cmac_gives_the_values_of_rfc_4493),
		cmocka_unit_test(test_xcbc_gives_the_values_of_rfc_3566),
		cmocka_unit_test(test_gmac_is_gcm_over_the_parts_together),
		cmocka_unit_test(test_a_cipher_that_fails_at_any_call_fails_the_mac),
	};

	return cmocka_run_group_tests_name("cbc_mac", tests, NULL, NULL);
}
