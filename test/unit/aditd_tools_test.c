/* What aditd writes for others: Wireshark's key files, and the answers of its small
 * host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "../../examples/aditd/host.h"
#include "../../examples/aditd/keylog.h"
#include "adit/mbedtls.h"
#include "support/folder.h"

static void
read_text(const char *name, char *to, size_t cap)
{
	to[folder_get(name, to, cap - 1)] = 0;
}

static int
make_folder(void **state)
{
	(void)state;
	return folder_make() ? 0 : -1;
}

static int
remove_folder(void **state)
{
	static const char *const names[] = {"ikev2_decryption_table", "esp_sa"};

	(void)state;
	return folder_remove(names, 2);
}

static const uint8_t bytes[96] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};

static struct adit_ike_event
child_with(const struct adit_aead *aead, bool esn)
{
	struct adit_ike_event ev;

	memset(&ev, 0, sizeof ev);
	ev.in.dir = ADIT_IN;
	ev.in.spi = 0xc0000001;
	ev.in.local = (struct adit_ip){4, {10, 0, 0, 1}};
	ev.in.remote = (struct adit_ip){4, {10, 0, 0, 2}};
	ev.in.aead = aead;
	ev.in.esn = esn;
	ev.in.key = (struct adit_span){bytes, adit_aead_key_len(aead)};
	ev.out = ev.in;
	ev.out.dir = ADIT_OUT;
	ev.out.spi = 0x00000102;
	return ev;
}

static void
test_key_files_are_what_wireshark_reads_and_for_their_owner_alone(void **state)
{
	struct adit_ike_event gcm = child_with(&adit_mbedtls_aes128_gcm16, false);
	struct adit_ike_event esn = child_with(&adit_mbedtls_aes128_cbc_sha256, true);
	struct adit_ike_event chacha = child_with(&adit_mbedtls_chacha20_poly1305, false);
	struct adit_trace_record rec;
	struct stat st;
	char text[4096];

	(void)state;
	assert_true(keylog_open(folder_name()));
	memset(&rec, 0, sizeof rec);
	rec.spi_i[0] = 0xab;
	rec.spi_r[7] = 0xcd;
	rec.aead = &adit_mbedtls_aes128_gcm16;
	rec.sk_ei = rec.sk_er = (struct adit_span){bytes, 8};
	keylog_ike(&rec);
	keylog_child(&gcm);
	keylog_child(&esn);
	keylog_child(&chacha);

	read_text("ikev2_decryption_table", text, sizeof text);
	assert_string_equal(text, "ab00000000000000,00000000000000cd,0123456789abcdef,"
				  "0123456789abcdef,\"AES-GCM-128 with 16 octet ICV [RFC5282]\",,,"
				  "\"NONE [RFC4306]\"\n");
	assert_int_equal(stat(folder_path("esp_sa"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	read_text("esp_sa", text, sizeof text);
	assert_non_null(strstr(text,
			       "\"IPv4\",\"10.0.0.2\",\"10.0.0.1\",\"0xc0000001\","
			       "\"AES-GCM with 16 octet ICV [RFC4106]\","
			       "\"0x0123456789abcdef000000000000000000000000\",\"NULL\",\"\"\n"
			       "\"IPv4\",\"10.0.0.1\",\"10.0.0.2\",\"0x00000102\","));
	assert_non_null(strstr(text, "\"AES-CBC [RFC3602]\",\"0x0123456789abcdef0000000000000000\","
				     "\"HMAC-SHA-256-128 [RFC4868]\",\"0x0000"));
	assert_non_null(strstr(text, "\",\"64-bit\",\"0\"\n"));
	/* One word that it does not know makes Wireshark refuse the whole file. */
	assert_non_null(strstr(text, "\n# \"IPv4\",\"10.0.0.2\",\"10.0.0.1\",\"0xc0000001\","
				     "\"ChaCha20 with Poly1305 [RFC7634]\""));
}

static uint32_t
sum16(const uint8_t *p, size_t n)
{
	uint32_t s = 0;

	for (size_t i = 0; i < n; i++)
		s += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

/* An echo request from 10.0.0.2 to 10.0.0.1 with two bytes of data. */
static const uint8_t echo[] = {0x45, 0,  0, 30, 0, 1, 0, 0,    64,   1, 0x66, 0xdd, 10, 0, 0,
			       2,    10, 0, 0,  1, 8, 0, 0xf7, 0xfd, 0, 1,    0,    1,  0, 0};

static void
test_an_echo_request_is_answered_and_nothing_else_is(void **state)
{
	uint8_t room[64 + sizeof echo];
	struct adit_pkt pkt = {room, sizeof room, 32, sizeof echo};

	(void)state;
	memset(room, 0, sizeof room);
	memcpy(room + 32, echo, sizeof echo);
	assert_true(host_input(&pkt, 1));
	assert_int_equal(pkt.len, sizeof echo);
	assert_memory_equal(room + 32 + 12, "\x0a\0\0\x01\x0a\0\0\x02", 8);
	assert_int_equal(room[32 + 20], 0);
	assert_int_equal(sum16(room + 32, 20), 0xffff);
	assert_int_equal(sum16(room + 32 + 20, sizeof echo - 20), 0xffff);
	/* The answer itself, cut packets, other protocols. */
	assert_false(host_input(&pkt, 1));
	for (size_t len = 0; len < 28; len++) {
		memcpy(room + 32, echo, sizeof echo);
		pkt.len = len;
		assert_false(host_input(&pkt, 1));
	}
	memcpy(room + 32, echo, sizeof echo);
	pkt.len = sizeof echo;
	room[32 + 9] = ADIT_PROTO_UDP;
	assert_false(host_input(&pkt, 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_key_files_are_what_wireshark_reads_and_for_their_owner_alone,
			make_folder, remove_folder),
		cmocka_unit_test(test_an_echo_request_is_answered_and_nothing_else_is),
	};

	return cmocka_run_group_tests_name("aditd_tools", tests, NULL, NULL);
}
