/* The SK payload, with a combined mode and with a cipher and a MAC. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "ike/protect.h"
#include "wire/ike_payload.h"

static const struct adit_aead *const aeads[] = {
	&adit_mbedtls_aes128_gcm16, &adit_mbedtls_chacha20_poly1305,
	&adit_mbedtls_aes128_cbc_sha256, &adit_mbedtls_aes256_cbc_sha512};
#define AEADS (sizeof aeads / sizeof aeads[0])

/* Both ends of one direction, and a message between them. */
struct world {
	struct adit_protect out, in;
	uint8_t msg[512];
	size_t len;
	struct adit_ike_chain outer;
	uint8_t first;
	struct adit_span inner;
};

static void
key(struct world *w, const struct adit_aead *aead)
{
	uint8_t secret[ADIT_AEAD_KEY_MAX];

	memset(secret, 0x2b, sizeof secret);
	memset(w, 0, sizeof *w);
	assert_int_equal(adit_protect_key(&w->out, aead,
					  (struct adit_span){secret, adit_aead_key_len(aead)}),
			 ADIT_OK);
	assert_int_equal(
		adit_protect_key(&w->in, aead, (struct adit_span){secret, adit_aead_key_len(aead)}),
		ADIT_OK);
}

static void
done(struct world *w)
{
	adit_protect_wipe(&w->out);
	adit_protect_wipe(&w->in);
}

/* A message with a notify of n bytes of data, or with nothing inside. */
static enum adit_status
send(struct world *w, size_t cap, const uint8_t *data, size_t n)
{
	struct adit_ike_header h;
	struct adit_ike_writer m;

	memset(&h, 0, sizeof h);
	h.exchange = ADIT_EXCHANGE_INFORMATIONAL;
	adit_protect_start(&m, (struct adit_buf){w->msg, cap}, &h, w->out.aead);
	if (data != NULL)
		adit_ike_put_notify_data(&m, 40000, (struct adit_span){data, n});
	return adit_protect_end(&m, &w->out, &w->len);
}

static enum adit_status
receive(struct world *w)
{
	struct adit_ike_header h;

	assert_int_equal(adit_ike_get_header((struct adit_span){w->msg, w->len}, &h), ADIT_OK);
	assert_int_equal(h.first_payload, ADIT_PAYLOAD_SK);
	assert_int_equal(adit_ike_get_chain((struct adit_span){w->msg + 28, w->len - 28},
					    h.first_payload, &w->outer),
			 ADIT_OK);
	return adit_protect_open(&w->in, w->msg, &w->outer, &w->first, &w->inner);
}

static void
test_message_sealed_is_the_message_opened_at_every_length(void **state)
{
	static const uint8_t data[70] = {1, 2, 3};
	struct world w;

	(void)state;
	for (size_t a = 0; a < AEADS; a++)
		for (size_t n = 0; n <= sizeof data; n++) {
			struct adit_ike_notify got;
			struct adit_ike_chain c;

			key(&w, aeads[a]);
			assert_int_equal(send(&w, sizeof w.msg, data, n), ADIT_OK);
			assert_int_equal(receive(&w), ADIT_OK);
			assert_int_equal(w.first, ADIT_PAYLOAD_NOTIFY);
			assert_int_equal(adit_ike_get_chain(w.inner, w.first, &c), ADIT_OK);
			assert_true(adit_ike_find_notify(&c, 40000, &got));
			assert_int_equal(got.data.n, n);
			assert_memory_equal(got.data.p, data, n);
			done(&w);
		}
}

static void
test_message_with_nothing_inside(void **state)
{
	struct world w;

	(void)state;
	for (size_t a = 0; a < AEADS; a++) {
		key(&w, aeads[a]);
		assert_int_equal(send(&w, sizeof w.msg, NULL, 0), ADIT_OK);
		assert_int_equal(receive(&w), ADIT_OK);
		assert_int_equal(w.first, ADIT_PAYLOAD_NONE);
		assert_int_equal(w.inner.n, 0);
		done(&w);
	}
}

static void
test_every_bit_of_a_message_is_authenticated(void **state)
{
	static const uint8_t data[5] = {9};
	uint8_t sealed[512];
	struct world w;

	(void)state;
	for (size_t a = 0; a < AEADS; a++) {
		key(&w, aeads[a]);
		assert_int_equal(send(&w, sizeof w.msg, data, sizeof data), ADIT_OK);
		memcpy(sealed, w.msg, w.len);
		assert_int_equal(receive(&w), ADIT_OK);
		for (size_t bit = 0; bit < 8 * w.len; bit++) {
			memcpy(w.msg, sealed, w.len);
			w.msg[bit / 8] ^= (uint8_t)(1u << bit % 8);
			/* The chain is indexed already, as if the lengths had stayed. */
			assert_int_equal(
				adit_protect_open(&w.in, w.msg, &w.outer, &w.first, &w.inner),
				ADIT_ERR_ICV);
		}
		done(&w);
	}
}

static void
test_each_message_has_its_own_iv(void **state)
{
	uint8_t before[ADIT_IV_MAX];
	struct world w;

	(void)state;
	for (size_t a = 0; a < AEADS; a++) {
		key(&w, aeads[a]);
		assert_int_equal(send(&w, sizeof w.msg, NULL, 0), ADIT_OK);
		memcpy(before, w.msg + 32, aeads[a]->iv_len);
		assert_int_equal(send(&w, sizeof w.msg, NULL, 0), ADIT_OK);
		assert_memory_not_equal(w.msg + 32, before, aeads[a]->iv_len);
		assert_int_equal(w.out.sealed, 2);
		done(&w);
	}
}

static void
test_too_little_room_is_said_and_leaves_no_plaintext(void **state)
{
	static const uint8_t data[] = "plaintext";
	struct world w;

	(void)state;
	for (size_t a = 0; a < AEADS; a++) {
		size_t need;

		key(&w, aeads[a]);
		assert_int_equal(send(&w, sizeof w.msg, data, sizeof data), ADIT_OK);
		need = w.len;
		for (size_t cap = 0; cap < need; cap++) {
			memset(w.msg, 0x5a, sizeof w.msg);
			assert_int_equal(send(&w, cap, data, sizeof data), ADIT_ERR_ROOM);
			for (size_t i = 0; i < sizeof w.msg; i++)
				assert_int_equal(w.msg[i], i < cap ? 0 : 0x5a);
		}
		assert_int_equal(w.out.sealed, 1);
		done(&w);
	}
}

static void
test_sk_bodies_of_every_impossible_size_are_refused(void **state)
{
	struct world w;

	(void)state;
	for (size_t a = 0; a < AEADS; a++) {
		size_t least = (size_t)aeads[a]->iv_len + aeads[a]->icv_len + 1;

		for (size_t n = 0; n < 100; n++) {
			enum adit_status st;

			key(&w, aeads[a]);
			memset(&w.outer, 0, sizeof w.outer);
			w.outer.body[ADIT_PAYLOAD_SK - ADIT_PAYLOAD_FIRST] =
				(struct adit_span){w.msg + 32, n};
			st = adit_protect_open(&w.in, w.msg, &w.outer, &w.first, &w.inner);
			if (n < least || (n - least + 1) % aeads[a]->block != 0)
				assert_int_equal(st, ADIT_ERR_MALFORMED);
			else
				assert_int_equal(st, ADIT_ERR_ICV);
			done(&w);
		}
	}
}

static void
test_padding_longer_than_its_message_is_refused(void **state)
{
	const struct adit_aead *aead = &adit_mbedtls_aes128_gcm16;
	struct adit_aead_op op;
	struct world w;

	(void)state;
	key(&w, aead);
	assert_int_equal(send(&w, sizeof w.msg, NULL, 0), ADIT_OK);
	memset(&op, 0, sizeof op);
	op.iv = w.msg + 32;
	op.aad = (struct adit_span){w.msg, 32};
	op.data = w.msg + 32 + aead->iv_len;
	op.len = 1;
	op.icv = op.data + 1;
	op.data[0] = 1; /* pad length 1 with nothing before it */
	aead->seal(aead, &w.out.kc, &op, 1);
	assert_int_equal(op.status, ADIT_OK);
	assert_int_equal(receive(&w), ADIT_ERR_PADDING);
	done(&w);
}

static void
test_a_context_too_large_is_refused(void **state)
{
	struct adit_aead huge = adit_mbedtls_aes128_gcm16;
	static const uint8_t secret[ADIT_AEAD_KEY_MAX];
	struct adit_protect p;

	(void)state;
	huge.ctx_size = ADIT_KEYCTX_SIZE + 1;
	assert_int_equal(
		adit_protect_key(&p, &huge, (struct adit_span){secret, adit_aead_key_len(&huge)}),
		ADIT_ERR_CONFIG);
	assert_null(p.aead);
	adit_protect_wipe(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message_sealed_is_the_message_opened_at_every_length),
		cmocka_unit_test(test_message_with_nothing_inside),
		cmocka_unit_test(test_every_bit_of_a_message_is_authenticated),
		cmocka_unit_test(test_each_message_has_its_own_iv),
		cmocka_unit_test(test_too_little_room_is_said_and_leaves_no_plaintext),
		cmocka_unit_test(test_sk_bodies_of_every_impossible_size_are_refused),
		cmocka_unit_test(test_padding_longer_than_its_message_is_refused),
		cmocka_unit_test(test_a_context_too_large_is_refused),
	};

	return cmocka_run_group_tests_name("protect", tests, NULL, NULL);
}
