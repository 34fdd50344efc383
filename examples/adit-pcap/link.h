/* Where the IP packet begins in a captured frame, by link type. */
#ifndef ADIT_PCAP_LINK_H
#define ADIT_PCAP_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The link types that are read (tcpdump.org/linktypes.html), as libpcap's DLT_ numbers say them. */
bool link_is_known(int dlt);

/* True: the frame's IP packet begins at *at. False: the frame carries something else (ARP, say) or
 * ends before its header does. */
bool link_find_ip(int dlt, const uint8_t *frame, size_t n, size_t *at);

#endif
