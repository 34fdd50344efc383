/* What run is told on the command line: numbers are numbers, or it is said which is none. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/options.h"
#include "sim/world.h"

enum { JOBS_MAX = 1024 };

bool
sim_number(const char *text, uint64_t least, uint64_t most, uint64_t *n)
{
	char *end;

	errno = 0;
	*n = strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	return isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0 && *n >= least &&
	       *n <= most;
}

struct value {
	const char *name;
	uint64_t n, least, most;
	const char *words; /* of the values it may have */
};

static bool *
switch_of(struct sim_options *o, const char *name)
{
	if (strcmp(name, "--trace") == 0)
		return &o->trace;
	if (strcmp(name, "--quiet") == 0)
		return &o->quiet;
	return strcmp(name, "--tally") == 0 ? &o->tally : NULL;
}

static bool
read_value(struct value *values, char **argv, char *why, size_t size)
{
	for (struct value *v = values; v->name; v++) {
		if (strcmp(argv[0], v->name) != 0)
			continue;
		if (argv[1] && sim_number(argv[1], v->least, v->most, &v->n))
			return true;
		snprintf(why, size, "%s wants %s, not \"%s\"", v->name, v->words,
			 argv[1] ? argv[1] : "");
		return false;
	}
	snprintf(why, size,
		 "\"%s\" is unknown; there are: --seed N, --seeds N, --jobs N, --nodes N, "
		 "--events N, --trace, --quiet, --tally",
		 argv[0]);
	return false;
}

bool
sim_options_read(struct sim_options *o, int argc, char **argv, char *why, size_t size)
{
	enum { SEED, COUNT, JOBS, NODES, EVENTS };
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct value values[] = {
		[SEED] = {"--seed", 0, 0, UINT64_MAX, "the number of a seed"},
		[COUNT] = {"--seeds", 1000, 1, UINT64_MAX, "how many seeds, 1 or more"},
		[JOBS] = {"--jobs", processors > 0 ? (uint64_t)processors : 1, 1, JOBS_MAX,
			  "how many workers, 1 to 1024"},
		[NODES] = {"--nodes", 0, 2, SIM_NODES_MAX, "how many nodes, 2 to 1000"},
		[EVENTS] = {"--events", 0, 1, UINT64_MAX, "how many events, 1 or more"},
		{NULL, 0, 0, 0, NULL},
	};

	memset(o, 0, sizeof *o);
	for (int i = 1; i < argc; i++) {
		bool *on = switch_of(o, argv[i]);

		if (on)
			*on = true;
		else if (!read_value(values, &argv[i++], why, size))
			return false;
	}
	o->first = values[SEED].n;
	o->count = values[COUNT].n;
	o->jobs = o->trace ? 1 : (unsigned)values[JOBS].n;
	o->nodes = (unsigned)values[NODES].n;
	o->events = values[EVENTS].n;
	return true;
}
