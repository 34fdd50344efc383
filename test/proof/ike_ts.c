/* Traffic selectors: any body is checked without a step outside; of one that was found good every
 * selector is then read likewise.
 * Sources: lib/wire/ike_ts.c
 * Bound: 44 bytes, 2 selectors
 * Options: --unwind 17 --unwindset adit_ike_get_ts.0:3,adit_ike_ts_next.0:3,main.0:3
 * Broken: lib/wire/ike_ts.c s/i < list->left; i++/i + 1 < list->left; i++/
 */
#include "proof.h"
#include "wire/ike_ts.h"

int
main(void)
{
	struct adit_span body = any_span(44);
	struct adit_ike_ts_list list;
	struct adit_ts ts;
	unsigned n = 0;

	GIVEN(body.n == 0 || body.p[0] <= 2);
	if (adit_ike_get_ts(body, &list) != ADIT_OK)
		return 0;
	while (adit_ike_ts_next(&list, &ts)) {
		SHOW(ts.version == 4 || ts.version == 6);
		SHOW(!list.r.bad);
		(void)adit_ts_valid(&ts);
		n++;
	}
	SHOW(list.left == 0 && adit_reader_done(&list.r) == ADIT_OK);
	if (n == 2)
		REACHED("two selectors");
	return 0;
}
