/* Offering, choosing and checking proposals. Attack corpus: SA-05 to SA-07, SA-09 to SA-11, KE-05,
 * KE-06. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"
#include "ike/negotiate.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

#define ENCR(id, bits)                        \
	{                                     \
		ADIT_TRANSFORM_ENCR, id, bits \
	}
#define GCM(bits) ENCR(ADIT_ENCR_AES_GCM_16, bits)
#define CBC(bits) ENCR(ADIT_ENCR_AES_CBC, bits)
#define INTEG(id)                           \
	{                                   \
		ADIT_TRANSFORM_INTEG, id, 0 \
	}
#define SHA256 INTEG(ADIT_AUTH_HMAC_SHA2_256_128)
#define SHA512 INTEG(ADIT_AUTH_HMAC_SHA2_512_256)
#define NO_INTEG INTEG(ADIT_AUTH_NONE)
#define PRF(id)                           \
	{                                 \
		ADIT_TRANSFORM_PRF, id, 0 \
	}
#define PRF256 PRF(ADIT_PRF_HMAC_SHA2_256)
#define KE(id)                           \
	{                                \
		ADIT_TRANSFORM_KE, id, 0 \
	}
#define X25519 KE(ADIT_KE_CURVE25519)
#define P256 KE(ADIT_KE_ECP_256)
#define SN(v)                           \
	{                               \
		ADIT_TRANSFORM_SN, v, 0 \
	}

static const uint8_t esp_spi[4] = {0xc0, 1, 2, 3};

/* An SA payload's body as a peer might write it. */
struct body {
	uint8_t bytes[2048];
	struct adit_ike_writer m;
	struct adit_ike_sa_writer s;
};

static void
begin(struct body *b)
{
	struct adit_ike_header h;

	memset(&h, 0, sizeof h);
	adit_ike_put_start(&b->m, (struct adit_buf){b->bytes, sizeof b->bytes}, &h);
	adit_ike_put_sa(&b->s, &b->m);
}

static void
add(struct body *b, uint8_t number, uint8_t protocol, const struct adit_transform *t, size_t n)
{
	struct adit_span spi = {esp_spi, protocol == ADIT_IKE_PROTO_ESP ? sizeof esp_spi : 0};

	adit_ike_put_proposal(&b->s, number, protocol, spi);
	for (size_t i = 0; i < n; i++)
		adit_ike_put_transform(&b->s, &t[i]);
}

static struct adit_span
body_of(struct adit_ike_writer *m)
{
	size_t len = 0;

	assert_int_equal(adit_ike_put_end(m, &len), ADIT_OK);
	return (struct adit_span){m->w.base + 32, len - 32};
}

static struct adit_span
end(struct body *b)
{
	adit_ike_put_sa_end(&b->s);
	return body_of(&b->m);
}

#define ONE(b, protocol, ...)                                              \
	one((b), (protocol), (const struct adit_transform[]){__VA_ARGS__}, \
	    COUNT(((const struct adit_transform[]){__VA_ARGS__})))
static struct adit_span
one(struct body *b, uint8_t protocol, const struct adit_transform *t, size_t n)
{
	begin(b);
	add(b, 0, protocol, t, n);
	return end(b);
}

static const struct adit_transform ike_t[] = {GCM(256), GCM(128), PRF256, X25519, P256};
static const struct adit_transform ike_cbc_t[] = {CBC(128), SHA256, PRF256, P256};
static const struct adit_transform esp_t[] = {GCM(128)};
static const struct adit_transform esp_cbc_t[] = {CBC(256), SHA512, SHA256, SN(1), SN(0)};
static const struct adit_proposal ike_p[] = {{ike_t, COUNT(ike_t)}, {ike_cbc_t, COUNT(ike_cbc_t)}};
static const struct adit_proposal esp_p[] = {{esp_t, COUNT(esp_t)}, {esp_cbc_t, COUNT(esp_cbc_t)}};

static const struct adit_offer ike = {&adit_mbedtls_modern, ike_p, 2, ADIT_IKE_PROTO_IKE};
static const struct adit_offer esp = {&adit_mbedtls_modern, esp_p, 2, ADIT_IKE_PROTO_ESP};
static const struct adit_offer ike_all = {&adit_mbedtls_modern, NULL, 0, ADIT_IKE_PROTO_IKE};
static const struct adit_offer esp_all = {&adit_mbedtls_modern, NULL, 0, ADIT_IKE_PROTO_ESP};

static struct adit_ike_suite suite;
static struct adit_span spi;

static struct adit_span
offered(struct body *b, const struct adit_offer *offer)
{
	struct adit_span s = {esp_spi, offer->protocol == ADIT_IKE_PROTO_ESP ? sizeof esp_spi : 0};
	struct adit_ike_header h;

	memset(&h, 0, sizeof h);
	adit_ike_put_start(&b->m, (struct adit_buf){b->bytes, sizeof b->bytes}, &h);
	adit_negotiate_put_offer(&b->m, offer, s);
	return body_of(&b->m);
}

static void
test_offer_is_a_good_payload_with_all_that_is_configured(void **state)
{
	struct body b;
	struct adit_span rest = offered(&b, &esp);
	struct adit_ike_proposal p;

	(void)state;
	assert_int_equal(adit_ike_check_sa(rest), ADIT_OK);
	assert_true(adit_ike_proposal_next(&rest, &p));
	assert_int_equal(p.transform_count, 2); /* GCM, and the number form that is understood */
	assert_memory_equal(p.spi.p, esp_spi, 4);
	assert_true(adit_ike_proposal_next(&rest, &p));
	assert_int_equal(p.transform_count, 5);
	assert_false(adit_ike_proposal_next(&rest, &p));
}

static bool
is_combined(const struct adit_transform *t)
{
	return adit_crypto_aead(&adit_mbedtls_modern, t->id, t->key_bits, ADIT_AUTH_NONE) != NULL;
}

static void
test_offer_of_all_keeps_combined_modes_apart(void **state)
{
	struct body b;
	struct adit_span rest = offered(&b, &ike_all);
	struct adit_ike_proposal p;
	unsigned aeads = 0;

	(void)state;
	assert_int_equal(adit_ike_check_sa(rest), ADIT_OK);
	while (adit_ike_proposal_next(&rest, &p)) {
		unsigned combined = 0, ciphers = 0, macs = 0;
		struct adit_ike_transform t;

		while (adit_ike_transform_next(&p.transforms, &t)) {
			ciphers += t.t.type == ADIT_TRANSFORM_ENCR;
			combined += t.t.type == ADIT_TRANSFORM_ENCR && is_combined(&t.t);
			macs += t.t.type == ADIT_TRANSFORM_INTEG;
		}
		assert_true(combined == 0 || (combined == ciphers && macs == 0));
		aeads += combined != 0 ? combined : ciphers * macs;
	}
	for (unsigned i = 0; adit_mbedtls_modern.aead[i] != NULL; i++)
		aeads--;
	assert_int_equal(aeads, 0); /* each AEAD once, and none that isn't built */
}

static void
test_offer_of_all_with_ciphers_that_go_with_one_mac_only(void **state)
{
	static const struct adit_aead *const list[] = {
		&adit_mbedtls_aes128_cbc_sha256, &adit_mbedtls_aes256_cbc_sha256,
		&adit_mbedtls_aes256_cbc_sha512, &adit_mbedtls_aes256_gcm16, NULL};
	/* The one that has no partner is not the first. */
	static const struct adit_aead *const other_order[] = {NULL,
							      &adit_mbedtls_aes256_cbc_sha256,
							      &adit_mbedtls_aes128_cbc_sha256,
							      &adit_mbedtls_aes256_cbc_sha512,
							      &adit_mbedtls_aes256_gcm16,
							      NULL};
	struct adit_crypto crypto = adit_mbedtls_modern;
	struct adit_offer offer = {&crypto, NULL, 0, ADIT_IKE_PROTO_ESP};
	struct adit_transform t;

	(void)state;
	crypto.aead = list;
	assert_int_equal(adit_offer_check(&offer), ADIT_OK);
	assert_int_equal(adit_offer_proposals(&offer), 3);
	crypto.aead = other_order + 1;
	assert_int_equal(adit_offer_proposals(&offer), 3);
	crypto.aead = list;
	assert_true(adit_offer_nth(&offer, 0, ADIT_TRANSFORM_ENCR, 1, &t));
	assert_false(adit_offer_nth(&offer, 0, ADIT_TRANSFORM_INTEG, 1, &t));
	assert_false(adit_offer_nth(&offer, 1, ADIT_TRANSFORM_ENCR, 1, &t));
	assert_false(adit_offer_nth(&offer, 2, ADIT_TRANSFORM_INTEG, 0, &t));
	assert_false(adit_offer_nth(&offer, 3, ADIT_TRANSFORM_ENCR, 0, &t));
}

static void
test_offer_of_all_says_much_in_few_proposals(void **state)
{
	struct adit_transform t;

	(void)state;
	/* Combined modes; and every cipher with every MAC. */
	assert_int_equal(adit_offer_proposals(&ike_all), 2);
	assert_int_equal(adit_offer_proposals(&esp_all), 2);
	assert_false(adit_offer_nth(&esp_all, 0, ADIT_TRANSFORM_INTEG, 0, &t));
	assert_true(adit_offer_nth(&esp_all, 1, ADIT_TRANSFORM_INTEG, 2, &t));
	assert_false(adit_offer_nth(&esp_all, 1, ADIT_TRANSFORM_INTEG, 3, &t));
	assert_false(adit_offer_nth(&esp_all, 2, ADIT_TRANSFORM_ENCR, 0, &t));
	for (uint16_t sn = 0; sn < 2; sn++) {
		assert_true(adit_offer_nth(&esp_all, 0, ADIT_TRANSFORM_SN, sn, &t));
		assert_int_equal(t.id, sn);
	}
	assert_false(adit_offer_nth(&esp_all, 0, ADIT_TRANSFORM_SN, 2, &t));
	assert_false(adit_offer_nth(&esp_all, 0, ADIT_TRANSFORM_PRF, 0, &t));
	assert_false(adit_offer_nth(&esp_all, 0, ADIT_TRANSFORM_KE, 0, &t));
	assert_false(adit_offer_nth(&ike_all, 0, ADIT_TRANSFORM_SN, 0, &t));
	assert_false(adit_offer_nth(&esp, 2, ADIT_TRANSFORM_SN, 0, &t));
}

static enum adit_status
check_one(uint8_t protocol, const struct adit_transform *t, size_t n)
{
	struct adit_proposal p = {t, (uint8_t)n};
	struct adit_offer offer = {&adit_mbedtls_modern, &p, 1, protocol};

	return adit_offer_check(&offer);
}
#define CHECK(protocol, ...)                                                \
	check_one((protocol), (const struct adit_transform[]){__VA_ARGS__}, \
		  COUNT(((const struct adit_transform[]){__VA_ARGS__})))

static void
test_offers_that_can_t_work_are_refused(void **state)
{
	enum { I = ADIT_IKE_PROTO_IKE, E = ADIT_IKE_PROTO_ESP };

	(void)state;
	assert_int_equal(adit_offer_check(&ike), ADIT_OK);
	assert_int_equal(adit_offer_check(&esp), ADIT_OK);
	assert_int_equal(adit_offer_check(&ike_all), ADIT_OK);
	assert_int_equal(adit_offer_check(&esp_all), ADIT_OK);
	assert_int_equal(CHECK(E, GCM(128), X25519), ADIT_OK); /* for rekeying */
	assert_int_equal(CHECK(I, PRF256, X25519), ADIT_ERR_CONFIG);
	assert_int_equal(CHECK(I, GCM(128), X25519), ADIT_ERR_CONFIG);
	assert_int_equal(CHECK(I, GCM(128), PRF256), ADIT_ERR_CONFIG);
	assert_int_equal(CHECK(I, GCM(128), PRF256, X25519, SN(0)), ADIT_ERR_CONFIG);
	assert_int_equal(CHECK(E, GCM(100)), ADIT_ERR_CONFIG);
	assert_int_equal(CHECK(E, GCM(128), PRF256), ADIT_ERR_CONFIG);
	assert_int_equal(CHECK(E, GCM(128), SHA256), ADIT_ERR_CONFIG);
	assert_int_equal(CHECK(E, GCM(128), CBC(128), SHA256), ADIT_ERR_CONFIG);
	assert_int_equal(CHECK(E, CBC(128)), ADIT_ERR_CONFIG);
	assert_int_equal(CHECK(E, CBC(128), NO_INTEG), ADIT_ERR_CONFIG);
	assert_int_equal(CHECK(E, CBC(128), INTEG(5)), ADIT_ERR_CONFIG);
	assert_int_equal(CHECK(E, GCM(128), SN(2)), ADIT_ERR_CONFIG);
	assert_int_equal(CHECK(E, GCM(128), {6, 1, 0}), ADIT_ERR_CONFIG);
	assert_int_equal(CHECK(E, ENCR(11, 0), SHA256), ADIT_ERR_CONFIG); /* ENCR_NULL */
}

/* Not in the first proposal alone, nor in its first transform. */
static void
test_each_transform_of_an_offer_must_be_built(void **state)
{
	const struct adit_transform good[] = {GCM(128), GCM(256)};
	const struct adit_transform bad[] = {GCM(128), GCM(100)};
	struct adit_offer offer = esp;

	(void)state;
	for (unsigned wrong = 0; wrong < 4; wrong++) {
		struct adit_proposal proposals[3];

		for (unsigned p = 0; p < 3; p++)
			proposals[p] = (struct adit_proposal){p == wrong ? bad : good, 2};
		offer.proposals = proposals;
		offer.count = 3;
		assert_int_equal(adit_offer_check(&offer), wrong < 3 ? ADIT_ERR_CONFIG : ADIT_OK);
	}
}

static void
test_key_exchange_methods_are_found_in_the_offer_alone(void **state)
{
	(void)state;
	assert_ptr_equal(adit_offer_first_ke(&ike), &adit_mbedtls_curve25519);
	assert_ptr_equal(adit_offer_first_ke(&ike_all), adit_mbedtls_modern.ke[0]);
	assert_null(adit_offer_first_ke(&esp));
	assert_ptr_equal(adit_offer_ke(&ike, ADIT_KE_ECP_256), &adit_mbedtls_ecp256);
	assert_null(adit_offer_ke(&ike, ADIT_KE_MODP_2048)); /* KE-06: built, but not configured */
	assert_null(adit_offer_ke(&ike, 0));
}

static void
test_choose_prefers_our_order(void **state)
{
	struct body b;
	struct adit_span body;

	(void)state;
	begin(&b);
	add(&b, 0, ADIT_IKE_PROTO_IKE, ike_cbc_t, COUNT(ike_cbc_t));
	add(&b, 0, ADIT_IKE_PROTO_IKE,
	    (const struct adit_transform[]){GCM(128), GCM(256), PRF256, P256, X25519}, 5);
	body = end(&b);
	assert_int_equal(adit_negotiate_choose(&ike, body, ADIT_KE_CURVE25519, &suite, &spi),
			 ADIT_OK);
	assert_ptr_equal(suite.aead, &adit_mbedtls_aes256_gcm16);
	assert_ptr_equal(suite.prf, &adit_mbedtls_prf_hmac_sha256);
	assert_ptr_equal(suite.ke, &adit_mbedtls_curve25519);
	assert_int_equal(suite.number, 2);
	assert_int_equal(spi.n, 0);
}

static void
test_choose_takes_the_method_that_was_sent_if_it_may(void **state)
{
	struct body b;
	struct adit_span body = ONE(&b, ADIT_IKE_PROTO_IKE, GCM(128), PRF256, X25519, P256);

	(void)state;
	assert_int_equal(adit_negotiate_choose(&ike, body, ADIT_KE_ECP_256, &suite, &spi), ADIT_OK);
	assert_ptr_equal(suite.ke, &adit_mbedtls_ecp256);
}

static void
test_choose_ke_05_tells_the_method_wanted(void **state)
{
	struct body b;
	struct adit_span body =
		ONE(&b, ADIT_IKE_PROTO_IKE, GCM(128), PRF256, KE(ADIT_KE_MODP_2048), P256);

	(void)state;
	assert_int_equal(adit_negotiate_choose(&ike, body, ADIT_KE_MODP_2048, &suite, &spi),
			 ADIT_ERR_KE);
	assert_int_equal(suite.ke->id, ADIT_KE_ECP_256);
	assert_int_equal(adit_negotiate_choose(&ike, body, 1024, &suite, &spi), ADIT_ERR_KE);
	assert_int_equal(suite.ke->id, ADIT_KE_ECP_256);
}

static void
test_choose_takes_combined_modes_with_no_mac_or_none(void **state)
{
	struct body b;
	struct adit_span body;

	(void)state;
	body = ONE(&b, ADIT_IKE_PROTO_ESP, GCM(128), NO_INTEG, SN(0));
	assert_int_equal(adit_negotiate_choose(&esp, body, 0, &suite, &spi), ADIT_OK);
	assert_ptr_equal(suite.aead, &adit_mbedtls_aes128_gcm16);
	assert_false(suite.esn);
	assert_null(suite.prf);
	assert_null(suite.ke);
	assert_int_equal(spi.n, 4);
	assert_memory_equal(spi.p, esp_spi, 4);
	body = ONE(&b, ADIT_IKE_PROTO_ESP, GCM(128), SHA256, SN(0));
	assert_int_equal(adit_negotiate_choose(&esp, body, 0, &suite, &spi), ADIT_ERR_NO_PROPOSAL);
	/* A mixed proposal still has its cipher with a MAC. */
	body = ONE(&b, ADIT_IKE_PROTO_ESP, GCM(128), CBC(256), SHA256, SN(0));
	assert_int_equal(adit_negotiate_choose(&esp, body, 0, &suite, &spi), ADIT_OK);
	assert_ptr_equal(suite.aead, &adit_mbedtls_aes256_cbc_sha256);
}

static void
test_choose_takes_our_preferred_number_form(void **state)
{
	struct body b;
	struct adit_span body = ONE(&b, ADIT_IKE_PROTO_ESP, CBC(256), SHA256, SN(0), SN(1));

	(void)state;
	assert_int_equal(adit_negotiate_choose(&esp, body, 0, &suite, &spi), ADIT_OK);
	assert_true(suite.esn);
	assert_int_equal(adit_negotiate_choose(&esp_all, body, 0, &suite, &spi), ADIT_OK);
	assert_false(suite.esn);
}

static void
test_choose_of_esp_in_ike_auth_takes_no_key_exchange_but_none(void **state)
{
	struct body b;
	struct adit_span body = ONE(&b, ADIT_IKE_PROTO_ESP, GCM(128), KE(0), SN(0));

	(void)state;
	assert_int_equal(adit_negotiate_choose(&esp, body, 0, &suite, &spi), ADIT_OK);
	body = ONE(&b, ADIT_IKE_PROTO_ESP, GCM(128), KE(0), X25519, SN(0));
	assert_int_equal(adit_negotiate_choose(&esp, body, 0, &suite, &spi), ADIT_OK);
	body = ONE(&b, ADIT_IKE_PROTO_ESP, GCM(128), X25519, SN(0));
	assert_int_equal(adit_negotiate_choose(&esp, body, 0, &suite, &spi), ADIT_ERR_NO_PROPOSAL);
}

static void
assert_not_chosen(const struct adit_offer *offer, struct adit_span body)
{
	assert_int_equal(adit_negotiate_choose(offer, body, ADIT_KE_CURVE25519, &suite, &spi),
			 ADIT_ERR_NO_PROPOSAL);
	assert_null(suite.aead);
}

static void
test_choose_sa_06_takes_no_proposal_that_lacks_a_type(void **state)
{
	enum { I = ADIT_IKE_PROTO_IKE, E = ADIT_IKE_PROTO_ESP };
	struct body b;

	(void)state;
	assert_not_chosen(&ike_all, ONE(&b, I, PRF256, X25519));
	assert_not_chosen(&ike_all, ONE(&b, I, GCM(128), X25519));
	assert_not_chosen(&ike_all, ONE(&b, I, GCM(128), PRF256));
	assert_not_chosen(&ike_all, ONE(&b, I, CBC(128), PRF256, X25519));
	assert_not_chosen(&ike_all, ONE(&b, I, CBC(128), NO_INTEG, PRF256, X25519));
	assert_not_chosen(&ike_all, ONE(&b, I, GCM(128), SHA256, PRF256, X25519));
	assert_not_chosen(&esp_all, ONE(&b, E, GCM(128)));
	assert_not_chosen(&esp_all, ONE(&b, E, CBC(128), SN(0)));
}

static void
test_choose_sa_06_takes_no_proposal_with_a_type_it_does_not_know(void **state)
{
	struct body b;

	(void)state;
	assert_not_chosen(&esp_all, ONE(&b, ADIT_IKE_PROTO_ESP, GCM(128), SN(0), {6, 0, 0}));
	assert_not_chosen(&esp_all, ONE(&b, ADIT_IKE_PROTO_ESP, GCM(128), SN(0), PRF256));
	assert_not_chosen(&ike_all,
			  ONE(&b, ADIT_IKE_PROTO_IKE, GCM(128), PRF256, X25519, {0, 1, 0}));
	assert_not_chosen(&ike_all, ONE(&b, ADIT_IKE_PROTO_IKE, GCM(128), PRF256, X25519, SN(0)));
}

static void
test_choose_sa_05_key_lengths_must_be_right(void **state)
{
	static const uint16_t wrong[] = {0, 1, 127, 129, 192, 65535};
	struct body b;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_not_chosen(&esp, ONE(&b, ADIT_IKE_PROTO_ESP, GCM(wrong[i]), SN(0)));
	assert_not_chosen(&esp_all, ONE(&b, ADIT_IKE_PROTO_ESP,
					ENCR(ADIT_ENCR_CHACHA20_POLY1305, 256), SN(0)));
}

static void
test_choose_sa_07_no_unbuilt_cipher_is_ever_chosen(void **state)
{
	struct body b;

	(void)state;
	for (unsigned id = 0; id <= 0xffff; id++) {
		struct adit_span body = ONE(&b, ADIT_IKE_PROTO_ESP, ENCR((uint16_t)id, 128), SHA256,
					    NO_INTEG, SN(0));
		bool built = id == ADIT_ENCR_AES_CBC || id == ADIT_ENCR_AES_GCM_16;

		assert_int_equal(adit_negotiate_choose(&esp_all, body, 0, &suite, &spi),
				 built ? ADIT_OK : ADIT_ERR_NO_PROPOSAL);
	}
}

static void
test_choose_sa_10_null_and_nothing_never_match(void **state)
{
	enum { NULL_CIPHER = 11 };
	struct body b;

	(void)state;
	assert_not_chosen(&esp_all,
			  ONE(&b, ADIT_IKE_PROTO_ESP, ENCR(NULL_CIPHER, 0), NO_INTEG, SN(0)));
	assert_not_chosen(&esp_all, ONE(&b, ADIT_IKE_PROTO_ESP, ENCR(NULL_CIPHER, 0), SN(0)));
	assert_not_chosen(&esp_all,
			  ONE(&b, ADIT_IKE_PROTO_ESP, ENCR(NULL_CIPHER, 0), SHA256, SN(0)));
	assert_not_chosen(&esp_all, ONE(&b, ADIT_IKE_PROTO_ESP, ENCR(0, 0), SN(0)));
}

static void
test_choose_sa_11_takes_no_reserved_spi(void **state)
{
	struct body b;
	struct adit_span body = ONE(&b, ADIT_IKE_PROTO_ESP, GCM(128), SN(0));

	(void)state;
	for (uint32_t reserved = 0; reserved < ADIT_SPI_MIN; reserved++) {
		adit_store32(b.bytes + 32 + 8, reserved);
		assert_not_chosen(&esp, body);
	}
	adit_store32(b.bytes + 32 + 8, ADIT_SPI_MIN);
	assert_int_equal(adit_negotiate_choose(&esp, body, 0, &suite, &spi), ADIT_OK);
}

static void
test_choose_takes_nothing_of_another_protocol(void **state)
{
	struct body b;

	(void)state;
	assert_not_chosen(&ike_all, ONE(&b, ADIT_IKE_PROTO_ESP, GCM(128), SN(0)));
	assert_not_chosen(&esp_all, ONE(&b, ADIT_IKE_PROTO_IKE, GCM(128), PRF256, X25519));
}

static void
test_choose_of_a_malformed_payload_is_malformed(void **state)
{
	struct body b;
	struct adit_span body = ONE(&b, ADIT_IKE_PROTO_ESP, GCM(128), SN(0));

	(void)state;
	body.n--;
	assert_int_equal(adit_negotiate_choose(&esp, body, 0, &suite, &spi), ADIT_ERR_MALFORMED);
	assert_int_equal(adit_negotiate_verify(&esp, body, 0, &suite, &spi), ADIT_ERR_MALFORMED);
}

/* What choose takes, put_chosen says, and verify accepts, for offers of every form. */
static void
test_answer_chosen_is_the_answer_verified(void **state)
{
	static const struct adit_offer ike_cbc = {&adit_mbedtls_modern, ike_p + 1, 1,
						  ADIT_IKE_PROTO_IKE};
	static const struct adit_offer esp_cbc = {&adit_mbedtls_modern, esp_p + 1, 1,
						  ADIT_IKE_PROTO_ESP};
	static const struct adit_offer *const offers[] = {&ike,     &esp,     &ike_all,
							  &esp_all, &ike_cbc, &esp_cbc};

	(void)state;
	for (size_t i = 0; i < COUNT(offers); i++) {
		const struct adit_ke *ke = adit_offer_first_ke(offers[i]);
		uint16_t sent = ke != NULL ? ke->id : 0;
		struct adit_ike_suite got;
		struct adit_ike_header h;
		struct body b, answer;
		struct adit_span s = {esp_spi, ke != NULL ? 0 : sizeof esp_spi};

		assert_int_equal(adit_negotiate_choose(offers[i], offered(&b, offers[i]), sent,
						       &suite, &spi),
				 ADIT_OK);
		memset(&h, 0, sizeof h);
		adit_ike_put_start(&answer.m, (struct adit_buf){answer.bytes, sizeof answer.bytes},
				   &h);
		adit_negotiate_put_chosen(&answer.m, &suite, offers[i]->protocol, s);
		assert_int_equal(
			adit_negotiate_verify(offers[i], body_of(&answer.m), sent, &got, &spi),
			ADIT_OK);
		assert_ptr_equal(got.aead, suite.aead);
		assert_ptr_equal(got.prf, suite.prf);
		assert_ptr_equal(got.ke, suite.ke);
		assert_int_equal(got.esn, suite.esn);
		assert_int_equal(got.number, suite.number);
		assert_int_equal(spi.n, s.n);
	}
}

static enum adit_status
verify_one(const struct adit_offer *offer, uint8_t number, const struct adit_transform *t, size_t n)
{
	struct body b;

	begin(&b);
	add(&b, number, offer->protocol, t, n);
	return adit_negotiate_verify(offer, end(&b),
				     offer->protocol == ADIT_IKE_PROTO_IKE ? ADIT_KE_CURVE25519 : 0,
				     &suite, &spi);
}
#define VERIFY(offer, number, ...)                                                  \
	verify_one((offer), (number), (const struct adit_transform[]){__VA_ARGS__}, \
		   COUNT(((const struct adit_transform[]){__VA_ARGS__})))

static void
test_verify_sa_09_takes_nothing_that_was_not_offered(void **state)
{
	const enum adit_status no = ADIT_ERR_NO_PROPOSAL;

	(void)state;
	assert_int_equal(VERIFY(&ike, 1, GCM(128), PRF256, X25519), ADIT_OK);
	assert_int_equal(VERIFY(&ike, 1, GCM(128), NO_INTEG, PRF256, X25519), ADIT_OK);
	assert_int_equal(VERIFY(&ike, 1, GCM(192), PRF256, X25519), no); /* key length */
	assert_int_equal(VERIFY(&ike, 1, GCM(0), PRF256, X25519), no);
	assert_int_equal(VERIFY(&ike, 2, GCM(128), PRF256, X25519), no); /* number */
	assert_int_equal(VERIFY(&ike, 3, GCM(128), PRF256, X25519), no);
	assert_int_equal(VERIFY(&ike, 1, GCM(128), GCM(256), PRF256, X25519), no); /* two */
	assert_int_equal(VERIFY(&ike, 1, GCM(128), PRF256, PRF256, X25519), no);
	assert_int_equal(VERIFY(&ike, 1, GCM(128), PRF256, X25519, P256), no);
	assert_int_equal(VERIFY(&ike, 1, GCM(128), PRF(ADIT_PRF_HMAC_SHA2_512), X25519), no);
	assert_int_equal(VERIFY(&ike, 1, GCM(128), PRF256, KE(ADIT_KE_MODP_2048)), no);
	assert_int_equal(VERIFY(&ike, 1, GCM(128), PRF256), no); /* one is missing */
	assert_int_equal(VERIFY(&ike, 1, GCM(128), SHA256, PRF256, X25519), no);
	assert_int_equal(VERIFY(&ike, 1, GCM(128), PRF256, P256), ADIT_ERR_KE); /* not ours */
	assert_int_equal(VERIFY(&esp, 2, CBC(256), SHA256, SN(1)), ADIT_OK);
	assert_true(suite.esn);
	assert_int_equal(VERIFY(&esp, 2, CBC(256), SN(1)), no);
	assert_int_equal(VERIFY(&esp, 1, GCM(128), SN(1)), no);
	assert_int_equal(VERIFY(&esp, 1, GCM(128)), no);
	assert_int_equal(VERIFY(&esp, 1, GCM(128), SN(0), {6, 0, 0}), no);
}

static void
test_verify_sa_09_takes_no_second_proposal(void **state)
{
	const struct adit_transform t[] = {GCM(128), SN(0)};
	struct body b;

	(void)state;
	begin(&b);
	add(&b, 0, ADIT_IKE_PROTO_ESP, t, COUNT(t));
	add(&b, 0, ADIT_IKE_PROTO_ESP, t, COUNT(t));
	assert_int_equal(adit_negotiate_verify(&esp, end(&b), 0, &suite, &spi),
			 ADIT_ERR_NO_PROPOSAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offer_is_a_good_payload_with_all_that_is_configured),
		cmocka_unit_test(test_offer_of_all_keeps_combined_modes_apart),
		cmocka_unit_test(test_offer_of_all_with_ciphers_that_go_with_one_mac_only),
		cmocka_unit_test(test_offer_of_all_says_much_in_few_proposals),
		cmocka_unit_test(test_offers_that_can_t_work_are_refused),
		cmocka_unit_test(test_each_transform_of_an_offer_must_be_built),
		cmocka_unit_test(test_key_exchange_methods_are_found_in_the_offer_alone),
		cmocka_unit_test(test_choose_prefers_our_order),
		cmocka_unit_test(test_choose_takes_the_method_that_was_sent_if_it_may),
		cmocka_unit_test(test_choose_ke_05_tells_the_method_wanted),
		cmocka_unit_test(test_choose_takes_combined_modes_with_no_mac_or_none),
		cmocka_unit_test(test_choose_takes_our_preferred_number_form),
		cmocka_unit_test(test_choose_of_esp_in_ike_auth_takes_no_key_exchange_but_none),
		cmocka_unit_test(test_choose_sa_06_takes_no_proposal_that_lacks_a_type),
		cmocka_unit_test(test_choose_sa_06_takes_no_proposal_with_a_type_it_does_not_know),
		cmocka_unit_test(test_choose_sa_05_key_lengths_must_be_right),
		cmocka_unit_test(test_choose_sa_07_no_unbuilt_cipher_is_ever_chosen),
		cmocka_unit_test(test_choose_sa_10_null_and_nothing_never_match),
		cmocka_unit_test(test_choose_sa_11_takes_no_reserved_spi),
		cmocka_unit_test(test_choose_takes_nothing_of_another_protocol),
		cmocka_unit_test(test_choose_of_a_malformed_payload_is_malformed),
		cmocka_unit_test(test_answer_chosen_is_the_answer_verified),
		cmocka_unit_test(test_verify_sa_09_takes_nothing_that_was_not_offered),
		cmocka_unit_test(test_verify_sa_09_takes_no_second_proposal),
	};

	return cmocka_run_group_tests_name("negotiate", tests, NULL, NULL);
}
