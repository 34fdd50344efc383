/* ESP and AH packets made by scapy, an implementation independent of ours, each recomputed field by
 * field: our packets are scapy's byte for byte, scapy's packets give what scapy put in, and none of
 * them passes with a byte missing or a bit changed. Read from ../shared (or $ADIT_SHARED); skipped
 * where that is absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adit/ah.h"
#include "adit/mbedtls.h"
#include "support/json.h"

/* VECTORS: all that the file has. */
enum { BUF = 4096, HEADROOM = 128, VECTORS = 1874 };

static struct json *corpus;

/* One vector. */
struct vector {
	const struct json *j;
	uint8_t *plain, *packet;
	size_t plain_n, packet_n;
	bool tunnel, nat_t, ah;
	uint64_t seq;
	struct adit_aead aead; /* a copy whose IV is the vector's */
	const struct adit_aead *real;
	uint8_t key[ADIT_AEAD_KEY_MAX];
	size_t key_n;
};

/* The AEAD's make_iv for the vector at hand; tests run one at a time. */
static uint8_t fixed_iv[ADIT_IV_MAX];

static enum adit_status
make_fixed_iv(const struct adit_aead *aead, void *kc, uint64_t n, uint8_t *iv)
{
	(void)kc;
	(void)n;
	memcpy(iv, fixed_iv, aead->iv_len);
	return ADIT_OK;
}

static const struct {
	const char *name;
	uint16_t id;
	uint8_t salt; /* bytes at the end of the key */
} encrs[] = {{"NULL", ADIT_ENCR_NULL, 0},
	     {"3DES", ADIT_ENCR_3DES, 0},
	     {"AES-CBC", ADIT_ENCR_AES_CBC, 0},
	     {"AES-CTR", ADIT_ENCR_AES_CTR, 4},
	     {"AES-GCM", ADIT_ENCR_AES_GCM_16, 4},
	     {"AES-CCM", ADIT_ENCR_AES_CCM_16, 3},
	     {"AES-NULL-GMAC", ADIT_ENCR_NULL_AUTH_AES_GMAC, 4},
	     {"CHACHA20-POLY1305", ADIT_ENCR_CHACHA20_POLY1305, 4}};
static const struct {
	const char *name;
	uint16_t id;
} integs[] = {{"NULL", ADIT_AUTH_NONE},
	      {"HMAC-MD5-96", ADIT_AUTH_HMAC_MD5_96},
	      {"HMAC-SHA1-96", ADIT_AUTH_HMAC_SHA1_96},
	      {"AES-CMAC-96", ADIT_AUTH_AES_CMAC_96},
	      {"SHA2-256-128", ADIT_AUTH_HMAC_SHA2_256_128},
	      {"SHA2-384-192", ADIT_AUTH_HMAC_SHA2_384_192},
	      {"SHA2-512-256", ADIT_AUTH_HMAC_SHA2_512_256}};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static uint16_t
integ_of(const char *name)
{
	for (size_t i = 0; i < COUNT(integs); i++)
		if (strcmp(integs[i].name, name) == 0)
			return integs[i].id;
	fail_msg("what is %s?", name);
	return 0;
}

/* Key lengths are told by IKE but for those that a cipher always has (3DES, ChaCha20). */
static const struct adit_aead *
find_aead(const struct json *j)
{
	const char *encr = json_text(json_get(j, "encr"));
	size_t key = strlen(json_text(json_get(j, "enc_key_with_salt"))) / 2;
	uint16_t integ = integ_of(json_text(json_get(j, "integ")));

	if (!encr || !*encr)
		encr = "NULL"; /* AH */
	for (size_t e = 0; e < COUNT(encrs); e++) {
		bool fixed =
			encrs[e].id == ADIT_ENCR_3DES || encrs[e].id == ADIT_ENCR_CHACHA20_POLY1305;

		if (strcmp(encrs[e].name, encr) == 0)
			return adit_crypto_sa_aead(
				&adit_mbedtls_legacy, encrs[e].id,
				fixed ? 0 : (uint16_t)(8 * (key - encrs[e].salt)), integ);
	}
	return NULL;
}

static unsigned wrapped, unwrapped, cut, flipped;

/* --- A vector as arguments. */

static size_t
append_hex(uint8_t *to, size_t cap, const struct json *j)
{
	size_t n;
	uint8_t *p = json_hex(j, &n);

	assert_non_null(p);
	assert_true(n <= cap);
	memcpy(to, p, n);
	free(p);
	return n;
}

static void
read_vector(struct vector *v, const struct json *j)
{
	memset(v, 0, sizeof *v);
	v->real = find_aead(j);
	assert_non_null(v->real);
	v->j = j;
	v->ah = strcmp(json_text(json_get(j, "proto")), "AH") == 0;
	v->plain = json_hex(json_get(j, "plain"), &v->plain_n);
	v->packet = json_hex(json_get(j, "packet"), &v->packet_n);
	assert_non_null(v->plain);
	assert_non_null(v->packet);
	assert_true(v->plain_n < BUF - 2 * HEADROOM && v->packet_n < BUF - 2 * HEADROOM);
	v->tunnel = strcmp(json_text(json_get(j, "mode")), "tunnel") == 0;
	v->nat_t = json_true(json_get(j, "nat_t"));
	v->seq = (uint64_t)json_long(json_get(j, "seq_lo"));
	if (json_true(json_get(j, "esn")))
		v->seq |= (uint64_t)json_long(json_get(j, "seq_hi")) << 32;
	v->key_n = append_hex(v->key, sizeof v->key, json_get(j, "enc_key_with_salt"));
	v->key_n +=
		append_hex(v->key + v->key_n, sizeof v->key - v->key_n, json_get(j, "auth_key"));
	(void)append_hex(fixed_iv, sizeof fixed_iv, json_get(j, "iv"));
	v->aead = *v->real;
	if (v->aead.iv_len)
		v->aead.make_iv = make_fixed_iv;
}

static void
free_vector(struct vector *v)
{
	free(v->plain);
	free(v->packet);
}

static struct adit_ip
address(const struct vector *v, bool source)
{
	const uint8_t *p = v->packet;
	struct adit_ip ip = {(uint8_t)(p[0] >> 4), {0}};

	if (ip.version == 4)
		memcpy(ip.b, p + (source ? 12 : 16), 4);
	else
		memcpy(ip.b, p + (source ? 8 : 24), 16);
	return ip;
}

/* Where ESP begins in scapy's packet: its outer headers have no extensions, options. */
static size_t
outer_len(const struct vector *v)
{
	return (v->packet[0] >> 4 == 4 ? 20 : 40) + (v->nat_t ? 8u : 0u);
}

static union adit_keyctx kc;
static uint32_t window[ADIT_REPLAY_WORDS(64)];

static void
make_sa(struct adit_sa *sa, const struct vector *v, enum adit_direction dir)
{
	struct adit_sa_params p;

	memset(&p, 0, sizeof p);
	p.dir = dir;
	p.protocol = v->ah ? ADIT_PROTO_AH : ADIT_PROTO_ESP;
	p.mode = v->tunnel ? ADIT_TUNNEL : ADIT_TRANSPORT;
	p.spi = (uint32_t)json_long(json_get(v->j, "spi"));
	p.local = address(v, dir == ADIT_OUT);
	p.remote = address(v, dir == ADIT_IN);
	p.udp_encap = v->nat_t;
	p.aead = &v->aead;
	p.key = (struct adit_span){v->key, v->key_n};
	p.esn = json_true(json_get(v->j, "esn"));
	p.replay_window = 64;
	/* The number before this packet's was the last one. */
	p.seq = v->seq > 0 ? v->seq - 1 : 0;
	memset(window, 0, sizeof window);
	assert_int_equal(
		adit_sa_init(sa, &p, (struct adit_buf){kc.mem, sizeof kc}, window, COUNT(window)),
		ADIT_OK);
}

/* --- Both ways. */

static enum adit_status
encap_at(const struct adit_sa *sa, uint64_t seq, struct adit_pkt *pkt)
{
	return sa->protocol == ADIT_PROTO_AH ? adit_ah_encap_at(sa, seq, pkt)
					     : adit_esp_encap_at(sa, seq, pkt);
}

/* AH in a tunnel covers the identification of the IPv4 header outside, which scapy chooses
 * otherwise: then the ICV is another. That ours is right as well, scapy's packets show when we open
 * them. */
static bool
has_own_icv(const struct vector *v, const uint8_t *ours)
{
	return v->ah && v->tunnel && ours[0] >> 4 == 4 && memcmp(ours + 4, v->packet + 4, 2) != 0;
}

static void
wrap(const struct vector *v)
{
	uint8_t buf[BUF] = {0};
	struct adit_pkt pkt = {buf, sizeof buf, HEADROOM, v->plain_n};
	struct adit_sa sa;
	size_t from = v->tunnel ? outer_len(v) : 0;

	make_sa(&sa, v, ADIT_OUT);
	memcpy(buf + HEADROOM, v->plain, v->plain_n);
	assert_int_equal(encap_at(&sa, v->seq, &pkt), ADIT_OK);
	assert_int_equal(pkt.len, v->packet_n);
	if (has_own_icv(v, adit_pkt_data(&pkt)))
		memcpy(adit_pkt_data(&pkt) + from + 12, v->packet + from + 12, v->aead.icv_len);
	/* Scapy's outer IPv4 and IPv6 headers are its own choice in fields that are anybody's. */
	assert_memory_equal(adit_pkt_data(&pkt) + from, v->packet + from, v->packet_n - from);
	adit_sa_wipe(&sa);
	wrapped++;
}

/* What scapy lets stand in the packet inside: a tunnel's end doesn't mend what is inside it. */
static void
unwrap(const struct vector *v)
{
	uint8_t buf[BUF] = {0};
	struct adit_pkt pkt = {buf, sizeof buf, HEADROOM, v->packet_n};
	struct adit_esp_rx rx;
	struct adit_sa sa;

	make_sa(&sa, v, ADIT_IN);
	memcpy(buf + HEADROOM, v->packet, v->packet_n);
	assert_int_equal(v->ah ? adit_ah_decap_at(&sa, &pkt, &rx)
			       : adit_esp_decap_at(&sa, &pkt, &rx),
			 ADIT_OK);
	assert_int_equal(rx.seq, v->seq);
	assert_int_equal(pkt.len, v->plain_n);
	assert_memory_equal(adit_pkt_data(&pkt), v->plain, v->plain_n);
	adit_sa_wipe(&sa);
	unwrapped++;
}

/* --- Damage. */

/* Gives the packet to the SA, which must refuse it and stay as it was. */
static void
refuse(struct adit_sa *sa, const uint8_t *packet, size_t n)
{
	uint8_t buf[BUF];
	struct adit_pkt pkt = {buf, sizeof buf, HEADROOM, n};
	const struct adit_replay before = sa->window;
	const uint64_t packets = sa->n.packets, drops = sa->n.drops;
	struct adit_esp_rx rx;
	enum adit_status st;

	memcpy(buf + HEADROOM, packet, n);
	st = sa->protocol == ADIT_PROTO_AH ? adit_ah_decap(sa, &pkt, &rx)
					   : adit_esp_decap(sa, &pkt, &rx);
	assert_int_not_equal(st, ADIT_OK);
	assert_memory_equal(&before, &sa->window, sizeof before);
	assert_int_equal(sa->n.packets, packets);
	assert_int_equal(sa->n.drops, drops + 1);
}

static void
set_length(const struct vector *v, uint8_t *packet, size_t n)
{
	if (packet[0] >> 4 == 4 && n >= 20) {
		packet[2] = (uint8_t)(n >> 8);
		packet[3] = (uint8_t)n;
	} else if (packet[0] >> 4 == 6 && n >= 40) {
		packet[4] = (uint8_t)((n - 40) >> 8);
		packet[5] = (uint8_t)(n - 40);
	}
	if (v->nat_t && n >= outer_len(v)) {
		packet[outer_len(v) - 4] = (uint8_t)((n - outer_len(v) + 8) >> 8);
		packet[outer_len(v) - 3] = (uint8_t)(n - outer_len(v) + 8);
	}
}

/* Cut on the way, and cut by somebody who mends the lengths. */
static void
truncate_all(const struct vector *v)
{
	uint8_t packet[BUF];
	struct adit_sa sa;

	make_sa(&sa, v, ADIT_IN);
	for (size_t n = 0; n < v->packet_n; n++) {
		memcpy(packet, v->packet, v->packet_n);
		refuse(&sa, packet, n);
		set_length(v, packet, n);
		refuse(&sa, packet, n);
		cut += 2;
	}
	adit_sa_wipe(&sa);
}

/* Fields that routers change, and AH does not cover (RFC 4302 3.3.3.1): IPv4's TOS, flags and
 * offset, TTL and checksum; IPv6's traffic class, flow label and hop limit. */
static bool
is_mutable(const struct vector *v, size_t at)
{
	if (v->packet[0] >> 4 == 4)
		return at == 1 || (at >= 6 && at <= 8) || at == 10 || at == 11;
	return at <= 3 || at == 7;
}

static bool
is_covered(const struct vector *v, size_t at)
{
	return v->ah ? !is_mutable(v, at) : at >= outer_len(v);
}

static void
flip_all(const struct vector *v)
{
	uint8_t packet[BUF];
	struct adit_sa sa;

	make_sa(&sa, v, ADIT_IN);
	memcpy(packet, v->packet, v->packet_n);
	for (size_t bit = 0; bit < 8 * v->packet_n; bit++) {
		if (!is_covered(v, bit / 8))
			continue;
		packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
		refuse(&sa, packet, v->packet_n);
		packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
		flipped++;
	}
	adit_sa_wipe(&sa);
}

static void
for_each(void (*run)(const struct vector *))
{
	const struct json *j = json_at(json_get(corpus, "vectors"), 0);
	struct vector v;

	if (j == NULL)
		skip();
	for (; j != NULL; j = j->next) {
		read_vector(&v, j);
		run(&v);
		free_vector(&v);
	}
}

static void
test_our_packets_are_scapy_s(void **state)
{
	(void)state;
	for_each(wrap);
	assert_int_equal(wrapped, VECTORS);
}

static void
test_scapy_s_packets_give_what_was_put_in(void **state)
{
	(void)state;
	for_each(unwrap);
	assert_int_equal(unwrapped, VECTORS);
}

static void
test_every_truncation_is_refused(void **state)
{
	(void)state;
	for_each(truncate_all);
}

static void
test_every_changed_bit_is_refused(void **state)
{
	(void)state;
	for_each(flip_all);
}

static int
open_corpus(void **state)
{
	(void)state;
	corpus = json_load(json_shared("vectors/esp/scapy_differential_corpus.json"));
	return 0;
}

static int
tell(void **state)
{
	(void)state;
	printf("scapy corpus: %u packets wrapped, %u unwrapped, %u cut, %u with a bit changed%s\n",
	       wrapped, unwrapped, cut, flipped,
	       corpus == NULL ? "; skipped: ../shared is not here" : "");
	json_free(corpus);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_our_packets_are_scapy_s),
		cmocka_unit_test(test_scapy_s_packets_give_what_was_put_in),
		cmocka_unit_test(test_every_truncation_is_refused),
		cmocka_unit_test(test_every_changed_bit_is_refused),
	};

	return cmocka_run_group_tests_name("esp_scapy", tests, open_corpus, tell);
}
