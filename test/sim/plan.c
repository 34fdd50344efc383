/* What a seed means: a topology, its wires, what goes wrong and how often. */
#include <string.h>

#include "sim/world.h"

enum { MANY_HANDSHAKES = 200, MOST_REAL = 4 };

static const uint32_t windows[] = {32, 64, 128, 1024};

/* One in four worlds has none of it, else up to `most`. */
static uint32_t
some(struct sim_random *r, uint32_t most)
{
	return sim_chance(r, 250) ? 0 : sim_below(r, most + 1);
}

static void
plan_wires(struct sim_plan *p, struct sim_random *r)
{
	p->loss = some(r, 300);
	p->duplicate = some(r, 200);
	p->corrupt = some(r, 50);
	p->truncate = some(r, 20);
	p->delay = sim_between(r, 1, 100) * SIM_MS;
	p->jitter = some(r, 300) * SIM_MS;
	p->mtu = (uint16_t)(sim_chance(r, 500) ? 1500 : sim_between(r, 1280, 1500));
}

static void
plan_ike(struct sim_plan *p, struct sim_random *r)
{
	p->dpd_ms = sim_between(r, 2, 30) * 1000;
	p->retransmit_ms = sim_between(r, 200, 2000);
	p->retransmit_tries = sim_between(r, 3, 5);
	p->half_open_ms = sim_between(r, 5, 30) * 1000;
	p->handshakes = (uint16_t)(p->nodes * 2 + sim_below(r, 4));
	p->cookie_threshold = (uint16_t)sim_between(r, 1, p->handshakes);
	p->spare = (uint16_t)sim_below(r, 6);
	p->replay_window = windows[sim_below(r, 4)];
	p->inactivity_ms = sim_chance(r, 300) ? sim_between(r, 2, 20) * 1000 : 0;
	p->encap = sim_chance(r, 300);
}

static void
plan_trouble(struct sim_plan *p, struct sim_random *r)
{
	p->storm = sim_between(r, 5, 60) * SIM_S;
	p->send_every = sim_between(r, 50, 1000) * SIM_MS;
	p->fault_every = some(r, 10) * SIM_S / 2;
	p->attack_every = some(r, 10) * SIM_S / 4;
	p->nat_timeout = sim_between(r, 30, 120) * SIM_S;
	p->drift_ppm = (int32_t)some(r, 500);
	p->with_crashes = sim_chance(r, 600);
}

/* IPv6 inside and out needs its 1280 bytes. */
static void
plan_path(struct sim_plan *p, struct sim_random *r)
{
	if (!sim_chance(r, 250))
		return;
	p->mtu = 1500;
	p->path_mtu =
		(uint16_t)(p->outer6 ? sim_between(r, 1280, 1320) : sim_between(r, 600, 1280));
}

static void
plan_quarrel(struct sim_plan *p, struct sim_random *r)
{
	if (p->nodes < 3 || (p->topology != SIM_TUNNEL && p->topology != SIM_HUB) ||
	    !sim_chance(r, 400))
		return;
	p->quarrel = (enum sim_quarrel)sim_between(r, 1, SIM_QUARRELS - 1);
	p->wrong = (uint8_t)sim_below(r, 2);
}

bool
sim_plan_disagree(const struct sim_plan *p, unsigned a, unsigned b)
{
	return p->quarrel && a + b == 1;
}

static unsigned
nodes_of(struct sim_plan *p, struct sim_random *r)
{
	if (p->topology == SIM_MANUAL)
		return 2;
	if (sim_chance(r, 500))
		return 2;
	if (sim_chance(r, 20))
		return sim_between(r, 9, 24);
	return sim_between(r, 3, 6);
}

void
sim_plan_of(struct sim_plan *p, uint64_t seed)
{
	struct sim_random r = {sim_mix(seed + 1)}, more = {sim_mix(~seed)};

	memset(p, 0, sizeof *p);
	p->seed = seed;
	p->topology = (enum sim_topology)sim_below(&r, SIM_TOPOLOGIES);
	p->nodes = nodes_of(p, &r);
	p->real_crypto = sim_chance(&r, 10);
	if (p->real_crypto && p->nodes > MOST_REAL)
		p->nodes = MOST_REAL;
	p->block_cipher = sim_chance(&r, 300);
	p->esn = sim_chance(&r, 500);
	p->outer6 = sim_chance(&r, 300);
	p->inner6 = sim_chance(&r, 300);
	plan_wires(p, &r);
	plan_ike(p, &r);
	plan_trouble(p, &r);
	/* SAs kept over a crash are paper's here. */
	if (p->topology == SIM_MANUAL)
		p->real_crypto = false;
	p->one_sided = sim_chance(&r, 300);
	p->siege = sim_chance(&r, 300) ? (enum sim_siege)sim_between(&r, 1, SIM_SIEGES - 1)
				       : SIM_NO_SIEGE;
	/* The upper half of the number changes soon; without it, numbers end. */
	if (sim_chance(&r, p->esn ? 500 : 200) && (p->esn || p->topology != SIM_MANUAL))
		p->seq_start = ((uint64_t)sim_between(&r, 1, p->esn ? 3 : 1) << 32) -
			       sim_between(&r, 10, 300);
	plan_path(p, &more);
	plan_quarrel(p, &more);
}

void
sim_plan_nodes(struct sim_plan *p, unsigned nodes)
{
	uint16_t handshakes = (uint16_t)(2 * nodes < MANY_HANDSHAKES ? 2 * nodes : MANY_HANDSHAKES);

	if (p->topology == SIM_MANUAL || nodes > SIM_MESH_MAX)
		p->topology = nodes % 2 ? SIM_HUB : SIM_GROUP;
	p->nodes = nodes;
	p->handshakes = handshakes > p->handshakes ? handshakes : p->handshakes;
	if (nodes > SIM_MESH_MAX && p->topology == SIM_GROUP)
		p->pool_sas = (uint16_t)(2 * SIM_FEW * 2 + p->spare);
	p->real_crypto = p->real_crypto && nodes <= MOST_REAL;
	if (p->topology == SIM_GROUP || nodes < 3)
		p->quarrel = SIM_AGREED;
}

void
sim_plan_quiet(struct sim_plan *p, enum sim_topology topology, unsigned nodes)
{
	memset(p, 0, sizeof *p);
	p->topology = topology;
	p->nodes = nodes;
	p->delay = 10 * SIM_MS;
	p->mtu = 1500;
	p->dpd_ms = 10000;
	p->retransmit_ms = 500;
	p->retransmit_tries = 3;
	p->half_open_ms = 10000;
	p->handshakes = (uint16_t)(2 * nodes);
	p->cookie_threshold = p->handshakes;
	p->spare = 2;
	p->replay_window = 64;
	p->storm = 5 * SIM_S;
	p->send_every = 200 * SIM_MS;
	p->nat_timeout = 60 * SIM_S;
}

const char *
sim_topology_name(enum sim_topology t)
{
	static const char *const names[] = {"tunnels", "group", "hub behind NATs", "manual"};

	return (unsigned)t < SIM_TOPOLOGIES ? names[t] : "?";
}

void
sim_plan_print(const struct sim_plan *p, FILE *out)
{
	fprintf(out,
		"seed %llu: %s, %u nodes, %s, %s cipher%s, IPv%c in IPv%c; loss %u, double %u, "
		"change "
		"%u, cut %u of 1000; delay %llu+%llu ms; storm %llu s\n",
		(unsigned long long)p->seed, sim_topology_name(p->topology), p->nodes,
		p->real_crypto ? "mbedTLS" : "paper", p->block_cipher ? "block" : "stream",
		p->esn ? ", ESN" : "", p->inner6 ? '6' : '4', p->outer6 ? '6' : '4', p->loss,
		p->duplicate, p->corrupt, p->truncate, (unsigned long long)(p->delay / SIM_MS),
		(unsigned long long)(p->jitter / SIM_MS), (unsigned long long)(p->storm / SIM_S));
	fprintf(out,
		"  dpd %u ms, retransmission %u ms %u times, half-open %u ms, %u handshakes, "
		"cookies "
		"from %u on, %u spare slots, window %u, inactivity %u ms, path of %u bytes, "
		"quarrel %d\n",
		p->dpd_ms, p->retransmit_ms, p->retransmit_tries, p->half_open_ms, p->handshakes,
		p->cookie_threshold, p->spare, p->replay_window, p->inactivity_ms, p->path_mtu,
		p->quarrel);
}
