/* A small host inside the process, where there is no TUN device: answers pings, and sends some. */
#ifndef ADITD_HOST_H
#define ADITD_HOST_H

#include "adit/ipsec.h"

/* Begins `count` pings from `source` to `target`. */
void host_ping(const struct adit_ip *source, const struct adit_ip *target, unsigned count);
/* A packet for this host. true: *pkt has been turned into the answer that is to be sent. */
bool host_input(struct adit_pkt *pkt, adit_ms now);
/* The next ping that is due: written into *pkt, whose len is set. */
bool host_output(struct adit_pkt *pkt, adit_ms now);
/* When host_output wants to be called. */
adit_ms host_deadline(void);
/* All pings are answered or given up; the summary has been printed. lost: how many were not
 * answered. */
bool host_finished(adit_ms now, unsigned *lost);

#endif
