/* From an authentic payload to the packet inside, of ESP and AH in every mode: whatever the payload
 * is, no step goes outside, and what is delivered lies within the packet that came.
 * Sources: lib/data/unwrap.c lib/data/outer.c test/proof/ip_contract.c test/proof/flow_contract.c
 * Bound: 80 bytes, any place within
 * Options: --unwind 2 -DPROOF_BYTES_UNREAD -DPROOF_COMPARE_ANY --sat-solver cadical
 * Broken: lib/data/unwrap.c s/u->n < (tcp ? TCP_LEN : ADIT_UDP_LEN)/u->n < ADIT_UDP_LEN/
 * Broken: lib/data/unwrap.c s/pkt->len = header + u->n;/pkt->len = header + u->n + 1;/
 * Broken: lib/data/unwrap.c s/pkt->len = base + u->n;/pkt->len = u->outer->upper_at + u->n;/
 */
#include "sa.h"
#include "unwrap_given.h"

#define BYTES 80

int
main(void)
{
	struct adit_pkt came = {any_bytes(BYTES), BYTES, any_up_to(BYTES), any_up_to(BYTES)};
	struct adit_pkt pkt = came;
	struct adit_ip_view outer;
	struct adit_unwrap u = {&outer, any_up_to(BYTES), any_up_to(BYTES), nondet_u8()};
	struct adit_sa sa;
	enum adit_status st;

	any_sa(&sa);
	GIVEN(is_unwrap_sound(&pkt, &u));
	st = adit_unwrap(&sa, &pkt, &u);
	SHOW(is_delivered_within(&pkt, &came));
	if (st != ADIT_OK)
		return 0;
	if (sa.mode == ADIT_TUNNEL)
		REACHED("a packet out of a tunnel");
	if (sa.mode == ADIT_TRANSPORT && outer.upper == ADIT_PROTO_UDP && u.next == ADIT_PROTO_TCP)
		REACHED("a packet of transport mode in UDP");
	if (sa.mode == ADIT_BEET)
		REACHED("a packet of BEET mode");
	return 0;
}
