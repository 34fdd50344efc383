/* ICMP errors: made byte for byte as scapy 2.5.0 makes them, about nothing that mustn't be
 * answered, and read with every length hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/icmp.h"
#include "base/endian.h"
#include "wire/icmp.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
enum { PACKET = 1500, OUT = 2048, OFF = 64, FILL = 0xa5 };

static const struct adit_ip destination = {0, {0}};
static const struct adit_ip router4 = {4, {192, 0, 2, 1}};
static const struct adit_ip router6 = {6, {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

/* The first headers of IP(src="10.1.0.9", dst="10.2.0.7", flags="DF", id=0x1234, ttl=63) /
 * UDP(sport=1000, dport=2000) / 1472 bytes, and of IPv6(src="fd00:1::9", dst="fd00:2::7", hlim=63)
 * likewise with 1452. */
static const uint8_t head4[] = {0x45, 0x00, 0x05, 0xdc, 0x12, 0x34, 0x40, 0x00, 0x3f, 0x11,
				0x0f, 0xcb, 0x0a, 0x01, 0x00, 0x09, 0x0a, 0x02, 0x00, 0x07,
				0x03, 0xe8, 0x07, 0xd0, 0x05, 0xc8, 0x4f, 0x31};
static const uint8_t head6[] = {0x60, 0x00, 0x00, 0x00, 0x05, 0xb4, 0x11, 0x3f, 0xfd, 0x00,
				0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
				0x00, 0x00, 0x00, 0x09, 0xfd, 0x00, 0x00, 0x02, 0x00, 0x00,
				0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07,
				0x03, 0xe8, 0x07, 0xd0, 0x05, 0xb4, 0x82, 0x7a};

struct bench {
	uint8_t packet[PACKET];
	uint8_t mem[OUT];
	struct adit_pkt out;
	struct adit_icmp_error e;
};

static void
reset(struct bench *b)
{
	memset(b->mem, FILL, sizeof b->mem);
	b->out = (struct adit_pkt){b->mem, sizeof b->mem, OFF, 0};
}

static void
set_up(struct bench *b, uint8_t version)
{
	const uint8_t *head = version == 4 ? head4 : head6;
	size_t n = version == 4 ? sizeof head4 : sizeof head6;

	memcpy(b->packet, head, n);
	for (size_t i = n; i < PACKET; i++)
		b->packet[i] = (uint8_t)(i - n);
	reset(b);
}

/* Sets lengths for a packet of n bytes. */
static void
shorten(struct bench *b, size_t n)
{
	struct adit_ip_view v;

	v.version = b->packet[0] >> 4;
	adit_ip_set_length(b->packet, &v, n);
}

static uint8_t *
made(struct bench *b)
{
	return adit_pkt_data(&b->out);
}

static enum adit_status
too_big(struct bench *b, uint32_t mtu)
{
	reset(b);
	return adit_icmp_too_big(b->packet, PACKET, mtu, &destination, &b->out);
}

static enum adit_status
prohibited(struct bench *b)
{
	reset(b);
	return adit_icmp_prohibited(b->packet, PACKET, &destination, &b->out);
}

static void
assert_untouched(const struct bench *b)
{
	for (size_t i = 0; i < sizeof b->mem; i++)
		assert_int_equal(b->mem[i], FILL);
	assert_int_equal(b->out.len, 0);
}

static void
assert_refused(struct bench *b, enum adit_status why)
{
	assert_int_equal(too_big(b, 1400), why);
	assert_untouched(b);
	assert_int_equal(prohibited(b), why);
	assert_untouched(b);
}

static void
assert_made(struct bench *b, const uint8_t *head, size_t head_len, size_t total)
{
	assert_int_equal(b->out.off, OFF);
	assert_int_equal(b->out.len, total);
	assert_memory_equal(made(b), head, head_len);
	assert_memory_equal(made(b) + head_len, b->packet, total - head_len);
	assert_int_equal(b->mem[OFF - 1], FILL);
	assert_int_equal(b->mem[OFF + total], FILL);
}

/* IP(src="192.0.2.1", dst="10.1.0.9", tos=0xc0, flags="DF", id=0, ttl=64) / ICMP(type=3, code=4,
 * nexthopmtu=1422) / Raw(packet[:548]) */
static void
test_too_big_of_ipv4_is_what_scapy_makes(void **state)
{
	static const uint8_t want[] = {0x45, 0xc0, 0x02, 0x40, 0x00, 0x00, 0x40, 0x00, 0x40, 0x01,
				       0x6b, 0xf2, 0xc0, 0x00, 0x02, 0x01, 0x0a, 0x01, 0x00, 0x09,
				       0x03, 0x04, 0x0a, 0x2d, 0x00, 0x00, 0x05, 0x8e};
	struct bench b;

	(void)state;
	set_up(&b, 4);
	assert_int_equal(adit_icmp_too_big(b.packet, PACKET, 1422, &router4, &b.out), ADIT_OK);
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
	struct bench b;

	(void)state;
	set_up(&b, 6);
	assert_int_equal(adit_icmp_too_big(b.packet, PACKET, 1402, &router6, &b.out), ADIT_OK);
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
	struct bench b;

	(void)state;
	set_up(&b, 4);
	assert_int_equal(prohibited(&b), ADIT_OK);
	assert_made(&b, want4, sizeof want4, 576);
	set_up(&b, 6);
	assert_int_equal(prohibited(&b), ADIT_OK);
	assert_made(&b, want6, sizeof want6, 1280);
}

static void
test_errors_quote_all_of_a_short_packet_and_no_more(void **state)
{
	static const struct {
		uint8_t version;
		size_t least, around, most;
	} forms[] = {{4, 20, 28, 576}, {6, 40, 48, 1280}};
	struct bench b;

	(void)state;
	for (size_t f = 0; f < COUNT(forms); f++) {
		set_up(&b, forms[f].version);
		for (size_t n = forms[f].least; n <= PACKET; n++) {
			size_t want = forms[f].around + n;

			shorten(&b, n);
			assert_int_equal(prohibited(&b), ADIT_OK);
			assert_int_equal(b.out.len, want < forms[f].most ? want : forms[f].most);
			assert_int_equal(adit_icmp_error_read(&b.e, made(&b), b.out.len), ADIT_OK);
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
	struct bench b;

	(void)state;
	for (size_t f = 0; f < COUNT(forms); f++) {
		set_up(&b, forms[f].version);
		for (size_t room = 0; room < 1400; room++) {
			enum adit_status st;

			reset(&b);
			b.out.cap = OFF + room;
			st = adit_icmp_too_big(b.packet, PACKET, 1400, &destination, &b.out);
			if (room < forms[f].least) {
				assert_int_equal(st, ADIT_ERR_ROOM);
				assert_untouched(&b);
				continue;
			}
			assert_int_equal(st, ADIT_OK);
			assert_true(b.out.len <= room);
			assert_int_equal(b.mem[OFF + b.out.len], FILL);
			assert_int_equal(adit_icmp_error_read(&b.e, made(&b), b.out.len), ADIT_OK);
			assert_int_equal(b.e.mtu, 1400);
		}
	}
	/* A packet with less is quoted whole. */
	set_up(&b, 4);
	shorten(&b, 22);
	b.out.cap = OFF + 20 + 8 + 22;
	assert_int_equal(adit_icmp_prohibited(b.packet, PACKET, &destination, &b.out), ADIT_OK);
	b.out.cap--;
	assert_int_equal(adit_icmp_prohibited(b.packet, PACKET, &destination, &b.out),
			 ADIT_ERR_ROOM);
	b.out.off = b.out.cap + 1;
	assert_int_equal(adit_icmp_prohibited(b.packet, PACKET, &destination, &b.out),
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
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		set_up(&b, cases[i].version);
		if (!cases[i].told) {
			assert_int_equal(too_big(&b, cases[i].mtu), ADIT_ERR_MTU);
			assert_untouched(&b);
			continue;
		}
		assert_int_equal(too_big(&b, cases[i].mtu), ADIT_OK);
		assert_int_equal(adit_icmp_error_read(&b.e, made(&b), b.out.len), ADIT_OK);
		assert_true(b.e.too_big);
		assert_int_equal(b.e.mtu, cases[i].told);
	}
}

static void
test_packets_that_can_be_cut_are_not_told_of(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, 4);
	b.packet[6] = 0;
	assert_int_equal(too_big(&b, 1400), ADIT_ERR_MTU);
	assert_untouched(&b);
	/* No IPv6 sender goes below 1280. */
	set_up(&b, 6);
	shorten(&b, 1280);
	assert_int_equal(too_big(&b, 1000), ADIT_ERR_MTU);
	assert_untouched(&b);
	shorten(&b, 1281);
	assert_int_equal(too_big(&b, 1000), ADIT_OK);
}

/* RFC 1122 3.2.2, RFC 4443 2.4 e.1 and e.2 */
static void
test_nothing_answers_an_icmp_error(void **state)
{
	struct bench b;

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		bool error4 = (type >= 3 && type <= 5) || type == 11 || type == 12 || type > 18;
		bool error6 = type < 128 || type == 137;

		set_up(&b, 4);
		b.packet[ADIT_IPV4_PROTOCOL] = ADIT_PROTO_ICMP;
		b.packet[20] = (uint8_t)type;
		if (error4)
			assert_refused(&b, ADIT_ERR_UNEXPECTED);
		else
			assert_int_equal(too_big(&b, 1400), ADIT_OK);
		set_up(&b, 6);
		b.packet[ADIT_IPV6_NEXT] = ADIT_PROTO_ICMPV6;
		b.packet[40] = (uint8_t)type;
		if (error6)
			assert_refused(&b, ADIT_ERR_UNEXPECTED);
		else
			assert_int_equal(too_big(&b, 1400), ADIT_OK);
	}
}

static void
test_nothing_answers_icmp_without_a_type(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, 4);
	b.packet[ADIT_IPV4_PROTOCOL] = ADIT_PROTO_ICMP;
	b.packet[20] = 8; /* an echo request, did it belong to the packet */
	shorten(&b, 20);
	assert_int_equal(prohibited(&b), ADIT_ERR_UNEXPECTED);
	assert_untouched(&b);
}

static void
test_an_icmp_error_behind_extension_headers_is_not_answered(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, 6);
	b.packet[ADIT_IPV6_NEXT] = 60; /* destination options */
	memset(b.packet + 40, 0, 8);
	b.packet[40] = ADIT_PROTO_ICMPV6;
	b.packet[48] = ADIT_ICMPV6_TOO_BIG;
	assert_refused(&b, ADIT_ERR_UNEXPECTED);
	b.packet[48] = 128;
	assert_int_equal(too_big(&b, 1400), ADIT_OK);
}

static void
test_only_the_first_fragment_is_answered(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, 4);
	adit_store16(b.packet + ADIT_IPV4_FRAGMENT, 0x4001);
	assert_refused(&b, ADIT_ERR_FRAGMENT);
	adit_store16(b.packet + ADIT_IPV4_FRAGMENT, 0x6000);
	assert_int_equal(too_big(&b, 1400), ADIT_OK);
	set_up(&b, 6);
	b.packet[ADIT_IPV6_NEXT] = 44;
	memset(b.packet + 40, 0, 8);
	b.packet[40] = ADIT_PROTO_UDP;
	adit_store16(b.packet + 42, 8);
	assert_refused(&b, ADIT_ERR_FRAGMENT);
	adit_store16(b.packet + 42, 1);
	assert_int_equal(too_big(&b, 1400), ADIT_OK);
}

static void
test_sources_that_are_no_single_host_are_not_answered(void **state)
{
	static const uint8_t sources4[] = {0, 127, 224, 239, 240, 255};
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT(sources4); i++) {
		set_up(&b, 4);
		b.packet[ADIT_IPV4_SOURCE] = sources4[i];
		assert_refused(&b, ADIT_ERR_UNEXPECTED);
	}
	set_up(&b, 6);
	memset(b.packet + ADIT_IPV6_SOURCE, 0, 16);
	assert_refused(&b, ADIT_ERR_UNEXPECTED);
	b.packet[ADIT_IPV6_SOURCE] = 0xff;
	assert_refused(&b, ADIT_ERR_UNEXPECTED);
}

static void
test_multicast_is_not_answered_but_for_ipv6_path_mtu(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, 4);
	b.packet[ADIT_IPV4_DESTINATION] = 224;
	assert_refused(&b, ADIT_ERR_UNEXPECTED);
	memset(b.packet + ADIT_IPV4_DESTINATION, 255, 4);
	assert_refused(&b, ADIT_ERR_UNEXPECTED);
	set_up(&b, 6);
	b.packet[ADIT_IPV6_DESTINATION] = 0xff;
	assert_int_equal(prohibited(&b), ADIT_ERR_UNEXPECTED);
	/* A group can't speak for itself. */
	assert_int_equal(too_big(&b, 1400), ADIT_ERR_ARG);
	assert_untouched(&b);
	assert_int_equal(adit_icmp_too_big(b.packet, PACKET, 1400, &router6, &b.out), ADIT_OK);
}

static void
test_an_error_speaks_the_packets_version(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, 4);
	assert_int_equal(adit_icmp_too_big(b.packet, PACKET, 1400, &router6, &b.out), ADIT_ERR_ARG);
	assert_untouched(&b);
	set_up(&b, 6);
	assert_int_equal(adit_icmp_prohibited(b.packet, PACKET, &router4, &b.out), ADIT_ERR_ARG);
	assert_untouched(&b);
}

static void
test_what_is_no_packet_is_not_answered(void **state)
{
	struct bench b;

	(void)state;
	for (unsigned version = 4; version <= 6; version += 2) {
		set_up(&b, (uint8_t)version);
		for (size_t n = 0; n < PACKET; n++) {
			assert_int_equal(adit_icmp_too_big(b.packet, n, 1400, &destination, &b.out),
					 ADIT_ERR_SHORT);
			assert_int_equal(adit_icmp_prohibited(b.packet, n, &destination, &b.out),
					 ADIT_ERR_SHORT);
		}
		assert_untouched(&b);
	}
	for (unsigned version = 0; version < 16; version++) {
		set_up(&b, 4);
		b.packet[0] = (uint8_t)(version << 4 | 4);
		if (version != 6)
			assert_refused(&b, ADIT_ERR_MALFORMED);
	}
}

/* --- Reading. */

/* An error about a packet of `protocol` whose upper layer begins with upper[]. */
static void
make_error(struct bench *b, uint8_t version, uint8_t protocol, const uint8_t *upper, size_t n)
{
	size_t head = version == 4 ? 20 : 40;

	set_up(b, version);
	b->packet[version == 4 ? ADIT_IPV4_PROTOCOL : ADIT_IPV6_NEXT] = protocol;
	memcpy(b->packet + head, upper, n);
	assert_int_equal(too_big(b, 1400), ADIT_OK);
}

static void
read_made(struct bench *b)
{
	assert_int_equal(adit_icmp_error_read(&b->e, made(b), b->out.len), ADIT_OK);
}

/* Writes the right checksum of the error in b->out, and the length that its header says. */
static void
mend(struct bench *b)
{
	uint8_t *p = made(b);
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
	struct bench b;

	(void)state;
	for (unsigned version = 4; version <= 6; version += 2) {
		const struct adit_ip *from = version == 4 ? &router4 : &router6;
		struct adit_ip source, there;

		set_up(&b, (uint8_t)version);
		source = adit_ip_source(b.packet, (uint8_t)version);
		there = adit_ip_destination(b.packet, (uint8_t)version);
		assert_int_equal(adit_icmp_too_big(b.packet, PACKET, 1399, from, &b.out), ADIT_OK);
		read_made(&b);
		assert_true(adit_ip_equal(&b.e.from, from));
		assert_true(adit_ip_equal(&b.e.to, &source));
		assert_true(b.e.too_big);
		assert_int_equal(b.e.mtu, 1399);
		assert_int_equal(b.e.type, version == 4 ? 3 : 2);
		assert_int_equal(b.e.code, version == 4 ? 4 : 0);
		assert_int_equal(b.e.quoted_len, PACKET);
		assert_true(adit_ip_equal(&b.e.sent.local, &source));
		assert_true(adit_ip_equal(&b.e.sent.remote, &there));
		assert_int_equal(b.e.sent.protocol, ADIT_PROTO_UDP);
		assert_true(b.e.sent.has_ports);
		assert_int_equal(b.e.sent.local_port, 1000);
		assert_int_equal(b.e.sent.remote_port, 2000);
		assert_int_equal(prohibited(&b), ADIT_OK);
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
	struct bench b;

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
	struct bench b;

	(void)state;
	for (unsigned version = 4; version <= 6; version += 2) {
		size_t head = version == 4 ? 20 : 40;

		for (size_t quote = 0; quote < 200; quote++) {
			enum adit_status st;

			make_error(&b, (uint8_t)version, ADIT_PROTO_UDP, udp, sizeof udp);
			b.out.len = head + 8 + quote;
			/* What stands behind is not read. */
			memset(made(&b) + b.out.len, 0xff, 64);
			mend(&b);
			st = adit_icmp_error_read(&b.e, made(&b), b.out.len);
			assert_int_equal(st, quote < head ? ADIT_ERR_SHORT : ADIT_OK);
			if (st != ADIT_OK)
				continue;
			assert_int_equal(b.e.sent.has_ports, quote >= head + 4);
			assert_int_equal(b.e.has_spi, quote >= head + 12);
			assert_int_equal(b.e.has_seq, quote >= head + 16);
			assert_int_equal(b.e.quoted_len, PACKET);
		}
	}
}

static void
test_every_cut_and_every_flipped_bit_of_an_error_is_refused(void **state)
{
	struct bench b;

	(void)state;
	for (unsigned version = 4; version <= 6; version += 2) {
		size_t head = version == 4 ? 20 : 40;

		set_up(&b, (uint8_t)version);
		shorten(&b, 120);
		assert_int_equal(prohibited(&b), ADIT_OK);
		for (size_t n = 0; n < b.out.len; n++)
			assert_int_equal(adit_icmp_error_read(&b.e, made(&b), n), ADIT_ERR_SHORT);
		for (size_t bit = head * 8; bit < b.out.len * 8; bit++) {
			made(&b)[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_int_not_equal(adit_icmp_error_read(&b.e, made(&b), b.out.len),
					     ADIT_OK);
			made(&b)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		read_made(&b);
	}
}

static void
test_what_is_no_error_is_told_apart(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, 4);
	assert_int_equal(adit_icmp_error_read(&b.e, b.packet, PACKET), ADIT_ERR_UNSUPPORTED);
	/* ICMP of the other version. */
	b.packet[ADIT_IPV4_PROTOCOL] = ADIT_PROTO_ICMPV6;
	assert_int_equal(adit_icmp_error_read(&b.e, b.packet, PACKET), ADIT_ERR_UNSUPPORTED);
	assert_int_equal(too_big(&b, 1400), ADIT_OK);
	made(&b)[20] = 8; /* echo request */
	mend(&b);
	assert_int_equal(adit_icmp_error_read(&b.e, made(&b), b.out.len), ADIT_ERR_UNSUPPORTED);
	set_up(&b, 6);
	assert_int_equal(too_big(&b, 1400), ADIT_OK);
	made(&b)[40] = 128;
	mend(&b);
	assert_int_equal(adit_icmp_error_read(&b.e, made(&b), b.out.len), ADIT_ERR_UNSUPPORTED);
}

static void
test_an_error_in_fragments_is_not_read(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, 4);
	assert_int_equal(too_big(&b, 1400), ADIT_OK);
	adit_store16(made(&b) + ADIT_IPV4_FRAGMENT, 0x2000);
	assert_int_equal(adit_icmp_error_read(&b.e, made(&b), b.out.len), ADIT_ERR_FRAGMENT);
}

static void
test_a_quote_of_the_other_version_is_malformed(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, 4);
	assert_int_equal(too_big(&b, 1400), ADIT_OK);
	memcpy(made(&b) + 28, head6, sizeof head6);
	mend(&b);
	assert_int_equal(adit_icmp_error_read(&b.e, made(&b), b.out.len), ADIT_ERR_MALFORMED);
}

static void
test_a_quoted_later_fragment_has_no_ports_and_no_spi(void **state)
{
	static const uint8_t esp[] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct bench b;

	(void)state;
	make_error(&b, 4, ADIT_PROTO_ESP, esp, sizeof esp);
	adit_store16(made(&b) + 28 + ADIT_IPV4_FRAGMENT, 0x0010);
	mend(&b);
	read_made(&b);
	assert_false(b.e.has_spi || b.e.sent.has_ports);
}

/* RFC 4884 3: a length in words says where the quote ends and extensions begin. */
static void
test_extensions_behind_a_quote_are_not_taken_for_it(void **state)
{
	static const uint8_t esp[] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct bench b;

	(void)state;
	make_error(&b, 4, ADIT_PROTO_ESP, esp, sizeof esp);
	made(&b)[20 + 5] = (20 + 8) / 4;
	mend(&b);
	read_made(&b);
	assert_true(b.e.has_seq);
	assert_int_equal(b.e.mtu, 1400);
	made(&b)[20 + 5] = (20 + 4) / 4;
	mend(&b);
	read_made(&b);
	assert_true(b.e.has_spi && !b.e.has_seq);
	made(&b)[20 + 5] = 255;
	mend(&b);
	assert_int_equal(adit_icmp_error_read(&b.e, made(&b), b.out.len), ADIT_ERR_MALFORMED);
	/* IPv6 counts in eights, and its "too big" has an MTU there. */
	make_error(&b, 6, ADIT_PROTO_ESP, esp, sizeof esp);
	made(&b)[40] = ADIT_ICMPV6_UNREACHABLE;
	adit_store32(made(&b) + 44, (uint32_t)((40 + 8) / 8) << 24);
	mend(&b);
	read_made(&b);
	assert_true(b.e.has_seq);
	adit_store32(made(&b) + 44, (uint32_t)(40 / 8) << 24);
	mend(&b);
	read_made(&b);
	assert_false(b.e.has_spi);
	made(&b)[40] = ADIT_ICMPV6_TOO_BIG;
	mend(&b);
	read_made(&b);
	assert_true(b.e.has_seq);
	assert_int_equal(b.e.mtu, (uint32_t)(40 / 8) << 24);
}

/* RFC 4301 6.2 */
static void
test_an_error_matches_the_selectors_of_what_it_is_about(void **state)
{
	static const struct adit_ip here = {4, {10, 1, 0, 0}}, there = {4, {10, 2, 0, 0}};
	struct adit_selectors s;
	struct bench b;

	(void)state;
	memset(&s, 0, sizeof s);
	s.local_n = 1;
	s.remote_n = 1;
	s.local[0] = adit_ts_prefix(&here, 24);
	s.remote[0] = adit_ts_prefix(&there, 24);
	set_up(&b, 4);
	assert_int_equal(adit_icmp_too_big(b.packet, PACKET, 1400, &router4, &b.out), ADIT_OK);
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
		cmocka_unit_test(test_an_error_says_who_sent_what_to_whom),
		cmocka_unit_test(test_spi_and_number_are_read_of_esp_ah_and_esp_in_udp),
		cmocka_unit_test(test_every_length_of_a_quote_is_read_as_far_as_it_goes),
		cmocka_unit_test(test_every_cut_and_every_flipped_bit_of_an_error_is_refused),
		cmocka_unit_test(test_what_is_no_error_is_told_apart),
		cmocka_unit_test(test_an_error_in_fragments_is_not_read),
		cmocka_unit_test(test_a_quote_of_the_other_version_is_malformed),
		cmocka_unit_test(test_a_quoted_later_fragment_has_no_ports_and_no_spi),
		cmocka_unit_test(test_extensions_behind_a_quote_are_not_taken_for_it),
		cmocka_unit_test(test_an_error_matches_the_selectors_of_what_it_is_about),
		cmocka_unit_test(test_errors_are_sent_in_a_burst_and_then_at_a_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
