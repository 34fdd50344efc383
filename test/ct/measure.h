/* Constant time by the clock: Welch's t-test over the times of two classes of inputs, taken in
 * random order (the method of Reparaz, Balasch and Verbauwhede, "dude, is my code constant time?",
 * 2017). */
#ifndef TEST_CT_MEASURE_H
#define TEST_CT_MEASURE_H

#include <stddef.h>
#include <stdint.h>

enum { MEASURE_SAMPLES = 1000000 }; /* of both classes: what attack corpus AUTH-06 asks for */

/* Below, nothing is seen at that many samples; one such try is enough, since a leak is there in
 * each. */
#define MEASURE_QUIET 4.5
/* Beyond this in every try it is a leak. What lies between may be the machine's noise. */
#define MEASURE_LEAK 10.0
enum { MEASURE_TRIES = 5 };
/* What a leak that is there must come to. */
#define MEASURE_SEEN 50.0

struct measure {
	const char *name;
	void (*prepare)(unsigned class); /* untimed: the input of class 0 or 1 into its place */
	void (*run)(void);               /* timed */
};

struct measured {
	double t;       /* least |t| of all tries */
	double mean[2]; /* of that try, in ticks of the clock */
	unsigned tries;
};

/* Tries until one is quiet, at most MEASURE_TRIES times. */
struct measured measure(const struct measure *m);

#endif
