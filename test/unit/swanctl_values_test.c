/* Values of swanctl.conf, as strongSwan's swanctl.conf(5) describes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../examples/aditd/values.h"

static int
forget(void **state)
{
	(void)state;
	keep_nothing();
	return 0;
}

static void
test_times_have_units(void **state)
{
	static const struct {
		const char *text;
		adit_ms ms;
	} good[] = {{"0", 0},       {"30", 30000},   {"30s", 30000},
		    {"5m", 300000}, {"1h", 3600000}, {"2d", 172800000}};
	static const char *const bad[] = {"", "s", "1w", "-1", "1 s", "1.5h", "99999999999s"};
	adit_ms ms;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_null(value_time(good[i].text, &ms));
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_non_null(value_time(bad[i], &ms));
}

static void
test_truth_has_strongswans_words_and_no_others(void **state)
{
	bool b = false;

	(void)state;
	assert_null(value_bool("yes", &b));
	assert_true(b);
	assert_null(value_bool("no", &b));
	assert_false(b);
	assert_null(value_bool("1", &b));
	assert_true(b);
	assert_non_null(value_bool("maybe", &b));
	assert_non_null(value_bool("", &b));
}

static void
test_an_address_is_one_address_or_any(void **state)
{
	struct adit_ip ip;

	(void)state;
	assert_null(value_address("10.0.0.1", &ip));
	assert_int_equal(ip.version, 4);
	assert_memory_equal(ip.b, "\x0a\0\0\x01", 4);
	assert_null(value_address("fd01::1", &ip));
	assert_int_equal(ip.version, 6);
	assert_null(value_address("%any", &ip));
	assert_int_equal(ip.version, 0);
	assert_non_null(value_address("10.0.0.0/8", &ip));
	assert_non_null(value_address("10.0.0.1,10.0.0.2", &ip));
	assert_non_null(value_address("gateway.example", &ip));
}

static void
expect_secret(const char *text, const char *bytes, size_t n)
{
	struct adit_span s;

	assert_null(value_secret(text, &s));
	assert_int_equal(s.n, n);
	assert_memory_equal(s.p, bytes, n);
}

static void
test_a_secret_is_text_hex_or_base64(void **state)
{
	struct adit_span s;

	(void)state;
	expect_secret("adit", "adit", 4);
	expect_secret("0x00ff7A", "\x00\xff\x7a", 3);
	/* RFC 4648 10. */
	expect_secret("0sZg==", "f", 1);
	expect_secret("0sZm8=", "fo", 2);
	expect_secret("0sZm9vYmFy", "foobar", 6);
	assert_non_null(value_secret("", &s));
	assert_non_null(value_secret("0x", &s));
	assert_non_null(value_secret("0x0", &s));
	assert_non_null(value_secret("0x0g", &s));
	assert_non_null(value_secret("0s", &s));
	assert_non_null(value_secret("0sZ-==", &s));
	assert_non_null(value_secret("0sZg==Zg==", &s));
	assert_non_null(value_secret("0sZg===", &s));
}

static void
expect_id(const char *text, enum adit_id_type type, const char *bytes, size_t n)
{
	struct adit_id id;

	assert_null(value_identity(text, &id));
	assert_int_equal(id.type, type);
	assert_int_equal(id.data.n, n);
	if (n)
		assert_memory_equal(id.data.p, bytes, n);
}

static void
test_an_identity_shows_its_type_or_names_it(void **state)
{
	(void)state;
	expect_id("a.test", ADIT_ID_FQDN, "a.test", 6);
	expect_id("@a.test", ADIT_ID_FQDN, "a.test", 6);
	expect_id("fqdn:10.0.0.1", ADIT_ID_FQDN, "10.0.0.1", 8);
	expect_id("fqdn:#6162", ADIT_ID_FQDN, "ab", 2);
	expect_id("dns:a", ADIT_ID_FQDN, "a", 1);
	expect_id("me@a.test", ADIT_ID_RFC822_ADDR, "me@a.test", 9);
	expect_id("@@me", ADIT_ID_RFC822_ADDR, "me", 2);
	expect_id("email:me", ADIT_ID_RFC822_ADDR, "me", 2);
	expect_id("@#0aff", ADIT_ID_KEY_ID, "\x0a\xff", 2);
	expect_id("keyid:device 7", ADIT_ID_KEY_ID, "device 7", 8);
	expect_id("keyid:#0aff", ADIT_ID_KEY_ID, "\x0a\xff", 2);
	expect_id("urn:device", ADIT_ID_KEY_ID, "urn:device", 10);
	expect_id("10.0.0.1", ADIT_ID_IPV4_ADDR, "\x0a\0\0\x01", 4);
	expect_id("::1", ADIT_ID_IPV6_ADDR, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
	expect_id("%any", ADIT_ID_ANY, NULL, 0);
	expect_id("%any6", ADIT_ID_ANY, NULL, 0);
	expect_id("*", ADIT_ID_ANY, NULL, 0);
	expect_id("0.0.0.0", ADIT_ID_ANY, NULL, 0);
	expect_id("::", ADIT_ID_ANY, NULL, 0);
	expect_id("0::0", ADIT_ID_ANY, NULL, 0);
}

static void
test_identities_that_can_not_be_are_refused(void **state)
{
	static const char *const bad[] = {"",      "@",       "@#",        "@#0",
					  "@#0g",  "keyid:#", "ipv4:::1",  "ipv6:10.0.0.1",
					  "fqdn:", "CN=me",   "O=a, CN=me"};
	char longest[ADIT_ID_MAX + 2];
	struct adit_id id;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_non_null(value_identity(bad[i], &id));
	memset(longest, 'a', sizeof longest);
	longest[ADIT_ID_MAX + 1] = 0;
	assert_non_null(value_identity(longest, &id));
	longest[ADIT_ID_MAX] = 0;
	assert_null(value_identity(longest, &id));
}

/* --- Traffic selectors. */

static const struct adit_ts *
selectors(const char *text, uint8_t expected)
{
	const struct adit_ts *ts;
	uint8_t n;

	assert_null(value_selectors(text, &ts, &n));
	assert_int_equal(n, expected);
	return ts;
}

static void
test_selectors_are_prefixes_addresses_and_ranges(void **state)
{
	const struct adit_ts *ts = selectors("10.1.0.7/16, 10.2.0.1 ,10.3.0.1-10.3.0.9", 3);

	(void)state;
	assert_memory_equal(ts[0].first, "\x0a\x01\x00\x00", 4);
	assert_memory_equal(ts[0].last, "\x0a\x01\xff\xff", 4);
	assert_int_equal(ts[0].protocol, 0);
	assert_int_equal(ts[0].port_first, 0);
	assert_int_equal(ts[0].port_last, 65535);
	assert_memory_equal(ts[1].first, "\x0a\x02\x00\x01", 4);
	assert_memory_equal(ts[1].last, "\x0a\x02\x00\x01", 4);
	assert_memory_equal(ts[2].first, "\x0a\x03\x00\x01", 4);
	assert_memory_equal(ts[2].last, "\x0a\x03\x00\x09", 4);
	ts = selectors("::/0,0.0.0.0/0", 2);
	assert_int_equal(ts[0].version, 6);
	assert_int_equal(ts[1].version, 4);
	assert_memory_equal(ts[1].last, "\xff\xff\xff\xff", 4);
}

static void
test_selectors_name_protocol_and_ports(void **state)
{
	const struct adit_ts *ts =
		selectors("10.0.0.1[tcp/80],10.0.0.0/24[udp/53-54],10.0.0.1[47],::1[/22]", 4);

	(void)state;
	assert_int_equal(ts[0].protocol, ADIT_PROTO_TCP);
	assert_int_equal(ts[0].port_first, 80);
	assert_int_equal(ts[0].port_last, 80);
	assert_int_equal(ts[1].protocol, ADIT_PROTO_UDP);
	assert_int_equal(ts[1].port_first, 53);
	assert_int_equal(ts[1].port_last, 54);
	assert_int_equal(ts[2].protocol, 47);
	assert_int_equal(ts[2].port_last, 65535);
	assert_int_equal(ts[3].protocol, 0);
	assert_int_equal(ts[3].port_first, 22);
}

static void
test_dynamic_is_no_selector_and_stands_alone(void **state)
{
	const struct adit_ts *ts;
	uint8_t n;

	(void)state;
	selectors("dynamic", 0);
	assert_non_null(value_selectors("dynamic,10.0.0.1", &ts, &n));
	assert_non_null(value_selectors("dynamic[tcp]", &ts, &n));
}

static void
test_selectors_that_can_not_be_are_refused(void **state)
{
	static const char *const bad[] = {"",
					  "%any",
					  "10.0.0.1/33",
					  "10.0.0.1/x",
					  "10.0.0.9-10.0.0.1",
					  "10.0.0.1-::1",
					  "10.0.0.1,",
					  "10.0.0.1[tcp",
					  "10.0.0.1[tcp]x",
					  "10.0.0.1[carp]",
					  "10.0.0.1[tcp/70000]",
					  "10.0.0.1[tcp/9-8]",
					  "10.0.0.1[tcp/%opaque]",
					  "10.0.0.1[icmp/8]",
					  "10.0.0.1[50/80]",
					  "10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5"};
	const struct adit_ts *ts;
	uint8_t n;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_non_null(value_selectors(bad[i], &ts, &n));
}

/* --- Proposals. */

static void
expect_proposal(const char *text, bool ike, const struct adit_transform *want, uint8_t n)
{
	const struct adit_proposal *p;
	uint8_t count;

	assert_null(value_proposals(text, ike, &p, &count));
	assert_int_equal(count, 1);
	assert_int_equal(p->count, n);
	for (uint8_t i = 0; i < n; i++) {
		assert_int_equal(p->transforms[i].type, want[i].type);
		assert_int_equal(p->transforms[i].id, want[i].id);
		assert_int_equal(p->transforms[i].key_bits, want[i].key_bits);
	}
}

static void
test_keywords_are_iana_numbers(void **state)
{
	static const struct adit_transform gcm[] = {
		{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 256},
		{ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_384, 0},
		{ADIT_TRANSFORM_KE, ADIT_KE_CURVE25519, 0}};
	static const struct adit_transform esp[] = {
		{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_CBC, 128},
		{ADIT_TRANSFORM_INTEG, ADIT_AUTH_HMAC_SHA2_256_128, 0},
		{ADIT_TRANSFORM_SN, 1, 0},
		{ADIT_TRANSFORM_SN, 0, 0}};

	(void)state;
	expect_proposal("aes256gcm16-prfsha384-x25519", true, gcm, 3);
	expect_proposal("AES256GCM-prfsha384-curve25519", true, gcm, 3);
	expect_proposal("aes128-sha256-esn-noesn", false, esp, 4);
	expect_proposal("aes-sha2_256-esn-noesn", false, esp, 4);
}

static void
test_a_prf_is_derived_from_integrity_where_none_is_named(void **state)
{
	static const struct adit_transform cbc[] = {
		{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_CBC, 128},
		{ADIT_TRANSFORM_INTEG, ADIT_AUTH_HMAC_SHA2_256_128, 0},
		{ADIT_TRANSFORM_KE, ADIT_KE_MODP_2048, 0},
		{ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_256, 0}};
	/* An AEAD cipher has no use for the integrity algorithm itself. */
	static const struct adit_transform gcm[] = {
		{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 128},
		{ADIT_TRANSFORM_KE, ADIT_KE_ECP_256, 0},
		{ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_512, 0}};

	(void)state;
	expect_proposal("aes128-sha256-modp2048", true, cbc, 4);
	expect_proposal("aes128gcm16-sha512-ecp256", true, gcm, 3);
}

static void
test_proposals_are_a_list_and_default_is_none(void **state)
{
	const struct adit_proposal *p;
	uint8_t n;

	(void)state;
	assert_null(value_proposals("aes128gcm16, aes256-sha512 ,chacha20poly1305", false, &p, &n));
	assert_int_equal(n, 3);
	assert_int_equal(p[2].transforms[0].id, ADIT_ENCR_CHACHA20_POLY1305);
	assert_null(value_proposals("default", true, &p, &n));
	assert_int_equal(n, 0);
}

static void
test_proposals_that_can_not_be_are_refused(void **state)
{
	static const struct {
		const char *text;
		bool ike;
	} bad[] = {{"", true},
		   {"aes128gcm16", true},
		   {"aes128gcm16-x25519", true},
		   {"aes128-sha256", true},
		   {"aes128-modp2048", true},
		   {"prfsha256-x25519", true},
		   {"aes128-aes128gcm16-sha256-x25519", true},
		   {"aes128-sha256-modp2048-esn", true},
		   {"aes128-sha256-modp1024", true},
		   {"3des-sha1-modp2048", true},
		   {"aes128-md5-modp2048", true},
		   {"aes128-sha256-modp2048,", true},
		   {"aes128-sha256--modp2048", true},
		   {"aes128-sha256-modp2048,default", true},
		   {"aes128gcm16 aes256gcm16", false},
		   {"null", false},
		   {"aes128", false},
		   {"aes128gcm16-prfsha256", false}};
	const struct adit_proposal *p;
	uint8_t n;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_non_null(value_proposals(bad[i].text, bad[i].ike, &p, &n));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times_have_units),
		cmocka_unit_test(test_truth_has_strongswans_words_and_no_others),
		cmocka_unit_test(test_an_address_is_one_address_or_any),
		cmocka_unit_test(test_a_secret_is_text_hex_or_base64),
		cmocka_unit_test(test_an_identity_shows_its_type_or_names_it),
		cmocka_unit_test(test_identities_that_can_not_be_are_refused),
		cmocka_unit_test(test_selectors_are_prefixes_addresses_and_ranges),
		cmocka_unit_test(test_selectors_name_protocol_and_ports),
		cmocka_unit_test(test_dynamic_is_no_selector_and_stands_alone),
		cmocka_unit_test(test_selectors_that_can_not_be_are_refused),
		cmocka_unit_test(test_keywords_are_iana_numbers),
		cmocka_unit_test(test_a_prf_is_derived_from_integrity_where_none_is_named),
		cmocka_unit_test(test_proposals_are_a_list_and_default_is_none),
		cmocka_unit_test(test_proposals_that_can_not_be_are_refused),
	};

	return cmocka_run_group_tests_name("swanctl_values", tests, NULL, forget);
}
