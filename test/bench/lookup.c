/* How fast SAs are found by SPI and policies by flow, at what sizes of the databases, and what
 * memory they take. Look-ups are at random over all that there is. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "adit/mbedtls.h"
#include "adit/spd.h"
#include "bench.h"
#include "sa/spd.h"

enum { BURST = 32, LOOK_UPS = 1 << 20, ROUNDS = 8, CTX = 8, WORDS = ADIT_REPLAY_WORDS(64) };
enum { FLOWS = 1 << 16, CACHE = 1 << 18, FEW_FLOWS = 1 << 10 };
/* Of a look-up in a burst among 1,000,000 SAs. */
#define AIM_NS 20.0
/* A scan of many policies is measured with fewer look-ups. */
#define SCANNED 20000000
#define LARGE_PAGE ((size_t)2 << 20)

static uint64_t state = 88172645463325252u;

static uint32_t
rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 32) * n >> 32);
}

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)rnd(256);
	return ADIT_OK;
}

/* Large tables of servers lie in large pages, as those of DPDK do; where they can't, most of the
 * time goes into finding the page. */
static void *
get_memory(size_t count, size_t size, bool large_pages)
{
	size_t n = (count * size + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
	void *p = aligned_alloc(LARGE_PAGE, n ? n : LARGE_PAGE);

	must(p != NULL, "memory");
	(void)madvise(p, n, large_pages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	memset(p, 0, n);
	return p;
}

/* --- SAs: of a cipher that does nothing, since no packet is worked on. */

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

static const struct adit_aead nothing = {.name = "nothing",
					 .ctx_size = CTX,
					 .iv_len = 8,
					 .icv_len = 16,
					 .block = 1,
					 .setkey = no_key,
					 .wipe = no_wipe};

struct sad_bench {
	struct adit_sad sad;
	size_t n;
	uint32_t *spis; /* LOOK_UPS of them, at random */
	uint64_t found;
};

static void
fill_sad(struct sad_bench *b)
{
	struct adit_sa_params p = {.dir = ADIT_IN,
				   .local = {4, {192, 0, 2, 1}},
				   .remote = {4, {192, 0, 2, 2}},
				   .aead = &nothing,
				   .replay_window = 64};
	uint32_t *all = get_memory(b->n, sizeof *all, true);
	struct adit_sa_id id;

	for (size_t i = 0; i < b->n; i++) {
		must(adit_sad_spi(&b->sad, &all[i]) == ADIT_OK, "an SPI");
		p.spi = all[i];
		must(adit_sad_add(&b->sad, &p, 0, &id) == ADIT_OK, "an SA");
	}
	for (size_t i = 0; i < LOOK_UPS; i++)
		b->spis[i] = all[rnd((uint32_t)b->n)];
	free(all);
}

static void
open_sad(struct sad_bench *b, size_t n, bool large)
{
	const struct adit_rng rng = {NULL, fill};
	struct adit_sad_mem mem = {.count = 1, .keyctx_size = CTX, .replay_words = WORDS};

	while (mem.count < n)
		mem.count *= 2;
	mem.words = get_memory(mem.count, sizeof *mem.words, large);
	mem.sas = get_memory(mem.count, sizeof *mem.sas, large);
	mem.entries = get_memory(mem.count, sizeof *mem.entries, large);
	mem.keyctx = get_memory(mem.count, CTX, large);
	mem.replay_bits = get_memory(mem.count, WORDS * sizeof *mem.replay_bits, large);
	must(adit_sad_init(&b->sad, &mem, &rng) == ADIT_OK, "the SAD");
	b->n = n;
	b->spis = get_memory(LOOK_UPS, sizeof *b->spis, true);
	fill_sad(b);
}

static void
close_sad(struct sad_bench *b)
{
	free(b->sad.mem.words);
	free(b->sad.mem.sas);
	free(b->sad.mem.entries);
	free(b->sad.mem.keyctx);
	free(b->sad.mem.replay_bits);
	free(b->spis);
}

static void
run_single(struct sad_bench *b)
{
	struct adit_sa_id id;

	for (size_t i = 0; i < LOOK_UPS; i++)
		b->found += adit_sad_find(&b->sad, b->spis[i], &id) != NULL;
}

/* Each waits for the one before it, as packets that come one by one do. */
static void
run_alone(struct sad_bench *b)
{
	struct adit_sa_id id = {0, 1};

	for (size_t i = 0; i < LOOK_UPS; i++)
		b->found += adit_sad_find(&b->sad, b->spis[i] ^ (~id.generation & 1), &id) != NULL;
}

static void
run_burst(struct sad_bench *b)
{
	struct adit_sa *sas[BURST];
	struct adit_sa_id ids[BURST];

	for (size_t i = 0; i < LOOK_UPS; i += BURST) {
		adit_sad_find_burst(&b->sad, b->spis + i, sas, ids, BURST);
		for (size_t k = 0; k < BURST; k++)
			b->found += sas[k] != NULL;
	}
}

/* What follows in earnest: the SA itself is read. */
static void
run_burst_read(struct sad_bench *b)
{
	struct adit_sa *sas[BURST];
	struct adit_sa_id ids[BURST];

	for (size_t i = 0; i < LOOK_UPS; i += BURST) {
		adit_sad_find_burst(&b->sad, b->spis + i, sas, ids, BURST);
		for (size_t k = 0; k < BURST; k++)
			b->found += sas[k]->spi == b->spis[i + k];
	}
}

/* ns of a look-up, the best of some rounds. */
static double
measure_sad(struct sad_bench *b, void (*run)(struct sad_bench *b))
{
	double best = 1e18;

	for (unsigned round = 0; round < ROUNDS; round++) {
		double start = now_ns(), ns;

		b->found = 0;
		run(b);
		ns = (now_ns() - start) / LOOK_UPS;
		must(b->found == LOOK_UPS, "finding all SAs");
		if (ns < best)
			best = ns;
	}
	return best;
}

/* All that an SA takes with AES-GCM and a window of 64 packets. */
static size_t
sa_bytes(void)
{
	return ADIT_SAD_SLOT_SIZE + adit_mbedtls_aes128_gcm16.ctx_size + WORDS * sizeof(uint32_t);
}

static void
put_sad(struct figures *to, size_t n, const char *pages, const char *way, double ns)
{
	char name[80];
	const struct figure f = {"sad lookup", name, sa_bytes(), ns, "aim of 20 ns", AIM_NS / ns};

	snprintf(name, sizeof name, "adit %zu SAs, %s pages, %s", n, pages, way);
	put_figure(to, &f);
	printf("%-8zu %-6s %-22s %9.1f %14.0f\n", n, pages, way, ns, 1e9 / ns);
}

static void
sad_bench(struct figures *to)
{
	static const struct {
		size_t n;
		bool large;
	} sizes[] = {{1, true}, {1000, true}, {100000, true}, {1000000, true}, {1000000, false}};
	static const struct {
		const char *name;
		void (*run)(struct sad_bench *b);
	} ways[] = {{"one after the other", run_alone},
		    {"single", run_single},
		    {"burst of 32", run_burst},
		    {"burst of 32, SA read", run_burst_read}};

	printf("\nSAD look-ups by SPI, at random; an SA takes %zu bytes: %zu to find it, %zu hot, "
	       "%zu cold, the\nrest AES-GCM's context and a window of 64. One after the other: "
	       "each look-up waits for\nthe one before; single: the processor may overlap them; "
	       "burst: 32 by one call; pages: of\nthe memory that the table lies in.\n\n",
	       sa_bytes(), sizeof(struct adit_sad_word), sizeof(struct adit_sa),
	       sizeof(struct adit_sad_entry));
	printf("%-8s %-6s %-22s %9s %14s\n", "SAs", "pages", "", "ns", "look-ups/s");
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct sad_bench b;

		open_sad(&b, sizes[i].n, sizes[i].large);
		for (size_t k = 0; k < sizeof ways / sizeof *ways; k++)
			put_sad(to, sizes[i].n, sizes[i].large ? "2 MB" : "4 KB", ways[k].name,
				measure_sad(&b, ways[k].run));
		close_sad(&b);
	}
}

/* --- Policies: networks of /24 to networks of /24 of IPv4, one in ten narrowed to a port, the last
 * one throws everything away. */

struct spd_bench {
	struct adit_spd spd;
	struct adit_sad sad; /* empty: no SA is looked for */
	struct adit_policy *policies;
	struct adit_flow *flows;
	uint32_t *index;
	size_t n, words, flow_n;
	uint64_t sum;
};

static struct adit_ts
random_net(uint8_t first)
{
	const struct adit_ip ip = {4, {first, (uint8_t)rnd(256), (uint8_t)rnd(256)}};

	return adit_ts_prefix(&ip, 24);
}

static void
make_policy(struct adit_policy *p)
{
	p->action = ADIT_BYPASS;
	p->selectors.local_n = p->selectors.remote_n = 1;
	p->selectors.local[0] = random_net(10);
	p->selectors.remote[0] = random_net((uint8_t)(20 + rnd(16)));
	if (rnd(10))
		return;
	p->selectors.remote[0].protocol = ADIT_PROTO_TCP;
	p->selectors.remote[0].port_first = p->selectors.remote[0].port_last = 443;
}

static void
make_flow(const struct spd_bench *b, struct adit_flow *f)
{
	const struct adit_selectors *s = &b->policies[rnd((uint32_t)b->n)].selectors;

	f->local.version = f->remote.version = 4;
	memcpy(f->local.b, s->local[0].first, 4);
	memcpy(f->remote.b, s->remote[0].first, 4);
	f->local.b[3] = (uint8_t)rnd(256);
	f->remote.b[3] = (uint8_t)rnd(256);
	f->protocol = ADIT_PROTO_TCP;
	f->has_ports = true;
	f->local_port = (uint16_t)(1024 + rnd(60000));
	f->remote_port = 443;
}

static void
open_spd(struct spd_bench *b, size_t n)
{
	const struct adit_ip any = {4, {0}};
	struct adit_spd_mem mem = {.count = n, .cache_count = CACHE};

	memset(b, 0, sizeof *b);
	b->n = n;
	mem.policies = b->policies = get_memory(n, sizeof *b->policies, true);
	mem.heads = get_memory(n, sizeof *mem.heads, true);
	mem.cache = get_memory(CACHE, sizeof *mem.cache, true);
	for (size_t i = 0; i < n; i++)
		make_policy(&b->policies[i]);
	b->policies[n - 1].action = ADIT_DISCARD;
	b->policies[n - 1].selectors.local[0] = adit_ts_prefix(&any, 0);
	b->policies[n - 1].selectors.remote[0] = adit_ts_prefix(&any, 0);
	b->flows = get_memory(FLOWS, sizeof *b->flows, true);
	for (size_t i = 0; i < FLOWS; i++)
		make_flow(b, &b->flows[i]);
	must(adit_spd_init(&b->spd, &mem) == ADIT_OK, "the SPD");
	b->words = adit_spd_index_words(b->policies, n);
	b->index = get_memory(b->words, sizeof *b->index, true);
}

static void
close_spd(struct spd_bench *b)
{
	free(b->spd.mem.heads);
	free(b->spd.mem.cache);
	free(b->policies);
	free(b->flows);
	free(b->index);
}

static void
run_find(struct spd_bench *b)
{
	for (size_t i = 0; i < b->flow_n; i++)
		b->sum += adit_spd_find(&b->spd, ADIT_OUT, &b->flows[i]);
}

static void
look_up(struct spd_bench *b, size_t flows)
{
	struct adit_sa_id id;
	struct adit_sa *sa;

	for (size_t i = 0; i < b->flow_n; i++) {
		const struct adit_spd_ask ask = {&b->flows[i % flows], ADIT_OUT, 0, 0};

		b->sum += adit_spd_lookup(&b->spd, &b->sad, &ask, &id, &sa);
	}
}

static void
run_cached(struct spd_bench *b)
{
	look_up(b, FEW_FLOWS);
}

static void
run_cached_many(struct spd_bench *b)
{
	look_up(b, FLOWS);
}

static void
run_cached_burst(struct spd_bench *b)
{
	struct adit_spd_answer answers[BURST];
	struct adit_spd_ask asks[BURST];

	for (size_t i = 0; i < b->flow_n; i += BURST) {
		for (size_t k = 0; k < BURST; k++)
			asks[k] = (struct adit_spd_ask){&b->flows[i + k], ADIT_OUT, 0, 0};
		adit_spd_lookup_burst(&b->spd, &b->sad, asks, answers, BURST);
		for (size_t k = 0; k < BURST; k++)
			b->sum += answers[k].policy;
	}
}

static double
measure_spd(struct spd_bench *b, void (*run)(struct spd_bench *b))
{
	double best = 1e18;

	for (unsigned round = 0; round < ROUNDS; round++) {
		double start = now_ns(), ns;

		run(b);
		ns = (now_ns() - start) / (double)b->flow_n;
		if (ns < best)
			best = ns;
	}
	return best;
}

static void
put_spd(struct figures *to, const struct spd_bench *b, const char *way, double ns, double scan)
{
	size_t bytes = sizeof *b->policies + sizeof(uint32_t) + b->words * sizeof *b->index / b->n;
	char name[64];
	const struct figure f = {"spd lookup", name, bytes, ns, "first match by scan", scan / ns};

	snprintf(name, sizeof name, "adit %zu policies, %s", b->n, way);
	put_figure(to, &f);
	printf("%-10zu %-24s %9.1f %14.0f\n", b->n, way, ns, 1e9 / ns);
}

static void
spd_bench(struct figures *to)
{
	static const size_t sizes[] = {1, 1000, 100000};

	printf("\nSPD look-ups; a policy takes %zu bytes, 4 more, and what its index takes. Scan: "
	       "one policy\nafter the other; cache: one of %d places before the index, asked for "
	       "so "
	       "many flows in turn.\n\n",
	       sizeof(struct adit_policy), CACHE);
	printf("%-10s %-24s %9s %14s\n", "policies", "", "ns", "look-ups/s");
	for (size_t i = 0; i < 3; i++) {
		struct spd_bench b;
		double scan, start;

		open_spd(&b, sizes[i]);
		b.flow_n = b.n * FLOWS > SCANNED ? SCANNED / b.n : FLOWS;
		scan = measure_spd(&b, run_find);
		put_spd(to, &b, "scan", scan, scan);
		start = now_ns();
		must(adit_spd_index(&b.spd, b.index, b.words) == ADIT_OK, "the index");
		start = now_ns() - start;
		b.flow_n = FLOWS;
		put_spd(to, &b, "index", measure_spd(&b, run_find), scan);
		put_spd(to, &b, "cache, 1024 flows", measure_spd(&b, run_cached), scan);
		put_spd(to, &b, "cache, 65536 flows", measure_spd(&b, run_cached_many), scan);
		put_spd(to, &b, "the same in bursts", measure_spd(&b, run_cached_burst), scan);
		printf("%-10zu index of %zu bytes a policy, built in %.1f ms\n", b.n,
		       b.words * sizeof *b.index / b.n, start / 1e6);
		close_spd(&b);
	}
}

void
lookup_bench(struct figures *to)
{
	sad_bench(to);
	spd_bench(to);
}
