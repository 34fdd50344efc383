/* The anti-replay window, against a model that remembers every number. Attack corpus: ESP-07,
 * ESP-08. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/replay.h"

static uint32_t bits[ADIT_REPLAY_WORDS(ADIT_REPLAY_MAX)];

static void
init(struct adit_replay *w, uint32_t packets, bool esn)
{
	assert_int_equal(adit_replay_init(w, bits, sizeof bits / sizeof bits[0], packets, esn),
			 ADIT_OK);
}

/* Checks, and commits what is new. */
static enum adit_status
take(struct adit_replay *w, uint64_t seq)
{
	enum adit_status st = adit_replay_check(w, seq);

	if (st == ADIT_OK)
		adit_replay_commit(w, seq);
	return st;
}

static void
test_sizes_out_of_range_are_refused(void **state)
{
	struct adit_replay w;

	(void)state;
	assert_int_equal(adit_replay_init(&w, bits, 1000, ADIT_REPLAY_MIN - 1, false),
			 ADIT_ERR_ARG);
	assert_int_equal(adit_replay_init(&w, bits, 1000, ADIT_REPLAY_MAX + 1, false),
			 ADIT_ERR_ARG);
	assert_int_equal(adit_replay_init(&w, bits, 1000, 0, false), ADIT_ERR_ARG);
	assert_int_equal(adit_replay_init(&w, bits, ADIT_REPLAY_WORDS(64) - 1, 64, false),
			 ADIT_ERR_ROOM);
	assert_int_equal(adit_replay_init(&w, bits, ADIT_REPLAY_WORDS(64), 64, false), ADIT_OK);
}

static void
test_number_zero_is_never_new(void **state)
{
	struct adit_replay w;

	(void)state;
	init(&w, 64, false);
	assert_int_equal(adit_replay_check(&w, 0), ADIT_ERR_OLD);
}

static void
test_a_number_is_new_once(void **state)
{
	struct adit_replay w;

	(void)state;
	init(&w, 64, false);
	assert_int_equal(take(&w, 1), ADIT_OK);
	assert_int_equal(take(&w, 1), ADIT_ERR_REPLAY);
	assert_int_equal(take(&w, 3), ADIT_OK);
	assert_int_equal(take(&w, 2), ADIT_OK);
	assert_int_equal(take(&w, 2), ADIT_ERR_REPLAY);
	assert_int_equal(take(&w, 3), ADIT_ERR_REPLAY);
}

static void
test_left_edge_is_exact_for_every_window(void **state)
{
	static const uint32_t sizes[] = {32, 33, 63, 64, 65, 100, 128, 1000, 4096};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct adit_replay w;
		uint64_t top = 100000;

		init(&w, sizes[i], false);
		assert_int_equal(take(&w, top), ADIT_OK);
		assert_int_equal(adit_replay_check(&w, top - sizes[i]), ADIT_ERR_OLD);
		assert_int_equal(adit_replay_check(&w, top - sizes[i] + 1), ADIT_OK);
		assert_int_equal(take(&w, top - sizes[i] + 1), ADIT_OK);
		assert_int_equal(take(&w, top - sizes[i] + 1), ADIT_ERR_REPLAY);
	}
}

static void
test_check_changes_nothing(void **state)
{
	struct adit_replay w, before;

	(void)state;
	init(&w, 64, true);
	assert_int_equal(take(&w, 5), ADIT_OK);
	before = w;
	assert_int_equal(adit_replay_check(&w, UINT64_MAX), ADIT_OK);
	assert_int_equal(adit_replay_check(&w, 6), ADIT_OK);
	assert_int_equal(w.top, before.top);
	assert_int_equal(take(&w, 6), ADIT_OK);
}

/* Against a model: the last numbers as a list of flags. */
enum { SPACE = 5000 };

static void
run_model(uint32_t packets, uint32_t seed)
{
	static bool seen[SPACE];
	struct adit_replay w;
	uint64_t top = 0;

	memset(seen, 0, sizeof seen);
	init(&w, packets, false);
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t seq;
		enum adit_status want;

		seed = seed * 1664525u + 1013904223u;
		/* Around the top, now and then far off. */
		seq = (seed >> 8) % 16 == 0 ? seed % SPACE
					    : (top + SPACE + seed % 300 - 200) % SPACE;
		if (seq == 0 || (seq <= top && top - seq >= packets))
			want = ADIT_ERR_OLD;
		else
			want = seen[seq] ? ADIT_ERR_REPLAY : ADIT_OK;
		assert_int_equal(take(&w, seq), want);
		if (want == ADIT_OK) {
			seen[seq] = true;
			top = seq > top ? seq : top;
		}
	}
}

static void
test_window_does_as_a_model_that_forgets_nothing(void **state)
{
	static const uint32_t sizes[] = {32, 37, 64, 96, 128, 1024};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		for (uint32_t seed = 1; seed <= 5; seed++)
			run_model(sizes[i], seed);
}

static void
test_without_esn_a_number_is_itself(void **state)
{
	struct adit_replay w;

	(void)state;
	init(&w, 64, false);
	adit_replay_commit(&w, UINT32_MAX);
	assert_int_equal(adit_replay_expand(&w, 1), 1);
	assert_int_equal(adit_replay_expand(&w, UINT32_MAX), UINT32_MAX);
}

static uint64_t
expand_at(uint64_t top, uint32_t low)
{
	struct adit_replay w;

	init(&w, 64, true);
	w.top = top;
	return adit_replay_expand(&w, low);
}

#define HIGH(n) ((uint64_t)(n) << 32)

/* RFC 4303 A2.2. */
static void
test_esn_08_high_half_follows_the_window(void **state)
{
	(void)state;
	/* The window within one subspace. */
	assert_int_equal(expand_at(1000, 937), 937); /* its bottom */
	assert_int_equal(expand_at(1000, 936), HIGH(1) | 936);
	assert_int_equal(expand_at(1000, 2000), 2000);
	assert_int_equal(expand_at(HIGH(5) | 1000, 1001), HIGH(5) | 1001);
	assert_int_equal(expand_at(HIGH(5) | 1000, 900), HIGH(6) | 900);
	/* The wrap, after a loss of 1, w - 1, w and 2^31 packets. */
	assert_int_equal(expand_at(UINT32_MAX, 0), HIGH(1));
	assert_int_equal(expand_at(UINT32_MAX - 1, 0), HIGH(1));
	assert_int_equal(expand_at(UINT32_MAX - 63, 0), HIGH(1));
	assert_int_equal(expand_at(UINT32_MAX - 64, 0), HIGH(1));
	assert_int_equal(expand_at(0x80000000u, 0), HIGH(1));
	/* The window across two subspaces. */
	assert_int_equal(expand_at(HIGH(1) | 10, UINT32_MAX), UINT32_MAX);
	assert_int_equal(expand_at(HIGH(1) | 10, 11), HIGH(1) | 11);
	assert_int_equal(expand_at(HIGH(1) | 10, UINT32_MAX - 52), UINT32_MAX - 52); /* bottom */
	assert_int_equal(expand_at(HIGH(1) | 10, UINT32_MAX - 53), HIGH(1) | (UINT32_MAX - 53));
	/* Nothing is before the first subspace. */
	assert_int_equal(expand_at(10, UINT32_MAX), UINT32_MAX);
	assert_int_equal(expand_at(0, 1), 1);
}

static void
test_esn_window_goes_over_the_wrap(void **state)
{
	struct adit_replay w;

	(void)state;
	init(&w, 64, true);
	for (uint64_t seq = HIGH(1) - 100; seq < HIGH(1) + 100; seq++) {
		assert_int_equal(adit_replay_expand(&w, (uint32_t)seq), seq);
		assert_int_equal(take(&w, seq), ADIT_OK);
		assert_int_equal(take(&w, seq), ADIT_ERR_REPLAY);
	}
	/* A number of the subspace before, replayed, is taken for one of the next: its ICV fails.
	 */
	assert_int_equal(adit_replay_expand(&w, UINT32_MAX - 5), HIGH(1) | (UINT32_MAX - 5));
}

static void
test_the_last_number_of_all(void **state)
{
	struct adit_replay w;

	(void)state;
	init(&w, 64, true);
	assert_int_equal(take(&w, UINT64_MAX), ADIT_OK);
	assert_int_equal(take(&w, UINT64_MAX), ADIT_ERR_REPLAY);
	assert_int_equal(take(&w, UINT64_MAX - 63), ADIT_OK);
	assert_int_equal(take(&w, UINT64_MAX - 64), ADIT_ERR_OLD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes_out_of_range_are_refused),
		cmocka_unit_test(test_number_zero_is_never_new),
		cmocka_unit_test(test_a_number_is_new_once),
		cmocka_unit_test(test_left_edge_is_exact_for_every_window),
		cmocka_unit_test(test_check_changes_nothing),
		cmocka_unit_test(test_window_does_as_a_model_that_forgets_nothing),
		cmocka_unit_test(test_without_esn_a_number_is_itself),
		cmocka_unit_test(test_esn_08_high_half_follows_the_window),
		cmocka_unit_test(test_esn_window_goes_over_the_wrap),
		cmocka_unit_test(test_the_last_number_of_all),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
