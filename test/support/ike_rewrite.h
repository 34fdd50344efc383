/* Parses each payload of a chain and writes it again from what was parsed: for tests that the two
 * are inverses. */
#ifndef ADIT_TEST_IKE_REWRITE_H
#define ADIT_TEST_IKE_REWRITE_H

#include "wire/ike_chain.h"

/* false: a payload that does not parse. Payloads without a codec are copied. */
bool ike_rewrite(struct adit_ike_writer *m, const struct adit_ike_chain *chain);

#endif
