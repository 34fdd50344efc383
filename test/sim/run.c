/* Runs seeds: run [--seed N] [--seeds N] [--jobs N] [--nodes N] [--events N] [--trace] [--quiet]
 * [--tally]. A seed that breaks a rule is told with the shortest storm that still does, and a trace
 * of its end; with --quiet in a line, and it is each worker's last. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/options.h"
#include "sim/world.h"

enum { TOLD_MAX = 8, TAIL = 60, LINE = 400, TWICE_EVERY = 64, REPORT_MAX = 1 << 16 };

struct totals {
	uint64_t seeds, failed, events, frames, delivered, handshakes;
	uint64_t told_n, told[TOLD_MAX];
};

/* What all workers come to. */
struct sum {
	struct totals t;
	uint64_t dead; /* workers that ended too soon */
	uint64_t *told;
	size_t told_n;
};

static struct sim_world world;
static FILE *turn; /* who holds its lock writes; each process has its own */

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

/* A report stands in one piece, whatever other workers write meanwhile. */
static void
begin_report(void)
{
	(void)lockf(fileno(turn), F_LOCK, 0);
}

static void
end_report(void)
{
	fflush(stdout);
	(void)lockf(fileno(turn), F_ULOCK, 0);
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
print_again(const struct sim_options *o, const char *before, uint64_t seed)
{
	printf("%smake sim SEED=%llu", before, (unsigned long long)seed);
	if (o->nodes)
		printf(" NODES=%u", o->nodes);
	if (o->events)
		printf(" EVENTS=%llu", (unsigned long long)o->events);
}

static void
print_broken(uint64_t seed, const char *violation)
{
	unsigned rule = sim_rule_of(violation);

	printf("SEED %llu: ", (unsigned long long)seed);
	if (rule)
		printf("rule %u: ", rule);
	printf("%s\n", violation);
}

static void
tell(const struct sim_options *o, struct sim_plan *plan, const char *violation)
{
	struct sim_options again = *o;
	FILE *trace = tmpfile();
	char text[SIM_TEXT];

	again.events = plan->calm_after = shorten(plan, violation);
	if (!trace)
		abort();
	(void)run(plan, trace, text);
	begin_report();
	print_broken(plan->seed, violation);
	sim_plan_print(plan, stdout);
	printf("  after %llu events of storm still: %s\n", (unsigned long long)plan->calm_after,
	       text);
	print_again(&again, "  all of it: ", plan->seed);
	printf("; the last lines of its trace:\n");
	print_tail(trace, stdout);
	end_report();
	sim_world_free(&world);
	fclose(trace);
}

/* A seed that failed: the first ones with a report. */
static void
fail(const struct sim_options *o, struct sim_plan *plan, struct totals *t, const char *violation)
{
	t->failed++;
	if (t->told_n == TOLD_MAX)
		return;
	t->told[t->told_n++] = plan->seed;
	if (!o->quiet) {
		tell(o, plan, violation);
		return;
	}
	begin_report();
	print_broken(plan->seed, violation);
	end_report();
}

static void
differ(const struct sim_plan *plan, struct totals *t)
{
	t->failed++;
	if (t->told_n < TOLD_MAX)
		t->told[t->told_n++] = plan->seed;
	begin_report();
	printf("SEED %llu: a seed is a seed: the second run was another\n",
	       (unsigned long long)plan->seed);
	end_report();
}

/* What a seed comes to, and now and then whether it comes to it again. */
static void
one(const struct sim_options *o, uint64_t seed, struct totals *t)
{
	char violation[SIM_TEXT], again[SIM_TEXT];
	struct sim_plan plan;
	uint64_t digest, events;

	sim_plan_of(&plan, seed);
	if (o->nodes)
		sim_plan_nodes(&plan, o->nodes);
	plan.calm_after = o->events;
	if (o->trace)
		sim_plan_print(&plan, stdout);
	digest = run(&plan, o->trace ? stdout : NULL, violation);
	t->seeds++;
	t->events += world.events;
	t->frames += world.frames;
	t->delivered += world.delivered;
	t->handshakes += world.handshakes;
	events = world.events;
	sim_world_free(&world);
	if (violation[0]) {
		world.events = events;
		fail(o, &plan, t, violation);
	} else if (seed % TWICE_EVERY == 0) {
		if (run(&plan, NULL, again) != digest)
			differ(&plan, t);
		sim_world_free(&world);
	}
}

static void
work(const struct sim_options *o, unsigned job, int fd)
{
	struct totals t;

	memset(&t, 0, sizeof t);
	if (!o->trace)
		setvbuf(stdout, NULL, _IOFBF, REPORT_MAX);
	for (uint64_t i = job; i < o->count; i += o->jobs)
		if (!o->quiet || t.failed == 0)
			one(o, o->first + i, &t);
	fflush(stdout);
	if (write(fd, &t, sizeof t) != sizeof t)
		_exit(1);
	_exit(0);
}

static void
add(struct sum *sum, const struct totals *t)
{
	sum->told = realloc(sum->told, (sum->told_n + TOLD_MAX) * sizeof *sum->told);
	if (!sum->told)
		abort();
	for (uint64_t i = 0; i < t->told_n; i++)
		sum->told[sum->told_n++] = t->told[i];
	sum->t.seeds += t->seeds;
	sum->t.failed += t->failed;
	sum->t.events += t->events;
	sum->t.frames += t->frames;
	sum->t.delivered += t->delivered;
	sum->t.handshakes += t->handshakes;
}

static void
run_jobs(const struct sim_options *o, struct sum *sum)
{
	int fds[2], status;

	turn = tmpfile();
	if (!turn || pipe(fds) != 0)
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
			sum->dead++;
		}
	close(fds[0]);
	fclose(turn);
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The seeds that were told, and how many more there were. */
static void
print_failed(const struct sim_options *o, struct sum *sum)
{
	if (sum->told_n)
		qsort(sum->told, sum->told_n, sizeof *sum->told, by_number);
	for (size_t i = 0; i < sum->told_n; i++) {
		print_again(o, "failed: ", sum->told[i]);
		printf("\n");
	}
	if (sum->t.failed > sum->told_n)
		printf("failed: and %llu more\n",
		       (unsigned long long)(sum->t.failed - sum->told_n));
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	static struct sum sum;
	const struct totals *t = &sum.t;
	struct sim_options o;
	char why[SIM_TEXT];
	uint64_t failed;
	double from;

	if (!sim_options_read(&o, argc, argv, why, sizeof why)) {
		fprintf(stderr, "run: %s\n", why);
		return 2;
	}
	if (o.tally)
		sim_tally_begin();
	from = seconds();
	run_jobs(&o, &sum);
	printf("seeds %llu..%llu in %.1f s: %llu events, %llu frames, %llu packets delivered, %llu "
	       "ends of tunnels\n",
	       (unsigned long long)o.first, (unsigned long long)(o.first + o.count - 1),
	       seconds() - from, (unsigned long long)t->events, (unsigned long long)t->frames,
	       (unsigned long long)t->delivered, (unsigned long long)t->handshakes);
	failed = t->failed + sum.dead;
	if (o.tally && !sim_tally_print())
		failed++;
	print_failed(&o, &sum);
	printf("%llu passed, %llu failed, 0 skipped\n",
	       (unsigned long long)(t->seeds > failed ? t->seeds - failed : 0),
	       (unsigned long long)failed);
	free(sum.told);
	return failed != 0;
}
