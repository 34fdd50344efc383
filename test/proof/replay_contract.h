/* What replay_contract.c was asked. */
#ifndef ADIT_TEST_PROOF_REPLAY_CONTRACT_H
#define ADIT_TEST_PROOF_REPLAY_CONTRACT_H

#include "adit/replay.h"
#include "proof.h"

struct asked {
	bool is_expanded;  /* or seen as it is */
	uint64_t expanded; /* the number that came of it */
	bool good;         /* it was checked, and is new */
	unsigned checks, commits;
};
extern struct asked asked;

#endif
