/* ICMP errors received: any packet is read without a step outside, with what it quotes.
 * Sources: lib/data/icmp_read.c lib/wire/icmp.c test/proof/ip_contract.c test/proof/flow_contract.c
 * Bound: 100 bytes
 * Options: --unwind 2
 * Broken: lib/data/icmp_read.c s/if (end > n)/if (end > n + 4)/
 * Broken: lib/data/icmp_read.c s/upper_at < ADIT_ICMP_HEADER_LEN/upper_at < 4/
 */
#include "adit/icmp.h"
#include "proof.h"

int
main(void)
{
	struct adit_span s = any_span(100);
	struct adit_icmp_error e;

	if (adit_icmp_error_read(&e, s.p, s.n) != ADIT_OK)
		return 0;
	SHOW(e.has_spi || !e.has_seq);
	SHOW(!e.has_spi || e.spi != 0);
	if (e.has_seq && e.from.version == 6)
		REACHED("an error about a packet of ESP or AH");
	return 0;
}
