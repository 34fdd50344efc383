/* Faults one by one: the n-th call of each kind fails, for n = 1, 2, 3... through a whole life of
 * each kind of world, alone and with those behind it; and each pool has 1, 2, 3... places. Whatever
 * failed, afterwards the tunnels are up, and at the end nothing is left. */
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

enum { IN_A_ROW = 3, POOL_MAX = 6 };

static struct sim_world world;
static unsigned passed, failed;

static const char *const call_names[SIM_CALL_COUNT] = {[SIM_CALL_RANDOM] = "random source",
						       [SIM_CALL_SETKEY] = "keying",
						       [SIM_CALL_SEAL] = "sealing",
						       [SIM_CALL_OPEN] = "opening",
						       [SIM_CALL_MAC] = "MAC",
						       [SIM_CALL_KE] = "key exchange",
						       [SIM_CALL_HASH] = "hash",
						       [SIM_CALL_SEND] = "send"};

/* A life; how often `call` was made at `node` in *calls. */
static bool
live(const struct sim_plan *plan, unsigned node, enum sim_call call, uint32_t at, uint32_t times,
     uint64_t *calls)
{
	bool good;

	memset(&world, 0, sizeof world);
	sim_world_make(&world, plan);
	world.stations[node].fail_in[call] = at;
	world.stations[node].fail_for[call] = times;
	good = sim_world_run(&world);
	*calls = world.stations[node].calls[call];
	if (!good)
		printf("  %s, node %u, %s %u (%u in a row): %s\n",
		       sim_topology_name(plan->topology), node, call_names[call], at, times,
		       world.violation);
	sim_world_free(&world);
	passed += good;
	failed += !good;
	return good;
}

static void
sweep_calls(const struct sim_plan *plan)
{
	for (int c = 0; c < SIM_CALL_COUNT; c++) {
		unsigned tried = 0, bad = failed;

		for (unsigned node = 0; node < plan->nodes; node++) {
			uint64_t calls = 1;

			for (uint32_t at = 1; at <= calls; at++, tried++) {
				(void)live(plan, node, (enum sim_call)c, at, 1, &calls);
				(void)live(plan, node, (enum sim_call)c, at, IN_A_ROW, &calls);
			}
		}
		printf("%-16s %-7s %-14s %5u places  %s\n", sim_topology_name(plan->topology),
		       plan->block_cipher ? "block" : "stream", call_names[c], tried,
		       failed == bad ? "ok" : "FAILED");
	}
}

/* From the least that holds the wanted tunnels on. One end begins, as a device with one place for
 * an SA can't answer while it asks. */
static void
sweep_pools(void)
{
	static const char *const names[] = {"IKE SAs", "Child SAs", "handshakes", "SAD"};
	uint64_t calls;

	for (unsigned pool = 0; pool < 4; pool++) {
		unsigned bad = failed;

		for (uint16_t n = 1; n <= POOL_MAX; n++) {
			struct sim_plan plan;

			sim_plan_quiet(&plan, SIM_HUB, 2);
			plan.with_crashes = true;
			plan.fault_every = SIM_S;
			plan.seed = n;
			if (pool == 0)
				plan.pool_sas = n;
			else if (pool == 1)
				plan.pool_children = n;
			else if (pool == 2)
				plan.handshakes = plan.cookie_threshold = n;
			else
				plan.pool_sad = 1u << n;
			(void)live(&plan, 0, SIM_CALL_SEND, 1, 0, &calls);
		}
		printf("%-24s %-14s %5u sizes   %s\n", "pool", names[pool], (unsigned)POOL_MAX,
		       failed == bad ? "ok" : "FAILED");
	}
}

int
main(void)
{
	for (int t = 0; t < SIM_TOPOLOGIES; t++)
		for (int block = 0; block < 2; block++) {
			struct sim_plan plan;

			sim_plan_quiet(&plan, (enum sim_topology)t, 2);
			plan.block_cipher = block != 0;
			sweep_calls(&plan);
		}
	sweep_pools();
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed != 0;
}
