/* Traffic selectors: what both sides agree to protect (RFC 7296 2.9, 2.23.1). */
#ifndef ADIT_IKE_NARROW_H
#define ADIT_IKE_NARROW_H

#include "adit/ike_config.h"
#include "wire/ike_ts.h"

/* The selectors that a child is configured with; where a side has none, the address of that end in
 * *path ("dynamic"). Also the initiator's offer: local goes into TSi, remote into TSr. */
void adit_narrow_own(const struct adit_child_config *child, const struct adit_path *path,
		     struct adit_selectors *own);

/* As responder: what the peer's TSi and TSr payloads (bodies) and *own have in common, up to
 * ADIT_TS_MAX selectors a side; never more than either. *sel is for our SA, *reply for the answer
 * (remote into TSi, local into TSr).
 * nat: NULL, or the path of the exchange where it is transport mode through a NAT: then the one
 * address that the peer names for each end stands for the one that we see (RFC 7296 2.23.1), and
 * reply repeats it. Else sel and reply are the same.
 * ERR_MALFORMED; ERR_TS: nothing in common, or not for both ends in one IP version. */
ADIT_MUST_USE enum adit_status adit_narrow_respond(const struct adit_selectors *own,
						   struct adit_span tsi, struct adit_span tsr,
						   const struct adit_path *nat,
						   struct adit_selectors *sel,
						   struct adit_selectors *reply);

/* As initiator: the selectors that the peer's TSi and TSr (bodies) took of what was offered.
 * ERR_MALFORMED; ERR_TS: wider than the offer, more than ADIT_TS_MAX, unknown, out of order, or not
 * for both ends in one IP version. */
ADIT_MUST_USE enum adit_status adit_narrow_verify(const struct adit_selectors *offered,
						  struct adit_span tsi, struct adit_span tsr,
						  struct adit_selectors *sel);

/* All that inner matches is matched by outer. */
bool adit_narrow_within(const struct adit_ts *inner, const struct adit_ts *outer);
/* What a and b both match; false: nothing. */
bool adit_narrow_intersect(const struct adit_ts *a, const struct adit_ts *b, struct adit_ts *out);

#endif
