/* Thousands of random additions, removals and look-ups of SAs beside a plain list of them.
 * ADIT_SEED repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "adit/sad.h"

enum { SLOTS = 32, BUCKETS = 8, CTX = 8, WORDS = ADIT_REPLAY_WORDS(64), TURNS = 200000 };

static struct adit_sad sad;
static struct adit_sad_word words[SLOTS];
static struct adit_sa sas[SLOTS];
static struct adit_sad_entry entries[SLOTS];
static uint64_t keys[SLOTS], seed;
static uint32_t window[SLOTS * WORDS], hash[BUCKETS];

/* What should be there. */
static struct {
	struct adit_sa_id id;
	enum adit_direction dir;
	enum adit_sad_by by;
	struct adit_sad_key key;
} list[SLOTS];
static size_t listed;
static uint32_t reserved[SLOTS];
static size_t reserved_n;

static uint32_t
rnd(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32) % n;
}

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)rnd(256);
	return ADIT_OK;
}

static enum adit_status
no_key(const struct adit_aead *aead, void *kc, struct adit_span key)
{
	(void)aead;
	(void)kc;
	(void)key;
	return ADIT_OK;
}

static void
no_wipe(const struct adit_aead *aead, void *kc)
{
	(void)aead;
	(void)kc;
}

/* One for ESP and one for AH. */
static const struct adit_aead nothing[] = {
	{.name = "nothing",
	 .encr = ADIT_ENCR_AES_GCM_16,
	 .ctx_size = CTX,
	 .iv_len = 8,
	 .icv_len = 16,
	 .block = 1,
	 .setkey = no_key,
	 .wipe = no_wipe},
	{.name = "nothing",
	 .encr = ADIT_ENCR_NULL,
	 .ctx_size = CTX,
	 .icv_len = 12,
	 .block = 1,
	 .setkey = no_key,
	 .wipe = no_wipe},
};

/* Few of everything, so that they meet. */
static struct adit_sad_key
random_key(void)
{
	const struct adit_sad_key key = {
		reserved_n && rnd(4) == 0 ? reserved[rnd((uint32_t)reserved_n)]
					  : ADIT_SPI_MIN + rnd(3 * SLOTS),
		rnd(3) ? ADIT_PROTO_ESP : ADIT_PROTO_AH,
		{4, {10, 0, 0, (uint8_t)rnd(3)}},
		{4, {10, 0, 1, (uint8_t)rnd(3)}},
	};

	return key;
}

static bool
does_ask_for(size_t i, enum adit_sad_by by, const struct adit_sad_key *key)
{
	const struct adit_sad_key *k = &list[i].key;

	return list[i].dir == ADIT_IN && list[i].by == by && k->spi == key->spi &&
	       (key->protocol == 0 || k->protocol == key->protocol) &&
	       (by == ADIT_BY_SPI || adit_ip_equal(&k->local, &key->local)) &&
	       (by != ADIT_BY_BOTH || adit_ip_equal(&k->remote, &key->remote));
}

/* Place in the list, or `listed`. */
static size_t
look_for(enum adit_sad_by by, const struct adit_sad_key *key)
{
	size_t i = 0;

	while (i < listed && !does_ask_for(i, by, key))
		i++;
	return i;
}

static enum adit_status
add(enum adit_direction dir, enum adit_sad_by by, const struct adit_sad_key *key)
{
	const struct adit_sad_note note = {.by = by};
	const struct adit_aead *aead = &nothing[key->protocol == ADIT_PROTO_AH];
	static const uint8_t secret[ADIT_AEAD_KEY_MAX];
	const struct adit_sa_params p = {.dir = dir,
					 .protocol = key->protocol,
					 .spi = key->spi,
					 .local = key->local,
					 .remote = key->remote,
					 .aead = aead,
					 .key = {secret, adit_aead_key_len(aead)},
					 .replay_window = 64};
	struct adit_sa_id id;
	enum adit_status st = adit_sad_add_noted(&sad, &p, &note, &id);

	if (st != ADIT_OK)
		return st;
	list[listed].id = id;
	list[listed].dir = dir;
	list[listed].by = by;
	list[listed].key = *key;
	listed++;
	return ADIT_OK;
}

/* Somebody's SA may come with an SPI that was reserved: it takes the reservation. */
static void
drop_reserved(uint32_t spi)
{
	for (size_t i = 0; i < reserved_n; i++)
		if (reserved[i] == spi) {
			reserved[i] = reserved[--reserved_n];
			return;
		}
}

static void
add_by_hand(void)
{
	const struct adit_sad_key key = random_key();
	enum adit_direction dir = rnd(4) ? ADIT_IN : ADIT_OUT;
	enum adit_sad_by by = dir == ADIT_IN ? (enum adit_sad_by)rnd(3) : ADIT_BY_SPI;
	bool is_there = dir == ADIT_IN && look_for(by, &key) < listed;
	enum adit_status st = add(dir, by, &key);

	if (st == ADIT_OK && dir == ADIT_IN && by == ADIT_BY_SPI)
		drop_reserved(key.spi);
	if (is_there)
		assert_int_equal(st, ADIT_ERR_STATE);
	else if (listed + reserved_n == SLOTS && st != ADIT_OK)
		assert_int_equal(st, ADIT_ERR_FULL);
	else
		assert_int_equal(st, ADIT_OK);
}

static void
reserve(void)
{
	enum adit_status st;
	uint32_t spi;

	st = adit_sad_spi(&sad, &spi);
	if (listed + reserved_n == SLOTS) {
		assert_int_equal(st, ADIT_ERR_FULL);
		return;
	}
	assert_int_equal(st, ADIT_OK);
	reserved[reserved_n++] = spi;
}

static void
end_reservation(void)
{
	struct adit_sad_key key = random_key();
	uint32_t *spi;

	if (reserved_n == 0)
		return;
	spi = &reserved[rnd((uint32_t)reserved_n)];
	key.spi = *spi;
	*spi = reserved[--reserved_n];
	if (rnd(2))
		assert_int_equal(add(ADIT_IN, ADIT_BY_SPI, &key), ADIT_OK);
	else
		adit_sad_spi_release(&sad, key.spi);
}

static void
take_out(void)
{
	size_t i;

	if (listed == 0)
		return;
	i = rnd((uint32_t)listed);
	assert_int_equal(adit_sad_remove(&sad, list[i].id), ADIT_OK);
	assert_int_equal(adit_sad_remove(&sad, list[i].id), ADIT_ERR_STALE);
	list[i] = list[--listed];
}

static void
look_up(void)
{
	struct adit_sad_key key = random_key();
	struct adit_sa_id id = {0, 0};
	struct adit_sa *sa;
	size_t i;

	if (listed && rnd(2))
		key = list[rnd((uint32_t)listed)].key;
	sa = adit_sad_match(&sad, &key, &id);
	i = look_for(ADIT_BY_BOTH, &key);
	if (i == listed)
		i = look_for(ADIT_BY_LOCAL, &key);
	if (i == listed)
		i = look_for(ADIT_BY_SPI, &key);
	assert_ptr_equal(sa, i == listed ? NULL : adit_sad_get(&sad, list[i].id));
	assert_ptr_equal(sa, adit_sad_get(&sad, id));
	/* By SPI alone: of two that differ by protocol, either. */
	key.protocol = 0;
	sa = adit_sad_find(&sad, key.spi, &id);
	i = look_for(ADIT_BY_SPI, &key);
	assert_int_equal(sa != NULL, i < listed);
	if (sa) {
		assert_int_equal(sa->spi, key.spi);
		assert_ptr_equal(sa, adit_sad_get(&sad, id));
	}
}

static void
count_all(void)
{
	struct adit_sa_id id;
	size_t n = 0;

	assert_int_equal(sad.used, listed + reserved_n);
	for (size_t cursor = 0; adit_sad_next(&sad, &cursor, &id) != NULL; n++)
		assert_non_null(adit_sad_get(&sad, id));
	assert_int_equal(n, listed);
}

static void
test_the_database_is_what_a_plain_list_is(void **state)
{
	const struct adit_sad_mem mem = {words, sas,    entries, SLOTS, (uint8_t *)keys,
					 CTX,   window, WORDS,   hash,  BUCKETS};
	const struct adit_rng rng = {NULL, fill};
	const char *given = getenv("ADIT_SEED");
	/* More comes than goes, then the other way round. */
	uint32_t weight = 5;

	(void)state;
	seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 2654435761u | 1;
	print_message("ADIT_SEED=0x%llx\n", (unsigned long long)seed);
	assert_int_equal(adit_sad_init(&sad, &mem, &rng), ADIT_OK);
	for (unsigned turn = 0; turn < TURNS; turn++) {
		if (turn % 500 == 0)
			weight = 1 + rnd(6);
		if (rnd(7) < weight)
			add_by_hand();
		else
			take_out();
		if (rnd(8) == 0)
			reserve();
		if (rnd(8) == 0)
			end_reservation();
		look_up();
		if (turn % 64 == 0)
			count_all();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_database_is_what_a_plain_list_is),
	};

	return cmocka_run_group_tests_name("sad_random", tests, NULL, NULL);
}
