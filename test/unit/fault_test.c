/* Faults swept through a whole life of an SA: the random source, the cipher, or what is hashed,
 * fails at its n-th call. Afterwards nothing is left over, and a new tunnel comes up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/pair.h"

enum { SWEEP = 120, ENDLESS = 2000 };

static struct pair pair;
static unsigned countdown; /* calls until one fails; 0: none does */
static unsigned failures;

static bool
is_now(void)
{
	if (countdown == 0 || --countdown > 0)
		return false;
	failures++;
	return true;
}

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	return is_now() ? ADIT_ERR_RANDOM : pair_rng_fill(ctx, out, n);
}

/* --- A cipher that fails when told to; all else is AES-GCM's. */

static enum adit_status
setkey(const struct adit_aead *aead, void *kc, struct adit_span key)
{
	return is_now() ? ADIT_ERR_CRYPTO : adit_mbedtls_aes128_gcm16.setkey(aead, kc, key);
}

static enum adit_status
make_iv(const struct adit_aead *aead, void *kc, uint64_t n, uint8_t *iv)
{
	return is_now() ? ADIT_ERR_CRYPTO : adit_mbedtls_aes128_gcm16.make_iv(aead, kc, n, iv);
}

static void
seal(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	adit_mbedtls_aes128_gcm16.seal(aead, kc, ops, n);
	if (is_now())
		ops[0].status = ADIT_ERR_CRYPTO;
}

static void
open_(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	adit_mbedtls_aes128_gcm16.open(aead, kc, ops, n);
	if (is_now())
		ops[0].status = ADIT_ERR_CRYPTO;
}

static struct adit_aead faulty;
static const struct adit_aead *const aeads[] = {&faulty, NULL};

static enum adit_status
generate(const struct adit_rng *rng, uint8_t *priv, uint8_t *pub)
{
	return is_now() ? ADIT_ERR_CRYPTO : adit_mbedtls_curve25519.generate(rng, priv, pub);
}

static enum adit_status
shared(const struct adit_rng *rng, const uint8_t *priv, struct adit_span peer, uint8_t *secret)
{
	return is_now() ? ADIT_ERR_CRYPTO : adit_mbedtls_curve25519.shared(rng, priv, peer, secret);
}

static struct adit_ke faulty_ke;
static const struct adit_ke *const kes[] = {&faulty_ke, NULL};
static struct adit_crypto crypto;

/* --- A PRF and a hash that fail when told to. */

static enum adit_status
mac_setkey(const struct adit_mac *mac, void *kc, struct adit_span key)
{
	return is_now() ? ADIT_ERR_CRYPTO : adit_hmac_setkey(mac, kc, key);
}

static enum adit_status
mac_sum(const struct adit_mac *mac, void *kc, const struct adit_span *parts, size_t n, uint8_t *out)
{
	return is_now() ? ADIT_ERR_CRYPTO : adit_hmac_sum(mac, kc, parts, n, out);
}

static enum adit_status
sha1_start(void *ctx)
{
	return is_now() ? ADIT_ERR_CRYPTO : adit_mbedtls_sha1.start(ctx);
}

static struct adit_mac faulty_mac;
static struct adit_prf faulty_prf;
static struct adit_hash faulty_sha1;
static const struct adit_prf *const prfs[] = {&faulty_prf, NULL};

static void
make_hashing(void)
{
	faulty_mac = adit_mbedtls_hmac_sha256;
	faulty_mac.setkey = mac_setkey;
	faulty_mac.sum = mac_sum;
	faulty_prf = adit_mbedtls_prf_hmac_sha256;
	faulty_prf.mac = &faulty_mac;
	faulty_sha1 = adit_mbedtls_sha1;
	faulty_sha1.start = sha1_start;
	crypto = adit_mbedtls_modern;
	crypto.prf = prfs;
	crypto.sha1 = &faulty_sha1;
}

static void
make_crypto(void)
{
	faulty = adit_mbedtls_aes128_gcm16;
	faulty.setkey = setkey;
	faulty.make_iv = make_iv;
	faulty.seal = seal;
	faulty.open = open_;
	faulty_ke = adit_mbedtls_curve25519;
	faulty_ke.generate = generate;
	faulty_ke.shared = shared;
	crypto = adit_mbedtls_modern;
	crypto.aead = aeads;
	crypto.ke = kes;
}

/* Up, a liveness check, down; whatever fails on the way. */
static void
live(unsigned tunnels)
{
	struct adit_ike_info info;
	uint16_t at = 0;

	for (unsigned i = 0; i < tunnels; i++)
		(void)pair_start(&pair);
	pair_pass(&pair, 60000);
	while (adit_ike_next(&pair.a.ike, &at, &info)) {
		(void)!adit_ike_probe(&pair.a.ike, pair.now, info.id);
		pair_pass(&pair, 1000);
		(void)!adit_ike_delete(&pair.a.ike, pair.now, info.id);
	}
	pair_pass(&pair, 400000);
	at = 0;
	/* A side whose peer has gone without a word ends by itself, or is ended. */
	while (adit_ike_next(&pair.b.ike, &at, &info))
		(void)!adit_ike_delete(&pair.b.ike, pair.now, info.id);
	pair_pass(&pair, 400000);
}

static void
expect_clean(unsigned n)
{
	if (pair_in_use(&pair.a) || pair_in_use(&pair.b))
		fail_msg("fault %u leaves %u at a, %u at b", n, pair_in_use(&pair.a),
			 pair_in_use(&pair.b));
}

static void
expect_new_tunnel(unsigned n)
{
	pair.a.event_count = pair.b.event_count = 0;
	(void)pair_start(&pair);
	pair_pass(&pair, 60000);
	if (!pair_is_up(&pair))
		fail_msg("after fault %u no tunnel comes up", n);
}

static void
sweep(bool random)
{
	for (unsigned n = 1; n <= SWEEP; n++) {
		pair_defaults(&pair, n);
		countdown = 0;
		pair.a.cfg.crypto = pair.b.cfg.crypto = &crypto;
		if (random)
			pair.a.cfg.rng.fill = pair.b.cfg.rng.fill = fill;
		pair_open(&pair);
		countdown = n;
		live(1);
		countdown = 0;
		expect_clean(n);
		expect_new_tunnel(n);
	}
}

static void
test_a_random_source_that_fails_once_is_survived(void **state)
{
	(void)state;
	make_crypto();
	failures = 0;
	sweep(true);
	assert_true(failures >= 20);
}

static void
test_crypto_that_fails_once_is_survived(void **state)
{
	(void)state;
	make_crypto();
	failures = 0;
	sweep(false);
	assert_true(failures >= 20);
}

/* The first IKE_AUTH request is lost, so that its SA stays half open for a while. */
static bool
lose_first_auth(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	bool *is_lost = p->ctx;

	if (*is_lost || from != &p->a || d->bytes[18] != 35)
		return true;
	*is_lost = true;
	return false;
}

/* Two tunnels at once, the second of them with a cookie. */
static void
test_hashes_and_prfs_that_fail_once_are_survived(void **state)
{
	unsigned n = 0;
	bool failed = true, is_lost;

	(void)state;
	make_hashing();
	for (failures = 0; failed && n < ENDLESS; failed = failures == n) {
		n++;
		pair_defaults(&pair, n);
		countdown = 0;
		pair.a.cfg.crypto = pair.b.cfg.crypto = &crypto;
		pair.b.cfg.cookie_threshold = 1;
		pair.wire = lose_first_auth;
		pair.ctx = &is_lost;
		is_lost = false;
		pair_open(&pair);
		countdown = n;
		live(2);
		countdown = 0;
		expect_clean(n);
		expect_new_tunnel(n);
	}
	assert_in_range(n, 115, ENDLESS - 1);
}

/* A tunnel whose crypto fails when the countdown says so; a's SA. */
static struct adit_ike_id
connect_counted(unsigned n)
{
	struct adit_ike_id id;

	pair_defaults(&pair, n);
	countdown = 0;
	pair.a.cfg.crypto = pair.b.cfg.crypto = &crypto;
	pair_open(&pair);
	id = pair_start(&pair);
	pair_run(&pair);
	assert_true(pair_is_up(&pair));
	return id;
}

/* A delete, and a peer whose cipher fails when it answers: it can't go on, and says why. */
static void
test_an_answer_that_can_not_be_sealed_ends_the_sa_with_that_reason(void **state)
{
	enum { OPENED = 2, CALLS = 5 }; /* setkey, open; setkey, make_iv, seal */
	struct adit_ike_id id;

	(void)state;
	make_crypto();
	for (unsigned n = OPENED + 1; n <= CALLS; n++) {
		struct pair_datagram d;

		id = connect_counted(n);
		assert_int_equal(adit_ike_probe(&pair.a.ike, pair.now, id), ADIT_OK);
		assert_true(pair_take(&pair, &pair.a, &d));
		countdown = n;
		assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_ERR_CRYPTO);
		assert_int_equal(countdown, 0);
		assert_int_equal(pair_last(&pair.b, ADIT_EVENT_IKE_DOWN)->reason, ADIT_ERR_CRYPTO);
		assert_int_equal(pair_last(&pair.b, ADIT_EVENT_IKE_DOWN)->notify, 0);
		assert_int_equal(pair_last(&pair.b, ADIT_EVENT_CHILD_DOWN)->reason,
				 ADIT_ERR_CRYPTO);
	}
}

/* The same of what it asks for itself. */
static void
test_a_request_that_can_not_be_sealed_ends_the_sa_with_that_reason(void **state)
{
	enum { CALLS = 3 }; /* setkey, make_iv, seal */

	(void)state;
	make_crypto();
	for (unsigned n = 1; n <= CALLS; n++) {
		struct adit_ike_id id;
		struct pair_datagram d;

		id = connect_counted(n);
		countdown = n;
		(void)!adit_ike_probe(&pair.a.ike, pair.now, id);
		assert_false(pair_take(&pair, &pair.a, &d));
		assert_int_equal(countdown, 0);
		pair_events(&pair.a);
		assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->reason, ADIT_ERR_CRYPTO);
		assert_int_equal(pair_in_use(&pair.a), 0);
	}
}

/* --- Keys that were set are wiped by who set them: a provider may hold more than the context. */

static long keyed;

static enum adit_status
count_setkey(const struct adit_aead *aead, void *kc, struct adit_span key)
{
	keyed++;
	return adit_mbedtls_aes128_gcm16.setkey(aead, kc, key);
}

static void
count_wipe(const struct adit_aead *aead, void *kc)
{
	keyed--;
	adit_mbedtls_aes128_gcm16.wipe(aead, kc);
}

static void
test_each_key_that_was_set_is_wiped(void **state)
{
	(void)state;
	make_crypto();
	faulty.setkey = count_setkey;
	faulty.wipe = count_wipe;
	keyed = 0;
	countdown = 0;
	pair_defaults(&pair, 1);
	pair.a.cfg.crypto = pair.b.cfg.crypto = &crypto;
	pair_open(&pair);
	live(2);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_IKE_UP), 2);
	expect_clean(0);
	assert_int_equal(keyed, 0);
}

/* Keys are for who takes the event, until he asks for the next one. */
static void
test_told_keys_are_wiped_when_the_next_event_is_asked_for(void **state)
{
	static const uint8_t zero[sizeof pair.a.ike.told_keys];
	uint8_t left[sizeof zero];

	(void)state;
	pair_defaults(&pair, 9);
	pair_connect(&pair);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_CHILD_UP), 1);
	memcpy(left, &pair.a.ike.told_keys, sizeof left);
	assert_memory_equal(left, zero, sizeof zero);
}

/* --- Each random value of a first request and of its answer: without it there is none. What is
 * asked for a single byte is jitter, which does without. */

static enum adit_status
fill_or_jitter(void *ctx, uint8_t *out, size_t n)
{
	return n == 1 ? pair_rng_fill(ctx, out, n) : fill(ctx, out, n);
}

static void
test_each_random_value_of_a_first_message_is_needed(void **state)
{
	unsigned n[2] = {0, 0};

	(void)state;
	make_crypto();
	for (unsigned side = 0; side < 2; side++)
		for (bool failed = true; failed; n[side]++) {
			struct adit_ike_id id;
			struct pair_datagram d;
			enum adit_status st;

			pair_defaults(&pair, n[side] + 1);
			pair.a.cfg.rng.fill = pair.b.cfg.rng.fill = fill_or_jitter;
			pair_open(&pair);
			failures = 0;
			countdown = side ? 0 : n[side] + 1;
			st = adit_ike_start(&pair.a.ike, pair.now, 0, 0, &pair.a.end, &id);
			if (side) {
				assert_int_equal(st, ADIT_OK);
				assert_true(pair_take(&pair, &pair.a, &d));
				countdown = n[side] + 1;
				st = pair_give(&pair, &pair.b, &d);
			}
			countdown = 0;
			failed = failures != 0;
			assert_int_equal(st, failed ? ADIT_ERR_RANDOM : ADIT_OK);
		}
	/* SPI, nonce and private value, or more, and then a message. */
	assert_in_range(n[0], 4, 20);
	assert_in_range(n[1], 4, 20);
}

/* What fails within b while it answers IKE_AUTH: it says so, or is up without a child. */
static void
test_a_hash_that_fails_in_ike_auth_lets_nobody_in(void **state)
{
	unsigned n = 0, refused = 0;
	bool failed = true;

	(void)state;
	make_hashing();
	for (; failed; n++) {
		struct pair_datagram d;
		enum adit_status st;

		pair_defaults(&pair, n + 1);
		countdown = 0;
		pair.a.cfg.crypto = pair.b.cfg.crypto = &crypto;
		assert_true(pair_first_exchange(&pair));
		assert_true(pair_take(&pair, &pair.a, &d));
		failures = 0;
		countdown = n + 1;
		st = pair_give(&pair, &pair.b, &d);
		countdown = 0;
		failed = failures != 0;
		refused += st != ADIT_OK;
		assert_int_equal(pair_count(&pair.b, ADIT_EVENT_IKE_UP), st == ADIT_OK);
		assert_true(!failed || pair_count(&pair.b, ADIT_EVENT_CHILD_UP) == 0);
	}
	assert_in_range(refused, 6, n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_random_source_that_fails_once_is_survived),
		cmocka_unit_test(test_crypto_that_fails_once_is_survived),
		cmocka_unit_test(test_hashes_and_prfs_that_fail_once_are_survived),
		cmocka_unit_test(
			test_an_answer_that_can_not_be_sealed_ends_the_sa_with_that_reason),
		cmocka_unit_test(
			test_a_request_that_can_not_be_sealed_ends_the_sa_with_that_reason),
		cmocka_unit_test(test_each_key_that_was_set_is_wiped),
		cmocka_unit_test(test_told_keys_are_wiped_when_the_next_event_is_asked_for),
		cmocka_unit_test(test_each_random_value_of_a_first_message_is_needed),
		cmocka_unit_test(test_a_hash_that_fails_in_ike_auth_lets_nobody_in),
	};

	return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
