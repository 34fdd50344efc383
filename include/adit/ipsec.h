/* Outbound and inbound processing (RFC 4301 5): from a packet to a verdict. The one choke point:
 * what it does not let pass is not sent and not delivered. */
#ifndef ADIT_IPSEC_H
#define ADIT_IPSEC_H

#include "adit/esp.h"
#include "adit/spd.h"

#ifdef __cplusplus
extern "C" {
#endif

struct adit_ipsec {
	struct adit_sad *sad;
	struct adit_spd *spd;
	uint64_t out[ADIT_STATUS_COUNT]; /* packets by how they ended; OK: sent or bypassed */
	uint64_t in[ADIT_STATUS_COUNT];  /* likewise; OK: delivered */
};

enum adit_verdict_kind {
	ADIT_VERDICT_DISCARD = 0, /* drop; status says why */
	ADIT_VERDICT_BYPASS,      /* policy lets it pass in clear, unchanged */
	ADIT_VERDICT_SEND,        /* outbound: pkt is the protected outer packet */
	ADIT_VERDICT_NEED_SA,     /* outbound: PROTECT, and no SA yet; pkt is unchanged; see tag */
	ADIT_VERDICT_DELIVER /* inbound: pkt is the inner packet, authentic and within policy */
};

struct adit_verdict {
	enum adit_verdict_kind kind;
	enum adit_status status; /* OK, or why it was discarded */
	struct adit_sa_id sa;    /* SEND, DELIVER, and DISCARD by an SA: the SA; else zero */
	uint32_t policy;         /* index, or ADIT_POLICY_NONE */
	struct adit_flow flow; /* what the policies saw; zero of packets that came through an SA */
};

/* Sets the two databases and zeroes the counters. */
void adit_ipsec_init(struct adit_ipsec *ipsec, struct adit_sad *sad, struct adit_spd *spd);

/* n packets that leave this node: IP header to flow, policy, SA, sequence, ESP (RFC 4301 5.1).
 * Each packet is whole IP with headroom and tailroom (ADIT_PKT_HEADROOM, ADIT_PKT_TAILROOM are
 * always enough). */
void adit_ipsec_out(struct adit_ipsec *ipsec, struct adit_pkt *pkts, struct adit_verdict *verdicts,
		    size_t n);

/* n packets that reach this node, outer IP header first (RFC 4301 5.2): ESP, or ESP in UDP on a
 * port of an SA, goes through its SA; what comes in clear is held against the policies. */
void adit_ipsec_in(struct adit_ipsec *ipsec, struct adit_pkt *pkts, struct adit_verdict *verdicts,
		   size_t n);

#define ADIT_PKT_HEADROOM (ADIT_OUTER_MAX + 8 + ADIT_IV_MAX)
#define ADIT_PKT_TAILROOM (2 + 16 + ADIT_ICV_MAX)

/* For programs that own sockets and not an interface: puts the IP header (and for protocol UDP the
 * UDP header) of a datagram that came on path in front of its payload; ERR_ROOM: too little
 * headroom. The UDP checksum is left zero: the socket has checked it. */
ADIT_MUST_USE enum adit_status adit_pkt_push_outer(struct adit_pkt *pkt,
						   const struct adit_path *path, uint8_t protocol);
/* The reverse for sending: takes the outer headers off, so that the packet is what a socket of
 * `*protocol` sends to path->remote. */
ADIT_MUST_USE enum adit_status adit_pkt_pull_outer(struct adit_pkt *pkt, struct adit_path *path,
						   uint8_t *protocol);

#ifdef __cplusplus
}
#endif
#endif
