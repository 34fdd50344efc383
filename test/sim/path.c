/* Paths that are too narrow: what a router does with a packet that is too long (RFC 791, RFC 1191,
 * RFC 8201), and what a node, and the hosts behind it, make of that. The narrow place lies between
 * a node and its NAT box. */
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "sim/world.h"
#include "wire/fragment.h"
#include "wire/icmp.h"
#include "wire/ip.h"

enum {
	SLOTS = 4,
	FRAGMENTS = 8,
	SLOT_SIZE = ADIT_PKT_HEADROOM + SIM_FRAME_MAX + ADIT_PKT_TAILROOM,
	ROUTER = 50000, /* its number, beyond all nodes' */
	MARKS_SENT = 21,
	MARKS_CUT,
	MARKS_TAINTED
};

struct sim_path {
	struct adit_reasm reasm;
	struct adit_reasm_slot slots[SLOTS];
	struct adit_reasm_range ranges[SLOTS * FRAGMENTS];
	uint8_t bytes[SLOTS * SLOT_SIZE];
};

static const char *const told[SIM_TOLD_COUNT] = {
	[SIM_TOLD_NARROW] = "routers say too big",
	[SIM_TOLD_CUT] = "routers cut",
	[SIM_TOLD_JOINED] = "put together",
	[SIM_TOLD_REFUSED] = "fragments refused",
	[SIM_TOLD_LEARNT] = "path MTUs learnt",
	[SIM_TOLD_UNTRUE] = "errors not believed",
	[SIM_TOLD_TOO_BIG] = "packets from inside too big",
	[SIM_TOLD_MADE] = "errors made for inside",
};

const char *
sim_path_name(unsigned n)
{
	return n < SIM_TOLD_COUNT ? told[n] : NULL;
}

/* --- What travels, as IP packets. */

bool
sim_path_outer(const struct sim_frame *f, struct adit_pkt *pkt)
{
	const struct adit_path path = {f->to, f->from};
	uint8_t *p;

	pkt->off = ADIT_PKT_HEADROOM;
	pkt->len = f->len;
	memcpy(adit_pkt_data(pkt), f->bytes, f->len);
	if (f->protocol != ADIT_PROTO_UDP)
		return f->protocol != 0 && f->len > ADIT_IPV4_LEN;
	if (adit_pkt_push_outer(pkt, &path, ADIT_PROTO_UDP) != ADIT_OK)
		return false;
	p = adit_pkt_data(pkt);
	if (p[0] >> 4 != 4)
		return true;
	adit_store16(p + ADIT_IPV4_ID, f->id);
	adit_store16(p + ADIT_IPV4_FRAGMENT, f->df ? ADIT_IPV4_DF : 0);
	adit_ipv4_set_checksum(p);
	return true;
}

/* What tells a packet of an SA from all others, as an error quotes it. */
static uint64_t
mark_of(const struct adit_flow *sent, uint32_t spi, uint32_t seq)
{
	uint64_t h = paper_digest(MARKS_SENT, sent->local.b, sizeof sent->local.b);

	h = paper_digest(h, sent->remote.b, sizeof sent->remote.b);
	if (sent->protocol == ADIT_PROTO_UDP)
		h ^= (uint64_t)sent->local_port << 16 | sent->remote_port;
	return sim_mix(h ^ sent->protocol) ^ ((uint64_t)spi << 32 | seq);
}

void
sim_path_sent(struct sim_station *s, const struct sim_frame *f)
{
	static uint8_t room[SLOT_SIZE];
	struct adit_pkt pkt = {room, sizeof room, 0, 0};
	struct adit_flow sent;
	const uint8_t *esp = f->bytes;

	if (s->w->plan.path_mtu == 0 || !sim_path_outer(f, &pkt) ||
	    adit_flow_read(&sent, ADIT_OUT, adit_pkt_data(&pkt), pkt.len) != ADIT_OK)
		return;
	if (f->protocol != ADIT_PROTO_UDP)
		esp += sent.local.version == 4 ? ADIT_IPV4_LEN : ADIT_IPV6_LEN;
	(void)sim_map_at(&s->w->marks, mark_of(&sent, adit_load32(esp), adit_load32(esp + 4)),
			 s->index, NULL);
}

/* --- A router. */

static bool
is_narrow_for(const struct sim_world *w, const struct sim_frame *f)
{
	size_t headers = f->from.ip.version == 4 ? ADIT_IPV4_LEN : ADIT_IPV6_LEN;

	if (w->plan.path_mtu == 0 || f->protocol == 0)
		return false;
	if (f->protocol != ADIT_PROTO_UDP)
		return f->len > w->plan.path_mtu;
	return headers + ADIT_UDP_LEN + f->len > w->plan.path_mtu;
}

/* Errors get lost as all else does. */
static void
say_too_big(struct sim_station *from, const struct adit_pkt *pkt)
{
	struct sim_world *w = from->w;
	struct sim_frame *f = sim_frame_take(w);
	struct adit_ip router = sim_outer_address(&w->plan, ROUTER, false);
	struct adit_pkt error = {f->bytes, sizeof f->bytes, 0, 0};

	f->near = (uint16_t)(from->index + 1);
	f->from.ip = router;
	f->to.ip = from->address;
	if ((w->calm || !sim_chance(&w->random, w->plan.loss)) &&
	    adit_icmp_too_big(adit_pkt_data(pkt), pkt->len, w->plan.path_mtu, &router, &error) ==
		    ADIT_OK) {
		f->len = error.len;
		sim_tally(SIM_OF_PATHS, SIM_TOLD_NARROW);
		sim_at(w, w->now + w->plan.delay, SIM_ARRIVE, 0, f);
	} else {
		sim_frame_give(w, f);
	}
}

static uint64_t
joined_mark(const uint8_t *p, size_t n)
{
	size_t head = p[0] >> 4 == 4 ? ADIT_IPV4_LEN : ADIT_IPV6_LEN;

	return n < head ? 0 : paper_digest(MARKS_CUT, p + head, n - head);
}

static void
cut(struct sim_station *from, const struct sim_frame *f, const struct adit_pkt *pkt)
{
	struct sim_world *w = from->w;
	const struct adit_fragment_params params = {w->plan.path_mtu, ++w->cut_n, false};
	struct adit_span packet = {adit_pkt_data(pkt), pkt->len};
	struct adit_fragmenter cutter;

	/* No two packets of one number: to mix them up is IP's own fault, and ESP's to notice. */
	if (f->from.ip.version == 4) {
		adit_store16(adit_pkt_data(pkt) + ADIT_IPV4_ID, w->cut_n);
		adit_ipv4_set_checksum(adit_pkt_data(pkt));
	}
	if (adit_fragment_begin(&cutter, packet, &params) != ADIT_OK)
		return;
	(void)sim_map_at(&w->marks, joined_mark(packet.p, packet.n), MARKS_CUT, NULL);
	sim_tally(SIM_OF_PATHS, SIM_TOLD_CUT);
	while (adit_fragment_left(&cutter)) {
		struct sim_frame *piece = sim_frame_take(w);
		struct adit_pkt out = {piece->bytes, sizeof piece->bytes, 0, 0};

		piece->from.ip = f->from.ip;
		piece->to.ip = f->to.ip;
		piece->protocol = ADIT_PROTO_ESP;
		if (adit_fragment_next(&cutter, &out) != ADIT_OK)
			abort();
		piece->len = out.len;
		sim_wire_send(w, from, piece);
	}
}

bool
sim_path_ends(struct sim_station *from, const struct sim_frame *f)
{
	static uint8_t room[SLOT_SIZE];
	struct adit_pkt pkt = {room, sizeof room, 0, 0};
	const struct sim_station *to = sim_station_at(from->w, &f->to.ip);

	if (!is_narrow_for(from->w, f) || !sim_path_outer(f, &pkt))
		return false;
	if (f->df || (f->from.ip.version == 6 && !f->longer)) {
		say_too_big(from, &pkt);
		return true;
	}
	/* A NAT box puts fragments together. */
	if (from->nat.on || (to && to->nat.on))
		return false;
	cut(from, f, &pkt);
	return true;
}

/* --- A node's IP layer. */

void
sim_path_make(struct sim_station *s)
{
	struct adit_reasm_mem mem;

	if (s->w->plan.path_mtu == 0)
		return;
	s->path = calloc(1, sizeof *s->path);
	if (!s->path)
		abort();
	memset(&mem, 0, sizeof mem);
	mem.slots = s->path->slots;
	mem.slot_count = SLOTS;
	mem.ranges = s->path->ranges;
	mem.fragments = FRAGMENTS;
	mem.bytes = s->path->bytes;
	mem.slot_size = SLOT_SIZE;
	if (adit_reasm_init(&s->path->reasm, &mem) != ADIT_OK)
		abort();
}

void
sim_path_free(struct sim_station *s)
{
	free(s->path);
	s->path = NULL;
}

/* Whoever says so: what it changes is the path of an SA that has sent the quoted packet, and never
 * to less than each path takes. */
static void
judge_learnt(struct sim_station *s, const struct adit_icmp_error *e, struct adit_sa_id id)
{
	const struct adit_sa *sa = adit_sad_get(&s->node.sad, id);
	unsigned least = e->sent.local.version == 4 ? ADIT_PMTU_MIN_V4 : ADIT_PMTU_MIN_V6;

	if (!sim_map_find(&s->w->marks, mark_of(&e->sent, e->spi, e->seq), s->index))
		sim_broken(s->w,
			   "a path is learnt from its own packets: node %u believes of %08x "
			   "what it has not sent",
			   s->index, e->spi);
	if (!sa || sa->mtu < least)
		sim_broken(s->w, "a path is no narrower than each may be: node %u believes %u",
			   s->index, sa ? sa->mtu : 0);
}

/* An ICMP error is its host's, and goes no further. */
static bool
learn(struct sim_station *s, const struct sim_frame *f)
{
	enum adit_status st = ADIT_ERR_PENDING;
	struct adit_icmp_error e;
	struct adit_sa_id id;
	size_t cursor = 0;

	if (f->protocol != 0 || adit_icmp_error_read(&e, f->bytes, f->len) != ADIT_OK)
		return false;
	s->w->running = s;
	while (st == ADIT_ERR_PENDING)
		st = adit_icmp_apply(&s->node.sad, &e, sim_station_now(s), &cursor, &id);
	s->w->running = NULL;
	if (st == ADIT_OK)
		judge_learnt(s, &e, id);
	sim_tally(SIM_OF_PATHS, st == ADIT_OK ? SIM_TOLD_LEARNT : SIM_TOLD_UNTRUE);
	sim_say(s->w, "n%u: hears that %u bytes pass: %s", s->index, e.mtu, adit_status_name(st));
	return true;
}

static uint64_t
taint_of(const struct sim_station *s, const uint8_t *p, const struct adit_fragment_view *v)
{
	bool v6 = v->version == 6;
	uint64_t h = paper_digest(MARKS_TAINTED, p + (v6 ? 8 : 12), v6 ? 32 : 8);

	return sim_mix(h ^ v->id ^ (uint64_t)(v6 ? 0 : v->protocol) << 32) + s->index;
}

/* What is put together was cut so, if nothing but overlaps was added. true: it was. */
static bool
judge_joined(struct sim_station *s, const struct adit_pkt *pkt, uint64_t taint)
{
	bool same = sim_map_find(&s->w->marks, joined_mark(adit_pkt_data(pkt), pkt->len),
				 MARKS_CUT) != NULL;

	sim_tally(SIM_OF_PATHS, SIM_TOLD_JOINED);
	if (!same && !sim_map_find(&s->w->marks, taint, MARKS_TAINTED))
		sim_broken(s->w, "fragments make what was cut: node %u puts others together",
			   s->index);
	return same;
}

/* The frame as the whole packet. */
static void
replace(struct sim_frame *f, struct adit_pkt *pkt)
{
	struct adit_path path;
	uint8_t protocol;

	const uint8_t *p = adit_pkt_data(pkt);

	if (p[p[0] >> 4 == 4 ? 9 : 6] == ADIT_PROTO_UDP &&
	    adit_pkt_pull_outer(pkt, &path, &protocol) == ADIT_OK) {
		f->protocol = protocol;
		f->from = path.local;
		f->to = path.remote;
	}
	f->len = pkt->len < sizeof f->bytes ? pkt->len : sizeof f->bytes;
	memcpy(f->bytes, adit_pkt_data(pkt), f->len);
}

/* false: it is no whole packet yet. */
static bool
join(struct sim_station *s, struct sim_frame *f)
{
	struct adit_reasm *r = &s->path->reasm;
	struct adit_pkt pkt = {f->bytes, sizeof f->bytes, 0, f->len};
	struct adit_fragment_view v;
	enum adit_status st;
	uint64_t taint;

	if (f->protocol != ADIT_PROTO_ESP || f->len < ADIT_IPV4_LEN ||
	    adit_fragment_get(f->bytes, f->len, &v) != ADIT_OK || !v.fragment)
		return true;
	taint = taint_of(s, f->bytes, &v);
	if (f->forged && !f->overlaps)
		(void)sim_map_at(&s->w->marks, taint, MARKS_TAINTED, NULL);
	st = adit_reasm_add(r, sim_station_now(s), &pkt);
	if (st != ADIT_OK && st != ADIT_ERR_PENDING)
		sim_tally(SIM_OF_PATHS, SIM_TOLD_REFUSED);
	if (st != ADIT_OK)
		return false;
	f->forged = !judge_joined(s, &pkt, taint);
	replace(f, &pkt);
	adit_reasm_release(r);
	return true;
}

bool
sim_path_take(struct sim_station *s, struct sim_frame *f)
{
	return !s->path || (!learn(s, f) && join(s, f));
}

/* --- The hosts behind a node. */

void
sim_path_too_big(struct sim_station *s, const struct adit_pkt *pkt, const struct adit_verdict *v,
		 struct sim_pair *pair)
{
	static uint8_t room[ADIT_ICMP_MAX_V6];
	const struct adit_ip as_destination = {0, {0}};
	struct adit_pkt error = {room, sizeof room, 0, 0};
	struct adit_icmp_error e;
	const uint8_t *p = adit_pkt_data(pkt);
	uint32_t least = p[0] >> 4 == 4 ? ADIT_MTU_MIN_V4 : ADIT_PMTU_MIN_V6;
	uint32_t mtu = v->mtu > least ? v->mtu : least;

	sim_tally(SIM_OF_PATHS, SIM_TOLD_TOO_BIG);
	if (v->mtu >= pkt->len)
		sim_broken(s->w,
			   "who sends too much is told how much: node %u refuses %zu bytes, "
			   "and takes %u",
			   s->index, pkt->len, v->mtu);
	if (pair)
		pair->mtu = (uint16_t)mtu;
	if (v->may_cut)
		return;
	if (adit_icmp_too_big(p, pkt->len, mtu, &as_destination, &error) != ADIT_OK ||
	    adit_icmp_error_read(&e, error.buf, error.len) != ADIT_OK || e.mtu != mtu)
		sim_broken(s->w, "who sends too much is told how much: node %u has no error for it",
			   s->index);
	sim_tally(SIM_OF_PATHS, SIM_TOLD_MADE);
}
