/* ESP (RFC 4303) in tunnel and transport mode, over IP and over UDP (RFC 3948). Packets are whole
 * IP packets, worked on in place. Bursts are the ground form; the single call is a burst of one. */
#ifndef ADIT_ESP_H
#define ADIT_ESP_H

#include "adit/sa.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that encapsulation needs before and behind a packet at most. */
size_t adit_esp_headroom(const struct adit_sa *sa);
size_t adit_esp_tailroom(const struct adit_sa *sa);

/* The longest inner packet (tunnel), the longest original packet with its IP header (transport,
 * BEET) or the longest payload (IPTFS) whose outer packet is at most mtu bytes; 0 where none fits.
 * Exact; in transport mode for IP headers without options. */
size_t adit_esp_payload_max(const struct adit_sa *sa, size_t mtu);

/* Wraps the IP packet in *pkt into ESP for *sa, in place (RFC 4303 2, 3.3): tunnel mode puts a new
 * outer header in front, transport mode keeps the original one.
 * seq: the 64-bit sequence number of this packet, never used before with this SA.
 * pkt: needs adit_esp_headroom(sa) bytes before and adit_esp_tailroom(sa) after it; any alignment.
 * ADIT_OK: *pkt is the outer packet. ERR_ROOM, ERR_TOO_LONG, ERR_SHORT, ERR_MALFORMED,
 * ERR_FRAGMENT, ERR_MISMATCH (an inbound SA), ERR_EXHAUSTED (seq beyond 32 bits without esn): *pkt
 * is as it was. ERR_CRYPTO: the provider failed; the packet's content is wiped. Counters are not
 * touched. */
ADIT_MUST_USE enum adit_status adit_esp_encap_at(const struct adit_sa *sa, uint64_t seq,
						 struct adit_pkt *pkt);

/* Takes the next number and does the same; counts. ERR_EXHAUSTED: rekey; nothing changed. A packet
 * refused before encryption uses no number. */
ADIT_MUST_USE enum adit_status adit_esp_encap(struct adit_sa *sa, struct adit_pkt *pkt);

/* n packets, each with its own status in st[]. */
void adit_esp_encap_burst(struct adit_sa *sa, struct adit_pkt *pkts, enum adit_status *st,
			  size_t n);

/* n payloads of another protocol than the IP packet of the SA's mode, each *pkt the payload alone,
 * behind the SA's outer header: what IP-TFS makes (next header 144), for SAs in ADIT_IPTFS mode. */
void adit_esp_encap_payload_burst(struct adit_sa *sa, uint8_t next_header, struct adit_pkt *pkts,
				  enum adit_status *st, size_t n);

/* Makes a dummy packet (next header 59, RFC 4303 2.6) with pkt->len bytes of payload, which are
 * overwritten: the peer drops it silently, and a watcher can't tell it from another. */
ADIT_MUST_USE enum adit_status adit_esp_dummy(struct adit_sa *sa, struct adit_pkt *pkt);

/* What an accepted packet was. */
struct adit_esp_rx {
	uint64_t seq;
	uint8_t next_header;
};

/* Checks, deciphers and unwraps the ESP packet in *pkt, whose outer IP header (and UDP header) is
 * at its start (RFC 4303 3.4): length, SPI, replay, ICV, padding, next header, selectors, then
 * commits the number. In tunnel mode *pkt is then the inner packet, in transport mode the original
 * one with its header mended, in BEET mode one with the addresses inside. In IPTFS mode it is the
 * payload, for adit/iptfs.h, where rx->next_header is ADIT_NEXT_HEADER_AGGFRAG.
 * ERR_SHORT, ERR_MALFORMED, ERR_FRAGMENT, ERR_MISMATCH (SPI, addresses or direction of the SA),
 * ERR_REPLAY, ERR_OLD, ERR_EXHAUSTED (a hard bound of its life): *pkt as it was, but for a repeat
 * or the bound within one burst, with undefined bytes. ERR_ICV: not authentic, bytes undefined, SA
 * unchanged. ERR_PADDING, ERR_SELECTOR, ERR_ECN, ERR_DUMMY, ERR_UNSUPPORTED, and ERR_MALFORMED of
 * the packet inside: authentic (the number is committed, RFC 4303 3.4.3), bytes undefined, to be
 * dropped. */
ADIT_MUST_USE enum adit_status adit_esp_decap(struct adit_sa *sa, struct adit_pkt *pkt,
					      struct adit_esp_rx *rx);

/* The pure half: all of the above but the replay check and commit; the window only tells the high
 * half of an extended number. */
ADIT_MUST_USE enum adit_status adit_esp_decap_at(const struct adit_sa *sa, struct adit_pkt *pkt,
						 struct adit_esp_rx *rx);

void adit_esp_decap_burst(struct adit_sa *sa, struct adit_pkt *pkts, struct adit_esp_rx *rx,
			  enum adit_status *st, size_t n);

#ifdef __cplusplus
}
#endif
#endif
