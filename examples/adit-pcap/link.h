/* Where the IP packet begins in a captured frame, by link type. */
#ifndef ADIT_PCAP_LINK_H
#define ADIT_PCAP_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The link types that are read (tcpdump.org/linktypes.html), as pcap_datalink() says them. */
enum {
	LINK_NULL = 0,
	LINK_EN10MB = 1,
	LINK_RAW_BSD = 12, /* what libpcap says for RAW, by system */
	LINK_RAW_OPENBSD = 14,
	LINK_RAW = 101,
	LINK_LOOP = 108,
	LINK_SLL = 113,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_SLL2 = 276
};

bool link_is_known(int link);

/* True: the frame's IP packet begins at *at. False: the frame carries something else (ARP, say) or
 * ends before its header does. */
bool link_find_ip(int link, const uint8_t *frame, size_t n, size_t *at);

#endif
