/* How fast ESP is beside the bare cipher call of mbedTLS on the same bytes, in the same run. Prints
 * a table, and writes the same figures to the file that is named as the argument. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mbedtls/aes.h>
#include <mbedtls/chachapoly.h>
#include <mbedtls/gcm.h>
#include <mbedtls/md.h>

#include "adit/esp.h"
#include "adit/mbedtls.h"
#include "bench.h"

enum { BURST = 32, ROUNDS = 20, HEADROOM = 128, ROOM = 2048 };
#define ROUND_NS 4000000.0 /* each candidate runs this long, in turn with the others */

/* mbedTLS is up to a quarter slower or faster by where in a page its context lies, so every context
 * lies at the start of one. */
struct bench {
	_Alignas(4096) union adit_keyctx kc_out;
	_Alignas(4096) union adit_keyctx kc_in;
	_Alignas(4096) mbedtls_gcm_context gcm;
	_Alignas(4096) mbedtls_chachapoly_context cp;
	_Alignas(4096) mbedtls_aes_context enc;
	mbedtls_aes_context dec;
	mbedtls_md_context_t md;
	const struct adit_aead *aead;
	size_t len; /* of the inner packet */
	struct adit_sa out, in;
	uint32_t window[ADIT_REPLAY_WORDS(64)];
	uint8_t room[BURST][ROOM], sealed[BURST][ROOM];
	size_t sealed_len;
	struct adit_pkt pkts[BURST];
};

double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

void
must(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "bench: %s failed\n", what);
		exit(1);
	}
}

static void
put_inner(uint8_t *p, size_t len)
{
	memset(p, 0xa5, len);
	memset(p, 0, 20);
	p[0] = 0x45;
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
	p[8] = 64;
	p[9] = 17;
	p[12] = p[16] = 10;
}

static void
reset_plain(struct bench *b)
{
	for (int i = 0; i < BURST; i++)
		b->pkts[i] = (struct adit_pkt){b->room[i], ROOM, HEADROOM, b->len};
}

/* --- What is measured. Each call works on BURST packets. */

static void
run_encap(struct bench *b)
{
	enum adit_status st[BURST];

	reset_plain(b);
	/* The last round's ciphertext stands where the packet was: only its header matters here. */
	for (int i = 0; i < BURST; i++)
		put_inner(b->room[i] + HEADROOM, 20),
			b->room[i][HEADROOM + 2] = (uint8_t)(b->len >> 8),
					      b->room[i][HEADROOM + 3] = (uint8_t)b->len;
	adit_esp_encap_burst(&b->out, b->pkts, st, BURST);
	must(st[0] == ADIT_OK && st[BURST - 1] == ADIT_OK, "encap");
}

/* A received packet is deciphered in place, so each round begins with a copy; the copy alone is
 * measured too, and taken off. */
static void
run_copy(struct bench *b)
{
	for (int i = 0; i < BURST; i++)
		memcpy(b->room[i] + HEADROOM, b->sealed[i], b->sealed_len);
}

static void
run_decap(struct bench *b)
{
	enum adit_status st[BURST];
	struct adit_esp_rx rx[BURST];

	run_copy(b);
	for (int i = 0; i < BURST; i++)
		b->pkts[i] = (struct adit_pkt){b->room[i], ROOM, HEADROOM, b->sealed_len};
	/* The same numbers each round: the window begins anew. */
	memset(b->window, 0, sizeof b->window);
	b->in.window.top = 0;
	adit_esp_decap_burst(&b->in, b->pkts, rx, st, BURST);
	must(st[0] == ADIT_OK && st[BURST - 1] == ADIT_OK, "decap");
}

static size_t
cipher_len(const struct bench *b)
{
	size_t align = b->aead->block > 4 ? b->aead->block : 4;

	return (b->len + 2 + align - 1) / align * align;
}

static void
raw_one(struct bench *b, uint8_t *p, int encrypt)
{
	static const uint8_t aad[24];
	uint8_t iv[16] = {0}, tag[64];
	size_t n = cipher_len(b);
	int ret;

	if (b->aead->encr == ADIT_ENCR_AES_GCM_16) {
		ret = mbedtls_gcm_crypt_and_tag(&b->gcm,
						encrypt ? MBEDTLS_GCM_ENCRYPT : MBEDTLS_GCM_DECRYPT,
						n, iv, 12, aad, 8, p, p, 16, tag);
	} else if (b->aead->encr == ADIT_ENCR_CHACHA20_POLY1305) {
		ret = mbedtls_chachapoly_encrypt_and_tag(&b->cp, n, iv, aad, 8, p, p, tag);
	} else {
		ret = mbedtls_aes_crypt_cbc(encrypt ? &b->enc : &b->dec,
					    encrypt ? MBEDTLS_AES_ENCRYPT : MBEDTLS_AES_DECRYPT, n,
					    iv, p, p);
		ret |= mbedtls_md_hmac_reset(&b->md);
		ret |= mbedtls_md_hmac_update(&b->md, aad, 24);
		ret |= mbedtls_md_hmac_update(&b->md, p, n);
		ret |= mbedtls_md_hmac_finish(&b->md, tag);
	}
	must(ret == 0, "mbedTLS");
}

/* On the very bytes that ESP works on: same place, same alignment. */
static void
run_raw_encrypt(struct bench *b)
{
	for (int i = 0; i < BURST; i++)
		raw_one(b, b->room[i] + HEADROOM, 1);
}

static void
run_raw_decrypt(struct bench *b)
{
	for (int i = 0; i < BURST; i++)
		raw_one(b, b->room[i] + HEADROOM + 20 + 8 + b->aead->iv_len, 0);
}

/* --- Measuring: candidates in turn, the best round of each. */

struct candidate {
	void (*run)(struct bench *b);
	double best; /* ns per packet */
};

/* mbedTLS keeps a cipher block on the stack, and is a quarter slower where that spans two cache
 * lines. How deep the caller stands decides it, so every candidate is run at several depths. */
static void __attribute__((noinline))
run_at_depth(const struct candidate *c, struct bench *b, size_t depth)
{
	volatile uint8_t *room = __builtin_alloca(16 * depth + 16);

	room[0] = 0;
	c->run(b);
	room[1] = room[0];
}

static void
measure(struct bench *b, struct candidate *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		c[i].best = 1e18;
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < n; i++) {
			double start = now_ns(), spent;
			unsigned calls = 0;

			do {
				run_at_depth(&c[i], b, (size_t)round % 4);
				calls++;
				spent = now_ns() - start;
			} while (spent < ROUND_NS);
			spent /= (double)calls * BURST;
			if (spent < c[i].best)
				c[i].best = spent;
		}
}

static void
begin(struct bench *b, const struct adit_aead *aead, size_t len)
{
	static uint8_t key[ADIT_AEAD_KEY_MAX];
	struct adit_sa_params p = {.dir = ADIT_OUT,
				   .mode = ADIT_TUNNEL,
				   .spi = 0x10001,
				   .local = {4, {192, 0, 2, 1}},
				   .remote = {4, {192, 0, 2, 2}},
				   .aead = aead,
				   .esn = false,
				   .key = {key, adit_aead_key_len(aead)}};
	struct adit_sa_params q = p;

	memset(b, 0, sizeof *b);
	b->aead = aead;
	b->len = len;
	q.dir = ADIT_IN;
	q.local = p.remote;
	q.remote = p.local;
	must(adit_sa_init(&b->out, &p, (struct adit_buf){b->kc_out.mem, sizeof b->kc_out}, NULL,
			  0) == ADIT_OK,
	     "outbound SA");
	must(adit_sa_init(&b->in, &q, (struct adit_buf){b->kc_in.mem, sizeof b->kc_in}, b->window,
			  ADIT_REPLAY_WORDS(64)) == ADIT_OK,
	     "inbound SA");
	mbedtls_gcm_init(&b->gcm);
	mbedtls_chachapoly_init(&b->cp);
	mbedtls_aes_init(&b->enc);
	mbedtls_aes_init(&b->dec);
	mbedtls_md_init(&b->md);
	must(mbedtls_gcm_setkey(&b->gcm, MBEDTLS_CIPHER_ID_AES, key,
				aead->key_bits ? aead->key_bits : 128) == 0 &&
		     mbedtls_chachapoly_setkey(&b->cp, key) == 0 &&
		     mbedtls_aes_setkey_enc(&b->enc, key, 128) == 0 &&
		     mbedtls_aes_setkey_dec(&b->dec, key, 128) == 0 &&
		     mbedtls_md_setup(&b->md, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 1) ==
			     0 &&
		     mbedtls_md_hmac_starts(&b->md, key, 32) == 0,
	     "mbedTLS keys");
	for (int i = 0; i < BURST; i++)
		put_inner(b->room[i] + HEADROOM, len);
	run_encap(b);
	b->sealed_len = b->pkts[0].len;
	for (int i = 0; i < BURST; i++)
		memcpy(b->sealed[i], adit_pkt_data(&b->pkts[i]), b->sealed_len);
}

static void
end(struct bench *b)
{
	adit_sa_wipe(&b->out);
	adit_sa_wipe(&b->in);
	mbedtls_gcm_free(&b->gcm);
	mbedtls_chachapoly_free(&b->cp);
	mbedtls_aes_free(&b->enc);
	mbedtls_aes_free(&b->dec);
	mbedtls_md_free(&b->md);
}

void
put_figure(struct figures *to, const struct figure *f)
{
	fprintf(to->json,
		"%s  {\"bench\": \"%s\", \"candidate\": \"%s\", \"bytes\": %zu, "
		"\"ns\": %.1f, \"vs\": \"%s\", \"ratio\": %.3f}",
		to->any ? ",\n" : "", f->bench, f->candidate, f->bytes, f->ns, f->vs, f->ratio);
	to->any = true;
}

static void
report(struct figures *to, const struct bench *b, const char *what, double ns, double raw)
{
	char bench[32], candidate[64];
	const struct figure f = {bench, candidate, b->len, ns, "mbedTLS cipher call", raw / ns};

	snprintf(bench, sizeof bench, "esp %s", what);
	snprintf(candidate, sizeof candidate, "adit %s", b->aead->name);
	printf("%-30s %-6s %5zu %9.0f %9.0f %8.2f %11.0f %7.2f\n", b->aead->name, what, b->len, ns,
	       raw, raw / ns, 1e9 / ns, (double)b->len * 8 / ns);
	put_figure(to, &f);
}

int
main(int argc, char **argv)
{
	static const struct adit_aead *const aeads[] = {&adit_mbedtls_aes128_gcm16,
							&adit_mbedtls_chacha20_poly1305,
							&adit_mbedtls_aes128_cbc_sha256};
	static const size_t sizes[] = {64, 512, 1400};
	static struct bench b;
	struct figures to = {fopen(argc > 1 ? argv[1] : "/dev/null", "w"), false};

	must(to.json != NULL, "opening the file");
	fputs("[\n", to.json);
	printf("ESP tunnel mode, IPv4, bursts of %d, one core; ns are the best of %d rounds.\n",
	       BURST, ROUNDS);
	puts("The bare call is mbedTLS's own on the same number of bytes, keyed once.\n");
	printf("%-30s %-6s %5s %9s %9s %8s %11s %7s\n", "", "", "bytes", "ns", "bare ns", "bare/ns",
	       "packets/s", "Gbit/s");
	for (size_t i = 0; i < sizeof aeads / sizeof *aeads; i++)
		for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
			struct candidate c[] = {{run_encap, 0},
						{run_raw_encrypt, 0},
						{run_decap, 0},
						{run_raw_decrypt, 0},
						{run_copy, 0}};

			begin(&b, aeads[i], sizes[k]);
			measure(&b, c, sizeof c / sizeof *c);
			report(&to, &b, "encap", c[0].best, c[1].best);
			report(&to, &b, "decap", c[2].best - c[4].best, c[3].best);
			end(&b);
		}
	path_bench(&to);
	lookup_bench(&to);
	parse_bench(&to);
	fputs("\n]\n", to.json);
	return fclose(to.json) ? 1 : 0;
}
