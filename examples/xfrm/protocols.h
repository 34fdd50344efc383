/* What is to be known of IP protocols to select packets by them. */
#ifndef XFRM_PROTOCOLS_H
#define XFRM_PROTOCOLS_H

#include <stdbool.h>
#include <stdint.h>

/* TCP, UDP, SCTP, DCCP, UDP-Lite. */
bool protocol_has_ports(uint8_t protocol);

#endif
