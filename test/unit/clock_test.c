/* Clocks that jump, and numbers of milliseconds that pass 2^32. Attack corpus: STATE-07. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/pair.h"

#define TEST(name) cmocka_unit_test(name)
#define YEAR_MS (UINT64_C(365) * 24 * 3600 * 1000)
enum { DPD_MS = 10000, HOUR_MS = 3600000, PROBES = 2, STORM = 8, ROUNDS = 2 };

static struct pair pair;

static void
up_at(adit_ms now)
{
	pair_defaults(&pair, 1);
	pair.now = now;
	pair.a.peer.dpd_delay_ms = DPD_MS;
	pair_open(&pair);
	(void)pair_start(&pair);
	pair_run(&pair);
	assert_true(pair_is_up(&pair));
	pair.sent = 0;
}

/* All that is due, as a program would do it that is woken by its deadline or sooner. */
static void
work(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		adit_ike_tick(&pair.a.ike, pair.now);
		adit_ike_tick(&pair.b.ike, pair.now);
		pair_run(&pair);
	}
	assert_true(adit_ike_deadline(&pair.a.ike) > pair.now);
	assert_true(adit_ike_deadline(&pair.b.ike) > pair.now);
}

static void
expect_alive(void)
{
	struct adit_ike_id id = {0, pair.a.sas[0].generation};

	pair.sent = 0;
	assert_int_equal(adit_ike_probe(&pair.a.ike, pair.now, id), ADIT_OK);
	pair_run(&pair);
	assert_int_equal(pair.sent, PROBES);
	assert_true(pair_is_up(&pair));
}

static void
test_state_07_a_year_forward_is_no_storm(void **state)
{
	(void)state;
	up_at(1000);
	pair.now += YEAR_MS;
	work();
	assert_true(pair.sent <= STORM);
	/* One question for the whole year, then again one for each delay. */
	pair.sent = 0;
	pair_pass(&pair, HOUR_MS);
	assert_int_equal(pair.sent, HOUR_MS / DPD_MS * PROBES);
	expect_alive();
}

static void
test_state_07_a_year_back_is_no_storm(void **state)
{
	(void)state;
	up_at(2 * YEAR_MS);
	pair.now -= YEAR_MS;
	for (int i = 0; i < 100; i++) {
		work();
		pair.now += 100;
	}
	assert_int_equal(pair.sent, 0);
	expect_alive();
	/* What was to come comes when the clock is there again. */
	pair.now += YEAR_MS;
	work();
	expect_alive();
}

/* In the middle of a handshake: it is given up or goes on, once. */
static void
test_state_07_a_jump_while_a_request_is_out(void **state)
{
	struct pair_datagram d;

	(void)state;
	pair_defaults(&pair, 2);
	pair.now = YEAR_MS;
	pair_open(&pair);
	(void)pair_start(&pair);
	assert_true(pair_take(&pair, &pair.a, &d)); /* lost */
	pair.now += YEAR_MS;
	work();
	assert_true(pair.sent <= STORM);
	assert_true(pair_is_up(&pair));
}

static void
test_state_07_milliseconds_pass_32_bits(void **state)
{
	static const adit_ms before[] = {1, 500, DPD_MS - 1, DPD_MS, 3 * DPD_MS};

	(void)state;
	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
		up_at((UINT64_C(1) << 32) - before[i]);
		pair_pass(&pair, HOUR_MS);
		assert_int_equal(pair.sent, HOUR_MS / DPD_MS * PROBES);
		expect_alive();
	}
}

/* The last milliseconds that a clock can tell: what would be due behind them never is. */
static void
test_state_07_the_end_of_time_is_no_storm(void **state)
{
	(void)state;
	up_at(UINT64_MAX - 2 * DPD_MS);
	for (adit_ms left = 2 * DPD_MS; left > 1; left /= 2) {
		pair.now = UINT64_MAX - left;
		adit_ike_tick(&pair.a.ike, pair.now);
		adit_ike_tick(&pair.b.ike, pair.now);
		pair_run(&pair);
	}
	assert_true(pair.sent <= STORM * PROBES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_state_07_a_year_forward_is_no_storm),
		TEST(test_state_07_a_year_back_is_no_storm),
		TEST(test_state_07_a_jump_while_a_request_is_out),
		TEST(test_state_07_milliseconds_pass_32_bits),
		TEST(test_state_07_the_end_of_time_is_no_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
