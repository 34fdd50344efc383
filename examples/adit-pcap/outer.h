/* Whether an IP packet is ESP, bare or in UDP (RFC 3948), or AH, and of which SPI. */
#ifndef ADIT_PCAP_OUTER_H
#define ADIT_PCAP_OUTER_H

#include "adit/base.h"

enum outer_kind {
	OUTER_OTHER,   /* not ESP: IKE, a NAT keepalive, anything; or no whole IP header */
	OUTER_ESP,     /* ESP over IP */
	OUTER_ESP_UDP, /* ESP in UDP */
	OUTER_AH,      /* AH */
	OUTER_CUT      /* ESP, but a fragment, or too short to have an SPI and a number */
};

struct outer {
	enum outer_kind kind;
	struct adit_ip src, dst;
	uint16_t src_port, dst_port; /* OUTER_ESP_UDP */
	uint32_t spi, seq_low;       /* OUTER_ESP, OUTER_ESP_UDP, OUTER_AH */
	bool fragment;               /* OUTER_CUT: it is a fragment */
};

/* Looks at the n bytes of an IP packet. udp_port: UDP to or from this port may carry ESP. */
void outer_read(struct outer *o, const uint8_t *p, size_t n, uint16_t udp_port);

#endif
