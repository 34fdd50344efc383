/* What a datagram of the NAT-T port is (RFC 3948 2). */
#include <string.h>

#include "adit/stream.h"

enum adit_natt_kind
adit_natt_kind(struct adit_span d)
{
	static const uint8_t marker[ADIT_NATT_MARKER_LEN];

	if (d.n == 1 && d.p[0] == ADIT_NATT_KEEPALIVE_BYTE)
		return ADIT_NATT_KEEPALIVE;
	if (d.n < sizeof marker)
		return ADIT_NATT_NOTHING;
	return memcmp(d.p, marker, sizeof marker) == 0 ? ADIT_NATT_IKE : ADIT_NATT_ESP;
}
