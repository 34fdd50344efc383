/* What adit-pcap does with one IP packet: ESP or AH off, or on. */
#ifndef ADIT_PCAP_WORK_H
#define ADIT_PCAP_WORK_H

#include "adit/ah.h"
#include "esp_sa.h"

/* A line of the file, and the SA that becomes of it with its first packet. */
struct work_sa {
	struct esp_sa line;
	/* What an esp_sa line doesn't tell, and a command of `ip xfrm` does; else zero. */
	uint8_t protocol; /* zero: ESP */
	enum adit_mode mode;
	uint8_t flags;                         /* ADIT_SA_* */
	uint16_t tfc;                          /* encapsulation: as adit_sa_params has it */
	uint64_t last;                         /* encapsulation: the last number used */
	bool udp;                              /* encapsulation: in UDP */
	uint16_t src_port, dst_port;           /* of it */
	struct adit_ip inside_src, inside_dst; /* BEET */
	struct adit_sa_more more;
	struct adit_sa sa;
	union adit_keyctx kc;
	uint32_t bits[ADIT_REPLAY_WORDS(ADIT_REPLAY_MAX)];
	bool settled; /* mode, encapsulation and first number are known from an authentic packet */
};

struct policies; /* see policies.h */

struct work {
	struct policies *policies; /* they decide, and name the SAs; NULL: what follows does */
	struct work_sa *sas;
	size_t sa_count;
	enum adit_mode
		mode;      /* zero: as the SA says, or, decapsulation, its first authentic packet */
	uint16_t udp_port; /* carries ESP in UDP */
	bool udp;          /* encapsulation: in UDP */
	uint64_t first_seq; /* encapsulation: of the first packet; zero: 1 */
};

/* Bytes that work_encap() needs before and behind a packet at most, with all SAs of a bundle. */
enum { WORK_HEADROOM = 512, WORK_TAILROOM = 512 };

enum work_result {
	WORK_DONE,    /* *pkt is the packet without, or with, ESP */
	WORK_COPY,    /* not concerned: *pkt as it was */
	WORK_DUMMY,   /* authentic, and nothing to deliver (RFC 4303 2.6) */
	WORK_DROPPED, /* a policy says so, or none lets it pass; *st tells which way */
	WORK_FAILED,  /* *st tells why */
};

/* Takes ESP or AH off *pkt, a whole IP packet, and what an SA inside of it put on (a bundle).
 * scratch: as many bytes as the packet has. */
enum work_result work_decap(struct work *w, struct adit_pkt *pkt, uint8_t *scratch,
			    enum adit_status *st);

/* Without policies: makes the outbound SA of w->sas[0]; once, before work_encap(). NULL, or what is
 * wrong. */
const char *work_encap_start(struct work *w);
/* Puts ESP or AH on *pkt, a whole IP packet: tunnel mode on all, transport mode and BEET on those
 * whose addresses are the SA's. */
enum work_result work_encap(struct work *w, struct adit_pkt *pkt, enum adit_status *st);

/* Whether AH is to be taken off. */
bool work_has_ah(const struct work *w);

/* Wipes all SAs and lines. */
void work_wipe(struct work *w);

#endif
