/* Packets that are odd and not wrong, and wrong in ways that only a peer with the keys can bring:
 * checksums that come out as zero, next headers that can't be, fragments that hide what they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "adit/segment.h"
#include "sa/flow.h"
#include "support/lane.h"

enum { TCP = 6, UDP = 17, ICMP = 1, HOP = 0, ROUTING = 43, FRAGMENT = 44, DESTINATION = 60 };

static struct lane lane;

static struct adit_sa_params
natted(uint8_t version)
{
	struct adit_sa_params p = lane_params(version, ADIT_TRANSPORT, &adit_mbedtls_aes128_gcm16);

	p.udp_encap = true;
	p.local_port = p.remote_port = 4500;
	return p;
}

/* The checksum of the packet's upper layer as the receiver will see it. */
static uint16_t
upper_checksum(const uint8_t *p, size_t n)
{
	uint32_t sum = p[9] + (uint32_t)(n - LANE_V4);

	for (size_t i = 12; i < LANE_V4; i += 2)
		sum += lane_get16(p + i);
	return lane_checksum(sum, p + LANE_V4, n - LANE_V4);
}

/* Makes the last word of the packet such that its checksum is zero, and the field something else.
 */
static void
make_sum_zero(uint8_t *p, size_t n, size_t field)
{
	lane_put16(p + field, 0);
	lane_put16(p + n - 2, 0);
	lane_put16(p + n - 2, upper_checksum(p, n));
	assert_int_equal(upper_checksum(p, n), 0);
	lane_put16(p + field, 0x1234);
}

/* Of UDP a zero means "none", so it is written as its twin (RFC 768); TCP has no such word. */
static void
test_a_mended_checksum_of_zero_is_written_as_its_protocol_asks(void **state)
{
	struct adit_sa_params p = natted(4);

	(void)state;
	lane_open(&lane, &p);
	lane_udp(&lane, 4, 60);
	make_sum_zero(lane_data(&lane), 60, LANE_V4 + 6);
	assert_int_equal(lane_send(&lane), ADIT_OK);
	assert_int_equal(lane_receive(&lane), ADIT_OK);
	assert_int_equal(lane_get16(lane_data(&lane) + LANE_V4 + 6), 0xffff);
	lane_udp(&lane, 4, 60);
	lane_data(&lane)[9] = TCP;
	lane_ipv4_checksum(lane_data(&lane));
	make_sum_zero(lane_data(&lane), 60, LANE_V4 + 16);
	assert_int_equal(lane_send(&lane), ADIT_OK);
	assert_int_equal(lane_receive(&lane), ADIT_OK);
	assert_int_equal(lane_get16(lane_data(&lane) + LANE_V4 + 16), 0);
	lane_close(&lane);
}

static void
test_what_has_no_checksum_to_mend_stays_as_it_is(void **state)
{
	static const struct {
		uint8_t protocol;
		size_t n;
	} rows[] = {{ICMP, 40}, {TCP, 39}, {TCP, 28}, {UDP, 27}};
	struct adit_sa_params p = natted(4);

	(void)state;
	lane_open(&lane, &p);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		lane_udp(&lane, 4, 60);
		lane_data(&lane)[9] = rows[i].protocol;
		lane_set_length(lane_data(&lane), rows[i].n);
		lane.pkt.len = rows[i].n;
		memset(lane_data(&lane) + LANE_V4, 0x11, rows[i].n - LANE_V4);
		lane_keep(&lane);
		assert_int_equal(lane_send(&lane), ADIT_OK);
		assert_int_equal(lane_receive(&lane), ADIT_OK);
		assert_memory_equal(lane_data(&lane) + LANE_V4, lane.kept + LANE_ROOM + LANE_V4,
				    rows[i].n - LANE_V4);
	}
	lane_close(&lane);
}

/* --- Next headers of a peer with other ideas. */

static void
test_next_headers_that_can_not_be_followed_are_refused(void **state)
{
	static const uint8_t payload[4] = {UDP, 9, 0, 0};
	struct adit_sa_params p = lane_params(6, ADIT_TRANSPORT, &adit_mbedtls_aes128_gcm16);

	(void)state;
	/* An extension header that is longer than what there is. */
	lane_open(&lane, &p);
	lane_seal_payload(&lane, 1, payload, sizeof payload, 2, DESTINATION);
	assert_int_equal(lane_receive(&lane), ADIT_ERR_MALFORMED);
	lane_close(&lane);
	/* The pseudo header of BEET, which carries options: not built. */
	p = lane_params(4, ADIT_BEET, &adit_mbedtls_aes128_gcm16);
	p.inner_local = lane_v4[0];
	p.inner_remote = lane_v4[1];
	lane_open(&lane, &p);
	lane_seal_payload(&lane, 1, payload, sizeof payload, 2, 94);
	assert_int_equal(lane_receive(&lane), ADIT_ERR_UNSUPPORTED);
	lane_close(&lane);
}

/* --- Flows. */

static void
test_protocols_with_something_in_the_place_of_ports(void **state)
{
	(void)state;
	for (unsigned protocol = 0; protocol < 256; protocol++) {
		bool has = protocol == ICMP || protocol == TCP || protocol == UDP ||
			   protocol == 58 || protocol == 132 || protocol == 135 || protocol == 33 ||
			   protocol == 136;

		assert_int_equal(adit_protocol_has_ports((uint8_t)protocol), has);
	}
}

/* A later fragment names what its first one began with; if that is a header on the way, nobody
 * knows what stands behind. */
static void
test_later_fragments_that_begin_with_headers_hide_their_protocol(void **state)
{
	static const uint8_t hidden[] = {HOP, ROUTING, FRAGMENT, DESTINATION};
	uint8_t p[64] = {0x60, [5] = 24, [6] = FRAGMENT, [7] = 64, [42] = 1};
	struct adit_flow flow;

	(void)state;
	for (size_t i = 0; i < sizeof hidden; i++) {
		p[40] = hidden[i];
		assert_int_equal(adit_flow_read(&flow, ADIT_OUT, p, sizeof p), ADIT_OK);
		assert_int_equal(flow.protocol, ADIT_PROTO_OPAQUE);
		assert_false(flow.has_ports);
	}
	p[40] = UDP;
	assert_int_equal(adit_flow_read(&flow, ADIT_OUT, p, sizeof p), ADIT_OK);
	assert_int_equal(flow.protocol, UDP);
	assert_false(flow.has_ports);
}

/* --- Super-packets. */

/* TCP behind these options. */
static enum adit_status
segment(const uint8_t *options, size_t n)
{
	static uint8_t p[2000];
	struct adit_segmenter s;
	size_t total = LANE_V4 + n + 20 + 1500;

	memset(p, 0, sizeof p);
	p[0] = (uint8_t)(0x45 + n / 4);
	p[8] = 64;
	p[9] = TCP;
	p[12] = p[16] = 10;
	memcpy(p + LANE_V4, options, n);
	p[LANE_V4 + n + 12] = 0x50;
	lane_set_length(p, total);
	return adit_segment_begin(&s, p, total, 500);
}

static void
test_super_packets_whose_destination_is_another_are_not_cut(void **state)
{
	const uint8_t none[4] = {1, 1, 1, 0}, alert[4] = {148, 4, 0, 0}, route[4] = {131, 3, 4, 0},
		      strict[4] = {1, 137, 3, 4}, short_one[4] = {148, 1, 0, 0},
		      cut[4] = {1, 1, 1, 148}, end[4] = {0, 131, 3, 4};

	(void)state;
	assert_int_equal(segment(none, 4), ADIT_OK);
	assert_int_equal(segment(alert, 4), ADIT_OK);
	assert_int_equal(segment(end, 4), ADIT_OK); /* behind the end there is nothing */
	assert_int_not_equal(segment(route, 4), ADIT_OK);
	assert_int_not_equal(segment(strict, 4), ADIT_OK);
	assert_int_not_equal(segment(short_one, 4), ADIT_OK);
	assert_int_not_equal(segment(cut, 4), ADIT_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_mended_checksum_of_zero_is_written_as_its_protocol_asks),
		cmocka_unit_test(test_what_has_no_checksum_to_mend_stays_as_it_is),
		cmocka_unit_test(test_next_headers_that_can_not_be_followed_are_refused),
		cmocka_unit_test(test_protocols_with_something_in_the_place_of_ports),
		cmocka_unit_test(test_later_fragments_that_begin_with_headers_hide_their_protocol),
		cmocka_unit_test(test_super_packets_whose_destination_is_another_are_not_cut),
	};

	return cmocka_run_group_tests_name("data_odd", tests, NULL, NULL);
}
