/* What of a packet selectors look at, and ports that are ANY, OPAQUE, types and codes (RFC 4301
 * 4.4.1.1). Attack corpus: TS-08. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/sa.h"

enum { FRAGMENT = 44, DESTINATION_OPTIONS = 60, UDPLITE = 136, GRE = 47 };

static const struct adit_ip ip = {4, {10, 0, 0, 1}};

static struct adit_ts
ports(uint16_t first, uint16_t last)
{
	struct adit_ts ts = adit_ts_prefix(&ip, 32);

	ts.port_first = first;
	ts.port_last = last;
	return ts;
}

static void
test_any_port_is_every_port_and_none(void **state)
{
	struct adit_ts ts = ports(0, UINT16_MAX);

	(void)state;
	assert_true(adit_ts_match(&ts, &ip, ADIT_PROTO_UDP, true, 0));
	assert_true(adit_ts_match(&ts, &ip, ADIT_PROTO_UDP, true, UINT16_MAX));
	assert_true(adit_ts_match(&ts, &ip, ADIT_PROTO_UDP, false, 0));
}

static void
test_opaque_is_where_no_port_shows(void **state)
{
	struct adit_ts ts = ports(UINT16_MAX, 0);

	(void)state;
	assert_true(adit_ts_match(&ts, &ip, ADIT_PROTO_UDP, false, 0));
	assert_true(adit_ts_match(&ts, &ip, ADIT_PROTO_UDP, false, 7));
	for (uint32_t port = 0; port <= UINT16_MAX; port++)
		assert_false(adit_ts_match(&ts, &ip, ADIT_PROTO_UDP, true, (uint16_t)port));
}

static void
test_a_range_is_not_where_no_port_shows(void **state)
{
	struct adit_ts ts = ports(0, UINT16_MAX - 1), wrong = ports(10, 9);

	(void)state;
	assert_false(adit_ts_match(&ts, &ip, ADIT_PROTO_UDP, false, 0));
	assert_true(adit_ts_match(&ts, &ip, ADIT_PROTO_UDP, true, 0));
	assert_false(adit_ts_match(&wrong, &ip, ADIT_PROTO_UDP, true, 9));
	assert_false(adit_ts_match(&wrong, &ip, ADIT_PROTO_UDP, true, 10));
	assert_false(adit_ts_match(&wrong, &ip, ADIT_PROTO_UDP, false, 0));
}

static void
test_addresses_of_no_version_match_nothing(void **state)
{
	const struct adit_ip none = {0, {0}};
	struct adit_ts ts;

	(void)state;
	memset(&ts, 0, sizeof ts);
	ts.port_last = UINT16_MAX;
	assert_false(adit_ts_match(&ts, &none, ADIT_PROTO_UDP, true, 1));
}

static void
test_one_of_each_list_must_match(void **state)
{
	struct adit_flow f = {.local = {4, {10, 0, 0, 2}}, .remote = {4, {10, 0, 0, 12}}};
	struct adit_selectors s;

	(void)state;
	memset(&s, 0, sizeof s);
	assert_false(adit_selectors_match(&s, &f));
	s.local_n = s.remote_n = 2;
	for (uint8_t i = 0; i < 2; i++) {
		const struct adit_ip l = {4, {10, 0, 0, (uint8_t)(1 + i)}};
		const struct adit_ip r = {4, {10, 0, 0, (uint8_t)(11 + i)}};

		s.local[i] = adit_ts_prefix(&l, 32);
		s.remote[i] = adit_ts_prefix(&r, 32);
	}
	assert_true(adit_selectors_match(&s, &f));
	f.local.b[3] = 1;
	assert_true(adit_selectors_match(&s, &f));
	f.remote.b[3] = 13;
	assert_false(adit_selectors_match(&s, &f));
}

/* --- Packets. */

static uint8_t packet[80];

static size_t
put_ipv4(uint8_t protocol, uint16_t fragment, size_t upper)
{
	size_t n = 20 + upper;

	memset(packet, 0, sizeof packet);
	packet[0] = 0x45;
	packet[3] = (uint8_t)n;
	packet[6] = (uint8_t)(fragment >> 8);
	packet[7] = (uint8_t)fragment;
	packet[9] = protocol;
	packet[12] = 1;
	packet[16] = 2;
	for (size_t i = 0; i < upper; i++)
		packet[20 + i] = (uint8_t)(0xa0 + i);
	return n;
}

static struct adit_flow
read(enum adit_direction dir, size_t n)
{
	struct adit_flow f;

	assert_int_equal(adit_flow_read(&f, dir, packet, n), ADIT_OK);
	assert_int_equal(f.local.b[0], dir == ADIT_OUT ? 1 : 2);
	assert_int_equal(f.remote.b[0], dir == ADIT_OUT ? 2 : 1);
	return f;
}

static void
test_ports_stand_on_their_sides(void **state)
{
	static const uint8_t protocols[] = {ADIT_PROTO_TCP, ADIT_PROTO_UDP, 33, 132, UDPLITE};

	(void)state;
	for (unsigned i = 0; i < sizeof protocols; i++) {
		struct adit_flow f = read(ADIT_OUT, put_ipv4(protocols[i], 0, 8));

		assert_true(f.has_ports);
		assert_int_equal(f.protocol, protocols[i]);
		assert_int_equal(f.local_port, 0xa0a1);
		assert_int_equal(f.remote_port, 0xa2a3);
		f = read(ADIT_IN, put_ipv4(protocols[i], 0, 8));
		assert_int_equal(f.local_port, 0xa2a3);
		assert_int_equal(f.remote_port, 0xa0a1);
	}
}

static void
test_type_and_code_are_the_ports_of_icmp(void **state)
{
	struct adit_flow f = read(ADIT_IN, put_ipv4(ADIT_PROTO_ICMP, 0, 8));

	(void)state;
	assert_true(f.has_ports);
	assert_int_equal(f.local_port, 0xa0a1);
	assert_int_equal(f.remote_port, 0xa0a1);
}

/* RFC 6275 6.1.1: payload protocol, length, type. */
static void
test_the_type_of_a_mobility_header_is_in_the_high_byte(void **state)
{
	struct adit_flow f = read(ADIT_OUT, put_ipv4(ADIT_PROTO_MH, 0, 8));

	(void)state;
	assert_true(f.has_ports);
	assert_int_equal(f.local_port, 0xa200);
	assert_int_equal(f.remote_port, 0xa200);
}

static void
test_what_shows_no_port_has_none(void **state)
{
	(void)state;
	assert_false(read(ADIT_OUT, put_ipv4(GRE, 0, 8)).has_ports);
	assert_false(read(ADIT_OUT, put_ipv4(ADIT_PROTO_ESP, 0, 8)).has_ports);
	/* A later fragment; the first one shows them. */
	assert_false(read(ADIT_OUT, put_ipv4(ADIT_PROTO_UDP, 1, 8)).has_ports);
	assert_true(read(ADIT_OUT, put_ipv4(ADIT_PROTO_UDP, 0x2000, 8)).has_ports);
	for (size_t n = 0; n < 4; n++) {
		assert_false(read(ADIT_OUT, put_ipv4(ADIT_PROTO_TCP, 0, n)).has_ports);
		assert_false(read(ADIT_OUT, put_ipv4(ADIT_PROTO_ICMP, 0, n)).has_ports);
		assert_false(read(ADIT_OUT, put_ipv4(ADIT_PROTO_MH, 0, n)).has_ports);
	}
}

/* IPv6 with a Fragment header that says `next` comes first behind it. */
static size_t
put_ipv6_fragment(uint8_t next, uint16_t offset)
{
	memset(packet, 0, sizeof packet);
	packet[0] = 0x60;
	packet[5] = 24;
	packet[6] = FRAGMENT;
	packet[8] = 1;
	packet[24] = 2;
	packet[40] = next;
	packet[42] = (uint8_t)(offset >> 8);
	packet[43] = (uint8_t)(offset & 0xf8) | 1;
	packet[48] = ADIT_PROTO_UDP; /* destination options of 8 bytes, then UDP */
	packet[57] = 53;
	return 64;
}

static void
test_a_later_ipv6_fragment_may_hide_its_protocol(void **state)
{
	struct adit_flow f = read(ADIT_OUT, put_ipv6_fragment(DESTINATION_OPTIONS, 0));

	(void)state;
	assert_int_equal(f.protocol, ADIT_PROTO_UDP);
	assert_int_equal(f.local_port, 53);
	f = read(ADIT_OUT, put_ipv6_fragment(DESTINATION_OPTIONS, 8));
	assert_int_equal(f.protocol, ADIT_PROTO_OPAQUE);
	assert_false(f.has_ports);
	f = read(ADIT_OUT, put_ipv6_fragment(ADIT_PROTO_TCP, 8));
	assert_int_equal(f.protocol, ADIT_PROTO_TCP);
	assert_false(f.has_ports);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_port_is_every_port_and_none),
		cmocka_unit_test(test_opaque_is_where_no_port_shows),
		cmocka_unit_test(test_a_range_is_not_where_no_port_shows),
		cmocka_unit_test(test_addresses_of_no_version_match_nothing),
		cmocka_unit_test(test_one_of_each_list_must_match),
		cmocka_unit_test(test_ports_stand_on_their_sides),
		cmocka_unit_test(test_type_and_code_are_the_ports_of_icmp),
		cmocka_unit_test(test_the_type_of_a_mobility_header_is_in_the_high_byte),
		cmocka_unit_test(test_what_shows_no_port_has_none),
		cmocka_unit_test(test_a_later_ipv6_fragment_may_hide_its_protocol),
	};

	return cmocka_run_group_tests_name("selectors", tests, NULL, NULL);
}
