/* ICMP errors made: byte for byte as scapy 2.5.0 makes them, and about nothing that mustn't be
 * answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/icmp.h"
#include "base/endian.h"
#include "wire/icmp.h"
#include "support/icmp_bench.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void
assert_untouched(const struct icmp_bench *b)
{
	for (size_t i = 0; i < sizeof b->mem; i++)
		assert_int_equal(b->mem[i], BENCH_FILL);
	assert_int_equal(b->out.len, 0);
}

static void
assert_refused(struct icmp_bench *b, enum adit_status why)
{
	assert_int_equal(bench_too_big(b, 1400), why);
	assert_untouched(b);
	assert_int_equal(bench_prohibited(b), why);
	assert_untouched(b);
}

static void
assert_made(struct icmp_bench *b, const uint8_t *head, size_t head_len, size_t total)
{
	assert_int_equal(b->out.off, BENCH_OFF);
	assert_int_equal(b->out.len, total);
	assert_memory_equal(bench_made(b), head, head_len);
	assert_memory_equal(bench_made(b) + head_len, b->packet, total - head_len);
	assert_int_equal(b->mem[BENCH_OFF - 1], BENCH_FILL);
	assert_int_equal(b->mem[BENCH_OFF + total], BENCH_FILL);
}

/* IP(src="192.0.2.1", dst="10.1.0.9", tos=0xc0, flags="DF", id=0, ttl=64) / ICMP(type=3, code=4,
 * nexthopmtu=1422) / Raw(packet[:548]) */
static void
test_too_big_of_ipv4_is_what_scapy_makes(void **state)
{
	static const uint8_t want[] = {0x45, 0xc0, 0x02, 0x40, 0x00, 0x00, 0x40, 0x00, 0x40, 0x01,
				       0x6b, 0xf2, 0xc0, 0x00, 0x02, 0x01, 0x0a, 0x01, 0x00, 0x09,
				       0x03, 0x04, 0x0a, 0x2d, 0x00, 0x00, 0x05, 0x8e};
	struct icmp_bench b;

	(void)state;
	bench_set_up(&b, 4);
	assert_int_equal(adit_icmp_too_big(b.packet, BENCH_PACKET, 1422, &bench_router4, &b.out),
			 ADIT_OK);
	assert_made(&b, want, sizeof want, 576);
}

/* IPv6(src="2001:db8::1", dst="fd00:1::9", hlim=64) / ICMPv6PacketTooBig(mtu=1402) /
 * Raw(packet[:1232]) */
static void
test_too_big_of_ipv6_is_what_scapy_makes(void **state)
{
	static const uint8_t want[] = {0x60, 0x00, 0x00, 0x00, 0x04, 0xd8, 0x3a, 0x40, 0x20, 0x01,
				       0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
				       0x00, 0x00, 0x00, 0x01, 0xfd, 0x00, 0x00, 0x01, 0x00, 0x00,
				       0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x09,
				       0x02, 0x00, 0xf9, 0xa7, 0x00, 0x00, 0x05, 0x7a};
	struct icmp_bench b;

	(void)state;
	bench_set_up(&b, 6);
	assert_int_equal(adit_icmp_too_big(b.packet, BENCH_PACKET, 1402, &bench_router6, &b.out),
			 ADIT_OK);
	assert_made(&b, want, sizeof want, 1280);
}

/* The same with ICMP(type=3, code=13) and ICMPv6DestUnreach(code=1), from the packets' own
 * destinations. */
static void
test_prohibited_is_what_scapy_makes(void **state)
{
	static const uint8_t want4[] = {0x45, 0xc0, 0x02, 0x40, 0x00, 0x00, 0x40, 0x00, 0x40, 0x01,
					0x23, 0xeb, 0x0a, 0x02, 0x00, 0x07, 0x0a, 0x01, 0x00, 0x09,
					0x03, 0x0d, 0x0f, 0xb2, 0x00, 0x00, 0x00, 0x00};
	static const uint8_t want6[] = {0x60, 0x00, 0x00, 0x00, 0x04, 0xd8, 0x3a, 0x40, 0xfd, 0x00,
					0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
					0x00, 0x00, 0x00, 0x07, 0xfd, 0x00, 0x00, 0x01, 0x00, 0x00,
					0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x09,
					0x01, 0x01, 0x30, 0xd1, 0x00, 0x00, 0x00, 0x00};
	struct icmp_bench b;

	(void)state;
	bench_set_up(&b, 4);
	assert_int_equal(bench_prohibited(&b), ADIT_OK);
	assert_made(&b, want4, sizeof want4, 576);
	bench_set_up(&b, 6);
	assert_int_equal(bench_prohibited(&b), ADIT_OK);
	assert_made(&b, want6, sizeof want6, 1280);
}

static void
test_errors_quote_all_of_a_short_packet_and_no_more(void **state)
{
	static const struct {
		uint8_t version;
		size_t least, around, most;
	} forms[] = {{4, 20, 28, 576}, {6, 40, 48, 1280}};
	struct icmp_bench b;

	(void)state;
	for (size_t f = 0; f < COUNT(forms); f++) {
		bench_set_up(&b, forms[f].version);
		for (size_t n = forms[f].least; n <= BENCH_PACKET; n++) {
			size_t want = forms[f].around + n;

			bench_shorten(&b, n);
			assert_int_equal(bench_prohibited(&b), ADIT_OK);
			assert_int_equal(b.out.len, want < forms[f].most ? want : forms[f].most);
			assert_int_equal(adit_icmp_error_read(&b.e, bench_made(&b), b.out.len),
					 ADIT_OK);
			assert_int_equal(b.e.quoted_len, n);
		}
	}
}

static void
test_errors_quote_less_where_room_is_short(void **state)
{
	/* Headers, ICMP's eight bytes, and of the packet its header and eight. */
	static const struct {
		uint8_t version;
		size_t least;
	} forms[] = {{4, 20 + 8 + 28}, {6, 40 + 8 + 48}};
	struct icmp_bench b;

	(void)state;
	for (size_t f = 0; f < COUNT(forms); f++) {
		bench_set_up(&b, forms[f].version);
		for (size_t room = 0; room < 1400; room++) {
			enum adit_status st;

			bench_reset(&b);
			b.out.cap = BENCH_OFF + room;
			st = adit_icmp_too_big(b.packet, BENCH_PACKET, 1400, &bench_destination,
					       &b.out);
			if (room < forms[f].least) {
				assert_int_equal(st, ADIT_ERR_ROOM);
				assert_untouched(&b);
				continue;
			}
			assert_int_equal(st, ADIT_OK);
			assert_true(b.out.len <= room);
			assert_int_equal(b.mem[BENCH_OFF + b.out.len], BENCH_FILL);
			assert_int_equal(adit_icmp_error_read(&b.e, bench_made(&b), b.out.len),
					 ADIT_OK);
			assert_int_equal(b.e.mtu, 1400);
		}
	}
	/* A packet with less is quoted whole. */
	bench_set_up(&b, 4);
	bench_shorten(&b, 22);
	b.out.cap = BENCH_OFF + 20 + 8 + 22;
	assert_int_equal(adit_icmp_prohibited(b.packet, BENCH_PACKET, &bench_destination, &b.out),
			 ADIT_OK);
	b.out.cap--;
	assert_int_equal(adit_icmp_prohibited(b.packet, BENCH_PACKET, &bench_destination, &b.out),
			 ADIT_ERR_ROOM);
	b.out.off = b.out.cap + 1;
	assert_int_equal(adit_icmp_prohibited(b.packet, BENCH_PACKET, &bench_destination, &b.out),
			 ADIT_ERR_ARG);
}

static void
test_told_mtu_is_one_that_a_sender_can_use(void **state)
{
	static const struct {
		uint8_t version;
		uint32_t mtu, told; /* zero: nothing is told */
	} cases[] = {{4, 0, 68},        {4, 67, 68},     {4, 68, 68},     {4, 1499, 1499},
		     {4, 1500, 0},      {4, 65536, 0},   {6, 0, 1280},    {6, 68, 1280},
		     {6, 1279, 1280},   {6, 1280, 1280}, {6, 1499, 1499}, {6, 1500, 0},
		     {6, UINT32_MAX, 0}};
	struct icmp_bench b;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bench_set_up(&b, cases[i].version);
		if (!cases[i].told) {
			assert_int_equal(bench_too_big(&b, cases[i].mtu), ADIT_ERR_MTU);
			assert_untouched(&b);
			continue;
		}
		assert_int_equal(bench_too_big(&b, cases[i].mtu), ADIT_OK);
		assert_int_equal(adit_icmp_error_read(&b.e, bench_made(&b), b.out.len), ADIT_OK);
		assert_true(b.e.too_big);
		assert_int_equal(b.e.mtu, cases[i].told);
	}
}

static void
test_packets_that_can_be_cut_are_not_told_of(void **state)
{
	struct icmp_bench b;

	(void)state;
	bench_set_up(&b, 4);
	b.packet[6] = 0;
	assert_int_equal(bench_too_big(&b, 1400), ADIT_ERR_MTU);
	assert_untouched(&b);
	/* No IPv6 sender goes below 1280. */
	bench_set_up(&b, 6);
	bench_shorten(&b, 1280);
	assert_int_equal(bench_too_big(&b, 1000), ADIT_ERR_MTU);
	assert_untouched(&b);
	bench_shorten(&b, 1281);
	assert_int_equal(bench_too_big(&b, 1000), ADIT_OK);
}

/* RFC 1122 3.2.2, RFC 4443 2.4 e.1 and e.2 */
static void
test_nothing_answers_an_icmp_error(void **state)
{
	struct icmp_bench b;

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		bool error4 = (type >= 3 && type <= 5) || type == 11 || type == 12 || type > 18;
		bool error6 = type < 128 || type == 137;

		bench_set_up(&b, 4);
		b.packet[ADIT_IPV4_PROTOCOL] = ADIT_PROTO_ICMP;
		b.packet[20] = (uint8_t)type;
		if (error4)
			assert_refused(&b, ADIT_ERR_UNEXPECTED);
		else
			assert_int_equal(bench_too_big(&b, 1400), ADIT_OK);
		bench_set_up(&b, 6);
		b.packet[ADIT_IPV6_NEXT] = ADIT_PROTO_ICMPV6;
		b.packet[40] = (uint8_t)type;
		if (error6)
			assert_refused(&b, ADIT_ERR_UNEXPECTED);
		else
			assert_int_equal(bench_too_big(&b, 1400), ADIT_OK);
	}
}

static void
test_nothing_answers_icmp_without_a_type(void **state)
{
	struct icmp_bench b;

	(void)state;
	bench_set_up(&b, 4);
	b.packet[ADIT_IPV4_PROTOCOL] = ADIT_PROTO_ICMP;
	b.packet[20] = 8; /* an echo request, did it belong to the packet */
	bench_shorten(&b, 20);
	assert_int_equal(bench_prohibited(&b), ADIT_ERR_UNEXPECTED);
	assert_untouched(&b);
}

static void
test_an_icmp_error_behind_extension_headers_is_not_answered(void **state)
{
	struct icmp_bench b;

	(void)state;
	bench_set_up(&b, 6);
	b.packet[ADIT_IPV6_NEXT] = 60; /* destination options */
	memset(b.packet + 40, 0, 8);
	b.packet[40] = ADIT_PROTO_ICMPV6;
	b.packet[48] = ADIT_ICMPV6_TOO_BIG;
	assert_refused(&b, ADIT_ERR_UNEXPECTED);
	b.packet[48] = 128;
	assert_int_equal(bench_too_big(&b, 1400), ADIT_OK);
}

static void
test_only_the_first_fragment_is_answered(void **state)
{
	struct icmp_bench b;

	(void)state;
	bench_set_up(&b, 4);
	adit_store16(b.packet + ADIT_IPV4_FRAGMENT, 0x4001);
	assert_refused(&b, ADIT_ERR_FRAGMENT);
	adit_store16(b.packet + ADIT_IPV4_FRAGMENT, 0x6000);
	assert_int_equal(bench_too_big(&b, 1400), ADIT_OK);
	bench_set_up(&b, 6);
	b.packet[ADIT_IPV6_NEXT] = 44;
	memset(b.packet + 40, 0, 8);
	b.packet[40] = ADIT_PROTO_UDP;
	adit_store16(b.packet + 42, 8);
	assert_refused(&b, ADIT_ERR_FRAGMENT);
	adit_store16(b.packet + 42, 1);
	assert_int_equal(bench_too_big(&b, 1400), ADIT_OK);
}

static void
test_sources_that_are_no_single_host_are_not_answered(void **state)
{
	static const uint8_t sources4[] = {0, 127, 224, 239, 240, 255};
	struct icmp_bench b;

	(void)state;
	for (size_t i = 0; i < COUNT(sources4); i++) {
		bench_set_up(&b, 4);
		b.packet[ADIT_IPV4_SOURCE] = sources4[i];
		assert_refused(&b, ADIT_ERR_UNEXPECTED);
	}
	bench_set_up(&b, 6);
	memset(b.packet + ADIT_IPV6_SOURCE, 0, 16);
	assert_refused(&b, ADIT_ERR_UNEXPECTED);
	b.packet[ADIT_IPV6_SOURCE] = 0xff;
	assert_refused(&b, ADIT_ERR_UNEXPECTED);
}

static void
test_multicast_is_not_answered_but_for_ipv6_path_mtu(void **state)
{
	struct icmp_bench b;

	(void)state;
	bench_set_up(&b, 4);
	b.packet[ADIT_IPV4_DESTINATION] = 224;
	assert_refused(&b, ADIT_ERR_UNEXPECTED);
	memset(b.packet + ADIT_IPV4_DESTINATION, 255, 4);
	assert_refused(&b, ADIT_ERR_UNEXPECTED);
	bench_set_up(&b, 6);
	b.packet[ADIT_IPV6_DESTINATION] = 0xff;
	assert_int_equal(bench_prohibited(&b), ADIT_ERR_UNEXPECTED);
	/* A group can't speak for itself. */
	assert_int_equal(bench_too_big(&b, 1400), ADIT_ERR_ARG);
	assert_untouched(&b);
	assert_int_equal(adit_icmp_too_big(b.packet, BENCH_PACKET, 1400, &bench_router6, &b.out),
			 ADIT_OK);
}

static void
test_an_error_speaks_the_packets_version(void **state)
{
	struct icmp_bench b;

	(void)state;
	bench_set_up(&b, 4);
	assert_int_equal(adit_icmp_too_big(b.packet, BENCH_PACKET, 1400, &bench_router6, &b.out),
			 ADIT_ERR_ARG);
	assert_untouched(&b);
	bench_set_up(&b, 6);
	assert_int_equal(adit_icmp_prohibited(b.packet, BENCH_PACKET, &bench_router4, &b.out),
			 ADIT_ERR_ARG);
	assert_untouched(&b);
}

static void
test_what_is_no_packet_is_not_answered(void **state)
{
	struct icmp_bench b;

	(void)state;
	for (unsigned version = 4; version <= 6; version += 2) {
		bench_set_up(&b, (uint8_t)version);
		for (size_t n = 0; n < BENCH_PACKET; n++) {
			assert_int_equal(
				adit_icmp_too_big(b.packet, n, 1400, &bench_destination, &b.out),
				ADIT_ERR_SHORT);
			assert_int_equal(
				adit_icmp_prohibited(b.packet, n, &bench_destination, &b.out),
				ADIT_ERR_SHORT);
		}
		assert_untouched(&b);
	}
	for (unsigned version = 0; version < 16; version++) {
		bench_set_up(&b, 4);
		b.packet[0] = (uint8_t)(version << 4 | 4);
		if (version != 6)
			assert_refused(&b, ADIT_ERR_MALFORMED);
	}
}

static void
test_errors_are_sent_in_a_burst_and_then_at_a_rate(void **state)
{
	struct adit_icmp_rate rate, own = {1000, 2, 0};
	unsigned sent = 0;

	(void)state;
	memset(&rate, 0, sizeof rate);
	for (unsigned i = 0; i < 100; i++)
		sent += adit_icmp_may_send(&rate, 5000);
	assert_int_equal(sent, 10);
	assert_false(adit_icmp_may_send(&rate, 5099));
	assert_true(adit_icmp_may_send(&rate, 5100));
	assert_false(adit_icmp_may_send(&rate, 5100));
	for (adit_ms now = 5101, end = now + 10000; now <= end; now++)
		sent += adit_icmp_may_send(&rate, now);
	assert_in_range(sent, 10 + 99, 10 + 101);
	/* A long silence doesn't save up more than a burst. */
	for (sent = 0; adit_icmp_may_send(&rate, 1000000); sent++)
		assert_true(sent < 10);
	assert_int_equal(sent, 10);
	assert_true(adit_icmp_may_send(&own, 0));
	assert_true(adit_icmp_may_send(&own, 0));
	assert_false(adit_icmp_may_send(&own, 999));
	assert_true(adit_icmp_may_send(&own, 1000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_too_big_of_ipv4_is_what_scapy_makes),
		cmocka_unit_test(test_too_big_of_ipv6_is_what_scapy_makes),
		cmocka_unit_test(test_prohibited_is_what_scapy_makes),
		cmocka_unit_test(test_errors_quote_all_of_a_short_packet_and_no_more),
		cmocka_unit_test(test_errors_quote_less_where_room_is_short),
		cmocka_unit_test(test_told_mtu_is_one_that_a_sender_can_use),
		cmocka_unit_test(test_packets_that_can_be_cut_are_not_told_of),
		cmocka_unit_test(test_nothing_answers_an_icmp_error),
		cmocka_unit_test(test_nothing_answers_icmp_without_a_type),
		cmocka_unit_test(test_an_icmp_error_behind_extension_headers_is_not_answered),
		cmocka_unit_test(test_only_the_first_fragment_is_answered),
		cmocka_unit_test(test_sources_that_are_no_single_host_are_not_answered),
		cmocka_unit_test(test_multicast_is_not_answered_but_for_ipv6_path_mtu),
		cmocka_unit_test(test_an_error_speaks_the_packets_version),
		cmocka_unit_test(test_what_is_no_packet_is_not_answered),
		cmocka_unit_test(test_errors_are_sent_in_a_burst_and_then_at_a_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
