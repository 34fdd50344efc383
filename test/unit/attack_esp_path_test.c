/* The attack corpus' rows about what is around and inside of ESP packets: addresses and SPIs
 * (ESP-13), copied fields (ESP-15), fragments (ESP-16), extension headers (ESP-18), selectors
 * (TS-06, TS-08), and packets in packets without end (ESP-05). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adit/icmp.h"
#include "adit/mbedtls.h"
#include "support/lane.h"
#include "support/site.h"

enum { UDP = 17, ICMP = 1, ESP = 50, ESP_HEADER = 8, TOS = 1, FRAGMENT = 6 };

static const struct adit_ip ip_a = {4, {192, 0, 2, 1}}, ip_b = {4, {192, 0, 2, 2}};

static struct site a, b;
static struct lane lane;

/* 10.0.1.0/24 behind a, 10.0.2.0/24 behind b. */
static int
begin(void **state)
{
	(void)state;
	site_open(&a, &ip_a);
	site_open(&b, &ip_b);
	(void)site_policy(&a, ADIT_PROTECT, 1, 2);
	(void)site_policy(&b, ADIT_PROTECT, 2, 1);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	site_close(&a);
	site_close(&b);
	return 0;
}

static void
assert_dropped(const struct site *s, enum adit_status why)
{
	assert_int_equal(s->v.kind, ADIT_VERDICT_DISCARD);
	assert_int_equal(s->v.status, why);
	assert_true(s->ipsec.in[why] > 0);
}

/* --- ESP-13. */

static void
test_esp_13_reserved_and_unknown_spis_are_counted_and_not_answered(void **state)
{
	static const uint32_t spis[] = {0, 1, 2, 127, 255, 256, 0x1001, 0x80001000, 0xffffffff};

	(void)state;
	site_join(&a, &b, 0, NULL);
	site_udp(&a, 1, 2);
	assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
	for (size_t i = 0; i < sizeof spis / sizeof spis[0]; i++) {
		lane_put32(site_data(&a) + LANE_V4, spis[i]);
		assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DISCARD);
		assert_dropped(&b, ADIT_ERR_NO_SA);
		assert_int_equal(b.ipsec.in[ADIT_ERR_NO_SA], i + 1);
	}
	lane_put32(site_data(&a) + LANE_V4, 0x1000);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
}

static void
test_esp_13_no_sa_has_a_reserved_spi(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);

	(void)state;
	for (uint32_t spi = 0; spi < 256; spi++) {
		p.spi = spi;
		assert_int_equal(lane_try(&lane, &p), ADIT_ERR_ARG);
	}
	for (unsigned i = 0; i < 1000; i++) {
		uint32_t spi;

		assert_int_equal(adit_sad_spi(&a.sad, &spi), ADIT_OK);
		assert_true(spi >= ADIT_SPI_MIN);
		adit_sad_spi_release(&a.sad, spi);
	}
}

static void
test_esp_13_our_own_packet_sent_back_opens_nothing(void **state)
{
	(void)state;
	site_join(&a, &b, 0, NULL);
	site_udp(&a, 1, 2);
	assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
	assert_int_equal(site_in(&a), ADIT_VERDICT_DISCARD);
	assert_dropped(&a, ADIT_ERR_NO_SA);
}

/* The same SPI for ESP and AH, or for another family, is not this SA. */
static void
test_esp_13_an_sa_is_of_its_protocol_and_family(void **state)
{
	uint8_t v6[LANE_V6 + 60];

	(void)state;
	site_join(&a, &b, 0, NULL);
	site_udp(&a, 1, 2);
	assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
	site_bytes(&b, site_data(&a), a.pkt.len);
	site_data(&b)[9] = ADIT_PROTO_AH;
	lane_put32(site_data(&b) + LANE_V4 + 4, 0x1000); /* where AH has its SPI */
	assert_int_equal(site_in(&b), ADIT_VERDICT_DISCARD);
	assert_dropped(&b, ADIT_ERR_NO_SA);
	/* ESP over IPv6 with the SPI of an SA over IPv4. */
	memset(v6, 0, sizeof v6);
	v6[0] = 0x60;
	v6[6] = ESP;
	lane_set_length(v6, sizeof v6);
	lane_put32(v6 + LANE_V6, 0x1000);
	lane_put32(v6 + LANE_V6 + 4, 1);
	site_bytes(&b, v6, sizeof v6);
	assert_int_equal(site_in(&b), ADIT_VERDICT_DISCARD);
	assert_int_not_equal(b.v.status, ADIT_OK);
	assert_int_equal(b.ipsec.in[ADIT_OK], 0);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
}

/* --- TS-06, TS-08. */

static void
test_ts_06_a_packet_outside_of_the_negotiated_selectors_is_dropped(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = {{14, 7}, {18, 7}, {12, 11}, {16, 172}};

	(void)state;
	site_join(&a, &b, 0, NULL);
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct adit_sa *sa = &a.sas[0];

		/* The peer doesn't hold itself to what was agreed upon. */
		site_udp(&a, 1, 2);
		site_data(&a)[changes[i].at] = changes[i].value;
		lane_ipv4_checksum(site_data(&a));
		assert_int_equal(adit_esp_encap(sa, &a.pkt), ADIT_OK);
		assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DISCARD);
		assert_dropped(&b, ADIT_ERR_SELECTOR);
		assert_int_equal(b.ipsec.in[ADIT_ERR_SELECTOR], i + 1);
	}
	site_udp(&a, 1, 2);
	assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
}

/* An ICMP packet of type and code, from network 1 to network 2. */
static void
put_icmp(struct site *s, uint8_t type, uint8_t code)
{
	uint8_t *p;

	site_udp(s, 1, 2);
	p = site_data(s);
	p[9] = ICMP;
	lane_ipv4_checksum(p);
	p[LANE_V4] = type;
	p[LANE_V4 + 1] = code;
	lane_put16(p + LANE_V4 + 2, 0);
	lane_put16(p + LANE_V4 + 2, lane_checksum(0, p + LANE_V4, s->pkt.len - LANE_V4));
}

static void
test_ts_08_icmp_type_and_code_are_honoured_both_ways(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct adit_selectors *s = &(i ? &b : &a)->policies[0].selectors;

		s->local[0].protocol = s->remote[0].protocol = ICMP;
		/* Echo requests, and unreachable with codes 2 to 5. */
		s->local_n = s->remote_n = 2;
		s->local[1] = s->local[0];
		s->remote[1] = s->remote[0];
		s->local[0].port_first = s->remote[0].port_first = 0x0800;
		s->local[0].port_last = s->remote[0].port_last = 0x08ff;
		s->local[1].port_first = s->remote[1].port_first = 0x0302;
		s->local[1].port_last = s->remote[1].port_last = 0x0305;
	}
	site_join(&a, &b, 0, NULL);
	for (unsigned type = 0; type < 20; type++)
		for (unsigned code = 0; code < 8; code++) {
			bool fits = type == 8 || (type == 3 && code >= 2 && code <= 5);

			put_icmp(&a, (uint8_t)type, (uint8_t)code);
			assert_int_equal(site_out(&a),
					 fits ? ADIT_VERDICT_SEND : ADIT_VERDICT_DISCARD);
			/* A peer that sends it all the same. */
			put_icmp(&a, (uint8_t)type, (uint8_t)code);
			assert_int_equal(adit_esp_encap(&a.sas[0], &a.pkt), ADIT_OK);
			assert_int_equal(site_carry(&a, &b),
					 fits ? ADIT_VERDICT_DELIVER : ADIT_VERDICT_DISCARD);
			if (!fits)
				assert_dropped(&b, ADIT_ERR_SELECTOR);
		}
}

/* Cuts the UDP packet at s into its second half, which has no ports. */
static void
put_later_fragment(struct site *s, uint8_t from, uint8_t to)
{
	uint8_t p[60];

	site_udp(s, from, to);
	memcpy(p, site_data(s), LANE_V4);
	memcpy(p + LANE_V4, site_data(s) + LANE_V4 + 40, 40);
	lane_put16(p + FRAGMENT, 5);
	lane_set_length(p, sizeof p);
	site_bytes(s, p, sizeof p);
}

static void
test_ts_08_any_ports_take_fragments_and_opaque_ones_nothing_else(void **state)
{
	struct adit_selectors *opaque;

	(void)state;
	site_join(&a, &b, 0, NULL);
	put_later_fragment(&a, 1, 2);
	assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
	end(NULL);
	begin(NULL);
	for (unsigned i = 0; i < 2; i++) {
		opaque = &(i ? &b : &a)->policies[0].selectors;
		opaque->local[0].protocol = opaque->remote[0].protocol = UDP;
		opaque->local[0].port_first = opaque->remote[0].port_first = 65535;
		opaque->local[0].port_last = opaque->remote[0].port_last = 0;
	}
	site_join(&a, &b, 0, NULL);
	put_later_fragment(&a, 1, 2);
	assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
	site_udp(&a, 1, 2);
	assert_int_equal(site_out(&a), ADIT_VERDICT_DISCARD);
	site_udp(&a, 1, 2);
	assert_int_equal(adit_esp_encap(&a.sas[0], &a.pkt), ADIT_OK);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DISCARD);
	assert_dropped(&b, ADIT_ERR_SELECTOR);
}

/* --- ESP-16. */

static void
test_esp_16_esp_in_fragments_is_dropped(void **state)
{
	(void)state;
	site_join(&a, &b, 0, NULL);
	for (unsigned field = 1; field < 0x4000; field += 37) {
		site_udp(&a, 1, 2);
		assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
		lane_put16(site_data(&a) + FRAGMENT, field);
		lane_ipv4_checksum(site_data(&a));
		assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DISCARD);
		assert_dropped(&b, ADIT_ERR_FRAGMENT);
	}
	assert_int_equal(b.ipsec.in[ADIT_OK], 0);
}

/* Policies for ports see later fragments with the ports of their first one, and drop those whose
 * first one they haven't let pass. */
static void
test_esp_16_inner_fragments_are_held_against_port_selectors(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct site *s = i ? &b : &a;
		struct adit_selectors *sel = &s->policies[0].selectors;

		sel->local[0].protocol = sel->remote[0].protocol = UDP;
		sel->local[0].port_first = sel->local[0].port_last = i ? 2000 : 1000;
		sel->remote[0].port_first = sel->remote[0].port_last = i ? 1000 : 2000;
	}
	site_join(&a, &b, 0, NULL);
	put_later_fragment(&a, 1, 2);
	assert_int_equal(site_out(&a), ADIT_VERDICT_DISCARD);
	/* The peer sends one: its first was never seen. */
	put_later_fragment(&a, 1, 2);
	assert_int_equal(adit_esp_encap(&a.sas[0], &a.pkt), ADIT_OK);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DISCARD);
	assert_dropped(&b, ADIT_ERR_SELECTOR);
	/* The first half, then the second. */
	site_udp(&a, 1, 2);
	a.pkt.len = LANE_V4 + 40;
	lane_put16(site_data(&a) + FRAGMENT, 0x2000);
	lane_set_length(site_data(&a), a.pkt.len);
	assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
	put_later_fragment(&a, 1, 2);
	assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
}

/* --- ESP-05: packets in packets. */

static unsigned opened;

static void
count_open(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	opened += (unsigned)n;
	adit_mbedtls_aes128_gcm16.open(aead, kc, ops, n);
}

static void
test_esp_05_esp_in_esp_to_any_depth_costs_one_opening(void **state)
{
	enum { DEPTH = 1000, CAP = 65536 };
	static struct adit_aead counting; /* the SAs outlive this call */
	uint8_t *buf = malloc(CAP);
	const struct adit_ts any4 = {4, 0, 0, 65535, {0}, {255, 255, 255, 255}};
	struct adit_sa_params p;
	struct adit_pkt pkt = {buf, CAP, CAP - 40, 28};

	(void)state;
	assert_non_null(buf);
	counting = adit_mbedtls_aes128_gcm16;
	counting.open = count_open;
	memset(&p, 0, sizeof p);
	p.aead = &counting;
	for (unsigned i = 0; i < 2; i++) {
		struct adit_selectors *s = &(i ? &b : &a)->policies[0].selectors;

		s->local[0] = s->remote[0] = any4;
	}
	site_join(&a, &b, 0, &p);
	site_udp(&a, 1, 2);
	memcpy(adit_pkt_data(&pkt), site_data(&a), 28);
	lane_set_length(adit_pkt_data(&pkt), 28);
	for (unsigned i = 0; i < DEPTH; i++) {
		/* Room behind each layer: the packet moves to the end of what is left. */
		size_t tail = adit_esp_tailroom(&a.sas[0]), head = adit_esp_headroom(&a.sas[0]);
		size_t to = CAP - tail - pkt.len;

		if (to < head)
			break;
		memmove(buf + to, adit_pkt_data(&pkt), pkt.len);
		pkt.off = to;
		assert_int_equal(adit_esp_encap(&a.sas[0], &pkt), ADIT_OK);
	}
	assert_int_equal(a.sas[0].seq, DEPTH);
	/* What comes out is a packet like others, and goes where its addresses say. */
	opened = 0;
	adit_ipsec_in(&b.ipsec, &pkt, &b.v, 1);
	assert_int_equal(b.v.kind, ADIT_VERDICT_DELIVER);
	assert_int_equal(adit_pkt_data(&pkt)[9], ESP);
	assert_int_equal(opened, 1);
	free(buf);
}

/* --- ESP-15. */

static void
put_tos(uint8_t *p, uint8_t tos)
{
	if (p[0] >> 4 == 4) {
		p[TOS] = tos;
		lane_ipv4_checksum(p);
	} else {
		lane_put16(p, 0x6000u | (unsigned)tos << 4 | (p[1] & 15u));
	}
}

static uint8_t
get_tos(const uint8_t *p)
{
	return p[0] >> 4 == 4 ? p[TOS] : (uint8_t)(lane_get16(p) >> 4);
}

static void
test_esp_15_ecn_and_dscp_of_all_pairs_in_every_family(void **state)
{
	/* RFC 6040 figure 4: [inner][outer] over Not-ECT, ECT(1), ECT(0), CE; 9: dropped. */
	static const uint8_t want[4][4] = {{0, 0, 0, 9}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 3, 3, 3}};

	(void)state;
	for (unsigned i = 0; i < 4 * 16; i++) {
		uint8_t outside = i & 16 ? 6 : 4, inside = i & 32 ? 6 : 4;
		uint8_t inner = i & 3, outer = i >> 2 & 3;
		struct adit_sa_params p =
			lane_params(outside, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
		enum adit_status st;

		lane_open(&lane, &p);
		lane_udp(&lane, inside, 100);
		put_tos(lane_data(&lane), 0xb8 | inner);
		assert_int_equal(lane_send(&lane), ADIT_OK);
		assert_int_equal(lane_data(&lane)[0] >> 4, outside);
		assert_int_equal(get_tos(lane_data(&lane)), 0xb8 | inner);
		put_tos(lane_data(&lane), 0x20 | outer); /* remarked on the way */
		st = lane_receive(&lane);
		assert_int_equal(st, want[inner][outer] == 9 ? ADIT_ERR_ECN : ADIT_OK);
		if (st == ADIT_OK) {
			assert_int_equal(get_tos(lane_data(&lane)), 0xb8 | want[inner][outer]);
			if (inside == 4)
				assert_int_equal(lane_checksum(0, lane_data(&lane), LANE_V4), 0);
		}
		lane_close(&lane);
	}
}

static void
test_esp_15_dscp_df_and_label_are_as_the_sa_says(void **state)
{
	static const struct {
		uint8_t flags, df; /* df of the outer packet, for inner packets without and with */
	} rows[] = {{0, 2}, {ADIT_SA_SET_DF, 3}, {ADIT_SA_CLEAR_DF, 0}};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
		uint8_t inner = i & 1;

		p.flags = rows[i / 2].flags;
		lane_open(&lane, &p);
		lane_udp(&lane, 4, 100);
		lane_put16(lane_data(&lane) + FRAGMENT, inner ? 0x4000 : 0);
		lane_ipv4_checksum(lane_data(&lane));
		assert_int_equal(lane_send(&lane), ADIT_OK);
		assert_int_equal(lane_get16(lane_data(&lane) + FRAGMENT) == 0x4000,
				 rows[i / 2].df >> inner & 1);
		lane_close(&lane);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct adit_sa_params p = lane_params(6, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);

		p.flags = (uint8_t)(ADIT_SA_SET_DSCP | (i ? ADIT_SA_COPY_LABEL : 0));
		p.dscp = 10;
		lane_open(&lane, &p);
		lane_udp(&lane, 6, 100);
		put_tos(lane_data(&lane), 0xb8);
		lane_data(&lane)[1] |= 0x0a;
		lane_put16(lane_data(&lane) + 2, 0xbcde);
		assert_int_equal(lane_send(&lane), ADIT_OK);
		assert_int_equal(get_tos(lane_data(&lane)) >> 2, 10);
		assert_int_equal(lane_data(&lane)[1] & 15, i ? 0x0a : 0);
		assert_int_equal(lane_get16(lane_data(&lane) + 2), i ? 0xbcde : 0);
		assert_int_equal(lane_receive(&lane), ADIT_OK);
		assert_int_equal(get_tos(lane_data(&lane)), 0xb8);
		assert_int_equal(lane_get16(lane_data(&lane) + 2), 0xbcde);
		lane_close(&lane);
	}
}

/* --- ESP-18. */

static void
test_esp_18_extension_headers_of_every_length_are_walked_in_bounds(void **state)
{
	static const uint8_t kinds[] = {0, 43, 44, 60};
	struct adit_sa_params p = lane_params(6, ADIT_TRANSPORT, &adit_mbedtls_aes128_gcm16);

	(void)state;
	lane_open(&lane, &p);
	for (size_t k = 0; k < sizeof kinds; k++)
		for (unsigned len = 0; len < 256; len++) {
			size_t n = 200, header = kinds[k] == 44 ? 8 : ((size_t)len + 1) * 8;
			enum adit_status st;

			lane_udp(&lane, 6, n);
			lane_data(&lane)[6] = kinds[k];
			memset(lane_data(&lane) + LANE_V6, 0, n - LANE_V6);
			lane_data(&lane)[LANE_V6] = 59;
			lane_data(&lane)[LANE_V6 + 1] = (uint8_t)len;
			lane_keep(&lane);
			st = lane_send(&lane);
			assert_int_equal(st, header <= n - LANE_V6 ? ADIT_OK : ADIT_ERR_MALFORMED);
			if (st != ADIT_OK)
				assert_true(lane_is_kept(&lane));
		}
	lane_close(&lane);
}

static void
test_esp_18_a_chain_of_extension_headers_without_end_is_refused(void **state)
{
	struct adit_sa_params p = lane_params(6, ADIT_TRANSPORT, &adit_mbedtls_aes128_gcm16);
	unsigned longest = 0;

	(void)state;
	lane_open(&lane, &p);
	for (unsigned chain = 1; chain < 200; chain++) {
		size_t n = LANE_V6 + 8 * (size_t)chain + 8;

		lane_udp(&lane, 6, n);
		lane_data(&lane)[6] = 60;
		memset(lane_data(&lane) + LANE_V6, 0, n - LANE_V6);
		for (unsigned i = 0; i < chain; i++)
			lane_data(&lane)[LANE_V6 + 8 * i] = i + 1 < chain ? 60 : UDP;
		if (lane_send(&lane) == ADIT_OK)
			longest = chain;
	}
	assert_in_range(longest, 4, 32);
	lane_close(&lane);
}

/* Behind ESP too: what comes out of a packet of the peer's is walked in the same bounds. */
static void
test_esp_18_hostile_options_around_esp_are_refused(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TRANSPORT, &adit_mbedtls_aes128_gcm16);

	(void)state;
	lane_open(&lane, &p);
	for (unsigned ihl = 0; ihl < 16; ihl++) {
		enum adit_status st;

		lane_udp(&lane, 4, 100);
		lane_data(&lane)[0] = (uint8_t)(0x40 | ihl);
		lane_keep(&lane);
		st = lane_send(&lane);
		assert_int_equal(st, ihl < 5 ? ADIT_ERR_MALFORMED : ADIT_OK);
		if (st != ADIT_OK) {
			assert_true(lane_is_kept(&lane));
			continue;
		}
		assert_int_equal(lane_receive(&lane), ADIT_OK);
		assert_int_equal(lane.pkt.len, 100);
	}
	lane_close(&lane);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_esp_13_reserved_and_unknown_spis_are_counted_and_not_answered),
		TEST(test_esp_13_no_sa_has_a_reserved_spi),
		TEST(test_esp_13_our_own_packet_sent_back_opens_nothing),
		TEST(test_esp_13_an_sa_is_of_its_protocol_and_family),
		TEST(test_ts_06_a_packet_outside_of_the_negotiated_selectors_is_dropped),
		TEST(test_ts_08_icmp_type_and_code_are_honoured_both_ways),
		TEST(test_ts_08_any_ports_take_fragments_and_opaque_ones_nothing_else),
		TEST(test_esp_16_esp_in_fragments_is_dropped),
		TEST(test_esp_16_inner_fragments_are_held_against_port_selectors),
		TEST(test_esp_05_esp_in_esp_to_any_depth_costs_one_opening),
		TEST(test_esp_15_ecn_and_dscp_of_all_pairs_in_every_family),
		TEST(test_esp_15_dscp_df_and_label_are_as_the_sa_says),
		TEST(test_esp_18_extension_headers_of_every_length_are_walked_in_bounds),
		TEST(test_esp_18_a_chain_of_extension_headers_without_end_is_refused),
		TEST(test_esp_18_hostile_options_around_esp_are_refused),
	};

	return cmocka_run_group_tests_name("attacks around ESP", tests, NULL, NULL);
}
