/* ICMP errors on the wire (RFC 792, RFC 4443): type numbers and offsets. */
#ifndef ADIT_WIRE_ICMP_H
#define ADIT_WIRE_ICMP_H

#include "wire/ip.h"

#define ADIT_ICMP_HEADER_LEN 8 /* type, code, checksum, a word that depends on the type */

enum { ADIT_ICMP_CHECKSUM = 2, ADIT_ICMP_REST = 4 };

enum {
	ADIT_ICMP_UNREACHABLE = 3,
	ADIT_ICMP_NEEDS_CUT = 4,   /* its code "fragmentation needed and DF set" */
	ADIT_ICMP_PROHIBITED = 13, /* its code "administratively prohibited" */
	ADIT_ICMPV6_UNREACHABLE = 1,
	ADIT_ICMPV6_PROHIBITED = 1,
	ADIT_ICMPV6_TOO_BIG = 2
};

#define ADIT_MTU_MIN_V4 68 /* RFC 791: every link does as much */

/* Whether this type of ICMP of that IP version tells an error. */
bool adit_icmp_is_error(uint8_t version, uint8_t type);
/* Whether an error may be sent about it: neither errors, nor redirects, nor what nobody knows. */
bool adit_icmp_is_answerable(uint8_t version, uint8_t type);

#endif
