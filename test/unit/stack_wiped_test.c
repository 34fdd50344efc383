/* What is secret does not stay on the stack of a call that is over: each runs on a stack of its
 * own, which is searched afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/prf.h"
#include "ike/auth.h"
#include "ike/cookie.h"
#include "ike/keymat.h"
#include "support/lane.h"
#include "support/pair.h"

#include "adit/state.h"

/* Sanitizers have stacks of their own ideas, other C libraries may have no contexts: there the
 * tests say skipped. */
#if defined(__SANITIZE_ADDRESS__) || !defined(__GLIBC__)
#define SEARCHING 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define SEARCHING 0
#endif
#endif
#ifndef SEARCHING
#define SEARCHING 1
#endif

#if SEARCHING
#include <ucontext.h>

/* So many bytes of a secret in a row are it, and no accident. */
enum { STACK = 1 << 18, PIECE = 8 };

static uint64_t stack[STACK / 8];
static ucontext_t here, there;
static enum adit_status returned;

static void
run(void (*f)(void))
{
	memset(stack, 0, sizeof stack);
	assert_int_equal(getcontext(&there), 0);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = sizeof stack;
	there.uc_link = &here;
	makecontext(&there, f, 0);
	assert_int_equal(swapcontext(&here, &there), 0);
}

/* Twice: the first time the linker may have functions to find, and keeps all registers on the stack
 * meanwhile. */
static void
on_own_stack(void (*f)(void))
{
	run(f);
	run(f);
}

static bool
is_left(const uint8_t *piece)
{
	const uint8_t *p = (const uint8_t *)stack, *end = p + sizeof stack - PIECE;

	for (; p <= end; p++)
		if (*p == *piece && memcmp(p, piece, PIECE) == 0)
			return true;
	return false;
}

static void
expect_gone(const uint8_t *secret, size_t n)
{
	static const uint8_t zero[PIECE];

	for (size_t i = 0; i + PIECE <= n; i += PIECE) {
		assert_memory_not_equal(secret + i, zero, PIECE);
		assert_false(is_left(secret + i));
	}
}

/* What the search finds, if there is anything. */
static const uint8_t known[16] = "left on a stack";

static void
leave_something(void)
{
	volatile uint8_t copy[64 * sizeof known];

	for (size_t i = 0; i < sizeof copy; i++)
		copy[i] = known[i % sizeof known];
	(void)copy[0];
}

static void
test_what_is_left_is_found(void **state)
{
	(void)state;
	on_own_stack(leave_something);
	assert_true(is_left(known));
	assert_true(is_left(known + PIECE));
}

/* --- Cookies. */

static struct pair_rng random_state = {.state = 7};
static const struct adit_rng rng = {&random_state, pair_rng_fill};
static const struct adit_prf *const prf = &adit_mbedtls_prf_hmac_sha256;
static const uint8_t ni[32] = {1, 2}, nr[32] = {3, 4}, spi[8] = {5};
static struct adit_cookie_jar jar;
static const struct adit_cookie_of cookie_of = {
	&adit_mbedtls_prf_hmac_sha256, {ni, sizeof ni}, spi, &(const struct adit_ip){4, {10}}};
static uint8_t cookie[ADIT_COOKIE_LEN], full[ADIT_HASH_MAX];

static void
rotate(void)
{
	memset(&jar, 0, sizeof jar);
	returned = adit_cookie_rotate(&jar, &rng, 0);
}

static void
make_cookie(void)
{
	returned = adit_cookie_make(&jar, &cookie_of, cookie);
}

static void
check_cookie(void)
{
	static uint8_t wrong[ADIT_COOKIE_LEN];

	wrong[0] = jar.version;
	returned = adit_cookie_check(&jar, &cookie_of, (struct adit_span){wrong, sizeof wrong});
}

/* Half of a MAC is the cookie, and the other half is nobody's. */
static void
test_cookies_leave_neither_their_secret_nor_their_mac(void **state)
{
	const struct adit_span parts[] = {{ni, sizeof ni}, {cookie_of.remote->b, 4}, {spi, 8}};
	const uint8_t *secret;

	(void)state;
	on_own_stack(rotate);
	assert_int_equal(returned, ADIT_OK);
	secret = jar.secret[jar.version & 1];
	expect_gone(secret, ADIT_COOKIE_SECRET_LEN);
	assert_int_equal(adit_prf_sum(prf, (struct adit_span){secret, ADIT_COOKIE_SECRET_LEN},
				      parts, 3, full),
			 ADIT_OK);
	on_own_stack(make_cookie);
	assert_int_equal(returned, ADIT_OK);
	assert_memory_equal(cookie + 1, full, ADIT_COOKIE_LEN - 1);
	expect_gone(full, prf->mac->out_len);
	expect_gone(secret, ADIT_COOKIE_SECRET_LEN);
	on_own_stack(check_cookie);
	assert_int_equal(returned, ADIT_ERR_COOKIE);
	expect_gone(full, prf->mac->out_len);
}

/* --- Keys. */

static const uint8_t shared_secret[32] = "g^ir, which both of them know!!";
static const struct adit_keymat_seed seed = {
	{ni, sizeof ni}, {nr, sizeof nr}, {shared_secret, sizeof shared_secret}, spi, spi};
static const struct adit_ike_suite suite = {.aead = &adit_mbedtls_aes128_cbc_sha256,
					    .prf = &adit_mbedtls_prf_hmac_sha256,
					    .ke = &adit_mbedtls_curve25519};
static struct adit_ike_keys keys;
static struct adit_child_keys child;

static void
derive(void)
{
	returned = adit_keymat_ike(&keys, &suite, &seed);
}

static void
derive_child(void)
{
	const struct adit_keymat_child_seed of = {
		prf, adit_keymat_sk_d(&keys), {NULL, 0}, {ni, sizeof ni}, {nr, sizeof nr}};

	returned = adit_keymat_child(&child, suite.aead, &of);
}

static void
expect_keys_gone(const struct adit_ike_keys *k, const struct adit_aead *aead)
{
	expect_gone(k->d, k->prf_len);
	expect_gone(k->pi, k->prf_len);
	expect_gone(k->pr, k->prf_len);
	expect_gone(k->i, adit_aead_key_len(aead));
	expect_gone(k->r, adit_aead_key_len(aead));
}

static void
test_keys_are_where_they_belong_alone(void **state)
{
	uint8_t nonces[sizeof ni + sizeof nr], skeyseed[ADIT_HASH_MAX];
	const struct adit_span g_ir = {shared_secret, sizeof shared_secret};

	(void)state;
	on_own_stack(derive);
	assert_int_equal(returned, ADIT_OK);
	expect_keys_gone(&keys, suite.aead);
	expect_gone(shared_secret, sizeof shared_secret);
	memcpy(nonces, ni, sizeof ni);
	memcpy(nonces + sizeof ni, nr, sizeof nr);
	assert_int_equal(
		adit_prf_sum(prf, (struct adit_span){nonces, sizeof nonces}, &g_ir, 1, skeyseed),
		ADIT_OK);
	expect_gone(skeyseed, prf->mac->out_len);
	on_own_stack(derive_child);
	assert_int_equal(returned, ADIT_OK);
	expect_gone(child.i, adit_aead_key_len(suite.aead));
	expect_gone(child.r, adit_aead_key_len(suite.aead));
	expect_keys_gone(&keys, suite.aead);
}

/* --- AUTH. */

static const uint8_t psk[16] = "what both know!", message[] = "a first message";
static const struct adit_auth_signed what = {
	{message, sizeof message}, {ni, sizeof ni}, {nr, sizeof nr}, {spi, sizeof spi}};
static uint8_t auth[ADIT_HASH_MAX];

static void
sign(void)
{
	returned = adit_auth_psk(prf, (struct adit_span){psk, sizeof psk}, &what, auth);
}

static void
verify(void)
{
	static const uint8_t wrong[32];

	returned = adit_auth_psk_verify(prf, (struct adit_span){psk, sizeof psk}, &what,
					(struct adit_span){wrong, sizeof wrong});
}

static void
test_auth_leaves_neither_its_key_nor_what_was_wanted(void **state)
{
	const struct adit_span pad = {(const uint8_t *)"Key Pad for IKEv2", 17};
	uint8_t key[ADIT_HASH_MAX];

	(void)state;
	assert_int_equal(adit_prf_sum(prf, (struct adit_span){psk, sizeof psk}, &pad, 1, key),
			 ADIT_OK);
	on_own_stack(sign);
	assert_int_equal(returned, ADIT_OK);
	expect_gone(key, prf->mac->out_len);
	on_own_stack(verify);
	assert_int_equal(returned, ADIT_ERR_AUTH);
	expect_gone(key, prf->mac->out_len);
	expect_gone(auth, prf->mac->out_len);
}

/* --- A whole handshake, and all that follows from it. */

static struct pair pair;
static uint8_t g_ir[32];

static enum adit_status
keep_shared(const struct adit_rng *r, const uint8_t *priv, struct adit_span peer, uint8_t *secret)
{
	enum adit_status st = adit_mbedtls_curve25519.shared(r, priv, peer, secret);

	memcpy(g_ir, secret, sizeof g_ir);
	return st;
}

/* What is hashed next, for NAT detection, comes when g^ir has had its use: later calls might cover
 * what was left of it. */
static bool is_shared_left;
static unsigned looked;

static enum adit_status
look_and_start(void *ctx)
{
	static const uint8_t zero[sizeof g_ir];

	if (memcmp(g_ir, zero, sizeof zero) != 0) {
		looked++;
		is_shared_left = is_shared_left || is_left(g_ir) || is_left(g_ir + PIECE);
	}
	return adit_mbedtls_sha1.start(ctx);
}

static struct adit_crypto crypto;

static void
connect(void)
{
	looked = 0;
	is_shared_left = false;
	memset(g_ir, 0, sizeof g_ir);
	pair_defaults(&pair, 1);
	pair.a.cfg.crypto = pair.b.cfg.crypto = &crypto;
	pair_open(&pair);
	(void)pair_start(&pair);
	pair_run(&pair);
}

static void
test_a_handshake_leaves_no_secret(void **state)
{
	struct adit_ke ke = adit_mbedtls_curve25519;
	const struct adit_ke *const kes[] = {&ke, NULL};
	struct adit_hash sha1 = adit_mbedtls_sha1;

	(void)state;
	crypto = adit_mbedtls_modern;
	sha1.start = look_and_start;
	crypto.sha1 = &sha1;
	ke.shared = keep_shared;
	crypto.ke = kes;
	on_own_stack(connect);
	assert_true(looked > 0);
	assert_false(is_shared_left);
	assert_true(pair_is_up(&pair));
	expect_gone(g_ir, sizeof g_ir);
	expect_keys_gone(&pair.a.sas[0].keys, pair.a.sas[0].suite.aead);
	expect_gone(pair.a.in_key, pair.a.in.key.n);
	expect_gone(pair.a.out_key, pair.a.out.key.n);
}

/* --- Exported SAs. */

static struct lane lane;
static struct adit_sa_params params;
static union adit_keyctx seal_kc;
static const struct adit_state_seal seal = {&adit_mbedtls_aes128_gcm16, seal_kc.mem};
static uint8_t bytes[ADIT_STATE_MAX];
static size_t bytes_n;
static struct adit_sa_state kept;

static void
export_sa(void)
{
	returned = adit_state_export(&lane.out, &params, &seal, 1, 0,
				     (struct adit_buf){bytes, sizeof bytes}, &bytes_n);
}

static void
import_sa(void)
{
	const struct adit_state_jump jump = {1, 1};

	returned = adit_state_import((struct adit_span){bytes, bytes_n}, &seal,
				     &adit_mbedtls_compat, &jump, 0, &kept);
}

static void
test_exported_sas_leave_no_key(void **state)
{
	static const uint8_t key[20] = {9};

	(void)state;
	params = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_ctr_sha256);
	lane_open(&lane, &params);
	assert_int_equal(seal.aead->setkey(seal.aead, seal.kc, (struct adit_span){key, sizeof key}),
			 ADIT_OK);
	on_own_stack(export_sa);
	assert_int_equal(returned, ADIT_OK);
	expect_gone(params.key.p, params.key.n);
	on_own_stack(import_sa);
	assert_int_equal(returned, ADIT_OK);
	assert_memory_equal(kept.key, params.key.p, params.key.n);
	expect_gone(params.key.p, params.key.n);
	adit_state_wipe(&kept);
	lane_close(&lane);
}

#define TEST(f) cmocka_unit_test(f)
#else
static void
skipped(void **state)
{
	(void)state;
	printf("searching the stack: skipped: it is not ours here\n");
	skip();
}

#define TEST(f)                               \
	{                                     \
#f, skipped, NULL, NULL, NULL \
	}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_left_is_found),
		TEST(test_cookies_leave_neither_their_secret_nor_their_mac),
		TEST(test_keys_are_where_they_belong_alone),
		TEST(test_auth_leaves_neither_its_key_nor_what_was_wanted),
		TEST(test_a_handshake_leaves_no_secret),
		TEST(test_exported_sas_leave_no_key),
	};

	return cmocka_run_group_tests_name("stack_wiped", tests, NULL, NULL);
}
