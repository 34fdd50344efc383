/* What hostile first messages cost to read, by length: nanoseconds for each byte at 1, 1/2 and 1/4
 * of the longest message. Work that grew faster than the length would show as a growing figure. */
#include <string.h>

#include "adit/adit.h"
#include "adit/mbedtls.h"
#include "bench/bench.h"

enum { ROUNDS = 20, CALLS = 2000, HEADER = 28, SA = 33, NONCE = 40, NOTIFY = 41, KE = 34 };

static struct adit_ike ike;
static struct adit_ike_sa sas[4];
static struct adit_ike_child children[4];
static struct adit_ike_handshake handshakes[4];
static uint8_t message[ADIT_IKE_MESSAGE_MAX];

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 7, n);
	return ADIT_OK;
}

static void
open_engine(void)
{
	static const uint8_t psk[] = "secret";
	static const struct adit_child_config child = {.name = "child"};
	static const struct adit_peer_config peer = {
		.psk = {psk, sizeof psk}, .children = &child, .child_count = 1};
	static const struct adit_ike_config cfg = {.crypto = &adit_mbedtls_compat,
						   .rng = {NULL, fill},
						   .peers = &peer,
						   .peer_count = 1};
	const struct adit_ike_mem mem = {sas, 4, children, 4, handshakes, 4};

	must(adit_ike_init(&ike, &cfg, &mem) == ADIT_OK, "an engine");
}

static void
put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
begin(uint8_t first, size_t n)
{
	memset(message, 0, sizeof message);
	message[0] = 1;
	message[16] = first;
	message[17] = 0x20;
	message[18] = 34;
	message[19] = 8;
	put16(message + 26, n);
}

/* As many payloads as there is room for: each the shortest that there is. */
static void
many_payloads(size_t n)
{
	begin(NOTIFY, n);
	for (size_t at = HEADER; at < n; at += 8) {
		message[at] = at + 16 <= n ? NOTIFY : 0;
		put16(message + at + 2, at + 16 <= n ? 8 : n - at);
		put16(message + at + 6, 16384 + at);
	}
}

/* The SA payload ends at `end`; behind it a nonce up to `ke`, and a KE payload up to n. */
static void
end_sa(size_t end, size_t ke, size_t n)
{
	message[HEADER] = NONCE;
	put16(message + HEADER + 2, end - HEADER);
	message[end] = KE;
	put16(message + end + 2, ke - end);
	put16(message + ke + 2, n - ke);
	put16(message + ke + 4, 31);
}

/* One SA payload of one proposal, all transforms but the last one unknown. */
static void
many_transforms(size_t n)
{
	size_t ke = n - 8 - 32, count = 0, end;

	begin(SA, n);
	for (size_t at = HEADER + 12; at + 8 + 20 <= ke && count < 255; at += 8, count++) {
		message[at] = 3;
		put16(message + at + 2, 8);
		message[at + 4] = 1;
		put16(message + at + 6, 1000 + count);
	}
	end = HEADER + 12 + 8 * count;
	message[end - 8] = 0;
	end_sa(end, ke, n);
	put16(message + HEADER + 6, end - HEADER - 4);
	message[HEADER + 8] = 1;
	message[HEADER + 9] = 1;
	message[HEADER + 11] = (uint8_t)count;
}

/* One SA payload of many proposals, each of one transform that nobody knows. */
static void
many_proposals(size_t n)
{
	size_t ke = n - 8 - 32, count = 0, end;

	begin(SA, n);
	for (size_t at = HEADER + 4; at + 16 + 20 <= ke && count < 255; at += 16, count++) {
		message[at] = 2;
		put16(message + at + 2, 16);
		message[at + 4] = (uint8_t)(count + 1);
		message[at + 5] = 1;
		message[at + 7] = 1;
		put16(message + at + 10, 8);
		message[at + 12] = 1;
		put16(message + at + 14, 1000 + count);
	}
	end = HEADER + 4 + 16 * count;
	message[end - 16] = 0;
	end_sa(end, ke, n);
}

static double
measure(size_t n)
{
	static uint8_t copy[ADIT_IKE_MESSAGE_MAX];
	struct adit_path path = {{{4, {10, 0, 0, 1}}, 500}, {{4, {10, 0, 0, 2}}, 500}};
	double best = 0;

	for (int round = 0; round < ROUNDS; round++) {
		double from = now_ns(), took;

		for (int i = 0; i < CALLS; i++) {
			memcpy(copy, message, n);
			must(adit_ike_input(&ike, 1000, &path, copy, n) != ADIT_OK, "a refusal");
		}
		took = (now_ns() - from) / CALLS;
		best = best == 0 || took < best ? took : best;
	}
	return best;
}

void
parse_bench(struct figures *to)
{
	static const struct {
		const char *name;
		void (*make)(size_t n);
	} kinds[] = {{"payloads", many_payloads},
		     {"transforms", many_transforms},
		     {"proposals", many_proposals}};

	open_engine();
	printf("\nFirst IKE messages full of payloads, transforms or proposals, refused: ns/byte "
	       "is "
	       "to stay\nabout the same at any length.\n\n"
	       "%-12s %6s %9s %8s\n",
	       "many", "bytes", "ns", "ns/byte");
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		double whole = 0;

		for (size_t n = ADIT_IKE_MESSAGE_MAX; n >= ADIT_IKE_MESSAGE_MAX / 4; n /= 2) {
			struct figure f = {"parse", kinds[k].name, n, 0, "longest, by byte", 0};

			kinds[k].make(n);
			f.ns = measure(n);
			whole = whole > 0 ? whole : f.ns / (double)n;
			f.ratio = whole / (f.ns / (double)n);
			printf("%-12s %6zu %9.1f %8.2f\n", kinds[k].name, n, f.ns,
			       f.ns / (double)n);
			put_figure(to, &f);
		}
	}
}
