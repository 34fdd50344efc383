/* What SAs and databases are made of, and handles of them: each part that can't work is refused,
 * and what was refused has changed nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/iptfs.h"
#include "adit/mbedtls.h"
#include "adit/stream.h"
#include "support/lane.h"
#include "support/pair.h"
#include "support/site.h"

static const struct adit_ip ip_a = {4, {192, 0, 2, 1}}, ip_b = {4, {192, 0, 2, 2}};
static const struct adit_ip v6 = {6, {0xfd, 9}};
static struct lane lane;
static struct site a;

/* --- Parameters of an SA. */

static struct adit_sa_params
beet(void)
{
	struct adit_sa_params p = lane_params(4, ADIT_BEET, &adit_mbedtls_aes128_gcm16);

	p.inner_local = lane_v4[0];
	p.inner_remote = lane_v4[1];
	return p;
}

static void
test_beet_wants_inner_addresses_of_the_same_version_and_esp(void **state)
{
	struct adit_sa_params p = beet();
	struct adit_sa sa;

	(void)state;
	lane_open(&lane, &p);
	lane_close(&lane);
	p.inner_local = v6;
	assert_int_equal(lane_try(&lane, &p), ADIT_ERR_ARG);
	p = beet();
	p.inner_remote = v6;
	assert_int_equal(lane_try(&lane, &p), ADIT_ERR_ARG);
	p = beet();
	p.tfc = 100;
	assert_int_equal(lane_try(&lane, &p), ADIT_ERR_ARG);
	p = beet();
	p.aead = &adit_mbedtls_null_sha256;
	p.key.n = adit_aead_key_len(p.aead);
	p.protocol = ADIT_PROTO_AH;
	assert_int_equal(lane_try(&lane, &p), ADIT_ERR_ARG);
	p = beet();
	p.more = NULL;
	assert_int_equal(adit_sa_init(&sa, &p, (struct adit_buf){lane.kc[0].mem, sizeof lane.kc[0]},
				      NULL, 0),
			 ADIT_ERR_ARG);
}

static void
test_a_build_with_other_selectors_is_refused(void **state)
{
	static union adit_keyctx kc;
	const struct adit_buf room = {kc.mem, sizeof kc};
	const struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	const size_t size = sizeof(struct adit_selectors);
	struct adit_sa sa, zero;

	(void)state;
	memset(&zero, 0, sizeof zero);
	for (int more = -1; more <= 1; more += 2) {
		memset(&sa, 1, sizeof sa);
		assert_int_equal(adit_sa_init_(more < 0 ? size - sizeof(struct adit_ts)
							: size + sizeof(struct adit_ts),
					       &sa, &p, room, NULL, 0),
				 ADIT_ERR_CONFIG);
		assert_memory_equal(&sa, &zero, sizeof sa);
	}
	assert_int_equal(adit_sa_init_(size, &sa, &p, room, NULL, 0), ADIT_OK);
	adit_sa_wipe(&sa);
}

static void
test_more_selectors_than_there_is_room_for_are_refused(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	struct adit_selectors sel;

	(void)state;
	memset(&sel, 0, sizeof sel);
	p.selectors = &sel;
	for (unsigned local = ADIT_TS_MAX; local <= UINT8_MAX; local++)
		for (unsigned remote = ADIT_TS_MAX; remote <= ADIT_TS_MAX + 1; remote++) {
			bool ok = local == ADIT_TS_MAX && remote == ADIT_TS_MAX;

			sel.local_n = (uint8_t)local;
			sel.remote_n = (uint8_t)remote;
			assert_int_equal(lane_try(&lane, &p), ok ? ADIT_OK : ADIT_ERR_ARG);
			if (ok)
				lane_close(&lane);
		}
}

static void
test_modes_take_what_they_can_carry(void **state)
{
	static const struct {
		enum adit_mode mode;
		uint8_t protocol;
		uint16_t tfc;
		enum adit_status st;
	} rows[] = {{ADIT_IPTFS, ADIT_PROTO_ESP, 0, ADIT_OK},
		    {ADIT_IPTFS, ADIT_PROTO_ESP, 100, ADIT_ERR_ARG},
		    {ADIT_IPTFS, ADIT_PROTO_AH, 0, ADIT_ERR_ARG},
		    {ADIT_TRANSPORT, ADIT_PROTO_AH, 0, ADIT_OK},
		    {ADIT_TRANSPORT, ADIT_PROTO_ESP, 100, ADIT_ERR_ARG},
		    {ADIT_TUNNEL, ADIT_PROTO_ESP, 100, ADIT_OK},
		    {ADIT_TUNNEL, ADIT_PROTO_AH, 0, ADIT_OK},
		    {ADIT_TUNNEL, ADIT_PROTO_AH, 100, ADIT_ERR_ARG}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct adit_sa_params p = lane_params(4, rows[i].mode, &adit_mbedtls_null_sha256);

		p.protocol = rows[i].protocol;
		p.tfc = rows[i].tfc;
		assert_int_equal(lane_try(&lane, &p), rows[i].st);
		if (rows[i].st == ADIT_OK)
			lane_close(&lane);
	}
}

/* AES-GMAC is one transform in ESP and others in AH (RFC 4543); AH takes no encryption, and no UDP
 * header of the NAT's. */
static void
test_transforms_are_of_their_protocol(void **state)
{
	static const struct {
		const struct adit_aead *aead;
		uint8_t protocol;
		bool udp;
		enum adit_status st;
	} rows[] = {{&adit_mbedtls_aes128_gmac, ADIT_PROTO_ESP, false, ADIT_OK},
		    {&adit_mbedtls_aes128_gmac, ADIT_PROTO_AH, false, ADIT_ERR_ARG},
		    {&adit_mbedtls_ah_aes128_gmac, ADIT_PROTO_AH, false, ADIT_OK},
		    {&adit_mbedtls_ah_aes128_gmac, ADIT_PROTO_ESP, false, ADIT_ERR_ARG},
		    {&adit_mbedtls_null_sha256, ADIT_PROTO_ESP, true, ADIT_OK},
		    {&adit_mbedtls_null_sha256, ADIT_PROTO_AH, true, ADIT_ERR_ARG}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, rows[i].aead);

		p.protocol = rows[i].protocol;
		p.udp_encap = rows[i].udp;
		assert_int_equal(lane_try(&lane, &p), rows[i].st);
		if (rows[i].st == ADIT_OK)
			lane_close(&lane);
	}
}

/* Padding is by masks: blocks are powers of two. */
static void
test_an_aead_whose_block_is_no_power_of_two_is_refused(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	struct adit_aead odd = adit_mbedtls_aes128_gcm16;

	(void)state;
	p.aead = &odd;
	for (unsigned block = 0; block <= 5; block++) {
		bool good = block == 1 || block == 2 || block == 4;

		odd.block = (uint8_t)block;
		assert_int_equal(lane_try(&lane, &p), good ? ADIT_OK : ADIT_ERR_ARG);
		if (good)
			lane_close(&lane);
	}
}

static void
test_a_path_of_two_versions_or_none_is_refused(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	const struct adit_path wrong[] = {
		{{ip_a, 1}, {v6, 2}}, {{v6, 1}, {ip_a, 2}}, {{{5, {0}}, 1}, {{5, {0}}, 2}}};
	const struct adit_path other = {{v6, 1}, {v6, 2}};

	(void)state;
	lane_open(&lane, &p);
	for (unsigned i = 0; i < 3; i++) {
		struct adit_path now;

		assert_int_equal(adit_sa_set_path(&lane.out, &wrong[i]), ADIT_ERR_ARG);
		now = adit_sa_path(&lane.out);
		assert_true(adit_ip_equal(&now.local.ip, &lane_v4[0]));
	}
	assert_int_equal(adit_sa_set_path(&lane.out, &other), ADIT_OK);
	lane_close(&lane);
}

static void
test_an_sa_without_the_rest_has_no_age(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	struct adit_sa sa;
	union adit_keyctx kc;

	(void)state;
	assert_int_equal(adit_sa_init(&sa, &p, (struct adit_buf){kc.mem, sizeof kc}, NULL, 0),
			 ADIT_OK);
	assert_int_equal(adit_sa_age(&sa, UINT64_MAX), ADIT_AGE_GOOD);
	adit_sa_wipe(&sa);
}

/* --- Databases. */

static enum adit_status
no_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	(void)out;
	(void)n;
	return ADIT_ERR_RANDOM;
}

static void
test_a_sad_of_memory_that_can_not_work_is_refused(void **state)
{
	struct adit_sad_mem good;
	struct adit_rng rng, none = {NULL, NULL};
	struct adit_sad sad;

	(void)state;
	site_open(&a, &ip_a);
	good = a.sad.mem;
	rng = a.sad.rng;
	assert_int_equal(adit_sad_init(&sad, &good, &rng), ADIT_OK);
	assert_int_equal(adit_sad_init(&sad, &good, &none), ADIT_ERR_ARG);
	for (unsigned i = 0; i < 12; i++) {
		struct adit_sad_mem mem = good;

		switch (i) {
		case 0:
			mem.words = NULL;
			break;
		case 1:
			mem.sas = NULL;
			break;
		case 2:
			mem.entries = NULL;
			break;
		case 3:
			mem.keyctx = NULL;
			break;
		case 4:
			mem.replay_bits = NULL;
			break;
		case 5:
			mem.count = 0;
			break;
		case 6:
			mem.count = 12;
			break;
		case 7:
			mem.count = (size_t)1 << 21;
			break;
		case 8:
			mem.keyctx_size++;
			break;
		case 9:
			mem.replay_words = 0;
			break;
		case 10:
			mem.hash = NULL;
			break;
		default:
			mem.hash_count = 3;
			break;
		}
		assert_int_equal(adit_sad_init(&sad, &mem, &rng), ADIT_ERR_ARG);
	}
	assert_int_equal(adit_sad_init_(&sad, sizeof sad + 8, ADIT_SAD_SLOT_SIZE, &good, &rng),
			 ADIT_ERR_CONFIG);
	assert_int_equal(adit_sad_init_(&sad, sizeof sad, ADIT_SAD_SLOT_SIZE + 8, &good, &rng),
			 ADIT_ERR_CONFIG);
	site_close(&a);
}

static void
test_an_spd_of_memory_that_can_not_work_is_refused(void **state)
{
	static const size_t size = sizeof(struct adit_spd), one = sizeof(struct adit_policy);
	struct adit_spd_mem good, mem;
	struct adit_spd spd;

	(void)state;
	site_open(&a, &ip_a);
	(void)site_policy(&a, ADIT_PROTECT, 1, 2);
	good = (struct adit_spd_mem){a.policies, 1, a.heads, a.cache, SITE_CACHE};
	assert_int_equal(adit_spd_init_(&spd, size, one, &good), ADIT_OK);
	assert_int_equal(adit_spd_init_(&spd, size + 8, one, &good), ADIT_ERR_CONFIG);
	assert_int_equal(adit_spd_init_(&spd, size, one + 8, &good), ADIT_ERR_CONFIG);
	mem = good;
	mem.policies = NULL;
	assert_int_equal(adit_spd_init_(&spd, size, one, &mem), ADIT_ERR_ARG);
	mem = good;
	mem.heads = NULL;
	assert_int_equal(adit_spd_init_(&spd, size, one, &mem), ADIT_ERR_ARG);
	mem = good;
	mem.count = ADIT_POLICY_NONE;
	assert_int_equal(adit_spd_init_(&spd, size, one, &mem), ADIT_ERR_ARG);
	mem = good;
	mem.cache_count = 3;
	assert_int_equal(adit_spd_init_(&spd, size, one, &mem), ADIT_ERR_ARG);
	mem = good;
	mem.cache = NULL;
	assert_int_equal(adit_spd_init_(&spd, size, one, &mem), ADIT_ERR_ARG);
	/* None at all: everything is discarded. */
	memset(&mem, 0, sizeof mem);
	assert_int_equal(adit_spd_init_(&spd, size, one, &mem), ADIT_OK);
	site_close(&a);
}

/* The generation of an SPD without a cache comes round as well. */
static void
test_changes_of_a_policy_base_without_cache_come_round(void **state)
{
	const struct adit_spd_mem mem = {NULL, 0, NULL, NULL, 0};
	struct adit_spd spd;

	(void)state;
	assert_int_equal(adit_spd_init(&spd, &mem), ADIT_OK);
	spd.generation = UINT32_MAX;
	adit_spd_changed(&spd);
	assert_int_equal(spd.generation, 1);
}

static void
test_without_randomness_there_is_no_spi(void **state)
{
	uint32_t spi;

	(void)state;
	site_open(&a, &ip_a);
	a.sad.rng.fill = no_random;
	assert_int_equal(adit_sad_spi(&a.sad, &spi), ADIT_ERR_RANDOM);
	site_close(&a);
}

/* --- Handles. */

static struct adit_sa_id
add(enum adit_direction dir, uint32_t spi)
{
	const struct adit_sad_note note = {0, ADIT_BY_SPI, 0, 0};
	struct adit_sa_params p;
	struct adit_sa_id id;

	memset(&p, 0, sizeof p);
	p.dir = dir;
	p.spi = spi;
	p.local = ip_a;
	p.remote = ip_b;
	if (dir == ADIT_IN)
		assert_int_equal(adit_sad_spi(&a.sad, &p.spi), ADIT_OK);
	assert_int_equal(site_add(&a, p, &note, &id), ADIT_OK);
	return id;
}

static void
test_stale_handles_pair_and_bundle_nothing(void **state)
{
	struct adit_sa_id in, out, outer, gone, other, none = {0, 0};
	struct adit_sa *sa;
	uint32_t word;

	(void)state;
	site_open(&a, &ip_a);
	(void)site_policy(&a, ADIT_PROTECT, 1, 2);
	in = add(ADIT_IN, 0);
	out = add(ADIT_OUT, 1001);
	outer = add(ADIT_OUT, 1002);
	gone = add(ADIT_OUT, 1003);
	assert_int_equal(adit_sad_remove(&a.sad, gone), ADIT_ERR_STATE);
	adit_spd_unlink(&a.spd, &a.sad, gone);
	adit_spd_unlink(&a.spd, &a.sad, gone);
	assert_int_equal(adit_sad_remove(&a.sad, gone), ADIT_OK);
	assert_int_equal(adit_sad_pair(&a.sad, gone, out, 5), ADIT_ERR_STALE);
	assert_int_equal(adit_sad_pair(&a.sad, in, gone, 5), ADIT_ERR_STALE);
	assert_null(adit_sad_other(&a.sad, gone, &other, &word));
	assert_null(adit_sad_other(&a.sad, in, &other, &word));
	assert_int_equal(adit_sad_pair(&a.sad, in, out, 5), ADIT_OK);
	assert_ptr_equal(adit_sad_other(&a.sad, in, &other, &word), adit_sad_get(&a.sad, out));
	assert_int_equal(word, 5);
	/* Whoever is paired anew leaves its former partner alone. */
	assert_int_equal(adit_sad_pair(&a.sad, in, outer, 6), ADIT_OK);
	assert_null(adit_sad_other(&a.sad, out, &other, &word));

	assert_int_equal(adit_sad_bundle(&a.sad, gone, outer), ADIT_ERR_STALE);
	assert_int_equal(adit_sad_bundle(&a.sad, out, gone), ADIT_ERR_STALE);
	assert_int_equal(adit_sad_bundle(&a.sad, out, out), ADIT_ERR_ARG);
	assert_int_equal(adit_sad_bundle(&a.sad, out, in), ADIT_ERR_ARG);
	assert_int_equal(adit_sad_bundle(&a.sad, out, outer), ADIT_OK);
	assert_true(adit_sad_outer(&a.sad, out, &other, &sa));
	assert_ptr_equal(sa, adit_sad_get(&a.sad, outer));
	assert_false(adit_sad_outer(&a.sad, gone, &other, &sa));
	assert_null(sa);
	assert_int_equal(adit_sad_bundle(&a.sad, out, none), ADIT_OK);
	assert_false(adit_sad_outer(&a.sad, out, &other, &sa));
	adit_spd_unlink(&a.spd, &a.sad, gone); /* nothing */
	site_close(&a);
}

static void
test_all_sas_are_walked_with_and_without_their_handles(void **state)
{
	struct adit_sa_id id;
	size_t cursor = 0, n = 0;

	(void)state;
	site_open(&a, &ip_a);
	(void)site_policy(&a, ADIT_PROTECT, 1, 2);
	(void)add(ADIT_IN, 0);
	(void)add(ADIT_OUT, 1001);
	while (adit_sad_next(&a.sad, &cursor, NULL))
		n++;
	assert_int_equal(n, 2);
	for (cursor = 0; adit_sad_next(&a.sad, &cursor, &id);) {
		assert_non_null(adit_sad_get(&a.sad, id));
		n++;
	}
	assert_int_equal(n, 4);
	site_close(&a);
}

/* --- Selectors from a packet. */

static void
test_selectors_from_a_packet_are_those_that_it_is_in(void **state)
{
	struct adit_selectors out;
	struct adit_policy policy;
	struct adit_flow flow;

	(void)state;
	memset(&policy, 0, sizeof policy);
	policy.pfp = ADIT_PFP_LOCAL | ADIT_PFP_REMOTE | ADIT_PFP_LOCAL_PORT | ADIT_PFP_REMOTE_PORT;
	for (unsigned i = 0; i < 3; i++) {
		policy.selectors.local[i] = adit_ts_prefix(i ? &lane_v6[0] : &ip_a, i ? 64 : 24);
		policy.selectors.remote[i] = adit_ts_prefix(i ? &lane_v6[1] : &ip_b, i ? 64 : 24);
	}
	/* Two that differ in their ports. */
	policy.selectors.local[1].port_last = 999;
	policy.selectors.local[2].port_first = 2000;
	policy.selectors.local_n = policy.selectors.remote_n = 3;
	memset(&flow, 0, sizeof flow);
	flow.local = lane_v6[0];
	flow.remote = lane_v6[1];
	flow.protocol = ADIT_PROTO_UDP;
	flow.has_ports = true;
	flow.local_port = 500;
	flow.remote_port = 7;
	assert_int_equal(adit_selectors_from_packet(&policy, &flow, &out), ADIT_OK);
	assert_int_equal(out.local_n, 1);
	assert_int_equal(out.remote_n, 1);
	assert_int_equal(out.local[0].version, 6);
	assert_memory_equal(out.local[0].first, lane_v6[0].b, 16);
	assert_memory_equal(out.local[0].last, lane_v6[0].b, 16);
	assert_int_equal(out.local[0].port_first, 500);
	flow.local_port = 1500;
	assert_int_equal(adit_selectors_from_packet(&policy, &flow, &out), ADIT_ERR_SELECTOR);
	flow.local_port = 2500;
	assert_int_equal(adit_selectors_from_packet(&policy, &flow, &out), ADIT_OK);
	assert_int_equal(out.local[0].port_last, 2500);
}

/* --- Codecs over the caller's memory. */

static void
test_streams_without_room_are_refused(void **state)
{
	static uint8_t room[64];
	struct adit_iptfs_slot slot;
	struct adit_iptfs_rx_mem mem = {{room, sizeof room}, &slot, 1, room, 64};
	struct adit_stream_rx stream;
	struct adit_iptfs_rx rx;
	struct adit_iptfs_tx tx;

	(void)state;
	assert_int_equal(adit_stream_rx_init(&stream, (struct adit_buf){NULL, 100}, false),
			 ADIT_ERR_ARG);
	assert_int_equal(adit_stream_rx_init(&stream, (struct adit_buf){room, 6}, false),
			 ADIT_ERR_ARG);
	assert_int_equal(adit_stream_rx_init(&stream, (struct adit_buf){room, 7}, false), ADIT_OK);
	assert_int_equal(adit_iptfs_tx_init(&tx, (struct adit_buf){NULL, 100}, false),
			 ADIT_ERR_ARG);
	assert_int_equal(adit_iptfs_tx_init(&tx, (struct adit_buf){room, 0}, false), ADIT_ERR_ARG);
	assert_int_equal(adit_iptfs_rx_init(&rx, &mem), ADIT_OK);
	mem.slots = NULL;
	assert_int_equal(adit_iptfs_rx_init(&rx, &mem), ADIT_ERR_ARG);
	mem.slots = &slot;
	mem.bytes = NULL;
	assert_int_equal(adit_iptfs_rx_init(&rx, &mem), ADIT_ERR_ARG);
	mem.slot_count = 0;
	assert_int_equal(adit_iptfs_rx_init(&rx, &mem), ADIT_OK);
	mem.partial.cap = 39;
	assert_int_equal(adit_iptfs_rx_init(&rx, &mem), ADIT_ERR_ARG);
	mem.partial = (struct adit_buf){NULL, 64};
	assert_int_equal(adit_iptfs_rx_init(&rx, &mem), ADIT_ERR_ARG);
}

/* A length that does not even count itself. */
static void
test_a_length_that_can_not_be_kills_a_stream(void **state)
{
	static const uint8_t bytes[] = {0, 1, 9};
	static uint8_t room[64];
	struct adit_stream_rx rx;
	struct adit_stream_message m;
	size_t used;

	(void)state;
	assert_int_equal(adit_stream_rx_init(&rx, (struct adit_buf){room, sizeof room}, false),
			 ADIT_OK);
	assert_int_equal(adit_stream_input(&rx, (struct adit_span){bytes, sizeof bytes}, &used, &m),
			 ADIT_ERR_MALFORMED);
	assert_true(rx.dead);
	assert_int_equal(adit_stream_input(&rx, (struct adit_span){bytes, sizeof bytes}, &used, &m),
			 ADIT_ERR_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beet_wants_inner_addresses_of_the_same_version_and_esp),
		cmocka_unit_test(test_a_build_with_other_selectors_is_refused),
		cmocka_unit_test(test_more_selectors_than_there_is_room_for_are_refused),
		cmocka_unit_test(test_modes_take_what_they_can_carry),
		cmocka_unit_test(test_transforms_are_of_their_protocol),
		cmocka_unit_test(test_an_aead_whose_block_is_no_power_of_two_is_refused),
		cmocka_unit_test(test_a_path_of_two_versions_or_none_is_refused),
		cmocka_unit_test(test_an_sa_without_the_rest_has_no_age),
		cmocka_unit_test(test_a_sad_of_memory_that_can_not_work_is_refused),
		cmocka_unit_test(test_an_spd_of_memory_that_can_not_work_is_refused),
		cmocka_unit_test(test_changes_of_a_policy_base_without_cache_come_round),
		cmocka_unit_test(test_without_randomness_there_is_no_spi),
		cmocka_unit_test(test_stale_handles_pair_and_bundle_nothing),
		cmocka_unit_test(test_all_sas_are_walked_with_and_without_their_handles),
		cmocka_unit_test(test_selectors_from_a_packet_are_those_that_it_is_in),
		cmocka_unit_test(test_streams_without_room_are_refused),
		cmocka_unit_test(test_a_length_that_can_not_be_kills_a_stream),
	};

	return cmocka_run_group_tests_name("sa_args", tests, NULL, NULL);
}
