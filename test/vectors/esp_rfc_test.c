/* Packets printed in RFCs and drafts: draft-mcgrew-gcm-test-01 for RFC 4106, RFC 7634 Appendix A
 * and B, RFC 3602 section 4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adit/esp.h"
#include "adit/mbedtls.h"
#include "base/endian.h"
#include "ike/protect.h"
#include "support/json.h"

#define DATA "test/vectors/data/rfc_esp_examples.json"
enum { BYTES_MAX = 512 };

static struct json *root;
static unsigned sealed, opened, deciphered;

/* A member's bytes, as a value. */
struct bytes {
	uint8_t p[BYTES_MAX];
	size_t n;
};

static struct bytes
get(const struct json *j, const char *key)
{
	struct bytes b = {{0}, 0};
	uint8_t *p = json_hex(json_get(j, key), &b.n);

	if (p == NULL)
		return (struct bytes){{0}, 0};
	assert_true(b.n <= sizeof b.p);
	memcpy(b.p, p, b.n);
	free(p);
	return b;
}

static struct adit_span
span(const struct bytes *b)
{
	return (struct adit_span){b->p, b->n};
}

static const struct json *
find(const char *name)
{
	const struct json *j = json_at(json_get(root, "vectors"), 0);

	while (j != NULL && strcmp(json_text(json_get(j, "name")), name) != 0)
		j = j->next;
	return j;
}

static void
append(struct bytes *to, struct bytes b)
{
	memcpy(to->p + to->n, b.p, b.n);
	to->n += b.n;
}

static const struct adit_aead *
aead_of(const struct json *j)
{
	bool gcm = strcmp(json_text(json_get(j, "encr")), "AES-GCM-16") == 0;
	uint16_t bits = (uint16_t)(8 * get(j, "key").n);

	return gcm ? adit_crypto_aead(&adit_mbedtls_modern, ADIT_ENCR_AES_GCM_16, bits, 0)
		   : &adit_mbedtls_chacha20_poly1305;
}

/* SPI, high half if extended, low half (RFC 4106 5). */
static struct bytes
aad_of(const struct json *j)
{
	struct bytes aad = get(j, "spi");

	if (json_true(json_get(j, "esn")))
		append(&aad, get(j, "seq_hi"));
	append(&aad, get(j, "seq_lo"));
	return aad;
}

/* Seals the plaintext, trailer and all, and opens it again. */
static void
check_combined(const struct json *j)
{
	const struct adit_aead *aead = aead_of(j);
	struct bytes key = get(j, "key"), iv = get(j, "iv"), aad = aad_of(j);
	struct bytes plain = get(j, "plaintext_with_esp_trailer"), esp = get(j, "esp");
	struct bytes data = plain;
	union adit_keyctx kc;
	uint8_t icv[ADIT_ICV_MAX];
	struct adit_aead_op op;

	append(&key, get(j, "salt"));
	memset(&op, 0, sizeof op);
	op.iv = iv.p;
	op.aad = span(&aad);
	op.data = data.p;
	op.len = data.n;
	op.icv = icv;
	assert_int_equal(aead->setkey(aead, &kc, span(&key)), ADIT_OK);
	aead->seal(aead, &kc, &op, 1);
	assert_int_equal(op.status, ADIT_OK);
	assert_int_equal(esp.n, 8 + iv.n + data.n + aead->icv_len);
	assert_memory_equal(esp.p + 8 + iv.n, data.p, data.n);
	assert_memory_equal(esp.p + 8 + iv.n + data.n, icv, aead->icv_len);
	sealed++;
	aead->open(aead, &kc, &op, 1);
	assert_int_equal(op.status, ADIT_OK);
	assert_memory_equal(data.p, plain.p, plain.n);
	opened++;
	aead->wipe(aead, &kc);
}

static void
test_rfc_4106_and_7634_packets_are_sealed_as_printed(void **state)
{
	(void)state;
	for (const struct json *j = json_at(json_get(root, "vectors"), 0); j; j = j->next)
		if (get(j, "plaintext_with_esp_trailer").n > 0)
			check_combined(j);
	assert_int_equal(sealed, 15);
}

static void
put_outer(struct bytes *packet, const struct bytes *esp)
{
	static const uint8_t header[20] = {0x45, 0, 0,   0, 0,   0,   0,   0, 64,  50,
					   0,    0, 203, 0, 113, 153, 203, 0, 113, 5};
	uint32_t sum = 0;

	memcpy(packet->p, header, sizeof header);
	adit_store16(packet->p + 2, (uint16_t)(sizeof header + esp->n));
	for (size_t i = 0; i < sizeof header; i += 2)
		sum += adit_load16(packet->p + i);
	sum = (sum & 0xffff) + (sum >> 16);
	adit_store16(packet->p + 10, (uint16_t) ~(sum + (sum >> 16)));
	packet->n = sizeof header;
	append(packet, *esp);
}

static void
test_rfc_7634_a_packet_is_decapsulated(void **state)
{
	const struct json *j = find("RFC7634-A-ESP");
	struct bytes key = get(j, "key"), esp = get(j, "esp"), packet = {{0}, 0};
	struct bytes plain = get(j, "plaintext_with_esp_trailer");
	struct adit_sa_params p;
	uint32_t window[ADIT_REPLAY_WORDS(64)];
	union adit_keyctx kc;
	struct adit_pkt pkt;
	struct adit_esp_rx rx;
	struct adit_sa sa;

	(void)state;
	append(&key, get(j, "salt"));
	put_outer(&packet, &esp);
	memset(&p, 0, sizeof p);
	p.dir = ADIT_IN;
	p.spi = 0x01020304;
	p.remote = (struct adit_ip){4, {203, 0, 113, 153}};
	p.local = (struct adit_ip){4, {203, 0, 113, 5}};
	p.aead = &adit_mbedtls_chacha20_poly1305;
	p.key = span(&key);
	p.replay_window = 64;
	assert_int_equal(adit_sa_init(&sa, &p, (struct adit_buf){kc.mem, sizeof kc}, window,
				      sizeof window / sizeof window[0]),
			 ADIT_OK);
	pkt = (struct adit_pkt){packet.p, sizeof packet.p, 0, packet.n};
	assert_int_equal(adit_esp_decap(&sa, &pkt, &rx), ADIT_OK);
	assert_int_equal(rx.seq, 5);
	assert_int_equal(rx.next_header, 4);
	assert_int_equal(pkt.len, 84);
	assert_memory_equal(adit_pkt_data(&pkt), plain.p, 84);
	adit_sa_wipe(&sa);
}

static void
test_rfc_7634_b_ike_message_is_opened(void **state)
{
	const struct json *j = find("RFC7634-B-IKEv2");
	struct bytes key = get(j, "key"), msg = get(j, "ike_message");
	struct bytes plain = get(j, "sk_plaintext_with_padlen");
	struct adit_ike_chain chain;
	struct adit_ike_header h;
	struct adit_protect p;
	struct adit_span inner;
	uint8_t first;

	(void)state;
	append(&key, get(j, "salt"));
	assert_int_equal(adit_protect_key(&p, &adit_mbedtls_chacha20_poly1305, span(&key)),
			 ADIT_OK);
	assert_int_equal(adit_ike_get_header(span(&msg), &h), ADIT_OK);
	assert_int_equal(h.message_id, 9);
	assert_int_equal(adit_ike_get_chain((struct adit_span){msg.p + 28, msg.n - 28},
					    h.first_payload, &chain),
			 ADIT_OK);
	assert_int_equal(adit_protect_open(&p, msg.p, &chain, &first, &inner), ADIT_OK);
	assert_int_equal(first, ADIT_PAYLOAD_NOTIFY);
	assert_int_equal(inner.n, plain.n - 1);
	assert_memory_equal(inner.p, plain.p, inner.n);
	adit_protect_wipe(&p);
}

/* These have no integrity: no SA can be made for them, the cipher alone is checked. */
static void
check_cbc(const struct json *j)
{
	const struct adit_cipher *cbc = &adit_mbedtls_aes_cbc;
	struct bytes key = get(j, "key"), iv = get(j, "iv"), esp = get(j, "esp");
	struct bytes payload = get(j, "payload");
	size_t pad = (size_t)json_long(json_get(j, "pad_len"));
	uint8_t *data = esp.p + 8 + 16;
	size_t n = esp.n - 8 - 16;
	struct bytes before = esp;
	union adit_keyctx kc;

	assert_int_equal(cbc->setkey(&kc, span(&key)), ADIT_OK);
	assert_int_equal(cbc->decrypt(&kc, iv.p, data, n), ADIT_OK);
	assert_int_equal(n, payload.n + pad + 2);
	assert_memory_equal(data, payload.p, payload.n);
	assert_int_equal(data[n - 2], pad);
	assert_int_equal(data[n - 1], json_long(json_get(j, "next_header")));
	assert_int_equal(cbc->encrypt(&kc, iv.p, data, n), ADIT_OK);
	assert_memory_equal(esp.p, before.p, esp.n);
	cbc->wipe(&kc);
	deciphered++;
}

static void
test_rfc_3602_packets_are_deciphered(void **state)
{
	(void)state;
	for (const struct json *j = json_at(json_get(root, "vectors"), 0); j; j = j->next)
		if (strcmp(json_text(json_get(j, "encr")), "AES-CBC") == 0)
			check_cbc(j);
	assert_int_equal(deciphered, 4);
}

static void
test_a_cipher_without_integrity_is_no_transform(void **state)
{
	(void)state;
	assert_null(adit_crypto_aead(&adit_mbedtls_compat, ADIT_ENCR_AES_CBC, 128, ADIT_AUTH_NONE));
}

static int
open_data(void **state)
{
	(void)state;
	root = json_load(DATA);
	return root == NULL ? -1 : 0;
}

static int
tell(void **state)
{
	(void)state;
	printf("RFC examples: %u sealed, %u opened, 1 decapsulated, 1 IKE message, %u CBC\n",
	       sealed, opened, deciphered);
	json_free(root);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc_4106_and_7634_packets_are_sealed_as_printed),
		cmocka_unit_test(test_rfc_7634_a_packet_is_decapsulated),
		cmocka_unit_test(test_rfc_7634_b_ike_message_is_opened),
		cmocka_unit_test(test_rfc_3602_packets_are_deciphered),
		cmocka_unit_test(test_a_cipher_without_integrity_is_no_transform),
	};

	return cmocka_run_group_tests_name("esp_rfc", tests, open_data, tell);
}
