/* Fragments put together: to any state of the pool that keeps its rules comes any fragment, and the
 * rules are kept; what is lent lies within its slot, and each byte of it came once. By induction,
 * that is so of any fragments in any order.
 * Sources: lib/data/reassembly.c test/proof/fragment_contract.c test/proof/ip_contract.c
 * Bound: a slot of 120 bytes, 3 fragments (induction)
 * Options: --unwind 5 --unwindset memcmp.0:17 -DPROOF_BYTES_UNREAD
 * Broken: lib/data/reassembly.c s/s->len && end > s->len/s->len \&\& end > s->len + 8/
 * Broken: lib/data/reassembly.c s/range\[i\].from < end)/range[i].from + 8 < end)/
 * Broken: lib/data/reassembly.c s/shift_for(r, s, v) + reach >/reach >/
 */
#include <string.h>

#include "adit/fragment.h"
#include "proof.h"
#include "wire/ip.h"

#define SLOTS 1
#define FRAGMENTS 3
#define SLOT_SIZE 120

enum { FREE, FILLING, REFUSED, LENT }; /* as reassembly.c has them */

static struct adit_reasm r;
static struct adit_reasm_slot slots[SLOTS];
static struct adit_reasm_range ranges[SLOTS][FRAGMENTS];
static uint8_t *bytes;

/* The pieces of a slot are apart, within its reach, and as long as it says. */
static bool
are_apart(const struct adit_reasm_slot *s, const struct adit_reasm_range *range)
{
	size_t sum = 0;

	for (size_t i = 0; i < s->count; i++) {
		if (range[i].from >= range[i].to || range[i].to > s->reach)
			return false;
		for (size_t k = 0; k < i; k++)
			if (range[i].from < range[k].to && range[k].from < range[i].to)
				return false;
		if (range[i].from == 0 && !s->head)
			return false;
		sum += (size_t)range[i].to - range[i].from;
	}
	return sum == s->got;
}

static bool
keeps_rules(size_t i)
{
	const struct adit_reasm_slot *s = &slots[i];

	if (s->state != FILLING)
		return s->state <= LENT;
	return s->count > 0 && s->count <= FRAGMENTS && are_apart(s, ranges[i]) &&
	       s->reach <= SLOT_SIZE && s->data_at >= r.mem.headroom && s->data_at <= SLOT_SIZE &&
	       s->data_at + s->reach <= SLOT_SIZE - r.mem.tailroom &&
	       s->head <= s->data_at - r.mem.headroom &&
	       (!s->head || s->head >= adit_ip_base_len(s->key.version)) &&
	       (s->key.version == 4 || s->key.version == 6) &&
	       (!s->head || s->key.version == 6 ||
		(size_t)(bytes[s->data_at - s->head] & 15) * 4 == s->head) &&
	       (!s->len || (s->len == s->reach && s->got < s->len));
}

static void
any_pool(void)
{
	bytes = any_bytes((size_t)SLOTS * SLOT_SIZE);
	__CPROVER_havoc_object(&r);
	__CPROVER_havoc_object(slots);
	__CPROVER_havoc_object(ranges);
	r.mem.slots = slots;
	r.mem.slot_count = SLOTS;
	r.mem.ranges = ranges[0];
	r.mem.fragments = FRAGMENTS;
	r.mem.bytes = bytes;
	r.mem.slot_size = SLOT_SIZE;
	r.mem.headroom = any_up_to(60);
	r.mem.tailroom = any_up_to(20);
	for (size_t i = 0; i < SLOTS; i++)
		GIVEN(keeps_rules(i));
}

/* All bytes are there: at any one of them stands a piece. */
static void
show_whole(const struct adit_pkt *pkt)
{
	const struct adit_reasm_slot *s = &slots[0];
	size_t at = any_up_to(SLOT_SIZE);
	bool came = false;

	SHOW(pkt->buf == bytes && pkt->cap == SLOT_SIZE);
	SHOW(s->state == LENT && pkt->len == s->head + s->len && s->head > 0);
	SHOW(pkt->off >= r.mem.headroom && pkt->off + s->head == s->data_at);
	SHOW(pkt->off + pkt->len <= SLOT_SIZE - r.mem.tailroom);
	GIVEN(at < s->len);
	for (size_t k = 0; k < s->count; k++)
		came = came || (ranges[0][k].from <= at && at < ranges[0][k].to);
	SHOW(came);
	if (s->count == FRAGMENTS)
		REACHED("a packet of three fragments");
}

int
main(void)
{
	struct adit_buf b = any_buf(90);
	struct adit_pkt pkt = {b.p, b.cap, 0, b.cap};
	bool lent[SLOTS];
	enum adit_status st;

	any_pool();
	for (size_t i = 0; i < SLOTS; i++)
		lent[i] = slots[i].state == LENT;
	st = adit_reasm_add(&r, nondet_u64(), &pkt);
	for (size_t i = 0; i < SLOTS; i++)
		SHOW(!lent[i] || slots[i].state == LENT);
	if (st == ADIT_OK && pkt.buf != b.p) {
		show_whole(&pkt);
		return 0;
	}
	SHOW(pkt.buf == b.p && pkt.cap == b.cap && pkt.off == 0 && pkt.len == b.cap);
	for (size_t i = 0; i < SLOTS; i++)
		SHOW(keeps_rules(i));
	return 0;
}
