/* ESP of packets whose headers are read already: a burst reads each header once. */
#ifndef ADIT_DATA_ESP_BURST_H
#define ADIT_DATA_ESP_BURST_H

#include "adit/esp.h"
#include "wire/ip.h"

/* n packets, at most ADIT_BURST, with the shape of each and what becomes of it; rx is asked for
 * inbound only. */
struct adit_esp_burst {
	struct adit_pkt *pkts;
	const struct adit_ip_view *ips;
	struct adit_esp_rx *rx;
	enum adit_status *st;
	size_t n;
};

/* As adit_esp_encap_burst() and adit_esp_decap_burst(). */
void adit_esp_encap_read(struct adit_sa *sa, const struct adit_esp_burst *b);
void adit_esp_decap_read(struct adit_sa *sa, const struct adit_esp_burst *b);

#endif
