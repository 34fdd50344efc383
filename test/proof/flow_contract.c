/* Stands for lib/sa/flow.c and selectors.c in proofs of what calls them: looks whether the packet
 * is there to be read, and says anything. */
#include "proof.h"
#include "sa/flow.h"

void
adit_flow_of(struct adit_flow *flow, enum adit_direction dir, const uint8_t *p,
	     const struct adit_ip_view *v)
{
	struct adit_flow any;

	(void)dir;
	SHOW(__CPROVER_r_ok(p, v->total));
	*flow = any;
}

bool
adit_selectors_match(const struct adit_selectors *s, const struct adit_flow *flow)
{
	SHOW(__CPROVER_r_ok(s, sizeof *s) && __CPROVER_r_ok(flow, sizeof *flow));
	return nondet_bool();
}
