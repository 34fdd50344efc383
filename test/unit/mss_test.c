/* MSS clamping: SYNs alone, never upwards, options with every length hostile. The packets are
 * scapy's 2.5.0, before and after. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/segment.h"
#include "base/endian.h"
#include "wire/tcp.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
enum { MTU = 1422, HEAD4 = 20, HEAD6 = 40 };

/* IP(src="10.1.0.9", dst="10.2.0.7", id=1) / TCP(sport=1000, dport=80, seq=1, flags="S",
 * options=[NOP, MSS 1460, SAckOK, Timestamp (1, 0), WScale 7]): the MSS is at an odd place. */
static const uint8_t syn4[] = {
	0x45, 0x00, 0x00, 0x3c, 0x00, 0x01, 0x00, 0x00, 0x40, 0x06, 0x66, 0xa9, 0x0a, 0x01, 0x00,
	0x09, 0x0a, 0x02, 0x00, 0x07, 0x03, 0xe8, 0x00, 0x50, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,
	0x00, 0x00, 0xa0, 0x02, 0x20, 0x00, 0x5e, 0x65, 0x00, 0x00, 0x01, 0x02, 0x04, 0x05, 0xb4,
	0x04, 0x02, 0x08, 0x0a, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x03, 0x03, 0x07};
/* The same with MSS 1382. */
static const uint8_t syn4_1382[] = {
	0x45, 0x00, 0x00, 0x3c, 0x00, 0x01, 0x00, 0x00, 0x40, 0x06, 0x66, 0xa9, 0x0a, 0x01, 0x00,
	0x09, 0x0a, 0x02, 0x00, 0x07, 0x03, 0xe8, 0x00, 0x50, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,
	0x00, 0x00, 0xa0, 0x02, 0x20, 0x00, 0xac, 0x65, 0x00, 0x00, 0x01, 0x02, 0x04, 0x05, 0x66,
	0x04, 0x02, 0x08, 0x0a, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x03, 0x03, 0x07};
/* IPv6(src="fd00:1::9", dst="fd00:2::7") / TCP(sport=1000, dport=80, seq=1, flags="SA",
 * options=[MSS 1440]), and with MSS 1342. */
static const uint8_t synack6[] = {0x60, 0x00, 0x00, 0x00, 0x00, 0x18, 0x06, 0x40, 0xfd, 0x00, 0x00,
				  0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
				  0x00, 0x09, 0xfd, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00,
				  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07, 0x03, 0xe8, 0x00, 0x50,
				  0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x60, 0x12, 0x20,
				  0x00, 0x79, 0xdd, 0x00, 0x00, 0x02, 0x04, 0x05, 0xa0};
static const uint8_t synack6_1342[] = {
	0x60, 0x00, 0x00, 0x00, 0x00, 0x18, 0x06, 0x40, 0xfd, 0x00, 0x00, 0x01, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x09, 0xfd, 0x00,
	0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x07, 0x03, 0xe8, 0x00, 0x50, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,
	0x60, 0x12, 0x20, 0x00, 0x7a, 0x3f, 0x00, 0x00, 0x02, 0x04, 0x05, 0x3e};

struct packet {
	uint8_t p[128], was[128];
	size_t n;
};

static void
load(struct packet *k, const uint8_t *from, size_t n)
{
	memset(k, 0, sizeof *k);
	memcpy(k->p, from, n);
	memcpy(k->was, from, n);
	k->n = n;
}

static void
assert_unchanged(struct packet *k, size_t mtu)
{
	memcpy(k->was, k->p, sizeof k->was);
	assert_false(adit_mss_clamp(k->p, k->n, mtu));
	assert_memory_equal(k->p, k->was, sizeof k->was);
}

static bool
is_checksum_right(const struct packet *k)
{
	uint8_t version = k->p[0] >> 4;
	size_t head = version == 4 ? HEAD4 : HEAD6;

	return adit_upper_checksum(k->p, version, ADIT_PROTO_TCP, k->p + head, k->n - head) == 0;
}

/* A SYN over IPv4 with these options, padded with what `pad` says. */
static void
make_syn(struct packet *k, const uint8_t *options, size_t n, uint8_t pad)
{
	size_t len = (n + 3) / 4 * 4;
	struct adit_ip_view v;
	uint8_t *tcp = k->p + HEAD4;

	load(k, syn4, HEAD4 + ADIT_TCP_LEN);
	memset(tcp + ADIT_TCP_LEN, pad, len);
	memcpy(tcp + ADIT_TCP_LEN, options, n);
	tcp[ADIT_TCP_OFFSET] = (uint8_t)((ADIT_TCP_LEN + len) / 4 << 4);
	k->n = HEAD4 + ADIT_TCP_LEN + len;
	v.version = 4;
	adit_ip_set_length(k->p, &v, k->n);
	adit_store16(tcp + ADIT_TCP_CHECKSUM, 0);
	adit_store16(tcp + ADIT_TCP_CHECKSUM,
		     adit_upper_checksum(k->p, 4, ADIT_PROTO_TCP, tcp, ADIT_TCP_LEN + len));
}

static void
test_a_syn_is_clamped_as_if_it_had_been_made_so(void **state)
{
	struct packet k;

	(void)state;
	load(&k, syn4, sizeof syn4);
	assert_true(adit_mss_clamp(k.p, k.n, MTU));
	assert_memory_equal(k.p, syn4_1382, sizeof syn4_1382);
	assert_unchanged(&k, MTU);
}

static void
test_a_syn_ack_over_ipv6_is_clamped_as_if_it_had_been_made_so(void **state)
{
	struct packet k;

	(void)state;
	load(&k, synack6, sizeof synack6);
	assert_true(adit_mss_clamp(k.p, k.n, 1402));
	assert_memory_equal(k.p, synack6_1342, sizeof synack6_1342);
	assert_unchanged(&k, 1402);
}

static void
test_every_mtu_gives_mtu_less_headers_and_never_more(void **state)
{
	static const struct {
		const uint8_t *p;
		size_t n, at, headers;
		uint16_t mss;
	} forms[] = {{syn4, sizeof syn4, HEAD4 + 23, 40, 1460},
		     {synack6, sizeof synack6, HEAD6 + 22, 60, 1440}};
	struct packet k;

	(void)state;
	for (size_t f = 0; f < COUNT(forms); f++) {
		for (size_t mtu = 0; mtu < 66000; mtu++) {
			size_t want = mtu > forms[f].headers ? mtu - forms[f].headers : 65535;
			bool lower = want < forms[f].mss;

			load(&k, forms[f].p, forms[f].n);
			assert_int_equal(adit_mss_clamp(k.p, k.n, mtu), lower);
			assert_int_equal(adit_load16(k.p + forms[f].at),
					 lower ? want : forms[f].mss);
			assert_true(is_checksum_right(&k));
		}
		load(&k, forms[f].p, forms[f].n);
		assert_unchanged(&k, SIZE_MAX);
	}
}

static void
test_only_syns_are_clamped(void **state)
{
	struct packet k;

	(void)state;
	for (unsigned flags = 0; flags < 256; flags++) {
		load(&k, syn4, sizeof syn4);
		k.p[HEAD4 + ADIT_TCP_FLAGS] = (uint8_t)flags;
		assert_int_equal(adit_mss_clamp(k.p, k.n, MTU), (flags & ADIT_TCP_SYN) != 0);
	}
}

static void
test_other_protocols_and_later_fragments_are_left_alone(void **state)
{
	struct packet k;

	(void)state;
	load(&k, syn4, sizeof syn4);
	k.p[ADIT_IPV4_PROTOCOL] = ADIT_PROTO_UDP;
	assert_unchanged(&k, MTU);
	load(&k, syn4, sizeof syn4);
	adit_store16(k.p + ADIT_IPV4_FRAGMENT, 1);
	assert_unchanged(&k, MTU);
	/* The first one has the options. */
	load(&k, syn4, sizeof syn4);
	adit_store16(k.p + ADIT_IPV4_FRAGMENT, 0x2000);
	assert_true(adit_mss_clamp(k.p, k.n, MTU));
}

static void
test_a_syn_without_the_option_stays_without(void **state)
{
	static const uint8_t others[] = {4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 3, 3, 7};
	struct packet k;

	(void)state;
	make_syn(&k, others, sizeof others, 1);
	assert_unchanged(&k, MTU);
	make_syn(&k, others, 0, 1);
	assert_unchanged(&k, MTU);
}

static void
test_a_wrong_checksum_stays_as_wrong(void **state)
{
	struct packet k;

	(void)state;
	load(&k, syn4, sizeof syn4);
	k.p[HEAD4 + ADIT_TCP_CHECKSUM] ^= 0x10;
	assert_true(adit_mss_clamp(k.p, k.n, MTU));
	assert_false(is_checksum_right(&k));
	k.p[HEAD4 + ADIT_TCP_CHECKSUM] ^= 0x10;
	assert_memory_equal(k.p + HEAD4 + 18, syn4_1382 + HEAD4 + 18, sizeof syn4 - HEAD4 - 18);
}

static void
test_options_are_walked_as_far_as_they_make_sense(void **state)
{
	static const struct {
		uint8_t options[12];
		size_t n;
		bool changed;
	} cases[] = {
		{{2, 4, 5, 0xb4}, 4, true},
		{{1, 1, 1, 1, 2, 4, 5, 0xb4}, 8, true},
		{{2, 4, 5, 0xb4, 2, 4, 5, 0xb4}, 8, true}, /* both */
		{{0, 2, 4, 5, 0xb4}, 5, false},            /* behind the end */
		{{2, 3, 5, 2, 4, 5, 0xb4, 1}, 8, true},    /* an MSS of 3 bytes is none */
		{{2, 5, 5, 0xb4, 0}, 5, false},            /* nor is one of 5 */
		{{2, 0, 5, 0xb4}, 4, false},               /* no step */
		{{2, 1, 5, 0xb4}, 4, false},               /* into itself */
		{{3, 0, 0, 2, 4, 5, 0xb4}, 7, false},      /* no step */
		{{3, 9, 2, 4, 5, 0xb4, 1, 1}, 8, false},   /* beyond the header */
		{{1, 1, 1, 1, 1, 1, 1, 2}, 8, false},      /* cut behind the kind */
		{{1, 1, 1, 1, 1, 1, 2, 4}, 8, false},      /* behind the length */
		{{1, 1, 1, 1, 1, 2, 4, 5}, 8, false},      /* within the value */
		{{254, 4, 2, 4, 2, 4, 5, 0xb4}, 8, true},  /* within another one it isn't one */
		{{2, 4, 0, 0}, 4, false},                  /* zero is less */
		{{2, 4, 5, 0x66, 2, 4, 5, 0x67}, 8, true}, /* 1382 stays, 1383 doesn't */
		{{2, 4, 0xff, 0xff, 1, 1, 1, 1}, 8, true},
	};
	struct packet k;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (unsigned pad = 0; pad < 2; pad++) {
			make_syn(&k, cases[i].options, cases[i].n, (uint8_t)pad);
			assert_true(is_checksum_right(&k));
			if (!cases[i].changed) {
				assert_unchanged(&k, MTU);
				continue;
			}
			assert_true(adit_mss_clamp(k.p, k.n, MTU));
			assert_true(is_checksum_right(&k));
			assert_unchanged(&k, MTU);
		}
	}
}

static void
test_no_second_option_escapes(void **state)
{
	static const uint8_t twice[] = {2, 4, 5, 0xb4, 1, 2, 4, 0xff, 0xff};
	struct packet k;

	(void)state;
	make_syn(&k, twice, sizeof twice, 0);
	assert_true(adit_mss_clamp(k.p, k.n, MTU));
	assert_int_equal(adit_load16(k.p + HEAD4 + ADIT_TCP_LEN + 2), MTU - 40);
	assert_int_equal(adit_load16(k.p + HEAD4 + ADIT_TCP_LEN + 7), MTU - 40);
	assert_true(is_checksum_right(&k));
}

static void
test_cut_packets_and_wrong_header_lengths_are_left_alone(void **state)
{
	struct packet k;

	(void)state;
	for (size_t n = 0; n < sizeof syn4; n++) {
		load(&k, syn4, sizeof syn4);
		k.n = n;
		assert_unchanged(&k, MTU);
	}
	/* The header's own idea of its length. */
	for (unsigned words = 0; words < 16; words++) {
		load(&k, syn4, sizeof syn4);
		k.p[HEAD4 + ADIT_TCP_OFFSET] = (uint8_t)(words << 4);
		/* From 7 words on the whole option is in it, from 11 the packet is too short. */
		if (words < 7 || words > 10)
			assert_unchanged(&k, MTU);
		else
			assert_true(adit_mss_clamp(k.p, k.n, MTU));
	}
	/* A packet that ends within its TCP header. */
	for (size_t n = HEAD4; n < sizeof syn4; n++) {
		struct adit_ip_view v;

		load(&k, syn4, sizeof syn4);
		v.version = 4;
		adit_ip_set_length(k.p, &v, n);
		assert_unchanged(&k, MTU);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_syn_is_clamped_as_if_it_had_been_made_so),
		cmocka_unit_test(test_a_syn_ack_over_ipv6_is_clamped_as_if_it_had_been_made_so),
		cmocka_unit_test(test_every_mtu_gives_mtu_less_headers_and_never_more),
		cmocka_unit_test(test_only_syns_are_clamped),
		cmocka_unit_test(test_other_protocols_and_later_fragments_are_left_alone),
		cmocka_unit_test(test_a_syn_without_the_option_stays_without),
		cmocka_unit_test(test_a_wrong_checksum_stays_as_wrong),
		cmocka_unit_test(test_options_are_walked_as_far_as_they_make_sense),
		cmocka_unit_test(test_no_second_option_escapes),
		cmocka_unit_test(test_cut_packets_and_wrong_header_lengths_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
