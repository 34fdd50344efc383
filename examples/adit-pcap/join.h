/* Puts the fragments of ESP and AH packets together before ESP or AH is taken off. */
#ifndef ADIT_PCAP_JOIN_H
#define ADIT_PCAP_JOIN_H

#include "adit/fragment.h"

struct join {
	struct adit_reasm reasm;
	struct adit_fragtrack track; /* tells of later fragments of UDP whether they are ours */
	uint16_t udp_port;           /* carries ESP in UDP */
	bool ah;                     /* AH is ours too */
};

enum join_result {
	JOIN_AS_IT_IS, /* no fragment, or one of other traffic */
	JOIN_KEPT,     /* to be continued */
	JOIN_WHOLE,    /* *pkt is the whole packet, valid until the next call */
	JOIN_FAILED,   /* *st tells why */
};

/* false: out of memory. */
bool join_open(struct join *j, uint16_t udp_port);
void join_close(struct join *j);

/* Takes the IP packet in *pkt, captured at `now`. Later fragments of UDP are known as ours if their
 * first one came before them. */
enum join_result join_take(struct join *j, adit_ms now, struct adit_pkt *pkt, enum adit_status *st);

/* Packets that never became whole; at the end of the capture. */
unsigned long join_end(struct join *j);

#endif
