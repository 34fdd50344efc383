/* The attack corpus' rows about ESP packets, ESP-01 to ESP-06 and ESP-19: damage, padding, and
 * hostile things inside of an authentic packet; on every transform there is. Numbers and lives are
 * in attack_esp_life_test.c, addresses and headers in attack_esp_path_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "support/lane.h"

enum { UDP = 17, ESP = 50, AH = 51, IN_V4 = 4, IN_V6 = 41, NONE = 59, ESP_HEADER = 8 };

static struct lane lane;

/* Runs on every transform in tunnel mode over IPv4 and transport mode over IPv6. */
static void (*each)(uint8_t version);

static void
run_forms(const struct adit_aead *aead)
{
	for (unsigned i = 0; i < 2; i++) {
		uint8_t version = i ? 6 : 4;
		struct adit_sa_params p =
			lane_params(version, i ? ADIT_TRANSPORT : ADIT_TUNNEL, aead);

		lane_open(&lane, &p);
		each(version);
		lane_close(&lane);
	}
}

static void
for_each_form(void (*run)(uint8_t version))
{
	each = run;
	lane_for_each_aead(ADIT_PROTO_ESP, run_forms);
}

static size_t
head_of(uint8_t version)
{
	return version == 4 ? LANE_V4 : LANE_V6;
}

/* What comes next is dropped and counted as such, and moves nothing. */
static enum adit_status
refused(void)
{
	const struct adit_sa before = lane.in;
	enum adit_status st = lane_receive(&lane);

	assert_int_not_equal(st, ADIT_OK);
	assert_int_equal(lane.in.n.drops, before.n.drops + 1);
	assert_int_equal(lane.in.n.packets, before.n.packets);
	assert_int_equal(lane.in.window.top, before.window.top);
	return st;
}

/* --- ESP-01. */

static void
run_truncations(uint8_t version)
{
	size_t head = head_of(version);

	lane_udp(&lane, version, head + 8 + 24);
	assert_int_equal(lane_send(&lane), ADIT_OK);
	lane_keep(&lane);
	for (size_t n = 0; n < lane.kept_pkt.len; n++) {
		lane_again(&lane);
		lane.pkt.len = n; /* cut on the way: the IP header tells */
		(void)refused();
		lane_again(&lane);
		lane.pkt.len = n;
		if (n >= head) /* cut by an attacker who mends the IP header */
			lane_set_length(lane_data(&lane), n);
		(void)refused();
	}
	lane_again(&lane);
	assert_int_equal(lane_receive(&lane), ADIT_OK);
}

static void
test_esp_01_every_truncation_is_dropped_and_counted(void **state)
{
	(void)state;
	for_each_form(run_truncations);
}

static void
run_parts(uint8_t version)
{
	const struct adit_aead *aead = lane.out.aead;
	const size_t parts[] = {0,
				4,
				ESP_HEADER,
				ESP_HEADER + aead->iv_len,
				ESP_HEADER + aead->icv_len,
				ESP_HEADER + aead->iv_len + (size_t)aead->icv_len};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		lane_udp(&lane, version, head_of(version) + 200);
		assert_int_equal(lane_send(&lane), ADIT_OK);
		lane.pkt.len = head_of(version) + parts[i];
		lane_set_length(lane_data(&lane), lane.pkt.len);
		assert_int_equal(refused(), ADIT_ERR_SHORT);
	}
}

static void
test_esp_01_header_iv_or_icv_alone_are_short(void **state)
{
	(void)state;
	for_each_form(run_parts);
}

/* --- ESP-02. */

static void
run_flips(uint8_t version)
{
	size_t esp = head_of(version);

	lane_udp(&lane, version, esp + 8 + 9);
	assert_int_equal(lane_send(&lane), ADIT_OK);
	lane_keep(&lane);
	for (size_t bit = 8 * esp; bit < 8 * lane.kept_pkt.len; bit++) {
		enum adit_status st;

		lane_again(&lane);
		lane_data(&lane)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		st = refused();
		if (bit < 8 * (esp + 4))
			assert_int_equal(st, ADIT_ERR_MISMATCH); /* another SPI */
		else if (st != ADIT_ERR_OLD)                     /* number zero */
			assert_int_equal(st, ADIT_ERR_ICV);
	}
	lane_again(&lane);
	assert_int_equal(lane_receive(&lane), ADIT_OK);
}

static void
test_esp_02_every_flipped_bit_is_dropped_and_moves_no_window(void **state)
{
	(void)state;
	for_each_form(run_flips);
}

/* The outer header is not authenticated: what is delivered is what was sent all the same. */
static void
test_esp_02_outer_header_bits_never_change_what_is_inside(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	uint8_t sent[64];
	uint64_t delivered = 0;

	(void)state;
	for (size_t bit = 0; bit < 8 * LANE_V4; bit++) {
		lane_open(&lane, &p);
		lane_udp(&lane, 4, sizeof sent);
		memcpy(sent, lane_data(&lane), sizeof sent);
		assert_int_equal(lane_send(&lane), ADIT_OK);
		lane_data(&lane)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (lane_receive(&lane) == ADIT_OK) {
			assert_int_equal(lane.pkt.len, sizeof sent);
			assert_memory_equal(lane_data(&lane), sent, sizeof sent);
			delivered++;
		}
		lane_close(&lane);
	}
	assert_true(delivered > 0);
}

/* --- ESP-03. */

static void
run_unaligned(uint8_t version)
{
	const struct adit_aead *aead = lane.out.aead;
	size_t whole;

	if (aead->block == 1)
		return;
	lane_udp(&lane, version, head_of(version) + 8 + 40);
	assert_int_equal(lane_send(&lane), ADIT_OK);
	lane_keep(&lane);
	whole = lane.kept_pkt.len;
	for (size_t less = 1; less < aead->block; less++) {
		lane_again(&lane);
		lane.pkt.len = whole - less;
		lane_set_length(lane_data(&lane), lane.pkt.len);
		assert_int_equal(refused(), ADIT_ERR_MALFORMED);
	}
}

static void
test_esp_03_parts_of_a_block_are_dropped_before_the_cipher(void **state)
{
	(void)state;
	for_each_form(run_unaligned);
}

/* Transforms without blocks lose nothing by it, and some senders do so: only what is authentic
 * comes through. */
static void
test_esp_03_stream_ciphers_may_end_anywhere_if_authentic(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	uint8_t inner[64];

	(void)state;
	lane_open(&lane, &p);
	for (uint8_t pad = 0; pad < 8; pad++) {
		lane_udp(&lane, 4, 40);
		memcpy(inner, lane_data(&lane), 40);
		lane_seal_payload(&lane, 1u + pad, inner, 40, pad, IN_V4);
		assert_int_equal(lane_receive(&lane), ADIT_OK);
		assert_int_equal(lane.pkt.len, 40);
		assert_memory_equal(lane_data(&lane), inner, 40);
	}
	lane_close(&lane);
}

/* --- ESP-04. */

/* n bytes of payload and enough padding for any block, 255 at most. */
static void
run_padding(uint8_t version)
{
	enum { PAYLOAD = 16 * 20 };
	static uint8_t plain[PAYLOAD + 2 + 255 + 16];
	size_t len = PAYLOAD + 16;
	uint32_t seq = 1;

	if (version != 4)
		return;
	lane_udp(&lane, 4, 40);
	memset(plain, 0, sizeof plain);
	memcpy(plain, lane_data(&lane), 40);
	for (unsigned pad = 0; pad < 256; pad++) {
		memset(plain + 40, 0, sizeof plain - 40);
		for (unsigned i = 0; i < pad; i++)
			plain[len - 2 - pad + i] = (uint8_t)(i + 1);
		plain[len - 2] = (uint8_t)pad;
		plain[len - 1] = IN_V4;
		lane_seal(&lane, seq++, plain, len);
		assert_int_equal(lane_receive(&lane), ADIT_OK);
		assert_int_equal(lane.pkt.len, 40);
		if (pad == 0)
			continue;
		plain[len - 2 - 1] ^= 0x40; /* the last byte, then the first */
		lane_seal(&lane, seq++, plain, len);
		assert_int_equal(lane_receive(&lane), ADIT_ERR_PADDING);
		plain[len - 2 - 1] ^= 0x40;
		plain[len - 2 - pad] ^= 0x40;
		lane_seal(&lane, seq++, plain, len);
		assert_int_equal(lane_receive(&lane), ADIT_ERR_PADDING);
	}
}

static void
test_esp_04_padding_of_any_length_must_be_1_2_3(void **state)
{
	(void)state;
	for_each_form(run_padding);
}

static void
run_long_padding(uint8_t version)
{
	uint8_t plain[64];
	uint32_t seq = 1;

	if (version != 4)
		return;
	for (unsigned pad = 63; pad < 256; pad++) {
		memset(plain, 0, sizeof plain);
		for (unsigned i = 0; i < 62; i++)
			plain[i] = (uint8_t)(i + 1);
		plain[62] = (uint8_t)pad;
		plain[63] = IN_V4;
		lane_seal(&lane, seq++, plain, sizeof plain);
		assert_int_equal(lane_receive(&lane), ADIT_ERR_PADDING);
	}
	plain[62] = 62; /* all of it: there is no packet inside */
	lane_seal(&lane, seq++, plain, sizeof plain);
	assert_int_equal(lane_receive(&lane), ADIT_ERR_MALFORMED);
}

static void
test_esp_04_padding_longer_than_its_payload_is_dropped(void **state)
{
	(void)state;
	for_each_form(run_long_padding);
}

/* No oracle: padding is not looked at before the ICV is right, whatever it would be. */
static void
test_esp_04_a_forged_packet_never_shows_its_padding(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_cbc_sha256);

	(void)state;
	lane_open(&lane, &p);
	lane_udp(&lane, 4, 100);
	assert_int_equal(lane_send(&lane), ADIT_OK);
	lane_keep(&lane);
	/* The last byte of the block before the last but one changes the pad length. */
	for (unsigned x = 1; x < 256; x++) {
		lane_again(&lane);
		lane_data(&lane)[lane.pkt.len - 16 - 16 - 2] ^= (uint8_t)x;
		assert_int_equal(refused(), ADIT_ERR_ICV);
	}
	lane_close(&lane);
}

/* --- ESP-05. */

static enum adit_status
receive_inside(uint8_t next, const uint8_t *payload, size_t n)
{
	static uint32_t seq;

	if (lane.in.window.top == 0)
		seq = 0;
	lane_seal_payload(&lane, ++seq, payload, n, 2, next);
	return lane_receive(&lane);
}

static void
test_esp_05_tunnels_take_ip_packets_of_the_version_that_is_said(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	uint8_t inner[80];

	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2) {
		lane_open(&lane, &p);
		lane_udp(&lane, version, sizeof inner);
		memcpy(inner, lane_data(&lane), sizeof inner);
		for (unsigned next = 0; next < 256; next++) {
			enum adit_status want = ADIT_ERR_UNSUPPORTED;

			if (next == NONE)
				want = ADIT_ERR_DUMMY;
			else if (next == IN_V4 || next == IN_V6)
				want = next == (version == 4 ? IN_V4 : IN_V6) ? ADIT_OK
									      : ADIT_ERR_MALFORMED;
			assert_int_equal(receive_inside((uint8_t)next, inner, sizeof inner), want);
		}
		assert_int_equal(lane.in.n.packets, 1);
		lane_close(&lane);
	}
}

/* In transport mode 4 and 41 are protocols like others: what is delivered is a packet of the peer's
 * own address that carries them, not the packet inside of it. */
static void
test_esp_05_transport_mode_never_unwraps_a_tunnel(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TRANSPORT, &adit_mbedtls_aes128_gcm16);
	uint8_t inner[60];
	struct adit_selectors s;

	(void)state;
	lane_open(&lane, &p);
	lane_udp(&lane, 4, sizeof inner);
	memcpy(inner, lane_data(&lane), sizeof inner);
	inner[15] = 99; /* from elsewhere */
	assert_int_equal(receive_inside(IN_V4, inner, sizeof inner), ADIT_OK);
	assert_int_equal(lane.pkt.len, LANE_V4 + sizeof inner);
	assert_int_equal(lane_data(&lane)[9], IN_V4);
	assert_memory_equal(lane_data(&lane) + 12, lane_v4[0].b, 4);
	/* Selectors for UDP don't let it in. */
	memset(&s, 0, sizeof s);
	s.local_n = s.remote_n = 1;
	s.local[0] = adit_ts_prefix(&lane_v4[1], 32);
	s.remote[0] = adit_ts_prefix(&lane_v4[0], 32);
	s.local[0].protocol = s.remote[0].protocol = UDP;
	lane.in.selectors = &s;
	assert_int_equal(receive_inside(IN_V4, inner, sizeof inner), ADIT_ERR_SELECTOR);
	assert_int_equal(receive_inside(NONE, inner, sizeof inner), ADIT_ERR_DUMMY);
	lane_close(&lane);
}

static void
test_esp_05_a_dummy_packet_is_dropped_silently_in_every_mode(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct adit_sa_params p = lane_params(4, i ? ADIT_TRANSPORT : ADIT_TUNNEL,
						      &adit_mbedtls_aes128_gcm16);

		lane_open(&lane, &p);
		for (size_t n = 0; n < 100; n++) {
			lane.pkt = (struct adit_pkt){lane.buf, sizeof lane.buf, LANE_ROOM, n};
			assert_int_equal(adit_esp_dummy(&lane.out, &lane.pkt), ADIT_OK);
			assert_int_equal(lane_receive(&lane), ADIT_ERR_DUMMY);
			assert_int_equal(lane.in.window.top, n + 1);
		}
		assert_int_equal(lane.in.n.packets, 0);
		lane_close(&lane);
	}
}

/* --- ESP-06, and the bad input of packets inside. */

static void
test_esp_06_an_inner_version_other_than_4_and_6_is_dropped(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	uint8_t inner[60];

	(void)state;
	lane_open(&lane, &p);
	lane_udp(&lane, 4, sizeof inner);
	memcpy(inner, lane_data(&lane), sizeof inner);
	for (unsigned version = 0; version < 16; version++) {
		inner[0] = (uint8_t)(version << 4 | 5);
		assert_int_equal(receive_inside(IN_V4, inner, sizeof inner) == ADIT_OK,
				 version == 4);
		if (version == 6) /* that one has its own lengths */
			continue;
		assert_int_equal(receive_inside(IN_V6, inner, sizeof inner), ADIT_ERR_MALFORMED);
	}
	lane_close(&lane);
}

static void
test_esp_06_an_inner_header_length_below_5_or_beyond_the_packet_is_dropped(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	uint8_t inner[40];

	(void)state;
	lane_open(&lane, &p);
	lane_udp(&lane, 4, sizeof inner);
	memcpy(inner, lane_data(&lane), sizeof inner);
	for (unsigned ihl = 0; ihl < 16; ihl++) {
		inner[0] = (uint8_t)(0x40 | ihl);
		assert_int_equal(receive_inside(IN_V4, inner, sizeof inner),
				 ihl >= 5 && ihl <= 10 ? ADIT_OK : ADIT_ERR_MALFORMED);
	}
	lane_close(&lane);
}

static void
test_esp_06_inner_lengths_must_fit_and_what_is_behind_is_trimmed(void **state)
{
	struct adit_sa_params p = lane_params(6, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	enum { N = 120 };
	uint8_t inner[N];

	(void)state;
	lane_open(&lane, &p);
	for (uint8_t version = 4; version <= 6; version += 2) {
		size_t head = head_of(version), at = version == 4 ? 2 : 4;
		uint8_t next = version == 4 ? IN_V4 : IN_V6;

		lane_udp(&lane, version, N);
		memcpy(inner, lane_data(&lane), N);
		for (unsigned said = 0; said <= 0xffff; said += said < 300 ? 1 : 251) {
			size_t total = version == 4 ? said : said + head;
			enum adit_status st;

			lane_put16(inner + at, said);
			st = receive_inside(next, inner, N);
			assert_int_equal(st, total >= head && total <= N ? ADIT_OK
									 : ADIT_ERR_MALFORMED);
			if (st == ADIT_OK)
				assert_int_equal(lane.pkt.len, total);
		}
	}
	lane_close(&lane);
}

static void
test_esp_06_an_empty_or_cut_inner_packet_is_dropped(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	uint8_t inner[80];

	(void)state;
	lane_open(&lane, &p);
	for (uint8_t version = 4; version <= 6; version += 2) {
		lane_udp(&lane, version, sizeof inner);
		memcpy(inner, lane_data(&lane), sizeof inner);
		for (size_t n = 0; n < sizeof inner; n++)
			assert_int_equal(receive_inside(version == 4 ? IN_V4 : IN_V6, inner, n),
					 ADIT_ERR_MALFORMED);
	}
	lane_close(&lane);
}

/* --- ESP-19. */

static void
run_sizes(const struct adit_aead *aead)
{
	static uint8_t before[LANE_BUF];

	for (uint8_t version = 4; version <= 6; version += 2) {
		struct adit_sa_params p = lane_params(version, ADIT_TUNNEL, aead);

		lane_open(&lane, &p);
		for (size_t n = head_of(version) + 8; n < 360; n++) {
			lane_udp(&lane, version, n);
			memcpy(before, lane_data(&lane), n);
			assert_int_equal(lane_send(&lane), ADIT_OK);
			assert_int_equal(lane_receive(&lane), ADIT_OK);
			assert_int_equal(lane.pkt.len, n);
			assert_memory_equal(lane_data(&lane), before, n);
		}
		lane_close(&lane);
	}
}

static void
test_esp_19_every_transform_brings_every_short_size_back(void **state)
{
	(void)state;
	lane_for_each_aead(ADIT_PROTO_ESP, run_sizes);
}

/* A packet of any size that IP can say, of bytes that tell their place. */
static void
test_esp_19_every_size_up_to_the_longest_comes_back(void **state)
{
	enum { ALL = 65535, CAP = LANE_ROOM + ALL + LANE_ROOM };
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	uint8_t *buf = malloc(CAP), *want = malloc(ALL);
	size_t longest;

	(void)state;
	assert_non_null(buf);
	assert_non_null(want);
	lane_open(&lane, &p);
	longest = adit_esp_payload_max(&lane.out, ALL);
	for (size_t i = 0; i < ALL; i++)
		want[i] = (uint8_t)(i * 7 + i / 256);
	lane_udp(&lane, 4, 28);
	memcpy(want, lane_data(&lane), 28);
	/* Whole blocks and their neighbours, up to the end; each of the last sizes. */
	for (size_t n = 28; n <= ALL; n += n > longest - 40 ? 1 : n < 2048 ? 1 : 61) {
		struct adit_pkt pkt = {buf, CAP, LANE_ROOM, n};
		enum adit_status st;

		lane_set_length(want, n);
		memcpy(adit_pkt_data(&pkt), want, n);
		st = adit_esp_encap(&lane.out, &pkt);
		assert_int_equal(st, n <= longest ? ADIT_OK : ADIT_ERR_TOO_LONG);
		if (st != ADIT_OK)
			continue;
		assert_int_equal(adit_esp_decap(&lane.in, &pkt, &lane.rx), ADIT_OK);
		assert_int_equal(pkt.len, n);
		assert_memory_equal(adit_pkt_data(&pkt), want, n);
	}
	lane_close(&lane);
	free(buf);
	free(want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_esp_01_every_truncation_is_dropped_and_counted),
		cmocka_unit_test(test_esp_01_header_iv_or_icv_alone_are_short),
		cmocka_unit_test(test_esp_02_every_flipped_bit_is_dropped_and_moves_no_window),
		cmocka_unit_test(test_esp_02_outer_header_bits_never_change_what_is_inside),
		cmocka_unit_test(test_esp_03_parts_of_a_block_are_dropped_before_the_cipher),
		cmocka_unit_test(test_esp_03_stream_ciphers_may_end_anywhere_if_authentic),
		cmocka_unit_test(test_esp_04_padding_of_any_length_must_be_1_2_3),
		cmocka_unit_test(test_esp_04_padding_longer_than_its_payload_is_dropped),
		cmocka_unit_test(test_esp_04_a_forged_packet_never_shows_its_padding),
		cmocka_unit_test(test_esp_05_tunnels_take_ip_packets_of_the_version_that_is_said),
		cmocka_unit_test(test_esp_05_transport_mode_never_unwraps_a_tunnel),
		cmocka_unit_test(test_esp_05_a_dummy_packet_is_dropped_silently_in_every_mode),
		cmocka_unit_test(test_esp_06_an_inner_version_other_than_4_and_6_is_dropped),
		cmocka_unit_test(
			test_esp_06_an_inner_header_length_below_5_or_beyond_the_packet_is_dropped),
		cmocka_unit_test(test_esp_06_inner_lengths_must_fit_and_what_is_behind_is_trimmed),
		cmocka_unit_test(test_esp_06_an_empty_or_cut_inner_packet_is_dropped),
		cmocka_unit_test(test_esp_19_every_transform_brings_every_short_size_back),
		cmocka_unit_test(test_esp_19_every_size_up_to_the_longest_comes_back),
	};

	return cmocka_run_group_tests_name("attacks on ESP", tests, NULL, NULL);
}
