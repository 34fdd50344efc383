/* What is to be known of IP protocols to select packets by them. */
#include "protocols.h"

#include "adit/sa.h"

enum { DCCP = 33, SCTP = 132, UDPLITE = 136 };

bool
protocol_has_ports(uint8_t protocol)
{
	return protocol == ADIT_PROTO_TCP || protocol == ADIT_PROTO_UDP || protocol == DCCP ||
	       protocol == SCTP || protocol == UDPLITE;
}
