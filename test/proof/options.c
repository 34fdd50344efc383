/* IPv4 options: any header is cut down to what later fragments carry without a step outside.
 * Sources: lib/wire/fragment.c test/proof/ip_contract.c
 * Bound: 32 bytes, 12 of options
 * Options: --unwind 14
 * Broken: lib/wire/fragment.c s/len < 2 || len > head - at/len < 2 || len > head/
 */
#include "proof.h"
#include "wire/fragment.h"
#include "wire/ip.h"

int
main(void)
{
	struct adit_span s = any_span(32);
	uint8_t *to = any_bytes(32);
	size_t n;

	GIVEN(s.n >= ADIT_IPV4_LEN && s.n % 4 == 0);
	n = adit_ipv4_later_header(s.p, s.n, nondet_bool() ? to : NULL);
	SHOW(n == 0 || (n >= ADIT_IPV4_LEN && n <= s.n && n % 4 == 0));
	if (n > ADIT_IPV4_LEN && n < s.n)
		REACHED("an option that is copied");
	return 0;
}
