/* Traffic Selector payloads (RFC 7296 3.13). */
#ifndef ADIT_WIRE_IKE_TS_H
#define ADIT_WIRE_IKE_TS_H

#include "adit/sa.h"
#include "wire/ike_chain.h"

/* An iterator over the selectors of a payload. */
struct adit_ike_ts_list {
	struct adit_reader r;
	uint8_t left;
};

/* Begins; checks every selector's length and the count, so that the iteration can't fail later.
 * ERR_MALFORMED: lengths, count, count 0. */
ADIT_MUST_USE enum adit_status adit_ike_get_ts(struct adit_span body,
					       struct adit_ike_ts_list *list);
/* The next selector of a known type (IPv4 and IPv6 ranges; others are passed over); false: end.
 * A range that ends before it begins comes as it is: adit_ts_valid() tells. */
bool adit_ike_ts_next(struct adit_ike_ts_list *list, struct adit_ts *ts);
/* Ranges in order; the port form OPAQUE (65535..0) is not supported and counts as invalid. */
bool adit_ts_valid(const struct adit_ts *ts);

/* type: ADIT_PAYLOAD_TSI or _TSR. */
void adit_ike_put_ts(struct adit_ike_writer *m, uint8_t type, const struct adit_ts *ts,
		     uint8_t count);

#endif
