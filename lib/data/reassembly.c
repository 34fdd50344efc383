/* Putting IP fragments together in the caller's memory, within bounds of time, count and bytes
 * (RFC 791 3.2, RFC 8200 4.5, RFC 5722, RFC 6946, RFC 3168 5.3). */
#include <string.h>

#include "adit/fragment.h"
#include "base/endian.h"
#include "wire/fragment.h"
#include "wire/ip.h"

/* REFUSED: its packet was given up; what still comes of it is dropped until its time is over.
 * LENT: whole, and in the caller's hands. */
enum { SLOT_FREE = 0, SLOT_FILLING, SLOT_REFUSED, SLOT_LENT };

enum { ECN_NOT_ECT = 0, ECN_CE = 3 };

enum adit_status
adit_reasm_init_(struct adit_reasm *r, size_t reasm_size, size_t slot_size,
		 const struct adit_reasm_mem *mem)
{
	const size_t least = ADIT_IPV4_LEN + 2 * ADIT_FRAGMENT_UNIT;

	if (reasm_size != sizeof *r || slot_size != sizeof *mem->slots)
		return ADIT_ERR_CONFIG;
	if (!mem->slots || !mem->slot_count || !mem->ranges || !mem->bytes)
		return ADIT_ERR_ARG;
	if (mem->fragments < 2 || mem->fragments > UINT16_MAX)
		return ADIT_ERR_ARG;
	if (mem->slot_size < least || mem->headroom > mem->slot_size - least ||
	    mem->tailroom > mem->slot_size - least - mem->headroom)
		return ADIT_ERR_ARG;
	memset(r, 0, sizeof *r);
	r->mem = *mem;
	if (!r->mem.timeout_v4_ms)
		r->mem.timeout_v4_ms = ADIT_REASM_TIMEOUT_V4_MS;
	if (!r->mem.timeout_v6_ms)
		r->mem.timeout_v6_ms = ADIT_REASM_TIMEOUT_V6_MS;
	memset(mem->slots, 0, mem->slot_count * sizeof *mem->slots);
	return ADIT_OK;
}

static uint8_t *
bytes_of(const struct adit_reasm *r, const struct adit_reasm_slot *s)
{
	return r->mem.bytes + (size_t)(s - r->mem.slots) * r->mem.slot_size;
}

static struct adit_reasm_range *
ranges_of(const struct adit_reasm *r, const struct adit_reasm_slot *s)
{
	return r->mem.ranges + (size_t)(s - r->mem.slots) * r->mem.fragments;
}

void
adit_reasm_release(struct adit_reasm *r)
{
	for (size_t i = 0; i < r->mem.slot_count; i++)
		if (r->mem.slots[i].state == SLOT_LENT)
			r->mem.slots[i].state = SLOT_FREE;
}

void
adit_reasm_expire(struct adit_reasm *r, adit_ms now)
{
	for (size_t i = 0; i < r->mem.slot_count; i++) {
		struct adit_reasm_slot *s = &r->mem.slots[i];

		if (s->state == SLOT_FREE || s->state == SLOT_LENT || now < s->until)
			continue;
		if (s->state == SLOT_FILLING)
			r->n.timeouts++;
		s->state = SLOT_FREE;
	}
}

static struct adit_reasm_slot *
find(const struct adit_reasm *r, const struct adit_fragment_key *key)
{
	for (size_t i = 0; i < r->mem.slot_count; i++) {
		struct adit_reasm_slot *s = &r->mem.slots[i];

		if ((s->state == SLOT_FILLING || s->state == SLOT_REFUSED) &&
		    adit_fragment_key_equal(&s->key, key))
			return s;
	}
	return NULL;
}

static bool
same_source(const struct adit_fragment_key *a, const struct adit_fragment_key *b)
{
	return a->version == b->version && !memcmp(a->source, b->source, sizeof a->source);
}

/* Which of two slots is to go: a free one before a refused one before an older one. NULL loses. */
static struct adit_reasm_slot *
rather(struct adit_reasm_slot *a, struct adit_reasm_slot *b)
{
	if (!a || (a->state != b->state && b->state == SLOT_FREE))
		return b;
	if (a->state == b->state)
		return b->until < a->until ? b : a;
	return b->state == SLOT_REFUSED && a->state == SLOT_FILLING ? b : a;
}

/* A slot for a new packet, its last packet given up. A source that has half of all slots gives up
 * one of its own, so that no one source drives out all others. NULL: all are lent. */
static struct adit_reasm_slot *
take(struct adit_reasm *r, const struct adit_fragment_key *key)
{
	struct adit_reasm_slot *best = NULL, *own = NULL;
	size_t owned = 0;

	for (size_t i = 0; i < r->mem.slot_count; i++) {
		struct adit_reasm_slot *s = &r->mem.slots[i];

		if (s->state == SLOT_LENT)
			continue;
		best = rather(best, s);
		if (s->state != SLOT_FREE && same_source(&s->key, key)) {
			own = rather(own, s);
			owned++;
		}
	}
	if (best && best->state != SLOT_FREE && owned && owned >= r->mem.slot_count / 2)
		best = own;
	if (best && best->state == SLOT_FILLING)
		r->n.evicted++;
	return best;
}

static struct adit_reasm_slot *
open_slot(struct adit_reasm *r, adit_ms now, const struct adit_fragment_key *key,
	  const struct adit_fragment_view *v)
{
	adit_ms life = v->version == 4 ? r->mem.timeout_v4_ms : r->mem.timeout_v6_ms;
	struct adit_reasm_slot *s = take(r, key);

	if (!s)
		return NULL;
	memset(s, 0, sizeof *s);
	s->key = *key;
	s->until = life < ADIT_NEVER - now ? now + life : ADIT_NEVER;
	s->data_at = r->mem.headroom + v->head;
	s->state = SLOT_FILLING;
	return s;
}

/* The whole packet is given up. */
static enum adit_status
refuse(struct adit_reasm_slot *s, uint64_t *counter, enum adit_status why)
{
	s->state = SLOT_REFUSED;
	++*counter;
	return why;
}

/* Seen by itself: filters must be able to trust the first fragment of IPv6 (RFC 7112 5). */
static enum adit_status
check_alone(const struct adit_reasm *r, const struct adit_pkt *pkt,
	    const struct adit_fragment_view *v)
{
	struct adit_ip_view ip;
	enum adit_status st;

	if (v->more && v->len < r->mem.least)
		return ADIT_ERR_MALFORMED;
	if (v->version == 4 || v->offset)
		return ADIT_OK;
	st = adit_ip_get(adit_pkt_data(pkt), pkt->len, &ip);
	if (st != ADIT_OK)
		return st;
	return ip.total - ip.upper_at < adit_transport_least(ip.upper) ? ADIT_ERR_MALFORMED
								       : ADIT_OK;
}

/* Came before, bit by bit: place, end of the packet, and bytes. */
static bool
is_duplicate(const struct adit_reasm *r, const struct adit_reasm_slot *s,
	     const struct adit_fragment_view *v, const uint8_t *data)
{
	const struct adit_reasm_range *range = ranges_of(r, s);
	size_t end = v->offset + v->len;

	if (v->more ? s->len == end : s->len != end)
		return false;
	for (size_t i = 0; i < s->count; i++)
		if (range[i].from == v->offset && range[i].to == end)
			return !memcmp(bytes_of(r, s) + s->data_at + v->offset, data, v->len);
	return false;
}

static bool
overlaps(const struct adit_reasm *r, const struct adit_reasm_slot *s,
	 const struct adit_fragment_view *v)
{
	const struct adit_reasm_range *range = ranges_of(r, s);
	size_t end = v->offset + v->len;

	if (v->more ? s->len && end > s->len : s->len || s->reach > v->offset)
		return true;
	for (size_t i = 0; i < s->count; i++)
		if (v->offset < range[i].to && range[i].from < end)
			return true;
	return false;
}

/* Not-ECT beside any other: they did not meet the same routers, or somebody lies. */
static bool
ecn_contradicts(uint8_t ecn)
{
	return (ecn & 1U << ECN_NOT_ECT) && ecn != 1U << ECN_NOT_ECT;
}

/* Bytes by which the data must move for the headers of the first fragment to stand before them. */
static size_t
shift_for(const struct adit_reasm *r, const struct adit_reasm_slot *s,
	  const struct adit_fragment_view *v)
{
	size_t room = s->data_at - r->mem.headroom;

	return !v->offset && v->head > room ? v->head - room : 0;
}

/* Held against what came before. */
static enum adit_status
check_with(struct adit_reasm *r, struct adit_reasm_slot *s, const struct adit_fragment_view *v)
{
	size_t end = v->offset + v->len, reach = end > s->reach ? end : s->reach;
	size_t head = v->offset ? s->head : v->head;

	if (overlaps(r, s, v))
		return refuse(s, &r->n.overlaps, ADIT_ERR_OVERLAP);
	if (ecn_contradicts((uint8_t)(s->ecn | 1U << v->ecn)))
		return refuse(s, &r->n.ecn, ADIT_ERR_ECN);
	if (head + reach > UINT16_MAX)
		return refuse(s, &r->n.too_long, ADIT_ERR_TOO_LONG);
	if (s->data_at + shift_for(r, s, v) + reach > r->mem.slot_size - r->mem.tailroom)
		return refuse(s, &r->n.too_long, ADIT_ERR_ROOM);
	if (s->count == r->mem.fragments)
		return refuse(s, &r->n.too_many, ADIT_ERR_ROOM);
	return ADIT_OK;
}

/* The first fragment's headers, right before the data; without Fragment header. */
static void
store_head(struct adit_reasm *r, struct adit_reasm_slot *s, const struct adit_fragment_view *v,
	   const uint8_t *p)
{
	uint8_t *bytes = bytes_of(r, s), *to;
	size_t shift = shift_for(r, s, v);

	if (shift) {
		memmove(bytes + s->data_at + shift, bytes + s->data_at, s->reach);
		s->data_at += shift;
	}
	to = bytes + s->data_at - v->head;
	memcpy(to, p, v->head);
	if (v->version == 6)
		to[v->next_at] = v->protocol;
	s->head = v->head;
}

static void
store(struct adit_reasm *r, struct adit_reasm_slot *s, const struct adit_fragment_view *v,
      const uint8_t *p)
{
	struct adit_reasm_range *range = ranges_of(r, s) + s->count;
	size_t end = v->offset + v->len;

	if (!v->offset)
		store_head(r, s, v, p);
	memcpy(bytes_of(r, s) + s->data_at + v->offset, p + v->data, v->len);
	range->from = (uint16_t)v->offset;
	range->to = (uint16_t)end;
	s->count++;
	s->got += v->len;
	s->ecn |= (uint8_t)(1U << v->ecn);
	if (end > s->reach)
		s->reach = end;
	if (!v->more)
		s->len = end;
}

/* The headers say what is true of the whole. */
static void
mend_head(const struct adit_reasm_slot *s, uint8_t *p)
{
	uint8_t tos = adit_ip_tos(p);

	if (s->ecn & 1U << ECN_CE)
		adit_ip_set_tos(p, s->key.version, tos | ECN_CE);
	if (s->key.version == 6) {
		adit_store16(p + ADIT_IPV6_PAYLOAD, (uint16_t)(s->head - ADIT_IPV6_LEN + s->len));
		return;
	}
	/* It is the first one's: the offset is zero. */
	p[ADIT_IPV4_FRAGMENT] &= (ADIT_IPV4_RESERVED | ADIT_IPV4_DF) >> 8;
	adit_store16(p + ADIT_IPV4_TOTAL, (uint16_t)(s->head + s->len));
	adit_ipv4_set_checksum(p);
}

static void
lend(struct adit_reasm *r, struct adit_reasm_slot *s, struct adit_pkt *pkt)
{
	pkt->buf = bytes_of(r, s);
	pkt->cap = r->mem.slot_size;
	pkt->off = s->data_at - s->head;
	pkt->len = s->head + s->len;
	mend_head(s, adit_pkt_data(pkt));
	s->state = SLOT_LENT;
	r->n.packets++;
}

static enum adit_status
add(struct adit_reasm *r, struct adit_reasm_slot *s, const struct adit_fragment_view *v,
    struct adit_pkt *pkt)
{
	const uint8_t *p = adit_pkt_data(pkt);
	enum adit_status st;

	if (s->state == SLOT_REFUSED) {
		r->n.late++;
		return ADIT_ERR_FRAGMENT;
	}
	if (is_duplicate(r, s, v, p + v->data)) {
		r->n.duplicates++;
		return ADIT_ERR_PENDING;
	}
	st = check_with(r, s, v);
	if (st != ADIT_OK)
		return st;
	store(r, s, v, p);
	/* The pieces are apart and none lies behind the end: their sum tells. */
	if (!s->len || s->got != s->len)
		return ADIT_ERR_PENDING;
	lend(r, s, pkt);
	return ADIT_OK;
}

enum adit_status
adit_reasm_add(struct adit_reasm *r, adit_ms now, struct adit_pkt *pkt)
{
	struct adit_fragment_view v;
	struct adit_fragment_key key;
	struct adit_reasm_slot *s;
	enum adit_status st;

	if (!adit_pkt_is_sound(pkt))
		return ADIT_ERR_ARG;
	st = adit_fragment_get(adit_pkt_data(pkt), pkt->len, &v);
	if (st == ADIT_OK && !v.fragment)
		return ADIT_OK;
	r->n.fragments++;
	if (st == ADIT_OK)
		st = check_alone(r, pkt, &v);
	if (st != ADIT_OK) {
		r->n.malformed++;
		return st;
	}
	adit_reasm_expire(r, now);
	key = adit_fragment_key(adit_pkt_data(pkt), &v);
	s = find(r, &key);
	if (!s)
		s = open_slot(r, now, &key, &v);
	if (!s) {
		r->n.full++;
		return ADIT_ERR_FULL;
	}
	return add(r, s, &v, pkt);
}
