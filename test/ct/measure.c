/* The clock is the processor's counter where there is one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ct/measure.h"

#if defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>

static uint64_t
ticks(void)
{
	uint64_t now;

	_mm_lfence();
	now = __rdtsc();
	_mm_lfence();
	return now;
}

#else

static uint64_t
ticks(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif

static uint32_t took[MEASURE_SAMPLES], sorted[MEASURE_SAMPLES];
static uint8_t classes[MEASURE_SAMPLES];

/* xorshift64: which class comes next must not follow a pattern that a processor learns. */
static unsigned
next_class(void)
{
	static uint64_t x = 0x9e3779b97f4a7c15u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (unsigned)(x >> 40 & 1);
}

static void
take_samples(const struct measure *m)
{
	for (size_t i = 0; i < MEASURE_SAMPLES; i++) {
		uint64_t begin, n;

		classes[i] = (uint8_t)next_class();
		m->prepare(classes[i]);
		begin = ticks();
		m->run();
		n = ticks() - begin;
		took[i] = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
	}
}

static int
by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Interrupts and the machine's other guests make some times long; they are not of this function. */
static uint32_t
longest_of_most(void)
{
	memcpy(sorted, took, sizeof sorted);
	qsort(sorted, MEASURE_SAMPLES, sizeof sorted[0], by_size);
	return sorted[MEASURE_SAMPLES / 10 * 9];
}

struct moments {
	double n, mean, m2;
};

static void
add(struct moments *s, double x)
{
	double delta = x - s->mean;

	s->n++;
	s->mean += delta / s->n;
	s->m2 += delta * (x - s->mean);
}

static double
variance_of_mean(const struct moments *s)
{
	return s->m2 / (s->n - 1) / s->n;
}

static double
welch(uint32_t longest, double *mean)
{
	struct moments s[2] = {{0, 0, 0}, {0, 0, 0}};
	double v;

	for (size_t i = 0; i < MEASURE_SAMPLES; i++)
		if (took[i] <= longest)
			add(&s[classes[i]], took[i]);
	mean[0] = s[0].mean;
	mean[1] = s[1].mean;
	v = variance_of_mean(&s[0]) + variance_of_mean(&s[1]);
	/* All times the same: the clock is too coarse to see anything, or there is nothing. */
	return v > 0                    ? fabs(s[0].mean - s[1].mean) / sqrt(v)
	       : s[0].mean == s[1].mean ? 0
					: HUGE_VAL;
}

struct measured
measure(const struct measure *m)
{
	struct measured best = {HUGE_VAL, {0, 0}, 0};

	while (best.tries < MEASURE_TRIES && best.t >= MEASURE_QUIET) {
		double mean[2], t;

		take_samples(m);
		t = welch(longest_of_most(), mean);
		best.tries++;
		if (t > best.t)
			continue;
		best.t = t;
		memcpy(best.mean, mean, sizeof mean);
	}
	return best;
}
