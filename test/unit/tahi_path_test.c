/* What the IPv6 conformance suites (TAHI's ct-profile-host, IPv6 Ready IPsec) ask of fragments and
 * of sizes of the path: IPsec comes before cutting and after joining, and "packet too big" is
 * heeded whether it is about the outer packet or about the inner one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/fragment.h"
#include "adit/icmp.h"
#include "adit/mbedtls.h"
#include "support/lane.h"
#include "support/site.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
enum { ESP = 50, AH = 51, CUT = 44, NEXT = 6 };

static struct lane lane;
static struct site a, b;

/* --- host-ipsec-4, host-ipsec-udp-32..34: IPsec, then fragments. */

static struct adit_reasm_slot slots[2];
static struct adit_reasm_range ranges[2 * 16];
static uint8_t bytes[2 * LANE_BUF];

static void
begin_reassembly(struct adit_reasm *r)
{
	struct adit_reasm_mem mem;

	memset(&mem, 0, sizeof mem);
	mem.slots = slots;
	mem.slot_count = COUNT(slots);
	mem.ranges = ranges;
	mem.fragments = 16;
	mem.bytes = bytes;
	mem.slot_size = LANE_BUF;
	mem.headroom = mem.tailroom = LANE_ROOM;
	assert_int_equal(adit_reasm_init(r, &mem), ADIT_OK);
}

static uint8_t pieces[16][LANE_BUF];

/* Cuts the packet at p; each piece has a Fragment header behind the IPv6 header. */
static size_t
cut(const uint8_t *p, size_t n, size_t mtu, struct adit_pkt *out)
{
	const struct adit_fragment_params params = {mtu, 77, false};
	struct adit_fragmenter f;
	size_t count = 0;

	assert_int_equal(adit_fragment_begin(&f, (struct adit_span){p, n}, &params), ADIT_OK);
	for (; adit_fragment_left(&f); count++) {
		out[count] = (struct adit_pkt){pieces[count], LANE_BUF, LANE_ROOM, 0};
		assert_int_equal(adit_fragment_next(&f, &out[count]), ADIT_OK);
		assert_true(out[count].len <= mtu);
	}
	return count;
}

/* The last status of giving all pieces. */
static enum adit_status
join(struct adit_reasm *r, struct adit_pkt *pkts, size_t n, struct adit_pkt *whole)
{
	enum adit_status st = ADIT_ERR_PENDING;

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(st, ADIT_ERR_PENDING);
		*whole = pkts[i];
		st = adit_reasm_add(r, 0, whole);
	}
	return st;
}

static void
cut_behind(uint8_t protocol)
{
	const struct adit_aead *aead = &adit_mbedtls_null_sha256;
	struct adit_sa_params p = lane_params(6, ADIT_TRANSPORT, aead);
	struct adit_pkt out[16], piece;
	struct adit_reasm r;
	uint8_t sent[1500];
	size_t n;

	p.protocol = protocol;
	lane_open(&lane, &p);
	begin_reassembly(&r);
	lane_udp(&lane, 6, sizeof sent);
	memcpy(sent, lane_data(&lane), sizeof sent);
	assert_int_equal(lane_send(&lane), ADIT_OK);
	n = cut(lane_data(&lane), lane.pkt.len, 1280, out);
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *f = adit_pkt_data(&out[i]);

		assert_int_equal(f[NEXT], CUT);
		assert_int_equal(f[LANE_V6], protocol);
		/* IPsec of a fragment by itself: in transport mode it is not for us to open. */
		piece = out[i];
		assert_int_equal(protocol == AH ? adit_ah_decap(&lane.in, &piece, &lane.rx)
						: adit_esp_decap(&lane.in, &piece, &lane.rx),
				 ADIT_ERR_FRAGMENT);
	}
	assert_int_equal(join(&r, out, n, &lane.pkt), ADIT_OK);
	assert_int_equal(lane_receive(&lane), ADIT_OK);
	assert_int_equal(lane.pkt.len, sizeof sent);
	assert_memory_equal(lane_data(&lane), sent, sizeof sent);
	/* A fragment is not made into AH or ESP of transport mode (RFC 4302 3.1.1, RFC 4303 3.1.1).
	 */
	lane_udp(&lane, 6, sizeof sent);
	n = cut(lane_data(&lane), lane.pkt.len, 1280, out);
	lane_bytes(&lane, adit_pkt_data(&out[0]), out[0].len);
	assert_int_equal(lane_send(&lane), ADIT_ERR_FRAGMENT);
	lane_close(&lane);
}

static void
test_host_ipsec_4_ah_is_put_on_before_a_packet_is_cut(void **state)
{
	(void)state;
	cut_behind(AH);
}

static void
test_host_ipsec_udp_32_esp_is_put_on_before_a_packet_is_cut(void **state)
{
	(void)state;
	cut_behind(ESP);
}

/* --- IPv6 Ready 5.1 and 5.3.6: sizes of the path. */

/* An ICMPv6 "packet too big" from a router about the packet at p, for its sender. */
static size_t
put_too_big(uint8_t *out, const uint8_t *p, size_t n, uint32_t mtu)
{
	struct adit_ip router = {6, {0xfd, 9}};
	struct adit_pkt error = {out, LANE_BUF, 0, 0};

	assert_int_equal(adit_icmp_too_big(p, n, mtu, &router, &error), ADIT_OK);
	return error.len;
}

static struct adit_selectors
any_v6(void)
{
	struct adit_selectors s;

	memset(&s, 0, sizeof s);
	s.local_n = s.remote_n = 1;
	s.local[0].version = s.remote[0].version = 6;
	s.local[0].port_last = s.remote[0].port_last = 65535;
	memset(s.local[0].last, 0xff, 16);
	memset(s.remote[0].last, 0xff, 16);
	return s;
}

static void
open_hosts(enum adit_mode mode)
{
	struct adit_sa_params p;

	memset(&p, 0, sizeof p);
	p.mode = mode;
	site_open(&a, &lane_v6[0]);
	site_open(&b, &lane_v6[1]);
	site_policy(&a, ADIT_PROTECT, 0, 0)->selectors = any_v6();
	site_policy(&b, ADIT_PROTECT, 0, 0)->selectors = any_v6();
	site_join(&a, &b, 0, &p);
	p.spi = 0x2000;
	site_join(&b, &a, 0, &p);
}

static void
test_ipv6_ready_5_1_packet_too_big_about_esp_of_transport_mode_is_heeded(void **state)
{
	uint8_t error[LANE_BUF], sent[1480];
	struct adit_icmp_error e;
	struct adit_sa_id id;
	struct adit_reasm r;
	struct adit_pkt out[16], whole;
	size_t cursor = 0, n;

	(void)state;
	open_hosts(ADIT_TRANSPORT);
	begin_reassembly(&r);
	lane_udp(&lane, 6, sizeof sent);
	memcpy(sent, lane_data(&lane), sizeof sent);
	site_bytes(&a, sent, sizeof sent);
	assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
	n = put_too_big(error, site_data(&a), a.pkt.len, 1400);
	assert_int_equal(adit_icmp_error_read(&e, error, n), ADIT_OK);
	assert_int_equal(adit_icmp_apply(&a.sad, &e, 0, &cursor, &id), ADIT_OK);
	/* From now on our own sender hears of it, and of the size that fits exactly. */
	site_bytes(&a, sent, sizeof sent);
	assert_int_equal(site_out(&a), ADIT_VERDICT_TOO_BIG);
	assert_memory_equal(site_data(&a), sent, sizeof sent);
	lane_udp(&lane, 6, a.v.mtu);
	site_bytes(&a, lane_data(&lane), a.v.mtu);
	assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
	assert_in_range(a.pkt.len, 1397, 1400);
	assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
	/* Or the ESP packet is cut for the path, and joined before it is opened. */
	a.sas[0].flags |= ADIT_SA_CUT_AFTER;
	site_bytes(&a, sent, sizeof sent);
	assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
	n = cut(site_data(&a), a.pkt.len, 1400, out);
	assert_int_equal(n, 2);
	assert_int_equal(join(&r, out, n, &whole), ADIT_OK);
	site_bytes(&b, adit_pkt_data(&whole), whole.len);
	assert_int_equal(site_in(&b), ADIT_VERDICT_DELIVER);
	assert_int_equal(b.pkt.len, sizeof sent);
	assert_memory_equal(site_data(&b), sent, sizeof sent);
	site_close(&a);
	site_close(&b);
}

static void
test_ipv6_ready_5_3_6_packet_too_big_through_the_tunnel_is_heeded(void **state)
{
	uint8_t error[LANE_BUF], sent[1400];
	struct adit_icmp_error e;
	struct adit_reasm r;
	struct adit_pkt out[16], whole;
	enum adit_status st = ADIT_ERR_PENDING;
	size_t n;

	(void)state;
	open_hosts(ADIT_TUNNEL);
	begin_reassembly(&r);
	lane_udp(&lane, 6, sizeof sent);
	memcpy(sent, lane_data(&lane), sizeof sent);
	/* A router behind the peer says it of our packet, and the peer sends it through its SA. */
	n = put_too_big(error, sent, sizeof sent, 1280);
	site_bytes(&b, error, n);
	assert_int_equal(site_out(&b), ADIT_VERDICT_SEND);
	assert_int_equal(site_carry(&b, &a), ADIT_VERDICT_DELIVER);
	assert_int_equal(adit_icmp_error_read(&e, site_data(&a), a.pkt.len), ADIT_OK);
	assert_true(e.too_big);
	assert_int_equal(e.mtu, 1280);
	assert_true(adit_icmp_matches(&e, ADIT_IN, &a.policies[0].selectors));
	/* The packet is cut to that, and each piece goes through the tunnel. */
	n = cut(sent, sizeof sent, e.mtu, out);
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(st, ADIT_ERR_PENDING);
		site_bytes(&a, adit_pkt_data(&out[i]), out[i].len);
		assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
		assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
		whole = b.pkt;
		st = adit_reasm_add(&r, 0, &whole);
	}
	assert_int_equal(st, ADIT_OK);
	assert_int_equal(whole.len, sizeof sent);
	assert_memory_equal(adit_pkt_data(&whole), sent, sizeof sent);
	site_close(&a);
	site_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_ipsec_4_ah_is_put_on_before_a_packet_is_cut),
		cmocka_unit_test(test_host_ipsec_udp_32_esp_is_put_on_before_a_packet_is_cut),
		cmocka_unit_test(
			test_ipv6_ready_5_1_packet_too_big_about_esp_of_transport_mode_is_heeded),
		cmocka_unit_test(test_ipv6_ready_5_3_6_packet_too_big_through_the_tunnel_is_heeded),
	};

	return cmocka_run_group_tests_name("IPv6 suites on sizes", tests, NULL, NULL);
}
