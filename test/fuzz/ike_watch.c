/* What must hold of an IKE engine after every step. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/ike_watch.h"
#include "fuzz/toy.h"
#include "support/ike_check.h"
#include "wire/ike_header.h"

void
must(bool holds)
{
	if (!holds)
		abort();
}

static bool
is_zero(const void *p, size_t n)
{
	static const uint8_t zero[sizeof(struct adit_ike_handshake) + sizeof(struct adit_ike_sa)];

	must(n <= sizeof zero);
	return memcmp(p, zero, n) == 0;
}

/* --- Events. */

static void
told_child_up(struct ike_watch *w, const struct adit_ike_event *ev)
{
	struct ike_watch_child *c = &w->children[ev->child.slot];
	size_t key_len;

	must(ev->in.aead && ev->in.aead == ev->out.aead);
	key_len = adit_aead_key_len(ev->in.aead);
	must(w->told[ev->ike.slot].up && !c->live);
	must(ev->in.dir == ADIT_IN && ev->out.dir == ADIT_OUT);
	must(ev->in.spi == ev->spi_in && ev->out.spi == ev->spi_out && ev->spi_in && ev->spi_out);
	must(ev->in.key.n == key_len && ev->out.key.n == key_len);
	must(ev->in.selectors && ev->in.selectors->local_n && ev->in.selectors->remote_n);
	c->live = true;
	c->generation = ev->child.generation;
	c->owner = ev->ike.slot;
	c->spi_in = ev->spi_in;
	c->spi_out = ev->spi_out;
	c->keys_in = toy_mix(0, ev->in.key.p, key_len);
	c->keys_out = toy_mix(0, ev->out.key.p, key_len);
	must(c->keys_in != c->keys_out);
}

static void
told_child_down(struct ike_watch *w, const struct adit_ike_event *ev)
{
	struct ike_watch_child *c = &w->children[ev->child.slot];

	must(c->live && c->generation == ev->child.generation && c->owner == ev->ike.slot);
	must(c->spi_in == ev->spi_in && c->spi_out == ev->spi_out);
	c->live = false;
}

/* Only what was up, or what we began, has an end to be told. */
static void
told_down(struct ike_watch *w, const struct adit_ike_event *ev)
{
	must(w->told[ev->ike.slot].up || w->told[ev->ike.slot].started);
	for (unsigned i = 0; i < PAIR_SLOTS; i++)
		must(!w->children[i].live || w->children[i].owner != ev->ike.slot);
	w->told[ev->ike.slot].up = w->told[ev->ike.slot].started = false;
}

static void
told(struct ike_watch *w, const struct adit_ike_event *ev)
{
	must(ev->ike.slot < PAIR_SLOTS && ev->ike.generation != 0);
	if (w->told[ev->ike.slot].up || w->told[ev->ike.slot].started)
		must(w->told[ev->ike.slot].generation == ev->ike.generation);
	switch (ev->kind) {
	case ADIT_EVENT_IKE_UP:
		must(!w->told[ev->ike.slot].up);
		w->told[ev->ike.slot].up = true;
		w->told[ev->ike.slot].generation = ev->ike.generation;
		break;
	case ADIT_EVENT_IKE_DOWN:
		told_down(w, ev);
		break;
	case ADIT_EVENT_CHILD_UP:
		told_child_up(w, ev);
		break;
	case ADIT_EVENT_CHILD_DOWN:
		told_child_down(w, ev);
		break;
	default:
		abort();
	}
}

void
ike_watch_events(struct ike_watch *w, struct pair_side *side)
{
	struct adit_ike_event ev;

	/* Of each slot no more than its beginning and its end. */
	for (unsigned n = 0; adit_ike_event(&side->ike, &ev); n++) {
		must(n < 4 * PAIR_SLOTS);
		told(w, &ev);
		if (ev.kind == ADIT_EVENT_CHILD_DOWN)
			side->spis--; /* its SA is removed */
	}
}

/* --- Output. */

void
ike_watch_sent(struct ike_watch *w, const struct pair_datagram *d)
{
	size_t marker = d->path.local.port == ADIT_IKE_NATT_PORT ? ADIT_NON_ESP_MARKER_LEN : 0;
	struct adit_ike_header h;

	must(w->credit > 0);
	w->credit--;
	if (d->len == 1) { /* a keep-alive */
		must(d->bytes[0] == 0xff);
		return;
	}
	must(d->len >= marker && d->len <= marker + ADIT_IKE_MESSAGE_MAX);
	must(is_zero(d->bytes, marker));
	must(adit_ike_get_header((struct adit_span){d->bytes + marker, d->len - marker}, &h) ==
	     ADIT_OK);
	must(h.major == 2);
}

/* --- Slots. */

static bool
has_handshake(uint8_t state)
{
	return state == ADIT_IKE_IDLE || state == ADIT_IKE_INIT_SENT ||
	       state == ADIT_IKE_INIT_DONE || state == ADIT_IKE_AUTH_SENT;
}

/* What is outstanding in which state. */
static bool
job_fits(const struct adit_ike_sa *sa)
{
	switch (sa->state) {
	case ADIT_IKE_INIT_SENT:
		return sa->initiator && sa->job == ADIT_JOB_INIT;
	case ADIT_IKE_AUTH_SENT:
		return sa->initiator && sa->job == ADIT_JOB_AUTH;
	case ADIT_IKE_DELETING:
		return sa->job == ADIT_JOB_DELETE_IKE;
	case ADIT_IKE_INIT_DONE:
		return !sa->initiator && sa->job == ADIT_JOB_NONE;
	case ADIT_IKE_UP:
		return sa->job == ADIT_JOB_NONE ||
		       (sa->job >= ADIT_JOB_PROBE && sa->job != ADIT_JOB_DELETE_IKE);
	case ADIT_IKE_DEAD:
		return sa->job == ADIT_JOB_NONE;
	default:
		return false; /* IDLE is passed within a call */
	}
}

static void
check_free_sa(const struct adit_ike_sa *sa)
{
	struct adit_ike_sa rest = *sa;

	rest.generation = 0;
	rest.timer_entry = 0; /* the heap's, and not this SA's */
	memset(&rest.sending, 0, sizeof rest.sending);
	must(is_zero(&rest, sizeof rest));
}

static void
check_sa(const struct pair_side *side, uint16_t slot)
{
	const struct adit_ike *ike = &side->ike;
	const struct adit_ike_sa *sa = &side->sas[slot];

	if (sa->state == ADIT_IKE_FREE) {
		check_free_sa(sa);
		return;
	}
	must(sa->state <= ADIT_IKE_DEAD && job_fits(sa) && sa->tell == 0);
	must(has_handshake(sa->state) == (sa->handshake != 0));
	if (sa->handshake)
		must(side->handshakes[sa->handshake - 1].owner == slot + 1);
	/* A dead one is kept for an answer that is yet to go out, and for that alone. */
	if (sa->state == ADIT_IKE_DEAD)
		must(sa->due == ADIT_DUE_RESPONSE);
	if (sa->job != ADIT_JOB_NONE)
		must(adit_ike_deadline(ike) <= sa->retransmit_at);
	if (sa->state == ADIT_IKE_INIT_DONE)
		must(adit_ike_deadline(ike) <= sa->expire_at);
	if (sa->state == ADIT_IKE_UP && sa->job == ADIT_JOB_NONE)
		must(sa->want == 0);
}

static void
check_child(const struct ike_watch *w, const struct pair_side *side, uint16_t slot)
{
	const struct adit_ike_child *c = &side->children[slot];
	struct adit_ike_child rest = *c;
	uint8_t owner;

	if (c->state == ADIT_CHILD_FREE) {
		rest.generation = 0;
		memset(&rest.link, 0, sizeof rest.link);
		must(is_zero(&rest, sizeof rest) && !w->children[slot].live);
		return;
	}
	must(c->owner < PAIR_SLOTS && c->tell == 0 && c->spi_in != 0);
	owner = side->sas[c->owner].state;
	switch (c->state) {
	case ADIT_CHILD_ASKED:
		must(owner == ADIT_IKE_AUTH_SENT || owner == ADIT_IKE_UP);
		must(!w->children[slot].live);
		break;
	case ADIT_CHILD_UP:
	case ADIT_CHILD_DELETING:
		must(owner == ADIT_IKE_UP || owner == ADIT_IKE_DELETING);
		must(w->children[slot].live && w->children[slot].generation == c->generation);
		must(is_zero(&c->keys, sizeof c->keys));
		break;
	default:
		abort(); /* DEAD ends with its event */
	}
}

void
ike_watch_check(const struct ike_watch *w, const struct pair_side *side)
{
	unsigned half_open = 0, children = 0;

	for (uint16_t i = 0; i < side->ike.mem.sa_count; i++) {
		check_sa(side, i);
		half_open += side->sas[i].state == ADIT_IKE_INIT_DONE;
	}
	for (uint16_t i = 0; i < side->ike.mem.child_count; i++) {
		check_child(w, side, i);
		children += side->children[i].state != ADIT_CHILD_FREE;
	}
	for (uint16_t i = 0; i < side->ike.mem.handshake_count; i++) {
		const struct adit_ike_handshake *hs = &side->handshakes[i];

		if (hs->owner == 0)
			must(is_zero(&hs->ke,
				     sizeof *hs - offsetof(struct adit_ike_handshake, ke)));
		else
			must(hs->owner <= PAIR_SLOTS &&
			     side->sas[hs->owner - 1].handshake == i + 1);
	}
	must(!ike_check(&side->ike));
	must(half_open == side->ike.half_open);
	must(children == side->spis);
	/* Keys are there within a call alone. */
	must(is_zero(&side->ike.protect, sizeof side->ike.protect));
	must(is_zero(&side->ike.told_keys, sizeof side->ike.told_keys));
}

void
ike_watch_agree(const struct ike_watch *a, const struct ike_watch *b)
{
	for (unsigned i = 0; i < PAIR_SLOTS; i++)
		for (unsigned k = 0; k < PAIR_SLOTS; k++) {
			const struct ike_watch_child *x = &a->children[i], *y = &b->children[k];

			if (x->live && y->live && x->spi_in == y->spi_out &&
			    x->spi_out == y->spi_in)
				must(x->keys_in == y->keys_out && x->keys_out == y->keys_in);
		}
}

bool
ike_watch_is_stranger(enum adit_status st)
{
	return st == ADIT_ERR_ICV || st == ADIT_ERR_NO_SA || st == ADIT_ERR_SHORT ||
	       st == ADIT_ERR_VERSION || st == ADIT_ERR_TOO_LONG || st == ADIT_ERR_COOKIE ||
	       st == ADIT_ERR_MESSAGE_ID || st == ADIT_ERR_PEER;
}
