/* ICMP errors read, with every length hostile. */
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

enum { REDIRECT = 5, PARAMETER_V6 = 4 };

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* An error about a packet of `protocol` whose upper layer begins with upper[]. */
static void
make_error(struct icmp_bench *b, uint8_t version, uint8_t protocol, const uint8_t *upper, size_t n)
{
	size_t head = version == 4 ? 20 : 40;

	bench_set_up(b, version);
	b->packet[version == 4 ? ADIT_IPV4_PROTOCOL : ADIT_IPV6_NEXT] = protocol;
	memcpy(b->packet + head, upper, n);
	assert_int_equal(bench_too_big(b, 1400), ADIT_OK);
}

static void
read_made(struct icmp_bench *b)
{
	assert_int_equal(adit_icmp_error_read(&b->e, bench_made(b), b->out.len), ADIT_OK);
}

/* Writes the right checksum of the error in b->out, and the length that its header says. */
static void
mend(struct icmp_bench *b)
{
	uint8_t *p = bench_made(b);
	size_t head = p[0] >> 4 == 4 ? 20 : 40, n = b->out.len - head;
	struct adit_ip_view v;

	v.version = p[0] >> 4;
	adit_ip_set_length(p, &v, b->out.len);
	adit_store16(p + head + ADIT_ICMP_CHECKSUM, 0);
	adit_store16(p + head + ADIT_ICMP_CHECKSUM,
		     v.version == 4 ? adit_checksum(p + head, n)
				    : adit_upper_checksum(p, 6, ADIT_PROTO_ICMPV6, p + head, n));
}

static void
test_an_error_says_who_sent_what_to_whom(void **state)
{
	struct icmp_bench b;

	(void)state;
	for (unsigned version = 4; version <= 6; version += 2) {
		const struct adit_ip *from = version == 4 ? &bench_router4 : &bench_router6;
		struct adit_ip source, there;

		bench_set_up(&b, (uint8_t)version);
		source = adit_ip_source(b.packet, (uint8_t)version);
		there = adit_ip_destination(b.packet, (uint8_t)version);
		assert_int_equal(adit_icmp_too_big(b.packet, BENCH_PACKET, 1399, from, &b.out),
				 ADIT_OK);
		read_made(&b);
		assert_true(adit_ip_equal(&b.e.from, from));
		assert_true(adit_ip_equal(&b.e.to, &source));
		assert_true(b.e.too_big);
		assert_int_equal(b.e.mtu, 1399);
		assert_int_equal(b.e.type, version == 4 ? 3 : 2);
		assert_int_equal(b.e.code, version == 4 ? 4 : 0);
		assert_int_equal(b.e.quoted_len, BENCH_PACKET);
		assert_true(adit_ip_equal(&b.e.sent.local, &source));
		assert_true(adit_ip_equal(&b.e.sent.remote, &there));
		assert_int_equal(b.e.sent.protocol, ADIT_PROTO_UDP);
		assert_true(b.e.sent.has_ports);
		assert_int_equal(b.e.sent.local_port, 1000);
		assert_int_equal(b.e.sent.remote_port, 2000);
		assert_int_equal(bench_prohibited(&b), ADIT_OK);
		read_made(&b);
		assert_false(b.e.too_big);
		assert_int_equal(b.e.mtu, 0);
	}
}

static void
test_spi_and_number_are_read_of_esp_ah_and_esp_in_udp(void **state)
{
	static const uint8_t esp[] = {1, 2, 3, 4, 5, 6, 7, 8};
	static const uint8_t ah[] = {4, 4, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
	static const uint8_t udp[] = {0x11, 0x94, 0x11, 0x94, 0, 100, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
	static const uint8_t ike[16] = {0x11, 0x94, 0x11, 0x94, 0, 100};
	static const struct {
		uint8_t protocol;
		const uint8_t *p;
		size_t n;
	} forms[] = {{ADIT_PROTO_ESP, esp, sizeof esp},
		     {ADIT_PROTO_AH, ah, sizeof ah},
		     {ADIT_PROTO_UDP, udp, sizeof udp}};
	struct icmp_bench b;

	(void)state;
	for (unsigned version = 4; version <= 6; version += 2) {
		for (size_t i = 0; i < COUNT(forms); i++) {
			make_error(&b, (uint8_t)version, forms[i].protocol, forms[i].p, forms[i].n);
			read_made(&b);
			assert_int_equal(b.e.sent.protocol, forms[i].protocol);
			assert_true(b.e.has_spi && b.e.has_seq);
			assert_int_equal(b.e.spi, 0x01020304);
			assert_int_equal(b.e.seq, 0x05060708);
		}
		/* The non-ESP marker is no SPI, TCP has none. */
		make_error(&b, (uint8_t)version, ADIT_PROTO_UDP, ike, sizeof ike);
		read_made(&b);
		assert_false(b.e.has_spi || b.e.has_seq);
		make_error(&b, (uint8_t)version, ADIT_PROTO_TCP, esp, sizeof esp);
		read_made(&b);
		assert_false(b.e.has_spi || b.e.has_seq);
	}
}

static void
test_every_length_of_a_quote_is_read_as_far_as_it_goes(void **state)
{
	static const uint8_t udp[] = {0x11, 0x94, 0x11, 0x94, 0, 100, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
	struct icmp_bench b;

	(void)state;
	for (unsigned version = 4; version <= 6; version += 2) {
		size_t head = version == 4 ? 20 : 40;

		for (size_t quote = 0; quote < 200; quote++) {
			enum adit_status st;

			make_error(&b, (uint8_t)version, ADIT_PROTO_UDP, udp, sizeof udp);
			b.out.len = head + 8 + quote;
			/* What stands behind is not read. */
			memset(bench_made(&b) + b.out.len, 0xff, 64);
			mend(&b);
			st = adit_icmp_error_read(&b.e, bench_made(&b), b.out.len);
			assert_int_equal(st, quote < head ? ADIT_ERR_SHORT : ADIT_OK);
			if (st != ADIT_OK)
				continue;
			assert_int_equal(b.e.sent.has_ports, quote >= head + 4);
			assert_int_equal(b.e.has_spi, quote >= head + 12);
			assert_int_equal(b.e.has_seq, quote >= head + 16);
			assert_int_equal(b.e.quoted_len, BENCH_PACKET);
		}
	}
}

static void
test_every_cut_and_every_flipped_bit_of_an_error_is_refused(void **state)
{
	struct icmp_bench b;

	(void)state;
	for (unsigned version = 4; version <= 6; version += 2) {
		size_t head = version == 4 ? 20 : 40;

		bench_set_up(&b, (uint8_t)version);
		bench_shorten(&b, 120);
		assert_int_equal(bench_prohibited(&b), ADIT_OK);
		for (size_t n = 0; n < b.out.len; n++)
			assert_int_equal(adit_icmp_error_read(&b.e, bench_made(&b), n),
					 ADIT_ERR_SHORT);
		for (size_t bit = head * 8; bit < b.out.len * 8; bit++) {
			bench_made(&b)[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_int_not_equal(adit_icmp_error_read(&b.e, bench_made(&b), b.out.len),
					     ADIT_OK);
			bench_made(&b)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		read_made(&b);
	}
}

static void
test_what_is_no_error_is_told_apart(void **state)
{
	struct icmp_bench b;

	(void)state;
	bench_set_up(&b, 4);
	assert_int_equal(adit_icmp_error_read(&b.e, b.packet, BENCH_PACKET), ADIT_ERR_UNSUPPORTED);
	/* ICMP of the other version. */
	b.packet[ADIT_IPV4_PROTOCOL] = ADIT_PROTO_ICMPV6;
	assert_int_equal(adit_icmp_error_read(&b.e, b.packet, BENCH_PACKET), ADIT_ERR_UNSUPPORTED);
	assert_int_equal(bench_too_big(&b, 1400), ADIT_OK);
	bench_made(&b)[20] = 8; /* echo request */
	mend(&b);
	assert_int_equal(adit_icmp_error_read(&b.e, bench_made(&b), b.out.len),
			 ADIT_ERR_UNSUPPORTED);
	b.out.len = 28; /* without data */
	mend(&b);
	assert_int_equal(adit_icmp_error_read(&b.e, bench_made(&b), b.out.len),
			 ADIT_ERR_UNSUPPORTED);
	bench_set_up(&b, 6);
	assert_int_equal(bench_too_big(&b, 1400), ADIT_OK);
	bench_made(&b)[40] = 128;
	mend(&b);
	assert_int_equal(adit_icmp_error_read(&b.e, bench_made(&b), b.out.len),
			 ADIT_ERR_UNSUPPORTED);
}

static void
test_an_error_in_fragments_is_not_read(void **state)
{
	struct icmp_bench b;

	(void)state;
	bench_set_up(&b, 4);
	assert_int_equal(bench_too_big(&b, 1400), ADIT_OK);
	adit_store16(bench_made(&b) + ADIT_IPV4_FRAGMENT, 0x2000);
	assert_int_equal(adit_icmp_error_read(&b.e, bench_made(&b), b.out.len), ADIT_ERR_FRAGMENT);
}

static void
test_a_quote_of_the_other_version_is_malformed(void **state)
{
	struct icmp_bench b;

	(void)state;
	bench_set_up(&b, 4);
	assert_int_equal(bench_too_big(&b, 1400), ADIT_OK);
	memcpy(bench_made(&b) + 28, bench_head6, sizeof bench_head6);
	mend(&b);
	assert_int_equal(adit_icmp_error_read(&b.e, bench_made(&b), b.out.len), ADIT_ERR_MALFORMED);
}

static void
test_a_quoted_later_fragment_has_no_ports_and_no_spi(void **state)
{
	static const uint8_t esp[] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct icmp_bench b;

	(void)state;
	make_error(&b, 4, ADIT_PROTO_ESP, esp, sizeof esp);
	adit_store16(bench_made(&b) + 28 + ADIT_IPV4_FRAGMENT, 0x0010);
	mend(&b);
	read_made(&b);
	assert_false(b.e.has_spi || b.e.sent.has_ports);
}

/* RFC 4884 3: a length in words says where the quote ends and extensions begin. */
static void
test_extensions_behind_a_quote_are_not_taken_for_it(void **state)
{
	static const uint8_t esp[] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct icmp_bench b;

	(void)state;
	make_error(&b, 4, ADIT_PROTO_ESP, esp, sizeof esp);
	bench_made(&b)[20 + 5] = (20 + 8) / 4;
	mend(&b);
	read_made(&b);
	assert_true(b.e.has_seq);
	assert_int_equal(b.e.mtu, 1400);
	bench_made(&b)[20 + 5] = (20 + 4) / 4;
	mend(&b);
	read_made(&b);
	assert_true(b.e.has_spi && !b.e.has_seq);
	bench_made(&b)[20 + 5] = 255;
	mend(&b);
	assert_int_equal(adit_icmp_error_read(&b.e, bench_made(&b), b.out.len), ADIT_ERR_MALFORMED);
	/* IPv6 counts in eights, and its "too big" has an MTU there. */
	make_error(&b, 6, ADIT_PROTO_ESP, esp, sizeof esp);
	bench_made(&b)[40] = ADIT_ICMPV6_UNREACHABLE;
	adit_store32(bench_made(&b) + 44, (uint32_t)((40 + 8) / 8) << 24);
	mend(&b);
	read_made(&b);
	assert_true(b.e.has_seq);
	adit_store32(bench_made(&b) + 44, (uint32_t)(40 / 8) << 24);
	mend(&b);
	read_made(&b);
	assert_false(b.e.has_spi);
	bench_made(&b)[40] = ADIT_ICMPV6_TOO_BIG;
	mend(&b);
	read_made(&b);
	assert_true(b.e.has_seq);
	assert_int_equal(b.e.mtu, (uint32_t)(40 / 8) << 24);
}

/* A redirect has an address there, and IPv6's parameter problem a pointer. */
static void
test_what_others_have_there_is_no_length_of_the_quote(void **state)
{
	static const uint8_t esp[] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct icmp_bench b;

	(void)state;
	make_error(&b, 4, ADIT_PROTO_ESP, esp, sizeof esp);
	bench_made(&b)[20] = REDIRECT;
	adit_store32(bench_made(&b) + 24, 0xc0a80001);
	mend(&b);
	read_made(&b);
	assert_true(b.e.has_seq);
	adit_store32(bench_made(&b) + 24, 0xc0010001);
	mend(&b);
	read_made(&b);
	assert_true(b.e.has_seq);
	make_error(&b, 6, ADIT_PROTO_ESP, esp, sizeof esp);
	bench_made(&b)[40] = PARAMETER_V6;
	adit_store32(bench_made(&b) + 44, 0xff000000);
	mend(&b);
	read_made(&b);
	assert_true(b.e.has_seq);
}

/* RFC 4301 6.2 */
static void
test_an_error_matches_the_selectors_of_what_it_is_about(void **state)
{
	static const struct adit_ip here = {4, {10, 1, 0, 0}}, there = {4, {10, 2, 0, 0}};
	struct adit_selectors s;
	struct icmp_bench b;

	(void)state;
	memset(&s, 0, sizeof s);
	s.local_n = 1;
	s.remote_n = 1;
	s.local[0] = adit_ts_prefix(&here, 24);
	s.remote[0] = adit_ts_prefix(&there, 24);
	bench_set_up(&b, 4);
	assert_int_equal(adit_icmp_too_big(b.packet, BENCH_PACKET, 1400, &bench_router4, &b.out),
			 ADIT_OK);
	read_made(&b);
	/* It comes in, about what 10.1.0.9 sent out; not the other way. */
	assert_true(adit_icmp_matches(&b.e, ADIT_IN, &s));
	assert_false(adit_icmp_matches(&b.e, ADIT_OUT, &s));
	s.local[0] = adit_ts_prefix(&there, 24);
	s.remote[0] = adit_ts_prefix(&here, 24);
	assert_false(adit_icmp_matches(&b.e, ADIT_IN, &s));
	assert_true(adit_icmp_matches(&b.e, ADIT_OUT, &s));
	/* With ports: 2000 is ours now. */
	s.local[0].protocol = s.remote[0].protocol = ADIT_PROTO_UDP;
	s.local[0].port_first = s.local[0].port_last = 2000;
	s.remote[0].port_first = s.remote[0].port_last = 1000;
	assert_true(adit_icmp_matches(&b.e, ADIT_OUT, &s));
	s.remote[0].port_first = s.remote[0].port_last = 2000;
	assert_false(adit_icmp_matches(&b.e, ADIT_OUT, &s));
}

/* Errors of all types that tell where their quote ends, and of one that does not; an error cut
 * short within its own header. */
static void
test_only_some_types_tell_the_length_of_their_quote(void **state)
{
	static const struct {
		uint8_t version, type;
		bool tells;
	} rows[] = {{4, 3, true}, {4, 11, true}, {4, 12, true}, {4, REDIRECT, false},
		    {6, 1, true}, {6, 3, true},  {6, 2, false}, {6, PARAMETER_V6, false}};
	struct icmp_bench b;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t head = rows[i].version == 4 ? 20 : 40;
		uint8_t *icmp;

		bench_set_up(&b, rows[i].version);
		assert_int_equal(bench_too_big(&b, 1400), ADIT_OK);
		icmp = bench_made(&b) + head;
		icmp[0] = rows[i].type;
		icmp[1] = 0;
		/* A quote of 16 bytes, which no header fits into. */
		memset(icmp + 4, 0, 4);
		icmp[rows[i].version == 4 ? 5 : 4] = rows[i].version == 4 ? 4 : 2;
		mend(&b);
		assert_int_equal(adit_icmp_error_read(&b.e, bench_made(&b), b.out.len) == ADIT_OK,
				 !rows[i].tells);
	}
	for (size_t n = 0; n < 8; n++) {
		bench_set_up(&b, 4);
		assert_int_equal(bench_too_big(&b, 1400), ADIT_OK);
		b.out.len = 20 + n;
		mend(&b);
		assert_int_equal(adit_icmp_error_read(&b.e, bench_made(&b), b.out.len),
				 ADIT_ERR_SHORT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_error_says_who_sent_what_to_whom),
		cmocka_unit_test(test_spi_and_number_are_read_of_esp_ah_and_esp_in_udp),
		cmocka_unit_test(test_every_length_of_a_quote_is_read_as_far_as_it_goes),
		cmocka_unit_test(test_every_cut_and_every_flipped_bit_of_an_error_is_refused),
		cmocka_unit_test(test_what_is_no_error_is_told_apart),
		cmocka_unit_test(test_an_error_in_fragments_is_not_read),
		cmocka_unit_test(test_a_quote_of_the_other_version_is_malformed),
		cmocka_unit_test(test_a_quoted_later_fragment_has_no_ports_and_no_spi),
		cmocka_unit_test(test_extensions_behind_a_quote_are_not_taken_for_it),
		cmocka_unit_test(test_what_others_have_there_is_no_length_of_the_quote),
		cmocka_unit_test(test_an_error_matches_the_selectors_of_what_it_is_about),
		cmocka_unit_test(test_only_some_types_tell_the_length_of_their_quote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
