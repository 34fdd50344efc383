/* A run: events in the order of their time, a storm, then calm in which all must come right. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

/* In a siege attacks come so many times as often, and so many seconds before anybody speaks. */
enum { SIEGE = 8, BESIEGED = 10 };

/* --- The queue: a binary heap. */

static bool
is_before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

void
sim_at(struct sim_world *w, uint64_t at, enum sim_event_kind kind, unsigned node,
       struct sim_frame *frame)
{
	struct sim_event e = {at, w->order++, kind, node, frame};
	size_t i = w->heap_n++;

	if (w->heap_n > w->heap_cap) {
		w->heap_cap = w->heap_cap ? 2 * w->heap_cap : 256;
		w->heap = realloc(w->heap, w->heap_cap * sizeof *w->heap);
		if (!w->heap)
			abort();
	}
	for (; i && is_before(&e, &w->heap[(i - 1) / 2]); i = (i - 1) / 2)
		w->heap[i] = w->heap[(i - 1) / 2];
	w->heap[i] = e;
}

static struct sim_event
take_first(struct sim_world *w)
{
	struct sim_event first = w->heap[0], last = w->heap[--w->heap_n];
	size_t i = 0;

	for (;;) {
		size_t k = 2 * i + 1;

		if (k + 1 < w->heap_n && is_before(&w->heap[k + 1], &w->heap[k]))
			k++;
		if (k >= w->heap_n || !is_before(&w->heap[k], &last))
			break;
		w->heap[i] = w->heap[k];
		i = k;
	}
	w->heap[i] = last;
	return first;
}

/* --- What is said. */

void
sim_say(struct sim_world *w, const char *fmt, ...)
{
	va_list args;

	if (!w->trace)
		return;
	fprintf(w->out, "%10llu.%03llu ", (unsigned long long)(w->now / SIM_S),
		(unsigned long long)(w->now % SIM_S / SIM_MS));
	va_start(args, fmt);
	vfprintf(w->out, fmt, args);
	va_end(args);
	fputc('\n', w->out);
}

const char *
sim_endpoint_text(const struct adit_endpoint *e)
{
	static char text[INET6_ADDRSTRLEN + 16];
	char ip[INET6_ADDRSTRLEN] = "?";
	bool v6 = e->ip.version == 6;

	(void)inet_ntop(v6 ? AF_INET6 : AF_INET, e->ip.b, ip, sizeof ip);
	snprintf(text, sizeof text, v6 ? "[%s]:%u" : "%s:%u", ip, e->port);
	return text;
}

void
sim_broken(struct sim_world *w, const char *fmt, ...)
{
	va_list args;

	w->violations++;
	if (w->violation[0])
		return;
	va_start(args, fmt);
	vsnprintf(w->violation, sizeof w->violation, fmt, args);
	va_end(args);
	sim_say(w, "BROKEN: %s", w->violation);
}

/* --- The transforms' world. */

static bool
call_fails(void *ctx, enum sim_call call)
{
	struct sim_station *s = ((struct sim_world *)ctx)->running;

	if (!s)
		return false;
	s->calls[call]++;
	if (s->fail_for[call] == 0)
		return false;
	if (s->fail_in[call] > 1) {
		s->fail_in[call]--;
		return false;
	}
	s->fail_for[call]--;
	sim_tally(SIM_OF_CALLS, call);
	return true;
}

static void
call_sealed(void *ctx, const struct sim_nonce *used)
{
	sim_rules_sealed(ctx, used);
}

/* --- Making and ending. */

static bool
are_to_talk(const struct sim_plan *plan, unsigned a, unsigned b)
{
	unsigned n = plan->nodes;

	if (a == b || sim_plan_disagree(plan, a, b) || (plan->topology == SIM_HUB && a && b))
		return false;
	if (plan->topology == SIM_HUB || n <= SIM_MESH_MAX || plan->light)
		return true;
	return (a + n - b) % n <= SIM_FEW || (b + n - a) % n <= SIM_FEW;
}

static void
make_pairs(struct sim_world *w)
{
	unsigned n = w->plan.nodes;

	w->pairs = calloc((size_t)n * n, sizeof *w->pairs);
	w->pair_at = calloc((size_t)n * n, sizeof *w->pair_at);
	if (!w->pairs || !w->pair_at)
		abort();
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < n; k++) {
			if (!are_to_talk(&w->plan, i, k))
				continue;
			w->pairs[w->pair_n++] =
				(struct sim_pair){(uint16_t)i, (uint16_t)k, false, 0};
			w->pair_at[i * n + k] = (uint32_t)w->pair_n;
		}
}

void
sim_world_make(struct sim_world *w, const struct sim_plan *plan)
{
	w->plan = *plan;
	w->random.state = sim_mix(plan->seed ^ 0x5eed);
	w->now = SIM_S;
	w->stations = calloc(plan->nodes + 1, sizeof *w->stations);
	w->names = calloc(plan->nodes, sizeof *w->names);
	if (!w->stations || !w->names)
		abort();
	sim_map_clear(&w->nonces);
	sim_map_clear(&w->halves);
	sim_map_clear(&w->messages);
	sim_map_clear(&w->addresses);
	sim_map_clear(&w->marks);
	sim_map_clear(&w->arrivals);
	for (unsigned i = 0; i < plan->nodes; i++) {
		struct sim_station *s = &w->stations[i];

		s->w = w;
		s->index = i;
		snprintf(w->names[i], sizeof w->names[i], "n%u", i);
		s->nat.on = plan->topology == SIM_HUB && i > 0;
		s->address = sim_outer_address(plan, s->nat.on ? i + 10000 : i, false);
		s->nat.outside = sim_outer_address(plan, i, true);
		sim_wire_address(w, s->nat.on ? &s->nat.outside : &s->address, i);
	}
	for (unsigned i = 0; i < plan->nodes; i++)
		sim_station_make(&w->stations[i]);
	make_pairs(w);
	for (unsigned i = 0; i < plan->nodes; i++)
		sim_station_start(&w->stations[i]);
}

void
sim_world_free(struct sim_world *w)
{
	for (size_t i = 0; i < w->heap_n; i++)
		free(w->heap[i].frame);
	while (w->pool) {
		struct sim_frame *f = w->pool;

		w->pool = f->next;
		free(f);
	}
	for (unsigned i = 0; w->stations && i <= w->plan.nodes; i++) {
		if (w->stations[i].up)
			sim_tally_node(&w->stations[i]);
		sim_station_free(&w->stations[i]);
	}
	paper_set_world(NULL);
	free(w->heap);
	free(w->stations);
	free(w->names);
	free(w->pairs);
	free(w->pair_at);
	free(w->sent);
	sim_map_free(&w->nonces);
	sim_map_free(&w->halves);
	sim_map_free(&w->messages);
	sim_map_free(&w->addresses);
	sim_map_free(&w->marks);
	sim_map_free(&w->arrivals);
	memset(w, 0, sizeof *w);
}

/* --- Events. */

static uint64_t
soon(struct sim_world *w, uint64_t mean)
{
	return w->now + 1 + sim_below(&w->random, (uint32_t)(2 * mean));
}

/* Whether the two have not both heard of each other yet, or, where one speaks, this one was not. */
static bool
is_wanting(const struct sim_world *w, const struct sim_pair *pair)
{
	if (w->plan.one_sided)
		return !pair->heard;
	for (size_t i = 0; i < w->pair_n; i++)
		if (!w->pairs[i].heard &&
		    w->pairs[i].from + w->pairs[i].to == pair->from + pair->to &&
		    (w->pairs[i].from == pair->from || w->pairs[i].from == pair->to))
			return true;
	return false;
}

/* In calm each says something once a second until both have been heard. */
static void
app(struct sim_world *w)
{
	if (!w->calm) {
		sim_app(w);
		sim_at(w, soon(w, w->plan.send_every), SIM_APP, 0, NULL);
		return;
	}
	for (size_t i = 0; i < w->pair_n; i++)
		if (is_wanting(w, &w->pairs[i]))
			sim_app_send(w, w->pairs[i].from, w->pairs[i].to, 1, false);
	sim_app_quarrel(w);
	if (w->heard_n < w->pair_n)
		sim_at(w, w->now + SIM_S, SIM_APP, 0, NULL);
}

/* Who only adds frames keeps nobody from being heard. */
static bool
is_besieged(const struct sim_world *w)
{
	return w->plan.siege && w->heard_n < w->pair_n;
}

static void
happen(struct sim_world *w, struct sim_event *e)
{
	struct sim_station *s = &w->stations[e->node];

	sim_tally(SIM_OF_EVENTS, e->kind);
	switch (e->kind) {
	case SIM_ARRIVE:
		sim_wire_arrive(w, e->frame);
		break;
	case SIM_TICK:
		if (s->tick_at == e->at) {
			s->tick_at = 0;
			sim_station_pump(s);
		}
		break;
	case SIM_RISE:
		if (!s->up)
			sim_station_start(s);
		break;
	case SIM_APP:
		app(w);
		break;
	case SIM_FAULT:
		if (!w->calm) {
			sim_fault(w);
			sim_at(w, soon(w, w->plan.fault_every), SIM_FAULT, 0, NULL);
		}
		break;
	default:
		if (!w->calm || is_besieged(w)) {
			sim_attack(w);
			sim_at(w, soon(w, w->plan.attack_every / (w->calm ? SIEGE : 1)), SIM_ATTACK,
			       0, NULL);
		}
	}
}

bool
sim_step(struct sim_world *w)
{
	struct sim_event e;

	if (w->violation[0] || w->heap_n == 0)
		return false;
	e = take_first(w);
	w->now = e.at > w->now ? e.at : w->now;
	w->events++;
	happen(w, &e);
	return w->violation[0] == 0;
}

static void
run_until(struct sim_world *w, uint64_t t)
{
	while (w->heap_n && w->heap[0].at <= t && sim_step(w))
		if (!w->calm && w->plan.calm_after && w->events >= w->plan.calm_after)
			return;
	if (w->now < t && !w->violation[0] && w->calm)
		w->now = t;
}

/* The longest that anything of IKE may take: an exchange given up, a peer found dead. */
static uint64_t
patience(const struct sim_plan *p)
{
	uint64_t wait = p->retransmit_ms, all = 0;

	for (uint32_t i = 0; i <= p->retransmit_tries; i++, wait = wait * 180 / 100)
		all += wait * 12 / 10;
	all = 3 * all + p->dpd_ms + p->half_open_ms + p->inactivity_ms + 40000;
	/* The besieged come in one after the other, by the last place that asks for a cookie. */
	if (p->siege)
		all += (uint64_t)p->nodes * p->half_open_ms;
	return all * SIM_MS;
}

/* Where one speaks: the node of the lower number, or that behind a NAT. */
static void
silence_others(struct sim_world *w)
{
	for (size_t i = 0; i < w->pair_n; i++) {
		struct sim_pair *pair = &w->pairs[i];

		if (w->plan.topology == SIM_HUB ? pair->to != 0 : pair->from > pair->to) {
			pair->heard = true;
			w->heard_n++;
		}
	}
}

static void
begin_calm(struct sim_world *w)
{
	w->calm = true;
	w->calm_at = w->now;
	sim_say(w, "calm");
	for (unsigned i = 0; i < w->plan.nodes; i++) {
		struct sim_station *s = &w->stations[i];

		memset(s->fail_for, 0, sizeof s->fail_for);
		s->cut_until = 0;
		/* The besieged have nothing up. */
		if (s->up && w->plan.siege && w->plan.topology != SIM_MANUAL)
			sim_station_crash(s);
		if (!s->up)
			sim_station_start(s);
	}
	w->stations[w->plan.nodes].up = false;
	if (w->plan.one_sided)
		silence_others(w);
	sim_at(w, w->now + (w->plan.siege ? BESIEGED : 1) * SIM_S, SIM_APP, 0, NULL);
}

static void
come_up_again(struct sim_world *w)
{
	uint64_t end = w->now + patience(&w->plan);

	while (w->heard_n < w->pair_n && w->now < end && !w->violation[0])
		run_until(w, w->now + SIM_S);
	for (size_t i = 0; i < w->pair_n; i++)
		if (!w->pairs[i].heard && !w->violation[0])
			sim_broken(w,
				   "all comes right: nothing of node %u came to node %u in %llu s",
				   w->pairs[i].from, w->pairs[i].to,
				   (unsigned long long)((w->now - w->calm_at) / SIM_S));
}

static bool
is_idle(const struct sim_world *w)
{
	for (unsigned i = 0; i < w->plan.nodes; i++)
		if (adit_node_deadline(&w->stations[i].node) != ADIT_NEVER)
			return false;
	return w->heap_n == 0;
}

/* Everybody ends all it has; what began meanwhile is ended the next time. */
static void
end_all(struct sim_world *w)
{
	uint64_t end = w->now + patience(&w->plan);
	bool again = true;

	while (again && w->now < end && !w->violation[0]) {
		for (unsigned i = 0; i < w->plan.nodes; i++)
			if (w->plan.inactivity_ms == 0)
				sim_station_delete_all(&w->stations[i]);
		run_until(w, w->now + 5 * SIM_S);
		again = !is_idle(w);
	}
	for (unsigned i = 0; i < w->plan.nodes && !w->violation[0]; i++)
		sim_rules_empty(&w->stations[i]);
}

void
sim_world_enter(struct sim_world *w)
{
	static struct paper_world eyes;

	eyes = (struct paper_world){w, call_fails, call_sealed, w->given != NULL};
	paper_set_world(&eyes);
}

bool
sim_world_run(struct sim_world *w)
{
	sim_world_enter(w);
	sim_at(w, soon(w, w->plan.send_every), SIM_APP, 0, NULL);
	if (w->plan.fault_every)
		sim_at(w, soon(w, w->plan.fault_every), SIM_FAULT, 0, NULL);
	if (w->plan.attack_every)
		sim_at(w, soon(w, w->plan.attack_every), SIM_ATTACK, 0, NULL);
	run_until(w, w->now + w->plan.storm);
	if (!w->violation[0])
		begin_calm(w);
	come_up_again(w);
	end_all(w);
	return w->violation[0] == 0;
}
