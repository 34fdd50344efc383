/* What a packet costs beside its cipher: reading headers, policy, SA, number, window, framing. The
 * cipher here does nothing, so all that is measured is ours. */
#include <stdlib.h>
#include <string.h>

#include "adit/ipsec.h"
#include "bench.h"

enum { BURST = 32, ROUNDS = 12, CTX = 8, WORDS = ADIT_REPLAY_WORDS(64), ROOM = 2304 };
enum { HEADROOM = 128, SPI_AT = 20, SEQ_AT = 24, UDP = 17, CACHE = 1 << 14, TURNS = 64 };
/* Framing, number, window and look-up together, on top of the cipher. */
#define AIM_NS 25.0
#define ROUND_NS 4000000.0

static enum adit_status
no_key(const struct adit_aead *aead, void *kc, struct adit_span key)
{
	(void)aead;
	(void)kc;
	(void)key;
	return ADIT_OK;
}

static void
no_wipe(const struct adit_aead *aead, void *kc)
{
	(void)aead;
	(void)kc;
}

static enum adit_status
no_iv(const struct adit_aead *aead, void *kc, uint64_t n, uint8_t *iv)
{
	(void)aead;
	(void)kc;
	memcpy(iv, &n, sizeof n);
	return ADIT_OK;
}

static void
no_work(const struct adit_aead *aead, void *kc, struct adit_aead_op *ops, size_t n)
{
	(void)aead;
	(void)kc;
	for (size_t i = 0; i < n; i++)
		ops[i].status = ADIT_OK;
}

static const struct adit_aead nothing = {.name = "nothing",
					 .ctx_size = CTX,
					 .iv_len = 8,
					 .icv_len = 16,
					 .block = 1,
					 .setkey = no_key,
					 .wipe = no_wipe,
					 .make_iv = no_iv,
					 .seal = no_work,
					 .open = no_work};

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	uint32_t *state = ctx;

	for (size_t i = 0; i < n; i++) {
		*state = *state * 1664525 + 1013904223;
		out[i] = (uint8_t)(*state >> 24);
	}
	return ADIT_OK;
}

/* Two nodes with as many SAs as policies between them. */
struct node {
	struct adit_sad sad;
	struct adit_spd spd;
	struct adit_ipsec ipsec;
	struct adit_policy *policies;
	uint32_t *index;
	uint32_t seed;
};

struct path_bench {
	struct node a, b;
	size_t n, len, outer_len;
	uint32_t number; /* of the last burst that b opened */
	uint32_t turn;
	uint8_t plain[TURNS][BURST][64]; /* headers of packets to send, at random over all SAs */
	uint8_t sealed[TURNS][BURST][64];
	uint8_t room[BURST][ROOM];
	struct adit_sa_id sent_by[TURNS][BURST]; /* and the SA that each goes through */
	struct adit_pkt pkts[BURST];
	struct adit_verdict v[BURST];
	struct adit_sa *sas[BURST];
	struct adit_esp_rx rx[BURST];
	enum adit_status st[BURST];
};

static void *
get(size_t count, size_t size)
{
	void *p = calloc(count, size);

	must(p != NULL, "memory");
	return p;
}

static struct adit_ts
net(uint8_t first, size_t i)
{
	const struct adit_ip ip = {4, {first, (uint8_t)(i >> 8), (uint8_t)i}};

	return adit_ts_prefix(&ip, 24);
}

/* Policy i: between 10.i and 20.i on node a, the other way round on node b. */
static void
open_node(struct node *n, size_t count, uint8_t local, uint8_t remote)
{
	struct adit_sad_mem mem = {.count = 1, .keyctx_size = CTX, .replay_words = WORDS};
	struct adit_spd_mem spd = {.count = count, .cache_count = CACHE};
	const struct adit_rng rng = {&n->seed, fill};
	size_t words;

	while (mem.count < 2 * count)
		mem.count *= 2;
	mem.words = get(mem.count, sizeof *mem.words);
	mem.sas = get(mem.count, sizeof *mem.sas);
	mem.entries = get(mem.count, sizeof *mem.entries);
	mem.keyctx = get(mem.count, CTX);
	mem.replay_bits = get(mem.count, WORDS * sizeof *mem.replay_bits);
	must(adit_sad_init(&n->sad, &mem, &rng) == ADIT_OK, "the SAD");
	spd.policies = n->policies = get(count, sizeof *n->policies);
	spd.heads = get(count, sizeof *spd.heads);
	spd.cache = get(CACHE, sizeof *spd.cache);
	for (size_t i = 0; i < count; i++) {
		n->policies[i].action = ADIT_PROTECT;
		n->policies[i].selectors.local_n = n->policies[i].selectors.remote_n = 1;
		n->policies[i].selectors.local[0] = net(local, i);
		n->policies[i].selectors.remote[0] = net(remote, i);
	}
	must(adit_spd_init(&n->spd, &spd) == ADIT_OK, "the SPD");
	words = adit_spd_index_words(n->policies, count);
	n->index = get(words, sizeof *n->index);
	must(adit_spd_index(&n->spd, n->index, words) == ADIT_OK, "the index");
	adit_ipsec_init(&n->ipsec, &n->sad, &n->spd);
}

static void
close_node(struct node *n)
{
	free(n->sad.mem.words);
	free(n->sad.mem.sas);
	free(n->sad.mem.entries);
	free(n->sad.mem.keyctx);
	free(n->sad.mem.replay_bits);
	free(n->policies);
	free(n->spd.mem.heads);
	free(n->spd.mem.cache);
	free(n->index);
}

static void
join(struct path_bench *b, size_t i)
{
	struct adit_sa_params p = {.dir = ADIT_IN,
				   .local = {4, {192, 0, 2, 2}},
				   .remote = {4, {192, 0, 2, 1}},
				   .aead = &nothing,
				   .selectors = &b->b.policies[i].selectors};
	struct adit_sa_id id;

	must(adit_sad_spi(&b->b.sad, &p.spi) == ADIT_OK, "an SPI");
	must(adit_sad_add(&b->b.sad, &p, (uint32_t)i, &id) == ADIT_OK, "an inbound SA");
	p.dir = ADIT_OUT;
	p.local = (struct adit_ip){4, {192, 0, 2, 1}};
	p.remote = (struct adit_ip){4, {192, 0, 2, 2}};
	p.selectors = &b->a.policies[i].selectors;
	must(adit_sad_add(&b->a.sad, &p, (uint32_t)i, &id) == ADIT_OK, "an outbound SA");
	must(adit_spd_link(&b->a.spd, &b->a.sad, id) == ADIT_OK, "a link");
}

static void
put_plain(uint8_t *p, size_t len, size_t i)
{
	memset(p, 0, 64);
	p[0] = 0x45;
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
	p[8] = 64;
	p[9] = UDP;
	p[12] = 10;
	p[16] = 20;
	p[13] = p[17] = (uint8_t)(i >> 8);
	p[14] = p[18] = (uint8_t)i;
	p[15] = p[19] = 1;
	p[21] = p[23] = 99;
}

static void
put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static uint32_t
get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* --- What is measured. */

static void
reset(struct path_bench *b, uint8_t heads[BURST][64], size_t off, size_t len)
{
	for (int i = 0; i < BURST; i++) {
		memcpy(b->room[i] + off, heads[i], 64);
		b->pkts[i] = (struct adit_pkt){b->room[i], ROOM, off, len};
	}
	b->turn = (b->turn + 1) % TURNS;
}

static void
run_reset_out(struct path_bench *b)
{
	reset(b, b->plain[b->turn], HEADROOM, b->len);
}

static void
run_out(struct path_bench *b)
{
	run_reset_out(b);
	adit_ipsec_out(&b->a.ipsec, b->pkts, b->v, BURST);
	must(b->v[0].kind == ADIT_VERDICT_SEND && b->v[BURST - 1].kind == ADIT_VERDICT_SEND, "out");
}

/* Packets are new as long as their numbers are. */
static void
run_reset_in(struct path_bench *b)
{
	uint32_t turn = b->n == 1 ? b->turn : 0;

	if (b->turn == 0)
		b->number += b->n == 1 ? TURNS * BURST : BURST;
	reset(b, b->sealed[b->turn], HEADROOM, b->outer_len);
	for (uint32_t i = 0; i < BURST; i++)
		put_u32(adit_pkt_data(&b->pkts[i]) + SEQ_AT, b->number + turn * BURST + i);
}

static void
run_in(struct path_bench *b)
{
	run_reset_in(b);
	adit_ipsec_in(&b->b.ipsec, b->pkts, b->v, BURST);
}

/* Packets from i on that go through one SA. */
static size_t
same_sa(const struct path_bench *b, size_t i)
{
	size_t n = 1;

	while (i + n < BURST && b->sas[i + n] == b->sas[i])
		n++;
	return n;
}

/* The same without policies and selectors: SA, number, window, framing. */
static void
run_esp_out(struct path_bench *b)
{
	const struct adit_sa_id *ids = b->sent_by[b->turn];

	run_reset_out(b);
	for (size_t i = 0; i < BURST; i++)
		b->sas[i] = adit_sad_get(&b->a.sad, ids[i]);
	for (size_t i = 0, n; i < BURST; i += n) {
		n = same_sa(b, i);
		adit_esp_encap_burst(b->sas[i], b->pkts + i, b->st + i, n);
	}
	must(b->st[0] == ADIT_OK && b->st[BURST - 1] == ADIT_OK, "ESP out");
}

/* SAs whose caller has looked at the selectors. */
static void
drop_selectors(struct path_bench *b)
{
	for (size_t i = 0; i < b->b.sad.mem.count; i++)
		b->b.sad.mem.sas[i].selectors = NULL;
}

static void
run_esp_in(struct path_bench *b)
{
	uint32_t spis[BURST];

	run_reset_in(b);
	for (size_t i = 0; i < BURST; i++)
		spis[i] = get_u32(adit_pkt_data(&b->pkts[i]) + SPI_AT);
	adit_sad_find_burst(&b->b.sad, spis, b->sas, NULL, BURST);
	for (size_t i = 0, n; i < BURST; i += n) {
		n = same_sa(b, i);
		adit_esp_decap_burst(b->sas[i], b->pkts + i, b->rx + i, b->st + i, n);
	}
	must(b->n > 1 || b->st[0] == ADIT_OK, "ESP in");
}

static double
measure(struct path_bench *b, void (*run)(struct path_bench *b))
{
	double best = 1e18;

	for (int round = 0; round < ROUNDS; round++) {
		double start = now_ns(), spent;
		unsigned calls = 0;

		do {
			for (int i = 0; i < 16; i++)
				run(b);
			calls += 16;
			spent = now_ns() - start;
		} while (spent < ROUND_NS);
		spent /= (double)calls * BURST;
		if (spent < best)
			best = spent;
	}
	return best;
}

static void
begin(struct path_bench *b, size_t n, size_t len)
{
	uint32_t seed = 1;

	memset(b, 0, sizeof *b);
	b->n = n;
	b->len = len;
	b->a.seed = 1;
	b->b.seed = 2;
	open_node(&b->a, n, 10, 20);
	open_node(&b->b, n, 20, 10);
	for (size_t i = 0; i < n; i++)
		join(b, i);
	for (int t = 0; t < TURNS; t++)
		for (int i = 0; i < BURST; i++) {
			seed = seed * 1664525 + 1013904223;
			put_plain(b->plain[t][i], len, (seed >> 8) % n);
		}
	for (int t = 0; t < TURNS; t++) {
		b->turn = (uint32_t)t;
		run_out(b);
		b->outer_len = b->pkts[0].len;
		for (int i = 0; i < BURST; i++) {
			memcpy(b->sealed[t][i], adit_pkt_data(&b->pkts[i]), 64);
			b->sent_by[t][i] = b->v[i].sa;
		}
	}
	/* What is behind the first bytes is the same in all: zeros, padding, next header. */
	for (int i = 0; i < BURST; i++)
		memcpy(b->room[i] + HEADROOM, adit_pkt_data(&b->pkts[i]), b->outer_len);
	b->turn = 0;
}

static void
report(struct figures *to, const struct path_bench *b, const char *what, double ns)
{
	char name[48];
	const struct figure f = {what, name, b->len, ns, "aim of 25 ns", AIM_NS / ns};

	snprintf(name, sizeof name, "adit %zu SAs", b->n);
	put_figure(to, &f);
	printf("%-8zu %-10s %5zu %9.1f %10.2f\n", b->n, what, b->len, ns, AIM_NS / ns);
}

static void
measure_node(struct figures *to, struct path_bench *b)
{
	double out = measure(b, run_reset_out), in;
	uint64_t good;

	report(to, b, "path out", measure(b, run_out) - out);
	report(to, b, "ESP out", measure(b, run_esp_out) - out);
	good = b->b.ipsec.in[ADIT_OK];
	in = measure(b, run_reset_in);
	report(to, b, "path in", measure(b, run_in) - in);
	must(b->b.ipsec.in[ADIT_OK] > good, "in");
	drop_selectors(b);
	report(to, b, "ESP in", measure(b, run_esp_in) - in);
}

void
path_bench(struct figures *to)
{
	static const size_t sizes[] = {64, 1400}, counts[] = {1, 1000, 30000};
	static struct path_bench b;

	printf("\nOutbound and inbound processing with a cipher that does nothing, bursts of %d\n"
	       "(ADIT_BURST %d), at random over all SAs. ESP: its SA looked up, number, window,\n"
	       "framing; path: policies and selectors too, each SA with a policy of its own.\n"
	       "The aim is 25 ns for ESP: aim/ns is 1 or more where it is reached.\n\n",
	       BURST, ADIT_BURST);
	printf("%-8s %-10s %5s %9s %10s\n", "SAs", "", "bytes", "ns", "aim/ns");
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 2; k++) {
			begin(&b, counts[i], sizes[k]);
			measure_node(to, &b);
			close_node(&b.a);
			close_node(&b.b);
		}
}
