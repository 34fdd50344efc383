/* SA payloads: any body is checked without a step outside and without end; of one that was found
 * good every proposal and every transform is then read, as many as it says, and nothing is left.
 * Sources: lib/wire/ike_sa_payload.c
 * Bound: 24 bytes: 1 proposal, 2 transforms, 2 attributes
 * Options: --unwind 3 --unwindset check_transforms.0:4,get_transform.0:3,main.0:3
 * Options: --sat-solver cadical
 * Broken: lib/wire/ike_sa_payload.c s/> 0 && adit_reader_done(&r) == ADIT_OK/> 0/
 */
#include "proof.h"
#include "wire/ike_sa_payload.h"

int
main(void)
{
	struct adit_span body = any_span(24), rest = body, more;
	struct adit_ike_proposal p;
	struct adit_ike_transform t;
	unsigned transforms = 0;

	if (adit_ike_check_sa(body) != ADIT_OK)
		return 0;
	SHOW(adit_ike_proposal_next(&rest, &p));
	SHOW(is_within(p.spi, body) && is_within(p.transforms, body) && rest.n == 0);
	more = p.transforms;
	while (adit_ike_transform_next(&more, &t))
		transforms++;
	SHOW(transforms == p.transform_count && transforms > 0 && more.n == 0);
	if (transforms == 2)
		REACHED("two transforms");
	return 0;
}
