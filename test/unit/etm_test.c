/* Encrypt-then-MAC objects: what is authenticated, and that nothing else opens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"

static const struct adit_aead *const aead = &adit_mbedtls_aes128_cbc_sha256;
static const uint8_t key[48] = {1, 2, 3}, plain[64] = {4, 5, 6}, header[8] = {7}, high[4] = {8};

/* A packet and its work. */
struct packet {
	union adit_keyctx kc;
	uint8_t iv[16], data[64], icv[16];
	struct adit_aead_op op;
};

static void
begin(struct packet *p, const struct adit_aead *of)
{
	memset(p, 0, sizeof *p);
	memcpy(p->data, plain, sizeof plain);
	p->op.iv = p->iv;
	p->op.aad = (struct adit_span){header, sizeof header};
	p->op.tail = (struct adit_span){high, sizeof high};
	p->op.data = p->data;
	p->op.len = sizeof p->data;
	p->op.icv = p->icv;
	assert_int_equal(of->setkey(of, &p->kc, (struct adit_span){key, sizeof key}), ADIT_OK);
	assert_int_equal(of->make_iv(of, &p->kc, 1, p->iv), ADIT_OK);
}

static enum adit_status
open_packet(struct packet *p)
{
	aead->open(aead, &p->kc, &p->op, 1);
	return p->op.status;
}

static void
test_seal_enciphers_then_authenticates_aad_iv_ciphertext_and_tail(void **state)
{
	const struct adit_mac *mac = aead->auth->mac;
	const struct adit_cipher *cipher = aead->cipher;
	uint8_t want[ADIT_HASH_MAX], enciphered[sizeof plain];
	union adit_mac_ctx mc;
	union adit_keyctx cc;
	struct packet p;
	const struct adit_span parts[] = {{header, sizeof header},
					  {p.iv, sizeof p.iv},
					  {p.data, sizeof p.data},
					  {high, sizeof high}};

	(void)state;
	begin(&p, aead);
	aead->seal(aead, &p.kc, &p.op, 1);
	assert_int_equal(p.op.status, ADIT_OK);
	memcpy(enciphered, plain, sizeof plain);
	assert_int_equal(cipher->setkey(&cc, (struct adit_span){key, 16}), ADIT_OK);
	assert_int_equal(cipher->encrypt(&cc, p.iv, enciphered, sizeof enciphered), ADIT_OK);
	assert_memory_equal(p.data, enciphered, sizeof enciphered);
	assert_int_equal(mac->setkey(mac, &mc, (struct adit_span){key + 16, 32}), ADIT_OK);
	assert_int_equal(mac->sum(mac, &mc, parts, 4, want), ADIT_OK);
	assert_memory_equal(p.icv, want, sizeof p.icv);
	cipher->wipe(&cc);
	mac->wipe(mac, &mc);
	aead->wipe(aead, &p.kc);
}

static void
test_open_gives_what_was_sealed(void **state)
{
	struct packet p;

	(void)state;
	begin(&p, aead);
	aead->seal(aead, &p.kc, &p.op, 1);
	assert_memory_not_equal(p.data, plain, sizeof plain);
	assert_int_equal(open_packet(&p), ADIT_OK);
	assert_memory_equal(p.data, plain, sizeof plain);
	aead->wipe(aead, &p.kc);
}

static void
flip_each_bit(struct packet *p, uint8_t *at, size_t n)
{
	uint8_t before[sizeof p->data];

	for (size_t bit = 0; bit < 8 * n; bit++) {
		at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		memcpy(before, p->data, sizeof before);
		assert_int_equal(open_packet(p), ADIT_ERR_ICV);
		assert_memory_equal(p->data, before, sizeof before); /* never deciphered */
		at[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void
test_open_refuses_every_changed_bit_and_deciphers_nothing(void **state)
{
	uint8_t aad[sizeof header], tail[sizeof high];
	struct packet p;

	(void)state;
	begin(&p, aead);
	memcpy(aad, header, sizeof aad);
	memcpy(tail, high, sizeof tail);
	aead->seal(aead, &p.kc, &p.op, 1);
	p.op.aad.p = aad;
	p.op.tail.p = tail;
	flip_each_bit(&p, aad, sizeof aad);
	flip_each_bit(&p, tail, sizeof tail);
	flip_each_bit(&p, p.iv, sizeof p.iv);
	flip_each_bit(&p, p.data, sizeof p.data);
	flip_each_bit(&p, p.icv, sizeof p.icv);
	assert_int_equal(open_packet(&p), ADIT_OK);
	aead->wipe(aead, &p.kc);
}

static void
test_each_packet_of_a_burst_has_its_own_status(void **state)
{
	struct packet a, b;
	struct adit_aead_op ops[2];

	(void)state;
	begin(&a, aead);
	begin(&b, aead);
	aead->seal(aead, &a.kc, &a.op, 1);
	aead->seal(aead, &a.kc, &b.op, 1);
	a.icv[0] ^= 1;
	ops[0] = a.op;
	ops[1] = b.op;
	aead->open(aead, &a.kc, ops, 2);
	assert_int_equal(ops[0].status, ADIT_ERR_ICV);
	assert_int_equal(ops[1].status, ADIT_OK);
	assert_memory_equal(b.data, plain, sizeof plain);
	aead->wipe(aead, &a.kc);
	aead->wipe(aead, &b.kc);
}

static void
test_keys_of_another_length_are_refused(void **state)
{
	static const uint8_t longer[ADIT_AEAD_KEY_MAX];
	union adit_keyctx kc;

	(void)state;
	for (size_t n = 0; n < sizeof longer; n++)
		if (n != sizeof key)
			assert_int_equal(aead->setkey(aead, &kc, (struct adit_span){longer, n}),
					 ADIT_ERR_ARG);
}

static void
test_wipe_leaves_nothing_of_the_keys(void **state)
{
	struct packet p;
	static const uint8_t zero[ADIT_KEYCTX_SIZE];

	(void)state;
	begin(&p, aead);
	assert_memory_not_equal(p.kc.mem, zero, aead->ctx_size);
	aead->wipe(aead, &p.kc);
	assert_memory_equal(p.kc.mem, zero, aead->ctx_size);
}

/* Parts that fail. */
static enum adit_status
fail_data(void *kc, const uint8_t *iv, uint8_t *data, size_t len)
{
	(void)kc;
	(void)iv;
	(void)data;
	(void)len;
	return ADIT_ERR_CRYPTO;
}

static enum adit_status
fail_sum(const struct adit_mac *mac, void *kc, const struct adit_span *parts, size_t n,
	 uint8_t *out)
{
	(void)mac;
	(void)kc;
	(void)parts;
	(void)n;
	(void)out;
	return ADIT_ERR_CRYPTO;
}

static unsigned wiped;

static void
count_wipe(void *kc)
{
	(void)kc;
	wiped++;
}

static enum adit_status
fail_cipher_key(void *kc, struct adit_span k)
{
	(void)kc;
	(void)k;
	return ADIT_ERR_CRYPTO;
}

static enum adit_status
fail_mac_key(const struct adit_mac *mac, void *kc, struct adit_span k)
{
	(void)mac;
	(void)kc;
	(void)k;
	return ADIT_ERR_CRYPTO;
}

static void
test_a_part_that_refuses_its_key_leaves_no_other_keyed(void **state)
{
	struct adit_aead broken = *aead;
	struct adit_cipher cipher = adit_cipher_null;
	struct adit_integ auth = *aead->auth;
	struct adit_mac mac = *aead->auth->mac;
	const struct adit_span whole = {key, 32};
	union adit_keyctx kc;

	(void)state;
	broken.encr_key_len = 0;
	broken.cipher = &cipher;
	broken.auth = &auth;
	auth.mac = &mac;
	cipher.wipe = count_wipe;
	wiped = 0;
	mac.setkey = fail_mac_key;
	assert_int_equal(broken.setkey(&broken, &kc, whole), ADIT_ERR_CRYPTO);
	assert_int_equal(wiped, 1);
	mac = *aead->auth->mac;
	cipher.setkey = fail_cipher_key;
	assert_int_equal(broken.setkey(&broken, &kc, whole), ADIT_ERR_CRYPTO);
	assert_int_equal(wiped, 1); /* nothing was keyed */
}

static void
test_a_part_that_fails_fails_the_packet(void **state)
{
	struct adit_aead broken = *aead;
	struct adit_cipher cipher = *aead->cipher;
	struct adit_integ auth = *aead->auth;
	struct adit_mac mac = *aead->auth->mac;
	struct packet p;

	(void)state;
	broken.cipher = &cipher;
	broken.auth = &auth;
	auth.mac = &mac;
	cipher.encrypt = cipher.decrypt = fail_data;
	begin(&p, &broken);
	broken.seal(&broken, &p.kc, &p.op, 1);
	assert_int_equal(p.op.status, ADIT_ERR_CRYPTO);
	cipher = *aead->cipher;
	mac.sum = fail_sum;
	broken.seal(&broken, &p.kc, &p.op, 1);
	assert_int_equal(p.op.status, ADIT_ERR_CRYPTO);
	broken.open(&broken, &p.kc, &p.op, 1);
	assert_int_equal(p.op.status, ADIT_ERR_CRYPTO);
	broken.wipe(&broken, &p.kc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seal_enciphers_then_authenticates_aad_iv_ciphertext_and_tail),
		cmocka_unit_test(test_open_gives_what_was_sealed),
		cmocka_unit_test(test_open_refuses_every_changed_bit_and_deciphers_nothing),
		cmocka_unit_test(test_each_packet_of_a_burst_has_its_own_status),
		cmocka_unit_test(test_keys_of_another_length_are_refused),
		cmocka_unit_test(test_wipe_leaves_nothing_of_the_keys),
		cmocka_unit_test(test_a_part_that_refuses_its_key_leaves_no_other_keyed),
		cmocka_unit_test(test_a_part_that_fails_fails_the_packet),
	};

	return cmocka_run_group_tests_name("etm", tests, NULL, NULL);
}
