/* Two IKE engines, what is on its way between them, and the doors that a script goes through. */
#include <string.h>

#include "fuzz/ike_world.h"
#include "fuzz/toy.h"
#include "wire/ike_header.h"

enum { TICKS = 4 };

unsigned random_fails_in;

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	if (random_fails_in && --random_fails_in == 0)
		return ADIT_ERR_RANDOM;
	return pair_rng_fill(ctx, out, n);
}

struct pair_side *
side_of(struct world *w, bool b)
{
	return b ? &w->pair.b : &w->pair.a;
}

/* --- Setting up. */

static void
open_side(struct pair_side *side, uint8_t slots, uint8_t how)
{
	const struct adit_ike_mem mem = {side->sas,        (uint16_t)(1 + (slots & 3)),
					 side->children,   (uint16_t)(1 + (slots >> 2 & 3)),
					 side->handshakes, (uint16_t)(1 + (slots >> 4 & 3))};

	side->cfg.rng.fill = fill;
	side->peer.dpd_delay_ms = how & 1 ? 10000 : 0;
	side->peer.encap = (how & 2) != 0;
	side->child.mode = how & 4 ? ADIT_TRANSPORT : ADIT_TUNNEL;
	side->cfg.cookie_threshold = slots & 64 ? 1 : 0;
	must(adit_ike_init(&side->ike, &side->cfg, &mem) == ADIT_OK);
}

void
open_world(struct world *w, struct script *s)
{
	uint8_t how = script_byte(s);

	memset(w, 0, sizeof *w);
	toy_fails_in = random_fails_in = 0;
	pair_defaults(&w->pair, 1);
	w->pair.a.cfg.crypto = &toy_crypto;
	w->pair.b.cfg.crypto = how & 8    ? &toy_crypto_large_only
			       : how & 16 ? &toy_crypto_large_first
					  : &toy_crypto;
	open_side(&w->pair.a, script_byte(s), how);
	open_side(&w->pair.b, script_byte(s), how);
	w->honest = true;
}

/* --- After every call: events, then output, then what must hold. */

static void
take_output(struct world *w, bool b)
{
	struct pair_side *side = side_of(w, b);
	struct flight *f = &w->wire[w->next % WIRE];

	while (!w->stalled[b] && pair_take(&w->pair, side, &f->d)) {
		ike_watch_sent(&w->watch[b], &f->d);
		ike_watch_events(&w->watch[b], side);
		f->there = true;
		f->to_b = !b;
		f = &w->wire[++w->next % WIRE];
	}
	f->there = false; /* written over, be it by nothing */
}

void
settle(struct world *w, bool b)
{
	ike_watch_events(&w->watch[b], side_of(w, b));
	take_output(w, b);
	ike_watch_check(&w->watch[b], side_of(w, b));
	if (w->honest)
		ike_watch_agree(&w->watch[0], &w->watch[1]);
}

/* --- Input. */

/* As the receiver sees it. */
static struct adit_path
seen(const struct world *w, const struct flight *f)
{
	struct adit_path path = {f->d.path.remote, f->d.path.local};

	if (f->to_b)
		path.remote.port = (uint16_t)(path.remote.port + w->shift);
	else
		path.local.port = f->d.path.remote.port == (uint16_t)(500 + w->shift) ? 500
				  : f->d.path.remote.port == (uint16_t)(4500 + w->shift)
					  ? 4500
					  : f->d.path.remote.port;
	return path;
}

static uint64_t
counted(const struct pair_side *side)
{
	const uint64_t *counters = adit_ike_counters(&side->ike);
	uint64_t sum = 0;

	for (unsigned i = 0; i < ADIT_STATUS_COUNT; i++)
		sum += counters[i];
	return sum;
}

struct slots {
	struct adit_ike_sa sas[PAIR_SLOTS];
	struct adit_ike_child children[PAIR_SLOTS];
	struct adit_ike_handshake handshakes[PAIR_SLOTS];
};

static void
copy_slots(struct slots *to, const struct pair_side *side)
{
	memcpy(to->sas, side->sas, sizeof to->sas);
	memcpy(to->children, side->children, sizeof to->children);
	memcpy(to->handshakes, side->handshakes, sizeof to->handshakes);
}

size_t
marker_of(const struct flight *f)
{
	return f->d.path.remote.port == ADIT_IKE_NATT_PORT ? ADIT_NON_ESP_MARKER_LEN : 0;
}

/* A request counts once, in its turn; the one before is answered again (RFC 7296 2.3). */
static void
check_window(const struct adit_ike_sa *before, const struct adit_ike_sa *after,
	     const struct flight *f, enum adit_status st)
{
	const uint8_t *msg = f->d.bytes + marker_of(f);
	uint32_t id;

	if (before->state != ADIT_IKE_UP || after->generation != before->generation ||
	    f->d.len < marker_of(f) + ADIT_IKE_HEADER_LEN || memcmp(msg, before->spi_i, 8) != 0 ||
	    memcmp(msg + 8, before->spi_r, 8) != 0 || msg[19] & ADIT_IKE_FLAG_RESPONSE)
		return;
	id = adit_load32(msg + 20);
	if (after->state == ADIT_IKE_UP)
		must(after->expected == before->expected + (id == before->expected &&
							    after->expected != before->expected));
	if (st == ADIT_OK)
		must(id == before->expected || id == before->expected - 1);
}

void
give(struct world *w, const struct flight *f)
{
	static struct slots before, after;
	struct pair_side *side = side_of(w, f->to_b);
	struct pair_datagram copy = f->d;
	struct adit_path path = seen(w, f);
	uint64_t sum = counted(side);
	enum adit_status st;

	copy_slots(&before, side);
	st = adit_ike_input(&side->ike, w->pair.now, &path, copy.bytes, copy.len);
	must((unsigned)st < ADIT_STATUS_COUNT && counted(side) == sum + 1);
	copy_slots(&after, side);
	if (ike_watch_is_stranger(st))
		must(memcmp(&before, &after, sizeof before) == 0);
	for (unsigned i = 0; i < PAIR_SLOTS; i++)
		check_window(&before.sas[i], &after.sas[i], f, st);
	/* An answer, and a request of our own. */
	w->watch[f->to_b].credit += 2;
	settle(w, f->to_b);
}

/* A tick leaves nothing that is due; what is then told may ask for another one. */
void
tick(struct world *w, bool b)
{
	struct pair_side *side = side_of(w, b);

	for (unsigned n = 0; n == 0 || adit_ike_deadline(&side->ike) <= w->pair.now; n++) {
		must(n < TICKS);
		adit_ike_tick(&side->ike, w->pair.now);
		must(adit_ike_deadline(&side->ike) > w->pair.now);
		/* Of each SA a request and a keep-alive. */
		w->watch[b].credit += 2 * PAIR_SLOTS;
		settle(w, b);
	}
}

adit_ms
first_deadline(const struct world *w)
{
	adit_ms a = adit_ike_deadline(&w->pair.a.ike), b = adit_ike_deadline(&w->pair.b.ike);

	return a < b ? a : b;
}
