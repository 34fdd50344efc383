/* Fragments in any order, with any fields and at any time: what is put together is what was sent,
 * and what is remembered keeps within the caller's memory. The input is a list of steps of 8 bytes;
 * a fragment's data depend on its packet and place alone, but for those that lie. */
#include <stdlib.h>
#include <string.h>

#include "adit/fragment.h"
#include "base/endian.h"
#include "support/cuts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { SLOTS = 3, FRAGMENTS = 12, SLOT_SIZE = 700, HEADROOM = 5, TAILROOM = 3, STEP = 8 };
enum { ENTRIES = 4, IDS = 4, KEYS = 4 };

struct world {
	struct adit_reasm r;
	struct adit_reasm_slot slots[SLOTS];
	struct adit_reasm_range ranges[SLOTS * FRAGMENTS];
	uint8_t bytes[SLOTS * SLOT_SIZE];
	struct adit_fragtrack t;
	struct adit_fragtrack_entry entries[ENTRIES];
	adit_ms now;
	unsigned lies[IDS]; /* fragments with other bytes, by packet */
	uint64_t given;
};

static void
expect(int right)
{
	if (!right)
		abort();
}

static void
init(struct world *w)
{
	struct adit_reasm_mem mem = {.slots = w->slots, .slot_count = SLOTS, .ranges = w->ranges};
	struct adit_fragtrack_mem track = {.entries = w->entries, .count = ENTRIES};

	mem.fragments = FRAGMENTS;
	mem.bytes = w->bytes;
	mem.slot_size = SLOT_SIZE;
	mem.headroom = HEADROOM;
	mem.tailroom = TAILROOM;
	mem.timeout_v4_ms = 300;
	track.timeout_ms = 300;
	expect(adit_reasm_init(&w->r, &mem) == ADIT_OK);
	expect(adit_fragtrack_init(&w->t, &track) == ADIT_OK);
}

/* Version, protocol and addresses follow from the key, so that packets of one id differ. */
static void
fields(struct cuts_fragment *f, const uint8_t *step)
{
	unsigned key = step[0] & (KEYS - 1);

	memset(f, 0, sizeof *f);
	f->version = key & 1 ? 6 : 4;
	f->source = (uint8_t)(key >> 1);
	f->id = step[0] >> 2 & (IDS - 1);
	f->more = step[0] & 0x80;
	f->tos = step[1] & 3;
	f->options = (uint8_t)((step[1] >> 2 & 3) * 8);
	f->offset = (size_t)(step[2] & 0x3f) * 8;
	f->len = step[3];
	/* Some reach beyond all bounds. */
	if (step[2] == 0xff)
		f->offset = 65528 - (size_t)step[3] * 8;
}

static void
check_counters(const struct world *w)
{
	const struct adit_reasm_counters *n = &w->r.n;
	uint64_t lost = n->malformed + n->duplicates + n->full + n->late;

	expect(n->fragments <= w->given);
	expect(lost <= n->fragments);
	expect(n->packets + n->overlaps + n->ecn + n->too_long + n->too_many + n->timeouts +
		       n->evicted <=
	       n->fragments - lost);
}

static void
check_whole(const struct world *w, const struct adit_pkt *pkt, const struct cuts_fragment *f)
{
	const uint8_t *p = adit_pkt_data(pkt);
	struct cuts_view v;

	expect(pkt->buf >= w->bytes && pkt->buf + pkt->cap <= w->bytes + sizeof w->bytes);
	expect(pkt->off >= HEADROOM && pkt->cap - pkt->off - pkt->len >= TAILROOM);
	cuts_read(p, &v);
	expect(v.total == pkt->len && !v.more && !v.offset);
	expect(f->version == 6 || cuts_checksum_is_right(p));
	for (size_t i = 0; i < v.len && !w->lies[f->id]; i++)
		expect(p[v.head + i] == cuts_byte(f->id, i));
}

static void
look(struct world *w, struct adit_span s)
{
	struct adit_flow flow;
	enum adit_status st;

	if (adit_flow_read(&flow, ADIT_IN, s.p, s.n) != ADIT_OK)
		return;
	st = adit_fragtrack_flow(&w->t, w->now, &flow, s);
	if (st == ADIT_OK)
		adit_fragtrack_learn(&w->t, w->now, &flow, s);
	else
		expect(st == ADIT_ERR_FRAGMENT || st == ADIT_ERR_OVERLAP ||
		       st == ADIT_ERR_MALFORMED);
}

static void
give(struct world *w, const uint8_t *step)
{
	uint8_t p[512];
	struct adit_pkt pkt = {p, sizeof p, 0, 0};
	struct cuts_fragment f;
	enum adit_status st;

	fields(&f, step);
	pkt.len = cuts_fragment(p, &f);
	/* A bit of it, anywhere. */
	if (step[4] & 0x80) {
		p[step[5] % pkt.len] ^= (uint8_t)(1 << (step[4] & 7));
		for (unsigned i = 0; i < IDS; i++)
			w->lies[i]++;
	}
	look(w, (struct adit_span){p, pkt.len});
	w->given++;
	st = adit_reasm_add(&w->r, w->now, &pkt);
	if (st == ADIT_OK && pkt.buf != p && !(step[4] & 0x80))
		check_whole(w, &pkt, &f);
	if (st != ADIT_OK)
		expect(pkt.buf == p);
	check_counters(w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct world w;

	memset(&w, 0, sizeof w);
	init(&w);
	for (; n >= STEP; data += STEP, n -= STEP) {
		give(&w, data);
		w.now += data[6];
		if (data[7] & 1)
			adit_reasm_release(&w.r);
		if (data[7] & 2)
			adit_reasm_expire(&w.r, w.now);
	}
	return 0;
}
