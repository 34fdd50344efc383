/* Callbacks that call back into their engine, and handles of others. Attack corpus: STATE-08. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/pair.h"

#define TEST(name) cmocka_unit_test(name)

static struct pair pair;
static unsigned calls;

/* Every door of b's engine, from inside it. */
static void
try_all_doors(void)
{
	struct adit_ike *ike = &pair.b.ike;
	struct adit_path path = {pair.b.end, pair.a.end};
	struct adit_ike_id id = {0, 1};
	struct adit_ike_event ev;
	static uint8_t buf[2048];
	struct adit_buf out = {buf, sizeof buf};
	size_t n = 7;

	calls++;
	assert_int_equal(adit_ike_input(ike, pair.now, &path, buf, 100), ADIT_ERR_STATE);
	assert_int_equal(adit_ike_output(ike, pair.now, &path, out, &n), ADIT_ERR_STATE);
	assert_int_equal(n, 0);
	adit_ike_tick(ike, pair.now + 1000000);
	assert_false(adit_ike_event(ike, &ev));
	assert_int_equal(adit_ike_start(ike, pair.now, 0, 0, &pair.b.end, &id), ADIT_ERR_STATE);
	assert_int_equal(adit_ike_delete(ike, pair.now, id), ADIT_ERR_STATE);
	assert_int_equal(adit_ike_delete_child(ike, pair.now, (struct adit_child_id){0, 1}),
			 ADIT_ERR_STATE);
	assert_int_equal(adit_ike_probe(ike, pair.now, id), ADIT_ERR_STATE);
}

static void
record(void *ctx, const struct adit_trace_record *rec)
{
	(void)ctx;
	(void)rec;
	try_all_doors();
}

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	try_all_doors();
	return pair_rng_fill(ctx, out, n);
}

static enum adit_status
alloc(void *ctx, uint32_t *spi)
{
	struct pair_side *side = ctx;

	try_all_doors();
	side->spis++;
	*spi = 0x80001234;
	return ADIT_OK;
}

static void
release(void *ctx, uint32_t spi)
{
	struct pair_side *side = ctx;

	(void)spi;
	try_all_doors();
	side->spis--;
}

static uint64_t
count(void *ctx, uint32_t spi)
{
	(void)ctx;
	(void)spi;
	try_all_doors();
	return 0;
}

static void
test_state_08_callbacks_that_call_back_change_nothing(void **state)
{
	struct adit_trace trace = {NULL, record};

	(void)state;
	pair_defaults(&pair, 1);
	pair.b.child.inactivity_ms = 60000;
	pair.b.cfg.trace = &trace;
	pair.b.cfg.rng.fill = fill;
	pair.b.cfg.spis = (struct adit_spi_source){&pair.b, alloc, release};
	pair.b.cfg.uses = (struct adit_use_source){&pair.b, count};
	pair_open(&pair);
	calls = 0;
	(void)pair_start(&pair);
	pair_run(&pair);
	assert_true(pair_is_up(&pair));
	assert_true(calls > 8);
	/* Idle now, and gone: that too asks and tells. */
	calls = 0;
	pair_pass(&pair, 200000);
	assert_true(calls > 0);
	assert_int_equal(pair_in_use(&pair.b), 0);
	assert_int_equal(pair_in_use(&pair.a), 0);
}

/* Both numbers of a handle count, and the generation of a slot that was freed is another's. */
static void
test_state_08_handles_of_nothing_are_stale(void **state)
{
	struct adit_ike_id id, other;

	(void)state;
	pair_defaults(&pair, 2);
	pair_open(&pair);
	id = pair_start(&pair);
	for (unsigned slot = 0; slot < 70000; slot += slot < 10 ? 1 : 1000)
		for (unsigned generation = 0; generation < 4; generation++) {
			other = (struct adit_ike_id){(uint16_t)slot, (uint16_t)generation};
			if (other.slot == id.slot && other.generation == id.generation)
				continue;
			assert_int_equal(adit_ike_delete(&pair.a.ike, pair.now, other),
					 ADIT_ERR_STALE);
			assert_int_equal(adit_ike_probe(&pair.a.ike, pair.now, other),
					 ADIT_ERR_STALE);
			assert_int_equal(
				adit_ike_delete_child(
					&pair.a.ike, pair.now,
					(struct adit_child_id){other.slot, other.generation}),
				ADIT_ERR_STALE);
		}
	assert_int_equal(adit_ike_delete(&pair.a.ike, pair.now, id), ADIT_OK);
	assert_int_equal(adit_ike_delete(&pair.a.ike, pair.now, id), ADIT_ERR_STALE);
	pair_run(&pair);
	assert_int_equal(adit_ike_delete(&pair.a.ike, pair.now, id), ADIT_ERR_STALE);
	/* The next one in this slot is not the one before. */
	other = pair_start(&pair);
	assert_int_equal(other.slot, id.slot);
	assert_int_equal(adit_ike_delete(&pair.a.ike, pair.now, id), ADIT_ERR_STALE);
	pair_run(&pair);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_IKE_UP), 1);
}

/* Two engines that hold a handle of the same numbers never meet. */
static void
test_state_08_a_handle_is_of_one_engine(void **state)
{
	struct adit_ike_info info;
	struct adit_ike_id id;
	uint16_t cursor = 0;

	(void)state;
	pair_defaults(&pair, 3);
	pair_open(&pair);
	id = pair_start(&pair);
	pair_run(&pair);
	assert_true(pair_is_up(&pair));
	assert_true(adit_ike_next(&pair.b.ike, &cursor, &info));
	assert_int_equal(info.id.slot, id.slot);
	assert_int_equal(info.id.generation, id.generation);
	assert_int_equal(adit_ike_delete(&pair.b.ike, pair.now, id), ADIT_OK);
	assert_int_equal(pair.a.sas[id.slot].state, ADIT_IKE_UP);
	assert_int_equal(pair.b.sas[id.slot].state, ADIT_IKE_DELETING);
	pair_run(&pair);
	assert_int_equal(pair_in_use(&pair.a), 0);
	assert_int_equal(pair_in_use(&pair.b), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_state_08_callbacks_that_call_back_change_nothing),
		TEST(test_state_08_handles_of_nothing_are_stale),
		TEST(test_state_08_a_handle_is_of_one_engine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
