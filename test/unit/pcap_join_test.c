/* adit-pcap puts fragments of ESP together, and leaves other people's alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../examples/adit-pcap/join.h"
#include "support/cuts.h"

enum { PORT = 4500, ESP = 50, UDP = 17, ICMP = 1 };

static struct join j;
static struct adit_pkt pkt;
static enum adit_status st;

static int
begin(void **state)
{
	(void)state;
	return join_open(&j, PORT) ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	join_close(&j);
	return 0;
}

/* 64 bytes of a packet, the last of which begin at 128; UDP to a port. */
static enum join_result
take(uint8_t version, uint8_t protocol, size_t offset, uint16_t port)
{
	static uint8_t buf[200];
	struct cuts_fragment f = {.version = version, .protocol = protocol, .id = 5, .len = 64};

	f.offset = offset;
	f.more = offset < 128;
	pkt = (struct adit_pkt){buf, sizeof buf, 0, cuts_fragment(buf, &f)};
	if (!offset) {
		pkt.buf[pkt.len - 62] = (uint8_t)(port >> 8);
		pkt.buf[pkt.len - 61] = (uint8_t)port;
	}
	return join_take(&j, 1000, &pkt, &st);
}

static void
test_fragments_of_esp_become_a_packet_in_any_order(void **state)
{
	static const size_t orders[][3] = {{0, 64, 128}, {128, 64, 0}, {64, 0, 128}};

	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2)
		for (size_t i = 0; i < 3; i++) {
			assert_int_equal(take(version, ESP, orders[i][0], 0), JOIN_KEPT);
			assert_int_equal(take(version, ESP, orders[i][1], 0), JOIN_KEPT);
			assert_int_equal(take(version, ESP, orders[i][2], 0), JOIN_WHOLE);
			assert_int_equal(pkt.len, (version == 4 ? 20 : 40) + 192);
		}
	assert_int_equal(join_end(&j), 0);
}

static void
test_fragments_of_esp_in_udp_are_known_by_the_first(void **state)
{
	(void)state;
	assert_int_equal(take(4, UDP, 0, PORT), JOIN_KEPT);
	assert_int_equal(take(4, UDP, 128, 0), JOIN_KEPT);
	assert_int_equal(take(4, UDP, 64, 0), JOIN_WHOLE);
	assert_int_equal(pkt.len, 212);
}

static void
test_other_fragments_stay_as_they_are(void **state)
{
	static const uint8_t protocols[] = {UDP, ICMP};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (size_t at = 0; at <= 128; at += 64) {
			assert_int_equal(take(4, protocols[i], at, 53), JOIN_AS_IT_IS);
			assert_int_equal(pkt.len, 84);
		}
	/* And what is whole, or nothing at all. */
	pkt.len = 0;
	assert_int_equal(join_take(&j, 0, &pkt, &st), JOIN_AS_IT_IS);
	assert_int_equal(join_end(&j), 0);
}

static void
test_fragments_that_overlap_fail(void **state)
{
	(void)state;
	assert_int_equal(take(4, ESP, 0, 0), JOIN_KEPT);
	assert_int_equal(take(4, ESP, 32, 0), JOIN_FAILED);
	assert_int_equal(st, ADIT_ERR_OVERLAP);
	assert_int_equal(take(4, ESP, 64, 0), JOIN_FAILED);
	assert_int_equal(join_end(&j), 0);
}

static void
test_what_is_not_whole_at_the_end_is_told(void **state)
{
	(void)state;
	assert_int_equal(take(4, ESP, 0, 0), JOIN_KEPT);
	assert_int_equal(take(6, ESP, 64, 0), JOIN_KEPT);
	assert_int_equal(join_end(&j), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fragments_of_esp_become_a_packet_in_any_order,
						begin, end),
		cmocka_unit_test_setup_teardown(test_fragments_of_esp_in_udp_are_known_by_the_first,
						begin, end),
		cmocka_unit_test_setup_teardown(test_other_fragments_stay_as_they_are, begin, end),
		cmocka_unit_test_setup_teardown(test_fragments_that_overlap_fail, begin, end),
		cmocka_unit_test_setup_teardown(test_what_is_not_whole_at_the_end_is_told, begin,
						end),
	};

	return cmocka_run_group_tests_name("pcap_join", tests, NULL, NULL);
}
