/* What goes wrong by itself. */
#include <string.h>

#include "sim/world.h"

static bool
cut_off(struct sim_world *w, struct sim_station *s)
{
	s->cut_until = w->now + sim_between(&w->random, 100, 20000) * SIM_MS;
	sim_say(w, "n%u: cut off", s->index);
	return true;
}

static bool
crash(struct sim_world *w, struct sim_station *s)
{
	if (!w->plan.with_crashes || !s->up)
		return false;
	sim_station_crash(s);
	sim_at(w, w->now + sim_between(&w->random, 10, 10000) * SIM_MS, SIM_RISE, s->index, NULL);
	return true;
}

/* The NAT box forgets, and may come back with another address. */
static bool
renumber(struct sim_world *w, struct sim_station *s)
{
	if (!s->nat.on)
		return false;
	sim_nat_forget(s);
	if (sim_chance(&w->random, 500)) {
		s->nat.outside = sim_outer_address(
			&w->plan, s->index + 1000 * sim_between(&w->random, 1, 60), true);
		sim_wire_address(w, &s->nat.outside, s->index);
	}
	sim_say(w, "n%u: its NAT box forgets", s->index);
	return true;
}

static bool
fail_calls(struct sim_world *w, struct sim_station *s)
{
	enum sim_call call = (enum sim_call)sim_below(&w->random, SIM_CALL_COUNT);

	s->fail_in[call] = sim_between(&w->random, 1, 12);
	s->fail_for[call] = sim_between(&w->random, 1, 6);
	sim_say(w, "n%u: its calls of %s will fail %u times, after %u good ones", s->index,
		sim_call_name(call), s->fail_for[call], s->fail_in[call] - 1);
	return true;
}

static bool
pick_sa(struct sim_world *w, struct sim_station *s, struct adit_ike_info *info)
{
	uint16_t cursor = (uint16_t)sim_below(&w->random, s->mem.ike.sa_count);

	return s->up && adit_ike_next(&s->node.ike, &cursor, info);
}

/* Somebody ends an SA, or asks whether its peer lives. */
static bool
command(struct sim_world *w, struct sim_station *s)
{
	static const char *const words[] = {"to delete an IKE SA", "to delete a Child SA",
					    "to probe a peer"};
	struct adit_ike_info info;
	uint32_t what = sim_below(&w->random, 3);
	const struct adit_ike_child *child;

	if (!pick_sa(w, s, &info))
		return false;
	child = &s->mem.ike.children[sim_below(&w->random, s->mem.ike.child_count)];
	if (what == 1 && child->state != ADIT_CHILD_UP)
		what = 2;
	w->running = s;
	if (what == 0)
		(void)adit_ike_delete(&s->node.ike, sim_station_now(s), info.id);
	else if (what == 1)
		(void)adit_ike_delete_child(
			&s->node.ike, sim_station_now(s),
			(struct adit_child_id){(uint16_t)(child - s->mem.ike.children),
					       child->generation});
	else
		(void)adit_ike_probe(&s->node.ike, sim_station_now(s), info.id);
	sim_say(w, "n%u: is told %s", s->index, words[what]);
	sim_station_pump(s);
	return true;
}

static const struct {
	const char *name;
	/* false: there was nothing to do it with. */
	bool (*run)(struct sim_world *w, struct sim_station *s);
} faults[] = {
	{"cut off", cut_off}, {"crash", crash},           {"renumber", renumber},
	{"command", command}, {"calls fail", fail_calls}, {"calls fail", fail_calls},
};
enum { FAULTS = sizeof faults / sizeof faults[0] };

const char *
sim_fault_name(unsigned n)
{
	return n < FAULTS ? faults[n].name : NULL;
}

void
sim_fault(struct sim_world *w)
{
	struct sim_station *s = &w->stations[sim_below(&w->random, w->plan.nodes)];
	unsigned n = sim_below(&w->random, FAULTS);

	if (faults[n].run(w, s))
		sim_tally(SIM_OF_FAULTS, n);
}
