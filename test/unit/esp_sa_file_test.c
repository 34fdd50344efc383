/* adit-pcap's reading of Wireshark's esp_sa lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adit/mbedtls.h"

#include "../../examples/adit-pcap/algorithms.h"
#include "../../examples/adit-pcap/esp_sa.h"

#define GCM "\"AES-GCM with 16 octet ICV [RFC4106]\""
#define KEY20 "\"0x000102030405060708090a0b0c0d0e0f10111213\""
#define HEAD "\"IPv4\",\"10.0.0.1\",\"10.0.0.2\",\"0x03030303\","

static const char *
parse(struct esp_sa *sa, const char *text)
{
	return esp_sa_parse(sa, text, strlen(text));
}

static void
assert_refused(const char *text, const char *words)
{
	struct esp_sa sa, zero;
	const char *wrong = parse(&sa, text);

	memset(&zero, 0, sizeof zero);
	assert_non_null(wrong);
	if (!strstr(wrong, words))
		fail_msg("\"%s\" does not say \"%s\"", wrong, words);
	assert_memory_equal(&sa, &zero, sizeof sa);
}

static void
test_a_line_of_ten_fields_is_an_sa(void **state)
{
	struct esp_sa sa;

	(void)state;
	assert_null(parse(&sa, HEAD GCM "," KEY20 ",\"NULL\",\"\",\"32-bit\",\"0\""));
	assert_int_equal(sa.spi, 0x03030303);
	assert_ptr_equal(sa.aead, &adit_mbedtls_aes128_gcm16);
	assert_int_equal(sa.key_n, 20);
	assert_int_equal(sa.key[19], 0x13);
	assert_int_equal(sa.src.ip.b[3], 1);
	assert_int_equal(sa.dst.bits, 32);
	assert_false(sa.esn);
}

static void
test_a_line_of_eight_fields_has_no_extended_numbers(void **state)
{
	struct esp_sa sa;

	(void)state;
	assert_null(parse(&sa, HEAD "\"AES-GCM [RFC4106]\"," KEY20
				    ",\"ANY 128 bit authentication [no checking]\",\"\"\r"));
	assert_ptr_equal(sa.aead, &adit_mbedtls_aes128_gcm16);
	assert_false(sa.esn);
}

static void
test_extended_numbers_have_their_high_half(void **state)
{
	struct esp_sa sa;

	(void)state;
	assert_null(parse(&sa, HEAD GCM "," KEY20 ",\"NULL\",\"\",\"64-bit\",\"0xfffffffe\""));
	assert_true(sa.esn);
	assert_true(sa.seq_high == 0xfffffffe);
	assert_null(parse(&sa, HEAD GCM "," KEY20 ",\"NULL\",\"\",\"64-bit\",\"7\""));
	assert_int_equal(sa.seq_high, 7);
}

static void
test_a_cipher_and_a_mac_are_one_key(void **state)
{
	struct esp_sa sa;

	(void)state;
	assert_null(parse(&sa, HEAD "\"AES-CBC [RFC3602]\",\"0x00112233445566778899aabbccddeeff\","
				    "\"HMAC-SHA-1-96 [RFC2404]\","
				    "\"0x0102030405060708090a0b0c0d0e0f1011121314\""));
	assert_ptr_equal(sa.aead, &adit_mbedtls_aes128_cbc_sha1);
	assert_int_equal(sa.key_n, 36);
	assert_int_equal(sa.key[15], 0xff);
	assert_int_equal(sa.key[16], 0x01);
	assert_int_equal(sa.key[35], 0x14);
}

static void
test_every_name_that_is_built_finds_its_object(void **state)
{
	static const struct {
		const char *encr, *integ;
		size_t key_n;
		const struct adit_aead *aead;
	} rows[] = {
		{"AES-GCM with 16 octet ICV [RFC4106]", "NULL", 36, &adit_mbedtls_aes256_gcm16},
		{"AES-GCM with 16 octet ICV [RFC4106]", "NULL", 28, &adit_mbedtls_aes192_gcm16},
		{"ChaCha20 with Poly1305 [RFC7634]", "NULL", 36, &adit_mbedtls_chacha20_poly1305},
		{"AES-CBC [RFC3602]", "HMAC-SHA-256-128 [RFC4868]", 16,
		 &adit_mbedtls_aes128_cbc_sha256},
		{"AES-CBC [RFC3602]", "HMAC-SHA-384-192 [RFC4868]", 24,
		 &adit_mbedtls_aes192_cbc_sha384},
		{"aes-cbc [rfc3602]", "hmac-sha-512-256 [rfc4868]", 32,
		 &adit_mbedtls_aes256_cbc_sha512},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct adit_aead *aead = NULL;

		assert_null(algorithms_find(&aead, rows[i].encr, rows[i].integ, rows[i].key_n));
		assert_ptr_equal(aead, rows[i].aead);
	}
}

static bool
matches(const struct esp_sa_prefix *prefix, uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	const struct adit_ip ip = {4, {a, b, c, d}};

	return esp_sa_prefix_match(prefix, &ip);
}

static void
test_addresses_may_be_all_or_a_prefix(void **state)
{
	const struct adit_ip six = {6, {0x20, 0x01}};
	struct esp_sa sa;

	(void)state;
	assert_null(parse(&sa, "\"IPv4\",\"*\",\"192.168.64.0/18\",\"256\"," GCM "," KEY20
			       ",\"NULL\",\"\""));
	assert_true(matches(&sa.src, 1, 2, 3, 4));
	assert_false(esp_sa_prefix_match(&sa.src, &six));
	assert_true(matches(&sa.dst, 192, 168, 64, 0));
	assert_true(matches(&sa.dst, 192, 168, 127, 255));
	assert_false(matches(&sa.dst, 192, 168, 128, 0));
	assert_false(matches(&sa.dst, 192, 169, 64, 0));
	assert_false(esp_sa_prefix_is_host(&sa.dst));
	assert_null(parse(&sa, "\"IPv6\",\"fd01::1\",\"fd01::/16\",\"256\"," GCM "," KEY20
			       ",\"NULL\",\"\""));
	assert_true(esp_sa_prefix_is_host(&sa.src));
	assert_int_equal(sa.dst.bits, 16);
}

static void
test_wrong_fields_are_refused_in_words(void **state)
{
	(void)state;
	assert_refused("\"IPX\",\"*\",\"*\",\"256\"," GCM "," KEY20 ",\"NULL\",\"\"", "protocol");
	assert_refused("\"IPv4\",\"fd01::1\",\"*\",\"256\"," GCM "," KEY20 ",\"NULL\",\"\"",
		       "address");
	assert_refused("\"IPv4\",\"10.0.0.0/33\",\"*\",\"256\"," GCM "," KEY20 ",\"NULL\",\"\"",
		       "prefix");
	assert_refused("\"IPv4\",\"10.0.0.0/\",\"*\",\"256\"," GCM "," KEY20 ",\"NULL\",\"\"",
		       "prefix");
	assert_refused(HEAD "\"AES-GCM\"," KEY20 ",\"NULL\",\"\"", "encryption");
	assert_refused(HEAD "\"TwoFish-CBC\"," KEY20 ",\"NULL\",\"\"", "not built");
	assert_refused(HEAD GCM "," KEY20 ",\"HMAC\",\"\"", "authentication");
	assert_refused(HEAD GCM "," KEY20 ",\"NULL\",\"\",\"16-bit\",\"0\"", "sequence");
	assert_refused(HEAD GCM "," KEY20 ",\"NULL\",\"\",\"64-bit\",\"0x100000000\"", "high");
}

static void
test_spis_are_given_in_full(void **state)
{
	(void)state;
	assert_refused("\"IPv4\",\"*\",\"*\",\"*\"," GCM "," KEY20 ",\"NULL\",\"\"", "wildcard");
	assert_refused("\"IPv4\",\"*\",\"*\",\"0x12*\"," GCM "," KEY20 ",\"NULL\",\"\"",
		       "wildcard");
	assert_refused("\"IPv4\",\"*\",\"*\",\"0x100000000\"," GCM "," KEY20 ",\"NULL\",\"\"",
		       "SPI");
	assert_refused("\"IPv4\",\"*\",\"*\",\"-1\"," GCM "," KEY20 ",\"NULL\",\"\"", "SPI");
	assert_refused("\"IPv4\",\"*\",\"*\",\"0x0x1001\"," GCM "," KEY20 ",\"NULL\",\"\"", "SPI");
	assert_refused("\"IPv4\",\"*\",\"*\",\"255\"," GCM "," KEY20 ",\"NULL\",\"\"", "reserved");
}

static void
test_keys_are_pairs_of_hexadecimal_digits(void **state)
{
	(void)state;
	assert_refused(HEAD GCM ",\"00112233\",\"NULL\",\"\"", "0x");
	assert_refused(HEAD GCM ",\"0x001\",\"NULL\",\"\"", "pairs");
	assert_refused(HEAD GCM ",\"0x00xx\",\"NULL\",\"\"", "pairs");
	assert_refused(HEAD GCM ",\"0x0011\",\"NULL\",\"\"", "length");
	assert_refused(HEAD "\"AES-CBC [RFC3602]\",\"0x00112233445566778899aabbccddeeff\","
			    "\"HMAC-SHA-1-96 [RFC2404]\",\"0x00\"",
		       "length");
}

static void
test_unchecked_packets_are_not_offered(void **state)
{
	(void)state;
	assert_refused(HEAD "\"AES-CBC [RFC3602]\",\"0x00112233445566778899aabbccddeeff\","
			    "\"ANY 128 bit authentication [no checking]\",\"\"",
		       "checks every packet");
}

static void
test_broken_lines_are_refused(void **state)
{
	(void)state;
	assert_refused("", "eight or ten");
	assert_refused("\"IPv4\",\"*\",\"*\"", "eight or ten");
	assert_refused(HEAD GCM "," KEY20 ",\"NULL\",\"\",\"32-bit\"", "eight or ten");
	assert_refused(HEAD GCM "," KEY20 ",\"NULL\",\"\",\"32-bit\",\"0\",\"\"", "eight or ten");
	assert_refused(HEAD GCM "," KEY20 ",\"NULL\",\"", "closed");
	assert_refused("\"IPv4\"x,\"*\"", "comma");
}

static void
test_a_field_longer_than_any_is_refused(void **state)
{
	char text[1024];

	(void)state;
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_refused(text, "longer");
}

static void
test_a_nul_byte_is_refused(void **state)
{
	struct esp_sa sa;

	(void)state;
	assert_non_null(esp_sa_parse(&sa, "\"IP\0v4\"", 7));
}

static void
test_comments_and_empty_lines_are_blank(void **state)
{
	(void)state;
	assert_true(esp_sa_is_blank("", 0));
	assert_true(esp_sa_is_blank("  \r", 3));
	assert_true(esp_sa_is_blank("# This file is automatically generated", 38));
	assert_false(esp_sa_is_blank("\"IPv4\"", 6));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_of_ten_fields_is_an_sa),
		cmocka_unit_test(test_a_line_of_eight_fields_has_no_extended_numbers),
		cmocka_unit_test(test_extended_numbers_have_their_high_half),
		cmocka_unit_test(test_a_cipher_and_a_mac_are_one_key),
		cmocka_unit_test(test_every_name_that_is_built_finds_its_object),
		cmocka_unit_test(test_addresses_may_be_all_or_a_prefix),
		cmocka_unit_test(test_wrong_fields_are_refused_in_words),
		cmocka_unit_test(test_spis_are_given_in_full),
		cmocka_unit_test(test_keys_are_pairs_of_hexadecimal_digits),
		cmocka_unit_test(test_unchecked_packets_are_not_offered),
		cmocka_unit_test(test_broken_lines_are_refused),
		cmocka_unit_test(test_a_field_longer_than_any_is_refused),
		cmocka_unit_test(test_a_nul_byte_is_refused),
		cmocka_unit_test(test_comments_and_empty_lines_are_blank),
	};

	return cmocka_run_group_tests_name("esp_sa_file", tests, NULL, NULL);
}
