/* Stands for lib/data/unwrap.c in proofs of what calls it, which show what it is given; what comes
 * out of it is any part of the packet, as unwrap.c shows. */
#include "unwrap_contract.h"

unsigned unwrapped;

enum adit_status
adit_unwrap(const struct adit_sa *sa, struct adit_pkt *pkt, const struct adit_unwrap *u)
{
	struct adit_pkt came = *pkt;

	SHOW(__CPROVER_r_ok(sa, sizeof *sa) && is_unwrap_sound(pkt, u));
	unwrapped++;
	pkt->off = nondet_size();
	pkt->len = nondet_size();
	GIVEN(is_delivered_within(pkt, &came));
	return nondet_bool() ? ADIT_OK : ADIT_ERR_SELECTOR;
}
