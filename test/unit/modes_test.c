/* What few SAs are asked for: BEET mode, IP-TFS through an SA and the policies, padding and dummies
 * against watchers, original addresses behind a NAT, and what the outer header shows (RFC 4301
 * 5.1.2, RFC 9347, RFC 4303 2.6, 2.7, RFC 3948 3.1.2, RFC 2983). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/iptfs.h"
#include "adit/mbedtls.h"
#include "support/lane.h"
#include "support/site.h"

enum { TOS = 1, TTL = 8, HOPS = 7, PROTOCOL = 9, NEXT = 6, SOURCE_V4 = 12, SOURCE_V6 = 8 };
enum { NEXT_ESP = 50, NEXT_IPIP = 4, NEXT_AGGFRAG = 144, NEXT_UDP = 17, LONGEST = 600 };

static const struct adit_ip outside_v4[2] = {{4, {203, 0, 113, 1}}, {4, {203, 0, 113, 2}}};
static const struct adit_ip outside_v6[2] = {{6, {0x20, 1, 0xd, 0xb8, 1}},
					     {6, {0x20, 1, 0xd, 0xb8, 2}}};
static struct lane lane;

/* --- BEET. */

static struct adit_sa_params
beet_params(uint8_t version)
{
	struct adit_sa_params p = lane_params(version, ADIT_BEET, &adit_mbedtls_aes128_cbc_sha256);

	p.inner_local = p.local;
	p.inner_remote = p.remote;
	p.local = version == 4 ? outside_v4[0] : outside_v6[0];
	p.remote = version == 4 ? outside_v4[1] : outside_v6[1];
	return p;
}

static void
test_beet_sends_the_outer_addresses_and_delivers_the_inner_ones(void **state)
{
	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2) {
		struct adit_sa_params p = beet_params(version);
		size_t at = version == 4 ? SOURCE_V4 : SOURCE_V6, len = version == 4 ? 4 : 16;
		size_t head = version == 4 ? LANE_V4 : LANE_V6;

		lane_open(&lane, &p);
		for (size_t n = head + 8; n < LONGEST; n++) {
			const uint8_t *out;

			lane_udp(&lane, version, n);
			lane_keep(&lane);
			assert_int_equal(lane_send(&lane), ADIT_OK);
			out = lane_data(&lane);
			assert_memory_equal(out + at, p.local.b, len);
			assert_memory_equal(out + at + len, p.remote.b, len);
			assert_int_equal(out[version == 4 ? PROTOCOL : NEXT], NEXT_ESP);
			/* The SPI stands right behind the one header: the inner one is not sent. */
			assert_int_equal(lane_get16(out + head + 2), LANE_SPI);
			assert_int_equal(lane_receive(&lane), ADIT_OK);
			assert_true(lane_is_kept(&lane));
		}
		lane_close(&lane);
	}
}

/* They can't be said in the packet, so others would arrive as if they were these. */
static void
test_beet_refuses_packets_of_other_addresses_and_with_options(void **state)
{
	struct adit_sa_params p = beet_params(4);

	(void)state;
	lane_open(&lane, &p);
	for (unsigned i = 0; i < 8; i++) {
		lane_udp(&lane, 4, 100);
		lane_data(&lane)[SOURCE_V4 + i] ^= 1;
		lane_ipv4_checksum(lane_data(&lane));
		lane_keep(&lane);
		assert_int_equal(lane_send(&lane), ADIT_ERR_SELECTOR);
		assert_true(lane_is_kept(&lane));
	}
	lane_udp(&lane, 4, 100);
	lane_data(&lane)[0] = 0x46;
	memset(lane_data(&lane) + LANE_V4, 1, 4);
	lane_ipv4_checksum(lane_data(&lane));
	assert_int_equal(lane_send(&lane), ADIT_ERR_UNSUPPORTED);
	lane_close(&lane);
}

/* --- IP-TFS through an SA. */

static void
test_iptfs_payloads_are_as_long_as_the_path_takes_and_come_back(void **state)
{
	static const uint8_t payload[LONGEST] = {0, 0, 0, 0, 0x45};

	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2) {
		struct adit_sa_params p =
			lane_params(version, ADIT_IPTFS, &adit_mbedtls_aes128_gcm16);
		size_t most;

		lane_open(&lane, &p);
		most = adit_esp_payload_max(&lane.out, LONGEST);
		for (size_t n = most - 1; n <= most + 4; n++) {
			enum adit_status st;

			lane_bytes(&lane, payload, n);
			adit_esp_encap_payload_burst(&lane.out, NEXT_AGGFRAG, &lane.pkt, &st, 1);
			assert_int_equal(st, ADIT_OK);
			assert_int_equal(lane.pkt.len <= LONGEST, n <= most);
			assert_int_equal(lane_receive(&lane), ADIT_OK);
			assert_int_equal(lane.rx.next_header, NEXT_AGGFRAG);
			assert_int_equal(lane.pkt.len, n);
			assert_memory_equal(lane_data(&lane), payload, n);
		}
		lane_close(&lane);
	}
}

static void
test_iptfs_payloads_are_none_of_another_mode_s(void **state)
{
	static const uint8_t payload[64] = {0, 0, 0, 0, 0x45};
	static const enum adit_mode modes[] = {ADIT_TUNNEL, ADIT_TRANSPORT};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct adit_sa_params p = lane_params(4, modes[i], &adit_mbedtls_aes128_gcm16);

		lane_open(&lane, &p);
		lane_seal_payload(&lane, 1, payload, sizeof payload, 2, NEXT_AGGFRAG);
		if (modes[i] == ADIT_TUNNEL)
			assert_int_equal(lane_receive(&lane), ADIT_ERR_UNSUPPORTED);
		/* Without a tunnel it is a payload of protocol 144, which selectors judge. */
		else
			assert_int_equal(lane_receive(&lane), ADIT_OK);
		lane_close(&lane);
	}
}

static const struct adit_ip ip_a = {4, {192, 0, 2, 1}}, ip_b = {4, {192, 0, 2, 2}};
static struct site a, b;

enum { PACKETS = 9, PAYLOAD = 333, PART = 2048 };

/* The receiver's half: what is in the payload goes through the SA's selectors. */
static unsigned
deliver(struct adit_iptfs_rx *rx)
{
	struct adit_pkt inner;
	struct adit_verdict v;
	unsigned n = 0;

	assert_int_equal(b.v.kind, ADIT_VERDICT_AGGFRAG);
	assert_int_equal(adit_iptfs_input(rx, b.v.seq, &b.pkt), ADIT_OK);
	while (adit_iptfs_get(rx, &inner) == ADIT_OK) {
		adit_ipsec_inner(&b.ipsec, b.v.sa, &inner, &v);
		if (v.kind != ADIT_VERDICT_DELIVER)
			continue;
		assert_int_equal(inner.len, 100);
		assert_int_equal(adit_pkt_data(&inner)[14], 1);
		n++;
	}
	return n;
}

static void
test_iptfs_goes_from_policy_to_policy(void **state)
{
	const struct adit_sa_params p = {.mode = ADIT_IPTFS};
	static uint8_t ring[PART], part[PART];
	struct adit_iptfs_rx_mem mem;
	struct adit_iptfs_tx tx;
	struct adit_iptfs_rx rx;
	unsigned delivered = 0;

	(void)state;
	site_open(&a, &ip_a);
	site_open(&b, &ip_b);
	(void)site_policy(&a, ADIT_PROTECT, 1, 2);
	(void)site_policy(&b, ADIT_PROTECT, 2, 1);
	site_join(&a, &b, 0, &p);
	memset(&mem, 0, sizeof mem);
	mem.partial = (struct adit_buf){part, sizeof part};
	assert_int_equal(adit_iptfs_rx_init(&rx, &mem), ADIT_OK);
	assert_int_equal(adit_iptfs_tx_init(&tx, (struct adit_buf){ring, sizeof ring}, false),
			 ADIT_OK);
	for (unsigned i = 0; i < PACKETS; i++) {
		site_udp(&a, 1, 2);
		assert_int_equal(site_out(&a), ADIT_VERDICT_QUEUE);
		/* One of another network has joined the stream: its sender broke the agreement. */
		if (i == PACKETS / 2)
			site_udp(&a, 7, 2);
		assert_int_equal(adit_iptfs_put(&tx, (struct adit_span){site_data(&a), a.pkt.len}),
				 ADIT_OK);
	}
	while (adit_iptfs_waiting(&tx)) {
		enum adit_status st;

		a.pkt.off = SITE_ROOM;
		assert_int_equal(adit_iptfs_next(&tx, PAYLOAD, &a.pkt), ADIT_OK);
		adit_esp_encap_payload_burst(adit_sad_get(&a.sad, a.v.sa), NEXT_AGGFRAG, &a.pkt,
					     &st, 1);
		assert_int_equal(st, ADIT_OK);
		(void)site_carry(&a, &b);
		delivered += deliver(&rx);
	}
	assert_int_equal(delivered, PACKETS - 1);
	assert_int_equal(rx.n.packets, PACKETS);
	site_close(&a);
	site_close(&b);
}

/* --- Transport mode behind a NAT, where the addresses of before are known (RFC 3948 3.1.2). */

/* The sum over a UDP packet and its checksum behind a NAT that changed the source, zero where the
 * checksum is true; it left `fault` off the truth. */
static uint16_t
checksum_behind_nat(size_t n, unsigned fault)
{
	static const uint8_t natted[4] = {198, 51, 100, 7};
	struct adit_sa_params p = lane_params(4, ADIT_TRANSPORT, &adit_mbedtls_aes128_gcm16);
	uint32_t sum = (uint32_t)(NEXT_UDP + n - LANE_V4);
	uint8_t *udp;

	p.udp_encap = true;
	p.inner_local = p.local;
	p.inner_remote = p.remote;
	lane_open(&lane, &p);
	lane_udp(&lane, 4, n);
	udp = lane_data(&lane) + LANE_V4;
	lane_put16(udp + 6, (lane_get16(udp + 6) + fault) & 0xffff);
	assert_int_equal(lane_send(&lane), ADIT_OK);
	memcpy(lane_data(&lane) + SOURCE_V4, natted, sizeof natted);
	lane_ipv4_checksum(lane_data(&lane));
	assert_int_equal(lane_receive(&lane), ADIT_OK);
	assert_int_equal(lane.pkt.len, n);
	assert_memory_equal(lane_data(&lane) + SOURCE_V4, natted, sizeof natted);
	for (size_t i = 0; i < 8; i += 2)
		sum += lane_get16(lane_data(&lane) + SOURCE_V4 + i);
	sum = lane_checksum(sum, lane_data(&lane) + LANE_V4, n - LANE_V4);
	lane_close(&lane);
	return (uint16_t)sum;
}

static void
test_a_true_checksum_stays_true_behind_a_nat_and_a_wrong_one_wrong(void **state)
{
	(void)state;
	for (size_t n = LANE_V4 + 8; n < 100; n++) {
		assert_int_equal(checksum_behind_nat(n, 0), 0);
		assert_int_not_equal(checksum_behind_nat(n, 1), 0);
		assert_int_not_equal(checksum_behind_nat(n, 0x1234), 0);
	}
}

/* --- Against watchers. */

static void
test_all_packets_up_to_the_padding_look_alike_and_so_do_dummies(void **state)
{
	enum { TFC = 500 };
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes256_gcm16);
	size_t len = 0;

	(void)state;
	p.tfc = TFC;
	lane_open(&lane, &p);
	for (size_t n = LANE_V4 + 8; n <= TFC + 4; n++) {
		lane_udp(&lane, 4, n);
		lane_keep(&lane);
		assert_int_equal(lane_send(&lane), ADIT_OK);
		len = len ? len : lane.pkt.len;
		/* Padding to a multiple of 4 hides two bytes more (RFC 4303 2.4). */
		assert_int_equal(lane.pkt.len == len, n <= TFC + 2);
		assert_int_equal(lane_receive(&lane), ADIT_OK);
		assert_true(lane_is_kept(&lane));
	}
	lane_udp(&lane, 4, TFC);
	assert_int_equal(adit_esp_dummy(&lane.out, &lane.pkt), ADIT_OK);
	assert_int_equal(lane.pkt.len, len);
	assert_int_equal(lane_receive(&lane), ADIT_ERR_DUMMY);
	lane_close(&lane);
}

/* --- The outer header. */

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
test_the_outer_hop_limit_is_the_sa_s_and_the_inner_one_stays(void **state)
{
	static const uint8_t limits[] = {0, 1, 200, 255};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof limits; i++) {
		uint8_t version = i & 1 ? 6 : 4, limit = limits[i / 2];
		struct adit_sa_params p =
			lane_params(version, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);

		p.hop_limit = limit;
		lane_open(&lane, &p);
		lane_udp(&lane, 4, 100);
		lane_data(&lane)[TTL] = 33;
		lane_ipv4_checksum(lane_data(&lane));
		lane_keep(&lane);
		assert_int_equal(lane_send(&lane), ADIT_OK);
		assert_int_equal(lane_data(&lane)[version == 4 ? TTL : HOPS], limit ? limit : 64);
		assert_int_equal(lane_receive(&lane), ADIT_OK);
		assert_true(lane_is_kept(&lane));
		lane_close(&lane);
	}
}

/* A packet of inner DSCP and ECN `tos`, remarked to `remark` outside. */
static uint8_t
through(uint8_t version, uint8_t flags, uint8_t tos, uint8_t remark)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	uint8_t got;

	p.flags = flags;
	lane_open(&lane, &p);
	lane_udp(&lane, version, 100);
	put_tos(lane_data(&lane), tos);
	assert_int_equal(lane_send(&lane), ADIT_OK);
	if (flags & ADIT_SA_NO_ECN)
		assert_int_equal(get_tos(lane_data(&lane)), tos & 0xfc);
	put_tos(lane_data(&lane), remark);
	assert_int_equal(lane_receive(&lane), ADIT_OK);
	got = get_tos(lane_data(&lane));
	if (version == 4)
		assert_int_equal(lane_checksum(0, lane_data(&lane), LANE_V4), 0);
	lane_close(&lane);
	return got;
}

static void
test_the_outer_dscp_is_taken_inside_where_asked(void **state)
{
	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2)
		for (unsigned dscp = 0; dscp < 64; dscp++) {
			uint8_t remark = (uint8_t)(dscp << 2);

			assert_int_equal(through(version, ADIT_SA_DECAP_DSCP, 0xb8, remark),
					 remark);
			assert_int_equal(through(version, 0, 0xb8, remark), 0xb8);
		}
}

static void
test_without_ecn_nothing_is_shown_and_nothing_looked_at(void **state)
{
	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2)
		for (uint8_t inner = 0; inner < 4; inner++)
			for (uint8_t outer = 0; outer < 4; outer++)
				assert_int_equal(through(version, ADIT_SA_NO_ECN, 0xb8 | inner,
							 0xb8 | outer),
						 0xb8 | inner);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beet_sends_the_outer_addresses_and_delivers_the_inner_ones),
		cmocka_unit_test(test_beet_refuses_packets_of_other_addresses_and_with_options),
		cmocka_unit_test(test_iptfs_payloads_are_as_long_as_the_path_takes_and_come_back),
		cmocka_unit_test(test_iptfs_payloads_are_none_of_another_mode_s),
		cmocka_unit_test(test_iptfs_goes_from_policy_to_policy),
		cmocka_unit_test(
			test_a_true_checksum_stays_true_behind_a_nat_and_a_wrong_one_wrong),
		cmocka_unit_test(test_all_packets_up_to_the_padding_look_alike_and_so_do_dummies),
		cmocka_unit_test(test_the_outer_hop_limit_is_the_sa_s_and_the_inner_one_stays),
		cmocka_unit_test(test_the_outer_dscp_is_taken_inside_where_asked),
		cmocka_unit_test(test_without_ecn_nothing_is_shown_and_nothing_looked_at),
	};

	return cmocka_run_group_tests_name("modes", tests, NULL, NULL);
}
