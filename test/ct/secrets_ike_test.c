/* No branch and no address depends on a secret: cookies, keys, AUTH, protected messages, key
 * exchange, and a whole handshake. Signatures are not built. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ct/watch.h"
#include "ike/auth.h"
#include "ike/cookie.h"
#include "ike/keymat.h"
#include "ike/protect.h"
#include "support/pair.h"

static const uint8_t ni[32] = {1}, nr[32] = {2}, spi_i[8] = {3}, spi_r[8] = {4};

static struct adit_auth_signed
octets(uint8_t *sk_p, size_t n)
{
	static const uint8_t message[300] = {5}, id[] = "\2\0\0\0a.example";

	watch_secret(sk_p, n);
	return (struct adit_auth_signed){
		{message, sizeof message}, {nr, sizeof nr}, {sk_p, n}, {id, sizeof id - 1}};
}

/* The right AUTH, and one wrong in each byte. */
static void
auth_compare(const void *with)
{
	const struct adit_prf *prf = with;
	size_t n = prf->mac->out_len;
	uint8_t psk[20] = {1}, sk_p[ADIT_HASH_MAX] = {2}, auth[ADIT_HASH_MAX];
	struct adit_auth_signed s = octets(sk_p, prf->key_len);
	struct adit_span secret = {psk, sizeof psk};

	watch_secret(psk, sizeof psk);
	assert_int_equal(adit_auth_psk(prf, secret, &s, auth), ADIT_OK);
	watch_public(auth, n); /* as it came from the peer */
	assert_int_equal(adit_auth_psk_verify(prf, secret, &s, (struct adit_span){auth, n}),
			 ADIT_OK);
	for (size_t at = 0; at < n; at++) {
		auth[at] ^= 1;
		assert_int_equal(adit_auth_psk_verify(prf, secret, &s, (struct adit_span){auth, n}),
				 ADIT_ERR_AUTH);
		auth[at] ^= 1;
	}
}

static enum adit_status
fill_secret(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 7, n);
	watch_secret(out, n);
	return ADIT_OK;
}

static void
cookie(const void *with)
{
	static const struct adit_rng rng = {NULL, fill_secret};
	const struct adit_ip ip = {4, {192, 0, 2, 1}};
	const struct adit_cookie_of of = {with, {ni, sizeof ni}, spi_i, &ip};
	struct adit_cookie_jar jar;
	uint8_t c[ADIT_COOKIE_LEN];

	memset(&jar, 0, sizeof jar);
	assert_int_equal(adit_cookie_rotate(&jar, &rng, 1000), ADIT_OK);
	assert_int_equal(adit_cookie_make(&jar, &of, c), ADIT_OK);
	watch_public(c, sizeof c); /* it goes over the wire */
	assert_int_equal(adit_cookie_check(&jar, &of, (struct adit_span){c, sizeof c}), ADIT_OK);
	for (size_t at = 1; at < sizeof c; at++) {
		c[at] ^= 1;
		assert_int_equal(adit_cookie_check(&jar, &of, (struct adit_span){c, sizeof c}),
				 ADIT_ERR_COOKIE);
		c[at] ^= 1;
	}
}

static void
keymat(const void *with)
{
	const struct adit_ike_suite suite = {with, &adit_mbedtls_prf_hmac_sha256, NULL, false, 1};
	uint8_t secret[32] = {8};
	const struct adit_keymat_seed seed = {
		{ni, sizeof ni}, {nr, sizeof nr}, {secret, sizeof secret}, spi_i, spi_r};
	struct adit_ike_keys keys;
	struct adit_child_keys child;
	struct adit_keymat_child_seed child_seed = {
		suite.prf, {NULL, 0}, {secret, sizeof secret}, seed.ni, seed.nr};

	watch_secret(secret, sizeof secret);
	assert_int_equal(adit_keymat_ike(&keys, &suite, &seed), ADIT_OK);
	child_seed.sk_d = adit_keymat_sk_d(&keys);
	assert_int_equal(adit_keymat_child(&child, with, &child_seed), ADIT_OK);
}

/* --- The SK payload. */

static void
make_message(struct adit_protect *p, struct adit_buf b, size_t *len)
{
	static const uint8_t data[70] = {1};
	struct adit_ike_header h;
	struct adit_ike_writer m;

	memset(&h, 0, sizeof h);
	h.exchange = ADIT_EXCHANGE_INFORMATIONAL;
	adit_protect_start(&m, b, &h, p->aead);
	adit_ike_put_notify_data(&m, 40000, (struct adit_span){data, sizeof data});
	assert_int_equal(adit_protect_end(&m, p, len), ADIT_OK);
}

static enum adit_status
open_message(struct adit_protect *p, uint8_t *msg, size_t n)
{
	struct adit_ike_header h;
	struct adit_ike_chain chain;
	struct adit_span inner;
	uint8_t first;

	assert_int_equal(adit_ike_get_header((struct adit_span){msg, n}, &h), ADIT_OK);
	assert_int_equal(adit_ike_get_chain((struct adit_span){msg + ADIT_IKE_HEADER_LEN,
							       n - ADIT_IKE_HEADER_LEN},
					    h.first_payload, &chain),
			 ADIT_OK);
	return adit_protect_open(p, msg, &chain, &first, &inner);
}

static void
message(const void *with)
{
	struct adit_aead aead = watch_aead(with);
	uint8_t key[ADIT_AEAD_KEY_MAX] = {1}, msg[512], copy[512];
	struct adit_protect p;
	size_t n;

	watch_secret(key, sizeof key);
	assert_int_equal(
		adit_protect_key(&p, &aead, (struct adit_span){key, adit_aead_key_len(&aead)}),
		ADIT_OK);
	make_message(&p, (struct adit_buf){msg, sizeof msg}, &n);
	for (size_t at = n - aead.icv_len; at < n; at++) {
		memcpy(copy, msg, n);
		copy[at] ^= 1;
		assert_int_equal(open_message(&p, copy, n), ADIT_ERR_ICV);
	}
	assert_int_equal(open_message(&p, msg, n), ADIT_OK);
	adit_protect_wipe(&p);
}

/* --- Key exchange: what is around mbedTLS's big numbers. */

static void
key_exchange(const void *with)
{
	const struct adit_ke *ke = with;
	struct pair_rng state = {42, false};
	const struct adit_rng rng = {&state, pair_rng_fill};
	static uint8_t priv[ADIT_KE_PRIVATE_MAX], peer_priv[ADIT_KE_PRIVATE_MAX];
	static uint8_t pub[ADIT_KE_PUBLIC_MAX], peer_pub[ADIT_KE_PUBLIC_MAX];
	static uint8_t secret[ADIT_KE_PUBLIC_MAX];

	assert_int_equal(ke->generate(&rng, priv, pub), ADIT_OK);
	assert_int_equal(ke->generate(&rng, peer_priv, peer_pub), ADIT_OK);
	watch_secret(priv, sizeof priv);
	assert_int_equal(
		ke->shared(&rng, priv, (struct adit_span){peer_pub, ke->public_len}, secret),
		ADIT_OK);
}

/* --- Both engines: the secrets are PSK, private values, g^ir and all that is made of them. */

struct secrets {
	struct adit_aead aead;
	struct adit_ke ke;
	const struct adit_aead *aeads[2];
	const struct adit_prf *prfs[2];
	const struct adit_ke *kes[2];
	struct adit_crypto crypto;
	uint8_t psk[2][20];
};

static void
set_secrets(struct pair *pair, struct secrets *s, const struct adit_aead *aead)
{
	s->aead = watch_aead(aead);
	s->ke = watch_ke(&adit_mbedtls_curve25519);
	s->aeads[0] = &s->aead;
	s->prfs[0] = &adit_mbedtls_prf_hmac_sha256;
	s->kes[0] = &s->ke;
	s->crypto = (struct adit_crypto){"watched", s->aeads, NULL,
					 s->prfs,   s->kes,   &adit_mbedtls_sha1};
	watch_secret(s->psk, sizeof s->psk);
	pair->a.cfg.crypto = pair->b.cfg.crypto = &s->crypto;
	pair->a.peer.psk = (struct adit_span){s->psk[0], sizeof s->psk[0]};
	pair->b.peer.psk = (struct adit_span){s->psk[1], sizeof s->psk[1]};
}

/* It is over: what came of it is looked at. */
static void
publish_keys(struct pair_side *side)
{
	watch_public(side->in_key, sizeof side->in_key);
	watch_public(side->out_key, sizeof side->out_key);
}

/* pair_connect() would compare keys while they are secret. */
static void
connect(struct pair *pair)
{
	pair_open(pair);
	pair_start(pair);
	pair_run(pair);
}

static void
handshake(const void *with)
{
	static struct pair pair;
	struct secrets s = {.psk = {{1}, {1}}};

	pair_defaults(&pair, 1);
	set_secrets(&pair, &s, with);
	connect(&pair);
	publish_keys(&pair.a);
	publish_keys(&pair.b);
	assert_true(pair_is_up(&pair));
	assert_int_equal(adit_ike_delete(&pair.a.ike, pair.now, pair.a.events[0].ike), ADIT_OK);
	pair_run(&pair);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_IKE_DOWN), 1);
	adit_ike_wipe(&pair.a.ike);
	adit_ike_wipe(&pair.b.ike);
}

static void
handshake_refused(const void *with)
{
	static struct pair pair;
	struct secrets s = {.psk = {{1}, {2}}};

	pair_defaults(&pair, 2);
	set_secrets(&pair, &s, with);
	connect(&pair);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_IKE_UP), 0);
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->reason, ADIT_ERR_AUTH);
	adit_ike_wipe(&pair.a.ike);
	adit_ike_wipe(&pair.b.ike);
}

#define WITH(run, object)                                            \
	{                                                            \
#run "_" #object, run, &adit_mbedtls_##object, false \
	}

static struct watch cases[] = {
	WITH(auth_compare, prf_hmac_sha1),
	WITH(auth_compare, prf_hmac_sha256),
	WITH(auth_compare, prf_hmac_sha384),
	WITH(auth_compare, prf_hmac_sha512),
	WITH(cookie, prf_hmac_sha1),
	WITH(cookie, prf_hmac_sha256),
	WITH(keymat, aes128_gcm16),
	WITH(keymat, aes256_cbc_sha512),
	WITH(message, aes128_gcm16),
	WITH(message, chacha20_poly1305),
	WITH(message, aes128_cbc_sha256),
	WITH(key_exchange, curve25519),
	WITH(key_exchange, ecp256),
	WITH(key_exchange, ecp384),
	WITH(key_exchange, ecp521),
	WITH(key_exchange, modp2048),
	WITH(handshake, aes128_gcm16),
	WITH(handshake, aes128_cbc_sha256),
	WITH(handshake_refused, aes128_gcm16),
};

int
main(void)
{
	struct CMUnitTest tests[sizeof cases / sizeof cases[0]];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		tests[i] = (struct CMUnitTest){cases[i].name, watch_test, NULL, NULL, &cases[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
