/* Packets and the MTU of paths: what is too long is cut or told to its sender, what routers say is
 * learnt, TCP is kept from trying (RFC 4301 8). */
#ifndef ADITD_SIZES_H
#define ADITD_SIZES_H

#include "daemon.h"

/* Once, after the node is made. */
void sizes_begin(struct daemon *d);
/* A new outbound SA: its path's MTU is that of the route. */
void sizes_sa_up(struct daemon *d, struct adit_sa_id id);
/* An ICMP message of the outside, with its IP header. */
void sizes_icmp(struct daemon *d, const struct adit_pkt *pkt);
/* The packet is longer than its SA takes; *v says what it takes. */
void sizes_too_big(struct daemon *d, const struct adit_verdict *v, const struct adit_pkt *pkt);
/* Lowers the MSS of a SYN to what fits through every tunnel. */
void sizes_clamp(const struct daemon *d, const struct adit_pkt *pkt);
/* A fragment of this host's whose SA takes whole packets alone: true: it was the last, and *pkt is
 * the whole packet until the next call. */
bool sizes_join(struct adit_pkt *pkt);
/* Forgets what was learnt long ago. */
void sizes_tick(struct daemon *d, adit_ms now);

#endif
