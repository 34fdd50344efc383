/* Two IKE engines, and a script of what happens to them: messages delivered, lost, repeated,
 * reordered, changed, made up with the keys of either side, or by a stranger; time, commands, full
 * pools, randomness and ciphers that fail. What must hold is looked at after each step (ike_watch),
 * and at the end everything is given back, and a new tunnel comes up. */
#include <string.h>

#include "fuzz/draft.h"
#include "fuzz/ike_world.h"
#include "fuzz/toy.h"
#include "ike/keymat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { STEPS = 200, EDITS = 4, ROUNDS = 400 };

/* --- Steps. */

typedef void step(struct world *w, struct script *s);

static struct flight *
pick(struct world *w, struct script *s)
{
	unsigned from = script_byte(s);

	for (unsigned i = 0; i < WIRE; i++)
		if (w->wire[(from + i) % WIRE].there)
			return &w->wire[(from + i) % WIRE];
	return NULL;
}

static void
step_start(struct world *w, struct script *s)
{
	bool b = script_byte(s) & 1;
	struct pair_side *side = side_of(w, b);
	struct adit_ike_id id;

	if (adit_ike_start(&side->ike, w->pair.now, 0, 0, &side->end, &id) == ADIT_OK) {
		w->watch[b].told[id.slot].started = true;
		w->watch[b].told[id.slot].generation = id.generation;
	}
	w->watch[b].credit++;
	settle(w, b);
}

static void
step_deliver(struct world *w, struct script *s)
{
	struct flight *f = pick(w, s), copy;

	if (!f)
		return;
	copy = *f;
	f->there = false;
	give(w, &copy);
}

static void
step_repeat(struct world *w, struct script *s)
{
	struct flight *f = pick(w, s), copy;

	if (!f)
		return;
	copy = *f;
	give(w, &copy);
}

static void
step_lose(struct world *w, struct script *s)
{
	struct flight *f = pick(w, s);

	if (f)
		f->there = false;
}

/* Everything arrives, in order, and so do the answers. */
static void
step_run(struct world *w, struct script *s)
{
	(void)s;
	for (unsigned n = 0; n < 40; n++) {
		struct flight *oldest = NULL, copy;

		for (unsigned i = 0; i < WIRE && !oldest; i++)
			if (w->wire[(w->next + i) % WIRE].there)
				oldest = &w->wire[(w->next + i) % WIRE];
		if (!oldest)
			return;
		copy = *oldest;
		oldest->there = false;
		give(w, &copy);
	}
}

/* Back to who sent it. */
static void
step_reflect(struct world *w, struct script *s)
{
	struct flight *f = pick(w, s), copy;

	if (!f)
		return;
	copy = *f;
	copy.to_b = !copy.to_b;
	copy.d.path = (struct adit_path){f->d.path.remote, f->d.path.local};
	give(w, &copy);
}

static void
step_damage(struct world *w, struct script *s)
{
	struct flight *f = pick(w, s), copy;
	uint16_t at = script_word(s);
	uint8_t with = script_byte(s);

	if (!f)
		return;
	copy = *f;
	copy.d.bytes[at % copy.d.len] ^= with;
	if (with == 0)
		copy.d.len = at % copy.d.len;
	give(w, &copy);
}

/* --- Messages made up. */

static struct flight
from_peer(const struct world *w, bool to_b, bool natt)
{
	struct flight f = {true, to_b, {{{{0}, 0}, {{0}, 0}}, 0, {0}}};

	f.d.path.local = to_b ? w->pair.a.end : w->pair.b.end;
	f.d.path.remote = to_b ? w->pair.b.end : w->pair.a.end;
	if (natt)
		f.d.path.local.port = f.d.path.remote.port = ADIT_IKE_NATT_PORT;
	return f;
}

static void
step_raw(struct world *w, struct script *s)
{
	uint8_t how = script_byte(s);
	struct flight f = from_peer(w, how & 1, how & 2);
	struct adit_span bytes = script_span(s, script_byte(s));

	f.d.len = bytes.n;
	if (bytes.n)
		memcpy(f.d.bytes, bytes.p, bytes.n);
	give(w, &f);
}

/* The SPIs of the Child SAs there are, of both ends. */
static struct draft_known
known_of(const struct pair_side *side, uint32_t *spis)
{
	struct draft_known known = {spis, 2 * PAIR_SLOTS};

	for (unsigned i = 0; i < PAIR_SLOTS; i++) {
		spis[2 * i] = side->children[i].spi_out;
		spis[2 * i + 1] = side->children[i].spi_in;
	}
	return known;
}

/* Puts the draft into the flight: sealed as the peer of *sa would, or as *sa itself, or plain. */
static void
put_draft(struct world *w, struct flight *f, const struct draft *d, const struct adit_ike_sa *sa,
	  bool by_initiator)
{
	size_t marker = marker_of(f);
	struct adit_buf room = {f->d.bytes + marker, sizeof f->d.bytes - marker};
	unsigned calls = toy_fails_in;
	size_t len;

	toy_fails_in = 0; /* the fault is the engine's to meet */
	memset(f->d.bytes, 0, marker);
	if (sa && sa->suite.aead)
		len = draft_sealed(d, room, sa->suite.aead,
				   adit_keymat_aead_key(&sa->keys, sa->suite.aead, by_initiator),
				   UINT32_MAX + ++w->number);
	else
		len = draft_plain(d, room);
	toy_fails_in = calls;
	f->d.len = len ? marker + len : 0;
}

/* The SA of the receiver that a message names, protected or not. */
static const struct adit_ike_sa *
sa_of(const struct pair_side *side, const struct pair_datagram *d, size_t marker)
{
	if (d->len < marker + ADIT_IKE_HEADER_LEN)
		return NULL;
	for (unsigned i = 0; i < PAIR_SLOTS; i++) {
		const struct adit_ike_sa *sa = &side->sas[i];

		if (sa->state != ADIT_IKE_FREE && sa->suite.aead &&
		    memcmp(sa->spi_i, d->bytes + marker, 8) == 0 &&
		    memcmp(sa->spi_r, d->bytes + marker + 8, 8) == 0)
			return sa;
	}
	return NULL;
}

/* A true message, opened, changed and sealed again. */
static void
step_rework(struct world *w, struct script *s)
{
	static struct draft d;
	struct flight *f = pick(w, s), copy;
	uint32_t spis[2 * PAIR_SLOTS];
	uint8_t how = script_byte(s);
	unsigned edits = 1 + how % EDITS, calls = toy_fails_in;
	const struct adit_ike_sa *sa;
	struct draft_known known;
	bool by_initiator, sealed, opened;

	if (!f)
		return;
	copy = *f;
	sa = sa_of(side_of(w, copy.to_b), &copy.d, marker_of(&copy));
	by_initiator = sa && !sa->initiator;
	if (copy.d.len < marker_of(&copy) + ADIT_IKE_HEADER_LEN)
		return;
	sealed = copy.d.bytes[marker_of(&copy) + 16] == ADIT_PAYLOAD_SK;
	toy_fails_in = 0;
	opened = draft_open(
		&d,
		(struct adit_buf){copy.d.bytes + marker_of(&copy), copy.d.len - marker_of(&copy)},
		sa ? sa->suite.aead : NULL,
		sa ? adit_keymat_aead_key(&sa->keys, sa->suite.aead, by_initiator)
		   : (struct adit_span){NULL, 0});
	toy_fails_in = calls;
	if (!opened)
		return;
	known = known_of(side_of(w, copy.to_b), spis);
	d.h.flags ^= how >> 2 & (ADIT_IKE_FLAG_INITIATOR | ADIT_IKE_FLAG_RESPONSE);
	for (unsigned i = 0; i < edits; i++)
		draft_edit(&d, s, &known);
	put_draft(w, &copy, &d, sealed ? sa : NULL, by_initiator);
	w->honest = w->honest && !sealed;
	f->there = false;
	give(w, &copy);
}

/* Which message id: the next that is awaited, one before, one of ours, any. */
static uint32_t
message_id(const struct adit_ike_sa *sa, struct script *s)
{
	uint8_t how = script_byte(s);

	switch (how) {
	case 0:
		return sa->expected;
	case 1:
		return sa->next_id - 1;
	case 2:
		return sa->expected - 1;
	case 3:
		return sa->next_id;
	case 4:
		return UINT32_MAX;
	default:
		return how;
	}
}

static uint8_t
exchange_of(uint8_t which)
{
	return which < 4 ? (uint8_t)(ADIT_EXCHANGE_SA_INIT + which) : which;
}

/* Whatever may be said under the keys of an SA that is there. */
static void
step_inject(struct world *w, struct script *s)
{
	static struct draft d;
	uint8_t how = script_byte(s), payloads = script_byte(s) % 6;
	bool to_b = how & 1;
	struct pair_side *side = side_of(w, to_b);
	const struct adit_ike_sa *sa = &side->sas[how >> 1 & 3];
	uint32_t spis[2 * PAIR_SLOTS];
	struct draft_known known = known_of(side, spis);
	struct flight f;
	bool by_initiator;

	if (sa->state == ADIT_IKE_FREE)
		return;
	f = from_peer(w, to_b, sa->path.local.port == ADIT_IKE_NATT_PORT);
	memset(&d, 0, sizeof d);
	memcpy(d.h.spi_i, sa->spi_i, sizeof d.h.spi_i);
	memcpy(d.h.spi_r, sa->spi_r, sizeof d.h.spi_r);
	by_initiator = sa->initiator == ((how & 8) != 0);
	d.h.exchange = exchange_of(script_byte(s));
	d.h.flags = (uint8_t)((by_initiator ? ADIT_IKE_FLAG_INITIATOR : 0) |
			      (how & 16 ? ADIT_IKE_FLAG_RESPONSE : 0));
	d.h.message_id = message_id(sa, s);
	for (unsigned i = 0; i < payloads; i++)
		draft_insert(&d, s, &known);
	put_draft(w, &f, &d, how & 32 ? NULL : sa, by_initiator);
	w->honest = w->honest && (how & 32);
	give(w, &f);
}

/* A stranger's first request, or anything else without an SA. */
static void
step_first(struct world *w, struct script *s)
{
	static struct draft d;
	const struct draft_known known = {NULL, 0};
	uint8_t how = script_byte(s), payloads = script_byte(s) % 8;
	struct flight f = from_peer(w, how & 1, how & 2);

	memset(&d, 0, sizeof d);
	memset(d.h.spi_i, 1 + (how >> 4), sizeof d.h.spi_i);
	d.h.exchange = exchange_of(how & 4 ? script_byte(s) : 0);
	d.h.flags = how & 8 ? script_byte(s) : ADIT_IKE_FLAG_INITIATOR;
	for (unsigned i = 0; i < payloads; i++)
		draft_insert(&d, s, &known);
	put_draft(w, &f, &d, NULL, false);
	give(w, &f);
}

/* --- Time, commands, faults. */

static void
step_time(struct world *w, struct script *s)
{
	uint8_t how = script_byte(s);
	adit_ms due = first_deadline(w);

	if (how < 64 && due != ADIT_NEVER && due > w->pair.now)
		w->pair.now = due;
	else
		w->pair.now += how < 128   ? (adit_ms)how
			       : how < 240 ? (adit_ms)(how - 127) * 1000
					   : (adit_ms)1 << (how - 220);
	if (how & 1) {
		tick(w, false);
		tick(w, true);
	}
}

static void
step_tick(struct world *w, struct script *s)
{
	tick(w, script_byte(s) & 1);
}

static void
step_command(struct world *w, struct script *s)
{
	uint8_t how = script_byte(s);
	bool b = how & 1;
	struct pair_side *side = side_of(w, b);
	struct adit_ike *ike = &side->ike;
	uint16_t slot = how >> 1 & 3;
	struct adit_ike_id id = {slot, side->sas[slot].generation};
	struct adit_child_id child = {slot, side->children[slot].generation};

	switch (how >> 3 & 3) {
	case 0:
		(void)adit_ike_delete(ike, w->pair.now, id);
		break;
	case 1:
		(void)adit_ike_delete_child(ike, w->pair.now, child);
		break;
	case 2:
		(void)!adit_ike_probe(ike, w->pair.now, id);
		break;
	default:
		adit_ike_heard(ike, w->pair.now, child);
		break;
	}
	w->watch[b].credit++;
	settle(w, b);
}

static void
step_fault(struct world *w, struct script *s)
{
	uint8_t how = script_byte(s);

	(void)w;
	if (how & 128)
		toy_fails_in = 1 + (how & 127u);
	else
		random_fails_in = 1 + how % 32u;
}

static void
step_stall(struct world *w, struct script *s)
{
	bool b = script_byte(s) & 1;

	w->stalled[b] = !w->stalled[b];
	settle(w, b);
}

static void
step_nat(struct world *w, struct script *s)
{
	w->shift = script_byte(s);
}

static step *const steps[] = {
	step_run,    step_start,   step_deliver, step_repeat, step_lose,  step_reflect,
	step_damage, step_raw,     step_rework,  step_inject, step_first, step_time,
	step_tick,   step_command, step_fault,   step_stall,  step_nat,
};

/* --- The end. */

static void
delete_all(struct world *w, bool b)
{
	struct pair_side *side = side_of(w, b);
	struct adit_ike_info info;
	uint16_t at = 0;

	w->stalled[b] = false;
	settle(w, b);
	while (adit_ike_next(&side->ike, &at, &info)) {
		(void)adit_ike_delete(&side->ike, w->pair.now, info.id);
		w->watch[b].credit++;
	}
	settle(w, b);
}

/* Nobody answers any more: all comes to its end by itself, and leaves nothing. */
static void
close_world(struct world *w)
{
	toy_fails_in = random_fails_in = 0;
	delete_all(w, false);
	delete_all(w, true);
	for (unsigned n = 0; first_deadline(w) != ADIT_NEVER; n++) {
		must(n < ROUNDS);
		if (first_deadline(w) > w->pair.now)
			w->pair.now = first_deadline(w);
		tick(w, false);
		tick(w, true);
		delete_all(w, false);
		delete_all(w, true);
	}
	must(pair_in_use(&w->pair.a) == 0 && pair_in_use(&w->pair.b) == 0);
}

static void
live_again(struct world *w)
{
	w->pair.a.event_count = w->pair.b.event_count = 0;
	(void)pair_start(&w->pair);
	pair_run(&w->pair);
	must(pair_is_up(&w->pair));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct world w;
	struct script s = {data, n};

	open_world(&w, &s);
	for (unsigned i = 0; s.n > 0 && i < STEPS; i++)
		steps[script_byte(&s) % (sizeof steps / sizeof steps[0])](&w, &s);
	close_world(&w);
	live_again(&w);
	return 0;
}
