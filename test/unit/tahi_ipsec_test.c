/* What the IPv6 conformance suites (TAHI's ct-profile-host, IPv6 Ready IPsec) ask of ESP and AH,
 * beside what attack_ah_test.c and attack_esp_life_test.c show: ICVs and padding made by hand,
 * order of headers, SAs by SPI and destination, all over IPv6. Fragments and sizes are in
 * tahi_path_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "support/lane.h"
#include "support/site.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
enum { UDP = 17, AH = 51, HOP = 0, ROUTING = 43, OPTIONS = 60 };
enum { NEXT = 6, HOPS = 7, DESTINATION_AT = 24, AH_FIXED = 12 };

static struct lane lane;
static struct site a, b;

static struct adit_sa_params
ah_params(const struct adit_aead *aead, enum adit_mode mode)
{
	struct adit_sa_params p = lane_params(6, mode, aead);

	p.protocol = ADIT_PROTO_AH;
	return p;
}

/* --- host-ipsec-2..3: ICVs made by hand. */

static unsigned checked;

/* What an HMAC or MAC of a cipher gives over the packet in the lane, whose AH is at `at`, without
 * what routers change. */
static void
icv_by_hand(const struct adit_aead *aead, size_t at, uint8_t *icv)
{
	static uint8_t muted[LANE_BUF];
	const struct adit_mac *mac = aead->auth->mac;
	const struct adit_sa_params p = ah_params(aead, ADIT_TRANSPORT);
	const struct adit_span whole = {muted, lane.pkt.len};
	union adit_keyctx kc;

	memcpy(muted, lane_data(&lane), lane.pkt.len);
	lane_put32(muted, 0x60000000);
	muted[HOPS] = 0;
	memset(muted + at + AH_FIXED, 0, aead->icv_len);
	assert_int_equal(mac->setkey(mac, kc.mem, p.key), ADIT_OK);
	assert_int_equal(mac->sum(mac, kc.mem, &whole, 1, icv), ADIT_OK);
	mac->wipe(mac, kc.mem);
}

static void
run_icv(const struct adit_aead *aead)
{
	struct adit_sa_params p = ah_params(aead, ADIT_TRANSPORT);
	uint8_t icv[ADIT_HASH_MAX];

	if (!aead->auth)
		return; /* AES-GMAC: cbc_mac_test.c */
	lane_open(&lane, &p);
	for (size_t n = LANE_V6 + 8; n < 200; n++) {
		lane_udp(&lane, 6, n);
		assert_int_equal(lane_send(&lane), ADIT_OK);
		icv_by_hand(aead, LANE_V6, icv);
		assert_memory_equal(lane_data(&lane) + LANE_V6 + AH_FIXED, icv, aead->icv_len);
		assert_int_equal(lane_receive(&lane), ADIT_OK);
	}
	lane_close(&lane);
	checked++;
}

static void
test_host_ipsec_2_the_icv_of_each_algorithm_is_right(void **state)
{
	(void)state;
	checked = 0;
	lane_for_each_aead(ADIT_PROTO_AH, run_icv);
	assert_true(checked >= 7); /* MD5, SHA-1, three of SHA-2, XCBC, CMAC */
}

/* --- host-ipsec-5..6: SPI and destination. */

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

/* Two SAs of one receiver with two addresses, and of their sender. */
static void
open_two(const uint32_t *spis, struct adit_sa_id *in)
{
	static uint8_t keys[2][64];
	const struct adit_sad_note by_destination = {0, ADIT_BY_LOCAL, 0, 0};
	struct adit_ip to = lane_v6[1];

	site_open(&a, &lane_v6[0]);
	site_open(&b, &lane_v6[1]);
	for (unsigned i = 0; i < 2; i++) {
		struct adit_policy *policy = site_policy(&a, ADIT_PROTECT, 0, 0);

		to.b[15] = (uint8_t)i;
		policy->selectors = any_v6();
		policy->selectors.remote[0] = adit_ts_prefix(&to, 128);
	}
	site_policy(&b, ADIT_PROTECT, 0, 0)->selectors = any_v6();
	for (unsigned i = 0; i < 2; i++) {
		struct adit_sad_note note = {i, ADIT_BY_SPI, 0, 0};
		struct adit_sa_params p = ah_params(&adit_mbedtls_null_sha256, ADIT_TRANSPORT);
		struct adit_sa_id id;

		to.b[15] = (uint8_t)i;
		memset(keys[i], (int)i + 1, sizeof keys[i]);
		p.key.p = keys[i];
		p.spi = spis[i];
		p.remote = to;
		assert_int_equal(site_add(&a, p, &note, &id), ADIT_OK);
		p.dir = ADIT_IN;
		p.local = to;
		p.remote = lane_v6[0];
		assert_int_equal(site_add(&b, p, &by_destination, &in[i]), ADIT_OK);
	}
}

static void
expect_two(const uint32_t *spis)
{
	struct adit_sa_id in[2];

	open_two(spis, in);
	for (unsigned i = 0; i < 4; i++) {
		unsigned to = i & 1;

		lane_udp(&lane, 6, 100);
		lane_data(&lane)[DESTINATION_AT + 15] = (uint8_t)to;
		site_bytes(&a, lane_data(&lane), 100);
		assert_int_equal(site_out(&a), ADIT_VERDICT_SEND);
		assert_int_equal(site_data(&a)[DESTINATION_AT + 15], to);
		if (i >= 2) { /* redirected to the other address, whose SA has another key */
			site_data(&a)[DESTINATION_AT + 15] ^= 1;
			assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DISCARD);
			continue;
		}
		assert_int_equal(site_carry(&a, &b), ADIT_VERDICT_DELIVER);
		assert_int_equal(b.v.sa.slot, in[to].slot);
	}
	site_close(&a);
	site_close(&b);
}

static void
test_host_ipsec_5_sas_of_other_spis_and_destinations_are_told_apart(void **state)
{
	static const uint32_t spis[2] = {0x1000, 0x2000};

	(void)state;
	expect_two(spis);
}

static void
test_host_ipsec_6_sas_of_one_spi_and_other_destinations_are_told_apart(void **state)
{
	static const uint32_t spis[2] = {0x1000, 0x1000};

	(void)state;
	expect_two(spis);
}

/* --- host-ipsec-7..9: AH wherever a sender may put it. */

static void
test_host_ipsec_7_ah_is_taken_behind_any_extension_header(void **state)
{
	static const struct {
		uint8_t first, named; /* named: offset of the byte that says AH */
		uint8_t n, chain[40];
	} rows[] = {
		{AH, NEXT, 0, {0}},
		{HOP, LANE_V6, 8, {AH, 0, 1, 4}},
		{OPTIONS, LANE_V6, 8, {AH, 0, 1, 4}}, /* options for the destination before AH */
		{HOP, LANE_V6 + 8, 16, {OPTIONS, 0, 1, 4, 0, 0, 0, 0, AH, 0, 1, 4}},
		{ROUTING, LANE_V6, 24, {AH, 2, 0, 0}},
		{HOP, LANE_V6 + 32, 40, {ROUTING, 0, 1, 4, 0, 0, 0, 0, OPTIONS, 2, 0, 0,
					 0,       0, 0, 0, 0, 0, 0, 0, 0,       0, 0, 0,
					 0,       0, 0, 0, 0, 0, 0, 0, AH,      0, 1, 4}},
	};
	const struct adit_aead *aead = &adit_mbedtls_null_sha1;
	struct adit_sa_params p = ah_params(aead, ADIT_TRANSPORT);
	uint8_t icv[ADIT_HASH_MAX], packet[256], udp[60];

	(void)state;
	lane_open(&lane, &p);
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t at = LANE_V6 + rows[i].n, n = at + AH_FIXED + 12 + sizeof udp;

		lane_udp(&lane, 6, LANE_V6 + sizeof udp);
		memcpy(packet, lane_data(&lane), LANE_V6);
		memcpy(udp, lane_data(&lane) + LANE_V6, sizeof udp);
		packet[NEXT] = rows[i].first;
		memcpy(packet + LANE_V6, rows[i].chain, rows[i].n);
		memset(packet + at, 0, AH_FIXED + 12);
		packet[at] = UDP;
		packet[at + 1] = 4; /* 24 bytes */
		lane_put32(packet + at + 4, LANE_SPI);
		lane_put32(packet + at + 8, (uint32_t)i + 1);
		memcpy(packet + at + AH_FIXED + 12, udp, sizeof udp);
		lane_set_length(packet, n);
		lane_bytes(&lane, packet, n);
		icv_by_hand(aead, at, icv);
		memcpy(lane_data(&lane) + at + AH_FIXED, icv, 12);
		assert_int_equal(lane_receive(&lane), ADIT_OK);
		assert_int_equal(lane.pkt.len, at + sizeof udp);
		assert_memory_equal(lane_data(&lane) + at, udp, sizeof udp);
		assert_int_equal(lane_data(&lane)[rows[i].named], UDP);
	}
	lane_close(&lane);
}

/* --- host-ipsec-25..: ciphers with and without integrity. */

static void
test_host_ipsec_25_a_cipher_without_integrity_makes_no_sa(void **state)
{
	struct adit_aead bare = adit_mbedtls_aes128_cbc_sha256;
	struct adit_sa_params p;

	(void)state;
	bare.icv_len = 0;
	bare.integ = ADIT_AUTH_NONE;
	p = lane_params(6, ADIT_TRANSPORT, &bare);
	assert_int_equal(lane_try(&lane, &p), ADIT_ERR_ARG);
	for (size_t k = 0; k < 2; k++) {
		const struct adit_aead *const *list =
			k ? adit_mbedtls_legacy.sa_only : adit_mbedtls_legacy.aead;

		for (size_t i = 0; list[i]; i++)
			assert_true(list[i]->icv_len >= 8);
	}
}

static uint8_t suite_version;

static void
round_trip(const struct adit_aead *aead)
{
	for (unsigned tunnel = 0; tunnel < 2; tunnel++)
		for (unsigned esn = 0; esn < 2; esn++) {
			struct adit_sa_params p = lane_params(
				suite_version, tunnel ? ADIT_TUNNEL : ADIT_TRANSPORT, aead);

			p.esn = esn;
			lane_open(&lane, &p);
			for (size_t n = 200; n < 240; n++) {
				uint8_t sent[240];

				lane_udp(&lane, suite_version, n);
				memcpy(sent, lane_data(&lane), n);
				assert_int_equal(lane_send(&lane), ADIT_OK);
				if (aead->encr != ADIT_ENCR_NULL &&
				    aead->encr != ADIT_ENCR_NULL_AUTH_AES_GMAC)
					assert_memory_not_equal(lane_data(&lane) + lane.pkt.len -
									n / 2,
								sent + n - n / 2, 16);
				assert_int_equal(lane_receive(&lane), ADIT_OK);
				assert_int_equal(lane.pkt.len, n);
				assert_memory_equal(lane_data(&lane), sent, n);
			}
			lane_close(&lane);
		}
}

static void
test_host_ipsec_25_every_cipher_works_in_both_modes(void **state)
{
	(void)state;
	suite_version = 6;
	lane_for_each_aead(ADIT_PROTO_ESP, round_trip);
}

static void
run_names(const struct adit_crypto *crypto, const char *const *names, size_t n)
{
	suite_version = 6;
	for (size_t i = 0; i < n; i++) {
		const struct adit_aead *aead = adit_crypto_aead_by_name(crypto, names[i]);

		if (!aead)
			fail_msg("no %s", names[i]);
		round_trip(aead);
	}
}

static void
test_ipv6_ready_basic_algorithms_work_in_both_modes(void **state)
{
	static const char *const names[] = {"NULL+HMAC-SHA2-256-128",
					    "AES-CBC-128+HMAC-SHA2-256-128", "AES-GCM-16-128",
					    "AES-GMAC-128"};

	(void)state;
	run_names(&adit_mbedtls_modern, names, COUNT(names));
}

static void
test_ipv6_ready_advanced_algorithms_work_in_both_modes(void **state)
{
	static const char *const names[] = {"AES-CBC-192+HMAC-SHA2-256-128",
					    "AES-CBC-256+HMAC-SHA2-256-128",
					    "AES-CBC-128+HMAC-SHA2-384-192",
					    "AES-CBC-128+HMAC-SHA2-512-256",
					    "AES-GCM-16-192",
					    "AES-GCM-16-256",
					    "CHACHA20-POLY1305",
					    "AES-GMAC-192",
					    "AES-GMAC-256"};
	static const char *const old[] = {"3DES-CBC+HMAC-SHA2-256-128"};

	(void)state;
	run_names(&adit_mbedtls_modern, names, COUNT(names));
	run_names(&adit_mbedtls_legacy, old, COUNT(old));
}

/* --- host-ipsec-udp-17..28. */

/* Opened by hand: what ends the plaintext? */
static void
run_trailer(const struct adit_aead *aead)
{
	struct adit_sa_params p = lane_params(6, ADIT_TRANSPORT, aead);
	size_t to = aead->block > 4 ? aead->block : 4;

	lane_open(&lane, &p);
	for (size_t n = LANE_V6 + 8; n < LANE_V6 + 60; n++) {
		uint8_t *esp = lane.buf, number[8] = {0};
		struct adit_aead_op op;
		size_t pad;

		lane_udp(&lane, 6, n);
		assert_int_equal(lane_send(&lane), ADIT_OK);
		esp = lane_data(&lane) + LANE_V6;
		number[7] = (uint8_t)lane.out.seq;
		memset(&op, 0, sizeof op);
		op.iv = aead->implicit_iv ? number : esp + 8;
		op.aad = (struct adit_span){esp, 8};
		op.data = esp + 8 + aead->iv_len;
		op.len = lane.pkt.len - LANE_V6 - 8 - aead->iv_len - aead->icv_len;
		op.icv = op.data + op.len;
		aead->open(aead, lane.in.kc, &op, 1);
		assert_int_equal(op.status, ADIT_OK);
		pad = op.data[op.len - 2];
		assert_int_equal(op.data[op.len - 1], UDP);
		assert_int_equal(op.len % to, 0);
		assert_true(pad < to); /* no more than there has to be */
		assert_int_equal(op.len, n - LANE_V6 + pad + 2);
		for (size_t i = 0; i < pad; i++)
			assert_int_equal(op.data[op.len - 2 - pad + i], i + 1);
	}
	lane_close(&lane);
}

static void
test_host_ipsec_udp_17_padding_is_1_2_3_and_no_longer_than_needed(void **state)
{
	(void)state;
	lane_for_each_aead(ADIT_PROTO_ESP, run_trailer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_ipsec_2_the_icv_of_each_algorithm_is_right),
		cmocka_unit_test(
			test_host_ipsec_5_sas_of_other_spis_and_destinations_are_told_apart),
		cmocka_unit_test(
			test_host_ipsec_6_sas_of_one_spi_and_other_destinations_are_told_apart),
		cmocka_unit_test(test_host_ipsec_7_ah_is_taken_behind_any_extension_header),
		cmocka_unit_test(test_host_ipsec_25_a_cipher_without_integrity_makes_no_sa),
		cmocka_unit_test(test_host_ipsec_25_every_cipher_works_in_both_modes),
		cmocka_unit_test(test_ipv6_ready_basic_algorithms_work_in_both_modes),
		cmocka_unit_test(test_ipv6_ready_advanced_algorithms_work_in_both_modes),
		cmocka_unit_test(test_host_ipsec_udp_17_padding_is_1_2_3_and_no_longer_than_needed),
	};

	return cmocka_run_group_tests_name("IPv6 suites on IPsec", tests, NULL, NULL);
}
