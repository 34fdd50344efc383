/* The MSS option: any packet's options are walked and lowered without a step outside.
 * Sources: lib/data/mss.c test/proof/ip_contract.c
 * Bound: 48 bytes: 8 bytes of options
 * Options: --unwind 10
 * Broken: lib/data/mss.c s/len < 2 || len > n - at/len < 2 || len > n/
 */
#include "adit/segment.h"
#include "proof.h"

int
main(void)
{
	struct adit_buf b = any_buf(48);

	if (adit_mss_clamp(b.p, b.cap, nondet_size()))
		REACHED("a lowered option");
	return 0;
}
