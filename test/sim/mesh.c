/* Everybody with everybody: mesh [N...]. What a node is told, what it keeps, what it sends, and how
 * that grows with the number of nodes. Tunnels are made by traffic, idle ones end. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/world.h"

enum { ACTIVE = 4, SPARE = 8, IDLE_MS = 20000, SHIFT_S = 60, MINUTES = 10, KC = 64 };

static struct sim_world world;

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* RAM of one IKE SA with its Child SA in both databases. */
static size_t
per_peer(void)
{
	return sizeof(struct adit_ike_sa) + sizeof(struct adit_ike_child) +
	       2 * (ADIT_SAD_SLOT_SIZE + KC + sizeof(uint32_t) * ADIT_REPLAY_WORDS(64) +
		    sizeof(uint32_t));
}

static size_t
config_bytes(const struct sim_station *s)
{
	const struct adit_ike_config *ike = &s->cfg.ike;

	return sizeof s->cfg + ike->peer_count * (sizeof *ike->peers + sizeof *s->children +
						  sizeof *s->first + sizeof *s->remote_ts);
}

static unsigned
most_at_once(void)
{
	unsigned most = 0;

	for (unsigned i = 0; i < world.plan.nodes; i++) {
		unsigned n = 0;

		for (unsigned k = 0; k < world.stations[i].mem.ike.sa_count; k++)
			n += world.stations[i].mem.ike.sas[k].state != ADIT_IKE_FREE;
		most = n > most ? n : most;
	}
	return most;
}

static bool
pass(uint64_t us)
{
	uint64_t end = world.now + us;

	while (world.heap_n && world.heap[0].at <= end)
		if (!sim_step(&world))
			return false;
	world.now = end;
	return true;
}

static bool
open_world(const struct sim_plan *plan)
{
	memset(&world, 0, sizeof world);
	sim_world_make(&world, plan);
	sim_world_enter(&world);
	world.calm = true;
	return world.violation[0] == 0;
}

static bool
close_world(const char *what)
{
	bool good = world.violation[0] == 0;

	if (!good)
		printf("FAILED: %s: %s\n", what, world.violation);
	sim_world_free(&world);
	return good;
}

/* One packet from each node to the one `step` behind it, around and around: in each round a node
 * begins one tunnel and answers one. What is not up is tried again. */
static bool
all_pairs(unsigned n)
{
	bool good = true;

	for (unsigned step = 1; good && step <= n / 2; step++) {
		for (unsigned i = 0; i < n; i++)
			if (2 * step != n || i < n / 2)
				sim_app_send(&world, i, (i + step) % n, 1, false);
		good = pass(100 * SIM_MS);
	}
	for (int round = 0; good && world.heard_n < world.pair_n && round < 60; round++) {
		for (size_t i = 0; i < world.pair_n; i++)
			if (!world.pairs[i].heard)
				sim_app_send(&world, world.pairs[i].from, world.pairs[i].to, 1,
					     false);
		good = pass(SIM_S);
	}
	return good && world.heard_n == world.pair_n;
}

static struct sim_plan
mesh_plan(unsigned n, unsigned slots)
{
	struct sim_plan plan;

	sim_plan_quiet(&plan, SIM_GROUP, n);
	plan.light = true;
	plan.handshakes = 16;
	plan.cookie_threshold = 12;
	plan.pool_sas = (uint16_t)slots;
	plan.dpd_ms = 3600000;
	return plan;
}

/* All pairs at once: the most that a mesh can ask for. */
static bool
full(unsigned n)
{
	struct sim_plan plan = mesh_plan(n, n - 1 + SPARE);
	double from = seconds(), peers;
	bool good = open_world(&plan) && all_pairs(n);

	if (!good && !world.violation[0])
		sim_broken(&world, "all comes right: %zu of %zu pairs have heard each other",
			   world.heard_n, world.pair_n);
	peers = (double)world.handshakes / n;
	printf("%5u %8zu %9zu %10llu %10.1f %10.1f %8.1f %7u %9.1f %8.1f\n", n,
	       config_bytes(&world.stations[0]),
	       config_bytes(&world.stations[0]) +
		       (n - 2) *
			       (sizeof(struct adit_peer_config) + sizeof(struct adit_child_config) +
				sizeof(struct adit_policy) + sizeof(struct adit_ts)),
	       (unsigned long long)world.handshakes / 2, peers, (double)world.frames / n,
	       (double)(world.now - world.calm_at) / 1e6, most_at_once(),
	       (double)(most_at_once() * per_peer()) / 1024, seconds() - from);
	return close_world("full mesh");
}

/* Everybody talks with ACTIVE others at a time, and with others a minute later. */
static bool
some(unsigned n)
{
	struct sim_plan plan = mesh_plan(n, 4 * ACTIVE + SPARE);
	struct sim_random r = {n};
	unsigned most = 0;
	bool good;

	plan.inactivity_ms = IDLE_MS;
	good = open_world(&plan);
	for (unsigned minute = 0; good && minute < MINUTES; minute++) {
		unsigned turn = sim_below(&r, n - ACTIVE > 1 ? n - ACTIVE - 1 : 1) + 1;

		for (unsigned s = 0; good && s < SHIFT_S; s += 2) {
			for (unsigned i = 0; i < n; i++)
				for (unsigned k = 0; k < ACTIVE / 2; k++)
					sim_app_send(&world, i,
						     (i + turn + k) % n == i ? (i + 1) % n
									     : (i + turn + k) % n,
						     1, false);
			good = pass(2 * SIM_S);
			most = most_at_once() > most ? most_at_once() : most;
		}
	}
	good = good && pass(5 * IDLE_MS * SIM_MS);
	for (unsigned i = 0; good && i < n; i++)
		sim_rules_empty(&world.stations[i]);
	printf("%5u %8zu %10llu %10.1f %12.1f %7u %9.1f\n", n, config_bytes(&world.stations[0]),
	       (unsigned long long)world.handshakes / 2, (double)world.handshakes / n,
	       (double)world.delivered / n, most, (double)(most * per_peer()) / 1024);
	return close_world("mesh of some");
}

int
main(int argc, char **argv)
{
	static const unsigned usual[] = {10, 30, 100};
	unsigned count = argc > 1 ? (unsigned)argc - 1 : 3, n, failed = 0;

	printf("All pairs. Bytes of configuration of a node: as a group, and if each peer were "
	       "named.\n"
	       "Handshakes in all; tunnels, and frames sent, of each node; seconds of the world "
	       "until\n"
	       "all pairs have heard each other; IKE SAs of a node, and RAM of these with all "
	       "that\n"
	       "hangs on them; seconds of this machine.\n\n"
	       "%5s %8s %9s %10s %10s %10s %8s %7s %9s %8s\n",
	       "nodes", "config", "named", "handshakes", "tunnels", "frames", "s", "SAs", "KB",
	       "real s");
	for (unsigned i = 0; i < count; i++) {
		n = argc > 1 ? (unsigned)strtoul(argv[i + 1], NULL, 0) : usual[i];
		if (n < 10 || n > SIM_NODES_MAX) {
			fputs("usage: mesh [N...], 10 to 1000 nodes\n", stderr);
			return 2;
		}
		failed += !full(n);
		fflush(stdout);
	}
	printf("\n%u peers at a time, others a minute later, for %u minutes; idle tunnels end "
	       "after %u s;\n"
	       "then all is silent, and nothing is left.\n\n%5s %8s %10s %10s %12s %7s %9s\n",
	       ACTIVE, MINUTES, IDLE_MS / 1000, "nodes", "config", "handshakes", "a node's",
	       "its packets", "SAs", "KB");
	for (unsigned i = 0; i < count; i++) {
		n = argc > 1 ? (unsigned)strtoul(argv[i + 1], NULL, 0) : usual[i];
		failed += !some(n);
		fflush(stdout);
	}
	printf("%u passed, %u failed, 0 skipped\n", 2 * count - failed, failed);
	return failed != 0;
}
