/* What run and its kin are told on the command line. */
#ifndef ADIT_SIM_OPTIONS_H
#define ADIT_SIM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_options {
	uint64_t first, count;
	uint64_t events;      /* of storm, at most; 0: as the seed says */
	unsigned jobs, nodes; /* nodes: 0: as the seed says */
	bool trace, quiet, tally;
};

/* A number of least..most, and nothing but that; decimal, or hex after 0x. */
bool sim_number(const char *text, uint64_t least, uint64_t most, uint64_t *n);
/* false: why says what is wrong with the arguments. */
bool sim_options_read(struct sim_options *o, int argc, char **argv, char *why, size_t size);

#endif
