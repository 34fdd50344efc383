/* What unwrapping is given: shown of those that call it by unwrap_contract.c, taken for granted by
 * unwrap.c. */
#ifndef ADIT_TEST_PROOF_UNWRAP_GIVEN_H
#define ADIT_TEST_PROOF_UNWRAP_GIVEN_H

#include "data/unwrap.h"
#include "ip_view.h"

static inline bool
is_unwrap_sound(const struct adit_pkt *pkt, const struct adit_unwrap *u)
{
	return adit_pkt_is_sound(pkt) && is_view_sound(adit_pkt_data(pkt), pkt->len, u->outer) &&
	       u->at >= u->outer->upper_at + 8u && u->at <= u->outer->total &&
	       u->n <= u->outer->total - u->at;
}

/* What is delivered lies within the packet that came, at its end. */
static inline bool
is_delivered_within(const struct adit_pkt *pkt, const struct adit_pkt *came)
{
	return pkt->buf == came->buf && pkt->cap == came->cap && pkt->off >= came->off &&
	       pkt->len <= came->len && pkt->off - came->off <= came->len - pkt->len;
}

#endif
