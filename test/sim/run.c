/* Runs seeds: run [--seed N] [--seeds N] [--jobs N] [--trace] [--nodes N] [--quiet] [--tally]. A
 * seed that breaks a rule is told with the shortest storm that still does, and a trace of its end;
 * with
 * --quiet in a line, and it is each worker's last. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/world.h"

enum { TOLD_MAX = 8, TAIL = 60, LINE = 400, TWICE_EVERY = 64 };

struct totals {
	uint64_t seeds, failed, events, frames, delivered, handshakes;
	uint64_t told[TOLD_MAX];
};

struct options {
	uint64_t first, count;
	unsigned jobs, nodes;
	bool trace, quiet, tally;
};

static struct sim_world world;

static uint64_t
run(const struct sim_plan *plan, FILE *trace, char *violation)
{
	uint64_t digest;

	memset(&world, 0, sizeof world);
	world.trace = trace != NULL;
	world.out = trace;
	sim_world_make(&world, plan);
	(void)sim_world_run(&world);
	strcpy(violation, world.violation);
	digest = paper_digest(world.events, (const uint8_t *)&world.frames,
			      sizeof world.frames + sizeof world.delivered);
	return digest ^ world.random.state;
}

static bool
same_rule(const char *a, const char *b)
{
	size_t n = strcspn(a, ":");

	return n && n == strcspn(b, ":") && strncmp(a, b, n) == 0;
}

/* The fewest events of storm after which the same rule is still broken. */
static uint64_t
shorten(struct sim_plan *plan, const char *rule)
{
	uint64_t low = 1, high = world.events;
	char violation[SIM_TEXT];

	while (low < high) {
		plan->calm_after = low + (high - low) / 2;
		(void)run(plan, NULL, violation);
		if (same_rule(rule, violation))
			high = plan->calm_after;
		else
			low = plan->calm_after + 1;
		sim_world_free(&world);
	}
	return high;
}

static void
print_tail(FILE *trace, FILE *out)
{
	static char lines[TAIL][LINE];
	unsigned n = 0;

	rewind(trace);
	while (fgets(lines[n % TAIL], LINE, trace))
		n++;
	for (unsigned i = n > TAIL ? n - TAIL : 0; i < n; i++)
		fprintf(out, "    %s", lines[i % TAIL]);
}

static void
tell(struct sim_plan *plan, const char *violation)
{
	FILE *trace = tmpfile();
	char text[SIM_TEXT];

	printf("SEED %llu: %s\n", (unsigned long long)plan->seed, violation);
	plan->calm_after = shorten(plan, violation);
	sim_plan_print(plan, stdout);
	if (trace) {
		(void)run(plan, trace, text);
		printf("  after %llu events of storm still: %s; the last lines of its trace:\n",
		       (unsigned long long)plan->calm_after, text);
		print_tail(trace, stdout);
		sim_world_free(&world);
		fclose(trace);
	}
	fflush(stdout);
}

/* What a seed comes to, and now and then whether it comes to it again. */
static void
one(const struct options *o, uint64_t seed, struct totals *t)
{
	char violation[SIM_TEXT], again[SIM_TEXT];
	struct sim_plan plan;
	uint64_t digest;

	sim_plan_of(&plan, seed);
	if (o->nodes)
		sim_plan_nodes(&plan, o->nodes);
	digest = run(&plan, o->trace ? stdout : NULL, violation);
	t->seeds++;
	t->events += world.events;
	t->frames += world.frames;
	t->delivered += world.delivered;
	t->handshakes += world.handshakes;
	if (violation[0]) {
		if (t->failed < TOLD_MAX) {
			uint64_t events = world.events;

			t->told[t->failed] = seed;
			sim_world_free(&world);
			world.events = events;
			if (o->quiet)
				printf("SEED %llu: rule %u: %s\n", (unsigned long long)seed,
				       sim_rule_of(violation), violation);
			else
				tell(&plan, violation);
		}
		t->failed++;
	}
	sim_world_free(&world);
	if (violation[0] || seed % TWICE_EVERY)
		return;
	if (run(&plan, NULL, again) != digest) {
		printf("SEED %llu: a seed is a seed: the second run was another\n",
		       (unsigned long long)seed);
		t->failed++;
	}
	sim_world_free(&world);
}

static void
work(const struct options *o, unsigned job, int fd)
{
	struct totals t;

	memset(&t, 0, sizeof t);
	for (uint64_t i = job; i < o->count; i += o->jobs)
		if (!o->quiet || t.failed == 0)
			one(o, o->first + i, &t);
	fflush(stdout);
	if (write(fd, &t, sizeof t) != sizeof t)
		_exit(1);
	_exit(0);
}

static void
add(struct totals *sum, const struct totals *t)
{
	for (uint64_t i = 0; i < t->failed && i < TOLD_MAX && sum->failed + i < TOLD_MAX; i++)
		sum->told[sum->failed + i] = t->told[i];
	sum->seeds += t->seeds;
	sum->failed += t->failed;
	sum->events += t->events;
	sum->frames += t->frames;
	sum->delivered += t->delivered;
	sum->handshakes += t->handshakes;
}

static void
run_jobs(const struct options *o, struct totals *sum)
{
	int fds[2], status;

	if (pipe(fds) != 0)
		abort();
	fflush(stdout);
	for (unsigned job = 0; job < o->jobs; job++)
		if (fork() == 0)
			work(o, job, fds[1]);
	close(fds[1]);
	for (struct totals t; read(fds[0], &t, sizeof t) == sizeof t;)
		add(sum, &t);
	while (wait(&status) > 0)
		if (status != 0) {
			printf("a worker died: status %d\n", status);
			sum->failed++;
		}
	close(fds[0]);
}

static bool
read_options(struct options *o, int argc, char **argv)
{
	*o = (struct options){0,     1000, (unsigned)sysconf(_SC_NPROCESSORS_ONLN), 0, false,
			      false, false};
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--trace") == 0)
			o->trace = true;
		else if (strcmp(argv[i], "--quiet") == 0)
			o->quiet = true;
		else if (strcmp(argv[i], "--tally") == 0)
			o->tally = true;
		else if (i + 1 == argc)
			return false;
		else if (strcmp(argv[i], "--seed") == 0)
			o->first = strtoull(value, NULL, 0), i++;
		else if (strcmp(argv[i], "--seeds") == 0)
			o->count = strtoull(value, NULL, 0), i++;
		else if (strcmp(argv[i], "--jobs") == 0)
			o->jobs = (unsigned)strtoul(value, NULL, 0), i++;
		else if (strcmp(argv[i], "--nodes") == 0)
			o->nodes = (unsigned)strtoul(value, NULL, 0), i++;
		else
			return false;
	}
	if (o->trace)
		o->jobs = 1;
	return o->jobs > 0 && o->count > 0 && o->nodes != 1 && o->nodes <= SIM_NODES_MAX;
}

int
main(int argc, char **argv)
{
	struct options o;
	struct totals t;
	struct timespec from, to;
	double s;

	if (!read_options(&o, argc, argv)) {
		fputs("usage: run [--seed N] [--seeds N] [--jobs N] [--nodes N] [--trace] "
		      "[--quiet] [--tally]\n",
		      stderr);
		return 2;
	}
	memset(&t, 0, sizeof t);
	if (o.tally)
		sim_tally_begin();
	clock_gettime(CLOCK_MONOTONIC, &from);
	run_jobs(&o, &t);
	clock_gettime(CLOCK_MONOTONIC, &to);
	s = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	printf("seeds %llu..%llu in %.1f s: %llu events, %llu frames, %llu packets delivered, %llu "
	       "ends "
	       "of tunnels\n",
	       (unsigned long long)o.first, (unsigned long long)(o.first + o.count - 1), s,
	       (unsigned long long)t.events, (unsigned long long)t.frames,
	       (unsigned long long)t.delivered, (unsigned long long)t.handshakes);
	if (o.tally && !sim_tally_print())
		t.failed++;
	for (uint64_t i = 0; i < t.failed && i < TOLD_MAX; i++)
		printf("failed: make sim SEED=%llu\n", (unsigned long long)t.told[i]);
	printf("%llu passed, %llu failed, 0 skipped\n",
	       (unsigned long long)(t.seeds > t.failed ? t.seeds - t.failed : 0),
	       (unsigned long long)t.failed);
	return t.failed != 0;
}
