/* The clock doesn't tell where a value that was checked is wrong: in its first byte or in its last.
 * Attack corpus: AUTH-06. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "adit/state.h"
#include "ct/leaky.h"
#include "ct/measure.h"
#include "ike/auth.h"
#include "ike/cookie.h"
#include "ike/protect.h"
#include "support/lane.h"

enum { ROOM = 2048 };

/* Both inputs, each right but for one byte, and the place where one of them is looked at. Both are
 * read to fill it, in the same order: which one it was must show in nothing but what is there. */
static struct {
	uint8_t wrong[2][ROOM], work[ROOM];
	size_t n;
} in;

static volatile int sink;

static void
set_inputs(const uint8_t *right, size_t n, size_t first, size_t last)
{
	assert_in_range(n, 1, ROOM);
	in.n = n;
	memcpy(in.wrong[0], right, n);
	memcpy(in.wrong[1], right, n);
	in.wrong[0][first] ^= 1;
	in.wrong[1][last] ^= 1;
}

static void
prepare(unsigned class)
{
	const uint8_t mask = (uint8_t) - class;

	for (size_t i = 0; i < in.n; i++)
		in.work[i] = (uint8_t)(in.wrong[0][i] ^ (mask & (in.wrong[0][i] ^ in.wrong[1][i])));
}

static struct measured
measured(const char *name, void (*run)(void))
{
	const struct measure m = {name, prepare, run};
	struct measured r = measure(&m);

	printf("  %-28s |t| %8.2f  %9.1f and %9.1f ticks  %u of %d tries%s\n", name, r.t, r.mean[0],
	       r.mean[1], r.tries, MEASURE_TRIES, r.t < MEASURE_QUIET ? "" : ", not quiet");
	return r;
}

static void
check(const char *name, void (*run)(void))
{
	assert_true(measured(name, run).t < MEASURE_LEAK);
}

/* --- Comparisons alone. */

static const uint8_t reference[32] = {1, 2, 3};

static void
run_leaky(void)
{
	sink = leaky_equal(in.work, reference, sizeof reference);
}

static void
test_control_leak_is_seen(void **state)
{
	(void)state;
	set_inputs(reference, sizeof reference, 0, sizeof reference - 1);
	assert_true(measured("control: leaves early", run_leaky).t > MEASURE_SEEN);
}

static void
run_compare(void)
{
	sink = adit_equal_ct(in.work, reference, sizeof reference);
}

static void
test_compare(void **state)
{
	(void)state;
	set_inputs(reference, sizeof reference, 0, sizeof reference - 1);
	check("compare", run_compare);
}

/* --- ESP packets. */

static struct lane lane;

static void
run_esp(void)
{
	struct adit_pkt pkt = {in.work, sizeof in.work, 0, in.n};
	struct adit_esp_rx rx;

	sink = (int)adit_esp_decap_at(&lane.in, &pkt, &rx);
}

static void
esp_icv(const char *name, const struct adit_aead *aead)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, aead);

	lane_open(&lane, &p);
	lane_udp(&lane, 4, 100);
	assert_int_equal(lane_send(&lane), ADIT_OK);
	set_inputs(lane_data(&lane), lane.pkt.len, lane.pkt.len - aead->icv_len, lane.pkt.len - 1);
	prepare(0);
	run_esp();
	assert_int_equal(sink, ADIT_ERR_ICV);
	check(name, run_esp);
	lane_close(&lane);
}

static void
test_esp_icv_gcm(void **state)
{
	(void)state;
	esp_icv("ICV, AES-GCM", &adit_mbedtls_aes128_gcm16);
}

static void
test_esp_icv_ccm(void **state)
{
	(void)state;
	esp_icv("ICV, AES-CCM", &adit_mbedtls_aes128_ccm16);
}

static void
test_esp_icv_chacha20_poly1305(void **state)
{
	(void)state;
	esp_icv("ICV, ChaCha20-Poly1305", &adit_mbedtls_chacha20_poly1305);
}

static void
test_esp_icv_cbc_hmac(void **state)
{
	(void)state;
	esp_icv("ICV, AES-CBC and HMAC-SHA2", &adit_mbedtls_aes128_cbc_sha256);
}

static void
test_esp_icv_cmac(void **state)
{
	(void)state;
	esp_icv("ICV, AES-CBC and CMAC", &adit_mbedtls_aes128_cbc_cmac);
}

/* Authentic packets whose padding is wrong at its start, and at its end. */
static void
test_esp_padding(void **state)
{
	enum { PAD_AT = 40, PAD = 20, PLAIN = PAD_AT + PAD + 2 };
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	uint8_t plain[PLAIN] = {0x45, [PLAIN - 2] = PAD, [PLAIN - 1] = 4};

	(void)state;
	lane_open(&lane, &p);
	for (size_t class = 0; class < 2; class ++) {
		size_t wrong = class ? PAD_AT + PAD - 1 : PAD_AT;

		for (size_t i = 0; i < PAD; i++)
			plain[PAD_AT + i] = (uint8_t)(i + 1);
		plain[wrong] ^= 0x40;
		lane_seal(&lane, 1, plain, sizeof plain);
		in.n = lane.pkt.len;
		memcpy(in.wrong[class], lane_data(&lane), in.n);
		prepare((unsigned)class);
		run_esp();
		assert_int_equal(sink, ADIT_ERR_PADDING);
	}
	check("padding", run_esp);
	lane_close(&lane);
}

/* --- IKE. */

#define PRF (&adit_mbedtls_prf_hmac_sha256)
static const uint8_t secret[32] = {7}, nonce[32] = {8}, message[300] = {9}, spi[8] = {3};

static struct adit_auth_signed
octets(void)
{
	return (struct adit_auth_signed){{message, sizeof message},
					 {nonce, sizeof nonce},
					 {secret, sizeof secret},
					 {nonce, 12}};
}

static void
run_auth(void)
{
	struct adit_auth_signed s = octets();

	sink = (int)adit_auth_psk_verify(PRF, (struct adit_span){secret, sizeof secret}, &s,
					 (struct adit_span){in.work, in.n});
}

static void
test_auth_compare(void **state)
{
	struct adit_auth_signed s = octets();
	uint8_t auth[ADIT_HASH_MAX];

	(void)state;
	assert_int_equal(adit_auth_psk(PRF, (struct adit_span){secret, sizeof secret}, &s, auth),
			 ADIT_OK);
	set_inputs(auth, PRF->mac->out_len, 0, PRF->mac->out_len - 1u);
	prepare(1);
	run_auth();
	assert_int_equal(sink, ADIT_ERR_AUTH);
	assert_true(measured("AUTH by pre-shared key", run_auth).t < MEASURE_QUIET);
}

static struct adit_cookie_jar jar;
static const struct adit_ip peer = {4, {192, 0, 2, 1}};
static const struct adit_cookie_of cookie_of = {PRF, {nonce, sizeof nonce}, spi, &peer};

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 7, n);
	return ADIT_OK;
}

static void
run_cookie(void)
{
	sink = (int)adit_cookie_check(&jar, &cookie_of, (struct adit_span){in.work, in.n});
}

/* A cookie's first byte is the number of its secret, which is public. */
static void
test_cookie(void **state)
{
	const struct adit_rng rng = {NULL, fill};
	uint8_t cookie[ADIT_COOKIE_LEN];

	(void)state;
	memset(&jar, 0, sizeof jar);
	assert_int_equal(adit_cookie_rotate(&jar, &rng, 1000), ADIT_OK);
	assert_int_equal(adit_cookie_make(&jar, &cookie_of, cookie), ADIT_OK);
	set_inputs(cookie, sizeof cookie, 1, sizeof cookie - 1);
	prepare(1);
	run_cookie();
	assert_int_equal(sink, ADIT_ERR_COOKIE);
	check("cookie", run_cookie);
}

static struct adit_protect protect;
static struct adit_ike_chain chain;

static void
run_message(void)
{
	struct adit_span inner;
	uint8_t first;

	sink = (int)adit_protect_open(&protect, in.work, &chain, &first, &inner);
}

static void
test_message(void **state)
{
	const struct adit_aead *aead = &adit_mbedtls_aes128_cbc_sha256;
	struct adit_ike_header h;
	struct adit_ike_writer m;
	size_t n;

	(void)state;
	memset(&h, 0, sizeof h);
	h.exchange = ADIT_EXCHANGE_INFORMATIONAL;
	assert_int_equal(adit_protect_key(&protect, aead,
					  (struct adit_span){message, adit_aead_key_len(aead)}),
			 ADIT_OK);
	adit_protect_start(&m, (struct adit_buf){in.work, sizeof in.work}, &h, aead);
	adit_ike_put_notify_data(&m, 40000, (struct adit_span){nonce, sizeof nonce});
	assert_int_equal(adit_protect_end(&m, &protect, &n), ADIT_OK);
	assert_int_equal(adit_ike_get_header((struct adit_span){in.work, n}, &h), ADIT_OK);
	assert_int_equal(adit_ike_get_chain((struct adit_span){in.work + ADIT_IKE_HEADER_LEN,
							       n - ADIT_IKE_HEADER_LEN},
					    h.first_payload, &chain),
			 ADIT_OK);
	set_inputs(in.work, n, n - aead->icv_len, n - 1);
	prepare(1);
	run_message();
	assert_int_equal(sink, ADIT_ERR_ICV);
	check("protected message", run_message);
	adit_protect_wipe(&protect);
}

/* --- Exported SAs. */

static union adit_keyctx seal_kc;
static const struct adit_state_seal seal = {&adit_mbedtls_aes128_ctr_sha256, &seal_kc};

static void
run_state(void)
{
	static struct adit_sa_state back;
	const struct adit_state_jump jump = {0, 0};

	sink = (int)adit_state_import((struct adit_span){in.work, in.n}, &seal,
				      &adit_mbedtls_modern, &jump, 0, &back);
}

static void
test_state(void **state)
{
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_gcm16);
	static uint8_t out[ADIT_STATE_MAX];
	size_t n;

	(void)state;
	lane_open(&lane, &p);
	assert_int_equal(
		seal.aead->setkey(seal.aead, seal.kc,
				  (struct adit_span){message, adit_aead_key_len(seal.aead)}),
		ADIT_OK);
	assert_int_equal(adit_state_export(&lane.out, &p, &seal, 1, 0,
					   (struct adit_buf){out, sizeof out}, &n),
			 ADIT_OK);
	set_inputs(out, n, n - seal.aead->icv_len, n - 1);
	prepare(1);
	run_state();
	assert_int_equal(sink, ADIT_ERR_ICV);
	check("seal of an exported SA", run_state);
	seal.aead->wipe(seal.aead, seal.kc);
	lane_close(&lane);
}

/* TESTS: names of tests, these alone; without it, all. */
int
main(void)
{
	char *names = getenv("TESTS");
	int failed = 0;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_control_leak_is_seen),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_esp_icv_gcm),
		cmocka_unit_test(test_esp_icv_ccm),
		cmocka_unit_test(test_esp_icv_chacha20_poly1305),
		cmocka_unit_test(test_esp_icv_cbc_hmac),
		cmocka_unit_test(test_esp_icv_cmac),
		cmocka_unit_test(test_esp_padding),
		cmocka_unit_test(test_auth_compare),
		cmocka_unit_test(test_cookie),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_state),
	};

	if (!names)
		return cmocka_run_group_tests(tests, NULL, NULL);
	for (char *name = strtok(names, " \n"); name; name = strtok(NULL, " \n")) {
		cmocka_set_test_filter(name);
		failed += cmocka_run_group_tests(tests, NULL, NULL);
	}
	return failed;
}
