/* ESP packets made by scapy, an implementation independent of ours, each recomputed field by field:
 * our packets are scapy's byte for byte, and scapy's packets give what scapy put in. Read from
 * ../shared (or $ADIT_SHARED); skipped where that is absent. */
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
#include "support/json.h"

enum { BUF = 4096, HEADROOM = 128, SKIPS_MAX = 32 };

static struct json *corpus;

/* One vector. */
struct vector {
	const struct json *j;
	uint8_t *plain, *packet;
	size_t plain_n, packet_n;
	bool tunnel, nat_t;
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

/* --- What is built, and what is told as skipped. */

static const struct {
	const char *name;
	uint16_t id;
} encrs[] = {{"AES-CBC", ADIT_ENCR_AES_CBC},
	     {"AES-GCM", ADIT_ENCR_AES_GCM_16},
	     {"CHACHA20-POLY1305", ADIT_ENCR_CHACHA20_POLY1305}},
  integs[] = {{"NULL", ADIT_AUTH_NONE},
	      {"HMAC-SHA1-96", ADIT_AUTH_HMAC_SHA1_96},
	      {"SHA2-256-128", ADIT_AUTH_HMAC_SHA2_256_128},
	      {"SHA2-384-192", ADIT_AUTH_HMAC_SHA2_384_192},
	      {"SHA2-512-256", ADIT_AUTH_HMAC_SHA2_512_256}};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct adit_aead *
find_aead(const struct json *j)
{
	const char *encr = json_text(json_get(j, "encr")), *integ = json_text(json_get(j, "integ"));
	size_t key = strlen(json_text(json_get(j, "enc_key_with_salt"))) / 2;

	for (size_t e = 0; e < COUNT(encrs); e++)
		for (size_t i = 0; i < COUNT(integs); i++) {
			const struct adit_aead *const *a = adit_mbedtls_compat.aead;

			if (strcmp(encrs[e].name, encr) != 0 || strcmp(integs[i].name, integ) != 0)
				continue;
			for (; *a != NULL; a++)
				if ((*a)->encr == encrs[e].id && (*a)->integ == integs[i].id &&
				    (*a)->encr_key_len == key)
					return *a;
		}
	return NULL;
}

static struct {
	char what[64];
	unsigned n;
} skips[SKIPS_MAX];
static unsigned wrapped, unwrapped;

static void
skipped(const struct json *j)
{
	char what[64];
	unsigned i = 0;

	snprintf(what, sizeof what, "%s %s %s", json_text(json_get(j, "proto")),
		 json_text(json_get(j, "encr")), json_text(json_get(j, "integ")));
	while (i < SKIPS_MAX - 1 && skips[i].n != 0 && strcmp(skips[i].what, what) != 0)
		i++;
	memcpy(skips[i].what, what, sizeof what);
	skips[i].n++;
}

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

static bool
read_vector(struct vector *v, const struct json *j)
{
	memset(v, 0, sizeof *v);
	v->real = find_aead(j);
	if (v->real == NULL || strcmp(json_text(json_get(j, "proto")), "ESP") != 0)
		return false;
	v->j = j;
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
	v->aead.make_iv = make_fixed_iv;
	return true;
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

static void
wrap(const struct vector *v)
{
	uint8_t buf[BUF] = {0};
	struct adit_pkt pkt = {buf, sizeof buf, HEADROOM, v->plain_n};
	struct adit_sa sa;
	size_t from = v->tunnel ? outer_len(v) : 0;

	make_sa(&sa, v, ADIT_OUT);
	memcpy(buf + HEADROOM, v->plain, v->plain_n);
	assert_int_equal(adit_esp_encap_at(&sa, v->seq, &pkt), ADIT_OK);
	assert_int_equal(pkt.len, v->packet_n);
	/* Scapy's outer IPv4 and IPv6 headers are its own choice in fields that are anybody's. */
	assert_memory_equal(adit_pkt_data(&pkt) + from, v->packet + from, v->packet_n - from);
	adit_sa_wipe(&sa);
	wrapped++;
}

static void
unwrap(const struct vector *v)
{
	uint8_t buf[BUF] = {0};
	struct adit_pkt pkt = {buf, sizeof buf, HEADROOM, v->packet_n};
	struct adit_esp_rx rx;
	struct adit_sa sa;

	make_sa(&sa, v, ADIT_IN);
	memcpy(buf + HEADROOM, v->packet, v->packet_n);
	assert_int_equal(adit_esp_decap_at(&sa, &pkt, &rx), ADIT_OK);
	assert_int_equal(rx.seq, v->seq);
	assert_int_equal(pkt.len, v->plain_n);
	assert_memory_equal(adit_pkt_data(&pkt), v->plain, v->plain_n);
	adit_sa_wipe(&sa);
	unwrapped++;
}

static void
for_each(void (*run)(const struct vector *), bool count_skips)
{
	const struct json *j = json_at(json_get(corpus, "vectors"), 0);
	struct vector v;

	if (j == NULL)
		skip();
	for (; j != NULL; j = j->next) {
		if (!read_vector(&v, j)) {
			if (count_skips)
				skipped(j);
			continue;
		}
		run(&v);
		free_vector(&v);
	}
}

static void
test_our_packets_are_scapy_s(void **state)
{
	(void)state;
	for_each(wrap, true);
}

static void
test_scapy_s_packets_give_what_was_put_in(void **state)
{
	(void)state;
	for_each(unwrap, false);
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
	printf("scapy corpus: %u packets wrapped, %u unwrapped%s\n", wrapped, unwrapped,
	       corpus == NULL ? "; skipped: ../shared is not here" : "");
	for (unsigned i = 0; i < SKIPS_MAX && skips[i].n != 0; i++)
		printf("scapy corpus: skipped, not built: %u %s\n", skips[i].n, skips[i].what);
	json_free(corpus);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_our_packets_are_scapy_s),
		cmocka_unit_test(test_scapy_s_packets_give_what_was_put_in),
	};

	return cmocka_run_group_tests_name("esp_scapy", tests, open_corpus, tell);
}
