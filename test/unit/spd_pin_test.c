/* SAs made for single flows are found by a hash: what is found is as good as what the list of a
 * database without a hash gives. ADIT_SEED repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "adit/spd.h"
#include "sa/spd.h"

enum { SLOTS = 256, BUCKETS = 64, CTX = 8, WORDS = ADIT_REPLAY_WORDS(64), POLICIES = 8 };
enum { TURNS = 40000 };

struct side {
	struct adit_sad sad;
	struct adit_spd spd;
	struct adit_sad_word words[SLOTS];
	struct adit_sa sas[SLOTS];
	struct adit_sad_entry entries[SLOTS];
	uint64_t keys[SLOTS];
	uint32_t window[SLOTS * WORDS], hash[BUCKETS], heads[POLICIES];
	struct adit_sa_id ids[SLOTS];
};

static struct side hashed, plain;
static struct adit_policy policies[POLICIES];
static size_t count;
static uint64_t seed;

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
	memset(out, 0, n);
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

static const struct adit_aead nothing = {.name = "nothing",
					 .encr = ADIT_ENCR_AES_GCM_16,
					 .ctx_size = CTX,
					 .iv_len = 8,
					 .icv_len = 16,
					 .block = 1,
					 .setkey = no_key,
					 .wipe = no_wipe};

static void
open_side(struct side *s, size_t buckets)
{
	const struct adit_sad_mem mem = {
		s->words, s->sas,    s->entries, SLOTS,   (uint8_t *)s->keys,
		CTX,      s->window, WORDS,      s->hash, buckets};
	const struct adit_spd_mem smem = {policies, POLICIES, s->heads, NULL, 0};
	const struct adit_rng rng = {NULL, fill};

	assert_int_equal(adit_sad_init(&s->sad, &mem, &rng), ADIT_OK);
	assert_int_equal(adit_spd_init(&s->spd, &smem), ADIT_OK);
}

static struct adit_ip
random_ip(void)
{
	return (struct adit_ip){4, {10, 0, 0, (uint8_t)rnd(4)}};
}

/* Each policy is about a network of its own and takes other things from packets. */
static void
open_both(void)
{
	memset(policies, 0, sizeof policies);
	for (uint8_t i = 0; i < POLICIES; i++) {
		const struct adit_ip ip = {4, {10}}, net = {4, {10, 0, 0, (uint8_t)(i << 4)}};

		policies[i].action = ADIT_PROTECT;
		policies[i].pfp = (uint8_t)rnd(32);
		policies[i].selectors.local_n = policies[i].selectors.remote_n = 1;
		policies[i].selectors.local[0] = adit_ts_prefix(&ip, 8);
		policies[i].selectors.remote[0] = adit_ts_prefix(&net, 28);
	}
	open_side(&hashed, BUCKETS);
	open_side(&plain, 0);
	count = 0;
}

static struct adit_flow
random_flow(void)
{
	struct adit_flow f;

	memset(&f, 0, sizeof f);
	f.local = random_ip();
	f.remote = random_ip();
	f.remote.b[3] = (uint8_t)(f.remote.b[3] | rnd(POLICIES) << 4);
	f.protocol = rnd(2) ? ADIT_PROTO_UDP : ADIT_PROTO_TCP;
	f.has_ports = rnd(8) != 0;
	if (f.has_ports) {
		f.local_port = (uint16_t)rnd(3);
		f.remote_port = (uint16_t)rnd(3);
	}
	return f;
}

static void
add_to(struct side *s, const struct adit_selectors *selectors, const struct adit_sad_note *note)
{
	static const uint8_t key[ADIT_AEAD_KEY_MAX];
	const struct adit_sa_params p = {.dir = ADIT_OUT,
					 .spi = ADIT_SPI_MIN,
					 .local = {4, {192, 0, 2, 1}},
					 .remote = {4, {192, 0, 2, 2}},
					 .aead = &nothing,
					 .key = {key, adit_aead_key_len(&nothing)},
					 .selectors = selectors};

	assert_int_equal(adit_sad_add_noted(&s->sad, &p, note, &s->ids[count]), ADIT_OK);
	assert_int_equal(adit_spd_link(&s->spd, &s->sad, s->ids[count]), ADIT_OK);
	assert_int_equal(adit_spd_link(&s->spd, &s->sad, s->ids[count]), ADIT_ERR_STATE);
	assert_int_equal(adit_sad_remove(&s->sad, s->ids[count]), ADIT_ERR_STATE);
}

/* From the packet, or now and then the policy's own: for all flows that have no other. */
static void
add(const struct adit_flow *f)
{
	uint32_t policy = adit_spd_find(&plain.spd, ADIT_OUT, f);
	const struct adit_sad_note note = {policy, ADIT_BY_SPI, rnd(3) ? 0 : 1u << rnd(2), rnd(3)};
	struct adit_selectors s;

	if (count == SLOTS || policy == ADIT_POLICY_NONE)
		return;
	if (rnd(8) == 0)
		s = policies[policy].selectors;
	else if (adit_selectors_from_packet(&policies[policy], f, &s) != ADIT_OK)
		return;
	add_to(&hashed, rnd(20) ? &s : NULL, &note);
	add_to(&plain, hashed.sas[hashed.ids[count].slot].selectors ? &s : NULL, &note);
	count++;
}

static void
take_out(struct side *s, size_t i)
{
	adit_spd_unlink(&s->spd, &s->sad, s->ids[i]);
	adit_spd_unlink(&s->spd, &s->sad, s->ids[i]); /* ignored */
	assert_int_equal(adit_sad_remove(&s->sad, s->ids[i]), ADIT_OK);
	s->ids[i] = s->ids[count - 1];
}

/* Beside each other: nothing, or SAs that are as good. */
static unsigned
compare(const struct adit_flow *f)
{
	const struct adit_spd_ask ask = {f, ADIT_OUT, (uint8_t)rnd(2), rnd(3)};
	const struct adit_sad_note *a, *b;
	struct adit_spd_answer x, y;

	adit_spd_decide(&hashed.spd, &hashed.sad, &ask, &x);
	adit_spd_decide(&plain.spd, &plain.sad, &ask, &y);
	assert_int_equal(x.policy, y.policy);
	assert_int_equal(x.sa != NULL, y.sa != NULL);
	if (!x.sa)
		return 0;
	assert_true(!x.sa->selectors || adit_selectors_match(x.sa->selectors, f));
	a = &hashed.entries[x.id.slot].note;
	b = &plain.entries[y.id.slot].note;
	assert_int_equal(a->policy, b->policy);
	assert_int_equal(a->resource, b->resource);
	assert_int_equal(a->dscps != 0, b->dscps != 0);
	assert_true(a->dscps == 0 || (a->dscps >> ask.dscp & 1));
	return 1;
}

static void
test_the_hash_finds_what_the_list_finds(void **state)
{
	const char *given = getenv("ADIT_SEED");
	unsigned found = 0, pinned = 0;

	(void)state;
	seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 2654435761u | 1;
	print_message("ADIT_SEED=0x%llx\n", (unsigned long long)seed);
	for (unsigned turn = 0; turn < TURNS; turn++) {
		struct adit_flow f = random_flow();

		if (turn % 4000 == 0)
			open_both();
		if (rnd(5) < 2) {
			add(&f);
		} else if (count && rnd(3) == 0) {
			size_t i = rnd((uint32_t)count);

			take_out(&hashed, i);
			take_out(&plain, i);
			count--;
		}
		f = random_flow();
		found += compare(&f);
		pinned += hashed.sad.pinned != 0;
		assert_int_equal(plain.sad.pinned, 0);
	}
	assert_true(found > TURNS / 10);
	assert_true(pinned > TURNS / 2);
}

/* The i-th flow of many that differ in one thing alone. */
static struct adit_flow
flow_that_differs(uint8_t pfp, unsigned i)
{
	struct adit_flow f = {.local = {4, {10, 9}},
			      .remote = {4, {10, 8}},
			      .protocol = ADIT_PROTO_UDP,
			      .has_ports = true,
			      .local_port = 1000,
			      .remote_port = 2000};

	if (pfp == ADIT_PFP_LOCAL)
		f.local.b[3] = (uint8_t)i;
	if (pfp == ADIT_PFP_REMOTE)
		f.remote.b[2] = (uint8_t)i;
	if (pfp == ADIT_PFP_PROTOCOL)
		f.protocol = (uint8_t)i;
	if (pfp == ADIT_PFP_LOCAL_PORT)
		f.local_port = (uint16_t)i;
	if (pfp == ADIT_PFP_REMOTE_PORT)
		f.remote_port = (uint16_t)i;
	return f;
}

/* However many there are, and whatever it is in which they differ, each look-up sees its own alone.
 */
static void
test_sas_of_other_flows_are_not_walked(void **state)
{
	static const uint8_t pfps[] = {ADIT_PFP_LOCAL, ADIT_PFP_REMOTE, ADIT_PFP_PROTOCOL,
				       ADIT_PFP_LOCAL_PORT, ADIT_PFP_REMOTE_PORT};
	const struct adit_sad_note note = {0, ADIT_BY_SPI, 0, 0};

	(void)state;
	for (unsigned k = 0; k < sizeof pfps; k++) {
		open_both();
		policies[0].pfp = pfps[k];
		policies[0].selectors.remote[0] = policies[0].selectors.local[0];
		for (unsigned i = 1; i <= 200; i++, count++) {
			struct adit_flow f = flow_that_differs(pfps[k], i);
			struct adit_selectors s;
			uint32_t slot;

			assert_int_equal(adit_selectors_from_packet(&policies[0], &f, &s), ADIT_OK);
			add_to(&hashed, &s, &note);
			assert_int_equal(hashed.heads[0], 0);
			slot = adit_spd_pinned(&hashed.spd, &hashed.sad, 0, &f, UINT32_MAX);
			assert_int_equal(slot, hashed.ids[count].slot);
			assert_int_equal(adit_spd_pinned(&hashed.spd, &hashed.sad, 0, &f, slot),
					 UINT32_MAX);
		}
	}
}

static void
test_what_is_unlinked_is_found_no_more_and_can_be_linked_again(void **state)
{
	const struct adit_sad_note note = {0, ADIT_BY_SPI, 0, 0};
	const struct adit_flow f = flow_that_differs(ADIT_PFP_LOCAL, 7);
	struct adit_selectors s;

	(void)state;
	open_both();
	policies[0].pfp = ADIT_PFP_LOCAL;
	policies[0].selectors.remote[0] = policies[0].selectors.local[0];
	assert_int_equal(adit_selectors_from_packet(&policies[0], &f, &s), ADIT_OK);
	add_to(&hashed, &s, &note);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(hashed.sad.pinned, 1);
		assert_int_equal(adit_spd_pinned(&hashed.spd, &hashed.sad, 0, &f, UINT32_MAX),
				 hashed.ids[0].slot);
		adit_spd_unlink(&hashed.spd, &hashed.sad, hashed.ids[0]);
		assert_int_equal(hashed.sad.pinned, 0);
		assert_int_equal(adit_spd_pinned(&hashed.spd, &hashed.sad, 0, &f, UINT32_MAX),
				 UINT32_MAX);
		assert_int_equal(adit_spd_link(&hashed.spd, &hashed.sad, hashed.ids[0]), ADIT_OK);
	}
	adit_spd_unlink(&hashed.spd, &hashed.sad, hashed.ids[0]);
	assert_int_equal(adit_sad_remove(&hashed.sad, hashed.ids[0]), ADIT_OK);
	for (unsigned by = 0; by < 3; by++)
		assert_int_equal(hashed.sad.hashed[by], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_hash_finds_what_the_list_finds),
		cmocka_unit_test(test_sas_of_other_flows_are_not_walked),
		cmocka_unit_test(test_what_is_unlinked_is_found_no_more_and_can_be_linked_again),
	};

	return cmocka_run_group_tests_name("spd_pin", tests, NULL, NULL);
}
