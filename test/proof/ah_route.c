/* Routing headers of IPv6, of which AH authenticates what they will be at the last hop: any one is
 * foretold without a step outside.
 * Bound: 72 bytes: 4 addresses
 * Options: --unwind 2 -DPROOF_BYTES_UNREAD
 * Broken: lib/data/ah_mute.c s/left > addresses ||/left > addresses + 1 ||/
 */
#include "data/ah_mute.c"

#include "proof.h"

int
main(void)
{
	struct adit_buf b = any_buf(72);
	uint8_t *header = any_bytes(ADIT_IPV6_LEN);

	/* The walk gives whole units of 8 bytes. */
	GIVEN(b.cap >= 8 && b.cap % 8 == 0);
	if (foretell_route(header, b.p, b.cap) == ADIT_OK && b.cap == 72)
		REACHED("a header of four addresses");
	return 0;
}
