/* IP-TFS (RFC 9347): inner packets run together and cut anew, so that outer packets of one size,
 * sent at any pace, tell a watcher nothing. A codec: the sender turns packets into payloads of the
 * length that the caller asks for, the receiver turns payloads back into packets. The payloads
 * travel in ESP with next header 144: adit_esp_encap_payload_burst(), ADIT_VERDICT_AGGFRAG.
 *
 * Constant rate: every tick one payload of one length (adit_iptfs_due() tells how many).
 * Opportunistic: a payload whenever something waits (adit_iptfs_waiting()). DSCP and ECN of the
 * inner packets are not shown outside (RFC 9347 3.1, 3.2); whoever wants the outer CE inside writes
 * it there. Sub-type 1, with the congestion control header, is read, and its fields are given; this
 * sender makes sub-type 0. */
#ifndef ADIT_IPTFS_H
#define ADIT_IPTFS_H

#include "adit/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_NEXT_HEADER_AGGFRAG 144
/* Bytes of the AGGFRAG header that this sender makes. */
#define ADIT_IPTFS_HEADER_LEN 4

/* --- Sending. */

struct adit_iptfs_tx {
	struct adit_buf ring; /* the caller's: packets that wait, as one stream of bytes */
	size_t head, n;       /* where the stream begins, and its bytes */
	size_t rest;          /* of these: what is left of a packet that was begun */
	bool whole;           /* never cut: a packet that doesn't fit waits */
};

/* ring.cap: bytes that may wait, at least the longest packet. whole: packets are not cut over two
 * payloads, for links that lose or reorder much (RFC 9347 2.2.2). ERR_ARG: no ring. */
ADIT_MUST_USE enum adit_status adit_iptfs_tx_init(struct adit_iptfs_tx *tx, struct adit_buf ring,
						  bool whole);

/* Copies an IP packet behind those that wait. ERR_FULL: no room, drop or send first; ERR_SHORT,
 * ERR_MALFORMED: no IP packet. */
ADIT_MUST_USE enum adit_status adit_iptfs_put(struct adit_iptfs_tx *tx, struct adit_span packet);

/* Bytes that wait. */
size_t adit_iptfs_waiting(const struct adit_iptfs_tx *tx);

/* Makes the next payload, of exactly `size` bytes, at out->buf + out->off: what waits, then
 * padding, or padding alone. Payloads must be sent with numbers in the order in which they were
 * made. ERR_ROOM: out is too small; ERR_ARG: size is less than a header and one byte, or, with
 * whole, than the packet that waits first, which would wait for ever. */
ADIT_MUST_USE enum adit_status adit_iptfs_next(struct adit_iptfs_tx *tx, size_t size,
					       struct adit_pkt *out);

/* Payloads that are due at `now` at a constant rate that began at `since`, of which `sent` were
 * sent. Pure; at most `most`, so that a clock that stood still makes no storm. */
uint64_t adit_iptfs_due(uint32_t per_second, adit_ms since, adit_ms now, uint64_t sent,
			uint64_t most);

/* --- Receiving. */

/* Private: a payload that came too early. */
struct adit_iptfs_slot {
	uint64_t seq; /* 0: empty */
	uint16_t len;
};

struct adit_iptfs_rx_mem {
	struct adit_buf partial;       /* the longest inner packet that is put together */
	struct adit_iptfs_slot *slots; /* payloads that may come early; NULL and 0: none */
	size_t slot_count;
	uint8_t *bytes; /* slot_count * slot_size */
	size_t slot_size;
};

struct adit_iptfs_cc {
	bool present; /* the last payload had sub-type 1 */
	bool p, e;    /* bits P and E */
	uint32_t loss_event_rate, rtt, echo_delay, transmit_delay; /* RFC 9347 6.1.2 */
	uint32_t tval, techo;
};

struct adit_iptfs_rx {
	struct adit_iptfs_rx_mem mem;
	uint64_t next;       /* number that is expected; 0: any */
	struct adit_pkt now; /* payload being read */
	size_t at;           /* how far */
	size_t have, want;   /* of the partial packet: bytes, all of them (0: not known yet) */
	bool is_reading;
	struct adit_iptfs_cc cc;
	struct {
		uint64_t payloads, packets, pads; /* pads: payloads of nothing else */
		uint64_t lost;                    /* numbers given up */
		uint64_t late;                    /* payloads behind what was given up */
		uint64_t malformed;               /* payloads, or rests of them */
		uint64_t torn;                    /* packets of which a part was lost or too long */
	} n;
};

/* ERR_ARG: no room for a partial packet. */
ADIT_MUST_USE enum adit_status adit_iptfs_rx_init(struct adit_iptfs_rx *rx,
						  const struct adit_iptfs_rx_mem *mem);

/* Takes an authentic payload with its ESP sequence number; then adit_iptfs_get() until it says
 * PENDING. *payload is read in place: it must stay until then. A payload that
 * comes early is kept, and get has nothing for it yet.
 * ERR_OLD: its turn is over; ERR_STATE: get was not called to the end; ERR_FULL: it comes so early
 * that it can't be kept beside those that are: adit_iptfs_give_up(), get to the end, and again. */
ADIT_MUST_USE enum adit_status adit_iptfs_input(struct adit_iptfs_rx *rx, uint64_t seq,
						const struct adit_pkt *payload);

/* The next inner packet: a view into the payload or into the caller's memory, good until the next
 * call. ERR_PENDING: no more for now. */
ADIT_MUST_USE enum adit_status adit_iptfs_get(struct adit_iptfs_rx *rx, struct adit_pkt *out);

/* Waits no longer for what is missing before the first payload that came early (RFC 9347 2.2.3
 * leaves the time to the receiver: 1 second is usual); then adit_iptfs_get(). */
void adit_iptfs_give_up(struct adit_iptfs_rx *rx);

#ifdef __cplusplus
}
#endif
#endif
