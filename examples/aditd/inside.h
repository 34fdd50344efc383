/* Packets of the inside: to the peers, and to this host. */
#ifndef ADITD_INSIDE_H
#define ADITD_INSIDE_H

#include "daemon.h"

/* n packets of this host, each in a buffer with room around it. */
void inside_send(struct daemon *d, struct adit_pkt *pkts, size_t n);
/* A packet for this host. */
void inside_deliver(struct daemon *d, struct adit_pkt *pkt);
/* The packets that wait for the SA of a policy's tag, and not too long, are sent. */
void inside_release(struct daemon *d, uint32_t tag);

#endif
