/* The attack corpus' rows about the numbers, rooms and lives of ESP SAs: ESP-07 to ESP-12, API-07.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "support/lane.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define SUBSPACE ((uint64_t)1 << 32)

static struct lane lane;

/* Both ways of authenticating the high half of a number: inside of the AAD, and behind the data. */
static const struct adit_aead *const kinds[] = {
	&adit_mbedtls_aes128_gcm16, &adit_mbedtls_aes128_cbc_sha256, &adit_mbedtls_null_sha256,
	&adit_mbedtls_chacha20_poly1305_iiv};

static struct adit_sa_params
params(const struct adit_aead *aead, bool esn, uint32_t window)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, aead);

	p.esn = esn;
	p.replay_window = window;
	return p;
}

static enum adit_status
arrives(uint64_t seq)
{
	lane_udp(&lane, 4, 60);
	assert_int_equal(lane_send_at(&lane, seq), ADIT_OK);
	return lane_receive(&lane);
}

/* The same, but not authentic. */
static enum adit_status
forged(uint64_t seq)
{
	lane_udp(&lane, 4, 60);
	assert_int_equal(lane_send_at(&lane, seq), ADIT_OK);
	lane_data(&lane)[lane.pkt.len - 1] ^= 1;
	return lane_receive(&lane);
}

/* --- ESP-07, API-07. */

static void
test_esp_07_every_window_keeps_its_edges(void **state)
{
	static const uint32_t windows[] = {32, 33, 63, 64, 65, 100, 1000, 1024};

	(void)state;
	for (size_t i = 0; i < COUNT(windows); i++) {
		uint32_t w = windows[i];
		struct adit_sa_params p = params(kinds[0], false, w);

		lane_open(&lane, &p);
		assert_int_equal(arrives(3 * w), ADIT_OK);
		assert_int_equal(arrives(3 * w), ADIT_ERR_REPLAY);
		assert_int_equal(arrives(2 * w + 1), ADIT_OK); /* the left edge */
		assert_int_equal(arrives(2 * w + 1), ADIT_ERR_REPLAY);
		assert_int_equal(arrives(2 * w), ADIT_ERR_OLD); /* left of it */
		assert_int_equal(arrives(3 * w + 1), ADIT_OK);  /* the right edge, and 1 */
		assert_int_equal(arrives(2 * w + 1), ADIT_ERR_OLD);
		assert_int_equal(arrives(2 * w + 2), ADIT_OK);
		lane_close(&lane);
	}
}

static void
test_esp_07_number_zero_is_dropped(void **state)
{
	struct adit_sa_params p = params(kinds[0], false, 64);
	uint8_t inner[60];

	(void)state;
	lane_open(&lane, &p);
	lane_udp(&lane, 4, sizeof inner);
	memcpy(inner, lane_data(&lane), sizeof inner);
	lane_seal_payload(&lane, 0, inner, sizeof inner, 2, 4);
	assert_int_equal(lane_receive(&lane), ADIT_ERR_OLD);
	assert_int_equal(arrives(1), ADIT_OK);
	lane_seal_payload(&lane, 0, inner, sizeof inner, 2, 4);
	assert_int_equal(lane_receive(&lane), ADIT_ERR_OLD);
	lane_close(&lane);
}

static void
test_esp_07_far_jumps_to_the_right_are_taken_if_authentic(void **state)
{
	static const uint64_t jumps[] = {1, 64, 65, (uint64_t)1 << 31, UINT32_MAX - 100};

	(void)state;
	for (size_t i = 0; i < COUNT(jumps); i++) {
		struct adit_sa_params p = params(kinds[0], false, 64);

		lane_open(&lane, &p);
		assert_int_equal(arrives(100), ADIT_OK);
		assert_int_equal(arrives(100 + jumps[i]), ADIT_OK);
		assert_int_equal(lane.in.window.top, 100 + jumps[i]);
		assert_int_equal(arrives(100 + jumps[i]), ADIT_ERR_REPLAY);
		assert_int_equal(arrives(100), jumps[i] < 64 ? ADIT_ERR_REPLAY : ADIT_ERR_OLD);
		lane_close(&lane);
	}
}

static void
test_esp_07_a_forged_number_far_right_moves_no_window(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT(kinds); k++)
		for (unsigned esn = 0; esn < 2; esn++) {
			struct adit_sa_params p = params(kinds[k], esn, 64);

			lane_open(&lane, &p);
			assert_int_equal(arrives(100), ADIT_OK);
			assert_int_equal(forged(101), ADIT_ERR_ICV);
			assert_int_equal(forged(100 + ((uint64_t)1 << 31)), ADIT_ERR_ICV);
			assert_int_equal(forged(UINT32_MAX), ADIT_ERR_ICV);
			assert_int_equal(lane.in.window.top, 100);
			assert_int_equal(arrives(37), ADIT_OK);
			assert_int_equal(arrives(101), ADIT_OK);
			lane_close(&lane);
		}
}

static void
test_api_07_a_window_of_nothing_is_the_default_and_one_without_memory_is_refused(void **state)
{
	struct adit_sa_params p = params(kinds[0], false, 0);
	union adit_keyctx kc;
	struct adit_buf buf = {kc.mem, sizeof kc};
	uint32_t bits[ADIT_REPLAY_WORDS(ADIT_REPLAY_MAX)];
	struct adit_sa sa;

	(void)state;
	lane_open(&lane, &p);
	assert_int_equal(arrives(1000), ADIT_OK);
	assert_int_equal(arrives(1000 - ADIT_REPLAY_DEFAULT), ADIT_ERR_OLD);
	assert_int_equal(arrives(1001 - ADIT_REPLAY_DEFAULT), ADIT_OK);
	lane_close(&lane);
	p.dir = ADIT_IN;
	for (uint32_t w = 1; w < ADIT_REPLAY_MIN; w++) {
		p.replay_window = w;
		assert_int_equal(adit_sa_init(&sa, &p, buf, bits, COUNT(bits)), ADIT_ERR_ARG);
	}
	p.replay_window = ADIT_REPLAY_MAX + 1;
	assert_int_equal(adit_sa_init(&sa, &p, buf, bits, COUNT(bits)), ADIT_ERR_ARG);
	p.replay_window = UINT32_MAX;
	assert_int_equal(adit_sa_init(&sa, &p, buf, bits, COUNT(bits)), ADIT_ERR_ARG);
	for (uint32_t w = ADIT_REPLAY_MIN; w <= ADIT_REPLAY_MAX; w += 31) {
		p.replay_window = w;
		assert_int_equal(adit_sa_init(&sa, &p, buf, bits, ADIT_REPLAY_WORDS(w) - 1),
				 ADIT_ERR_ROOM);
		assert_int_equal(adit_sa_init(&sa, &p, buf, bits, ADIT_REPLAY_WORDS(w)), ADIT_OK);
		adit_sa_wipe(&sa);
	}
}

/* --- ESP-08. */

/* `lost` packets are lost around the wrap of the low half, and what follows arrives. */
static void
loses(const struct adit_aead *aead, uint64_t lost, uint32_t window)
{
	const uint64_t last = SUBSPACE - 1 - (lost < 10 ? lost / 2 : 5);
	struct adit_sa_params p = params(aead, true, window);

	p.seq = last - 1;
	lane_open(&lane, &p);
	assert_int_equal(arrives(last), ADIT_OK);
	assert_int_equal(arrives(last + lost + 1), ADIT_OK);
	assert_int_equal(lane.rx.seq, last + lost + 1);
	assert_int_equal(lane.in.window.top, last + lost + 1);
	/* Left of the window it is taken for a number to come, which it isn't. */
	assert_int_equal(arrives(last), lost + 1 < window ? ADIT_ERR_REPLAY : ADIT_ERR_ICV);
	assert_int_equal(lane.in.window.top, last + lost + 1);
	assert_int_equal(arrives(last + lost + 2), ADIT_OK);
	lane_close(&lane);
}

static void
test_esp_08_extended_numbers_survive_losses_over_the_wrap(void **state)
{
	static const uint32_t windows[] = {32, 64, 100, 1024};

	(void)state;
	for (size_t k = 0; k < COUNT(kinds); k++)
		for (size_t i = 0; i < COUNT(windows); i++) {
			const uint64_t w = windows[i];
			const uint64_t lost[] = {0, 1, w - 2, w - 1, w, w + 1, (uint64_t)1 << 31};

			for (size_t n = 0; n < COUNT(lost); n++)
				loses(kinds[k], lost[n], windows[i]);
		}
}

static void
test_esp_08_a_replay_of_the_subspace_before_is_not_authentic(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT(kinds); k++) {
		struct adit_sa_params p = params(kinds[k], true, 64);

		lane_open(&lane, &p);
		lane_udp(&lane, 4, 60);
		assert_int_equal(lane_send_at(&lane, 500), ADIT_OK);
		lane_keep(&lane);
		assert_int_equal(lane_receive(&lane), ADIT_OK);
		/* On to the next subspace, in steps that the window can follow. */
		for (uint64_t seq = (uint64_t)1 << 31; seq < SUBSPACE; seq += (uint64_t)1 << 30)
			assert_int_equal(arrives(seq), ADIT_OK);
		assert_int_equal(arrives(SUBSPACE + 499), ADIT_OK);
		lane_again(&lane); /* its low half is new here */
		assert_int_equal(lane_receive(&lane), ADIT_ERR_ICV);
		assert_int_equal(lane.in.window.top, SUBSPACE + 499);
		assert_int_equal(arrives(SUBSPACE + 500), ADIT_OK);
		lane_close(&lane);
	}
}

/* A number behind the window on the other side of the wrap is in the old subspace's tail. */
static void
test_esp_08_late_packets_of_the_subspace_before_are_taken_once(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT(kinds); k++) {
		struct adit_sa_params p = params(kinds[k], true, 64);

		p.seq = SUBSPACE - 1000;
		lane_open(&lane, &p);
		assert_int_equal(arrives(SUBSPACE - 100), ADIT_OK);
		assert_int_equal(arrives(SUBSPACE + 10), ADIT_OK);
		assert_int_equal(arrives(SUBSPACE - 3), ADIT_OK);
		assert_int_equal(arrives(SUBSPACE - 3), ADIT_ERR_REPLAY);
		assert_int_equal(arrives(SUBSPACE - 53), ADIT_OK);
		/* Left of the window: taken for one of the next subspace, and not authentic. */
		assert_int_equal(arrives(SUBSPACE - 54), ADIT_ERR_ICV);
		assert_int_equal(lane.in.window.top, SUBSPACE + 10);
		lane_close(&lane);
	}
}

/* --- ESP-09. */

static void
run_to_the_end(bool esn)
{
	enum { N = 3 * ADIT_BURST, LEFT = ADIT_BURST + 1 };
	static uint8_t mem[N][512];
	const uint64_t end = esn ? UINT64_MAX : UINT32_MAX;
	struct adit_sa_params p = params(kinds[0], esn, 64);
	struct adit_pkt pkts[N];
	enum adit_status st[N];

	p.seq = end - LEFT;
	lane_open(&lane, &p);
	lane_udp(&lane, 4, 60);
	for (size_t i = 0; i < N; i++) {
		memcpy(mem[i] + LANE_ROOM, lane_data(&lane), 60);
		pkts[i] = (struct adit_pkt){mem[i], sizeof mem[i], LANE_ROOM, 60};
	}
	adit_esp_encap_burst(&lane.out, pkts, st, N);
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(st[i], i < LEFT ? ADIT_OK : ADIT_ERR_EXHAUSTED);
		if (i >= LEFT) /* unchanged, for the next SA */
			assert_memory_equal(adit_pkt_data(&pkts[i]), lane_data(&lane), 60);
	}
	assert_true(lane.out.seq == end);
	assert_int_equal(lane_send(&lane), ADIT_ERR_EXHAUSTED);
	lane_close(&lane);
}

static void
test_esp_09_numbers_never_wrap_and_the_rest_of_a_burst_is_unchanged(void **state)
{
	(void)state;
	run_to_the_end(false);
	run_to_the_end(true);
}

/* --- ESP-10. */

static bool
is_counting(const struct adit_aead *aead)
{
	switch (aead->encr) {
	case ADIT_ENCR_AES_CTR:
	case ADIT_ENCR_AES_CCM_8:
	case ADIT_ENCR_AES_CCM_12:
	case ADIT_ENCR_AES_CCM_16:
	case ADIT_ENCR_AES_GCM_8:
	case ADIT_ENCR_AES_GCM_12:
	case ADIT_ENCR_AES_GCM_16:
	case ADIT_ENCR_NULL_AUTH_AES_GMAC:
	case ADIT_ENCR_CHACHA20_POLY1305:
	case ADIT_ENCR_AES_CCM_16_IIV:
	case ADIT_ENCR_AES_GCM_16_IIV:
	case ADIT_ENCR_CHACHA20_POLY1305_IIV:
		return true;
	default:
		return false;
	}
}

static unsigned refusals;

static void
run_manual(const struct adit_aead *aead)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, aead);
	enum adit_status st;

	p.manual = true;
	st = lane_try(&lane, &p);
	assert_int_equal(st, is_counting(aead) ? ADIT_ERR_CONFIG : ADIT_OK);
	refusals += st != ADIT_OK;
	lane_close(&lane);
	p.seq_known = true;
	p.seq = 4711;
	lane_open(&lane, &p);
	lane_udp(&lane, 4, 60);
	assert_int_equal(lane_send(&lane), ADIT_OK);
	assert_int_equal(lane_receive(&lane), ADIT_OK);
	assert_int_equal(lane.rx.seq, 4712); /* none of those before is used again */
	assert_int_equal(arrives(4711), ADIT_ERR_REPLAY);
	lane_close(&lane);
}

static void
test_esp_10_a_counting_cipher_with_a_manual_key_needs_its_last_number(void **state)
{
	(void)state;
	refusals = 0;
	lane_for_each_aead(ADIT_PROTO_ESP, run_manual);
	assert_true(refusals > 20);
}

/* --- ESP-11. */

/* Exactly the room that is needed, at every alignment, with canaries around. */
static void
run_tight(const struct adit_aead *aead)
{
	enum { N = 61, CANARY = 0xa5 };
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, aead);
	uint8_t before[LANE_BUF];
	size_t head, sealed;

	lane_open(&lane, &p);
	head = adit_esp_headroom(&lane.out);
	lane_udp(&lane, 4, N);
	assert_int_equal(lane_send_at(&lane, 1), ADIT_OK);
	sealed = lane.pkt.len;
	for (size_t shift = 0; shift < 16; shift++) {
		struct adit_pkt pkt = {lane.buf + 64 + shift, sealed, head, N};

		lane_udp(&lane, 4, N);
		memmove(pkt.buf + head, lane_data(&lane), N);
		memset(lane.buf, CANARY, 64 + shift);
		memset(pkt.buf, CANARY, head);
		memset(pkt.buf + head + N, CANARY, 512);
		memcpy(before, lane.buf, sizeof before);
		pkt.cap = sealed - 1;
		assert_int_equal(adit_esp_encap_at(&lane.out, 1, &pkt), ADIT_ERR_ROOM);
		assert_memory_equal(lane.buf, before, sizeof before);
		pkt.cap = sealed;
		assert_int_equal(adit_esp_encap_at(&lane.out, 1 + shift, &pkt), ADIT_OK);
		assert_int_equal(pkt.off, 0);
		assert_int_equal(pkt.len, sealed);
		assert_memory_equal(lane.buf, before, 64 + shift);
		assert_memory_equal(pkt.buf + sealed, before + 64 + shift + sealed, 256);
		assert_int_equal(adit_esp_decap(&lane.in, &pkt, &lane.rx), ADIT_OK);
		assert_memory_equal(adit_pkt_data(&pkt), before + 64 + shift + head, N);
		assert_memory_equal(lane.buf, before, 64 + shift);
		assert_memory_equal(pkt.buf + sealed, before + 64 + shift + sealed, 256);
	}
	lane_close(&lane);
}

static void
test_esp_11_exact_room_at_every_alignment_is_enough_and_not_exceeded(void **state)
{
	(void)state;
	lane_for_each_aead(ADIT_PROTO_ESP, run_tight);
}

/* --- ESP-12. */

static void
expect_ages(struct adit_sa *sa, adit_ms now, enum adit_age age)
{
	assert_int_equal(adit_sa_age(sa, now), age);
}

static void
test_esp_12_packets_are_bounded_softly_and_hard(void **state)
{
	struct adit_sa_params p = params(kinds[0], false, 64);

	(void)state;
	p.soft.packets = 5;
	p.hard.packets = 8;
	lane_open(&lane, &p);
	for (uint64_t seq = 1; seq <= 9; seq++) {
		lane_udp(&lane, 4, 60);
		assert_int_equal(lane_send(&lane), seq <= 8 ? ADIT_OK : ADIT_ERR_EXHAUSTED);
		expect_ages(&lane.out, 0,
			    seq < 5   ? ADIT_AGE_GOOD
			    : seq < 8 ? ADIT_AGE_SOFT
				      : ADIT_AGE_HARD);
	}
	assert_int_equal(lane.out.seq, 8);
	for (uint64_t seq = 1; seq <= 9; seq++) {
		assert_int_equal(arrives(seq), seq <= 8 ? ADIT_OK : ADIT_ERR_EXHAUSTED);
		expect_ages(&lane.in, 0,
			    seq < 5   ? ADIT_AGE_GOOD
			    : seq < 8 ? ADIT_AGE_SOFT
				      : ADIT_AGE_HARD);
	}
	lane_close(&lane);
}

static void
test_esp_12_bytes_are_bounded_at_the_limit_itself(void **state)
{
	(void)state;
	for (int off = -1; off <= 1; off++) {
		struct adit_sa_params p = params(kinds[0], false, 64);

		p.soft.bytes = 60;
		p.hard.bytes = (uint64_t)(120 + off);
		lane_open(&lane, &p);
		for (unsigned i = 1; i <= 3; i++) {
			enum adit_status want =
				i * 60 < p.hard.bytes + 60 ? ADIT_OK : ADIT_ERR_EXHAUSTED;
			enum adit_age age = i * 60 < p.hard.bytes ? ADIT_AGE_SOFT : ADIT_AGE_HARD;

			lane_udp(&lane, 4, 60);
			assert_int_equal(lane_send(&lane), want);
			expect_ages(&lane.out, 0, age);
			assert_int_equal(arrives(100 + i), want);
			expect_ages(&lane.in, 0, age);
		}
		lane_close(&lane);
	}
}

static void
test_esp_12_time_is_bounded_at_the_limit_itself(void **state)
{
	struct adit_sa_params p = params(kinds[0], false, 64);

	(void)state;
	p.now = 1000;
	p.soft.time = 500;
	p.hard.time = 900;
	lane_open(&lane, &p);
	for (unsigned i = 0; i < 2; i++) {
		struct adit_sa *sa = i ? &lane.in : &lane.out;

		expect_ages(sa, 1000, ADIT_AGE_GOOD);
		expect_ages(sa, 1499, ADIT_AGE_GOOD);
		expect_ages(sa, 1500, ADIT_AGE_SOFT);
		expect_ages(sa, 1899, ADIT_AGE_SOFT);
		expect_ages(sa, 1900, ADIT_AGE_HARD);
		expect_ages(sa, UINT64_MAX, ADIT_AGE_HARD);
	}
	lane_close(&lane);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_esp_07_every_window_keeps_its_edges),
		cmocka_unit_test(test_esp_07_number_zero_is_dropped),
		cmocka_unit_test(test_esp_07_far_jumps_to_the_right_are_taken_if_authentic),
		cmocka_unit_test(test_esp_07_a_forged_number_far_right_moves_no_window),
		cmocka_unit_test(
			test_api_07_a_window_of_nothing_is_the_default_and_one_without_memory_is_refused),
		cmocka_unit_test(test_esp_08_extended_numbers_survive_losses_over_the_wrap),
		cmocka_unit_test(test_esp_08_a_replay_of_the_subspace_before_is_not_authentic),
		cmocka_unit_test(test_esp_08_late_packets_of_the_subspace_before_are_taken_once),
		cmocka_unit_test(
			test_esp_09_numbers_never_wrap_and_the_rest_of_a_burst_is_unchanged),
		cmocka_unit_test(
			test_esp_10_a_counting_cipher_with_a_manual_key_needs_its_last_number),
		cmocka_unit_test(
			test_esp_11_exact_room_at_every_alignment_is_enough_and_not_exceeded),
		cmocka_unit_test(test_esp_12_packets_are_bounded_softly_and_hard),
		cmocka_unit_test(test_esp_12_bytes_are_bounded_at_the_limit_itself),
		cmocka_unit_test(test_esp_12_time_is_bounded_at_the_limit_itself),
	};

	return cmocka_run_group_tests_name("attacks on the life of an SA", tests, NULL, NULL);
}
