/* Drops of an SA, by what RFC 4301 to 4303 ask to audit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "sa/audit.h"
#include "support/lane.h"

static struct lane lane;
static struct adit_sa_audit want;

static int
open_lane(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);

	(void)state;
	p.hard.packets = 4;
	lane_open(&lane, &p);
	memset(&want, 0, sizeof want);
	return 0;
}

static int
close_lane(void **state)
{
	(void)state;
	lane_close(&lane);
	return 0;
}

static void
send_one(void)
{
	lane_udp(&lane, 4, 100);
	assert_int_equal(lane_send(&lane), ADIT_OK);
	lane_keep(&lane);
}

static void
assert_causes(const struct adit_sa *sa)
{
	const struct adit_sa_audit a = adit_sa_audit(sa);

	assert_memory_equal(&a, &want, sizeof want);
}

static void
assert_audit(const struct adit_sa *sa)
{
	assert_causes(sa);
	assert_int_equal(sa->n.drops, (uint64_t)want.replayed + want.forged + want.malformed +
					      want.outside + want.exhausted);
}

static void
test_a_replay_counts_as_one(void **state)
{
	(void)state;
	send_one();
	assert_int_equal(lane_receive(&lane), ADIT_OK);
	assert_audit(&lane.in);
	lane_again(&lane);
	assert_int_equal(lane_receive(&lane), ADIT_ERR_REPLAY);
	want.replayed = 1;
	assert_audit(&lane.in);
}

static void
test_a_changed_byte_counts_as_forged(void **state)
{
	(void)state;
	send_one();
	lane_data(&lane)[60] ^= 1;
	assert_int_equal(lane_receive(&lane), ADIT_ERR_ICV);
	want.forged = 1;
	assert_audit(&lane.in);
}

static void
test_truncation_and_bad_padding_count_as_malformed(void **state)
{
	static const uint8_t plain[] = {0x45, 0, 0, 20, 9, 9, 9, 4}; /* no padding is 9, 9, 9 */

	(void)state;
	send_one();
	lane.pkt.len = 24;
	lane_set_length(lane_data(&lane), 24);
	assert_int_equal(lane_receive(&lane), ADIT_ERR_SHORT);
	lane_seal(&lane, 7, plain, sizeof plain);
	assert_int_not_equal(lane_receive(&lane), ADIT_OK);
	want.malformed = 2;
	assert_audit(&lane.in);
}

static void
test_a_packet_of_others_counts_as_outside(void **state)
{
	static struct adit_selectors none_of_these;

	(void)state;
	none_of_these.local_n = none_of_these.remote_n = 1;
	none_of_these.local[0] = adit_ts_prefix(&(struct adit_ip){4, {203, 0, 113, 1}}, 32);
	none_of_these.remote[0] = none_of_these.local[0];
	send_one();
	lane.in.selectors = &none_of_these;
	assert_int_equal(lane_receive(&lane), ADIT_ERR_SELECTOR);
	want.outside = 1;
	assert_audit(&lane.in);
}

static void
test_the_end_of_a_life_counts_at_both_ends(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		send_one();
		assert_int_equal(lane_receive(&lane), ADIT_OK);
	}
	lane_udp(&lane, 4, 100);
	assert_int_equal(lane_send(&lane), ADIT_ERR_EXHAUSTED);
	lane_again(&lane);
	assert_int_equal(lane_receive(&lane), ADIT_ERR_EXHAUSTED);
	want.exhausted = 1;
	assert_audit(&lane.out);
	assert_audit(&lane.in);
}

static void
test_an_sa_without_cold_part_has_the_sum_alone(void **state)
{
	(void)state;
	send_one();
	lane.in.more = NULL;
	lane.in.bounded = false;
	lane_data(&lane)[60] ^= 1;
	assert_int_equal(lane_receive(&lane), ADIT_ERR_ICV);
	assert_int_equal(lane.in.n.drops, 1);
	assert_int_equal(adit_sa_audit(&lane.in).forged, 0);
}

/* Every status there is: which of the counts goes up. */
static void
test_each_drop_counts_under_its_cause_alone(void **state)
{
	(void)state;
	for (unsigned st = ADIT_OK + 1; st < ADIT_STATUS_COUNT; st++) {
		memset(&want, 0, sizeof want);
		memset(&lane.in.more->audit, 0, sizeof want);
		want.replayed = st == ADIT_ERR_REPLAY || st == ADIT_ERR_OLD;
		want.forged = st == ADIT_ERR_ICV;
		want.malformed = st == ADIT_ERR_SHORT || st == ADIT_ERR_MALFORMED ||
				 st == ADIT_ERR_PADDING || st == ADIT_ERR_FRAGMENT;
		want.outside = st == ADIT_ERR_SELECTOR;
		want.exhausted = st == ADIT_ERR_EXHAUSTED;
		lane.in.n.drops = 0;
		adit_sa_dropped(&lane.in, (enum adit_status)st);
		assert_int_equal(lane.in.n.drops, 1);
		assert_causes(&lane.in);
	}
}

/* What an SA had counted one way, and is known better: the sums stay. */
static void
test_a_drop_that_is_known_better_moves(void **state)
{
	(void)state;
	lane.in.n = (struct adit_sa_counters){5, 500, 0};
	adit_sa_recount(&lane.in, ADIT_OK, ADIT_ERR_FRAGMENT, 100);
	want.malformed = 1;
	assert_audit(&lane.in);
	assert_int_equal(lane.in.n.packets, 4);
	assert_int_equal(lane.in.n.bytes, 400);
	adit_sa_recount(&lane.in, ADIT_ERR_FRAGMENT, ADIT_ERR_SELECTOR, 100);
	want.malformed = 0;
	want.outside = 1;
	assert_audit(&lane.in);
	assert_int_equal(lane.in.n.packets, 4);
	adit_sa_recount(&lane.in, ADIT_ERR_SELECTOR, ADIT_OK, 100);
	want.outside = 0;
	assert_audit(&lane.in);
	assert_int_equal(lane.in.n.packets, 5);
	assert_int_equal(lane.in.n.bytes, 500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_replay_counts_as_one, open_lane, close_lane),
		cmocka_unit_test_setup_teardown(test_a_changed_byte_counts_as_forged, open_lane,
						close_lane),
		cmocka_unit_test_setup_teardown(test_truncation_and_bad_padding_count_as_malformed,
						open_lane, close_lane),
		cmocka_unit_test_setup_teardown(test_a_packet_of_others_counts_as_outside,
						open_lane, close_lane),
		cmocka_unit_test_setup_teardown(test_the_end_of_a_life_counts_at_both_ends,
						open_lane, close_lane),
		cmocka_unit_test_setup_teardown(test_each_drop_counts_under_its_cause_alone,
						open_lane, close_lane),
		cmocka_unit_test_setup_teardown(test_a_drop_that_is_known_better_moves, open_lane,
						close_lane),
		cmocka_unit_test_setup_teardown(test_an_sa_without_cold_part_has_the_sum_alone,
						open_lane, close_lane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
