/* A reassembler with its memory, and fragments on their way into it. */
#include <string.h>

#include "support/joins.h"

static struct adit_reasm_slot slots[SLOTS];
static struct adit_reasm_range ranges[SLOTS * FRAGMENTS];
static uint8_t bytes[SLOTS * SLOT_SIZE], arrival[CUTS_MAX + 1000];

struct adit_reasm_mem
joins_memory(void)
{
	struct adit_reasm_mem mem;

	memset(&mem, 0, sizeof mem);
	mem.slots = slots;
	mem.slot_count = SLOTS;
	mem.ranges = ranges;
	mem.fragments = FRAGMENTS;
	mem.bytes = bytes;
	mem.slot_size = SLOT_SIZE;
	mem.headroom = HEADROOM;
	mem.tailroom = TAILROOM;
	return mem;
}

enum adit_status
joins_reopen(struct joins *w)
{
	return adit_reasm_init(&w->r, &w->mem);
}

enum adit_status
joins_open(struct joins *w)
{
	memset(w, 0, sizeof *w);
	w->mem = joins_memory();
	w->now = 1000;
	return joins_reopen(w);
}

enum adit_status
joins_give(struct joins *w, const uint8_t *p, size_t n)
{
	enum adit_status st;

	memcpy(arrival, p, n);
	w->pkt = (struct adit_pkt){arrival, sizeof arrival, 0, n};
	st = adit_reasm_add(&w->r, w->now, &w->pkt);
	if (memcmp(arrival, p, n) != 0)
		return ADIT_STATUS_COUNT;
	if (st != ADIT_OK && (w->pkt.buf != arrival || w->pkt.len != n || w->pkt.off != 0))
		return ADIT_STATUS_COUNT;
	return st;
}

const uint8_t *
joins_arrival(void)
{
	return arrival;
}

enum adit_status
joins_fragment(struct joins *w, const struct cuts_fragment *f)
{
	static uint8_t p[sizeof arrival];
	struct cuts_fragment g = *f;

	g.source = f->source ? f->source : 1;
	g.destination = f->destination ? f->destination : 2;
	return joins_give(w, p, cuts_fragment(p, &g));
}

enum adit_status
joins_piece(struct joins *w, uint8_t version, size_t from, size_t to, bool more)
{
	struct cuts_fragment f = {.version = version, .id = ID, .more = more};

	f.offset = from;
	f.len = to - from;
	return joins_fragment(w, &f);
}

bool
joins_has_room(const struct joins *w)
{
	const struct adit_pkt *p = &w->pkt;

	return p->buf >= w->mem.bytes &&
	       p->buf + p->cap <= w->mem.bytes + w->mem.slot_count * w->mem.slot_size &&
	       p->off >= HEADROOM && p->cap - p->off - p->len >= TAILROOM;
}

bool
joins_is_data(const struct joins *w, size_t len)
{
	const uint8_t *p = adit_pkt_data(&w->pkt);
	struct cuts_view v;

	if (!joins_has_room(w))
		return false;
	cuts_read(p, &v);
	if (v.total != w->pkt.len || v.len != len || v.offset || v.more)
		return false;
	for (size_t i = 0; i < len; i++)
		if (p[v.head + i] != cuts_byte(ID, i))
			return false;
	return p[0] >> 4 == 6 || cuts_checksum_is_right(p);
}
