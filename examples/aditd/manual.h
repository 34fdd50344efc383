/* Keying by hand: the states and policies of a file, as planned (../xfrm/plan.h), in the node, and
 * what becomes of them there. */
#ifndef ADITD_MANUAL_H
#define ADITD_MANUAL_H

#include <stdio.h>

#include "../xfrm/plan.h"
#include "adit/node.h"
#include "numbers.h"

/* Where NAT keep-alives go (RFC 3948 4). */
struct manual_path {
	struct adit_path path;
	adit_ms due_at; /* if nothing is sent until then */
	bool is_alive;  /* an SA that sends there has not reached its end */
};

struct manual_sa {
	struct plan_sa *plan;
	struct number *number;
	struct manual_path *path; /* outbound, in UDP */
	uint64_t seen;            /* outbound: the last number, when it was looked at last */
	enum adit_age age;        /* as told last */
};

struct manual {
	struct plan *plan;
	struct manual_sa *sas;      /* as many as the plan has */
	struct numbers numbers;     /* file NULL: they are not kept */
	struct manual_sa **by_slot; /* of the database, those that are inbound */
	struct manual_path *paths;
	size_t path_count;
};

/* What the plan has to know of this machine. */
struct manual_place {
	struct plan_place plan;
	const char *numbers_file; /* or NULL */
};

/* Decides which state serves which policy in which direction. Touches nothing but the file of
 * numbers: it is read, and locked until manual_end(). NULL: what is wrong was written to err as
 * "file:line: text". *x must outlive the plan; memory is kept until keep_nothing(). */
struct manual *manual_plan(struct xfrm *x, const struct manual_place *place, FILE *err);
/* Writes the numbers ahead and makes the SAs. The node's first policies are those of the plan. */
bool manual_install(struct manual *m, struct adit_node *node, adit_ms now, FILE *err);
/* Keeps the numbers ahead, tells of lives that end. To be called at least every NUMBERS_LEFT
 * packets. false: the numbers can't be kept, and no packet more may be sent. */
bool manual_tick(struct manual *m, struct adit_node *node, adit_ms now, FILE *err);
/* To be asked before a packet of the verdict DELIVER is delivered: its number is in the file then,
 * and is not taken again after a restart. false: it can't be kept, and the packet is not to be
 * delivered. */
bool manual_came(struct manual *m, adit_ms now, const struct adit_verdict *v, FILE *err);
/* A path that a NAT keep-alive is to be sent on now; false: none (any more). After manual_tick().
 */
bool manual_keepalive(struct manual *m, adit_ms now, struct adit_path *path);
/* When the next one is due, if nothing is sent. */
adit_ms manual_deadline(const struct manual *m);
/* Writes the last numbers, from which a restart goes on without a jump; where no file keeps them,
 * tells those of each SA to people. Nothing may be sent or taken any more. false: the file could
 * not be written, which was told; what it holds is ahead, and as safe. */
bool manual_end(struct manual *m, struct adit_node *node);

/* Whether this machine has the address. */
bool manual_is_own(const struct adit_ip *ip);

#endif
