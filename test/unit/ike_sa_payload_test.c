/* SA payloads. Attack corpus: SA-01 to SA-05. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/ike_sa_payload.h"

/* Proposal 1, ESP, SPI, two transforms (ENCR 20 with 128-bit key, SN 0); proposal 2, ESP, one. */
static const uint8_t good[] = {
	2, 0, 0, 32, 1, 3, 4, 2,  0xa,  0xb, 0xc, 0xd, /* proposal 1 */
	3, 0, 0, 12, 1, 0, 0, 20, 0x80, 14,  0,   128, /* ENCR */
	0, 0, 0, 8,  5, 0, 0, 0,                       /* SN */
	0, 0, 0, 20, 2, 3, 4, 1,  1,    2,   3,   4,   /* proposal 2 */
	0, 0, 0, 8,  1, 0, 0, 28,                      /* ENCR */
};
enum { P1 = 0, T1 = 12, A1 = 20, T2 = 24, P2 = 32, T3 = 44 };

static enum adit_status
check(const uint8_t *p, size_t n)
{
	return adit_ike_check_sa((struct adit_span){p, n});
}

/* The good one with one byte changed. */
static enum adit_status
check_with(size_t at, uint8_t value)
{
	uint8_t bytes[sizeof good];

	memcpy(bytes, good, sizeof bytes);
	bytes[at] = value;
	return check(bytes, sizeof bytes);
}

static void
test_sa_iterators_give_what_is_there(void **state)
{
	struct adit_span rest = {good, sizeof good}, transforms;
	struct adit_ike_transform t;
	struct adit_ike_proposal p;

	(void)state;
	assert_int_equal(check(good, sizeof good), ADIT_OK);
	assert_true(adit_ike_proposal_next(&rest, &p));
	assert_int_equal(p.number, 1);
	assert_int_equal(p.protocol, ADIT_IKE_PROTO_ESP);
	assert_int_equal(p.transform_count, 2);
	assert_int_equal(p.spi.n, 4);
	assert_ptr_equal(p.spi.p, good + 8);
	transforms = p.transforms;
	assert_true(adit_ike_transform_next(&transforms, &t));
	assert_int_equal(t.t.type, ADIT_TRANSFORM_ENCR);
	assert_int_equal(t.t.id, 20);
	assert_int_equal(t.t.key_bits, 128);
	assert_true(t.usable);
	assert_true(adit_ike_transform_next(&transforms, &t));
	assert_int_equal(t.t.type, ADIT_TRANSFORM_SN);
	assert_int_equal(t.t.key_bits, 0);
	assert_false(adit_ike_transform_next(&transforms, &t));
	assert_true(adit_ike_proposal_next(&rest, &p));
	assert_int_equal(p.number, 2);
	assert_false(adit_ike_proposal_next(&rest, &p));
}

static void
test_sa_written_is_the_sa_read(void **state)
{
	struct adit_ike_header h;
	struct adit_ike_sa_writer s;
	struct adit_ike_writer m;
	uint8_t out[256];
	size_t len = 0;

	(void)state;
	memset(&h, 0, sizeof h);
	adit_ike_put_start(&m, (struct adit_buf){out, sizeof out}, &h);
	adit_ike_put_sa(&s, &m);
	adit_ike_put_proposal(&s, 0, ADIT_IKE_PROTO_ESP, (struct adit_span){good + 8, 4});
	adit_ike_put_transform(&s, &(struct adit_transform){ADIT_TRANSFORM_ENCR, 20, 128});
	adit_ike_put_transform(&s, &(struct adit_transform){ADIT_TRANSFORM_SN, 0, 0});
	adit_ike_put_proposal(&s, 0, ADIT_IKE_PROTO_ESP, (struct adit_span){good + 40, 4});
	adit_ike_put_transform(&s, &(struct adit_transform){ADIT_TRANSFORM_ENCR, 28, 0});
	adit_ike_put_sa_end(&s);
	assert_int_equal(adit_ike_put_end(&m, &len), ADIT_OK);
	assert_int_equal(len, 28 + 4 + sizeof good);
	assert_memory_equal(out + 32, good, sizeof good);
}

static void
test_sa_writer_without_room_says_so(void **state)
{
	uint8_t out[128];

	(void)state;
	for (size_t cap = 0; cap < 28 + 4 + 20; cap++) {
		struct adit_ike_header h;
		struct adit_ike_sa_writer s;
		struct adit_ike_writer m;
		size_t len;

		memset(&h, 0, sizeof h);
		memset(out, 0x5a, sizeof out);
		adit_ike_put_start(&m, (struct adit_buf){out, cap}, &h);
		adit_ike_put_sa(&s, &m);
		adit_ike_put_proposal(&s, 0, ADIT_IKE_PROTO_ESP, (struct adit_span){good + 8, 4});
		adit_ike_put_transform(&s, &(struct adit_transform){ADIT_TRANSFORM_ENCR, 28, 0});
		adit_ike_put_sa_end(&s);
		assert_int_equal(adit_ike_put_end(&m, &len), ADIT_ERR_ROOM);
		for (size_t i = cap; i < sizeof out; i++)
			assert_int_equal(out[i], 0x5a);
	}
}

static void
test_sa_truncated_or_with_more_behind_is_refused(void **state)
{
	uint8_t bytes[sizeof good + 1];

	(void)state;
	memcpy(bytes, good, sizeof good);
	bytes[sizeof good] = 0;
	for (size_t n = 0; n < sizeof good; n++)
		assert_int_equal(check(good, n), ADIT_ERR_MALFORMED);
	assert_int_equal(check(bytes, sizeof bytes), ADIT_ERR_MALFORMED);
}

static void
test_sa_01_numbers_begin_at_1_and_rise_by_1(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 256; n++) {
		assert_int_equal(check_with(P1 + 4, (uint8_t)n) == ADIT_OK, n == 1);
		assert_int_equal(check_with(P2 + 4, (uint8_t)n) == ADIT_OK, n == 2);
	}
}

static void
test_sa_01_answer_of_one_proposal_may_have_any_number_but_0(void **state)
{
	uint8_t bytes[20];

	(void)state;
	memcpy(bytes, good + P2, sizeof bytes);
	for (unsigned n = 0; n < 256; n++) {
		bytes[4] = (uint8_t)n;
		assert_int_equal(check(bytes, sizeof bytes) == ADIT_OK, n != 0);
	}
}

static void
test_sa_01_255_proposals_are_walked_and_256_are_refused(void **state)
{
	static uint8_t bytes[256 * 20];

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		memcpy(bytes + 20 * i, good + P2, 20);
		bytes[20 * i] = 2;
		bytes[20 * i + 4] = (uint8_t)(i + 1);
	}
	bytes[20 * 254] = 0;
	assert_int_equal(check(bytes, 255 * 20), ADIT_OK);
	bytes[20 * 254] = 2;
	bytes[20 * 255] = 0;
	assert_int_equal(check(bytes, 256 * 20), ADIT_ERR_MALFORMED);
}

static void
test_sa_02_last_markers_must_tell_the_truth(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 256; v++) {
		assert_int_equal(check_with(P1, (uint8_t)v) == ADIT_OK, v == 2);
		assert_int_equal(check_with(P2, (uint8_t)v) == ADIT_OK, v == 0);
		assert_int_equal(check_with(T1, (uint8_t)v) == ADIT_OK, v == 3);
		assert_int_equal(check_with(T2, (uint8_t)v) == ADIT_OK, v == 0);
	}
}

static void
test_sa_02_proposal_length_must_hold_its_transforms(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 256; v++)
		assert_int_equal(check_with(P1 + 3, (uint8_t)v) == ADIT_OK, v == 32);
}

static void
test_sa_03_spi_sizes(void **state)
{
	static const uint8_t protocols[] = {ADIT_IKE_PROTO_IKE, ADIT_IKE_PROTO_AH,
					    ADIT_IKE_PROTO_ESP};
	static const uint8_t transform[] = {0, 0, 0, 8, 1, 0, 0, 28};

	(void)state;
	for (size_t i = 0; i < sizeof protocols; i++)
		for (unsigned spi = 0; spi < 256; spi++) {
			uint8_t bytes[8 + 255 + 8] = {0, 0, 0, 0, 1, protocols[i], (uint8_t)spi, 1};
			bool right = protocols[i] == ADIT_IKE_PROTO_IKE ? spi == 0 || spi == 8
									: spi == 4;

			adit_store16(bytes + 2, (uint16_t)(16 + spi));
			memcpy(bytes + 8 + spi, transform, sizeof transform);
			assert_int_equal(check(bytes, 16 + spi) == ADIT_OK, right);
		}
}

static void
test_sa_of_an_unknown_protocol_is_no_fault(void **state)
{
	(void)state;
	for (unsigned protocol = 4; protocol < 256; protocol++)
		assert_int_equal(check_with(P1 + 5, (uint8_t)protocol), ADIT_OK);
}

static void
test_sa_04_transform_counts_must_tell_the_truth(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 256; v++)
		assert_int_equal(check_with(P1 + 7, (uint8_t)v) == ADIT_OK, v == 2);
	/* none at all */
	assert_int_equal(check((const uint8_t[]){0, 0, 0, 12, 1, 3, 4, 0, 1, 2, 3, 4}, 12),
			 ADIT_ERR_MALFORMED);
}

static void
test_sa_04_transform_lengths_must_fit(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 256; v++) {
		assert_int_equal(check_with(T1 + 3, (uint8_t)v) == ADIT_OK, v == 12);
		assert_int_equal(check_with(T3 + 3, (uint8_t)v) == ADIT_OK, v == 8);
	}
}

static void
test_sa_reserved_bytes_are_ignored(void **state)
{
	(void)state;
	assert_int_equal(check_with(P1 + 1, 0xff), ADIT_OK);
	assert_int_equal(check_with(T1 + 1, 0xff), ADIT_OK);
	assert_int_equal(check_with(T1 + 5, 0xff), ADIT_OK);
}

/* A transform with these attributes. */
static bool
read_transform(const uint8_t *attributes, size_t n, struct adit_ike_transform *t)
{
	uint8_t bytes[64] = {0, 0, 0, (uint8_t)(8 + n), 1, 0, 0, 12};
	struct adit_span rest = {bytes, 8 + n};

	memcpy(bytes + 8, attributes, n);
	return adit_ike_transform_next(&rest, t);
}

static void
test_sa_05_odd_attributes_make_a_transform_unusable(void **state)
{
	static const uint8_t key_length[] = {0x80, 14, 1, 0};
	static const uint8_t twice[] = {0x80, 14, 0, 128, 0x80, 14, 0, 128};
	static const uint8_t zero[] = {0x80, 14, 0, 0};
	static const uint8_t unknown[] = {0x80, 15, 0, 1};
	static const uint8_t tlv_empty[] = {0, 14, 0, 0};
	static const uint8_t tlv_one[] = {0, 14, 0, 1, 7};
	static const uint8_t tlv_beyond[] = {0, 14, 0xff, 0xff};
	static const uint8_t cut_short[] = {0x80, 14, 0};
	struct adit_ike_transform t;

	(void)state;
	assert_true(read_transform(key_length, sizeof key_length, &t));
	assert_true(t.usable);
	assert_int_equal(t.t.key_bits, 256);
	assert_true(read_transform(twice, sizeof twice, &t));
	assert_false(t.usable);
	assert_true(read_transform(zero, sizeof zero, &t));
	assert_false(t.usable);
	assert_true(read_transform(unknown, sizeof unknown, &t));
	assert_false(t.usable);
	assert_true(read_transform(tlv_empty, sizeof tlv_empty, &t));
	assert_false(t.usable);
	assert_true(read_transform(tlv_one, sizeof tlv_one, &t));
	assert_false(t.usable);
	assert_false(read_transform(tlv_beyond, sizeof tlv_beyond, &t));
	assert_false(read_transform(cut_short, sizeof cut_short, &t));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sa_iterators_give_what_is_there),
		cmocka_unit_test(test_sa_written_is_the_sa_read),
		cmocka_unit_test(test_sa_writer_without_room_says_so),
		cmocka_unit_test(test_sa_truncated_or_with_more_behind_is_refused),
		cmocka_unit_test(test_sa_01_numbers_begin_at_1_and_rise_by_1),
		cmocka_unit_test(test_sa_01_answer_of_one_proposal_may_have_any_number_but_0),
		cmocka_unit_test(test_sa_01_255_proposals_are_walked_and_256_are_refused),
		cmocka_unit_test(test_sa_02_last_markers_must_tell_the_truth),
		cmocka_unit_test(test_sa_02_proposal_length_must_hold_its_transforms),
		cmocka_unit_test(test_sa_03_spi_sizes),
		cmocka_unit_test(test_sa_of_an_unknown_protocol_is_no_fault),
		cmocka_unit_test(test_sa_04_transform_counts_must_tell_the_truth),
		cmocka_unit_test(test_sa_04_transform_lengths_must_fit),
		cmocka_unit_test(test_sa_reserved_bytes_are_ignored),
		cmocka_unit_test(test_sa_05_odd_attributes_make_a_transform_unusable),
	};

	return cmocka_run_group_tests_name("ike_sa_payload", tests, NULL, NULL);
}
