/* One node in its world: what goes in, what comes out, its clock. */
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

enum {
	TICKS = 8,
	BUF = ADIT_PKT_HEADROOM + SIM_FRAME_MAX + ADIT_PKT_TAILROOM,
	PORT = 500,
	NATT = 4500,
	MARKER = 4,
	DF = 0x40 /* in byte 6 of an IPv4 header */
};

adit_ms
sim_station_now(const struct sim_station *s)
{
	uint64_t us = s->w->now;

	us += (uint64_t)((int64_t)us / 1000000 * s->drift_ppm);
	return (adit_ms)s->clock_ms + us / 1000;
}

/* World time at which the node's clock has surely reached t. */
static uint64_t
world_time(const struct sim_station *s, adit_ms t)
{
	uint64_t now = sim_station_now(s), ahead = t > now ? t - now : 0;

	if (ahead > UINT32_MAX)
		return 0;
	ahead *= 1000;
	ahead += ahead / 1000;
	return s->w->now + (ahead < 1000 ? 1000 : ahead);
}

static void
queue_tick(struct sim_station *s)
{
	adit_ms deadline = adit_node_deadline(&s->node);
	uint64_t at = deadline == ADIT_NEVER ? 0 : world_time(s, deadline);

	if (at == 0 || (s->tick_at && s->tick_at <= at && s->tick_at > s->w->now))
		return;
	s->tick_at = at;
	sim_at(s->w, at, SIM_TICK, (unsigned)(s - s->w->stations), NULL);
}

/* Both ends of a new SA begin as if most numbers had been used. */
static void
begin_late(struct sim_station *s, const struct adit_ike_event *ev, struct adit_sa_id in,
	   struct adit_sa_id out)
{
	uint64_t seq = s->w->plan.seq_start;

	if (seq == 0 || (!ev->in.esn && seq > UINT32_MAX))
		return;
	adit_replay_resume(&adit_sad_get(&s->node.sad, in)->window, seq);
	adit_sad_get(&s->node.sad, out)->seq = seq;
}

static void
tell_events(struct sim_station *s)
{
	struct adit_ike_event ev;
	struct adit_sa_id in, out;

	while (adit_node_event(&s->node, sim_station_now(s), &ev, &in, &out)) {
		if (s->w->trace)
			sim_say(s->w, "n%u: %s %s notify %u peer at %s", s->index,
				adit_event_name(ev.kind), adit_status_name(ev.reason), ev.notify,
				sim_endpoint_text(&ev.path.remote));
		sim_tally(SIM_OF_UPS, ev.kind);
		if (ev.kind == ADIT_EVENT_IKE_DOWN || ev.kind == ADIT_EVENT_CHILD_DOWN)
			sim_tally(SIM_OF_DOWNS, ev.reason);
		if (ev.kind == ADIT_EVENT_IKE_UP)
			sim_rules_ike_up(s, &ev);
		if (ev.kind == ADIT_EVENT_CHILD_UP) {
			begin_late(s, &ev, in, out);
			sim_rules_child_up(s, &ev);
		}
		sim_ends_event(s, &ev);
	}
}

static bool
is_lost(struct sim_station *s)
{
	if (!paper_fails(SIM_CALL_SEND))
		return false;
	sim_say(s->w, "n%u: send fails", s->index);
	return true;
}

/* The next datagram of IKE; false: none. */
static bool
send_one(struct sim_station *s)
{
	struct sim_frame *f = sim_frame_take(s->w);
	struct adit_path path;

	if (adit_node_output(&s->node, sim_station_now(s), &path,
			     (struct adit_buf){f->bytes, sizeof f->bytes}, &f->len) != ADIT_OK ||
	    f->len == 0) {
		sim_frame_give(s->w, f);
		return false;
	}
	f->from = path.local;
	f->to = path.remote;
	f->protocol = ADIT_PROTO_UDP;
	f->id = (uint16_t)s->w->order;
	if (f->len > MARKER) {
		size_t at = path.local.port == NATT ? MARKER : 0;
		const struct adit_span msg = {f->bytes + at, f->len - at};

		sim_rules_message(s, msg);
		sim_ends_asked(s, msg);
	}
	sim_rules_frame_out(s, f);
	if (is_lost(s))
		sim_frame_give(s->w, f);
	else
		sim_wire_send(s->w, s, f);
	return true;
}

/* All that is due, then the rules. */
static void
settle(struct sim_station *s)
{
	unsigned n = 0, most = 4u * s->mem.ike.sa_count + 8;

	do
		tell_events(s);
	while (send_one(s) && ++n < most);
	if (n == most)
		sim_broken(s->w, "no storm: node %u sent %u datagrams at once", s->index, n);
	tell_events(s);
	sim_rules_after(s);
	queue_tick(s);
	s->w->running = NULL;
}

void
sim_station_pump(struct sim_station *s)
{
	adit_ms now = sim_station_now(s);

	if (!s->up)
		return;
	s->w->running = s;
	for (int i = 0; i < TICKS && adit_node_deadline(&s->node) <= now; i++)
		adit_node_tick(&s->node, now);
	if (adit_node_deadline(&s->node) <= now)
		sim_broken(s->w, "time goes on: node %u wants its tick at %llu, it is %llu",
			   s->index, (unsigned long long)adit_node_deadline(&s->node),
			   (unsigned long long)now);
	settle(s);
}

void
sim_station_start(struct sim_station *s)
{
	enum adit_status st;

	s->w->running = s;
	s->datagrams = s->packets_in = s->packets_out = 0;
	s->tick_at = 0;
	st = adit_node_init(&s->node, &s->cfg, &s->mem);
	s->w->running = NULL;
	if (st != ADIT_OK) {
		sim_broken(s->w, "node %u does not begin: %s", s->index, adit_status_name(st));
		return;
	}
	s->up = true;
	sim_say(s->w, "n%u: begins", s->index);
	if (s->w->plan.topology == SIM_MANUAL)
		sim_manual_install(s);
}

/* All that was in memory is gone. */
void
sim_station_crash(struct sim_station *s)
{
	const struct adit_node_mem *m = &s->mem;

	sim_say(s->w, "n%u: crashes", s->index);
	sim_tally_node(s);
	s->up = false;
	memset(&s->node, 0xa5, sizeof s->node);
	memset(m->ike.sas, 0xa5, m->ike.sa_count * sizeof *m->ike.sas);
	memset(m->ike.children, 0xa5, m->ike.child_count * sizeof *m->ike.children);
	memset(m->ike.handshakes, 0xa5, m->ike.handshake_count * sizeof *m->ike.handshakes);
	memset(m->sad.sas, 0xa5, m->sad.count * sizeof *m->sad.sas);
	memset(m->sad.entries, 0xa5, m->sad.count * sizeof *m->sad.entries);
}

static void
tell_given(struct sim_station *s, enum sim_given what, uint16_t port, struct adit_span bytes)
{
	if (s->w->given)
		s->w->given(s, what, port, bytes);
}

static void
take_packet(struct sim_station *s, struct adit_pkt *pkt, struct adit_verdict *v,
	    const struct sim_frame *f)
{
	struct adit_path path = {f->to, f->from};

	if (f->protocol == ADIT_PROTO_UDP) {
		s->datagrams++;
		adit_node_datagram(&s->node, sim_station_now(s), &path, pkt, v);
	} else {
		s->packets_in++;
		adit_node_in(&s->node, sim_station_now(s), pkt, v, 1);
	}
}

void
sim_station_take(struct sim_station *s, struct sim_frame *f)
{
	static uint8_t buf[BUF];
	struct adit_pkt pkt = {buf, sizeof buf, ADIT_PKT_HEADROOM, f->len};
	struct adit_verdict v;
	uint64_t before[SIM_CALL_COUNT];

	tell_given(s, f->protocol == ADIT_PROTO_UDP ? SIM_GIVEN_DATAGRAM : SIM_GIVEN_PACKET,
		   f->to.port, (struct adit_span){f->bytes, f->len});
	if (!sim_path_take(s, f))
		return;
	pkt.len = f->len;
	/* No socket is bound to any other port. */
	if (f->protocol == ADIT_PROTO_UDP && f->to.port != PORT && f->to.port != NATT)
		return;
	memcpy(adit_pkt_data(&pkt), f->bytes, f->len);
	if (f->spoofed) {
		s->spoofed_in += f->len;
		s->spoofed_messages_in++;
	}
	s->w->running = s;
	sim_ends_before(s, f->forged);
	memcpy(before, s->calls, sizeof before);
	take_packet(s, &pkt, &v, f);
	sim_tally(SIM_OF_VERDICTS, v.kind);
	sim_arrivals_taken(s, f, v.status);
	sim_rules_work(s, before);
	sim_ends_after(s);
	if (s->w->trace)
		sim_say(s->w, "n%u: got %zu bytes from %s%s: %s", s->index, f->len,
			sim_endpoint_text(&f->from),
			f->spoofed  ? " (spoofed)"
			: f->forged ? " (forged)"
				    : "",
			adit_status_name(v.status));
	if (v.kind == ADIT_VERDICT_DELIVER || v.kind == ADIT_VERDICT_BYPASS)
		sim_app_delivered(s, &pkt, &v);
	if (s->kept)
		sim_manual_keep(s);
	sim_station_pump(s);
}

/* What the node made goes onto the wire; sa: NULL: in clear. */
static void
launch(struct sim_station *s, struct adit_pkt *pkt, const struct adit_sa *sa,
       const struct adit_ip *remote)
{
	bool clear = sa == NULL;
	struct sim_frame *f = sim_frame_take(s->w);
	const uint8_t *p = adit_pkt_data(pkt);
	bool v6 = p[0] >> 4 == 6;
	struct adit_path path;

	f->df = !v6 && p[6] & DF;
	f->longer = sa && pkt->len > sa->mtu;
	if (!clear && p[v6 ? 6 : 9] == ADIT_PROTO_UDP) {
		f->id = (uint16_t)(p[4] << 8 | p[5]);
		if (adit_pkt_pull_outer(pkt, &path, &f->protocol) != ADIT_OK)
			sim_broken(s->w, "outer headers of node %u can't be taken off", s->index);
		f->from = path.local;
		f->to = path.remote;
		p = adit_pkt_data(pkt);
	} else {
		f->protocol = clear ? 0 : ADIT_PROTO_ESP;
		f->from.ip.version = f->to.ip.version = v6 ? 6 : 4;
		memcpy(f->from.ip.b, p + (v6 ? 8 : 12), v6 ? 16 : 4);
		memcpy(f->to.ip.b, p + (v6 ? 24 : 16), v6 ? 16 : 4);
	}
	if (remote)
		f->to.ip = *remote;
	f->len = pkt->len < sizeof f->bytes ? pkt->len : sizeof f->bytes;
	memcpy(f->bytes, p, f->len);
	if (!clear) {
		sim_rules_frame_out(s, f);
		sim_path_sent(s, f);
		sim_arrivals_sealed(s, sa, f);
	}
	if (is_lost(s))
		sim_frame_give(s->w, f);
	else
		sim_wire_send(s->w, s, f);
}

void
sim_station_launch(struct sim_station *s, struct adit_pkt *pkt, const struct adit_sa *sa,
		   const struct adit_ip *remote)
{
	launch(s, pkt, sa, remote);
}

void
sim_station_send(struct sim_station *s, struct adit_pkt *pkts, struct adit_verdict *v, size_t n)
{
	struct adit_endpoint local = {s->address, PORT};

	if (!s->up)
		return;
	s->w->running = s;
	s->packets_out += n;
	for (size_t i = 0; i < n; i++)
		tell_given(s, SIM_GIVEN_INSIDE, 0,
			   (struct adit_span){adit_pkt_data(&pkts[i]), pkts[i].len});
	adit_node_out(&s->node, sim_station_now(s), &local, pkts, v, n);
	for (size_t i = 0; i < n; i++)
		if (v[i].kind == ADIT_VERDICT_SEND)
			launch(s, &pkts[i], adit_sad_get(&s->node.sad, v[i].sa), NULL);
		else if (v[i].kind == ADIT_VERDICT_BYPASS)
			launch(s, &pkts[i], NULL, NULL);
	if (s->kept)
		sim_manual_keep(s);
	sim_station_pump(s);
}

void
sim_station_delete_all(struct sim_station *s)
{
	struct adit_ike_info info;
	uint16_t cursor = 0;

	s->w->running = s;
	while (adit_ike_next(&s->node.ike, &cursor, &info))
		(void)adit_ike_delete(&s->node.ike, sim_station_now(s), info.id);
	sim_station_pump(s);
}
