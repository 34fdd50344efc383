/* Traffic Selector payloads. Attack corpus: TS-01, TS-02. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/ike_ts.h"

static const uint8_t good[] = {
	2, 0xff, 0xff, 0xff,                                                /* count, RESERVED */
	7, 6,    0,    16,   0, 80, 0,    90,   10, 0, 0, 0, 10, 0, 0, 255, /* IPv4, TCP */
	8, 0,    0,    40,   0, 0,  0xff, 0xff,                             /* IPv6 */
	1, 0,    0,    0,    0, 0,  0,    0,    0,  0, 0, 0, 0,  0, 0, 0,
	1, 0,    0,    0,    0, 0,  0,    0,    0,  0, 0, 0, 0,  0, 0, 9};

static enum adit_status
get(const uint8_t *p, size_t n, struct adit_ike_ts_list *list)
{
	return adit_ike_get_ts((struct adit_span){p, n}, list);
}

static void
test_ts_iterator_gives_what_is_there(void **state)
{
	struct adit_ike_ts_list list;
	struct adit_ts ts;

	(void)state;
	assert_int_equal(get(good, sizeof good, &list), ADIT_OK);
	assert_true(adit_ike_ts_next(&list, &ts));
	assert_int_equal(ts.version, 4);
	assert_int_equal(ts.protocol, 6);
	assert_int_equal(ts.port_first, 80);
	assert_int_equal(ts.port_last, 90);
	assert_memory_equal(ts.first, good + 12, 4);
	assert_memory_equal(ts.last, good + 16, 4);
	assert_int_equal(ts.last[4], 0);
	assert_true(adit_ike_ts_next(&list, &ts));
	assert_int_equal(ts.version, 6);
	assert_int_equal(ts.last[15], 9);
	assert_false(adit_ike_ts_next(&list, &ts));
}

static void
test_ts_written_is_the_ts_read(void **state)
{
	struct adit_ike_ts_list list;
	struct adit_ike_header h;
	struct adit_ike_writer m;
	struct adit_ts ts[2];
	uint8_t out[128];
	size_t len = 0;

	(void)state;
	assert_int_equal(get(good, sizeof good, &list), ADIT_OK);
	assert_true(adit_ike_ts_next(&list, &ts[0]));
	assert_true(adit_ike_ts_next(&list, &ts[1]));
	memset(&h, 0, sizeof h);
	adit_ike_put_start(&m, (struct adit_buf){out, sizeof out}, &h);
	adit_ike_put_ts(&m, ADIT_PAYLOAD_TSI, ts, 2);
	assert_int_equal(adit_ike_put_end(&m, &len), ADIT_OK);
	assert_int_equal(len, 28 + 4 + sizeof good);
	assert_int_equal(out[16], ADIT_PAYLOAD_TSI);
	assert_memory_equal(out + 28 + 4 + 4, good + 4, sizeof good - 4);
}

static void
test_ts_01_count_must_be_the_actual_one(void **state)
{
	struct adit_ike_ts_list list;
	uint8_t bytes[sizeof good];

	(void)state;
	memcpy(bytes, good, sizeof bytes);
	for (unsigned count = 0; count < 256; count++) {
		bytes[0] = (uint8_t)count;
		assert_int_equal(get(bytes, sizeof bytes, &list),
				 count == 2 ? ADIT_OK : ADIT_ERR_MALFORMED);
	}
	for (size_t n = 0; n < sizeof good; n++)
		assert_int_equal(get(good, n, &list), ADIT_ERR_MALFORMED);
}

static void
test_ts_01_length_must_be_its_type_s(void **state)
{
	struct adit_ike_ts_list list;
	uint8_t bytes[sizeof good];

	(void)state;
	memcpy(bytes, good, sizeof bytes);
	for (unsigned len = 0; len <= 0xffff; len++) {
		adit_store16(bytes + 6, (uint16_t)len);
		assert_int_equal(get(bytes, sizeof bytes, &list),
				 len == 16 ? ADIT_OK : ADIT_ERR_MALFORMED);
	}
}

static void
test_ts_01_unknown_types_are_passed_over(void **state)
{
	struct adit_ike_ts_list list;
	uint8_t bytes[sizeof good];
	struct adit_ts ts;

	(void)state;
	memcpy(bytes, good, sizeof bytes);
	for (unsigned type = 0; type < 256; type++) {
		if (type == 7 || type == 8)
			continue;
		bytes[4] = (uint8_t)type;
		assert_int_equal(get(bytes, sizeof bytes, &list), ADIT_OK);
		assert_true(adit_ike_ts_next(&list, &ts));
		assert_int_equal(ts.version, 6);
		assert_false(adit_ike_ts_next(&list, &ts));
	}
}

static void
test_ts_02_ranges_out_of_order_are_invalid(void **state)
{
	struct adit_ts ts;

	(void)state;
	memset(&ts, 0, sizeof ts);
	ts.version = 4;
	ts.port_last = 65535;
	ts.first[3] = ts.last[3] = 5;
	assert_true(adit_ts_valid(&ts));
	ts.first[3] = 6;
	assert_false(adit_ts_valid(&ts));
	ts.first[3] = 5;
	ts.port_first = 65535; /* OPAQUE */
	ts.port_last = 0;
	assert_false(adit_ts_valid(&ts));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ts_iterator_gives_what_is_there),
		cmocka_unit_test(test_ts_written_is_the_ts_read),
		cmocka_unit_test(test_ts_01_count_must_be_the_actual_one),
		cmocka_unit_test(test_ts_01_length_must_be_its_type_s),
		cmocka_unit_test(test_ts_01_unknown_types_are_passed_over),
		cmocka_unit_test(test_ts_02_ranges_out_of_order_are_invalid),
	};

	return cmocka_run_group_tests_name("ike_ts", tests, NULL, NULL);
}
