/* The IKE header and the linking of payloads. Attack corpus: HDR-01 to HDR-03. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/ike_header.h"

static const uint8_t header[ADIT_IKE_HEADER_LEN] = {1,  2,  3,  4,  5,  6,  7,  8,    9,  10,
						    11, 12, 13, 14, 15, 16, 33, 0x20, 34, 0x08,
						    0,  0,  0,  7,  0,  0,  0,  28};

static enum adit_status
get(const uint8_t *p, size_t n, struct adit_ike_header *h)
{
	return adit_ike_get_header((struct adit_span){p, n}, h);
}

static void
test_header_is_read_field_by_field(void **state)
{
	struct adit_ike_header h;

	(void)state;
	assert_int_equal(get(header, sizeof header, &h), ADIT_OK);
	assert_memory_equal(h.spi_i, header, 8);
	assert_memory_equal(h.spi_r, header + 8, 8);
	assert_int_equal(h.first_payload, ADIT_PAYLOAD_SA);
	assert_int_equal(h.major, 2);
	assert_int_equal(h.minor, 0);
	assert_int_equal(h.exchange, ADIT_EXCHANGE_SA_INIT);
	assert_int_equal(h.flags, ADIT_IKE_FLAG_INITIATOR);
	assert_int_equal(h.message_id, 7);
	assert_int_equal(h.length, 28);
}

static void
test_header_hdr_01_every_short_length_is_refused(void **state)
{
	struct adit_ike_header h;

	(void)state;
	for (size_t n = 0; n < sizeof header; n++)
		assert_int_equal(get(header, n, &h), ADIT_ERR_SHORT);
}

static void
test_header_hdr_02_length_field_must_be_the_datagram_s(void **state)
{
	static const uint32_t wrong[] = {0, 27, 29, 0x7fffffff, 0xffffffff};
	uint8_t msg[sizeof header];
	struct adit_ike_header h;

	(void)state;
	memcpy(msg, header, sizeof msg);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		adit_store32(msg + 24, wrong[i]);
		assert_int_equal(get(msg, sizeof msg, &h), ADIT_ERR_MALFORMED);
	}
}

static void
test_header_hdr_03_every_version_is_told(void **state)
{
	uint8_t msg[sizeof header];
	struct adit_ike_header h;

	(void)state;
	memcpy(msg, header, sizeof msg);
	for (unsigned v = 0; v < 256; v++) {
		msg[17] = (uint8_t)v;
		assert_int_equal(get(msg, sizeof msg, &h), ADIT_OK);
		assert_int_equal(h.major, v >> 4);
		assert_int_equal(h.minor, v & 15);
	}
}

static void
test_header_written_is_the_header_read(void **state)
{
	struct adit_ike_header h, again;
	struct adit_ike_writer m;
	uint8_t out[64];
	size_t len = 0;

	(void)state;
	assert_int_equal(get(header, sizeof header, &h), ADIT_OK);
	adit_ike_put_start(&m, (struct adit_buf){out, sizeof out}, &h);
	assert_int_equal(adit_ike_put_end(&m, &len), ADIT_OK);
	assert_int_equal(len, 28);
	assert_int_equal(out[16], ADIT_PAYLOAD_NONE);
	assert_int_equal(get(out, len, &again), ADIT_OK);
	assert_memory_equal(again.spi_i, h.spi_i, 8);
	assert_memory_equal(again.spi_r, h.spi_r, 8);
	assert_int_equal(again.major, 2);
	assert_int_equal(again.minor, 0);
	assert_int_equal(again.exchange, h.exchange);
	assert_int_equal(again.flags, h.flags);
	assert_int_equal(again.message_id, h.message_id);
}

static void
test_writer_links_payloads(void **state)
{
	static const uint8_t want[] = {41, 0, 0, 5, 0xaa, 0, 0, 0, 4};
	struct adit_ike_header h;
	struct adit_ike_writer m;
	uint8_t out[64];
	size_t len = 0;

	(void)state;
	assert_int_equal(get(header, sizeof header, &h), ADIT_OK);
	adit_ike_put_start(&m, (struct adit_buf){out, sizeof out}, &h);
	adit_ike_put_payload(&m, ADIT_PAYLOAD_NONCE);
	adit_write_u8(&m.w, 0xaa);
	adit_ike_put_payload_end(&m);
	adit_ike_put_payload(&m, ADIT_PAYLOAD_NOTIFY);
	adit_ike_put_payload_end(&m);
	assert_int_equal(adit_ike_put_end(&m, &len), ADIT_OK);
	assert_int_equal(len, 28 + sizeof want);
	assert_int_equal(out[16], ADIT_PAYLOAD_NONCE);
	assert_memory_equal(out + 28, want, sizeof want);
	assert_int_equal(get(out, len, &h), ADIT_OK);
}

static void
test_writer_without_room_writes_nothing_beyond_it(void **state)
{
	struct adit_ike_header h;
	uint8_t out[64];

	(void)state;
	assert_int_equal(get(header, sizeof header, &h), ADIT_OK);
	for (size_t cap = 0; cap < 36; cap++) {
		struct adit_ike_writer m;
		size_t len = 1234;

		memset(out, 0x5a, sizeof out);
		adit_ike_put_start(&m, (struct adit_buf){out, cap}, &h);
		adit_ike_put_payload(&m, ADIT_PAYLOAD_NONCE);
		adit_write_u32(&m.w, 0);
		adit_ike_put_payload_end(&m);
		assert_int_equal(adit_ike_put_end(&m, &len), ADIT_ERR_ROOM);
		assert_int_equal(len, 1234);
		for (size_t i = cap; i < sizeof out; i++)
			assert_int_equal(out[i], 0x5a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header_is_read_field_by_field),
		cmocka_unit_test(test_header_hdr_01_every_short_length_is_refused),
		cmocka_unit_test(test_header_hdr_02_length_field_must_be_the_datagram_s),
		cmocka_unit_test(test_header_hdr_03_every_version_is_told),
		cmocka_unit_test(test_header_written_is_the_header_read),
		cmocka_unit_test(test_writer_links_payloads),
		cmocka_unit_test(test_writer_without_room_writes_nothing_beyond_it),
	};

	return cmocka_run_group_tests_name("ike_header", tests, NULL, NULL);
}
