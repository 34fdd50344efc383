/* ICMP errors made: about any packet, into any room, without a step outside; what is made fits.
 * Sources: lib/wire/icmp.c test/proof/ip_contract.c
 * Bound: 64 bytes, quoted into up to 100
 * Options: --unwind 17
 * Broken: lib/wire/icmp.c s/if (room < most)/if (room > most)/
 */
#include "adit/icmp.h"
#include "proof.h"

int
main(void)
{
	struct adit_span s = any_span(64);
	struct adit_buf b = any_buf(100);
	struct adit_pkt out = {b.p, b.cap, any_up_to(100), 0};
	struct adit_ip from;
	enum adit_status st = nondet_bool() ? adit_icmp_too_big(s.p, s.n, nondet_u32(), &from, &out)
					    : adit_icmp_prohibited(s.p, s.n, &from, &out);

	if (st != ADIT_OK)
		return 0;
	SHOW(out.off <= out.cap && out.len <= out.cap - out.off);
	REACHED("an error");
	return 0;
}
