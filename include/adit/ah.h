/* AH (RFC 4302) in tunnel and transport mode: integrity of a packet and of what of its headers does
 * not change on the way. The SA's AEAD is one with encr ADIT_ENCR_NULL. Calls, statuses and rooms
 * are as those of ESP. */
#ifndef ADIT_AH_H
#define ADIT_AH_H

#include "adit/esp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Headers before AH, with options and extension headers, may be this long, bytes. */
#define ADIT_AH_HEADERS_MAX 256

/* Bytes that encapsulation needs before a packet; it needs none behind. */
size_t adit_ah_headroom(const struct adit_sa *sa);

/* The longest inner packet (tunnel) or original packet (transport) whose outer packet is at most
 * mtu bytes; 0 where none fits. Exact. */
size_t adit_ah_payload_max(const struct adit_sa *sa, size_t mtu);

/* Puts AH into the IP packet in *pkt, in place (RFC 4302 3.1, 3.3). Statuses as
 * adit_esp_encap_at(), and ERR_TOO_LONG: headers over ADIT_AH_HEADERS_MAX; ERR_UNSUPPORTED: a
 * routing header that has segments left and whose end can't be foretold. */
ADIT_MUST_USE enum adit_status adit_ah_encap_at(const struct adit_sa *sa, uint64_t seq,
						struct adit_pkt *pkt);
ADIT_MUST_USE enum adit_status adit_ah_encap(struct adit_sa *sa, struct adit_pkt *pkt);
void adit_ah_encap_burst(struct adit_sa *sa, struct adit_pkt *pkts, enum adit_status *st, size_t n);

/* Checks the AH packet in *pkt and takes AH (and in tunnel mode the outer header) off (RFC 4302
 * 3.4). Statuses as adit_esp_decap(); *pkt is as it was after ERR_ICV too. */
ADIT_MUST_USE enum adit_status adit_ah_decap_at(const struct adit_sa *sa, struct adit_pkt *pkt,
						struct adit_esp_rx *rx);
ADIT_MUST_USE enum adit_status adit_ah_decap(struct adit_sa *sa, struct adit_pkt *pkt,
					     struct adit_esp_rx *rx);
void adit_ah_decap_burst(struct adit_sa *sa, struct adit_pkt *pkts, struct adit_esp_rx *rx,
			 enum adit_status *st, size_t n);

#ifdef __cplusplus
}
#endif
#endif
