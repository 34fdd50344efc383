/* A walk over a chain of payloads: one step from anywhere stays within, and what is left is less.
 * By induction, that is so of the whole walk, and it ends.
 * Sources: lib/wire/ike_chain.c
 * Bound: 100 bytes; any number of payloads
 * Options: --unwind 2
 * Broken: lib/wire/ike_chain.c s/return r->bad ? ADIT_ERR_MALFORMED : ADIT_OK/return ADIT_OK/
 */
#include "proof.h"
#include "wire/ike_chain.h"

int
main(void)
{
	struct adit_span s = any_span(100), rest = s, body;
	uint8_t type = nondet_u8(), was = type;

	if (!adit_payload_next(&type, &rest, &body))
		return 0;
	SHOW(is_within(body, s) && is_within(rest, s));
	SHOW(rest.n < s.n && body.n + rest.n + 4 == s.n);
	SHOW(was != ADIT_PAYLOAD_SK || type == ADIT_PAYLOAD_NONE);
	REACHED("a payload");
	return 0;
}
