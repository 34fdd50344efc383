/* Payload chains: any bytes are indexed without a step outside, and what is found lies within.
 * Sources: lib/wire/ike_chain.c
 * Bound: 12 bytes, 3 payloads
 * Options: --unwind 5
 * Broken: lib/wire/ike_chain.c s/chain->present |= bit;/chain->present = bit;/
 */
#include "proof.h"
#include "wire/ike_chain.h"

int
main(void)
{
	struct adit_span s = any_span(12);
	struct adit_ike_chain chain;
	uint8_t any = nondet_u8();

	if (adit_ike_get_chain(s, nondet_u8(), &chain) != ADIT_OK)
		return 0;
	GIVEN(any >= ADIT_PAYLOAD_FIRST && any <= ADIT_PAYLOAD_LAST);
	SHOW(is_within(adit_ike_body(&chain, any), s));
	SHOW(adit_ike_has(&chain, any) || adit_ike_body(&chain, any).n == 0);
	if (adit_ike_has(&chain, ADIT_PAYLOAD_NOTIFY) && adit_ike_has(&chain, ADIT_PAYLOAD_SK))
		REACHED("a good chain");
	return 0;
}
