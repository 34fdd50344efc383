/* What goes wrong by itself. */
#include <string.h>

#include "sim/world.h"

static void
cut_off(struct sim_world *w, struct sim_station *s)
{
	s->cut_until = w->now + sim_between(&w->random, 100, 20000) * SIM_MS;
	sim_say(w, "n%u: cut off", s->index);
}

static void
crash(struct sim_world *w, struct sim_station *s)
{
	if (!w->plan.with_crashes || !s->up)
		return;
	sim_station_crash(s);
	sim_at(w, w->now + sim_between(&w->random, 10, 10000) * SIM_MS, SIM_RISE, s->index, NULL);
}

/* The NAT box forgets, and may come back with another address. */
static void
renumber(struct sim_world *w, struct sim_station *s)
{
	if (!s->nat.on)
		return;
	sim_nat_forget(s);
	if (sim_chance(&w->random, 500)) {
		s->nat.outside = sim_outer_address(
			&w->plan, s->index + 1000 * sim_between(&w->random, 1, 60), true);
		sim_wire_address(w, &s->nat.outside, s->index);
	}
	sim_say(w, "n%u: its NAT box forgets", s->index);
}

static void
fail_calls(struct sim_world *w, struct sim_station *s)
{
	enum sim_call call = (enum sim_call)sim_below(&w->random, SIM_CALL_COUNT);

	s->fail_in[call] = sim_between(&w->random, 1, 12);
	s->fail_for[call] = sim_between(&w->random, 1, 6);
	sim_say(w, "n%u: call %d fails %u times, in %u", s->index, call, s->fail_for[call],
		s->fail_in[call]);
}

static bool
pick_sa(struct sim_world *w, struct sim_station *s, struct adit_ike_info *info)
{
	uint16_t cursor = (uint16_t)sim_below(&w->random, s->mem.ike.sa_count);

	return s->up && adit_ike_next(&s->node.ike, &cursor, info);
}

/* Somebody ends an SA, or asks whether its peer lives. */
static void
command(struct sim_world *w, struct sim_station *s)
{
	struct adit_ike_info info;
	uint32_t what = sim_below(&w->random, 3);
	const struct adit_ike_child *child;

	if (!pick_sa(w, s, &info))
		return;
	child = &s->mem.ike.children[sim_below(&w->random, s->mem.ike.child_count)];
	w->running = s;
	if (what == 0)
		(void)adit_ike_delete(&s->node.ike, sim_station_now(s), info.id);
	else if (what == 1 && child->state == ADIT_CHILD_UP)
		(void)adit_ike_delete_child(
			&s->node.ike, sim_station_now(s),
			(struct adit_child_id){(uint16_t)(child - s->mem.ike.children),
					       child->generation});
	else
		(void)adit_ike_probe(&s->node.ike, sim_station_now(s), info.id);
	sim_say(w, "n%u: command %u", s->index, what);
	sim_station_pump(s);
}

void
sim_fault(struct sim_world *w)
{
	struct sim_station *s = &w->stations[sim_below(&w->random, w->plan.nodes)];

	switch (sim_below(&w->random, 6)) {
	case 0:
		cut_off(w, s);
		break;
	case 1:
		crash(w, s);
		break;
	case 2:
		renumber(w, s);
		break;
	case 3:
		command(w, s);
		break;
	default:
		fail_calls(w, s);
	}
}
