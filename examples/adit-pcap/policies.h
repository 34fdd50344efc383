/* What the policies of a file of `ip xfrm` commands make of a packet. They are those of one
 * direction: dir out of encapsulation, dir in and dir fwd of decapsulation. */
#ifndef ADIT_PCAP_POLICIES_H
#define ADIT_PCAP_POLICIES_H

#include <stdio.h>

#include "../xfrm/xfrm.h"
#include "work.h"

/* Whether the file has any of that direction. */
bool policies_are_in(const struct xfrm *x, enum adit_direction dir);
/* Makes the SAs that they name. *x must outlive them, and loses what a capture can't tell: bounds
 * of life, and what came before. Memory is kept until keep_nothing(). NULL: what is wrong was
 * written to err. */
struct policies *policies_make(struct xfrm *x, enum adit_direction dir, FILE *err);
/* Puts ESP and AH on *pkt, a whole IP packet, or takes them off, as the first policy about it says.
 * What none is about is dropped. */
enum work_result policies_apply(struct policies *p, struct adit_pkt *pkt, enum adit_status *st);
/* Whether an SA of AH is among those that they name. */
bool policies_have_ah(const struct policies *p);
/* Wipes the SAs. NULL is no error. */
void policies_wipe(struct policies *p);

#endif
