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

enum adit_status
adit_replay_check(const struct adit_replay *w, uint64_t seq)
{
	SHOW(__CPROVER_r_ok(w, sizeof *w));
	/* A number of 32 bits may be left as it is. */
	if (!asked.is_expanded) {
		SHOW(!w->esn && seq <= UINT32_MAX);
		asked.is_expanded = true;
		asked.expanded = seq;
	}
	SHOW(seq == asked.expanded);
	asked.good = asked.checks++ ? asked.good : nondet_bool();
	return asked.good ? ADIT_OK : nondet_bool() ? ADIT_ERR_REPLAY : ADIT_ERR_OLD;
}

enum adit_status
adit_replay_commit(struct adit_replay *w, uint64_t seq)
{
	SHOW(__CPROVER_w_ok(w, sizeof *w) && asked.good && seq == asked.expanded);
	asked.good = false;
	asked.commits++;
	return ADIT_OK;
}
