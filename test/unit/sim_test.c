/* A few hundred worlds of the simulator, with every run of the tests; make sim runs more. Attack
 * corpus: STATE-06. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/world.h"

#define TEST(name) cmocka_unit_test(name)
enum { WORLDS = 200, TWICE = 40, BIG = 30 };

static struct sim_world world;

struct outcome {
	uint64_t events, frames, delivered, handshakes, random;
	char violation[SIM_TEXT];
};

static struct outcome
run(const struct sim_plan *plan)
{
	struct outcome o;

	memset(&world, 0, sizeof world);
	memset(&o, 0, sizeof o);
	sim_world_make(&world, plan);
	(void)sim_world_run(&world);
	o.events = world.events;
	o.frames = world.frames;
	o.delivered = world.delivered;
	o.handshakes = world.handshakes;
	o.random = world.random.state;
	strcpy(o.violation, world.violation);
	sim_world_free(&world);
	return o;
}

static void
expect_good(const struct sim_plan *plan)
{
	struct outcome o = run(plan);

	if (o.violation[0])
		print_message("seed %llu: %s\n", (unsigned long long)plan->seed, o.violation);
	assert_int_equal(o.violation[0], 0);
}

static void
test_worlds_keep_the_rules(void **state)
{
	struct sim_plan plan;

	(void)state;
	for (uint64_t seed = 0; seed < WORLDS; seed++) {
		sim_plan_of(&plan, seed);
		expect_good(&plan);
	}
}

static void
test_a_world_of_many_nodes_keeps_the_rules(void **state)
{
	struct sim_plan plan;

	(void)state;
	for (uint64_t seed = 0; seed < 2 * (uint64_t)SIM_TOPOLOGIES; seed++) {
		sim_plan_of(&plan, seed);
		if (plan.topology == SIM_MANUAL)
			continue;
		plan.nodes = plan.real_crypto ? 4 : BIG;
		plan.handshakes = (uint16_t)(2 * plan.nodes);
		expect_good(&plan);
	}
}

static void
test_state_06_a_seed_is_a_seed(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < TWICE; seed++) {
		struct outcome a, b;
		struct sim_plan plan;

		sim_plan_of(&plan, seed);
		a = run(&plan);
		b = run(&plan);
		assert_memory_equal(&a, &b, sizeof a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_worlds_keep_the_rules),
		TEST(test_a_world_of_many_nodes_keeps_the_rules),
		TEST(test_state_06_a_seed_is_a_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
