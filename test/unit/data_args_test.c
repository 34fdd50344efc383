/* ESP, AH and bare headers given what they can't take: SAs of the other direction or protocol, too
 * little room, numbers and lengths beyond the last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/ipsec.h"
#include "adit/mbedtls.h"
#include "support/lane.h"

static struct lane lane;

static struct adit_sa_params
params(uint8_t protocol, enum adit_mode mode)
{
	struct adit_sa_params p = lane_params(
		4, mode,
		protocol == ADIT_PROTO_AH ? &adit_mbedtls_null_sha256 : &adit_mbedtls_aes128_gcm16);

	p.protocol = protocol;
	return p;
}

static void
test_sas_of_the_other_direction_or_protocol_are_a_mismatch(void **state)
{
	struct adit_sa_params esp = params(ADIT_PROTO_ESP, ADIT_TUNNEL),
			      ah = params(ADIT_PROTO_AH, ADIT_TUNNEL);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		lane_open(&lane, i ? &ah : &esp);
		lane_udp(&lane, 4, 60);
		lane_keep(&lane);
		/* The right direction of the wrong protocol, then the wrong one of the right. */
		if (i) {
			assert_int_equal(adit_esp_encap(&lane.out, &lane.pkt), ADIT_ERR_MISMATCH);
			assert_int_equal(adit_ah_encap(&lane.in, &lane.pkt), ADIT_ERR_MISMATCH);
			assert_int_equal(adit_ah_encap_at(&lane.in, 1, &lane.pkt),
					 ADIT_ERR_MISMATCH);
			assert_int_equal(adit_esp_decap(&lane.in, &lane.pkt, &lane.rx),
					 ADIT_ERR_MISMATCH);
			assert_int_equal(adit_ah_decap(&lane.out, &lane.pkt, &lane.rx),
					 ADIT_ERR_MISMATCH);
		} else {
			assert_int_equal(adit_ah_encap(&lane.out, &lane.pkt), ADIT_ERR_MISMATCH);
			assert_int_equal(adit_esp_encap(&lane.in, &lane.pkt), ADIT_ERR_MISMATCH);
			assert_int_equal(adit_ah_decap(&lane.in, &lane.pkt, &lane.rx),
					 ADIT_ERR_MISMATCH);
			assert_int_equal(adit_esp_decap(&lane.out, &lane.pkt, &lane.rx),
					 ADIT_ERR_MISMATCH);
		}
		assert_true(lane_is_kept(&lane));
		lane_close(&lane);
	}
}

static void
test_too_little_room_in_front_changes_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct adit_sa_params p = params(i & 1 ? ADIT_PROTO_AH : ADIT_PROTO_ESP,
						 i & 2 ? ADIT_TUNNEL : ADIT_TRANSPORT);
		size_t need;

		lane_open(&lane, &p);
		need = i & 1 ? adit_ah_headroom(&lane.out) : adit_esp_headroom(&lane.out);
		lane_udp(&lane, 4, 60);
		memmove(lane.buf + need - 1, lane_data(&lane), 60);
		lane.pkt.off = need - 1;
		lane_keep(&lane);
		assert_int_equal(lane_send(&lane), ADIT_ERR_ROOM);
		assert_true(lane_is_kept(&lane));
		memmove(lane.buf + need, lane_data(&lane), 60);
		lane.pkt.off = need;
		assert_int_equal(lane_send(&lane), ADIT_OK);
		lane_close(&lane);
	}
}

static void
test_numbers_of_ah_are_those_of_the_sa(void **state)
{
	(void)state;
	for (unsigned esn = 0; esn < 2; esn++) {
		struct adit_sa_params p = params(ADIT_PROTO_AH, ADIT_TUNNEL);

		p.esn = esn;
		lane_open(&lane, &p);
		lane_udp(&lane, 4, 60);
		assert_int_equal(lane_send_at(&lane, 0), ADIT_ERR_EXHAUSTED);
		assert_int_equal(lane_send_at(&lane, (uint64_t)1 << 32),
				 esn ? ADIT_OK : ADIT_ERR_EXHAUSTED);
		/* The outer identification is never zero, whatever the number is. */
		lane_udp(&lane, 4, 60);
		assert_int_equal(lane_send_at(&lane, 0x30000), ADIT_OK);
		assert_int_equal(lane_get16(lane_data(&lane) + 4), 1);
		assert_int_equal(lane_receive(&lane), ADIT_OK);
		lane_close(&lane);
	}
}

static void
test_a_full_sa_takes_no_more_ah(void **state)
{
	struct adit_sa_params p = params(ADIT_PROTO_AH, ADIT_TUNNEL);

	(void)state;
	p.hard.packets = 1;
	lane_open(&lane, &p);
	lane.out.more->hard.packets = 0;
	for (unsigned i = 0; i < 2; i++) {
		lane_udp(&lane, 4, 60);
		assert_int_equal(lane_send(&lane), ADIT_OK);
		assert_int_equal(lane_receive(&lane), i ? ADIT_ERR_EXHAUSTED : ADIT_OK);
	}
	lane_close(&lane);
}

static void
test_payload_of_any_mtu_is_bounded(void **state)
{
	struct adit_sa_params p = params(ADIT_PROTO_AH, ADIT_TUNNEL);
	size_t least;

	(void)state;
	lane_open(&lane, &p);
	assert_int_equal(adit_ah_payload_max(&lane.out, SIZE_MAX),
			 UINT16_MAX - adit_ah_headroom(&lane.out));
	assert_int_equal(adit_ah_payload_max(&lane.out, 0), 0);
	lane_close(&lane);
	p = params(ADIT_PROTO_AH, ADIT_TRANSPORT);
	lane_open(&lane, &p);
	least = adit_ah_headroom(&lane.out) + 20;
	assert_int_equal(adit_ah_payload_max(&lane.out, least), 20);
	assert_int_equal(adit_ah_payload_max(&lane.out, least - 1), 0);
	lane_close(&lane);
	p = params(ADIT_PROTO_ESP, ADIT_TUNNEL);
	lane_open(&lane, &p);
	assert_true(adit_esp_payload_max(&lane.out, SIZE_MAX) <= UINT16_MAX);
	assert_int_equal(adit_esp_payload_max(&lane.out, 0), 0);
	lane_close(&lane);
}

static void
test_a_packet_too_long_with_ah_changes_nothing(void **state)
{
	static uint8_t big[UINT16_MAX + 300];
	struct adit_sa_params p = params(ADIT_PROTO_AH, ADIT_TUNNEL);
	size_t n;

	(void)state;
	lane_open(&lane, &p);
	for (unsigned over = 0; over < 2; over++) {
		struct adit_pkt pkt;

		n = adit_ah_payload_max(&lane.out, UINT16_MAX) + over;
		memset(big, 0, sizeof big);
		lane_udp(&lane, 4, 60);
		memcpy(big + 256, lane_data(&lane), 60);
		lane_set_length(big + 256, n);
		pkt = (struct adit_pkt){big, sizeof big, 256, n};
		assert_int_equal(adit_ah_encap(&lane.out, &pkt),
				 over ? ADIT_ERR_TOO_LONG : ADIT_OK);
	}
	lane_close(&lane);
}

/* IPv4 inside of an IPv6 host's transport SA, or the reverse: nobody's. */
static void
test_transport_mode_keeps_its_version(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct adit_sa_params p =
			params(i ? ADIT_PROTO_AH : ADIT_PROTO_ESP, ADIT_TRANSPORT);

		lane_open(&lane, &p);
		lane_udp(&lane, 6, 100);
		lane_keep(&lane);
		assert_int_equal(lane_send(&lane), ADIT_ERR_MALFORMED);
		assert_true(lane_is_kept(&lane));
		lane_close(&lane);
	}
}

/* --- An AEAD that fails. */

static unsigned countdown;

static enum adit_status
make_iv(const struct adit_aead *aead, void *kc, uint64_t n, uint8_t *iv)
{
	if (countdown && --countdown == 0)
		return ADIT_ERR_CRYPTO;
	return adit_mbedtls_ah_aes128_gmac.make_iv(aead, kc, n, iv);
}

static void
seal(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	adit_mbedtls_ah_aes128_gmac.seal(aead, kc, ops, n);
	if (countdown && --countdown == 0)
		ops[0].status = ADIT_ERR_CRYPTO;
}

static void
test_ah_that_fails_leaves_nothing_of_the_packet(void **state)
{
	struct adit_aead faulty = adit_mbedtls_ah_aes128_gmac;
	struct adit_sa_params p = params(ADIT_PROTO_AH, ADIT_TUNNEL);

	(void)state;
	faulty.make_iv = make_iv;
	faulty.seal = seal;
	p.aead = &faulty;
	p.key.n = adit_aead_key_len(&faulty);
	lane_open(&lane, &p);
	for (unsigned n = 1; n <= 2; n++) {
		lane_udp(&lane, 4, 60);
		countdown = n;
		assert_int_equal(lane_send(&lane), ADIT_ERR_CRYPTO);
		for (size_t i = 0; i < lane.pkt.len; i++)
			assert_int_equal(lane_data(&lane)[i], 0);
	}
	countdown = 0;
	lane_udp(&lane, 4, 60);
	assert_int_equal(lane_send(&lane), ADIT_OK);
	assert_int_equal(lane.out.seq, 3); /* no number twice */
	assert_int_equal(lane_receive(&lane), ADIT_OK);
	lane_close(&lane);
}

static void
test_a_dummy_wants_a_buffer(void **state)
{
	struct adit_sa_params p = params(ADIT_PROTO_ESP, ADIT_TUNNEL);
	struct adit_pkt wrong = {lane.buf, 10, 11, 0};

	(void)state;
	lane_open(&lane, &p);
	assert_int_equal(adit_esp_dummy(&lane.out, &wrong), ADIT_ERR_ARG);
	wrong = (struct adit_pkt){lane.buf, sizeof lane.buf, adit_esp_headroom(&lane.out) - 1, 9};
	assert_int_equal(adit_esp_dummy(&lane.out, &wrong), ADIT_ERR_ROOM);
	assert_int_equal(lane.out.seq, 0);
	lane_close(&lane);
}

/* --- Outer headers on and off, for programs with sockets. */

static void
test_outer_headers_go_on_and_off(void **state)
{
	static const uint8_t protocols[] = {ADIT_PROTO_ESP, ADIT_PROTO_UDP};

	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2)
		for (unsigned i = 0; i < 2; i++) {
			const struct adit_ip *ip = version == 4 ? lane_v4 : lane_v6;
			struct adit_path path = {{ip[0], 4500}, {ip[1], 1024}}, got;
			size_t added = (version == 4 ? 20u : 40u) + 8 * i;
			uint8_t protocol;

			memset(lane.buf, 0x77, sizeof lane.buf);
			lane.pkt = (struct adit_pkt){lane.buf, sizeof lane.buf, 64, 100};
			assert_int_equal(adit_pkt_push_outer(&lane.pkt, &path, protocols[i]),
					 ADIT_OK);
			assert_int_equal(lane.pkt.len, 100 + added);
			assert_int_equal(lane.pkt.off, 64 - added);
			assert_int_equal(lane_data(&lane)[0] >> 4, version);
			assert_int_equal(lane_data(&lane)[version == 4 ? 8 : 7], 64); /* hops */
			if (version == 4)
				assert_int_equal(lane_checksum(0, lane_data(&lane), 20), 0);
			assert_int_equal(adit_pkt_pull_outer(&lane.pkt, &got, &protocol), ADIT_OK);
			assert_int_equal(protocol, protocols[i]);
			assert_int_equal(lane.pkt.off, 64);
			assert_int_equal(lane.pkt.len, 100);
			/* What came from the peer has its source first. */
			assert_true(adit_ip_equal(&got.local.ip, &path.remote.ip));
			assert_true(adit_ip_equal(&got.remote.ip, &path.local.ip));
			assert_int_equal(got.local.port, i ? 1024 : 0);
			assert_int_equal(got.remote.port, i ? 4500 : 0);
			for (size_t k = 0; k < 100; k++)
				assert_int_equal(lane_data(&lane)[k], 0x77);
		}
}

static void
test_outer_headers_that_can_not_be_are_refused(void **state)
{
	static uint8_t big[UINT16_MAX + 100];
	struct adit_path path = {{lane_v4[0], 1}, {lane_v4[1], 2}}, got;
	const struct adit_pkt start = {lane.buf, sizeof lane.buf, 64, 100};
	uint8_t protocol;

	(void)state;
	lane.pkt = start;
	path.remote.ip = lane_v6[1];
	assert_int_equal(adit_pkt_push_outer(&lane.pkt, &path, ADIT_PROTO_UDP), ADIT_ERR_ARG);
	path.local.ip.version = path.remote.ip.version = 0;
	assert_int_equal(adit_pkt_push_outer(&lane.pkt, &path, ADIT_PROTO_UDP), ADIT_ERR_ARG);
	path = (struct adit_path){{lane_v4[0], 1}, {lane_v4[1], 2}};
	for (unsigned i = 0; i < 4; i++) {
		const size_t need = (i & 1 ? 40u : 20u) + (i & 2 ? 8u : 0u);
		const struct adit_ip *ip = i & 1 ? lane_v6 : lane_v4;
		const uint8_t outer = i & 2 ? ADIT_PROTO_UDP : ADIT_PROTO_ESP;

		path = (struct adit_path){{ip[0], 1}, {ip[1], 2}};
		lane.pkt = start;
		lane.pkt.off = need - 1;
		assert_int_equal(adit_pkt_push_outer(&lane.pkt, &path, outer), ADIT_ERR_ROOM);
		assert_int_equal(lane.pkt.off, need - 1);
		lane.pkt.off = need;
		assert_int_equal(adit_pkt_push_outer(&lane.pkt, &path, outer), ADIT_OK);
		assert_int_equal(lane.pkt.off, 0);
	}
	path = (struct adit_path){{lane_v4[0], 1}, {lane_v4[1], 2}};
	lane.pkt = (struct adit_pkt){big, sizeof big, 64, UINT16_MAX - 27};
	assert_int_equal(adit_pkt_push_outer(&lane.pkt, &path, ADIT_PROTO_UDP), ADIT_ERR_TOO_LONG);
	lane.pkt.len--;
	assert_int_equal(adit_pkt_push_outer(&lane.pkt, &path, ADIT_PROTO_UDP), ADIT_OK);
	assert_int_equal(lane.pkt.len, UINT16_MAX);
	lane_bytes(&lane, big, 10);
	assert_int_equal(adit_pkt_pull_outer(&lane.pkt, &got, &protocol), ADIT_ERR_MALFORMED);
	/* A UDP header that is not all there. */
	lane_udp(&lane, 4, 60);
	lane_set_length(lane_data(&lane), 27);
	assert_int_equal(adit_pkt_pull_outer(&lane.pkt, &got, &protocol), ADIT_ERR_SHORT);
}

/* It is told from a packet by nothing but its next header, and shows nothing of the buffer. */
static void
test_a_dummy_is_all_zero(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_null_sha256);

	(void)state;
	lane_open(&lane, &p);
	memset(lane.buf, 0x77, sizeof lane.buf);
	lane.pkt = (struct adit_pkt){lane.buf, sizeof lane.buf, LANE_ROOM, 98};
	assert_int_equal(adit_esp_dummy(&lane.out, &lane.pkt), ADIT_OK);
	for (size_t i = 0; i < 98; i++)
		assert_int_equal(lane_data(&lane)[LANE_V4 + 8 + i], 0);
	assert_int_equal(lane_data(&lane)[LANE_V4 + 8 + 98], 0); /* no padding */
	assert_int_equal(lane_data(&lane)[LANE_V4 + 8 + 99], 59);
	assert_int_equal(lane_receive(&lane), ADIT_ERR_DUMMY);
	lane_close(&lane);
}

/* What there is of an AH header says whose it is before it says that it is too short. */
static void
test_an_ah_header_cut_short_is_refused_by_what_it_says(void **state)
{
	enum { AH_FIXED = 12 };
	struct adit_sa_params p = params(ADIT_PROTO_AH, ADIT_TRANSPORT);

	(void)state;
	lane_open(&lane, &p);
	for (size_t n = 0; n <= AH_FIXED; n++) {
		lane_udp(&lane, 4, 60);
		assert_int_equal(lane_send(&lane), ADIT_OK);
		lane.pkt.len = LANE_V4 + n;
		lane_set_length(lane_data(&lane), lane.pkt.len);
		lane_keep(&lane);
		assert_int_equal(lane_receive(&lane), ADIT_ERR_SHORT);
		lane_again(&lane);
		lane_put32(lane_data(&lane) + LANE_V4 + 4, LANE_SPI + 1);
		assert_int_equal(lane_receive(&lane),
				 n < AH_FIXED ? ADIT_ERR_SHORT : ADIT_ERR_MISMATCH);
		lane_again(&lane);
		lane_data(&lane)[LANE_V4 + 1] = 20; /* its length */
		assert_int_equal(lane_receive(&lane),
				 n < AH_FIXED ? ADIT_ERR_SHORT : ADIT_ERR_MALFORMED);
	}
	lane_close(&lane);
}

static void
test_ah_with_nothing_behind_it_is_whole(void **state)
{
	struct adit_sa_params p = params(ADIT_PROTO_AH, ADIT_TRANSPORT);

	(void)state;
	lane_open(&lane, &p);
	lane_udp(&lane, 4, 60);
	lane.pkt.len = LANE_V4;
	lane_data(&lane)[9] = 253;
	lane_set_length(lane_data(&lane), LANE_V4);
	lane_keep(&lane);
	assert_int_equal(lane_send(&lane), ADIT_OK);
	assert_int_equal(lane_receive(&lane), ADIT_OK);
	assert_true(lane_is_kept(&lane));
	lane_close(&lane);
}

/* An inbound ESP SA is given what it can't be about. */
static void
test_what_is_no_esp_is_a_mismatch(void **state)
{
	static const uint8_t protocols[] = {ADIT_PROTO_TCP, ADIT_PROTO_ICMP, 253};
	struct adit_sa_params p = params(ADIT_PROTO_ESP, ADIT_TUNNEL);

	(void)state;
	lane_open(&lane, &p);
	for (unsigned i = 0; i < sizeof protocols; i++) {
		lane_udp(&lane, 4, 60);
		lane_data(&lane)[9] = protocols[i];
		lane_set_length(lane_data(&lane), 60);
		lane_keep(&lane);
		assert_int_equal(lane_receive(&lane), ADIT_ERR_MISMATCH);
		assert_true(lane_is_kept(&lane));
	}
	lane_close(&lane);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sas_of_the_other_direction_or_protocol_are_a_mismatch),
		cmocka_unit_test(test_too_little_room_in_front_changes_nothing),
		cmocka_unit_test(test_numbers_of_ah_are_those_of_the_sa),
		cmocka_unit_test(test_a_full_sa_takes_no_more_ah),
		cmocka_unit_test(test_payload_of_any_mtu_is_bounded),
		cmocka_unit_test(test_a_packet_too_long_with_ah_changes_nothing),
		cmocka_unit_test(test_transport_mode_keeps_its_version),
		cmocka_unit_test(test_ah_that_fails_leaves_nothing_of_the_packet),
		cmocka_unit_test(test_a_dummy_wants_a_buffer),
		cmocka_unit_test(test_outer_headers_go_on_and_off),
		cmocka_unit_test(test_outer_headers_that_can_not_be_are_refused),
		cmocka_unit_test(test_a_dummy_is_all_zero),
		cmocka_unit_test(test_an_ah_header_cut_short_is_refused_by_what_it_says),
		cmocka_unit_test(test_ah_with_nothing_behind_it_is_whole),
		cmocka_unit_test(test_what_is_no_esp_is_a_mismatch),
	};

	return cmocka_run_group_tests_name("data_args", tests, NULL, NULL);
}
