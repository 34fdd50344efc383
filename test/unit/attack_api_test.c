/* The attack corpus' rows about the calls themselves, API-04 to API-09: impossible arguments, full
 * tables, weak choices, text made of a peer's bytes, bytes that nobody wrote. API-01 to API-03 are
 * in attack_fault_test.c, API-07 is in attack_esp_life_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../examples/aditd/log.h"
#include "adit/fragment.h"
#include "adit/icmp.h"
#include "adit/mbedtls.h"
#include "adit/segment.h"
#include "support/lane.h"
#include "support/pair.h"
#include "support/site.h"

static const struct adit_ip ip_a = {4, {192, 0, 2, 1}}, ip_b = {4, {192, 0, 2, 2}};
static struct site a;
static struct lane lane;
static struct pair pair;

/* --- API-04: arguments that can't be. */

static void
test_api_04_packets_that_contradict_themselves_are_refused(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	struct adit_pkt wrong[] = {{lane.buf, 10, 11, 0},           {lane.buf, 10, 5, 6},
				   {lane.buf, 10, SIZE_MAX, 1},     {lane.buf, 10, 0, SIZE_MAX},
				   {lane.buf, 10, 4, SIZE_MAX - 3}, {lane.buf, 0, 0, 1}};

	(void)state;
	for (unsigned ah = 0; ah < 2; ah++) {
		if (ah) {
			p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_null_sha256);
			p.protocol = ADIT_PROTO_AH;
		}
		lane_open(&lane, &p);
		for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
			lane.pkt = wrong[i];
			assert_int_equal(lane_send(&lane), ADIT_ERR_ARG);
			lane.pkt = wrong[i];
			assert_int_equal(lane_receive(&lane), ADIT_ERR_ARG);
		}
		assert_int_equal(lane.out.seq, 0);
		lane_close(&lane);
	}
}

static void
test_api_04_no_stage_takes_packets_that_contradict_themselves(void **state)
{
	struct adit_pkt wrong = {a.buf, 10, SIZE_MAX, 1};

	(void)state;
	site_open(&a, &ip_a);
	adit_ipsec_out(&a.ipsec, &wrong, &a.v, 1);
	assert_int_equal(a.v.status, ADIT_ERR_ARG);
	adit_ipsec_in(&a.ipsec, &wrong, &a.v, 1);
	assert_int_equal(a.v.status, ADIT_ERR_ARG);
	assert_int_equal(a.ipsec.in[ADIT_ERR_ARG] + a.ipsec.out[ADIT_ERR_ARG], 2);
	site_close(&a);
}

static void
test_api_04_nothing_at_all_is_a_status(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	struct adit_fragment_params params = {1280, 0, false};
	struct adit_icmp_error e;
	struct adit_fragmenter f;
	struct adit_segmenter s;
	struct adit_flow flow;
	struct adit_pkt none;

	(void)state;
	memset(&none, 0, sizeof none);
	lane_open(&lane, &p);
	lane.pkt = none;
	assert_int_equal(lane_send(&lane), ADIT_ERR_ARG);
	assert_int_equal(lane_receive(&lane), ADIT_ERR_ARG);
	adit_esp_encap_burst(&lane.out, NULL, NULL, 0);
	adit_esp_decap_burst(&lane.in, NULL, NULL, NULL, 0);
	assert_int_equal(adit_flow_read(&flow, ADIT_OUT, NULL, 0), ADIT_ERR_SHORT);
	assert_int_equal(adit_icmp_error_read(&e, NULL, 0), ADIT_ERR_SHORT);
	assert_int_equal(adit_icmp_too_big(NULL, 0, 1280, &ip_a, &none), ADIT_ERR_SHORT);
	assert_int_equal(adit_fragment_begin(&f, (struct adit_span){NULL, 0}, &params),
			 ADIT_ERR_SHORT);
	assert_int_equal(adit_segment_begin(&s, NULL, 0, 1), ADIT_ERR_SHORT);
	assert_false(adit_mss_clamp(NULL, 0, 1280));
	adit_wipe(NULL, 0);
	assert_true(adit_equal_ct(NULL, NULL, 0));
	lane_close(&lane);
}

static void
test_api_04_an_sa_of_impossible_parameters_is_refused(void **state)
{
	static const struct adit_sa_params good;
	struct adit_sa_params p;
	unsigned refused = 0;

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
		switch (i) {
		case 0:
			p.mode = (enum adit_mode)9;
			break;
		case 1:
			p.protocol = 17;
			break;
		case 2:
			p.spi = 255;
			break;
		case 3:
			p.remote = lane_v6[1];
			break;
		case 4:
			p.local = good.local;
			break;
		case 5:
			p.key.n--;
			break;
		case 6:
			p.key.n++;
			break;
		case 7:
			p.flags = ADIT_SA_SET_DF | ADIT_SA_CLEAR_DF;
			break;
		case 8:
			p.dscp = 64;
			break;
		case 9:
			p.seq = (uint64_t)1 << 32;
			break;
		case 10:
			p.aead = NULL;
			break;
		default:
			p.dir = (enum adit_direction)3;
			break;
		}
		if (i == 11) { /* lane_try sets its own directions */
			struct adit_sa sa;

			assert_int_equal(
				adit_sa_init(&sa, &p,
					     (struct adit_buf){lane.kc[0].mem, sizeof lane.kc[0]},
					     NULL, 0),
				ADIT_ERR_ARG);
			continue;
		}
		assert_int_equal(lane_try(&lane, &p), ADIT_ERR_ARG);
		refused++;
	}
	assert_int_equal(refused, 11);
}

/* --- API-05: tables that are full. */

static void
test_api_05_a_full_table_says_so_and_takes_again_what_was_freed(void **state)
{
	const struct adit_sad_note note = {0, ADIT_BY_SPI, 0, 0};
	struct adit_sa_id ids[SITE_SAS], id, middle;
	struct adit_sa_params p;
	uint32_t spi;

	(void)state;
	site_open(&a, &ip_a);
	memset(&p, 0, sizeof p);
	p.dir = ADIT_IN;
	p.local = ip_a;
	p.remote = ip_b;
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < SITE_SAS; i++) {
			assert_int_equal(adit_sad_spi(&a.sad, &p.spi), ADIT_OK);
			assert_int_equal(site_add(&a, p, &note, &ids[i]), ADIT_OK);
		}
		assert_int_equal(adit_sad_spi(&a.sad, &spi), ADIT_ERR_FULL);
		p.dir = ADIT_OUT;
		assert_int_equal(adit_sad_add(&a.sad,
					      &(struct adit_sa_params){
						      .dir = ADIT_OUT,
						      .spi = 999,
						      .local = ip_a,
						      .remote = ip_b,
						      .aead = &adit_mbedtls_aes128_gcm16,
						      .key = lane_params(4, ADIT_TUNNEL,
									 &adit_mbedtls_aes128_gcm16)
								     .key},
					      0, &id),
				 ADIT_ERR_FULL);
		p.dir = ADIT_IN;
		middle = ids[round % SITE_SAS];
		assert_int_equal(adit_sad_remove(&a.sad, middle), ADIT_OK);
		assert_int_equal(adit_sad_remove(&a.sad, middle), ADIT_ERR_STALE);
		assert_null(adit_sad_get(&a.sad, middle));
		assert_int_equal(adit_sad_spi(&a.sad, &p.spi), ADIT_OK);
		assert_int_equal(site_add(&a, p, &note, &id), ADIT_OK);
		assert_int_equal(id.slot, middle.slot);
		assert_null(adit_sad_get(&a.sad, middle)); /* the old handle is not the new SA */
		assert_non_null(adit_sad_get(&a.sad, id));
		site_close(&a);
	}
}

/* --- API-06: weak choices. */

static bool
is_weak(const struct adit_aead *aead)
{
	return aead->encr == ADIT_ENCR_DES || aead->encr == ADIT_ENCR_3DES ||
	       aead->integ == ADIT_AUTH_HMAC_MD5_96;
}

static unsigned
weak_in(const struct adit_aead *const *list)
{
	unsigned n = 0;

	for (; list && *list; list++)
		n += is_weak(*list);
	return n;
}

static void
test_api_06_weak_transforms_are_in_the_legacy_list_alone_and_never_offered(void **state)
{
	const struct adit_crypto *const all[] = {&adit_mbedtls_modern, &adit_mbedtls_compat,
						 &adit_mbedtls_legacy};
	static const uint16_t weak_groups[] = {1, 2, 5, 22, 23, 24};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(weak_in(all[i]->aead), 0);
		assert_int_equal(weak_in(all[i]->sa_only) != 0, i == 2);
		assert_null(
			adit_crypto_aead(all[i], ADIT_ENCR_3DES, 0, ADIT_AUTH_HMAC_SHA2_256_128));
		for (size_t k = 0; k < sizeof weak_groups / sizeof weak_groups[0]; k++)
			assert_null(adit_crypto_ke(all[i], weak_groups[k]));
	}
	for (size_t k = 0; adit_mbedtls_modern.aead[k]; k++)
		assert_int_not_equal(adit_mbedtls_modern.aead[k]->integ, ADIT_AUTH_HMAC_SHA1_96);
	assert_null(adit_crypto_sa_aead(&adit_mbedtls_compat, ADIT_ENCR_DES, 0,
					ADIT_AUTH_HMAC_SHA1_96));
	assert_non_null(adit_crypto_sa_aead(&adit_mbedtls_legacy, ADIT_ENCR_DES, 0,
					    ADIT_AUTH_HMAC_SHA1_96));
}

static void
test_api_06_a_configuration_that_names_what_is_not_listed_is_refused(void **state)
{
	const struct adit_ike_mem ike_mem = {pair.a.sas, PAIR_SLOTS,        pair.a.children,
					     PAIR_SLOTS, pair.a.handshakes, PAIR_SLOTS};
	static const struct adit_transform weak[] = {{ADIT_TRANSFORM_ENCR, ADIT_ENCR_3DES, 0},
						     {ADIT_TRANSFORM_ENCR, ADIT_ENCR_DES, 0},
						     {ADIT_TRANSFORM_ENCR, ADIT_ENCR_NULL, 0},
						     {ADIT_TRANSFORM_KE, 2, 0},
						     {ADIT_TRANSFORM_KE, 5, 0},
						     {ADIT_TRANSFORM_INTEG, 1, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++) {
		struct adit_proposal proposal = {&weak[i], 1};

		pair_defaults(&pair, 1);
		pair.a.child.proposals = &proposal;
		pair.a.child.proposal_count = 1;
		assert_int_equal(adit_ike_init(&pair.a.ike, &pair.a.cfg, &ike_mem),
				 ADIT_ERR_CONFIG);
	}
}

/* --- API-08: text. */

static void
test_api_08_an_identity_as_text_is_bounded_and_takes_no_bytes_over_that_control(void **state)
{
	uint8_t bytes[255];
	struct adit_id id;

	(void)state;
	memset(&id, 0, sizeof id);
	for (unsigned type = 1; type < 256; type++) {
		const char *s;

		if (type == ADIT_ID_IPV4_ADDR || type == ADIT_ID_IPV6_ADDR)
			continue;
		for (unsigned first = 0; first < 256; first += 5) {
			for (size_t i = 0; i < sizeof bytes; i++)
				bytes[i] = (uint8_t)(first + i);
			memcpy(bytes + 100, "%n%s%x\x1b[2J\r\n", 13);
			id.type = (uint8_t)type;
			id.data = (struct adit_span){bytes, sizeof bytes};
			s = text_id(&id);
			assert_true(strlen(s) < 320);
			for (; *s; s++)
				assert_in_range((unsigned char)*s, 0x20, 0x7e);
		}
	}
}

static void
test_api_08_names_of_numbers_are_constant_text(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 65536; i++) {
		const char *names[] = {
			adit_status_name((enum adit_status)i), adit_notify_name((uint16_t)i),
			adit_exchange_name((uint8_t)i), adit_payload_name((uint8_t)i)};

		for (unsigned k = 0; k < 4; k++) {
			assert_non_null(names[k]);
			assert_in_range(strlen(names[k]), 1, 40);
			assert_null(strchr(names[k], '%'));
		}
	}
}

/* --- API-09: what leaves was written. The same packets over different old contents of their
 * buffers are the same. */

static void
run_written(const struct adit_aead *aead)
{
	static uint8_t first[LANE_BUF];

	for (uint8_t ah = 0; ah < 2; ah++)
		for (size_t n = 40; n < 80; n++) {
			struct adit_sa_params p =
				lane_params(4, n & 1 ? ADIT_TUNNEL : ADIT_TRANSPORT, aead);
			bool is_null = aead->encr == ADIT_ENCR_NULL;

			p.protocol = ah ? ADIT_PROTO_AH : ADIT_PROTO_ESP;
			p.tfc = !ah && n & 1 ? 64 : 0;
			if (ah ? !is_null : is_null && aead->iv_len)
				continue;
			for (unsigned poison = 0; poison < 2; poison++) {
				lane_open(&lane, &p);
				memset(lane.buf, poison ? 0xff : 0, sizeof lane.buf);
				lane_udp(&lane, 4, n);
				assert_int_equal(lane_send(&lane), ADIT_OK);
				if (!poison)
					memcpy(first, lane_data(&lane), lane.pkt.len);
				else
					assert_memory_equal(first, lane_data(&lane), lane.pkt.len);
				lane_close(&lane);
			}
		}
}

static void
test_api_09_every_byte_of_a_protected_packet_is_written(void **state)
{
	(void)state;
	lane_for_each_aead(ADIT_PROTO_ESP, run_written);
	lane_for_each_aead(ADIT_PROTO_AH, run_written);
}

static void
test_api_09_every_byte_of_icmp_errors_and_fragments_is_written(void **state)
{
	static uint8_t first[2][LANE_BUF];

	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2) {
		const struct adit_fragment_params params = {600, 7, true};

		for (unsigned poison = 0; poison < 2; poison++) {
			static uint8_t out[LANE_BUF];
			struct adit_pkt error = {out, sizeof out, 0, 0}, piece = error;
			struct adit_fragmenter f;

			lane_udp(&lane, version, 1400);
			if (version == 4)
				lane_data(&lane)[6] = 0x40;
			memset(out, poison ? 0xff : 0, sizeof out);
			assert_int_equal(adit_icmp_too_big(lane_data(&lane), 1400, 1300,
							   version == 4 ? &ip_b : &lane_v6[1],
							   &error),
					 ADIT_OK);
			if (!poison)
				memcpy(first[0], out, error.len);
			assert_memory_equal(first[0], out, error.len);
			memset(out, poison ? 0xff : 0, sizeof out);
			assert_int_equal(
				adit_fragment_begin(&f, (struct adit_span){lane_data(&lane), 1400},
						    &params),
				ADIT_OK);
			assert_int_equal(adit_fragment_next(&f, &piece), ADIT_OK);
			if (!poison)
				memcpy(first[1], out, piece.len);
			assert_memory_equal(first[1], out, piece.len);
		}
	}
}

static void
test_api_09_every_byte_of_ike_messages_is_written(void **state)
{
	static uint8_t said[2][16384];
	size_t n[2] = {0, 0};

	(void)state;
	for (unsigned poison = 0; poison < 2; poison++) {
		bool more = true;

		pair_defaults(&pair, 3);
		memset(pair.a.sas, poison ? 0xff : 0, sizeof pair.a.sas);
		memset(pair.a.children, poison ? 0xff : 0, sizeof pair.a.children);
		memset(pair.a.handshakes, poison ? 0xff : 0, sizeof pair.a.handshakes);
		pair_open(&pair);
		(void)pair_start(&pair);
		while (more) {
			more = false;
			for (unsigned i = 0; i < 2; i++) {
				struct pair_datagram d;

				memset(&d, poison ? 0xff : 0, sizeof d);
				if (!pair_take(&pair, i ? &pair.b : &pair.a, &d))
					continue;
				memcpy(said[poison] + n[poison], d.bytes, d.len);
				n[poison] += d.len;
				(void)!pair_give(&pair, i ? &pair.a : &pair.b, &d);
				more = true;
			}
		}
		assert_true(pair_is_up(&pair));
	}
	assert_int_equal(n[0], n[1]);
	assert_memory_equal(said[0], said[1], n[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_api_04_packets_that_contradict_themselves_are_refused),
		cmocka_unit_test(test_api_04_no_stage_takes_packets_that_contradict_themselves),
		cmocka_unit_test(test_api_04_nothing_at_all_is_a_status),
		cmocka_unit_test(test_api_04_an_sa_of_impossible_parameters_is_refused),
		cmocka_unit_test(test_api_05_a_full_table_says_so_and_takes_again_what_was_freed),
		cmocka_unit_test(
			test_api_06_weak_transforms_are_in_the_legacy_list_alone_and_never_offered),
		cmocka_unit_test(
			test_api_06_a_configuration_that_names_what_is_not_listed_is_refused),
		cmocka_unit_test(
			test_api_08_an_identity_as_text_is_bounded_and_takes_no_bytes_over_that_control),
		cmocka_unit_test(test_api_08_names_of_numbers_are_constant_text),
		cmocka_unit_test(test_api_09_every_byte_of_a_protected_packet_is_written),
		cmocka_unit_test(test_api_09_every_byte_of_icmp_errors_and_fragments_is_written),
		cmocka_unit_test(test_api_09_every_byte_of_ike_messages_is_written),
	};

	return cmocka_run_group_tests_name("attacks on the calls", tests, NULL, NULL);
}
