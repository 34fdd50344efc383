/* How often unwrap_contract.c was called. */
#ifndef ADIT_TEST_PROOF_UNWRAP_CONTRACT_H
#define ADIT_TEST_PROOF_UNWRAP_CONTRACT_H

#include "unwrap_given.h"

extern unsigned unwrapped;

#endif
