/* TCP headers as the data path needs them: offsets and flags (RFC 9293 3.1). */
#ifndef ADIT_WIRE_TCP_H
#define ADIT_WIRE_TCP_H

#include "wire/ip.h"

#define ADIT_TCP_LEN 20

enum { ADIT_TCP_SEQ = 4, ADIT_TCP_OFFSET = 12, ADIT_TCP_FLAGS = 13, ADIT_TCP_CHECKSUM = 16 };

enum {
	ADIT_TCP_FIN = 1,
	ADIT_TCP_SYN = 2,
	ADIT_TCP_RST = 4,
	ADIT_TCP_PSH = 8,
	ADIT_TCP_URG = 32,
	ADIT_TCP_CWR = 128
};

/* Bytes of the header at p, of which n are there; zero: it is none. */
static inline size_t
adit_tcp_header_len(const uint8_t *p, size_t n)
{
	size_t len = n < ADIT_TCP_LEN ? 0 : (size_t)(p[ADIT_TCP_OFFSET] >> 4) * 4;

	return len < ADIT_TCP_LEN || len > n ? 0 : len;
}

#endif
