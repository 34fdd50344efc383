/* What of a packet selectors look at, of packets whose headers are read already. */
#ifndef ADIT_SA_FLOW_H
#define ADIT_SA_FLOW_H

#include "adit/sa.h"
#include "wire/ip.h"

/* The flow of the packet at p, as adit_flow_read() gives it; v: its shape. */
void adit_flow_of(struct adit_flow *flow, enum adit_direction dir, const uint8_t *p,
		  const struct adit_ip_view *v);

/* Whether a whole packet of a protocol has something to select by where ports are: ports, type and
 * code, a Mobility Header's type. */
bool adit_protocol_has_ports(uint8_t protocol);

#endif
