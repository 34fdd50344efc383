/* How often each thing happened in all worlds, over all workers: what never happens is a blind spot
 * of the simulator. */
#ifndef ADIT_SIM_TALLY_H
#define ADIT_SIM_TALLY_H

#include <stdbool.h>

struct sim_station;
struct adit_trace_record;

enum sim_group {
	SIM_OF_EVENTS,   /* of the world */
	SIM_OF_FAULTS,   /* fault.c */
	SIM_OF_CALLS,    /* that failed, by enum sim_call */
	SIM_OF_ATTACKS,  /* attack.c */
	SIM_OF_IKE,      /* datagrams by status */
	SIM_OF_IN,       /* packets by status */
	SIM_OF_OUT,      /* likewise */
	SIM_OF_VERDICTS, /* of packets that went in */
	SIM_OF_UPS,      /* events of IKE, by kind */
	SIM_OF_DOWNS,    /* the reasons of those that tell an end */
	SIM_OF_HEARD,    /* notifies in authentic messages and IKE_SA_INIT */
	SIM_OF_PATHS,    /* path.c */
	SIM_OF_QUARRELS, /* packets between nodes that disagree, by enum sim_quarrel - 1 */
	SIM_GROUPS
};

/* Before any worker begins. */
void sim_tally_begin(void);
void sim_tally(enum sim_group group, unsigned n);
/* A node's counters, before they are lost. */
void sim_tally_node(const struct sim_station *s);
void sim_tally_record(const struct adit_trace_record *rec);
/* false: an attack, a fault, or what narrow paths lead to never happened. */
bool sim_tally_print(void);

/* Their names in order, here and in fault.c, attack.c and path.c; NULL: no more. */
const char *sim_call_name(unsigned n); /* by enum sim_call */
const char *sim_fault_name(unsigned n);
const char *sim_attack_name(unsigned n);
const char *sim_path_name(unsigned n);

#endif
