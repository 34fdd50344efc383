/* No branch and no address depends on a secret: comparisons, MACs, AEADs, ESP, AH, exported SAs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "adit/state.h"
#include "crypto/prf.h"
#include "ct/leaky.h"
#include "ct/watch.h"
#include "support/lane.h"

enum { LONG_KEY = 200, BYTES = 100 };

/* --- Controls: what must be reported. */

static volatile uint8_t sink;

static void
leaky_compare(const void *with)
{
	uint8_t a[32] = {0}, b[32] = {0};

	(void)with;
	watch_secret(a, sizeof a);
	sink = leaky_equal(a, b, sizeof a);
}

static void
leaky_table(const void *with)
{
	uint8_t at = 7;

	(void)with;
	watch_secret(&at, sizeof at);
	sink = leaky_lookup(at);
}

/* --- Floors 0 and 1. */

static void
compare(const void *with)
{
	uint8_t a[32] = {1}, b[32] = {2};

	(void)with;
	watch_secret(a, sizeof a);
	assert_false(adit_equal_ct(a, b, sizeof a));
	assert_true(adit_equal_ct(a, a, sizeof a));
}

/* Keys of all lengths about the block, and a secret message. */
static void
mac(const void *with)
{
	const struct adit_mac *m = with;
	const size_t lengths[] = {16, 64, LONG_KEY};
	uint8_t key[LONG_KEY] = {1}, message[BYTES] = {2}, out[ADIT_HASH_MAX];
	union adit_mac_ctx kc;

	watch_secret(key, sizeof key);
	watch_secret(message, sizeof message);
	for (size_t i = 0; i < (m->hash ? 3 : 1); i++)
		for (size_t n = 0; n <= BYTES; n += 20) {
			const struct adit_span parts[] = {{message, n}, {message, BYTES - n}};

			assert_int_equal(m->setkey(m, &kc, (struct adit_span){key, lengths[i]}),
					 ADIT_OK);
			assert_int_equal(m->sum(m, &kc, parts, 2, out), ADIT_OK);
			m->wipe(m, &kc);
		}
}

static void
prf(const void *with)
{
	const struct adit_prf *p = with;
	uint8_t key[ADIT_HASH_MAX] = {1}, seed[32] = {2}, out[300];
	const struct adit_span parts[] = {{seed, sizeof seed}};

	watch_secret(key, sizeof key);
	assert_int_equal(adit_prf_sum(p, (struct adit_span){key, p->mac->out_len}, parts, 1, out),
			 ADIT_OK);
	assert_int_equal(adit_prf_plus(p, (struct adit_span){key, p->key_len}, parts, 1,
				       (struct adit_buf){out, sizeof out}),
			 ADIT_OK);
}

struct sealed {
	uint8_t key[ADIT_AEAD_KEY_MAX], aad[12], iv[ADIT_IV_MAX], data[64], icv[ADIT_ICV_MAX];
	union adit_keyctx kc;
	struct adit_aead_op op;
};

static void
key_and_seal(const struct adit_aead *aead, struct sealed *s)
{
	memset(s, 0, sizeof *s);
	for (size_t i = 0; i < sizeof s->key; i++)
		s->key[i] = (uint8_t)(i * 37 + 11); /* three keys of 3DES must differ */
	watch_secret(s->key, sizeof s->key);
	watch_secret(s->data, sizeof s->data);
	assert_int_equal(
		aead->setkey(aead, &s->kc, (struct adit_span){s->key, adit_aead_key_len(aead)}),
		ADIT_OK);
	if (!aead->implicit_iv)
		assert_int_equal(aead->make_iv(aead, &s->kc, 1, s->iv), ADIT_OK);
	s->op.iv = s->iv;
	s->op.aad = (struct adit_span){s->aad, sizeof s->aad};
	s->op.data = s->data;
	s->op.len = sizeof s->data;
	s->op.icv = s->icv;
	aead->seal(aead, &s->kc, &s->op, 1);
	assert_int_equal(s->op.status, ADIT_OK);
}

static void
aead_open(const void *with)
{
	struct adit_aead aead = watch_aead(with);
	struct sealed s;

	key_and_seal(&aead, &s);
	aead.open(&aead, &s.kc, &s.op, 1);
	assert_int_equal(s.op.status, ADIT_OK);
	aead.wipe(&aead, &s.kc);
}

static void
aead_forged(const void *with)
{
	struct adit_aead aead = watch_aead(with);

	for (size_t at = 0; at < aead.icv_len; at++) {
		struct sealed s;

		key_and_seal(&aead, &s);
		s.icv[at] ^= 1;
		aead.open(&aead, &s.kc, &s.op, 1);
		assert_int_equal(s.op.status, ADIT_ERR_ICV);
		aead.wipe(&aead, &s.kc);
	}
}

/* --- Packets. */

static void
open_lane(struct lane *l, uint8_t protocol, const struct adit_aead *aead)
{
	static uint8_t key[ADIT_AEAD_KEY_MAX];
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, aead);

	p.protocol = protocol;
	p.esn = true;
	memcpy(key, p.key.p, p.key.n);
	watch_secret(key, sizeof key);
	p.key.p = key;
	lane_open(l, &p);
}

/* What the inner headers say is looked at on the way out, their payload is not. */
static void
send_secret(struct lane *l)
{
	const size_t headers = LANE_V4 + 8, n = 200;

	lane_udp(l, 4, n);
	watch_secret(lane_data(l) + headers, n - headers);
	assert_int_equal(lane_send(l), ADIT_OK);
}

/* The packet with another byte of its ICV wrong each time, at last as it is. AH has its ICV in
 * front; any byte of the packet's end is as good there. */
static void
receive(struct lane *l, enum adit_status want)
{
	lane_keep(l);
	for (size_t i = 1; i <= l->in.aead->icv_len; i++) {
		lane_data(l)[l->pkt.len - i] ^= 1;
		assert_int_equal(lane_receive(l), ADIT_ERR_ICV);
		lane_again(l);
	}
	assert_int_equal(lane_receive(l), want);
}

static void
packets(uint8_t protocol, const struct adit_aead *of)
{
	static struct lane l;
	struct adit_aead aead = watch_aead(of);

	open_lane(&l, protocol, &aead);
	send_secret(&l);
	receive(&l, ADIT_OK);
	lane_close(&l);
}

static void
esp(const void *with)
{
	packets(ADIT_PROTO_ESP, with);
}

static void
ah(const void *with)
{
	packets(ADIT_PROTO_AH, with);
}

/* The padding of an authentic packet is refused without a report, and that of a forged one is never
 * looked at: its plaintext stays secret. */
static void
padding(const void *with)
{
	static struct lane l;
	struct adit_aead aead = watch_aead(with);
	uint8_t plain[32] = {0x45};

	for (size_t wrong = 0; wrong < 8; wrong++) {
		open_lane(&l, ADIT_PROTO_ESP, &aead);
		l.out.esn = l.in.esn = false;
		for (size_t i = 0; i < 8; i++)
			plain[22 + i] = (uint8_t)(i + 1);
		plain[22 + wrong] ^= 0x40;
		plain[30] = 8;
		plain[31] = 4;
		lane_seal(&l, 1, plain, sizeof plain);
		receive(&l, ADIT_ERR_PADDING);
		lane_close(&l);
	}
}

/* --- An exported SA: its key is in it, and its seal's key is a secret too. */

static void
state(const void *with)
{
	static struct lane l;
	static struct adit_sa_state back;
	static uint8_t out[ADIT_STATE_MAX];
	const struct adit_state_jump jump = {0, 0};
	struct adit_aead aead = watch_aead(with);
	union adit_keyctx kc;
	const struct adit_state_seal seal = {&aead, &kc};
	uint8_t key[ADIT_AEAD_KEY_MAX] = {9};
	struct adit_sa_params p = lane_params(4, ADIT_TUNNEL, &adit_mbedtls_aes128_cbc_sha256);
	uint8_t sa_key[ADIT_AEAD_KEY_MAX];
	size_t n;

	memcpy(sa_key, p.key.p, p.key.n);
	p.key.p = sa_key;
	watch_secret(sa_key, sizeof sa_key);
	watch_secret(key, sizeof key);
	lane_open(&l, &p);
	assert_int_equal(aead.setkey(&aead, &kc, (struct adit_span){key, adit_aead_key_len(&aead)}),
			 ADIT_OK);
	assert_int_equal(
		adit_state_export(&l.out, &p, &seal, 1, 0, (struct adit_buf){out, sizeof out}, &n),
		ADIT_OK);
	assert_int_equal(adit_state_import((struct adit_span){out, n}, &seal, &adit_mbedtls_legacy,
					   &jump, 0, &back),
			 ADIT_OK);
	for (size_t at = n - aead.icv_len; at < n; at++) {
		out[at] ^= 1;
		assert_int_equal(adit_state_import((struct adit_span){out, n}, &seal,
						   &adit_mbedtls_legacy, &jump, 0, &back),
				 ADIT_ERR_ICV);
		out[at] ^= 1;
	}
	aead.wipe(&aead, &kc);
	lane_close(&l);
}

#define AEAD(object)                                                               \
	{"aead_open_" #object, aead_open, &adit_mbedtls_##object, false},          \
	{                                                                          \
		"aead_forged_" #object, aead_forged, &adit_mbedtls_##object, false \
	}
#define ESP(object)                                                            \
	{"esp_" #object, esp, &adit_mbedtls_##object, false},                  \
	{                                                                      \
		"esp_padding_" #object, padding, &adit_mbedtls_##object, false \
	}

static struct watch cases[] = {
	{"control_compare_that_leaves_early", leaky_compare, NULL, true},
	{"control_table_looked_up_by_a_secret", leaky_table, NULL, true},
	{"compare", compare, NULL, false},
	{"mac_hmac_md5", mac, &adit_mbedtls_hmac_md5, false},
	{"mac_hmac_sha1", mac, &adit_mbedtls_hmac_sha1, false},
	{"mac_hmac_sha256", mac, &adit_mbedtls_hmac_sha256, false},
	{"mac_hmac_sha384", mac, &adit_mbedtls_hmac_sha384, false},
	{"mac_hmac_sha512", mac, &adit_mbedtls_hmac_sha512, false},
	{"mac_aes_cmac", mac, &adit_mbedtls_aes_cmac, false},
	{"mac_aes_xcbc", mac, &adit_mbedtls_aes_xcbc, false},
	{"prf_hmac_sha1", prf, &adit_mbedtls_prf_hmac_sha1, false},
	{"prf_hmac_sha256", prf, &adit_mbedtls_prf_hmac_sha256, false},
	{"prf_hmac_sha384", prf, &adit_mbedtls_prf_hmac_sha384, false},
	{"prf_hmac_sha512", prf, &adit_mbedtls_prf_hmac_sha512, false},
	AEAD(aes128_gcm16),
	AEAD(aes256_gcm8),
	AEAD(aes128_gcm16_iiv),
	AEAD(aes128_ccm16),
	AEAD(aes128_gmac),
	AEAD(ah_aes128_gmac),
	AEAD(chacha20_poly1305),
	AEAD(aes128_cbc_sha256),
	AEAD(aes256_cbc_sha384),
	AEAD(aes256_cbc_sha512),
	AEAD(aes128_cbc_sha1),
	AEAD(aes128_cbc_md5),
	AEAD(aes128_cbc_xcbc),
	AEAD(aes128_cbc_cmac),
	AEAD(aes128_ctr_sha256),
	AEAD(camellia128_cbc_sha256),
	AEAD(des3_cbc_sha256),
	AEAD(des_cbc_sha256),
	AEAD(null_sha256),
	ESP(aes128_gcm16),
	ESP(aes128_gcm16_iiv),
	ESP(aes128_ccm16),
	ESP(chacha20_poly1305),
	ESP(aes128_cbc_sha256),
	ESP(aes128_ctr_sha256),
	ESP(null_sha256),
	{"ah_null_sha256", ah, &adit_mbedtls_null_sha256, false},
	{"ah_aes128_gmac", ah, &adit_mbedtls_ah_aes128_gmac, false},
	{"state_aes128_gcm16", state, &adit_mbedtls_aes128_gcm16, false},
	{"state_aes128_ctr_sha256", state, &adit_mbedtls_aes128_ctr_sha256, false},
};

int
main(void)
{
	struct CMUnitTest tests[sizeof cases / sizeof cases[0]];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		tests[i] = (struct CMUnitTest){cases[i].name, watch_test, NULL, NULL, &cases[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
