/* Internet checksums: any bytes are summed without a step outside; a sum that is mended stays
 * right.
 * Sources: lib/wire/ip.c
 * Bound: 7 bytes; any sum of the rest
 * Options: --unwind 5
 * Broken: lib/wire/ip.c s/n > 3; p += 4/n > 2; p += 4/
 * Broken: lib/wire/ip.c s/uint32_t acc = (uint16_t)~sum/uint32_t acc = sum/
 */
#include "base/endian.h"
#include "proof.h"
#include "wire/ip.h"

int
main(void)
{
	struct adit_span s = any_span(7);
	uint8_t p[6], was[2]; /* a word that changes, one for all others, the checksum */

	(void)adit_checksum(s.p, s.n);
	GIVEN((p[2] || p[3]) && adit_checksum(p, sizeof p) == 0);
	was[0] = p[0];
	was[1] = p[1];
	p[0] = nondet_u8();
	p[1] = nondet_u8();
	adit_store16(p + 4, adit_checksum_change(adit_load16(p + 4), was, p, 2));
	SHOW(adit_checksum(p, sizeof p) == 0);
	REACHED("a mended sum");
	return 0;
}
