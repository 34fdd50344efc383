/* What AH authenticates of IPv6 headers: extension headers are walked, and their options muted,
 * without a step outside.
 * Sources: lib/data/ah_mute.c
 * Bound: 56 bytes: 2 extension headers, 14 of options
 * Options: --unwind 2 --unwindset mute_ipv6.0:3,mute_ipv6_options.0:15 -DPROOF_BYTES_UNREAD
 * Broken: lib/data/ah_mute.c s/n - at - OPTION_LEN_MIN)/n - at)/
 * Broken: lib/data/ah_mute.c s/if (len > n - at)/if (len > n)/
 */
#include "data/ah_mute.h"
#include "proof.h"
#include "wire/ip.h"

#define BYTES 56

int
main(void)
{
	struct adit_span s = any_span(BYTES);
	/* Room for just the headers, of which no more is written than there is. */
	uint8_t *room = any_bytes(BYTES), *muted = room + BYTES - s.n;
	enum adit_status st;

	/* Of a packet that adit_ip_get() took: the fixed header is there. */
	GIVEN(s.n >= ADIT_IPV6_LEN && s.p[0] >> 4 == 6);
	st = adit_ah_mute(s.p, s.n, muted);
	SHOW(st == ADIT_OK || st == ADIT_ERR_MALFORMED || st == ADIT_ERR_UNSUPPORTED);
	if (st != ADIT_OK)
		return 0;
	SHOW(muted[ADIT_IPV6_HOPS] == 0);
	if (s.n == BYTES)
		REACHED("a packet with extension headers");
	return 0;
}
