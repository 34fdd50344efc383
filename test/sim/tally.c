/* How often each thing happened, in memory that all workers share. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "sim/tally.h"
#include "sim/world.h"

enum { PLACES = 256, PAYLOAD = 4, NOTIFY = 41, NOTIFY_LEAST = 8, STATUS_BASE = 16384, HALF = 128 };

/* Of a size that every machine adds to at once. */
static size_t (*counts)[PLACES];

void
sim_tally_begin(void)
{
	void *p = mmap(NULL, SIM_GROUPS * sizeof *counts, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	counts = p;
}

static void
add(enum sim_group group, unsigned n, uint64_t times)
{
	if (counts && times)
		(void)__atomic_fetch_add(&counts[group][n % PLACES], (size_t)times,
					 __ATOMIC_RELAXED);
}

void
sim_tally(enum sim_group group, unsigned n)
{
	add(group, n, 1);
}

void
sim_tally_node(const struct sim_station *s)
{
	const uint64_t *ike = adit_ike_counters(&s->node.ike);

	for (unsigned i = 0; counts && i < ADIT_STATUS_COUNT; i++) {
		add(SIM_OF_IKE, i, ike[i]);
		add(SIM_OF_IN, i, s->node.ipsec.in[i]);
		add(SIM_OF_OUT, i, s->node.ipsec.out[i]);
	}
}

/* Errors have the lower half of the places, what only tells the upper one. */
static unsigned
place_of(unsigned type)
{
	return type < STATUS_BASE ? type % HALF : HALF + (type - STATUS_BASE) % HALF;
}

void
sim_tally_record(const struct adit_trace_record *rec)
{
	const uint8_t *p = rec->payloads.p;
	size_t left = rec->payloads.n;

	for (uint8_t type = rec->first_payload; counts && type && left >= PAYLOAD;) {
		size_t n = (size_t)p[2] << 8 | p[3];

		if (n < PAYLOAD || n > left)
			return;
		if (type == NOTIFY && n >= NOTIFY_LEAST)
			sim_tally(SIM_OF_HEARD, place_of((unsigned)p[6] << 8 | p[7]));
		type = p[0];
		p += n;
		left -= n;
	}
}

const char *
sim_call_name(unsigned n)
{
	static const char *const names[SIM_CALL_COUNT] = {"random", "keying", "sealing", "opening",
							  "MAC",    "KE",     "hash",    "send"};

	return n < SIM_CALL_COUNT ? names[n] : NULL;
}

static const char *
event_name(unsigned n)
{
	static const char *const names[SIM_EVENT_KINDS] = {"arrive", "tick",  "rise",
							   "app",    "fault", "attack"};

	return n < SIM_EVENT_KINDS ? names[n] : NULL;
}

static const char *
verdict_name(unsigned n)
{
	static const char *const names[] = {"discard", "bypass", "send",    "need SA",
					    "too big", "queue",  "deliver", "aggfrag"};

	return n < sizeof names / sizeof names[0] ? names[n] : NULL;
}

static const char *
status_name(unsigned n)
{
	return n < ADIT_STATUS_COUNT ? adit_status_name((enum adit_status)n) : NULL;
}

static const char *
told_name(unsigned n)
{
	return n <= ADIT_EVENT_CHILD_DOWN ? adit_event_name((enum adit_ike_event_kind)n) : NULL;
}

/* Notifies go by their numbers, and those that never came are not told. */
static const char *
notify_name(unsigned n)
{
	static char text[16];

	if (n >= PLACES)
		return NULL;
	snprintf(text, sizeof text, "%u", n < HALF ? n : STATUS_BASE + n - HALF);
	return counts[SIM_OF_HEARD][n] ? text : "";
}

static const char *
quarrel_name(unsigned n)
{
	static const char *const names[SIM_QUARRELS - 1] = {"wrong name", "wrong secret",
							    "wrong selectors"};

	return n < SIM_QUARRELS - 1 ? names[n] : NULL;
}

static const struct {
	const char *words;
	const char *(*name)(unsigned n);
	bool must; /* none may be missing */
} groups[SIM_GROUPS] = {
	[SIM_OF_EVENTS] = {"events", event_name, true},
	[SIM_OF_FAULTS] = {"faults", sim_fault_name, true},
	[SIM_OF_CALLS] = {"calls that failed", sim_call_name, true},
	[SIM_OF_ATTACKS] = {"attacks", sim_attack_name, true},
	[SIM_OF_IKE] = {"IKE, by status", status_name, false},
	[SIM_OF_IN] = {"inbound, by status", status_name, false},
	[SIM_OF_OUT] = {"outbound, by status", status_name, false},
	[SIM_OF_VERDICTS] = {"verdicts inbound", verdict_name, false},
	[SIM_OF_UPS] = {"events of IKE", told_name, false},
	[SIM_OF_DOWNS] = {"why SAs ended", status_name, false},
	[SIM_OF_HEARD] = {"notifies", notify_name, false},
	[SIM_OF_QUARRELS] = {"packets between those that disagree", quarrel_name, true},
	[SIM_OF_PATHS] = {"narrow paths", sim_path_name, true},
};

static bool
print_group(enum sim_group group)
{
	const char *name;
	bool good = true;

	printf("%s:\n", groups[group].words);
	for (unsigned i = 0; (name = groups[group].name(i)) != NULL; i++) {
		if (counts[group][i])
			printf("  %12llu  %s\n", (unsigned long long)counts[group][i], name);
		else if (groups[group].must)
			printf("         NEVER  %s\n", name);
		good = good && (counts[group][i] || !groups[group].must);
	}
	printf("  never:");
	for (unsigned i = 0; (name = groups[group].name(i)) != NULL; i++)
		if (counts[group][i] == 0 && name[0])
			printf(" %s", name);
	printf("\n");
	return good;
}

bool
sim_tally_print(void)
{
	bool good = true;

	for (unsigned i = 0; i < SIM_GROUPS; i++)
		good = print_group((enum sim_group)i) && good;
	return good;
}
