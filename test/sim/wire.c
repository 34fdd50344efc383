/* Frames between nodes: NAT boxes, and wires that lose, delay, double, change and cut. */
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

enum { OVERHEAD = 28, NAT_PORT_FIRST = 20000, NAT_PORTS = 40000 };

struct sim_frame *
sim_frame_take(struct sim_world *w)
{
	struct sim_frame *f = w->pool;

	if (f)
		w->pool = f->next;
	else
		f = malloc(sizeof *f);
	if (!f)
		abort();
	f->next = NULL;
	f->protocol = 0;
	f->spoofed = f->forged = f->df = f->longer = f->overlaps = false;
	f->id = f->near = 0;
	memset(&f->from, 0, sizeof f->from);
	memset(&f->to, 0, sizeof f->to);
	f->len = 0;
	return f;
}

void
sim_frame_give(struct sim_world *w, struct sim_frame *f)
{
	f->next = w->pool;
	w->pool = f;
}

static uint64_t
word_of(const struct adit_ip *ip)
{
	uint64_t a, b;

	memcpy(&a, ip->b, 8);
	memcpy(&b, ip->b + 8, 8);
	return a ^ sim_mix(b + ip->version);
}

struct sim_station *
sim_station_at(struct sim_world *w, const struct adit_ip *ip)
{
	const uint64_t *at = sim_map_find(&w->addresses, word_of(ip), ip->version);

	return at ? &w->stations[*at] : NULL;
}

void
sim_wire_address(struct sim_world *w, const struct adit_ip *ip, unsigned node)
{
	*sim_map_at(&w->addresses, word_of(ip), ip->version, NULL) = node;
}

void
sim_nat_forget(struct sim_station *s)
{
	memset(s->nat.map, 0, sizeof s->nat.map);
}

/* One that no mapping has. */
static uint16_t
free_port(struct sim_station *s)
{
	for (;;) {
		uint16_t port = (uint16_t)(NAT_PORT_FIRST + sim_below(&s->w->random, NAT_PORTS));
		bool taken = false;

		for (int i = 0; i < SIM_NAT_PORTS; i++)
			taken = taken || (s->nat.map[i].inside && s->nat.map[i].port == port);
		if (!taken)
			return port;
	}
}

/* The way out: an inside port gets an outside one, or keeps it. */
static bool
nat_out(struct sim_station *s, struct sim_frame *f)
{
	struct sim_nat *nat = &s->nat;
	int at = -1;

	if (f->protocol != ADIT_PROTO_UDP)
		return false;
	for (int i = 0; i < SIM_NAT_PORTS; i++) {
		if (nat->map[i].used_at + s->w->plan.nat_timeout < s->w->now)
			nat->map[i].inside = 0;
		if (nat->map[i].inside == f->from.port)
			at = i;
	}
	for (int i = 0; at < 0 && i < SIM_NAT_PORTS; i++)
		if (nat->map[i].inside == 0)
			at = i;
	if (at < 0)
		return false;
	if (nat->map[at].inside == 0) {
		nat->map[at].port = free_port(s);
		nat->map[at].inside = f->from.port;
	}
	nat->map[at].used_at = s->w->now;
	f->from.ip = nat->outside;
	f->from.port = nat->map[at].port;
	return true;
}

static bool
nat_in(struct sim_station *s, struct sim_frame *f)
{
	struct sim_nat *nat = &s->nat;

	if (f->protocol != ADIT_PROTO_UDP)
		return false;
	for (int i = 0; i < SIM_NAT_PORTS; i++)
		if (nat->map[i].inside && nat->map[i].port == f->to.port &&
		    nat->map[i].used_at + s->w->plan.nat_timeout >= s->w->now) {
			f->to.ip = s->address;
			f->to.port = nat->map[i].inside;
			return true;
		}
	return false;
}

static void
damage(struct sim_world *w, struct sim_frame *f)
{
	if (sim_chance(&w->random, w->plan.corrupt) && f->len) {
		f->bytes[sim_below(&w->random, (uint32_t)f->len)] ^=
			(uint8_t)(1u << sim_below(&w->random, 8));
		f->forged = true;
	}
	if (sim_chance(&w->random, w->plan.truncate) && f->len) {
		f->len = sim_below(&w->random, (uint32_t)f->len);
		f->forged = true;
	}
}

static void
launch(struct sim_world *w, const struct sim_frame *f)
{
	struct sim_frame *copy = sim_frame_take(w);
	uint64_t delay = w->plan.delay;
	struct sim_frame *next = copy->next;

	memcpy(copy, f, offsetof(struct sim_frame, bytes));
	memcpy(copy->bytes, f->bytes, f->len);
	copy->next = next;
	if (w->plan.jitter)
		delay += sim_below(&w->random, (uint32_t)w->plan.jitter);
	/* What is wrong already stays wrong. */
	if (!w->calm && !f->forged)
		damage(w, copy);
	sim_at(w, w->now + delay, SIM_ARRIVE, 0, copy);
}

void
sim_wire_send(struct sim_world *w, struct sim_station *from, struct sim_frame *f)
{
	unsigned copies = 1;

	w->frames++;
	if (from && sim_path_ends(from, f)) {
		sim_frame_give(w, f);
		return;
	}
	if (from && from->nat.on && !nat_out(from, f))
		copies = 0;
	if (f->len + OVERHEAD > w->plan.mtu || f->len > SIM_FRAME_MAX)
		copies = 0;
	if (copies && from)
		sim_attack_sees(w, f);
	if (copies && !w->calm) {
		if (sim_chance(&w->random, w->plan.loss))
			copies = 0;
		else if (sim_chance(&w->random, w->plan.duplicate))
			copies = 2;
		if (from && from->cut_until > w->now)
			copies = 0;
	}
	for (unsigned i = 0; i < copies; i++)
		launch(w, f);
	sim_frame_give(w, f);
}

void
sim_wire_arrive(struct sim_world *w, struct sim_frame *f)
{
	struct sim_station *s = f->near ? &w->stations[f->near - 1] : sim_station_at(w, &f->to.ip);

	if (s && s->up && (w->calm || s->cut_until <= w->now) &&
	    (f->near || !s->nat.on || nat_in(s, f)))
		sim_station_take(sim_attack_instead(s), f);
	sim_frame_give(w, f);
}
