/* Two IKE engines and the wire between them, in memory. */
#include <string.h>

#include "support/pair.h"

#define SECRET "a secret of both"

/* SplitMix64: small, and good enough to tell values apart. */
enum adit_status
pair_rng_fill(void *ctx, uint8_t *out, size_t n)
{
	struct pair_rng *rng = ctx;

	if (rng->fails)
		return ADIT_ERR_RANDOM;
	for (size_t i = 0; i < n; i++) {
		uint64_t z = (rng->state += 0x9e3779b97f4a7c15u);

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
		z = (z ^ z >> 27) * 0x94d049bb133111ebu;
		out[i] = (uint8_t)(z >> 56);
	}
	return ADIT_OK;
}

static enum adit_status
spi_alloc(void *ctx, uint32_t *spi)
{
	struct pair_side *side = ctx;
	uint8_t raw[4];

	if (pair_rng_fill(&side->rng, raw, sizeof raw) != ADIT_OK)
		return ADIT_ERR_RANDOM;
	*spi = 0x80000000u | (uint32_t)raw[0] << 16 | (uint32_t)raw[1] << 8 | raw[2];
	side->spis++;
	return ADIT_OK;
}

static void
spi_release(void *ctx, uint32_t spi)
{
	struct pair_side *side = ctx;

	(void)spi;
	side->spis--;
}

static void
side_defaults(struct pair_side *side, uint8_t own, uint8_t other, uint64_t seed)
{
	memset(side, 0, sizeof *side);
	side->rng.state = seed * 2 + own;
	side->end.ip.version = 4;
	memcpy(side->end.ip.b, (const uint8_t[]){10, 0, 0, own}, 4);
	side->end.port = 500;
	side->child.name = "child";
	side->peer.name = "peer";
	side->peer.local = side->end.ip;
	side->peer.remote = side->end.ip;
	side->peer.remote.b[3] = other;
	side->peer.psk = (struct adit_span){(const uint8_t *)SECRET, sizeof SECRET - 1};
	side->peer.children = &side->child;
	side->peer.child_count = 1;
	side->cfg.crypto = &adit_mbedtls_compat;
	side->cfg.rng = (struct adit_rng){&side->rng, pair_rng_fill};
	side->cfg.peers = &side->peer;
	side->cfg.peer_count = 1;
	side->cfg.spis = (struct adit_spi_source){side, spi_alloc, spi_release};
}

void
pair_defaults(struct pair *pair, uint64_t seed)
{
	memset(pair, 0, sizeof *pair);
	pair->now = 1000;
	side_defaults(&pair->a, 1, 2, seed);
	side_defaults(&pair->b, 2, 1, seed);
}

static void
side_open(struct pair_side *side)
{
	const struct adit_ike_mem mem = {side->sas,  PAIR_SLOTS,       side->children,
					 PAIR_SLOTS, side->handshakes, PAIR_SLOTS};

	if (adit_ike_init(&side->ike, &side->cfg, &mem) != ADIT_OK)
		side->cfg.crypto = NULL; /* a test that goes on will fail at once */
}

void
pair_open(struct pair *pair)
{
	side_open(&pair->a);
	side_open(&pair->b);
}

struct adit_ike_id
pair_start(struct pair *pair)
{
	struct adit_ike_id id = {0, 0};

	if (adit_ike_start(&pair->a.ike, pair->now, 0, 0, &pair->a.end, &id) != ADIT_OK)
		memset(&id, 0, sizeof id);
	return id;
}

static void
keep_params(struct pair_side *side, const struct adit_ike_event *ev)
{
	side->in = ev->in;
	side->out = ev->out;
	side->selectors = *ev->in.selectors;
	memcpy(side->in_key, ev->in.key.p, ev->in.key.n);
	memcpy(side->out_key, ev->out.key.p, ev->out.key.n);
	side->in.key.p = side->in_key;
	side->out.key.p = side->out_key;
	side->in.selectors = side->out.selectors = &side->selectors;
}

void
pair_events(struct pair_side *side)
{
	struct adit_ike_event ev;

	while (adit_ike_event(&side->ike, &ev)) {
		if (ev.kind == ADIT_EVENT_CHILD_UP)
			keep_params(side, &ev);
		if (ev.kind == ADIT_EVENT_CHILD_DOWN)
			side->spis--; /* its SA is removed */
		if (side->event_count < PAIR_EVENTS)
			side->events[side->event_count++] = ev;
	}
}

bool
pair_take(struct pair *pair, struct pair_side *from, struct pair_datagram *d)
{
	struct adit_buf b = {d->bytes, sizeof d->bytes};

	pair_events(from);
	return adit_ike_output(&from->ike, pair->now, &d->path, b, &d->len) == ADIT_OK && d->len;
}

enum adit_status
pair_give(struct pair *pair, struct pair_side *to, const struct pair_datagram *d)
{
	struct adit_path seen = {d->path.remote, d->path.local};
	struct pair_datagram copy = *d;
	enum adit_status st = adit_ike_input(&to->ike, pair->now, &seen, copy.bytes, copy.len);

	pair_events(to);
	return st;
}

static bool
move(struct pair *pair, struct pair_side *from, struct pair_side *to)
{
	struct pair_datagram d;

	if (!pair_take(pair, from, &d))
		return false;
	pair->sent++;
	if (!pair->wire || pair->wire(pair, from, &d))
		(void)!pair_give(pair, to, &d);
	return true;
}

void
pair_run(struct pair *pair)
{
	bool more = true;

	for (unsigned i = 0; more && i < 10000; i++) {
		bool ab = move(pair, &pair->a, &pair->b);

		more = move(pair, &pair->b, &pair->a) || ab;
	}
}

void
pair_pass(struct pair *pair, adit_ms ms)
{
	adit_ms end = pair->now + ms;

	pair_run(pair);
	for (unsigned i = 0; i < 100000; i++) {
		adit_ms a = adit_ike_deadline(&pair->a.ike), b = adit_ike_deadline(&pair->b.ike);
		adit_ms next = a < b ? a : b;

		if (next > end)
			break;
		if (next > pair->now)
			pair->now = next;
		adit_ike_tick(&pair->a.ike, pair->now);
		adit_ike_tick(&pair->b.ike, pair->now);
		pair_run(pair);
	}
	pair->now = end;
}

unsigned
pair_count(const struct pair_side *side, enum adit_ike_event_kind kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < side->event_count; i++)
		n += side->events[i].kind == kind;
	return n;
}

const struct adit_ike_event *
pair_last(const struct pair_side *side, enum adit_ike_event_kind kind)
{
	for (unsigned i = side->event_count; i > 0; i--)
		if (side->events[i - 1].kind == kind)
			return &side->events[i - 1];
	return NULL;
}

static bool
same_key(const struct adit_sa_params *x, const struct adit_sa_params *y)
{
	return x->spi == y->spi && x->aead == y->aead && x->key.n == y->key.n && x->key.n &&
	       memcmp(x->key.p, y->key.p, x->key.n) == 0 && x->mode == y->mode &&
	       x->esn == y->esn && x->udp_encap == y->udp_encap;
}

bool
pair_is_up(const struct pair *pair)
{
	return pair_count(&pair->a, ADIT_EVENT_CHILD_UP) == 1 &&
	       pair_count(&pair->b, ADIT_EVENT_CHILD_UP) == 1 &&
	       pair_count(&pair->a, ADIT_EVENT_CHILD_DOWN) == 0 &&
	       pair_count(&pair->b, ADIT_EVENT_CHILD_DOWN) == 0 &&
	       same_key(&pair->a.in, &pair->b.out) && same_key(&pair->a.out, &pair->b.in);
}

bool
pair_connect(struct pair *pair)
{
	pair_open(pair);
	pair_start(pair);
	pair_run(pair);
	return pair_is_up(pair);
}

bool
pair_first_exchange(struct pair *pair)
{
	struct pair_datagram d;

	pair_open(pair);
	pair_start(pair);
	return pair_take(pair, &pair->a, &d) && pair_give(pair, &pair->b, &d) == ADIT_OK &&
	       pair_take(pair, &pair->b, &d) && pair_give(pair, &pair->a, &d) == ADIT_OK;
}

unsigned
pair_in_use(const struct pair_side *side)
{
	unsigned n = side->spis;

	for (int i = 0; i < PAIR_SLOTS; i++) {
		n += side->sas[i].state != ADIT_IKE_FREE;
		n += side->children[i].state != ADIT_CHILD_FREE;
		n += side->handshakes[i].owner != 0;
	}
	return n;
}
