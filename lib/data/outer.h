/* Outer headers: the tunnel's own, the original one of transport mode, UDP (RFC 4301 5.1.2, RFC
 * 6040, RFC 3948). */
#ifndef ADIT_DATA_OUTER_H
#define ADIT_DATA_OUTER_H

#include <string.h>

#include "adit/sa.h"
#include "wire/ip.h"

/* Whether the packet of that version at p goes to the SA's local address: its own header goes the
 * other way. To its port, behind a UDP header at `udp`. */
static inline bool
adit_outer_is_to(const struct adit_sa *sa, const uint8_t *p, uint8_t version)
{
	if (version != sa->outer[0] >> 4)
		return false;
	if (version == 4)
		return memcmp(p + ADIT_IPV4_DESTINATION, sa->outer + ADIT_IPV4_SOURCE, 4) == 0;
	return memcmp(p + ADIT_IPV6_DESTINATION, sa->outer + ADIT_IPV6_SOURCE, 16) == 0;
}
bool adit_outer_is_to_port(const struct adit_sa *sa, const uint8_t *udp);

/* Writes the SA's outer header for a packet of `total` bytes at p. inner: of the packet inside at
 * `in`, for DSCP, ECN, DF and flow label by the SA's flags (RFC 4301 5.1.2). id: IPv4
 * identification. */
void adit_outer_put(const struct adit_sa *sa, uint8_t *p, size_t total,
		    const struct adit_ip_view *inner, const uint8_t *in, uint16_t id);
/* Sets the length of the UDP header at the end of `headers` bytes of outer headers; then its
 * checksum: zero over IPv4, true over IPv6, whose receivers drop a zero one. Called last. */
void adit_outer_finish_udp(uint8_t *p, size_t headers, size_t total);

/* Brings what the outer header says of congestion, and of DSCP if the SA asks for it, into the
 * inner packet at p (RFC 6040 4.2, RFC 2983). ERR_ECN: to be dropped. */
ADIT_MUST_USE enum adit_status adit_outer_to_inner(const struct adit_sa *sa, uint8_t outer_tos,
						   uint8_t *p, const struct adit_ip_view *inner);

/* Whether an outer packet of `total` bytes may leave: it is no longer than the path's MTU, or it is
 * to be cut outside, as the SA wants it, or as it must be: no sender makes IPv6 packets shorter
 * than 1280 bytes (RFC 8200 5, RFC 2473 7.1). */
bool adit_outer_fits(const struct adit_sa *sa, const struct adit_ip_view *inner, size_t total);

#endif
