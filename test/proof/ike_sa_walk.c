/* A walk over proposals or transforms: one step from anywhere stays within, and what is left is
 * less. By induction, that is so of the whole walk, and it ends, of checked payloads or others.
 * Sources: lib/wire/ike_sa_payload.c
 * Bound: 20 bytes; any number of either (induction)
 * Options: --unwind 5
 * Broken: lib/wire/ike_sa_payload.c s/!r->bad && !in.bad/true/
 */
#include "proof.h"
#include "wire/ike_sa_payload.h"

int
main(void)
{
	struct adit_span s = any_span(20), rest = s;
	struct adit_ike_proposal p;
	struct adit_ike_transform t;

	if (nondet_bool()) {
		if (!adit_ike_transform_next(&rest, &t))
			return 0;
		SHOW(is_within(rest, s) && rest.n + 8 <= s.n);
		if (t.usable && t.t.key_bits)
			REACHED("a transform with a key length");
		return 0;
	}
	if (!adit_ike_proposal_next(&rest, &p))
		return 0;
	SHOW(is_within(p.spi, s) && is_within(p.transforms, s) && is_within(rest, s));
	SHOW(8 + p.spi.n + p.transforms.n + rest.n == s.n);
	REACHED("a proposal");
	return 0;
}
