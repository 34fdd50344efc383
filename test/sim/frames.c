/* What nodes are given, for others to read: frames [SEED0 [SEEDS]] prints each datagram and packet
 * of these worlds as a line: seed, node, "datagram", "packet" (from the network) or "inside", port,
 * mode of the world's tunnels, hex. What paper transforms seal stays readable; ICVs and AUTH are
 * theirs. What comes twice to a node is told once. */
#include <string.h>

#include "sim/options.h"
#include "sim/world.h"

enum { SEEDS = 200 };

static struct sim_map told;

static void
print_given(struct sim_station *s, enum sim_given what, uint16_t port, struct adit_span bytes)
{
	static const char *const names[] = {"datagram", "packet", "inside"};
	const struct sim_plan *plan = &s->w->plan;
	uint64_t digest = paper_digest(what, bytes.p, bytes.n);
	bool is_new;

	(void)sim_map_at(&told, digest, s->index, &is_new);
	if (!is_new)
		return;
	printf("%llu %u %s %u %s ", (unsigned long long)plan->seed, s->index, names[what], port,
	       plan->topology == SIM_GROUP ? "transport" : "tunnel");
	for (size_t i = 0; i < bytes.n; i++)
		printf("%02x", bytes.p[i]);
	putchar('\n');
}

/* false: a rule was broken. */
static bool
tell_world(uint64_t seed)
{
	static struct sim_world world;
	struct sim_plan plan;
	bool good;

	memset(&world, 0, sizeof world);
	sim_plan_of(&plan, seed);
	/* mbedTLS's would hide what is in them. */
	plan.real_crypto = false;
	world.given = print_given;
	sim_map_clear(&told);
	/* What is kept from the first moment on is to be read to the end. */
	sim_world_enter(&world);
	sim_world_make(&world, &plan);
	good = sim_world_run(&world);
	if (!good)
		fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, world.violation);
	sim_world_free(&world);
	sim_map_free(&told);
	return good;
}

int
main(int argc, char **argv)
{
	uint64_t seed = 0, count = SEEDS, end;
	bool good = true;

	if (argc > 3 || (argc > 1 && !sim_number(argv[1], 0, UINT64_MAX, &seed)) ||
	    (argc > 2 && !sim_number(argv[2], 1, UINT64_MAX, &count))) {
		fputs("usage: frames [SEED0 [SEEDS]], both numbers\n", stderr);
		return 2;
	}
	for (end = seed + count; seed < end; seed++)
		good = tell_world(seed) && good;
	return !good || fflush(stdout) != 0;
}
