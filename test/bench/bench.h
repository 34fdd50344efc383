/* What the benches share: the clock, and where figures go. */
#ifndef ADIT_TEST_BENCH_H
#define ADIT_TEST_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct figures {
	FILE *json;
	bool any;
};

/* One measured thing, as DESIGN.md has it: bytes per packet, or of memory for each of what is
 * counted; ratio: how much better than `vs`, more is better. */
struct figure {
	const char *bench, *candidate;
	size_t bytes;
	double ns;
	const char *vs;
	double ratio;
};

double now_ns(void);
/* Ends the program with a message unless ok. */
void must(int ok, const char *what);
void put_figure(struct figures *to, const struct figure *f);

/* Each prints a table and puts its figures: SAD and SPD look-ups; what a packet costs beside its
 * cipher; what hostile messages cost. */
void lookup_bench(struct figures *to);
void path_bench(struct figures *to);
void parse_bench(struct figures *to);

#endif
