/* What the tunnels are for: packets that somebody sends and somebody gets, each known by its
 * number. */
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

enum {
	V4_LEN = 20,
	V6_LEN = 40,
	UDP_LEN = 8,
	MARK_LEN = 16, /* at the begin of the payload: magic and number */
	BURST = 8,
	ROOM = ADIT_PKT_HEADROOM + SIM_FRAME_MAX + ADIT_PKT_TAILROOM,
	PORT = 4000,
	CLEAR_PORT = 53,
	BARRED_PORT = 23
};
#define MAGIC UINT64_C(0xad17b1e5ad17b1e5)

static void
put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t
sum_of(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return n & 1 ? sum + ((uint32_t)p[n - 1] << 8) : sum;
}

static uint16_t
fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t
put_headers(uint8_t *p, const struct adit_ip *from, const struct adit_ip *to, size_t len,
	    uint16_t port)
{
	bool v6 = from->version == 6;
	size_t at = v6 ? V6_LEN : V4_LEN;

	memset(p, 0, at + UDP_LEN);
	if (v6) {
		p[0] = 0x60;
		put16(p + 4, len - V6_LEN);
		p[6] = ADIT_PROTO_UDP;
		p[7] = 64;
		memcpy(p + 8, from->b, 16);
		memcpy(p + 24, to->b, 16);
	} else {
		p[0] = 0x45;
		put16(p + 2, len);
		p[8] = 64;
		p[9] = ADIT_PROTO_UDP;
		memcpy(p + 12, from->b, 4);
		memcpy(p + 16, to->b, 4);
		put16(p + 10, fold(sum_of(0, p, V4_LEN)));
	}
	put16(p + at, port);
	put16(p + at + 2, port);
	put16(p + at + 4, len - at);
	return at + UDP_LEN;
}

static void
put_udp_sum(uint8_t *p, size_t len)
{
	bool v6 = p[0] >> 4 == 6;
	size_t at = v6 ? V6_LEN : V4_LEN;
	uint32_t sum = sum_of(0, p + (v6 ? 8 : 12), v6 ? 32 : 8);
	uint16_t r;

	sum += ADIT_PROTO_UDP + (uint32_t)(len - at);
	r = fold(sum_of(sum, p + at, len - at));
	put16(p + at + 6, r ? r : 0xffff);
}

static void
put64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t
get64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

static size_t
remember(struct sim_world *w, unsigned from, unsigned to, bool clear)
{
	if (w->sent_n == w->sent_cap) {
		w->sent_cap = w->sent_cap ? 2 * w->sent_cap : 1024;
		w->sent = realloc(w->sent, w->sent_cap * sizeof *w->sent);
		if (!w->sent)
			abort();
	}
	w->sent[w->sent_n] = (struct sim_sent){
		.from = (uint16_t)from, .to = (uint16_t)to, .clear = clear, .at = w->now};
	return w->sent_n++;
}

/* Some that no router may cut, where paths are narrow. */
static void
set_df(struct sim_world *w, uint8_t *p)
{
	if (w->plan.path_mtu == 0 || p[0] >> 4 != 4 || !sim_chance(&w->random, 700))
		return;
	p[6] |= 0x40;
	put16(p + 10, 0);
	put16(p + 10, fold(sum_of(0, p, V4_LEN)));
}

/* Writes a packet of at most len bytes, numbers it, and gives its length. port: see the policies
 * of setup.c. */
static size_t
put_packet(struct sim_world *w, unsigned from, unsigned to, size_t len, uint16_t port, uint8_t *out)
{
	const struct adit_ip a = sim_inner_address(&w->plan, from),
			     b = sim_inner_address(&w->plan, to);
	size_t id = remember(w, from, to, port == CLEAR_PORT), at;
	struct sim_random r = {w->plan.seed ^ id};

	len = len < V6_LEN + UDP_LEN + MARK_LEN ? V6_LEN + UDP_LEN + MARK_LEN : len;
	at = put_headers(out, &a, &b, len, port);
	set_df(w, out);
	put64(out + at, MAGIC ^ w->plan.seed);
	put64(out + at + 8, id);
	sim_fill(&r, out + at + MARK_LEN, len - at - MARK_LEN);
	put_udp_sum(out, len);
	w->sent[id].len = (uint16_t)len;
	w->sent[id].sum = paper_digest(id, out + at, len - at);
	return len;
}

size_t
sim_app_packet(struct sim_world *w, unsigned from, unsigned to, size_t len, bool clear,
	       uint8_t *out)
{
	return put_packet(w, from, to, len, clear ? CLEAR_PORT : PORT, out);
}

/* The number of one of our packets in n bytes, or -1: in clear, wherever it stands. */
static int64_t
find_number(const struct sim_world *w, const uint8_t *p, size_t n)
{
	uint8_t magic[8];
	const uint8_t *at;

	put64(magic, MAGIC ^ w->plan.seed);
	at = memmem(p, n, magic, sizeof magic);
	if (!at || (size_t)(p + n - at) < MARK_LEN || get64(at + 8) >= w->sent_n)
		return -1;
	return (int64_t)get64(at + 8);
}

void
sim_app_watch(struct sim_station *s, const struct sim_frame *f)
{
	int64_t id = find_number(s->w, f->bytes, f->len);

	/* Where others are to read it, it is sealed so. */
	if (id >= 0 && !s->w->sent[id].clear && !s->w->given)
		sim_broken(s->w, "nothing in clear: packet %lld left node %u as it was",
			   (long long)id, s->index);
}

struct sim_pair *
sim_pair_of(const struct sim_world *w, unsigned from, unsigned to)
{
	uint32_t at = from < w->plan.nodes && to < w->plan.nodes
			      ? w->pair_at[from * w->plan.nodes + to]
			      : 0;

	return at ? &w->pairs[at - 1] : NULL;
}

/* In calm what is sent is short; but where paths are narrow as long as the sender was told to. */
static size_t
length_of(struct sim_world *w, const struct sim_pair *pair)
{
	size_t longest = w->calm && w->plan.path_mtu == 0 ? 200 : w->plan.mtu - 200u;

	if (w->plan.path_mtu && pair && pair->mtu && (w->calm || sim_chance(&w->random, 500)))
		longest = pair->mtu;
	return w->calm && w->plan.path_mtu ? longest
					   : sim_between(&w->random, 40, (uint32_t)longest);
}

void
sim_app_send(struct sim_world *w, unsigned from, unsigned to, unsigned count, bool clear)
{
	static uint8_t room[BURST][ROOM];
	struct adit_verdict v[BURST];
	struct adit_pkt pkts[BURST];
	struct sim_station *s = &w->stations[from];
	struct sim_pair *pair = sim_pair_of(w, from, to);
	size_t first = w->sent_n;

	if (!s->up)
		return;
	for (unsigned i = 0; i < count; i++) {
		size_t len = length_of(w, pair);

		pkts[i] = (struct adit_pkt){room[i], ROOM, ADIT_PKT_HEADROOM, 0};
		pkts[i].len = sim_app_packet(w, from, to, len, clear, adit_pkt_data(&pkts[i]));
	}
	sim_station_send(s, pkts, v, count);
	for (unsigned i = 0; i < count; i++) {
		if (v[i].kind == ADIT_VERDICT_TOO_BIG)
			sim_path_too_big(s, &pkts[i], &v[i], pair);
		if (v[i].kind == ADIT_VERDICT_BYPASS && !clear)
			sim_broken(w, "nothing in clear: packet %zu bypassed node %u", first + i,
				   from);
		if (v[i].kind != ADIT_VERDICT_BYPASS && clear)
			sim_broken(w, "what is to pass passes: packet %zu of node %u: %s",
				   first + i, from, adit_status_name(v[i].status));
	}
	sim_say(w, "n%u: sends %u packets from %zu on to n%u%s: %s", from, count, first, to,
		clear ? " in clear" : "", adit_status_name(v[0].status));
}

/* One that the policies forbid. */
static void
send_barred(struct sim_world *w, unsigned from, unsigned to)
{
	static uint8_t room[ROOM];
	struct adit_pkt pkt = {room, ROOM, ADIT_PKT_HEADROOM, 0};
	struct adit_verdict v;

	if (!w->stations[from].up)
		return;
	pkt.len = put_packet(w, from, to, 100, BARRED_PORT, adit_pkt_data(&pkt));
	sim_station_send(&w->stations[from], &pkt, &v, 1);
	if (v.kind != ADIT_VERDICT_DISCARD || v.status != ADIT_ERR_POLICY)
		sim_broken(w, "what is barred is dropped: node %u: %s", from,
			   adit_status_name(v.status));
}

void
sim_app_quarrel(struct sim_world *w)
{
	if (!w->plan.quarrel)
		return;
	sim_tally(SIM_OF_QUARRELS, w->plan.quarrel - 1);
	sim_app_send(w, 0, 1, 1, false);
	sim_app_send(w, 1, 0, 1, false);
}

void
sim_app(struct sim_world *w)
{
	const struct sim_pair *pair = &w->pairs[sim_below(&w->random, (uint32_t)w->pair_n)];
	uint32_t what = sim_below(&w->random, 100);

	if (what >= 80)
		sim_app_quarrel(w);
	if (what < 4)
		send_barred(w, pair->from, pair->to);
	else
		sim_app_send(w, pair->from, pair->to, sim_between(&w->random, 1, BURST), what < 10);
}

static void
heard(struct sim_world *w, const struct sim_sent *sent)
{
	struct sim_pair *pair = sim_pair_of(w, sent->from, sent->to);

	if (!w->calm || sent->at < w->calm_at || !pair || pair->heard)
		return;
	pair->heard = true;
	w->heard_n++;
}

/* The rules of delivery: sent by whom the SA says, to this node, unchanged, once. */
static void
judge(struct sim_station *s, const struct adit_verdict *v, struct sim_sent *sent, size_t id)
{
	struct sim_world *w = s->w;
	int peer = v->kind == ADIT_VERDICT_DELIVER ? sim_peer_of(s, v->sa) : -1;

	if (sent->clear)
		return;
	if (v->kind != ADIT_VERDICT_DELIVER)
		sim_broken(w, "only what is protected gets in: packet %zu came to node %u in clear",
			   id, s->index);
	if (sent->to != s->index)
		sim_broken(w, "only what was sent to it: packet %zu, for node %u, came to node %u",
			   id, sent->to, s->index);
	if (peer >= 0 && peer != sent->from)
		sim_broken(
			w,
			"only from whom the SA says: packet %zu of node %u by an SA with node %d",
			id, sent->from, peer);
	if (sent->foreign)
		sim_broken(w, "only what its SA is for: packet %zu came to node %u", id, s->index);
	if (sent->delivered)
		sim_broken(w, "nothing twice: packet %zu came to node %u again", id, s->index);
}

void
sim_app_delivered(struct sim_station *s, const struct adit_pkt *pkt, const struct adit_verdict *v)
{
	struct sim_world *w = s->w;
	const uint8_t *p = adit_pkt_data(pkt);
	size_t at = (p[0] >> 4 == 6 ? V6_LEN : V4_LEN) + UDP_LEN;
	int64_t id = pkt->len >= at + MARK_LEN ? find_number(w, p + at, MARK_LEN) : -1;
	struct sim_sent *sent;
	bool same;

	if (id < 0) {
		/* Anybody may send anything in clear where that is let pass. */
		if (v->kind == ADIT_VERDICT_DELIVER)
			sim_broken(w, "only what was sent: node %u got something else", s->index);
		return;
	}
	sent = &w->sent[id];
	same = sent->len == pkt->len &&
	       sent->sum == paper_digest((uint64_t)id, p + at, pkt->len - at);
	/* In clear the number may be any. */
	if (v->kind != ADIT_VERDICT_DELIVER && !same)
		return;
	judge(s, v, sent, (size_t)id);
	if (!sent->clear && !same)
		sim_broken(w, "nothing changed: packet %lld is not as it was", (long long)id);
	sent->delivered = true;
	w->delivered++;
	heard(w, sent);
}
