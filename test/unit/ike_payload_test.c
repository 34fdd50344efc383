/* The simple payloads. Attack corpus: KE-04, NONCE-01, ID-01, ID-03, ID-04, NOTIFY-01, DEL-01,
 * CHAIN-11. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/ike_payload.h"

/* A message of one payload, written by `m` from start on. */
struct one {
	struct adit_ike_writer m;
	uint8_t out[1024];
};

static void
start(struct one *o)
{
	struct adit_ike_header h;

	memset(&h, 0, sizeof h);
	h.exchange = ADIT_EXCHANGE_AUTH;
	adit_ike_put_start(&o->m, (struct adit_buf){o->out, sizeof o->out}, &h);
}

/* Ends it and gives the payload's body back as a receiver sees it. */
static struct adit_span
finish(struct one *o, uint8_t type)
{
	struct adit_ike_header h;
	struct adit_ike_chain c;
	size_t len = 0;

	assert_int_equal(adit_ike_put_end(&o->m, &len), ADIT_OK);
	assert_int_equal(adit_ike_get_header((struct adit_span){o->out, len}, &h), ADIT_OK);
	assert_int_equal(
		adit_ike_get_chain((struct adit_span){o->out + 28, len - 28}, h.first_payload, &c),
		ADIT_OK);
	assert_int_equal(c.present, ADIT_PAYLOAD_BIT(type));
	return adit_ike_body(&c, (enum adit_payload_type)type);
}

static void
assert_span(struct adit_span s, const void *p, size_t n)
{
	assert_int_equal(s.n, n);
	if (n)
		assert_memory_equal(s.p, p, n);
}

#define SPAN(s) ((struct adit_span){(const uint8_t *)(s), sizeof(s) - 1})

static void
test_ke_written_is_the_ke_read(void **state)
{
	const struct adit_ike_ke ke = {ADIT_KE_CURVE25519, SPAN("public value")};
	struct adit_ike_ke got;
	struct one o;

	(void)state;
	start(&o);
	adit_ike_put_ke(&o.m, &ke);
	assert_int_equal(adit_ike_get_ke(finish(&o, ADIT_PAYLOAD_KE), &got), ADIT_OK);
	assert_int_equal(got.method, ke.method);
	assert_span(got.data, ke.data.p, ke.data.n);
}

static void
test_ke_04_short_body_is_refused_and_reserved_is_ignored(void **state)
{
	static const uint8_t body[] = {0, 31, 0xff, 0xff, 7};
	struct adit_ike_ke ke;

	(void)state;
	for (size_t n = 0; n < 4; n++)
		assert_int_equal(adit_ike_get_ke((struct adit_span){body, n}, &ke), ADIT_ERR_SHORT);
	assert_int_equal(adit_ike_get_ke((struct adit_span){body, 4}, &ke), ADIT_OK);
	assert_int_equal(ke.data.n, 0);
	assert_int_equal(adit_ike_get_ke((struct adit_span){body, 5}, &ke), ADIT_OK);
	assert_int_equal(ke.method, 31);
	assert_int_equal(ke.data.p[0], 7);
}

static void
test_nonce_01_only_16_to_256_bytes_are_taken(void **state)
{
	static const uint8_t body[300];
	struct adit_span nonce;

	(void)state;
	for (size_t n = 0; n < sizeof body; n++)
		assert_int_equal(adit_ike_get_nonce((struct adit_span){body, n}, &nonce),
				 n >= 16 && n <= 256 ? ADIT_OK : ADIT_ERR_MALFORMED);
}

static void
test_nonce_written_is_the_nonce_read(void **state)
{
	struct adit_span nonce;
	struct one o;

	(void)state;
	start(&o);
	adit_ike_put_nonce(&o.m, SPAN("0123456789abcdef"));
	assert_int_equal(adit_ike_get_nonce(finish(&o, ADIT_PAYLOAD_NONCE), &nonce), ADIT_OK);
	assert_span(nonce, "0123456789abcdef", 16);
}

static void
test_id_written_is_the_id_read(void **state)
{
	const struct adit_id id = {ADIT_ID_FQDN, SPAN("a.example")};
	struct adit_id got;
	struct one o;

	(void)state;
	start(&o);
	adit_ike_put_id(&o.m, ADIT_PAYLOAD_IDR, &id);
	assert_int_equal(adit_ike_get_id(finish(&o, ADIT_PAYLOAD_IDR), &got), ADIT_OK);
	assert_int_equal(got.type, ADIT_ID_FQDN);
	assert_span(got.data, "a.example", 9);
}

static enum adit_status
get_id(uint8_t type, const void *data, size_t n)
{
	uint8_t body[64] = {type, 0xff, 0xff, 0xff};
	struct adit_id id;

	memcpy(body + 4, data, n);
	return adit_ike_get_id((struct adit_span){body, 4 + n}, &id);
}

static void
test_id_01_short_bodies_of_every_type(void **state)
{
	struct adit_id id;

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		const uint8_t body[] = {(uint8_t)type, 0, 0, 0};

		for (size_t n = 0; n < 4; n++)
			assert_int_equal(adit_ike_get_id((struct adit_span){body, n}, &id),
					 ADIT_ERR_SHORT);
	}
}

static void
test_id_02_empty_identity_of_a_known_type_is_refused(void **state)
{
	static const uint8_t known[] = {ADIT_ID_IPV4_ADDR, ADIT_ID_FQDN,        ADIT_ID_RFC822_ADDR,
					ADIT_ID_IPV6_ADDR, ADIT_ID_DER_ASN1_DN, ADIT_ID_KEY_ID};

	(void)state;
	for (size_t i = 0; i < sizeof known; i++)
		assert_int_equal(get_id(known[i], "", 0), ADIT_ERR_MALFORMED);
}

static void
test_id_03_name_with_a_nul_is_refused(void **state)
{
	(void)state;
	assert_int_equal(get_id(ADIT_ID_FQDN, "good.example\0.bad", 17), ADIT_ERR_MALFORMED);
	assert_int_equal(get_id(ADIT_ID_RFC822_ADDR, "a@b\0", 4), ADIT_ERR_MALFORMED);
	assert_int_equal(get_id(ADIT_ID_KEY_ID, "a\0b", 3), ADIT_OK);
	assert_int_equal(get_id(ADIT_ID_FQDN, ".UPPER.*.", 9), ADIT_OK);
}

static void
test_id_04_addresses_have_their_size(void **state)
{
	static const uint8_t addr[20] = {10};

	(void)state;
	for (size_t n = 0; n <= sizeof addr; n++) {
		assert_int_equal(get_id(ADIT_ID_IPV4_ADDR, addr, n),
				 n == 4 ? ADIT_OK : ADIT_ERR_MALFORMED);
		assert_int_equal(get_id(ADIT_ID_IPV6_ADDR, addr, n),
				 n == 16 ? ADIT_OK : ADIT_ERR_MALFORMED);
	}
}

static void
test_auth_written_is_the_auth_read(void **state)
{
	const struct adit_ike_auth auth = {ADIT_AUTH_METHOD_PSK, SPAN("mac")};
	static const uint8_t body[] = {2, 0xff, 0xff, 0xff};
	struct adit_ike_auth got;
	struct one o;

	(void)state;
	start(&o);
	adit_ike_put_auth(&o.m, &auth);
	assert_int_equal(adit_ike_get_auth(finish(&o, ADIT_PAYLOAD_AUTH), &got), ADIT_OK);
	assert_int_equal(got.method, 2);
	assert_span(got.data, "mac", 3);
	for (size_t n = 0; n < 4; n++)
		assert_int_equal(adit_ike_get_auth((struct adit_span){body, n}, &got),
				 ADIT_ERR_SHORT);
	assert_int_equal(adit_ike_get_auth((struct adit_span){body, 4}, &got), ADIT_OK);
	assert_int_equal(got.data.n, 0);
}

static void
test_notify_written_is_the_notify_read(void **state)
{
	const struct adit_ike_notify n = {ADIT_IKE_PROTO_ESP, ADIT_N_REKEY_SA, SPAN("spi!"),
					  SPAN("data")};
	struct adit_ike_notify got;
	struct one o;

	(void)state;
	start(&o);
	adit_ike_put_notify(&o.m, &n);
	assert_int_equal(adit_ike_get_notify(finish(&o, ADIT_PAYLOAD_NOTIFY), &got), ADIT_OK);
	assert_int_equal(got.protocol, ADIT_IKE_PROTO_ESP);
	assert_int_equal(got.type, ADIT_N_REKEY_SA);
	assert_span(got.spi, "spi!", 4);
	assert_span(got.data, "data", 4);
}

static void
test_notify_01_every_spi_size_and_length(void **state)
{
	uint8_t body[300] = {0, 0, 0x40, 0x06};
	struct adit_ike_notify n;

	(void)state;
	for (unsigned spi = 0; spi < 256; spi++) {
		body[1] = (uint8_t)spi;
		for (size_t len = 0; len < sizeof body; len++) {
			struct adit_span s = {body, len};
			bool fits = len >= 4 + spi;

			assert_int_equal(adit_ike_get_notify(s, &n),
					 fits ? ADIT_OK : ADIT_ERR_SHORT);
			if (fits)
				assert_int_equal(n.data.n, len - 4 - spi);
		}
	}
}

static void
test_notifies_are_found_in_a_chain(void **state)
{
	/* malformed, status 16388, error 24 */
	static const uint8_t bytes[] = {41, 0, 0,    8, 0, 9, 0, 14, 41, 0, 0, 8,
					0,  0, 0x40, 4, 0, 0, 0, 8,  0,  0, 0, 24};
	struct adit_ike_chain c;
	struct adit_ike_notify n;

	(void)state;
	assert_int_equal(adit_ike_get_chain((struct adit_span){bytes, sizeof bytes}, 41, &c),
			 ADIT_OK);
	assert_true(adit_ike_find_notify(&c, ADIT_N_NAT_DETECTION_SOURCE_IP, &n));
	assert_false(adit_ike_find_notify(&c, ADIT_N_COOKIE, &n));
	assert_false(adit_ike_find_notify(&c, ADIT_N_NO_PROPOSAL_CHOSEN, &n));
	assert_true(adit_ike_find_error(&c, &n));
	assert_int_equal(n.type, ADIT_N_AUTHENTICATION_FAILED);
}

static void
test_a_chain_without_errors_has_none(void **state)
{
	static const uint8_t status[] = {0, 0, 0, 8, 0, 0, 0x40, 4};
	struct adit_ike_chain c;
	struct adit_ike_notify n;

	(void)state;
	assert_int_equal(adit_ike_get_chain((struct adit_span){status, sizeof status}, 41, &c),
			 ADIT_OK);
	assert_false(adit_ike_find_error(&c, &n));
	assert_int_equal(adit_ike_get_chain((struct adit_span){NULL, 0}, 0, &c), ADIT_OK);
	assert_false(adit_ike_find_error(&c, &n));
	assert_false(adit_ike_find_notify(&c, ADIT_N_COOKIE, &n));
}

static void
test_delete_written_is_the_delete_read(void **state)
{
	const struct adit_ike_delete esp = {ADIT_IKE_PROTO_ESP, 2, SPAN("spi1spi2")};
	const struct adit_ike_delete ike = {ADIT_IKE_PROTO_IKE, 0, {NULL, 0}};
	struct adit_ike_delete got;
	struct one o;

	(void)state;
	start(&o);
	adit_ike_put_delete(&o.m, &esp);
	assert_int_equal(adit_ike_get_delete(finish(&o, ADIT_PAYLOAD_DELETE), &got), ADIT_OK);
	assert_int_equal(got.count, 2);
	assert_span(got.spis, "spi1spi2", 8);
	start(&o);
	adit_ike_put_delete(&o.m, &ike);
	assert_int_equal(adit_ike_get_delete(finish(&o, ADIT_PAYLOAD_DELETE), &got), ADIT_OK);
	assert_int_equal(got.protocol, ADIT_IKE_PROTO_IKE);
	assert_int_equal(got.count, 0);
}

static enum adit_status
get_delete(uint8_t protocol, uint8_t spi_len, uint16_t count, size_t have)
{
	uint8_t body[64] = {protocol, spi_len};
	struct adit_ike_delete d;

	adit_store16(body + 2, count);
	return adit_ike_get_delete((struct adit_span){body, 4 + have}, &d);
}

static void
test_delete_01_sizes_and_counts_must_fit(void **state)
{
	(void)state;
	for (unsigned spi_len = 0; spi_len < 256; spi_len++) {
		assert_int_equal(get_delete(ADIT_IKE_PROTO_ESP, (uint8_t)spi_len, 1, 4) == ADIT_OK,
				 spi_len == 4);
		assert_int_equal(get_delete(ADIT_IKE_PROTO_IKE, (uint8_t)spi_len, 0, 0) == ADIT_OK,
				 spi_len == 0);
	}
	for (size_t n = 0; n < 4; n++) {
		const uint8_t body[] = {ADIT_IKE_PROTO_IKE, 0, 0, 0};
		struct adit_ike_delete d;

		assert_int_equal(adit_ike_get_delete((struct adit_span){body, n}, &d),
				 ADIT_ERR_SHORT);
	}
	assert_int_equal(get_delete(ADIT_IKE_PROTO_ESP, 4, 2, 4), ADIT_ERR_SHORT);
	assert_int_equal(get_delete(ADIT_IKE_PROTO_ESP, 4, 65535, 4), ADIT_ERR_SHORT);
	assert_int_equal(get_delete(ADIT_IKE_PROTO_ESP, 4, 1, 5), ADIT_ERR_MALFORMED);
	assert_int_equal(get_delete(ADIT_IKE_PROTO_IKE, 0, 1, 0), ADIT_ERR_MALFORMED);
	assert_int_equal(get_delete(ADIT_IKE_PROTO_IKE, 0, 0, 4), ADIT_ERR_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ke_written_is_the_ke_read),
		cmocka_unit_test(test_ke_04_short_body_is_refused_and_reserved_is_ignored),
		cmocka_unit_test(test_nonce_01_only_16_to_256_bytes_are_taken),
		cmocka_unit_test(test_nonce_written_is_the_nonce_read),
		cmocka_unit_test(test_id_written_is_the_id_read),
		cmocka_unit_test(test_id_01_short_bodies_of_every_type),
		cmocka_unit_test(test_id_02_empty_identity_of_a_known_type_is_refused),
		cmocka_unit_test(test_id_03_name_with_a_nul_is_refused),
		cmocka_unit_test(test_id_04_addresses_have_their_size),
		cmocka_unit_test(test_auth_written_is_the_auth_read),
		cmocka_unit_test(test_notify_written_is_the_notify_read),
		cmocka_unit_test(test_notify_01_every_spi_size_and_length),
		cmocka_unit_test(test_notifies_are_found_in_a_chain),
		cmocka_unit_test(test_a_chain_without_errors_has_none),
		cmocka_unit_test(test_delete_written_is_the_delete_read),
		cmocka_unit_test(test_delete_01_sizes_and_counts_must_fit),
	};

	return cmocka_run_group_tests_name("ike_payload", tests, NULL, NULL);
}
