/* The payload chain. Attack corpus: CHAIN-01 to CHAIN-05, CHAIN-07 to CHAIN-11. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/trace.h"
#include "wire/ike_chain.h"

static enum adit_status
index_chain(const uint8_t *p, size_t n, uint8_t first, struct adit_ike_chain *chain)
{
	return adit_ike_get_chain((struct adit_span){p, n}, first, chain);
}

static void
test_chain_gives_bodies_by_type(void **state)
{
	static const uint8_t bytes[] = {40, 0, 0, 6, 1, 2, 41, 0, 0, 4, 0, 0, 0, 5, 9};
	struct adit_ike_chain c;

	(void)state;
	assert_int_equal(index_chain(bytes, sizeof bytes, ADIT_PAYLOAD_SA, &c), ADIT_OK);
	assert_int_equal(c.present, ADIT_PAYLOAD_BIT(ADIT_PAYLOAD_SA) |
					    ADIT_PAYLOAD_BIT(ADIT_PAYLOAD_NONCE) |
					    ADIT_PAYLOAD_BIT(ADIT_PAYLOAD_NOTIFY));
	assert_int_equal(adit_ike_body(&c, ADIT_PAYLOAD_SA).n, 2);
	assert_ptr_equal(adit_ike_body(&c, ADIT_PAYLOAD_SA).p, bytes + 4);
	assert_int_equal(adit_ike_body(&c, ADIT_PAYLOAD_NONCE).n, 0);
	assert_int_equal(adit_ike_body(&c, ADIT_PAYLOAD_NOTIFY).p[0], 9);
	assert_false(adit_ike_has(&c, ADIT_PAYLOAD_KE));
	assert_null(adit_ike_body(&c, ADIT_PAYLOAD_KE).p);
}

static void
test_chain_without_payloads_is_empty(void **state)
{
	struct adit_ike_chain c;

	(void)state;
	assert_int_equal(index_chain(NULL, 0, ADIT_PAYLOAD_NONE, &c), ADIT_OK);
	assert_int_equal(c.present, 0);
}

static void
test_chain_01_length_below_its_header_is_refused_for_every_type(void **state)
{
	struct adit_ike_chain c;

	(void)state;
	for (unsigned type = 1; type < 256; type++)
		for (uint8_t len = 0; len < 4; len++) {
			const uint8_t bytes[] = {0, 0, 0, len, 0, 0, 0, 0};

			assert_int_equal(index_chain(bytes, sizeof bytes, (uint8_t)type, &c),
					 ADIT_ERR_MALFORMED);
		}
}

static void
test_chain_02_length_past_the_end_is_refused(void **state)
{
	uint8_t bytes[] = {0, 0, 0, 0, 1, 2, 3, 4};
	struct adit_ike_chain c;

	(void)state;
	for (unsigned len = 9; len <= 0xffff; len++) {
		adit_store16(bytes + 2, (uint16_t)len);
		assert_int_equal(index_chain(bytes, sizeof bytes, ADIT_PAYLOAD_NONCE, &c),
				 ADIT_ERR_MALFORMED);
	}
}

static void
test_chain_02_truncated_anywhere_is_refused(void **state)
{
	static const uint8_t bytes[] = {40, 0, 0, 6, 1, 2, 41, 0, 0, 4, 0, 0, 0, 5, 9};
	struct adit_ike_chain c;

	(void)state;
	for (size_t n = 0; n < sizeof bytes; n++)
		assert_int_equal(index_chain(bytes, n, ADIT_PAYLOAD_SA, &c), ADIT_ERR_MALFORMED);
}

/* n empty payloads of one type, then nothing. */
static size_t
many(uint8_t *out, size_t n, uint8_t type)
{
	for (size_t i = 0; i < n; i++) {
		out[4 * i] = i + 1 < n ? type : ADIT_PAYLOAD_NONE;
		out[4 * i + 1] = 0;
		adit_store16(out + 4 * i + 2, 4);
	}
	return 4 * n;
}

static void
test_chain_03_number_of_payloads_is_bounded(void **state)
{
	static const size_t few[] = {2, 20, 21, ADIT_IKE_PAYLOADS_MAX};
	static const size_t too_many[] = {ADIT_IKE_PAYLOADS_MAX + 1, 1000, 16382};
	static uint8_t bytes[4 * 16382];
	struct adit_ike_chain c;

	(void)state;
	for (size_t i = 0; i < sizeof few / sizeof few[0]; i++)
		assert_int_equal(index_chain(bytes, many(bytes, few[i], 200), 200, &c), ADIT_OK);
	for (size_t i = 0; i < sizeof too_many / sizeof too_many[0]; i++)
		assert_int_equal(index_chain(bytes, many(bytes, too_many[i], 200), 200, &c),
				 ADIT_ERR_MALFORMED);
}

static bool
is_known(unsigned type)
{
	return type >= ADIT_PAYLOAD_FIRST && type <= ADIT_PAYLOAD_LAST;
}

static void
test_chain_04_unknown_payloads_are_skipped_unless_critical(void **state)
{
	struct adit_ike_chain c;

	(void)state;
	for (unsigned type = 1; type < 256; type++) {
		uint8_t bytes[] = {0, 0, 0, 5, 7};

		if (is_known(type))
			continue;
		assert_int_equal(index_chain(bytes, sizeof bytes, (uint8_t)type, &c), ADIT_OK);
		assert_int_equal(c.present, 0);
		bytes[1] = 0x80;
		assert_int_equal(index_chain(bytes, sizeof bytes, (uint8_t)type, &c),
				 ADIT_ERR_CRITICAL);
		assert_int_equal(c.unknown_critical, type);
	}
}

static void
test_chain_05_11_critical_and_reserved_bits_of_known_payloads_are_ignored(void **state)
{
	const uint8_t bytes[] = {0, 0xff, 0, 4};
	struct adit_ike_chain c;

	(void)state;
	for (uint8_t type = ADIT_PAYLOAD_FIRST; type <= ADIT_PAYLOAD_LAST; type++) {
		assert_int_equal(index_chain(bytes, sizeof bytes, type, &c), ADIT_OK);
		assert_int_equal(c.present, ADIT_PAYLOAD_BIT(type));
	}
}

static void
test_chain_07_payloads_that_may_come_once_are_refused_twice(void **state)
{
	static const uint8_t repeatable[] = {ADIT_PAYLOAD_CERT, ADIT_PAYLOAD_CERTREQ,
					     ADIT_PAYLOAD_NOTIFY, ADIT_PAYLOAD_DELETE,
					     ADIT_PAYLOAD_VENDOR};
	struct adit_ike_chain c;

	(void)state;
	for (uint8_t type = ADIT_PAYLOAD_FIRST; type <= ADIT_PAYLOAD_LAST; type++) {
		const uint8_t bytes[] = {type, 0, 0, 5, 1, 0, 0, 0, 5, 2};
		bool may = memchr(repeatable, type, sizeof repeatable) != NULL;

		assert_int_equal(index_chain(bytes, sizeof bytes, type, &c),
				 may ? ADIT_OK : ADIT_ERR_MALFORMED);
		if (may)
			assert_int_equal(adit_ike_body(&c, (enum adit_payload_type)type).p[0], 1);
	}
}

static void
test_chain_09_sk_must_be_last(void **state)
{
	/* Behind SK: its "next payload" is of the inside, so more bytes are more than the chain. */
	static const uint8_t followed[] = {41, 0, 0, 6, 1, 2, 0, 0, 0, 4};
	static const uint8_t last[] = {46, 0, 0, 4, 35, 0, 0, 6, 1, 2};
	struct adit_ike_chain c;

	(void)state;
	assert_int_equal(index_chain(followed, sizeof followed, ADIT_PAYLOAD_SK, &c),
			 ADIT_ERR_MALFORMED);
	assert_int_equal(index_chain(last, sizeof last, ADIT_PAYLOAD_NOTIFY, &c), ADIT_OK);
	assert_int_equal(c.sk_first, ADIT_PAYLOAD_IDI);
	assert_int_equal(adit_ike_body(&c, ADIT_PAYLOAD_SK).n, 2);
}

static void
test_chain_10_bytes_behind_the_last_payload_are_refused(void **state)
{
	static const uint8_t trailing[] = {0, 0, 0, 5, 1, 0};
	static const uint8_t none_in_the_middle[] = {0, 0, 0, 4, 41, 0, 0, 4};
	static const uint8_t next_but_no_more[] = {41, 0, 0, 4};
	struct adit_ike_chain c;

	(void)state;
	assert_int_equal(index_chain(trailing, sizeof trailing, 40, &c), ADIT_ERR_MALFORMED);
	assert_int_equal(index_chain(none_in_the_middle, sizeof none_in_the_middle, 40, &c),
			 ADIT_ERR_MALFORMED);
	assert_int_equal(index_chain(next_but_no_more, sizeof next_but_no_more, 40, &c),
			 ADIT_ERR_MALFORMED);
	assert_int_equal(index_chain(trailing, 1, ADIT_PAYLOAD_NONE, &c), ADIT_ERR_MALFORMED);
}

static void
test_payload_next_walks_a_chain_to_its_end(void **state)
{
	static const uint8_t bytes[] = {41, 0, 0, 5, 1, 46, 0, 0, 5, 2, 35, 0, 0, 5, 3};
	struct adit_span chain = {bytes, sizeof bytes}, body;
	uint8_t type = ADIT_PAYLOAD_NOTIFY;

	(void)state;
	assert_true(adit_payload_next(&type, &chain, &body));
	assert_int_equal(body.p[0], 1);
	assert_int_equal(type, ADIT_PAYLOAD_NOTIFY);
	assert_true(adit_payload_next(&type, &chain, &body));
	assert_int_equal(type, ADIT_PAYLOAD_SK);
	assert_true(adit_payload_next(&type, &chain, &body));
	assert_int_equal(body.p[0], 3);
	assert_int_equal(type, ADIT_PAYLOAD_NONE);
	assert_false(adit_payload_next(&type, &chain, &body));
}

static void
test_payload_next_ends_at_a_malformed_payload(void **state)
{
	static const uint8_t bytes[] = {41, 0, 0, 6, 1};
	struct adit_span chain = {bytes, sizeof bytes}, body;
	uint8_t type = ADIT_PAYLOAD_NOTIFY;

	(void)state;
	assert_false(adit_payload_next(&type, &chain, &body));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain_gives_bodies_by_type),
		cmocka_unit_test(test_chain_without_payloads_is_empty),
		cmocka_unit_test(test_chain_01_length_below_its_header_is_refused_for_every_type),
		cmocka_unit_test(test_chain_02_length_past_the_end_is_refused),
		cmocka_unit_test(test_chain_02_truncated_anywhere_is_refused),
		cmocka_unit_test(test_chain_03_number_of_payloads_is_bounded),
		cmocka_unit_test(test_chain_04_unknown_payloads_are_skipped_unless_critical),
		cmocka_unit_test(
			test_chain_05_11_critical_and_reserved_bits_of_known_payloads_are_ignored),
		cmocka_unit_test(test_chain_07_payloads_that_may_come_once_are_refused_twice),
		cmocka_unit_test(test_chain_09_sk_must_be_last),
		cmocka_unit_test(test_chain_10_bytes_behind_the_last_payload_are_refused),
		cmocka_unit_test(test_payload_next_walks_a_chain_to_its_end),
		cmocka_unit_test(test_payload_next_ends_at_a_malformed_payload),
	};

	return cmocka_run_group_tests_name("ike_chain", tests, NULL, NULL);
}
