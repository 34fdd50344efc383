/* From an authentic payload to a packet that may be delivered, for ESP and AH alike (RFC 4301 5.2).
 */
#ifndef ADIT_DATA_UNWRAP_H
#define ADIT_DATA_UNWRAP_H

#include "adit/sa.h"
#include "wire/ip.h"

/* Where the payload of an authentic packet is and what it says to be. */
struct adit_unwrap {
	const struct adit_ip_view *outer;
	size_t at, n; /* the payload, from the packet's first byte */
	uint8_t next; /* its protocol */
};

/* Makes *pkt the packet inside, by the SA's mode, and holds it against the SA's selectors.
 * ERR_DUMMY, ERR_UNSUPPORTED, ERR_MALFORMED, ERR_ECN, ERR_SELECTOR: bytes undefined. */
ADIT_MUST_USE enum adit_status adit_unwrap(const struct adit_sa *sa, struct adit_pkt *pkt,
					   const struct adit_unwrap *u);

#endif
