/* SAs as bytes and back.
 *
 *   "adit" | version (2) | zero (2) | number (8) | IV | enciphered: fields | ICV
 *
 * What stands before the IV is authenticated with the rest. Both directions of a field stand side
 * by side in `fields`: write and read go through the same lines. */
#include <stddef.h>
#include <string.h>

#include "adit/state.h"
#include "base/cursor.h"

#define VERSION 1
#define HEADER_LEN 16
#define NUMBER_AT 8

static const uint8_t magic[4] = {'a', 'd', 'i', 't'};

/* --- The fields, in order; the same list writes and reads. */

struct pass {
	struct adit_writer w;
	struct adit_reader r;
	bool writes;
};

static void
u8(struct pass *x, uint8_t *v)
{
	if (x->writes)
		adit_write_u8(&x->w, *v);
	else
		*v = adit_read_u8(&x->r);
}

static void
u16(struct pass *x, uint16_t *v)
{
	if (x->writes)
		adit_write_u16(&x->w, *v);
	else
		*v = adit_read_u16(&x->r);
}

static void
u32(struct pass *x, uint32_t *v)
{
	if (x->writes)
		adit_write_u32(&x->w, *v);
	else
		*v = adit_read_u32(&x->r);
}

static void
u64(struct pass *x, uint64_t *v)
{
	if (x->writes)
		adit_write_u64(&x->w, *v);
	else
		*v = adit_read_u64(&x->r);
}

/* 0 and 1 alone. */
static void
flag(struct pass *x, bool *v)
{
	uint8_t byte = *v ? 1 : 0;

	u8(x, &byte);
	if (byte > 1)
		x->r.bad = true;
	*v = byte == 1;
}

static void
bytes(struct pass *x, uint8_t *p, size_t n)
{
	if (x->writes)
		adit_write_span(&x->w, (struct adit_span){p, n});
	else
		adit_read_bytes(&x->r, p, n);
}

static void
ip(struct pass *x, struct adit_ip *v)
{
	u8(x, &v->version);
	bytes(x, v->b, sizeof v->b);
}

static void
lifetime(struct pass *x, struct adit_lifetime *v)
{
	u64(x, &v->packets);
	u64(x, &v->bytes);
	u64(x, &v->time);
}

static void
ts(struct pass *x, struct adit_ts *v)
{
	u8(x, &v->version);
	u8(x, &v->protocol);
	u16(x, &v->port_first);
	u16(x, &v->port_last);
	bytes(x, v->first, sizeof v->first);
	bytes(x, v->last, sizeof v->last);
}

/* What doesn't stand in params as it is written. */
struct rest {
	uint8_t dir, mode, key_len;
	uint16_t encr, key_bits, integ;
	uint64_t top; /* last number: sent, or highest received */
	uint64_t age; /* milliseconds */
	bool has_selectors;
};

static void
fields(struct pass *x, struct adit_sa_state *s, struct rest *rest)
{
	struct adit_sa_params *p = &s->params;

	u8(x, &rest->dir);
	u8(x, &rest->mode);
	u8(x, &p->protocol);
	u32(x, &p->spi);
	ip(x, &p->local);
	ip(x, &p->remote);
	flag(x, &p->udp_encap);
	u16(x, &p->local_port);
	u16(x, &p->remote_port);
	u16(x, &rest->encr);
	u16(x, &rest->key_bits);
	u16(x, &rest->integ);
	u8(x, &rest->key_len);
	flag(x, &p->esn);
	u32(x, &p->replay_window);
	u8(x, &p->flags);
	u8(x, &p->dscp);
	u8(x, &p->hop_limit);
	u16(x, &p->mtu);
	u16(x, &p->tfc);
	lifetime(x, &p->soft);
	lifetime(x, &p->hard);
	ip(x, &p->inner_local);
	ip(x, &p->inner_remote);
	u64(x, &rest->top);
	u64(x, &rest->age);
	u64(x, &s->n.packets);
	u64(x, &s->n.bytes);
	u64(x, &s->n.drops);
	flag(x, &rest->has_selectors);
}

/* Lists whose lengths were read are held against what there is room for. */
static enum adit_status
lists(struct pass *x, struct adit_sa_state *s, const struct rest *rest)
{
	struct adit_selectors *sel = &s->selectors;

	if (rest->key_len > sizeof s->key)
		return ADIT_ERR_MALFORMED;
	bytes(x, s->key, rest->key_len);
	if (rest->has_selectors) {
		u8(x, &sel->local_n);
		u8(x, &sel->remote_n);
		if (sel->local_n > ADIT_TS_MAX || sel->remote_n > ADIT_TS_MAX)
			return ADIT_ERR_ROOM;
		for (uint8_t i = 0; i < sel->local_n; i++)
			ts(x, &sel->local[i]);
		for (uint8_t i = 0; i < sel->remote_n; i++)
			ts(x, &sel->remote[i]);
	}
	if (rest->dir != ADIT_IN)
		return ADIT_OK;
	if (s->params.replay_window > ADIT_REPLAY_MAX)
		return ADIT_ERR_MALFORMED;
	for (uint32_t i = 0; i < (s->params.replay_window + 31) / 32; i++)
		u32(x, &s->bits[i]);
	return ADIT_OK;
}

/* --- The window as bits from the highest number downwards, whatever ring they stand in. */

static void
read_window(const struct adit_replay *w, struct adit_sa_state *s)
{
	for (uint32_t i = 0; i < w->packets && i < w->top; i++)
		if (adit_replay_check(w, w->top - i) == ADIT_ERR_REPLAY)
			s->bits[i / 32] |= (uint32_t)1 << i % 32;
}

/* Committing from the left end on leaves what is not committed open. */
static void
write_window(struct adit_replay *w, const struct adit_sa_state *s, uint64_t top)
{
	for (uint32_t i = w->packets; i-- > 0;)
		if (i < top && (s->bits[i / 32] >> i % 32 & 1))
			adit_replay_commit(w, top - i);
}

/* --- Export. */

static bool
is_of(const struct adit_sa *sa, const struct adit_sa_params *p)
{
	return sa->spi == p->spi && sa->aead == p->aead && sa->dir == (uint8_t)p->dir &&
	       sa->esn == p->esn && p->key.n == adit_aead_key_len(p->aead);
}

/* As it was set: what was learnt of the path is not kept. */
static uint16_t
mtu_of(const struct adit_sa *sa)
{
	if (sa->more)
		return sa->more->link_mtu;
	return sa->mtu == UINT16_MAX ? 0 : sa->mtu;
}

static void
gather(const struct adit_sa *sa, const struct adit_sa_params *p, adit_ms now,
       struct adit_sa_state *s, struct rest *rest)
{
	const struct adit_path path = adit_sa_path(sa);

	s->params = *p;
	s->params.protocol = sa->protocol;
	s->params.local = path.local.ip;
	s->params.remote = path.remote.ip;
	s->params.local_port = path.local.port;
	s->params.remote_port = path.remote.port;
	s->params.mtu = mtu_of(sa);
	s->params.replay_window = sa->dir == ADIT_IN ? sa->window.packets : 0;
	s->n = sa->n;
	memcpy(s->key, p->key.p, p->key.n);
	if (sa->selectors)
		s->selectors = *sa->selectors;
	if (sa->dir == ADIT_IN)
		read_window(&sa->window, s);
	rest->dir = sa->dir;
	rest->mode = sa->mode;
	rest->key_len = (uint8_t)p->key.n;
	rest->encr = p->aead->encr;
	rest->key_bits = p->aead->key_bits;
	rest->integ = p->aead->integ;
	rest->top = sa->dir == ADIT_OUT ? sa->seq : sa->window.top;
	rest->age = now - p->now;
	rest->has_selectors = sa->selectors != NULL;
}

static void
make_op(uint8_t *p, size_t n, const struct adit_state_seal *seal, struct adit_aead_op *op)
{
	const struct adit_aead *aead = seal->aead;

	memset(op, 0, sizeof *op);
	op->aad = (struct adit_span){p, HEADER_LEN};
	op->iv = aead->implicit_iv ? p + NUMBER_AT : p + HEADER_LEN;
	op->data = p + HEADER_LEN + aead->iv_len;
	op->len = n - HEADER_LEN - aead->iv_len - aead->icv_len;
	op->icv = p + n - aead->icv_len;
}

static enum adit_status
seal_bytes(const struct adit_state_seal *seal, uint64_t number, uint8_t *p, size_t n)
{
	const struct adit_aead *aead = seal->aead;
	struct adit_aead_op op;
	enum adit_status st = ADIT_OK;

	if (!aead->implicit_iv)
		st = aead->make_iv(aead, seal->kc, number, p + HEADER_LEN);
	if (st != ADIT_OK)
		return st;
	make_op(p, n, seal, &op);
	aead->seal(aead, seal->kc, &op, 1);
	return op.status;
}

static enum adit_status
write_all(struct adit_sa_state *s, struct rest *rest, const struct adit_state_seal *seal,
	  uint64_t number, struct adit_buf out, size_t *n)
{
	struct pass x;
	enum adit_status st;

	memset(&x, 0, sizeof x);
	x.writes = true;
	x.w = adit_writer_of(out);
	bytes(&x, (uint8_t[]){'a', 'd', 'i', 't'}, sizeof magic);
	u16(&x, &(uint16_t){VERSION});
	u16(&x, &(uint16_t){0});
	u64(&x, &number);
	(void)adit_write_room(&x.w, seal->aead->iv_len);
	fields(&x, s, rest);
	st = lists(&x, s, rest);
	(void)adit_write_room(&x.w, seal->aead->icv_len);
	if (st == ADIT_OK)
		st = adit_writer_done(&x.w);
	if (st != ADIT_OK)
		return st;
	*n = adit_writer_len(&x.w);
	return seal_bytes(seal, number, out.p, *n);
}

enum adit_status
adit_state_export(const struct adit_sa *sa, const struct adit_sa_params *params,
		  const struct adit_state_seal *seal, uint64_t number, adit_ms now,
		  struct adit_buf out, size_t *n)
{
	struct adit_sa_state s;
	struct rest rest;
	enum adit_status st;

	*n = 0;
	if (!sa->aead || !is_of(sa, params) || params->key.n > sizeof s.key ||
	    seal->aead->block != 1)
		return ADIT_ERR_ARG;
	memset(&s, 0, sizeof s);
	gather(sa, params, now, &s, &rest);
	st = write_all(&s, &rest, seal, number, out, n);
	adit_state_wipe(&s);
	if (st != ADIT_OK) {
		*n = 0;
		adit_wipe(out.p, out.cap);
	}
	return st;
}

/* --- Import. */

static enum adit_status
check_header(struct adit_span b, const struct adit_state_seal *seal)
{
	if (b.n < (size_t)HEADER_LEN + seal->aead->iv_len + seal->aead->icv_len)
		return ADIT_ERR_SHORT;
	if (memcmp(b.p, magic, sizeof magic) != 0)
		return ADIT_ERR_MALFORMED;
	return adit_load16(b.p + sizeof magic) == VERSION ? ADIT_OK : ADIT_ERR_VERSION;
}

/* From fields to parameters that an SA can be made from. */
static enum adit_status
settle(struct adit_sa_state *s, const struct rest *rest, const struct adit_crypto *crypto,
       const struct adit_state_jump *jump, adit_ms now)
{
	struct adit_sa_params *p = &s->params;
	uint64_t by = rest->dir == ADIT_OUT ? jump->out : jump->in;
	uint64_t last = p->esn ? UINT64_MAX : UINT32_MAX;

	if ((rest->dir != ADIT_OUT && rest->dir != ADIT_IN) || rest->top > last)
		return ADIT_ERR_MALFORMED;
	p->aead = adit_crypto_sa_aead(crypto, rest->encr, rest->key_bits, rest->integ);
	if (!p->aead)
		return ADIT_ERR_UNSUPPORTED;
	if (rest->key_len != adit_aead_key_len(p->aead))
		return ADIT_ERR_MALFORMED;
	if (by >= last - rest->top)
		return ADIT_ERR_EXHAUSTED;
	p->dir = rest->dir == ADIT_OUT ? ADIT_OUT : ADIT_IN;
	p->mode = (enum adit_mode)rest->mode;
	p->key = (struct adit_span){s->key, rest->key_len};
	p->selectors = rest->has_selectors ? &s->selectors : NULL;
	p->now = now - rest->age;
	p->seq = rest->top + by;
	s->has_bits = p->dir == ADIT_IN && by == 0;
	return ADIT_OK;
}

static enum adit_status
read_all(struct adit_span plain, struct adit_sa_state *s, struct rest *rest)
{
	struct pass x;
	enum adit_status st;

	memset(&x, 0, sizeof x);
	x.r = adit_reader_of(plain);
	fields(&x, s, rest);
	if (x.r.bad)
		return ADIT_ERR_MALFORMED;
	st = lists(&x, s, rest);
	return st == ADIT_OK ? adit_reader_done(&x.r) : st;
}

static enum adit_status
import(struct adit_span b, const struct adit_state_seal *seal, uint8_t *copy,
       struct adit_sa_state *s, struct rest *rest)
{
	struct adit_aead_op op;

	memcpy(copy, b.p, b.n);
	make_op(copy, b.n, seal, &op);
	seal->aead->open(seal->aead, seal->kc, &op, 1);
	if (op.status != ADIT_OK)
		return op.status;
	return read_all((struct adit_span){op.data, op.len}, s, rest);
}

enum adit_status
adit_state_import_(size_t state_size, struct adit_span b, const struct adit_state_seal *seal,
		   const struct adit_crypto *crypto, const struct adit_state_jump *jump,
		   adit_ms now, struct adit_sa_state *state)
{
	uint8_t copy[ADIT_STATE_MAX];
	struct rest rest;
	enum adit_status st;

	memset(state, 0, state_size);
	memset(&rest, 0, sizeof rest);
	if (state_size != sizeof *state)
		return ADIT_ERR_CONFIG;
	if (seal->aead->block != 1)
		return ADIT_ERR_ARG;
	st = check_header(b, seal);
	if (st == ADIT_OK && b.n > sizeof copy)
		st = ADIT_ERR_MALFORMED;
	if (st != ADIT_OK)
		return st;
	st = import(b, seal, copy, state, &rest);
	state->number = adit_load64(b.p + NUMBER_AT);
	adit_wipe(copy, sizeof copy);
	if (st == ADIT_OK)
		st = settle(state, &rest, crypto, jump, now);
	if (st != ADIT_OK)
		adit_state_wipe(state);
	return st;
}

static void
wipe_but_selectors(struct adit_sa_state *state)
{
	const size_t behind = offsetof(struct adit_sa_state, bits);

	adit_wipe(state, offsetof(struct adit_sa_state, selectors));
	adit_wipe((uint8_t *)state + behind, sizeof *state - behind);
}

void
adit_state_resume(struct adit_sa *sa, struct adit_sa_state *state)
{
	sa->n = state->n;
	if (state->has_bits && sa->dir == ADIT_IN) {
		uint64_t top = sa->window.top;

		memset(sa->window.bits, 0, ((size_t)sa->window.mask + 1) * sizeof *sa->window.bits);
		sa->window.top = 0;
		write_window(&sa->window, state, top);
		/* The highest number was seen, or it would not be the highest. */
		if (top)
			adit_replay_commit(&sa->window, top);
	}
	if (sa->selectors == &state->selectors)
		wipe_but_selectors(state);
	else
		adit_state_wipe(state);
}

void
adit_state_wipe(struct adit_sa_state *state)
{
	adit_wipe(state, sizeof *state);
}
