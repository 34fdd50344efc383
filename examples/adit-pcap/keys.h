/* Where the SAs come from: lines of esp_sa, and commands of `ip xfrm`. */
#ifndef ADIT_PCAP_KEYS_H
#define ADIT_PCAP_KEYS_H

#include "work.h"

/* Each adds the SAs of a file to w->sas, which free() takes back; spi: those of this SPI alone, or
 * zero. false: what is wrong was told on stderr. */
bool keys_read_esp_sa(struct work *w, const char *file, uint32_t spi);
bool keys_read_xfrm(struct work *w, const char *file, uint32_t spi);

#endif
