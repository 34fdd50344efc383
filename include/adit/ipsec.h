/* Outbound and inbound processing (RFC 4301 5): from a packet to a verdict. The one choke point:
 * what it does not let pass is not sent and not delivered. */
#ifndef ADIT_IPSEC_H
#define ADIT_IPSEC_H

#include "adit/ah.h"
#include "adit/esp.h"
#include "adit/fragment.h"
#include "adit/spd.h"

#ifdef __cplusplus
extern "C" {
#endif

struct adit_ipsec {
	struct adit_sad *sad;
	struct adit_spd *spd;
	/* Stateful fragment checking (RFC 4301 7), one for each direction; NULL: later fragments
	 * have no ports, and pass by policies that ask for none. */
	struct adit_fragtrack *fragtrack_out, *fragtrack_in;
	adit_ms now;       /* the caller sets it before each burst; bounds of time are held
			      against it, and never reached where it stays zero */
	uint32_t resource; /* that outbound packets come from (RFC 9611); zero: none */
	uint64_t out[ADIT_STATUS_COUNT]; /* packets by how they ended; OK: sent or bypassed */
	uint64_t in[ADIT_STATUS_COUNT];  /* likewise; OK: delivered */
};

enum adit_verdict_kind {
	ADIT_VERDICT_DISCARD = 0, /* drop; status says why */
	ADIT_VERDICT_BYPASS,      /* policy lets it pass in clear, unchanged */
	ADIT_VERDICT_SEND,        /* outbound: pkt is the protected outer packet; longer than the
				     SA's mtu only where it may be cut (adit_sa_params.mtu) */
	ADIT_VERDICT_NEED_SA,     /* outbound: PROTECT, and no SA yet; pkt is unchanged; tag of its
				     policy tells which to make */
	ADIT_VERDICT_TOO_BIG, /* outbound: longer than the path takes; pkt is unchanged. Tell its
				 sender (adit/icmp.h), or if may_cut, cut it to mtu bytes
				 (adit/fragment.h) and give the pieces again */
	ADIT_VERDICT_QUEUE,   /* outbound: for the SA's IP-TFS sender (adit/iptfs.h); unchanged */
	ADIT_VERDICT_DELIVER, /* inbound: pkt is the inner packet, authentic and within policy */
	ADIT_VERDICT_AGGFRAG  /* inbound: pkt is the authentic payload for the SA's IP-TFS receiver;
				 each packet that it gives goes through adit_ipsec_inner() */
};

struct adit_verdict {
	enum adit_verdict_kind kind;
	enum adit_status status; /* OK, or why not: also NEED_SA (ERR_NO_SA), TOO_BIG (ERR_MTU) */
	struct adit_sa_id
		sa;      /* that the packet goes or came through, or is refused by; else zero */
	uint32_t policy; /* index, or ADIT_POLICY_NONE; of what came through an SA: what
			    was noted with that SA, as it was given */
	uint16_t mtu;    /* TOO_BIG: the longest packet that the SA takes */
	bool may_cut;    /* TOO_BIG: IPv4 without DF */
	uint64_t seq;    /* DELIVER, AGGFRAG: of the packet */
	struct adit_flow flow; /* what the policies saw; zero of packets that came through an SA */
};

/* "DISCARD", "SEND", "NEED_SA", ...; "?" for a number that is no kind. */
const char *adit_verdict_name(enum adit_verdict_kind kind);

/* Sets the two databases and zeroes the rest. */
void adit_ipsec_init(struct adit_ipsec *ipsec, struct adit_sad *sad, struct adit_spd *spd);

/* n packets that leave this node: IP header to flow, policy, SA, sequence, ESP or AH, and the SAs
 * around that one in a bundle (RFC 4301 5.1). Each packet is whole IP with headroom and tailroom
 * (ADIT_PKT_HEADROOM, ADIT_PKT_TAILROOM are enough but for padding by adit_sa_params.tfc, and for
 * AH around AH). */
void adit_ipsec_out(struct adit_ipsec *ipsec, struct adit_pkt *pkts, struct adit_verdict *verdicts,
		    size_t n);

/* n packets that reach this node, outer IP header first, no fragments (adit/fragment.h puts them
 * together) (RFC 4301 5.2): ESP, ESP in UDP on a port of an SA, or AH goes through its SA, and what
 * comes out of an SA that others stand in goes on through those; what comes in clear is held
 * against the policies. */
void adit_ipsec_in(struct adit_ipsec *ipsec, struct adit_pkt *pkts, struct adit_verdict *verdicts,
		   size_t n);

/* Holds a packet that came out of an SA's IP-TFS receiver against the SA's selectors: DELIVER or
 * DISCARD. */
void adit_ipsec_inner(struct adit_ipsec *ipsec, struct adit_sa_id sa, const struct adit_pkt *pkt,
		      struct adit_verdict *verdict);

/* The longest packet that SA `id` and those around it take at their path's MTU; 0: stale. */
size_t adit_ipsec_payload_max(const struct adit_ipsec *ipsec, struct adit_sa_id id);

/* The next outbound or inbound SA, from *cursor on (0 at first), that has reached a bound of its
 * life at ipsec->now, soft or hard: the caller makes its successor or removes it. Looks at most at
 * `budget` slots. NULL: none among these; *cursor is 0 again when all were seen. */
struct adit_sa *adit_ipsec_aged(struct adit_ipsec *ipsec, size_t *cursor, size_t budget,
				struct adit_sa_id *id, enum adit_age *age);

/* AH's own bytes, and padding to its multiple of 8. */
#define ADIT_AH_ROOM (12 + ADIT_IV_MAX + ADIT_ICV_MAX)
#define ADIT_PKT_HEADROOM (ADIT_OUTER_MAX + 8 + ADIT_IV_MAX + ADIT_AH_ROOM)
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
