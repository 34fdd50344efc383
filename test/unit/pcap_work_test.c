/* adit-pcap's work on one frame: where IP begins, what is ESP, and ESP off what ESP was put on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../examples/adit-pcap/link.h"
#include "../../examples/adit-pcap/outer.h"
#include "../../examples/adit-pcap/work.h"

enum { CAP = 2048 };

#define KEY "\"0x000102030405060708090a0b0c0d0e0f10111213\""
#define GCM "\"AES-GCM with 16 octet ICV [RFC4106]\"," KEY ",\"NULL\",\"\""
#define LINE "\"IPv4\",\"10.0.0.1\",\"10.0.0.2\",\"0x03030303\"," GCM

/* One SA to put ESP on and the same line to take it off. */
struct ends {
	struct work out, in;
	struct work_sa out_sa, in_sa;
};

struct packet {
	struct adit_pkt pkt;
	uint8_t mem[CAP], scratch[CAP];
};

static void
start(struct ends *e, const char *line, enum adit_mode mode)
{
	memset(e, 0, sizeof *e);
	e->out.sas = &e->out_sa;
	e->in.sas = &e->in_sa;
	e->out.sa_count = e->in.sa_count = 1;
	e->out.udp_port = e->in.udp_port = 4500;
	e->out.mode = mode;
	assert_null(esp_sa_parse(&e->out_sa.line, line, strlen(line)));
	assert_null(esp_sa_parse(&e->in_sa.line, line, strlen(line)));
}

static void
finish(struct ends *e)
{
	work_wipe(&e->out);
	work_wipe(&e->in);
}

/* 10.0.0.1 to 10.0.0.2, protocol 253 (for experiments, RFC 3692), four bytes of it. */
static const uint8_t plain[] = {0x45, 0, 0, 24, 0,  0, 0, 0, 64, 253, 0x65, 0xe7,
				10,   0, 0, 1,  10, 0, 0, 2, 1,  2,   3,    4};

static void
fill(struct packet *p, const uint8_t *bytes, size_t n)
{
	memset(p, 0, sizeof *p);
	p->pkt.buf = p->mem;
	p->pkt.cap = CAP;
	p->pkt.off = WORK_HEADROOM;
	p->pkt.len = n;
	memcpy(adit_pkt_data(&p->pkt), bytes, n);
}

static void
encap(struct ends *e, struct packet *p)
{
	enum adit_status st;

	fill(p, plain, sizeof plain);
	assert_int_equal(work_encap(&e->out, &p->pkt, &st), WORK_DONE);
}

static void
assert_decap_gives_plain(struct ends *e, struct packet *p)
{
	enum adit_status st = ADIT_OK;

	assert_int_equal(work_decap(&e->in, &p->pkt, p->scratch, &st), WORK_DONE);
	assert_int_equal(p->pkt.len, sizeof plain);
	assert_memory_equal(adit_pkt_data(&p->pkt), plain, sizeof plain);
}

static void
assert_decap_fails(struct ends *e, struct packet *p, enum adit_status with)
{
	enum adit_status st = ADIT_OK;

	assert_int_equal(work_decap(&e->in, &p->pkt, p->scratch, &st), WORK_FAILED);
	assert_string_equal(adit_status_name(st), adit_status_name(with));
}

static void
test_tunnel_mode_comes_off_by_itself(void **state)
{
	struct packet p;
	struct ends e;

	(void)state;
	start(&e, LINE, ADIT_TUNNEL);
	assert_null(work_encap_start(&e.out));
	encap(&e, &p);
	assert_true(p.pkt.len > sizeof plain + 20);
	assert_decap_gives_plain(&e, &p);
	finish(&e);
}

static void
test_transport_mode_comes_off_by_itself(void **state)
{
	struct packet p;
	struct ends e;

	(void)state;
	start(&e, LINE, ADIT_TRANSPORT);
	assert_null(work_encap_start(&e.out));
	for (int i = 0; i < 2; i++) {
		encap(&e, &p);
		assert_decap_gives_plain(&e, &p);
	}
	finish(&e);
}

static void
test_esp_in_udp_comes_off(void **state)
{
	struct packet p;
	struct ends e;

	(void)state;
	start(&e, LINE, ADIT_TUNNEL);
	e.out.udp = true;
	assert_null(work_encap_start(&e.out));
	encap(&e, &p);
	assert_int_equal(adit_pkt_data(&p.pkt)[9], ADIT_PROTO_UDP);
	assert_decap_gives_plain(&e, &p);
	finish(&e);
}

static void
test_a_packet_captured_twice_is_a_replay(void **state)
{
	struct packet p, again;
	struct ends e;

	(void)state;
	start(&e, LINE, ADIT_TUNNEL);
	assert_null(work_encap_start(&e.out));
	encap(&e, &p);
	fill(&again, adit_pkt_data(&p.pkt), p.pkt.len);
	assert_decap_gives_plain(&e, &p);
	assert_decap_fails(&e, &again, ADIT_ERR_REPLAY);
	finish(&e);
}

static void
test_a_capture_may_begin_anywhere_in_the_extended_numbers(void **state)
{
	static const uint64_t firsts[] = {0x700000001, 0x7fffffffe, 0x7fffff000};
	struct packet p;
	struct ends e;

	(void)state;
	for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
		start(&e, LINE ",\"64-bit\",\"7\"", ADIT_TUNNEL);
		e.out.first_seq = firsts[i];
		assert_null(work_encap_start(&e.out));
		for (int n = 0; n < 4; n++) {
			encap(&e, &p);
			assert_decap_gives_plain(&e, &p);
		}
		finish(&e);
	}
}

static void
test_a_forged_packet_settles_nothing(void **state)
{
	struct packet p, forged;
	struct ends e;

	(void)state;
	start(&e, LINE, ADIT_TRANSPORT);
	assert_null(work_encap_start(&e.out));
	encap(&e, &p);
	fill(&forged, adit_pkt_data(&p.pkt), p.pkt.len);
	adit_pkt_data(&forged.pkt)[p.pkt.len - 1] ^= 1;
	assert_decap_fails(&e, &forged, ADIT_ERR_ICV);
	assert_false(e.in_sa.settled);
	assert_decap_gives_plain(&e, &p);
	finish(&e);
}

static void
test_spis_without_a_line_and_other_addresses_are_told_apart(void **state)
{
	struct packet p, other;
	struct ends e;

	(void)state;
	start(&e, LINE, ADIT_TUNNEL);
	assert_null(work_encap_start(&e.out));
	encap(&e, &p);
	fill(&other, adit_pkt_data(&p.pkt), p.pkt.len);
	adit_pkt_data(&other.pkt)[20] ^= 1;
	assert_decap_fails(&e, &other, ADIT_ERR_NO_SA);
	adit_pkt_data(&p.pkt)[15] ^= 4;
	assert_decap_fails(&e, &p, ADIT_ERR_MISMATCH);
	finish(&e);
}

static void
test_what_is_not_esp_is_copied(void **state)
{
	static const uint8_t ike[] = {0x45, 0, 0,  40, 0, 0, 0,    0,    64,   17,   0, 0,  10, 0,
				      0,    1, 10, 0,  0, 2, 0x11, 0x94, 0x11, 0x94, 0, 20, 0,  0,
				      0,    0, 0,  0,  1, 2, 3,    4,    5,    6,    7, 8};
	static const uint8_t keepalive[] = {0x45, 0,    0,    29,   0, 0, 0,  0, 64,  17,
					    0,    0,    10,   0,    0, 1, 10, 0, 0,   2,
					    0x11, 0x94, 0x11, 0x94, 0, 9, 0,  0, 0xff};
	struct packet p;
	struct ends e;
	enum adit_status st;

	(void)state;
	start(&e, LINE, ADIT_TUNNEL);
	fill(&p, ike, sizeof ike);
	assert_int_equal(work_decap(&e.in, &p.pkt, p.scratch, &st), WORK_COPY);
	fill(&p, keepalive, sizeof keepalive);
	assert_int_equal(work_decap(&e.in, &p.pkt, p.scratch, &st), WORK_COPY);
	fill(&p, plain, sizeof plain);
	assert_int_equal(work_decap(&e.in, &p.pkt, p.scratch, &st), WORK_COPY);
	assert_memory_equal(adit_pkt_data(&p.pkt), plain, sizeof plain);
	finish(&e);
}

static void
test_fragments_of_esp_are_reported(void **state)
{
	struct packet p;
	struct ends e;

	(void)state;
	start(&e, LINE, ADIT_TUNNEL);
	assert_null(work_encap_start(&e.out));
	encap(&e, &p);
	adit_pkt_data(&p.pkt)[6] = 0x20;
	assert_decap_fails(&e, &p, ADIT_ERR_FRAGMENT);
	adit_pkt_data(&p.pkt)[6] = 0;
	p.pkt.len = 24;
	assert_decap_fails(&e, &p, ADIT_ERR_SHORT);
	finish(&e);
}

static void
test_encap_needs_outer_addresses_in_tunnel_mode_only(void **state)
{
	static const char any[] = "\"IPv4\",\"*\",\"*\",\"0x03030303\"," GCM;
	struct packet p;
	struct ends e;

	(void)state;
	start(&e, any, ADIT_TUNNEL);
	assert_non_null(work_encap_start(&e.out));
	finish(&e);
	start(&e, any, ADIT_TRANSPORT);
	assert_null(work_encap_start(&e.out));
	encap(&e, &p);
	assert_decap_gives_plain(&e, &p);
	finish(&e);
}

static void
test_transport_mode_leaves_others_packets(void **state)
{
	struct packet p;
	struct ends e;
	enum adit_status st;

	(void)state;
	start(&e, "\"IPv4\",\"10.0.0.9\",\"*\",\"0x03030303\"," GCM, ADIT_TRANSPORT);
	assert_null(work_encap_start(&e.out));
	fill(&p, plain, sizeof plain);
	assert_int_equal(work_encap(&e.out, &p.pkt, &st), WORK_COPY);
	finish(&e);
}

static void
test_ipv6_extension_headers_are_walked(void **state)
{
	/* Hop-by-hop options, then ESP of SPI 0x01020304; then cut inside the options. */
	static const uint8_t six[] = {
		0x60, 0,         0,        0,        0,        16,       0,
		64,   [40] = 50, [48] = 1, [49] = 2, [50] = 3, [51] = 4, [55] = 9};
	struct outer o;

	(void)state;
	outer_read(&o, six, sizeof six, 4500);
	assert_int_equal(o.kind, OUTER_ESP);
	assert_int_equal(o.spi, 0x01020304);
	assert_int_equal(o.seq_low, 9);
	outer_read(&o, six, 47, 4500);
	assert_int_equal(o.kind, OUTER_OTHER);
}

static void
test_ip_is_found_behind_every_link_header(void **state)
{
	uint8_t frame[64];
	size_t at;

	(void)state;
	memset(frame, 0, sizeof frame);
	frame[12] = 0x08;
	assert_true(link_find_ip(LINK_EN10MB, frame, sizeof frame, &at));
	assert_int_equal(at, 14);
	assert_false(link_find_ip(LINK_EN10MB, frame, 13, &at));
	frame[12] = 0x81, frame[16] = 0x86, frame[17] = 0xdd;
	assert_true(link_find_ip(LINK_EN10MB, frame, sizeof frame, &at));
	assert_int_equal(at, 18);
	assert_false(link_find_ip(LINK_EN10MB, frame, 16, &at));
	frame[14] = 0x86, frame[15] = 0xdd;
	assert_true(link_find_ip(LINK_SLL, frame, sizeof frame, &at));
	assert_int_equal(at, 16);
	frame[0] = 0x08;
	assert_true(link_find_ip(LINK_SLL2, frame, sizeof frame, &at));
	assert_int_equal(at, 20);
	frame[4] = 0x60;
	assert_true(link_find_ip(LINK_NULL, frame, sizeof frame, &at));
	assert_int_equal(at, 4);
	assert_false(link_find_ip(LINK_RAW, frame, sizeof frame, &at));
	frame[0] = 0x45;
	assert_true(link_find_ip(LINK_RAW, frame, sizeof frame, &at));
	assert_int_equal(at, 0);
	assert_false(link_find_ip(LINK_RAW, frame, 0, &at));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tunnel_mode_comes_off_by_itself),
		cmocka_unit_test(test_transport_mode_comes_off_by_itself),
		cmocka_unit_test(test_esp_in_udp_comes_off),
		cmocka_unit_test(test_a_packet_captured_twice_is_a_replay),
		cmocka_unit_test(test_a_capture_may_begin_anywhere_in_the_extended_numbers),
		cmocka_unit_test(test_a_forged_packet_settles_nothing),
		cmocka_unit_test(test_spis_without_a_line_and_other_addresses_are_told_apart),
		cmocka_unit_test(test_what_is_not_esp_is_copied),
		cmocka_unit_test(test_fragments_of_esp_are_reported),
		cmocka_unit_test(test_encap_needs_outer_addresses_in_tunnel_mode_only),
		cmocka_unit_test(test_transport_mode_leaves_others_packets),
		cmocka_unit_test(test_ipv6_extension_headers_are_walked),
		cmocka_unit_test(test_ip_is_found_behind_every_link_header),
	};

	return cmocka_run_group_tests_name("pcap_work", tests, NULL, NULL);
}
