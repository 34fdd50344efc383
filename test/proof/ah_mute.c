/* What AH authenticates of an IPv4 header: any options are muted, and source routes foretold,
 * without a step outside.
 * Sources: lib/data/ah_mute.c
 * Bound: 32 bytes, 12 of options
 * Options: --unwind 2 --unwindset mute_ipv4.0:13 -DPROOF_BYTES_UNREAD
 * Broken: lib/data/ah_mute.c s/len > n - at)/len > n)/
 * Broken: lib/data/ah_mute.c s/n < ROUTE_LEN_MIN ||/n < 2 ||/
 */
#include "data/ah_mute.h"
#include "wire/ip.h"
#include "proof.h"

#define BYTES 32

int
main(void)
{
	struct adit_span s = any_span(BYTES);
	/* Room for just the header, of which no more is written than there is. */
	uint8_t *room = any_bytes(BYTES), *muted = room + BYTES - s.n;
	enum adit_status st;

	/* Of a packet that adit_ip_get() took: the fixed header is there. */
	GIVEN(s.n >= ADIT_IPV4_LEN && s.p[0] >> 4 == 4);
	st = adit_ah_mute(s.p, s.n, muted);
	SHOW(st == ADIT_OK || st == ADIT_ERR_MALFORMED);
	if (st != ADIT_OK)
		return 0;
	SHOW(muted[ADIT_IPV4_TTL] == 0);
	if (s.n == BYTES)
		REACHED("a header with options");
	return 0;
}
