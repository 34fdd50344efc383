/* TCP segments and their sizes: super-packets of segmentation offload cut into packets (as Linux'
 * TUN gives them with IFF_VNET_HDR), and the MSS option of SYNs (RFC 9293 3.7.1, RFC 6691). */
#ifndef ADIT_SEGMENT_H
#define ADIT_SEGMENT_H

#include "adit/esp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Private: the super-packet being cut, and how far that got. */
struct adit_segmenter {
	const uint8_t *p;
	size_t head;     /* bytes of headers, which every packet begins with */
	size_t upper_at; /* of these: where TCP or UDP begins */
	size_t payload;  /* bytes behind them */
	size_t done;     /* of these: given */
	size_t size;     /* of payload in a packet */
	uint32_t seq;    /* TCP: of the next packet */
	uint16_t id;     /* IPv4: likewise */
	uint8_t version, protocol;
	bool first, end;
};

/* Begins to cut the IP packet at p (n bytes, up to 64 KB, IPv4 or IPv6, TCP or UDP), which stays
 * untouched and must live until the last packet is made. Its checksums are not looked at: what
 * comes from segmentation offload has none yet.
 * gso_size: payload bytes of each packet but the last, which may have less: the TCP segment or the
 * UDP datagram without its header. A packet with no more than that comes out whole.
 * ERR_SHORT, ERR_MALFORMED: no such packet; ERR_FRAGMENT; ERR_UNSUPPORTED: another protocol,
 * source routes, IPv6 headers that routers look at, or TCP that can't be cut: SYN, RST or URG;
 * ERR_ARG: gso_size 0. After an error nothing is to be given. */
ADIT_MUST_USE enum adit_status adit_segment_begin(struct adit_segmenter *s, const uint8_t *p,
						  size_t n, uint16_t gso_size);

/* How many packets are still to come, and how long the longest of them is. */
size_t adit_segment_left(const struct adit_segmenter *s);
size_t adit_segment_longest(const struct adit_segmenter *s);

/* Copies the next packet to out->buf + out->off, which must not overlap the super-packet, and sets
 * out->len. Lengths and checksums are its own; IPv4 identification and TCP sequence number count
 * up from the super-packet's; FIN and PSH are the last one's, CWR is the first one's (RFC 3168
 * 6.1.2).
 * ERR_ROOM: out ends too early, and the packet is still to come; ERR_STATE: none is left. */
ADIT_MUST_USE enum adit_status adit_segment_next(struct adit_segmenter *s, struct adit_pkt *out);

/* A super-packet of one SA: cut, then encapsulated as one burst with numbers that follow one
 * another. */
struct adit_super {
	const uint8_t *p; /* as adit_segment_begin() takes it */
	size_t n;
	uint16_t gso_size;
};

/* outs: `max` buffers, buf, cap and off set by the caller: adit_esp_headroom(sa) before off, behind
 * it the longest packet and adit_esp_tailroom(sa). st: a status for each, as
 * adit_esp_encap_burst() gives it.
 * ADIT_OK: *made of them are written. Others, and then nothing is written and no number used: those
 * of adit_segment_begin(); ERR_FULL: more than max packets; ERR_ROOM: a buffer of those needed is
 * too small. */
ADIT_MUST_USE enum adit_status adit_esp_encap_super(struct adit_sa *sa,
						    const struct adit_super *super,
						    struct adit_pkt *outs, enum adit_status *st,
						    size_t max, size_t *made);

/* Lowers the MSS option of the TCP SYN or SYN/ACK at p (a whole IP packet of n bytes, with a right
 * checksum that stays right) to what packets of mtu bytes carry: mtu less 40 (IPv4) or 60 (IPv6),
 * as options don't count (RFC 6691). Never raises it; one without the option is left alone, its
 * peer sends 536 (IPv4) or 1220 (IPv6) at most. true: changed. Everything else, malformed packets
 * too, is false and unchanged. */
bool adit_mss_clamp(uint8_t *p, size_t n, size_t mtu);

#ifdef __cplusplus
}
#endif
#endif
