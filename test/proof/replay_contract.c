/* Stands for lib/sa/replay.c in proofs of what calls it: of a single packet, whose number may be
 * new or not, and is so until it is taken. */
#include "replay_contract.h"

struct asked asked;

uint64_t
adit_replay_expand(const struct adit_replay *w, uint32_t low)
{
	SHOW(__CPROVER_r_ok(w, sizeof *w));
	asked.is_expanded = true;
	asked.expanded = (uint64_t)(w->esn ? nondet_u32() : 0) << 32 | low;
	return asked.expanded;
}

/* The number is the one expanded; one of 32 bits may be left as it is. */
static void
is_the_number(const struct adit_replay *w, uint64_t seq)
{
	if (!asked.is_expanded) {
		SHOW(!w->esn && seq <= UINT32_MAX);
		asked.is_expanded = true;
		asked.expanded = seq;
	}
	SHOW(seq == asked.expanded);
}

enum adit_status
adit_replay_check(const struct adit_replay *w, uint64_t seq)
{
	SHOW(__CPROVER_r_ok(w, sizeof *w));
	is_the_number(w, seq);
	asked.good = asked.checks++ ? asked.good : nondet_bool();
	return asked.good ? ADIT_OK : nondet_bool() ? ADIT_ERR_REPLAY : ADIT_ERR_OLD;
}

enum adit_status
adit_replay_commit(struct adit_replay *w, uint64_t seq)
{
	SHOW(__CPROVER_w_ok(w, sizeof *w));
	is_the_number(w, seq);
	/* What is beyond the window is new, unasked. */
	SHOW(asked.checks ? asked.good : seq > w->top && !asked.commits);
	asked.good = false;
	asked.commits++;
	return ADIT_OK;
}
