/* Where the SAs come from: lines of esp_sa, and commands of `ip xfrm`. */
#ifndef ADIT_PCAP_KEYS_H
#define ADIT_PCAP_KEYS_H

#include "../xfrm/xfrm.h"
#include "work.h"

/* Each adds SAs to w->sas, which free() takes back: those of a file, or the states of one; spi:
 * those of this SPI alone, or zero. false: what is wrong was told on stderr. */
bool keys_read_esp_sa(struct work *w, const char *file, uint32_t spi);
bool keys_take_xfrm(struct work *w, const struct xfrm *x, uint32_t spi);

#endif
