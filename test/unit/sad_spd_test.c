/* The two databases: slots, SPIs and handles; policies in order, the SAs under them, the cache.
 * Attack corpus: ESP-13. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "adit/spd.h"
#include "sa/spd.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
enum { SLOTS = 8, WORDS = ADIT_REPLAY_WORDS(64), POLICIES = 3, CACHE = 4 };

static struct adit_sad sad;
static struct adit_sad_word words[SLOTS];
static struct adit_sa sad_sas[SLOTS];
static struct adit_sad_entry entries[SLOTS];
static union adit_keyctx keys[SLOTS];
static uint32_t window[SLOTS * WORDS];
static uint32_t hash[4];
static size_t hash_count;
static struct adit_spd spd;
static uint32_t heads[POLICIES];
static struct adit_spd_cache_entry cache[CACHE];
static struct adit_policy policies[POLICIES];

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	uint32_t *x = ctx;

	for (size_t i = 0; i < n; i++) {
		*x = *x * 1664525u + 1013904223u;
		out[i] = (uint8_t)(*x >> 24);
	}
	return ADIT_OK;
}

static uint32_t lcg;
static const struct adit_rng rng = {&lcg, fill};

static struct adit_sad_mem
sad_mem(void)
{
	struct adit_sad_mem mem = {words,          sad_sas, entries, SLOTS, keys[0].mem,
				   sizeof keys[0], window,  WORDS,   hash,  hash_count};

	return mem;
}

static struct adit_ip
ip(uint8_t last)
{
	struct adit_ip a = {4, {10, 0, 0, last}};

	return a;
}

static struct adit_selectors
between(uint8_t local, uint8_t remote)
{
	struct adit_ip l = ip(local), r = ip(remote);
	struct adit_selectors s;

	memset(&s, 0, sizeof s);
	s.local_n = s.remote_n = 1;
	s.local[0] = adit_ts_prefix(&l, 32);
	s.remote[0] = adit_ts_prefix(&r, 32);
	return s;
}

static struct adit_flow
flow(uint8_t local, uint8_t remote)
{
	struct adit_flow f;

	memset(&f, 0, sizeof f);
	f.local = ip(local);
	f.remote = ip(remote);
	f.protocol = ADIT_PROTO_UDP;
	f.has_ports = true;
	f.local_port = f.remote_port = 1000;
	return f;
}

/* Policies: 1 to 2 protected, 1 to 3 in clear, the rest of 10/8 thrown away. */
static int
begin(void **state)
{
	struct adit_sad_mem mem = sad_mem();
	struct adit_spd_mem smem = {policies, POLICIES, heads, cache, CACHE};
	struct adit_ip net = {4, {10}};

	(void)state;
	lcg = 1;
	memset(policies, 0, sizeof policies);
	policies[0].action = ADIT_PROTECT;
	policies[0].selectors = between(1, 2);
	policies[1].action = ADIT_BYPASS;
	policies[1].selectors = between(1, 3);
	policies[2].action = ADIT_DISCARD;
	policies[2].selectors = between(1, 1);
	policies[2].selectors.local[0] = adit_ts_prefix(&net, 8);
	policies[2].selectors.remote[0] = adit_ts_prefix(&net, 8);
	assert_int_equal(adit_sad_init(&sad, &mem, &rng), ADIT_OK);
	assert_int_equal(adit_spd_init(&spd, &smem), ADIT_OK);
	return 0;
}

static int
end(void **state)
{
	struct adit_sa_id id;
	size_t cursor = 0;

	(void)state;
	while (adit_sad_next(&sad, &cursor, &id) != NULL) {
		adit_spd_unlink(&spd, &sad, id);
		assert_int_equal(adit_sad_remove(&sad, id), ADIT_OK);
	}
	return 0;
}

static struct adit_sa_params
params(enum adit_direction dir, uint32_t spi)
{
	static const uint8_t key[20];
	struct adit_sa_params p;

	memset(&p, 0, sizeof p);
	p.dir = dir;
	p.spi = spi;
	p.local = ip(101);
	p.remote = ip(102);
	p.aead = &adit_mbedtls_aes128_gcm16;
	p.key = (struct adit_span){key, sizeof key};
	p.replay_window = 64;
	return p;
}

static struct adit_sa_id
add(enum adit_direction dir, uint32_t spi, uint32_t policy)
{
	struct adit_sa_params p = params(dir, spi);
	struct adit_sa_id id = {0, 0};

	assert_int_equal(adit_sad_add(&sad, &p, policy, &id), ADIT_OK);
	return id;
}

/* --- SAD. */

static void
test_storage_that_can_t_work_is_refused(void **state)
{
	struct adit_sad_mem mem = sad_mem();
	struct adit_sad s;

	(void)state;
	assert_int_equal(adit_sad_init_(&s, sizeof s + 1, ADIT_SAD_SLOT_SIZE, &mem, &rng),
			 ADIT_ERR_CONFIG);
	assert_int_equal(adit_sad_init_(&s, sizeof s, ADIT_SAD_SLOT_SIZE + 8, &mem, &rng),
			 ADIT_ERR_CONFIG);
	mem.count = 7;
	assert_int_equal(adit_sad_init(&s, &mem, &rng), ADIT_ERR_ARG);
	mem.count = 0;
	assert_int_equal(adit_sad_init(&s, &mem, &rng), ADIT_ERR_ARG);
	mem = sad_mem();
	mem.keyctx_size = 12;
	assert_int_equal(adit_sad_init(&s, &mem, &rng), ADIT_ERR_ARG);
	mem = sad_mem();
	mem.entries = NULL;
	assert_int_equal(adit_sad_init(&s, &mem, &rng), ADIT_ERR_ARG);
	mem = sad_mem();
	mem.words = NULL;
	assert_int_equal(adit_sad_init(&s, &mem, &rng), ADIT_ERR_ARG);
	mem = sad_mem();
	mem.sas = NULL;
	assert_int_equal(adit_sad_init(&s, &mem, &rng), ADIT_ERR_ARG);
	mem = sad_mem();
	mem.hash_count = 3;
	assert_int_equal(adit_sad_init(&s, &mem, &rng), ADIT_ERR_ARG);
	mem.hash_count = 4;
	mem.hash = NULL;
	assert_int_equal(adit_sad_init(&s, &mem, &rng), ADIT_ERR_ARG);
}

static void
test_reserved_spis_are_distinct_and_never_reserved_numbers(void **state)
{
	uint32_t spi[SLOTS], more;

	(void)state;
	for (size_t i = 0; i < SLOTS; i++) {
		assert_int_equal(adit_sad_spi(&sad, &spi[i]), ADIT_OK);
		assert_true(spi[i] >= ADIT_SPI_MIN);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(spi[i], spi[j]);
		assert_null(adit_sad_find(&sad, spi[i], NULL)); /* no SA yet */
	}
	assert_int_equal(adit_sad_spi(&sad, &more), ADIT_ERR_FULL);
	adit_sad_spi_release(&sad, spi[3]);
	adit_sad_spi_release(&sad, spi[3]); /* unknown by now: ignored */
	assert_int_equal(sad.used, SLOTS - 1);
	assert_int_equal(adit_sad_spi(&sad, &more), ADIT_OK);
	assert_int_not_equal(more, spi[3]);
}

static void
test_inbound_sas_are_found_by_their_whole_spi(void **state)
{
	struct adit_sa_id id, found;
	uint32_t spi;

	(void)state;
	assert_int_equal(adit_sad_spi(&sad, &spi), ADIT_OK);
	id = add(ADIT_IN, spi, ADIT_POLICY_NONE);
	assert_ptr_equal(adit_sad_find(&sad, spi, &found), adit_sad_get(&sad, id));
	assert_int_equal(found.slot, id.slot);
	assert_int_equal(found.generation, id.generation);
	for (unsigned bit = 0; bit < 32; bit++)
		assert_null(adit_sad_find(&sad, spi ^ (1u << bit), NULL));
	assert_null(adit_sad_find(&sad, 0, NULL));
	/* An SA in use is not released as a reservation. */
	adit_sad_spi_release(&sad, spi);
	assert_non_null(adit_sad_get(&sad, id));
}

static void
test_outbound_sas_are_not_found_by_spi(void **state)
{
	(void)state;
	for (uint32_t spi = 0x1000; spi < 0x1000 + SLOTS; spi++) {
		(void)add(ADIT_OUT, spi, 0);
		assert_null(adit_sad_find(&sad, spi, NULL));
	}
}

static void
test_spis_by_hand_take_the_slot_that_they_fit(void **state)
{
	struct adit_sa_params p = params(ADIT_IN, 0x1003);
	struct adit_sa_id id = add(ADIT_IN, 0x2003, ADIT_POLICY_NONE), other;

	(void)state;
	assert_int_equal(id.slot, 3);
	assert_int_equal(adit_sad_add(&sad, &p, 0, &other), ADIT_ERR_FULL);
	assert_int_equal(adit_sad_remove(&sad, id), ADIT_OK);
	assert_int_equal(adit_sad_add(&sad, &p, 0, &other), ADIT_OK);
}

static void
test_stale_handles_are_refused_whatever_came_after(void **state)
{
	struct adit_sa_id old = add(ADIT_OUT, 0x1000, 0), again, none = {0, 0};

	(void)state;
	assert_int_equal(adit_sad_remove(&sad, old), ADIT_OK);
	assert_int_equal(adit_sad_remove(&sad, old), ADIT_ERR_STALE);
	again = add(ADIT_OUT, 0x1000, 0);
	assert_int_equal(again.slot, old.slot);
	assert_null(adit_sad_get(&sad, old));
	assert_int_equal(adit_sad_remove(&sad, old), ADIT_ERR_STALE);
	assert_null(adit_sad_get(&sad, none));
	none.slot = SLOTS;
	none.generation = 1;
	assert_null(adit_sad_get(&sad, none));
	assert_non_null(adit_sad_get(&sad, again));
}

static void
test_an_sa_that_can_t_be_made_takes_no_slot(void **state)
{
	struct adit_sa_params p = params(ADIT_OUT, 0x1000);
	struct adit_sa_id id;

	(void)state;
	p.key.n--;
	for (unsigned i = 0; i < 2 * SLOTS; i++)
		assert_int_equal(adit_sad_add(&sad, &p, 0, &id), ADIT_ERR_ARG);
	assert_int_equal(sad.used, 0);
	p = params(ADIT_IN, 5);
	for (unsigned i = 0; i < 2 * SLOTS; i++)
		assert_int_equal(adit_sad_add(&sad, &p, 0, &id), ADIT_ERR_ARG);
	assert_int_equal(sad.used, 0);
}

static void
test_a_full_table_harms_nobody(void **state)
{
	struct adit_sa_params p = params(ADIT_OUT, 0x1000);
	struct adit_sa_id first = add(ADIT_OUT, 0x1000, 0), id;

	(void)state;
	for (unsigned i = 1; i < SLOTS; i++)
		(void)add(ADIT_OUT, 0x1000 + i, 0);
	assert_int_equal(adit_sad_add(&sad, &p, 0, &id), ADIT_ERR_FULL);
	assert_non_null(adit_sad_get(&sad, first));
}

static void
test_all_sas_are_walked(void **state)
{
	struct adit_sa_id id;
	size_t cursor = 0;
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		id = add(ADIT_OUT, 0x1000 + i, 0);
	assert_int_equal(adit_sad_remove(&sad, id), ADIT_OK);
	while (adit_sad_next(&sad, &cursor, &id) != NULL)
		n++;
	assert_int_equal(n, 4);
}

static void
test_removal_wipes_the_key(void **state)
{
	static const uint8_t zero[sizeof(union adit_keyctx)];
	struct adit_sa_id id = add(ADIT_OUT, 0x1000, 0);

	(void)state;
	assert_int_equal(adit_sad_remove(&sad, id), ADIT_OK);
	assert_memory_equal(keys[id.slot].mem, zero, adit_mbedtls_aes128_gcm16.ctx_size);
}

/* --- SPD. */

static uint32_t
look_up(uint8_t local, uint8_t remote, struct adit_sa_id *id, struct adit_sa **sa)
{
	struct adit_flow f = flow(local, remote);
	const struct adit_spd_ask ask = {&f, ADIT_OUT, 0, 0};
	uint32_t policy = adit_spd_lookup(&spd, &sad, &ask, id, sa);

	assert_int_equal(policy, adit_spd_find(&spd, ADIT_OUT, &f));
	return policy;
}

static void
test_the_first_policy_that_matches_decides(void **state)
{
	struct adit_flow outside = flow(1, 2);
	struct adit_sa_id id;
	struct adit_sa *sa;

	(void)state;
	for (unsigned again = 0; again < 3; again++) {
		assert_int_equal(look_up(1, 2, &id, &sa), 0);
		assert_null(sa);
		assert_int_equal(look_up(1, 3, &id, &sa), 1);
		assert_int_equal(look_up(2, 1, &id, &sa), 2);
	}
	outside.remote.b[0] = 11;
	assert_int_equal(adit_spd_find(&spd, ADIT_OUT, &outside), ADIT_POLICY_NONE);
}

static void
test_the_newest_sa_of_a_policy_is_taken_also_past_the_cache(void **state)
{
	struct adit_sa_id older, newer, id;
	struct adit_sa *sa;

	(void)state;
	assert_int_equal(look_up(1, 2, &id, &sa), 0); /* the cache knows: no SA */
	older = add(ADIT_OUT, 0x1000, 0);
	assert_int_equal(adit_spd_link(&spd, &sad, older), ADIT_OK);
	assert_int_equal(look_up(1, 2, &id, &sa), 0);
	assert_ptr_equal(sa, adit_sad_get(&sad, older));
	newer = add(ADIT_OUT, 0x1001, 0);
	assert_int_equal(adit_spd_link(&spd, &sad, newer), ADIT_OK);
	assert_int_equal(look_up(1, 2, &id, &sa), 0);
	assert_ptr_equal(sa, adit_sad_get(&sad, newer));
	adit_spd_unlink(&spd, &sad, newer);
	assert_int_equal(adit_sad_remove(&sad, newer), ADIT_OK);
	assert_int_equal(look_up(1, 2, &id, &sa), 0);
	assert_ptr_equal(sa, adit_sad_get(&sad, older));
	adit_spd_unlink(&spd, &sad, older);
	assert_int_equal(adit_sad_remove(&sad, older), ADIT_OK);
	assert_int_equal(look_up(1, 2, &id, &sa), 0);
	assert_null(sa);
}

static void
test_unlinking_the_middle_of_three_leaves_two(void **state)
{
	struct adit_sa_id sas[3], id;
	struct adit_sa *sa;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		sas[i] = add(ADIT_OUT, 0x1000 + i, 0);
		assert_int_equal(adit_spd_link(&spd, &sad, sas[i]), ADIT_OK);
	}
	adit_spd_unlink(&spd, &sad, sas[1]);
	adit_spd_unlink(&spd, &sad, sas[1]); /* not there by now: ignored */
	adit_spd_unlink(&spd, &sad, sas[2]);
	assert_int_equal(look_up(1, 2, &id, &sa), 0);
	assert_ptr_equal(sa, adit_sad_get(&sad, sas[0]));
}

/* Nothing is left of the place that it had. */
static void
test_an_sa_taken_off_can_be_hung_up_again(void **state)
{
	struct adit_sa_id older, newer, id;
	struct adit_sa *sa;

	(void)state;
	older = add(ADIT_OUT, 0x1000, 0);
	newer = add(ADIT_OUT, 0x1001, 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(adit_spd_link(&spd, &sad, older), ADIT_OK);
		assert_int_equal(adit_spd_link(&spd, &sad, newer), ADIT_OK);
		adit_spd_unlink(&spd, &sad, older);
		assert_int_equal(adit_spd_link(&spd, &sad, older), ADIT_OK);
		assert_int_equal(look_up(1, 2, &id, &sa), 0);
		assert_ptr_equal(sa, adit_sad_get(&sad, older));
		adit_spd_unlink(&spd, &sad, older);
		assert_int_equal(look_up(1, 2, &id, &sa), 0);
		assert_ptr_equal(sa, adit_sad_get(&sad, newer));
		adit_spd_unlink(&spd, &sad, newer);
		assert_int_equal(look_up(1, 2, &id, &sa), 0);
		assert_null(sa);
	}
}

static void
test_an_sa_carries_what_its_own_selectors_match(void **state)
{
	struct adit_selectors narrow = between(1, 2);
	struct adit_sa_params p = params(ADIT_OUT, 0x1000);
	struct adit_sa_id id, found;
	struct adit_flow f = flow(1, 2);
	const struct adit_spd_ask ask = {&f, ADIT_OUT, 0, 0};
	struct adit_sa *sa;

	(void)state;
	narrow.remote[0].protocol = ADIT_PROTO_TCP;
	p.selectors = &narrow;
	assert_int_equal(adit_sad_add(&sad, &p, 0, &id), ADIT_OK);
	assert_int_equal(adit_spd_link(&spd, &sad, id), ADIT_OK);
	assert_int_equal(adit_spd_lookup(&spd, &sad, &ask, &found, &sa), 0);
	assert_null(sa);
	f.protocol = ADIT_PROTO_TCP;
	assert_int_equal(adit_spd_lookup(&spd, &sad, &ask, &found, &sa), 0);
	assert_ptr_equal(sa, adit_sad_get(&sad, id));
}

static void
test_links_of_stale_or_misplaced_sas_are_refused(void **state)
{
	struct adit_sa_id id = add(ADIT_OUT, 0x1000, POLICIES), stale = {1, 1};
	struct adit_sa_id inbound = add(ADIT_IN, 0x1005, 0);

	(void)state;
	assert_int_equal(adit_spd_link(&spd, &sad, id), ADIT_ERR_ARG);
	assert_int_equal(adit_spd_link(&spd, &sad, inbound), ADIT_ERR_ARG);
	assert_int_equal(adit_spd_link(&spd, &sad, stale), ADIT_ERR_STALE);
}

static void
test_an_sa_hangs_under_its_policy_once(void **state)
{
	struct adit_sa_id first = add(ADIT_OUT, 0x1000, 0), second = add(ADIT_OUT, 0x1001, 0), id;
	struct adit_sa *sa;

	(void)state;
	assert_int_equal(adit_spd_link(&spd, &sad, first), ADIT_OK);
	assert_int_equal(adit_spd_link(&spd, &sad, second), ADIT_OK);
	assert_int_equal(adit_spd_link(&spd, &sad, first), ADIT_ERR_STATE);
	adit_spd_unlink(&spd, &sad, second);
	adit_spd_unlink(&spd, &sad, first);
	assert_int_equal(heads[0], 0);
	assert_int_equal(look_up(1, 2, &id, &sa), 0);
	assert_null(sa);
}

static void
test_an_sa_under_a_policy_is_not_removed(void **state)
{
	struct adit_sa_id id = add(ADIT_OUT, 0x1000, 0), found;
	struct adit_sa *sa;

	(void)state;
	assert_int_equal(adit_spd_link(&spd, &sad, id), ADIT_OK);
	assert_int_equal(adit_sad_remove(&sad, id), ADIT_ERR_STATE);
	assert_int_equal(look_up(1, 2, &found, &sa), 0);
	assert_ptr_equal(sa, adit_sad_get(&sad, id));
	adit_spd_unlink(&spd, &sad, id);
	assert_int_equal(adit_sad_remove(&sad, id), ADIT_OK);
	assert_int_equal(look_up(1, 2, &found, &sa), 0);
	assert_null(sa);
}

/* --- Selectors. */

static void
test_prefixes_of_every_length(void **state)
{
	const struct adit_ip a = {4, {10, 20, 30, 40}};

	(void)state;
	for (unsigned bits = 0; bits <= 32; bits++) {
		struct adit_ts ts = adit_ts_prefix(&a, bits);

		assert_true(adit_ts_match(&ts, &a, 6, true, 80));
		for (unsigned bit = 0; bit < 32; bit++) {
			struct adit_ip b = a;

			b.b[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
			assert_int_equal(adit_ts_match(&ts, &b, 6, true, 80), bit >= bits);
		}
	}
}

static void
test_ports_match_only_where_there_are_ports(void **state)
{
	const struct adit_ip a = ip(1);
	struct adit_ts ts = adit_ts_prefix(&a, 32);

	(void)state;
	assert_true(adit_ts_match(&ts, &a, 6, false, 0)); /* any port: a fragment may pass */
	ts.port_first = 80;
	ts.port_last = 90;
	assert_false(adit_ts_match(&ts, &a, 6, false, 85));
	assert_true(adit_ts_match(&ts, &a, 6, true, 80));
	assert_true(adit_ts_match(&ts, &a, 6, true, 90));
	assert_false(adit_ts_match(&ts, &a, 6, true, 79));
	assert_false(adit_ts_match(&ts, &a, 6, true, 91));
	ts.protocol = 17;
	assert_false(adit_ts_match(&ts, &a, 6, true, 85));
	ts.version = 6;
	assert_false(adit_ts_match(&ts, &a, 17, true, 85));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_storage_that_can_t_work_is_refused),
		TEST(test_reserved_spis_are_distinct_and_never_reserved_numbers),
		TEST(test_inbound_sas_are_found_by_their_whole_spi),
		TEST(test_outbound_sas_are_not_found_by_spi),
		TEST(test_spis_by_hand_take_the_slot_that_they_fit),
		TEST(test_stale_handles_are_refused_whatever_came_after),
		TEST(test_an_sa_that_can_t_be_made_takes_no_slot),
		TEST(test_a_full_table_harms_nobody),
		TEST(test_all_sas_are_walked),
		TEST(test_removal_wipes_the_key),
		TEST(test_the_first_policy_that_matches_decides),
		TEST(test_the_newest_sa_of_a_policy_is_taken_also_past_the_cache),
		TEST(test_unlinking_the_middle_of_three_leaves_two),
		TEST(test_an_sa_taken_off_can_be_hung_up_again),
		TEST(test_an_sa_carries_what_its_own_selectors_match),
		TEST(test_links_of_stale_or_misplaced_sas_are_refused),
		TEST(test_an_sa_hangs_under_its_policy_once),
		TEST(test_an_sa_under_a_policy_is_not_removed),
		TEST(test_prefixes_of_every_length),
		TEST(test_ports_match_only_where_there_are_ports),
	};

	return cmocka_run_group_tests_name("sad_spd", tests, NULL, NULL);
}
