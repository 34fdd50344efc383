/* A few hundred worlds of the simulator, with every run of the tests; make sim runs more. Attack
 * corpus: STATE-06. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/options.h"
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

static bool
is_read(struct sim_options *o, char *why, char *name, char *value)
{
	char run_name[] = "run";
	char *argv[] = {run_name, name, value, NULL};

	return sim_options_read(o, value ? 3 : 2, argv, why, SIM_TEXT);
}

static void
test_what_is_no_number_is_refused_by_its_name(void **state)
{
	static const struct {
		const char *name, *value;
	} bad[] = {
		{"--seed", "x"},    {"--seed", ""},
		{"--seed", "-1"},   {"--seed", "1x"},
		{"--seed", " 1"},   {"--seed", "1 2"},
		{"--seed", NULL},   {"--seeds", "0"},
		{"--jobs", "0"},    {"--jobs", "1025"},
		{"--nodes", "1"},   {"--nodes", "1001"},
		{"--events", "0"},  {"--seed", "18446744073709551616"},
		{"--sede", "1"},    {"1", NULL},
		{"--events", "0x"},
	};
	struct sim_options o;
	char why[SIM_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char name[32], value[32];

		snprintf(name, sizeof name, "%s", bad[i].name);
		snprintf(value, sizeof value, "%s", bad[i].value ? bad[i].value : "");
		why[0] = '\0';
		if (is_read(&o, why, name, bad[i].value ? value : NULL))
			fail_msg("%s \"%s\" is taken", name, value);
		assert_non_null(strstr(why, name));
	}
}

static void
test_numbers_are_read_as_they_stand(void **state)
{
	char seed[] = "--seed", nodes[] = "--nodes", events[] = "--events", trace[] = "--trace";
	char most[] = "18446744073709551615", hex[] = "0xff", tens[] = "010";
	struct sim_options o;
	char why[SIM_TEXT];

	(void)state;
	assert_true(is_read(&o, why, seed, most));
	assert_true(o.first == UINT64_MAX && o.count == 1000 && o.jobs >= 1 && o.nodes == 0);
	assert_true(is_read(&o, why, nodes, hex));
	assert_int_equal(o.nodes, 255);
	assert_true(is_read(&o, why, events, tens));
	assert_true(o.events == 10 && !o.trace);
	assert_true(is_read(&o, why, trace, NULL));
	assert_true(o.trace && o.jobs == 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_worlds_keep_the_rules),
		TEST(test_a_world_of_many_nodes_keeps_the_rules),
		TEST(test_state_06_a_seed_is_a_seed),
		TEST(test_what_is_no_number_is_refused_by_its_name),
		TEST(test_numbers_are_read_as_they_stand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
