/* Project Wycheproof: AEADs, HMACs and key exchange of the mbedTLS provider. Read from ../shared
 * (or $ADIT_SHARED), never copied; skipped where that is absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "support/json.h"

#define FOLDER "vectors/wycheproof/"
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct bytes {
	uint8_t *p;
	size_t n;
};

static struct bytes
get(const struct json *j, const char *key)
{
	struct bytes b;

	b.p = json_hex(json_get(j, key), &b.n);
	assert_non_null(b.p);
	return b;
}

static struct adit_span
span(struct bytes b)
{
	return (struct adit_span){b.p, b.n};
}

static bool
is(const struct json *j, const char *result)
{
	return strcmp(json_text(json_get(j, "result")), result) == 0;
}

static bool
has_flag(const struct json *test, const char *flag)
{
	for (const struct json *f = json_at(json_get(test, "flags"), 0); f; f = f->next)
		if (strcmp(json_text(f), flag) == 0)
			return true;
	return false;
}

/* Runs `one` on every test of a file; it says whether the test is of a form that IPsec has. */
static void
run_file(const char *name, bool (*one)(const struct json *group, const struct json *test))
{
	char path[128];
	struct json *root;
	unsigned run = 0, left = 0;

	snprintf(path, sizeof path, FOLDER "%s_test.json", name);
	root = json_load(json_shared(path));
	if (root == NULL) {
		printf("wycheproof %s: skipped: ../shared is not here\n", name);
		skip();
	}
	for (const struct json *g = json_at(json_get(root, "testGroups"), 0); g; g = g->next)
		for (const struct json *t = json_at(json_get(g, "tests"), 0); t; t = t->next)
			one(g, t) ? run++ : left++;
	printf("wycheproof %s: %u run, %u skipped (of a form that IPsec has not)\n", name, run,
	       left);
	assert_true(run > 0);
	json_free(root);
}

/* --- AEADs: a 12-byte nonce is salt and IV (RFC 4106 4, RFC 7634 2). */

enum { SALT = 4, NONCE_BITS = 96, TAG_BITS = 128 };

static void
check_aead(const struct adit_aead *aead, const struct json *test)
{
	struct bytes key = get(test, "key"), iv = get(test, "iv"), aad = get(test, "aad");
	struct bytes msg = get(test, "msg"), ct = get(test, "ct"), tag = get(test, "tag");
	uint8_t whole[64], icv[16];
	union adit_keyctx kc;
	struct adit_aead_op op;

	memcpy(whole, key.p, key.n);
	memcpy(whole + key.n, iv.p, SALT);
	assert_int_equal(aead->setkey(aead, &kc, (struct adit_span){whole, key.n + SALT}), ADIT_OK);
	memset(&op, 0, sizeof op);
	op.iv = iv.p + SALT;
	op.aad = span(aad);
	op.data = msg.p;
	op.len = msg.n;
	op.icv = icv;
	aead->seal(aead, &kc, &op, 1);
	assert_int_equal(op.status, ADIT_OK);
	assert_int_equal(memcmp(icv, tag.p, tag.n) == 0 && memcmp(msg.p, ct.p, ct.n) == 0,
			 is(test, "valid"));
	op.data = ct.p;
	op.icv = tag.p;
	aead->open(aead, &kc, &op, 1);
	assert_int_equal(op.status, is(test, "valid") ? ADIT_OK : ADIT_ERR_ICV);
	aead->wipe(aead, &kc);
	free(key.p);
	free(iv.p);
	free(aad.p);
	free(msg.p);
	free(ct.p);
	free(tag.p);
}

static bool
is_esp_form(const struct json *group)
{
	return json_long(json_get(group, "ivSize")) == NONCE_BITS &&
	       json_long(json_get(group, "tagSize")) == TAG_BITS;
}

static bool
one_gcm(const struct json *group, const struct json *test)
{
	long long bits = json_long(json_get(group, "keySize"));
	const struct adit_aead *aead = adit_crypto_aead(&adit_mbedtls_modern, ADIT_ENCR_AES_GCM_16,
							(uint16_t)bits, ADIT_AUTH_NONE);

	if (!is_esp_form(group) || aead == NULL)
		return false;
	check_aead(aead, test);
	return true;
}

static bool
one_chacha(const struct json *group, const struct json *test)
{
	if (!is_esp_form(group))
		return false;
	check_aead(&adit_mbedtls_chacha20_poly1305, test);
	return true;
}

static void
test_aes_gcm(void **state)
{
	(void)state;
	run_file("aes_gcm", one_gcm);
}

static void
test_chacha20_poly1305(void **state)
{
	(void)state;
	run_file("chacha20_poly1305", one_chacha);
}

/* --- HMACs. */

static void
check_mac(const struct adit_mac *mac, const struct json *test)
{
	struct bytes key = get(test, "key"), msg = get(test, "msg"), tag = get(test, "tag");
	struct adit_span parts[2] = {{msg.p, msg.n / 2}, {msg.p + msg.n / 2, msg.n - msg.n / 2}};
	union adit_mac_ctx kc;
	uint8_t out[ADIT_HASH_MAX];

	assert_true(tag.n <= mac->out_len);
	assert_int_equal(mac->setkey(mac, &kc, span(key)), ADIT_OK);
	assert_int_equal(mac->sum(mac, &kc, parts, 2, out), ADIT_OK);
	assert_int_equal(memcmp(out, tag.p, tag.n) == 0, is(test, "valid"));
	mac->wipe(mac, &kc);
	free(key.p);
	free(msg.p);
	free(tag.p);
}

#define MAC_TEST(name)                                                            \
	static bool one_##name(const struct json *group, const struct json *test) \
	{                                                                         \
		(void)group;                                                      \
		check_mac(&adit_mbedtls_##name, test);                            \
		return true;                                                      \
	}                                                                         \
	static void test_##name(void **state)                                     \
	{                                                                         \
		(void)state;                                                      \
		run_file(#name, one_##name);                                      \
	}

MAC_TEST(hmac_sha1)
MAC_TEST(hmac_sha256)
MAC_TEST(hmac_sha384)
MAC_TEST(hmac_sha512)

/* --- Key exchange. */

static enum adit_status
not_random(void *ctx, uint8_t *out, size_t n)
{
	uint8_t *next = ctx;

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(*next = (uint8_t)(*next * 5 + 1));
	return ADIT_OK;
}

/* shared() with a private value in the object's form, padded in front. */
static enum adit_status
exchange(const struct adit_ke *ke, const uint8_t *priv, struct adit_span peer, uint8_t *secret)
{
	uint8_t seed = 1;
	const struct adit_rng rng = {&seed, not_random};

	return ke->shared(&rng, priv, peer, secret);
}

/* The subject public key infos of the named curves, up to the bit string's contents. */
static const char p256_info[] = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";
static const char p384_info[] = "3076301006072a8648ce3d020106052b8104002203620004";
static const char p521_info[] = "30819b301006072a8648ce3d020106052b810400230381860004";

static bool
check_ecdh(const struct adit_ke *ke, const char *info, const struct json *test)
{
	const char *public_hex = json_text(json_get(test, "public"));
	struct bytes peer, priv, want;
	uint8_t scalar[72] = {0}, secret[ADIT_KE_PUBLIC_MAX];
	size_t skip_n = strlen(info) / 2, extra;
	enum adit_status st;

	/* IKE has no ASN.1: only well-formed ones of the right curve have a KE payload's form. */
	if (strncmp(public_hex, info, strlen(info)) != 0 ||
	    strlen(public_hex) / 2 != skip_n + ke->public_len)
		return false;
	peer = get(test, "public");
	priv = get(test, "private");
	want = get(test, "shared");
	extra = priv.n > ke->private_len ? priv.n - ke->private_len : 0;
	memcpy(scalar + ke->private_len - (priv.n - extra), priv.p + extra, priv.n - extra);
	st = exchange(ke, scalar, (struct adit_span){peer.p + skip_n, ke->public_len}, secret);
	/* "Acceptable": damaged in a way that some ASN.1 parsers pass over. */
	if (is(test, "invalid") || (is(test, "acceptable") && st != ADIT_OK)) {
		assert_int_equal(st, ADIT_ERR_KE);
	} else {
		assert_int_equal(st, ADIT_OK);
		assert_int_equal(want.n, ke->secret_len);
		assert_memory_equal(secret, want.p, want.n);
	}
	free(peer.p);
	free(priv.p);
	free(want.p);
	return true;
}

#define ECDH_TEST(curve, object, info)                                             \
	static bool one_##curve(const struct json *group, const struct json *test) \
	{                                                                          \
		(void)group;                                                       \
		return check_ecdh(&adit_mbedtls_##object, info, test);             \
	}                                                                          \
	static void test_ecdh_##curve(void **state)                                \
	{                                                                          \
		(void)state;                                                       \
		run_file("ecdh_" #curve, one_##curve);                             \
	}

ECDH_TEST(secp256r1, ecp256, p256_info)
ECDH_TEST(secp384r1, ecp384, p384_info)
ECDH_TEST(secp521r1, ecp521, p521_info)

static bool
one_x25519(const struct json *group, const struct json *test)
{
	struct bytes peer = get(test, "public"), priv = get(test, "private");
	struct bytes want = get(test, "shared");
	uint8_t secret[32];
	enum adit_status st;

	(void)group;
	/* Private values are stored clamped (RFC 7748 5). */
	assert_int_equal(priv.n, 32);
	priv.p[0] &= 248;
	priv.p[31] = (uint8_t)((priv.p[31] & 127) | 64);
	st = exchange(&adit_mbedtls_curve25519, priv.p, span(peer), secret);
	if (has_flag(test, "ZeroSharedSecret")) {
		assert_int_equal(st, ADIT_ERR_KE);
	} else {
		assert_int_equal(st, ADIT_OK);
		assert_memory_equal(secret, want.p, sizeof secret);
	}
	free(peer.p);
	free(priv.p);
	free(want.p);
	return true;
}

static void
test_x25519(void **state)
{
	(void)state;
	run_file("x25519", one_x25519);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aes_gcm),        cmocka_unit_test(test_chacha20_poly1305),
		cmocka_unit_test(test_hmac_sha1),      cmocka_unit_test(test_hmac_sha256),
		cmocka_unit_test(test_hmac_sha384),    cmocka_unit_test(test_hmac_sha512),
		cmocka_unit_test(test_ecdh_secp256r1), cmocka_unit_test(test_ecdh_secp384r1),
		cmocka_unit_test(test_ecdh_secp521r1), cmocka_unit_test(test_x25519),
	};

	return cmocka_run_group_tests_name("wycheproof", tests, NULL, NULL);
}
