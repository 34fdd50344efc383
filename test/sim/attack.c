/* An attacker on the path: it sees all frames, and replays, reflects, splices, changes, makes up
 * and floods. It has no keys; the insider among the nodes has its own. */
#include <string.h>

#include "sim/world.h"

enum {
	HEADER = 28,
	EXCHANGE_AT = 18,
	NEXT_AT = 16,
	LENGTH_AT = 24,
	FLAGS_AT = 19,
	SA_INIT = 34,
	INFORMATIONAL = 37,
	FLAG_INITIATOR = 8,
	FLAG_RESPONSE = 32,
	NOTIFY = 41,
	DELETE = 42,
	COOKIE = 16390,
	MARKER = 4,
	NATT = 4500,
	FLOOD = 40
};

bool
sim_is_spoofed(const struct adit_ip *ip)
{
	static const uint8_t v4[3] = {203, 0, 113}, v6[6] = {0x20, 1, 0xd, 0xb8, 0xff, 0xff};

	return ip->version == 4 ? memcmp(ip->b, v4, 3) == 0 : memcmp(ip->b, v6, 6) == 0;
}

struct adit_ip
sim_spoofed_address(const struct sim_plan *plan, uint32_t n)
{
	struct adit_ip v4 = {4, {203, 0, 113, (uint8_t)n}};
	struct adit_ip v6 = {6, {0x20, 1, 0xd, 0xb8, 0xff, 0xff, [15] = (uint8_t)n}};

	return plan->outer6 ? v6 : v4;
}

/* The IKE message in a frame, behind its marker; NULL: none. */
static uint8_t *
ike_of(struct sim_frame *f, size_t *n)
{
	static const uint8_t zero[MARKER];
	size_t at = f->to.port == NATT || f->from.port == NATT ? MARKER : 0;

	if (f->protocol != ADIT_PROTO_UDP || f->len < at + HEADER ||
	    memcmp(f->bytes, zero, at) != 0)
		return NULL;
	*n = f->len - at;
	return f->bytes + at;
}

static bool
is_ike(struct sim_frame *f)
{
	size_t n;

	return ike_of(f, &n) != NULL;
}

static bool
is_first(struct sim_frame *f)
{
	size_t n;
	const uint8_t *msg = ike_of(f, &n);

	return msg && msg[EXCHANGE_AT] == SA_INIT && !(msg[FLAGS_AT] & FLAG_RESPONSE);
}

static bool
is_answer(struct sim_frame *f)
{
	size_t n;
	const uint8_t *msg = ike_of(f, &n);

	return msg && msg[EXCHANGE_AT] == SA_INIT && (msg[FLAGS_AT] & FLAG_RESPONSE);
}

static void
remember(struct sim_frame *to, const struct sim_frame *f)
{
	memcpy(to, f, offsetof(struct sim_frame, bytes));
	memcpy(to->bytes, f->bytes, f->len);
}

/* What arrives before f does: a copy from another port, or node; or one that can't be authentic,
 * from where nobody is. */
static void
overtake(struct sim_world *w, const struct sim_frame *f)
{
	struct sim_frame *c = sim_frame_take(w);

	remember(c, f);
	c->next = NULL;
	c->from.port = (uint16_t)sim_next(&w->random);
	if (w->racing == SIM_RACE_ELSEWHERE)
		c->from.ip = w->stations[sim_below(&w->random, w->plan.nodes)].address;
	if (w->racing == SIM_RACE_OVERLAP) {
		c->from.port = 0;
		sim_lie_overlap(w, c);
	}
	if (w->racing == SIM_RACE_LIE) {
		c->from.ip = sim_spoofed_address(&w->plan, sim_below(&w->random, 8));
		c->bytes[c->len - 1] ^= 1;
		c->spoofed = c->forged = true;
	}
	sim_at(w, w->now + 1, SIM_ARRIVE, 0, c);
	w->racing = SIM_NO_RACE;
}

static bool
is_awaited(const struct sim_world *w, struct sim_frame *f)
{
	switch (w->racing) {
	case SIM_RACE_ANY:
		return true;
	case SIM_RACE_ANSWER:
		return is_answer(f);
	case SIM_RACE_LIE:
	case SIM_RACE_ELSEWHERE:
		return is_ike(f) && !is_answer(f) && !is_first(f);
	case SIM_RACE_OVERLAP:
		return sim_is_fragment(f);
	default:
		return false;
	}
}

void
sim_attack_sees(struct sim_world *w, const struct sim_frame *f)
{
	remember(&w->seen[w->seen_n % SIM_SEEN], f);
	if (w->seen_n % SIM_OLDER_EVERY == 0 || is_ike(&w->seen[w->seen_n % SIM_SEEN]))
		remember(&w->older[w->older_n++ % SIM_SEEN], f);
	if (is_first(&w->seen[w->seen_n % SIM_SEEN]))
		remember(&w->firsts[w->first_n++ % SIM_FIRSTS], f);
	if (is_awaited(w, &w->seen[w->seen_n % SIM_SEEN]))
		overtake(w, f);
	w->seen_n++;
}

static const struct sim_frame *
any_seen(struct sim_world *w)
{
	bool old = sim_chance(&w->random, 300);
	unsigned n = old ? w->older_n : w->seen_n;

	if (n > SIM_SEEN)
		n = SIM_SEEN;
	return n ? &(old ? w->older : w->seen)[sim_below(&w->random, n)] : NULL;
}

/* A copy to be changed and sent. */
static struct sim_frame *
copy_of(struct sim_world *w, const struct sim_frame *f)
{
	struct sim_frame *c = sim_frame_take(w);

	c->from = f->from;
	c->to = f->to;
	c->protocol = f->protocol;
	c->len = f->len;
	memcpy(c->bytes, f->bytes, f->len);
	c->forged = true;
	return c;
}

static bool
is_same(const struct sim_frame *a, const struct sim_frame *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static void
swap_ends(struct sim_frame *f)
{
	struct adit_endpoint e = f->from;

	f->from = f->to;
	f->to = e;
}

static void
set_length(uint8_t *msg, size_t n)
{
	msg[LENGTH_AT] = msg[LENGTH_AT + 1] = 0;
	msg[LENGTH_AT + 2] = (uint8_t)(n >> 8);
	msg[LENGTH_AT + 3] = (uint8_t)n;
}

static bool
replay(struct sim_world *w, const struct sim_frame *seen)
{
	struct sim_frame *f = copy_of(w, seen);

	f->forged = false;
	if (sim_chance(&w->random, 250))
		f->from.port = (uint16_t)sim_next(&w->random);
	if (sim_chance(&w->random, 250))
		f->from.ip = w->stations[sim_below(&w->random, w->plan.nodes)].address;
	sim_wire_send(w, NULL, f);
	return true;
}

/* All that was seen of late, in its order. */
static bool
replay_all(struct sim_world *w)
{
	unsigned n = w->seen_n < SIM_SEEN ? w->seen_n : SIM_SEEN;

	for (unsigned i = w->seen_n - n; n; i++, n--) {
		struct sim_frame *f = copy_of(w, &w->seen[i % SIM_SEEN]);

		f->forged = false;
		sim_wire_send(w, NULL, f);
	}
	return true;
}

static bool
reflect(struct sim_world *w, const struct sim_frame *seen)
{
	struct sim_frame *f = copy_of(w, seen);
	size_t n;
	uint8_t *msg = ike_of(f, &n);

	swap_ends(f);
	if (msg && sim_chance(&w->random, 500))
		msg[FLAGS_AT] ^=
			(uint8_t)(sim_chance(&w->random, 500) ? FLAG_RESPONSE : FLAG_INITIATOR);
	sim_wire_send(w, NULL, f);
	return true;
}

/* The begin of one frame and the end of another. */
static bool
splice(struct sim_world *w, const struct sim_frame *a)
{
	const struct sim_frame *b = any_seen(w);
	struct sim_frame *f = copy_of(w, a);
	size_t least = a->len < b->len ? a->len : b->len;
	size_t at = least ? sim_below(&w->random, (uint32_t)least) : 0;

	memcpy(f->bytes + at, b->bytes + at, b->len - at);
	f->len = b->len;
	f->forged = !is_same(f, a) && !is_same(f, b);
	sim_wire_send(w, NULL, f);
	return true;
}

static bool
change(struct sim_world *w, const struct sim_frame *seen)
{
	struct sim_frame *f = copy_of(w, seen);
	uint32_t n = sim_between(&w->random, 1, 4);

	for (uint32_t i = 0; f->len && i < n; i++)
		f->bytes[sim_below(&w->random, (uint32_t)f->len)] = (uint8_t)sim_next(&w->random);
	if (sim_chance(&w->random, 200))
		f->len = sim_below(&w->random, (uint32_t)f->len + 1);
	f->forged = !is_same(f, seen);
	sim_wire_send(w, NULL, f);
	return true;
}

/* What can't be authentic, from where nobody is: a peer is not to be looked for there. */
static bool
mislead(struct sim_world *w, const struct sim_frame *seen)
{
	struct sim_frame *f = copy_of(w, seen);

	if (f->len)
		f->bytes[f->len - 1] ^= 1;
	f->from.ip = sim_spoofed_address(&w->plan, sim_below(&w->random, 8));
	f->spoofed = true;
	sim_wire_send(w, NULL, f);
	return true;
}

static bool
noise(struct sim_world *w, const struct sim_frame *seen)
{
	struct sim_frame *f = copy_of(w, seen);

	f->len = sim_below(&w->random, 300);
	sim_fill(&w->random, f->bytes, f->len);
	if (sim_chance(&w->random, 500) && f->len > MARKER)
		memset(f->bytes, 0, MARKER);
	sim_wire_send(w, NULL, f);
	return true;
}

static const struct sim_frame *
seen_first(struct sim_world *w)
{
	unsigned n = w->first_n < SIM_FIRSTS ? w->first_n : SIM_FIRSTS;

	return n ? &w->firsts[sim_below(&w->random, n)] : NULL;
}

/* Puts a notify of random bytes first. */
static void
put_notify(struct sim_world *w, struct sim_frame *f, uint8_t *msg, size_t n, uint16_t type,
	   size_t data)
{
	size_t more = 8 + data;

	if (f->len + more > SIM_FRAME_MAX)
		return;
	memmove(msg + HEADER + more, msg + HEADER, n - HEADER);
	memset(msg + HEADER, 0, 8);
	msg[HEADER] = msg[NEXT_AT];
	msg[HEADER + 3] = (uint8_t)more;
	msg[HEADER + 6] = (uint8_t)(type >> 8);
	msg[HEADER + 7] = (uint8_t)type;
	sim_fill(&w->random, msg + HEADER + 8, data);
	msg[NEXT_AT] = NOTIFY;
	set_length(msg, n + more);
	f->len += more;
}

/* First messages of others, some with a cookie made up. */
static bool
flood_from(struct sim_world *w, const struct adit_ip *ips, unsigned ip_n, bool spoofed)
{
	const struct sim_frame *seen = seen_first(w);
	uint32_t n = sim_between(&w->random, 1, FLOOD);

	for (uint32_t i = 0; seen && i < n; i++) {
		struct sim_frame *f = copy_of(w, seen);
		size_t len;
		uint8_t *msg = ike_of(f, &len);

		f->from.ip = ips[sim_below(&w->random, ip_n)];
		f->from.port = (uint16_t)sim_next(&w->random);
		f->spoofed = spoofed;
		sim_fill(&w->random, msg, 8);
		if (sim_chance(&w->random, 300))
			put_notify(w, f, msg, len, COOKIE, 17);
		sim_wire_send(w, NULL, f);
	}
	return seen != NULL;
}

/* From addresses that nobody answers for. */
static bool
flood(struct sim_world *w)
{
	struct adit_ip ips[8];

	for (uint32_t i = 0; i < 8; i++)
		ips[i] = sim_spoofed_address(&w->plan, i);
	return flood_from(w, ips, 8, true);
}

/* From one that is a peer's, who has not sent them. */
static bool
flood_as_node(struct sim_world *w)
{
	const struct sim_station *s = &w->stations[sim_below(&w->random, w->plan.nodes)];

	return flood_from(w, s->nat.on ? &s->nat.outside : &s->address, 1, false);
}

/* Answers to first messages that anybody can make up: errors, cookies, other groups. */
static bool
answer(struct sim_world *w)
{
	static const uint16_t types[] = {14, 17, 7, 24, COOKIE, 16388};
	const struct sim_frame *seen = seen_first(w);
	struct sim_frame *f;
	size_t n;
	uint8_t *msg;

	if (!seen)
		return false;
	f = copy_of(w, seen);
	swap_ends(f);
	msg = ike_of(f, &n);
	msg[FLAGS_AT] = FLAG_RESPONSE;
	if (sim_chance(&w->random, 500))
		sim_fill(&w->random, msg + 8, 8);
	/* The whole chain stays, or the notify stands alone. */
	if (sim_chance(&w->random, 700)) {
		f->len -= n - HEADER;
		n = HEADER;
		msg[NEXT_AT] = 0;
	}
	put_notify(w, f, msg, n, types[sim_below(&w->random, 6)], sim_below(&w->random, 20));
	sim_wire_send(w, NULL, f);
	return true;
}

/* An end in clear for an SA that is seen. */
static bool
unprotected(struct sim_world *w, const struct sim_frame *seen)
{
	static const uint8_t payload[8] = {0, 0, 0, 8, 1, 0, 0, 0};
	struct sim_frame *f = copy_of(w, seen);
	size_t n;
	uint8_t *msg = ike_of(f, &n);

	if (!msg) {
		sim_frame_give(w, f);
		return false;
	}
	msg[EXCHANGE_AT] = INFORMATIONAL;
	msg[NEXT_AT] = DELETE;
	memcpy(msg + HEADER, payload, sizeof payload);
	f->len -= n - HEADER - sizeof payload;
	set_length(msg, HEADER + sizeof payload);
	sim_wire_send(w, NULL, f);
	return true;
}

/* A packet of others, in clear, as if no IPsec were asked for. */
static bool
in_clear(struct sim_world *w)
{
	const struct sim_pair *pair = &w->pairs[sim_below(&w->random, (uint32_t)w->pair_n)];
	struct sim_frame *f = sim_frame_take(w);
	struct sim_station *to = &w->stations[pair->to];

	f->from.ip = w->stations[pair->from].address;
	f->to.ip = to->nat.on ? to->nat.outside : to->address;
	f->from.port = f->to.port = 0;
	f->forged = true;
	f->len = sim_app_packet(w, pair->from, pair->to, 100, false, f->bytes);
	sim_wire_send(w, NULL, f);
	return true;
}

static struct adit_sa *
outbound_sa(struct sim_world *w, struct sim_station *s, struct adit_sa_id *id)
{
	size_t cursor = sim_below(&w->random, (uint32_t)s->mem.sad.count);
	struct adit_sa *sa = NULL;

	while (s->up && (sa = adit_sad_next(&s->node.sad, &cursor, id)) != NULL)
		if (sa->dir == ADIT_OUT)
			return sa;
	return NULL;
}

/* A node that has a tunnel sends through it what is another's, or for another. */
static bool
insider(struct sim_world *w)
{
	static uint8_t room[ADIT_PKT_HEADROOM + SIM_FRAME_MAX + ADIT_PKT_TAILROOM];
	struct adit_pkt pkt = {room, sizeof room, ADIT_PKT_HEADROOM, 0};
	struct sim_station *s = &w->stations[sim_below(&w->random, w->plan.nodes)];
	unsigned to = sim_below(&w->random, w->plan.nodes), from = w->plan.nodes + 3;
	struct adit_sa_id id;
	struct adit_sa *sa = outbound_sa(w, s, &id);
	struct adit_ip remote;

	/* Somebody else's node as the sender, if there is one; never the node's own. */
	if (sim_chance(&w->random, 500) && to != s->index)
		from = (s->index + 1) % w->plan.nodes;
	/* In transport mode and UDP no address is inside: what comes is the node's own word. */
	if (!sa || from == s->index || from == to || (sa->mode == ADIT_TRANSPORT && sa->udp_encap))
		return false;
	pkt.len = sim_app_packet(w, from, to, 120, false, adit_pkt_data(&pkt));
	w->sent[w->sent_n - 1].foreign = true;
	/* In transport mode the packet's own addresses are the outer ones; the SA's remote gets it.
	 */
	remote = adit_sa_path(sa).remote.ip;
	w->running = s;
	if (adit_esp_encap(sa, &pkt) == ADIT_OK)
		sim_station_launch(s, &pkt, sa, &remote);
	w->running = NULL;
	return true;
}

struct sim_station *
sim_attack_instead(struct sim_station *s)
{
	struct sim_world *w = s->w;
	struct sim_station *impostor = &w->stations[w->plan.nodes];

	return impostor->up && w->now < w->impostor_until && impostor->index == s->index ? impostor
											 : s;
}

/* One node of those that are not behind a NAT, as far as anybody sees. */
static void
make_impostor(struct sim_world *w, struct sim_station *s)
{
	s->w = w;
	s->index = w->plan.topology == SIM_HUB ? 0 : sim_below(&w->random, w->plan.nodes);
	s->impostor = true;
	s->address = w->stations[s->index].address;
	sim_station_make(s);
}

/* Somebody takes a node's place on the network for a while: it gets what is sent to that node, and
 * sends as that node. Its AUTH is garbage (ends.c). */
static bool
impersonate(struct sim_world *w)
{
	static uint8_t room[ADIT_PKT_HEADROOM + SIM_FRAME_MAX + ADIT_PKT_TAILROOM];
	struct adit_pkt pkt = {room, sizeof room, ADIT_PKT_HEADROOM, 0};
	struct sim_station *s = &w->stations[w->plan.nodes];
	const struct sim_pair *pair = &w->pairs[sim_below(&w->random, (uint32_t)w->pair_n)];
	struct adit_verdict v;

	if (w->plan.topology == SIM_MANUAL || w->calm)
		return false;
	if (!s->impostor)
		make_impostor(w, s);
	if (!s->up || w->now >= w->impostor_until) {
		w->impostor_until = w->now + sim_between(&w->random, 1, 15) * SIM_S;
		sim_station_start(s);
	}
	if (pair->to == s->index)
		return false;
	pkt.len = sim_app_packet(w, s->index, pair->to, 120, false, adit_pkt_data(&pkt));
	w->sent[w->sent_n - 1].foreign = true;
	sim_station_send(s, &pkt, &v, 1);
	return true;
}

/* The next frame, or the next of some kind, will be overtaken. */
static bool
race(struct sim_world *w)
{
	w->racing = (enum sim_race)sim_between(&w->random, SIM_RACE_ANY, SIM_RACE_ELSEWHERE);
	return true;
}

/* The next fragment will be overtaken by one that overlaps it. */
static bool
overlap(struct sim_world *w)
{
	if (w->plan.path_mtu)
		w->racing = SIM_RACE_OVERLAP;
	return w->plan.path_mtu != 0;
}

/* Those that take no frame, and those that take one that was seen. false: there was nothing to do
 * it with. */
static const struct {
	const char *name;
	bool (*alone)(struct sim_world *w);
	bool (*with)(struct sim_world *w, const struct sim_frame *seen);
} attacks[] = {
	{"flood", flood, NULL},
	{"flood in a node's name", flood_as_node, NULL},
	{"answer made up", answer, NULL},
	{"unprotected delete", NULL, unprotected},
	{"in clear", in_clear, NULL},
	{"insider", insider, NULL},
	{"noise", NULL, noise},
	{"splice", NULL, splice},
	{"reflect", NULL, reflect},
	{"change", NULL, change},
	{"mislead", NULL, mislead},
	{"impersonate", impersonate, NULL},
	{"race", race, NULL},
	{"narrow path", NULL, sim_lie_narrow},
	{"overlap", overlap, NULL},
	{"replay all", replay_all, NULL},
	{"replay", NULL, replay},
	{"replay", NULL, replay},
	{"replay", NULL, replay},
};
/* The floods stand first. */
enum { ATTACKS = sizeof attacks / sizeof attacks[0], FLOODS = 2 };

const char *
sim_attack_name(unsigned n)
{
	return n < ATTACKS ? attacks[n].name : NULL;
}

/* In a siege half of them are floods, of one kind: who is flooded from everywhere asks everybody
 * for cookies, and those in a single name then do no harm. */
static unsigned
any_attack(struct sim_world *w)
{
	if (!w->calm)
		return sim_below(&w->random, ATTACKS);
	if (sim_chance(&w->random, 500))
		return w->plan.siege == SIM_SIEGE_BY_ANY ? 0 : 1;
	return FLOODS + sim_below(&w->random, ATTACKS - FLOODS);
}

void
sim_attack(struct sim_world *w)
{
	const struct sim_frame *seen = any_seen(w);
	unsigned n = any_attack(w);

	if (seen && (attacks[n].alone ? attacks[n].alone(w) : attacks[n].with(w, seen)))
		sim_tally(SIM_OF_ATTACKS, n);
}
