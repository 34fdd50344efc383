/* What selectors look at of a packet is read within it, whatever view of it is a true one.
 * Sources: lib/sa/flow.c test/proof/ip_contract.c
 * Bound: 80 bytes
 * Options: --unwind 2
 * Broken: lib/sa/flow.c s/if (n < 4)/if (n < 3)/
 */
#include "ip_view.h"
#include "sa/flow.h"

int
main(void)
{
	struct adit_span s = any_span(80);
	struct adit_ip_view v;
	struct adit_flow flow;

	GIVEN(is_view_sound(s.p, s.n, &v));
	adit_flow_of(&flow, nondet_bool() ? ADIT_IN : ADIT_OUT, s.p, &v);
	SHOW(flow.local.version == v.version && flow.remote.version == v.version);
	SHOW(v.first || !flow.has_ports);
	if (flow.has_ports)
		REACHED("a flow with ports");
	return 0;
}
