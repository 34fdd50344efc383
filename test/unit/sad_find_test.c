/* Finding inbound SAs whose SPI others chose, by addresses too (RFC 4301 4.1), in bursts; SAs that
 * belong together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "adit/spd.h"
#include "sa/sad.h"

enum { SLOTS = 16, WORDS = ADIT_REPLAY_WORDS(64), BUCKETS = 4 };
#define SPI 0x1003u

static struct adit_sad sad;
static struct adit_sad_word words[SLOTS];
static struct adit_sa sas[SLOTS];
static struct adit_sad_entry entries[SLOTS];
static union adit_keyctx keys[SLOTS];
static uint32_t window[SLOTS * WORDS], hash[BUCKETS], lcg;

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

static enum adit_status
fill_zero(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 0, n);
	return ADIT_OK;
}

static void
open_sad(enum adit_status (*random)(void *, uint8_t *, size_t), size_t buckets)
{
	struct adit_sad_mem mem = {words,          sas,    entries, SLOTS, keys[0].mem,
				   sizeof keys[0], window, WORDS,   hash,  buckets};
	struct adit_rng rng = {&lcg, random};

	lcg = 1;
	assert_int_equal(adit_sad_init(&sad, &mem, &rng), ADIT_OK);
}

static int
begin(void **state)
{
	(void)state;
	open_sad(fill, BUCKETS);
	return 0;
}

static int
end(void **state)
{
	struct adit_sa_id id;

	(void)state;
	for (size_t cursor = 0; adit_sad_next(&sad, &cursor, &id) != NULL;)
		assert_int_equal(adit_sad_remove(&sad, id), ADIT_OK);
	assert_int_equal(sad.used, 0);
	for (unsigned i = 0; i < BUCKETS; i++)
		assert_int_equal(hash[i], 0);
	return 0;
}

static struct adit_ip
group(uint8_t last)
{
	return (struct adit_ip){4, {233, 252, 0, last}};
}

static struct adit_ip
host(uint8_t last)
{
	return (struct adit_ip){4, {192, 0, 2, last}};
}

static enum adit_status
add_key(const struct adit_sad_key *at, enum adit_sad_by by, struct adit_sa_id *id)
{
	static const uint8_t key[20];
	const struct adit_sad_note note = {.by = by};
	const struct adit_sa_params p = {.dir = ADIT_IN,
					 .spi = at->spi,
					 .local = at->local,
					 .remote = at->remote,
					 .aead = &adit_mbedtls_aes128_gcm16,
					 .key = {key, sizeof key},
					 .replay_window = 64};

	return adit_sad_add_noted(&sad, &p, &note, id);
}

/* local: a group, remote: a sender. */
static enum adit_status
try_add(uint32_t spi, enum adit_sad_by by, uint8_t local, uint8_t remote, struct adit_sa_id *id)
{
	const struct adit_sad_key at = {spi, ADIT_PROTO_ESP, group(local), host(remote)};

	return add_key(&at, by, id);
}

static struct adit_sa_id
add(uint32_t spi, enum adit_sad_by by, uint8_t local, uint8_t remote)
{
	struct adit_sa_id id = {0, 0};

	assert_int_equal(try_add(spi, by, local, remote, &id), ADIT_OK);
	return id;
}

static struct adit_sa_id
match(uint32_t spi, uint8_t local, uint8_t remote)
{
	const struct adit_sad_key key = {spi, ADIT_PROTO_ESP, group(local), host(remote)};
	struct adit_sa_id id = {0, 0};
	struct adit_sa *sa = adit_sad_match(&sad, &key, &id);

	assert_ptr_equal(sa, adit_sad_get(&sad, id));
	return id;
}

static void
assert_id(struct adit_sa_id a, struct adit_sa_id b)
{
	assert_int_equal(a.slot, b.slot);
	assert_int_equal(a.generation, b.generation);
}

static const struct adit_sa_id none = {0, 0};

/* RFC 4301 4.1: 1. SPI, destination and source; 2. SPI and destination; 3. SPI. */
static void
test_the_longest_match_is_taken(void **state)
{
	struct adit_sa_id plain = add(SPI, ADIT_BY_SPI, 1, 1);
	struct adit_sa_id local = add(SPI, ADIT_BY_LOCAL, 2, 1);
	struct adit_sa_id both = add(SPI, ADIT_BY_BOTH, 2, 3);

	(void)state;
	assert_true(adit_sad_has_addresses(&sad));
	assert_id(match(SPI, 2, 3), both);
	assert_id(match(SPI, 2, 1), local);
	assert_id(match(SPI, 2, 9), local);
	assert_id(match(SPI, 9, 3), plain);
	assert_id(match(SPI + 1, 2, 3), none);
	assert_int_equal(adit_sad_remove(&sad, both), ADIT_OK);
	assert_id(match(SPI, 2, 3), local);
	assert_int_equal(adit_sad_remove(&sad, local), ADIT_OK);
	assert_id(match(SPI, 2, 3), plain);
	assert_int_equal(adit_sad_remove(&sad, plain), ADIT_OK);
	assert_id(match(SPI, 2, 3), none);
	assert_false(adit_sad_has_addresses(&sad));
}

static void
test_an_sa_by_addresses_is_not_found_by_the_spi_alone(void **state)
{
	(void)state;
	(void)add(SPI, ADIT_BY_BOTH, 1, 1);
	(void)add(SPI, ADIT_BY_LOCAL, 2, 1);
	assert_null(adit_sad_find(&sad, SPI, NULL));
	assert_id(match(SPI, 1, 2), none);
	assert_id(match(SPI, 3, 1), none);
}

static void
test_groups_and_senders_with_one_spi_are_told_apart(void **state)
{
	struct adit_sa_id id[SLOTS];

	(void)state;
	for (uint8_t i = 0; i < SLOTS; i++) {
		id[i] = add(SPI, ADIT_BY_BOTH, i / 4, i % 4);
		/* Nor does one stand in the other's way. */
		for (uint8_t k = 0; k < i; k++)
			assert_int_not_equal(entries[id[k].slot].hash, entries[id[i].slot].hash);
	}
	for (uint8_t i = 0; i < SLOTS; i++)
		assert_id(match(SPI, i / 4, i % 4), id[i]);
	/* Out of the middle of their buckets. */
	for (uint8_t i = 0; i < SLOTS; i += 3)
		assert_int_equal(adit_sad_remove(&sad, id[i]), ADIT_OK);
	for (uint8_t i = 0; i < SLOTS; i++)
		assert_id(match(SPI, i / 4, i % 4), i % 3 ? id[i] : none);
}

static uint32_t
mix(uint32_t h, uint32_t word)
{
	h = (h ^ word) * 16777619u;
	return h ^ h >> 15;
}

static uint32_t
word_of(const struct adit_ip *ip, unsigned i)
{
	return (uint32_t)ip->b[4 * i] << 24 | (uint32_t)ip->b[4 * i + 1] << 16 |
	       (uint32_t)ip->b[4 * i + 2] << 8 | ip->b[4 * i + 3];
}

/* Addresses made such that SPIs hash to the same. */
static void
test_sas_of_one_hash_are_told_apart(void **state)
{
	const uint32_t turn = mix(2166136261u, SPI) ^ mix(2166136261u, SPI + 1);
	const struct adit_ip first = group(1);
	struct adit_sad_key key = {SPI, ADIT_PROTO_ESP, group(1), host(1)};
	struct adit_sa_id a = add(SPI, ADIT_BY_LOCAL, 1, 1), b = {0, 0};

	(void)state;
	key.spi++;
	for (unsigned i = 0; i < 4; i++)
		key.local.b[i] = (uint8_t)(first.b[i] ^ turn >> (24 - 8 * i));
	assert_null(adit_sad_match(&sad, &key, NULL));
	assert_int_equal(add_key(&key, ADIT_BY_LOCAL, &b), ADIT_OK);
	assert_int_equal(entries[a.slot].hash, entries[b.slot].hash);
	assert_ptr_equal(adit_sad_match(&sad, &key, NULL), adit_sad_get(&sad, b));
	assert_id(match(SPI, 1, 1), a);
}

/* A hash of an IPv6 address can be met by another one of the attacker's choice. */
static void
test_addresses_of_one_hash_are_told_apart(void **state)
{
	const struct adit_ip wide = {6, {0xff, 2, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}};

	(void)state;
	for (unsigned by = ADIT_BY_LOCAL; by <= ADIT_BY_BOTH; by++) {
		struct adit_sad_key key = {SPI, ADIT_PROTO_ESP, wide, wide}, other = key;
		struct adit_ip *ip = by == ADIT_BY_LOCAL ? &other.local : &other.remote;
		struct adit_sa_id id, other_id;
		uint32_t h = mix(2166136261u, SPI), turn;

		for (unsigned i = 0; by == ADIT_BY_BOTH && i < 4; i++)
			h = mix(h, word_of(&wide, i));
		h = mix(mix(h, word_of(&wide, 0)), word_of(&wide, 1));
		turn = mix(h, word_of(&wide, 2)) ^ mix(h, word_of(&wide, 2) ^ 1);
		ip->b[11] ^= 1;
		for (unsigned i = 0; i < 4; i++)
			ip->b[12 + i] ^= (uint8_t)(turn >> (24 - 8 * i));
		assert_int_equal(add_key(&key, (enum adit_sad_by)by, &id), ADIT_OK);
		assert_null(adit_sad_match(&sad, &other, NULL));
		assert_int_equal(add_key(&other, (enum adit_sad_by)by, &other_id), ADIT_OK);
		assert_int_equal(entries[id.slot].hash, entries[other_id.slot].hash);
		assert_ptr_equal(adit_sad_match(&sad, &key, NULL), adit_sad_get(&sad, id));
		assert_ptr_equal(adit_sad_match(&sad, &other, NULL), adit_sad_get(&sad, other_id));
		assert_int_equal(adit_sad_remove(&sad, id), ADIT_OK);
		assert_int_equal(adit_sad_remove(&sad, other_id), ADIT_OK);
	}
}

static void
test_spis_by_hand_may_share_their_low_bits(void **state)
{
	struct adit_sa_id id[4];

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		id[i] = add(SPI + i * SLOTS, ADIT_BY_SPI, 1, 1);
	for (uint32_t i = 0; i < 4; i++) {
		struct adit_sa_id found = none;

		assert_ptr_equal(adit_sad_find(&sad, SPI + i * SLOTS, &found),
				 adit_sad_get(&sad, id[i]));
		assert_id(found, id[i]);
	}
	assert_null(adit_sad_find(&sad, SPI + 4 * SLOTS, NULL));
}

static void
test_without_a_hash_spis_are_where_their_low_bits_say(void **state)
{
	struct adit_sa_id id;

	(void)state;
	open_sad(fill, 0);
	(void)add(SPI, ADIT_BY_SPI, 1, 1);
	assert_int_equal(try_add(SPI + SLOTS, ADIT_BY_SPI, 1, 1, &id), ADIT_ERR_FULL);
	assert_int_equal(try_add(SPI, ADIT_BY_LOCAL, 1, 1, &id), ADIT_ERR_CONFIG);
	assert_int_equal(try_add(SPI, ADIT_BY_BOTH, 1, 1, &id), ADIT_ERR_CONFIG);
	assert_int_equal(try_add(SPI, (enum adit_sad_by)3, 1, 1, &id), ADIT_ERR_ARG);
	assert_int_equal(sad.used, 1);
}

static void
test_two_sas_that_the_same_packets_find_are_refused(void **state)
{
	static const enum adit_sad_by by[] = {ADIT_BY_SPI, ADIT_BY_LOCAL, ADIT_BY_BOTH};
	struct adit_sa_id id;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		(void)add(SPI, by[i], 1, 1);
		assert_int_equal(try_add(SPI, by[i], 1, 1, &id), ADIT_ERR_STATE);
	}
	/* Also behind the one that took the slot. */
	(void)add(SPI + SLOTS, ADIT_BY_SPI, 1, 1);
	assert_int_equal(try_add(SPI + SLOTS, ADIT_BY_SPI, 1, 1, &id), ADIT_ERR_STATE);
	assert_int_equal(sad.used, 4);
}

static void
test_the_protocol_tells_sas_of_one_spi_apart(void **state)
{
	struct adit_sad_key key = {SPI, ADIT_PROTO_AH, group(1), host(1)};
	struct adit_sa_id esp = add(SPI, ADIT_BY_SPI, 1, 1);
	struct adit_sa_id multi = add(SPI, ADIT_BY_LOCAL, 1, 1), id;

	(void)state;
	assert_null(adit_sad_match(&sad, &key, &id));
	key.protocol = 0;
	assert_ptr_equal(adit_sad_match(&sad, &key, &id), adit_sad_get(&sad, multi));
	key.local = group(2);
	assert_ptr_equal(adit_sad_match(&sad, &key, NULL), adit_sad_get(&sad, esp));
}

static void
test_our_own_spis_keep_clear_of_those_by_hand(void **state)
{
	uint32_t spi;

	(void)state;
	open_sad(fill_zero, BUCKETS);
	/* Slot 0 is the next; two SAs by hand stand in other slots with what would be its SPIs. */
	(void)add(0x2000, ADIT_BY_SPI, 1, 1);
	(void)add(0x80000000u, ADIT_BY_SPI, 1, 1);
	(void)add(0x80000010u, ADIT_BY_SPI, 1, 1);
	assert_int_equal(adit_sad_remove(&sad, (struct adit_sa_id){0, 1}), ADIT_OK);
	assert_int_equal(adit_sad_spi(&sad, &spi), ADIT_OK);
	assert_int_equal(spi, 0x80000020u);
	adit_sad_spi_release(&sad, spi);
}

static void
test_a_burst_finds_what_single_look_ups_find(void **state)
{
	enum { N = 100 };
	uint32_t spis[N + 1];
	struct adit_sa *got[N + 1], *untouched;
	struct adit_sa_id ids[N + 1], id;

	(void)state;
	memset(&untouched, 0xff, sizeof untouched);
	for (uint32_t i = 0; i < 6; i++)
		(void)add(SPI + i * 7, ADIT_BY_SPI, 1, 1);
	for (uint32_t i = 0; i < 2; i++)
		(void)add(SPI + i * 7 + 5 * SLOTS, ADIT_BY_SPI, 1, 1);
	for (uint32_t i = 0; i <= N; i++)
		spis[i] = i == 50 ? 0 : SPI + i;
	for (size_t n = 0; n <= N; n++) {
		memset(got, 0xff, sizeof got);
		memset(ids, 0xff, sizeof ids);
		adit_sad_find_burst(&sad, spis, got, n % 2 ? ids : NULL, n);
		for (size_t i = 0; i < n; i++) {
			assert_ptr_equal(got[i], adit_sad_find(&sad, spis[i], &id));
			if (n % 2 && got[i])
				assert_id(ids[i], id);
		}
		for (size_t i = n; i <= N; i++) {
			assert_memory_equal(&got[i], &untouched, sizeof untouched);
			assert_int_equal(ids[i].slot, UINT32_MAX);
		}
	}
}

/* --- SAs that belong together. */

static void
test_a_pair_ends_with_either_of_the_two(void **state)
{
	struct adit_sa_id a = add(SPI, ADIT_BY_SPI, 1, 1), b = add(SPI + 1, ADIT_BY_SPI, 1, 1);
	struct adit_sa_id c, other;
	uint32_t user;

	(void)state;
	assert_int_equal(adit_sad_pair(&sad, a, b, 7), ADIT_OK);
	assert_ptr_equal(adit_sad_other(&sad, a, &other, &user), adit_sad_get(&sad, b));
	assert_int_equal(user, 7);
	assert_int_equal(adit_sad_remove(&sad, b), ADIT_OK);
	assert_null(adit_sad_other(&sad, a, &other, &user));
	/* Another SA in the same slot is not taken for it. */
	c = add(SPI + 1, ADIT_BY_SPI, 1, 1);
	assert_int_equal(c.slot, b.slot);
	assert_null(adit_sad_other(&sad, a, &other, &user));
	assert_null(adit_sad_other(&sad, c, &other, &user));
	assert_int_equal(adit_sad_pair(&sad, a, b, 7), ADIT_ERR_STALE);
}

static void
test_who_is_paired_anew_leaves_the_first_alone(void **state)
{
	struct adit_sa_id a = add(SPI, ADIT_BY_SPI, 1, 1), b = add(SPI + 1, ADIT_BY_SPI, 1, 1);
	struct adit_sa_id c = add(SPI + 2, ADIT_BY_SPI, 1, 1), other;
	uint32_t user;

	(void)state;
	assert_int_equal(adit_sad_pair(&sad, a, b, 7), ADIT_OK);
	assert_int_equal(adit_sad_pair(&sad, a, c, 8), ADIT_OK);
	assert_null(adit_sad_other(&sad, b, &other, &user));
	assert_ptr_equal(adit_sad_other(&sad, c, &other, &user), adit_sad_get(&sad, a));
}

static void
test_a_bundle_whose_outer_sa_is_gone_is_still_one(void **state)
{
	struct adit_sa_id inner = add(SPI, ADIT_BY_SPI, 1, 1),
			  outer = add(SPI + 1, ADIT_BY_SPI, 1, 1);
	struct adit_sa_id id;
	struct adit_sa *sa;

	(void)state;
	assert_false(adit_sad_outer(&sad, inner, &id, &sa));
	assert_int_equal(adit_sad_bundle(&sad, inner, inner), ADIT_ERR_ARG);
	assert_int_equal(adit_sad_bundle(&sad, inner, outer), ADIT_OK);
	assert_true(adit_sad_outer(&sad, inner, &id, &sa));
	assert_ptr_equal(sa, adit_sad_get(&sad, outer));
	assert_id(id, outer);
	assert_false(adit_sad_outer(&sad, outer, &id, &sa));
	assert_int_equal(adit_sad_remove(&sad, outer), ADIT_OK);
	assert_true(adit_sad_outer(&sad, inner, &id, &sa));
	assert_null(sa);
	assert_int_equal(adit_sad_bundle(&sad, inner, outer), ADIT_ERR_STALE);
	assert_int_equal(adit_sad_bundle(&sad, inner, none), ADIT_OK);
	assert_false(adit_sad_outer(&sad, inner, &id, &sa));
}

/* Only where there are bundles does the data path look for one. */
static void
test_the_last_bundle_that_ends_is_the_last(void **state)
{
	struct adit_sa_id inner = add(SPI, ADIT_BY_SPI, 1, 1),
			  outer = add(SPI + 1, ADIT_BY_SPI, 1, 1);
	struct adit_sa_id third = add(SPI + 2, ADIT_BY_SPI, 1, 1);

	(void)state;
	assert_false(adit_sad_has_bundles(&sad));
	assert_int_equal(adit_sad_bundle(&sad, inner, outer), ADIT_OK);
	assert_int_equal(adit_sad_bundle(&sad, third, outer), ADIT_OK);
	assert_true(adit_sad_has_bundles(&sad));
	assert_int_equal(adit_sad_bundle(&sad, inner, none), ADIT_OK);
	assert_true(adit_sad_has_bundles(&sad));
	assert_int_equal(adit_sad_remove(&sad, third), ADIT_OK);
	assert_false(adit_sad_has_bundles(&sad));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_longest_match_is_taken),
		TEST(test_an_sa_by_addresses_is_not_found_by_the_spi_alone),
		TEST(test_groups_and_senders_with_one_spi_are_told_apart),
		TEST(test_sas_of_one_hash_are_told_apart),
		TEST(test_addresses_of_one_hash_are_told_apart),
		TEST(test_spis_by_hand_may_share_their_low_bits),
		TEST(test_without_a_hash_spis_are_where_their_low_bits_say),
		TEST(test_two_sas_that_the_same_packets_find_are_refused),
		TEST(test_the_protocol_tells_sas_of_one_spi_apart),
		TEST(test_our_own_spis_keep_clear_of_those_by_hand),
		TEST(test_a_burst_finds_what_single_look_ups_find),
		TEST(test_a_pair_ends_with_either_of_the_two),
		TEST(test_who_is_paired_anew_leaves_the_first_alone),
		TEST(test_a_bundle_whose_outer_sa_is_gone_is_still_one),
		TEST(test_the_last_bundle_that_ends_is_the_last),
	};

	return cmocka_run_group_tests_name("sad_find", tests, NULL, NULL);
}
