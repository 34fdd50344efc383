/* IKE and ESP over TCP (RFC 9329) as a stream codec, and what a datagram of the NAT-T port is (RFC
 * 3948 2). Sockets are the caller's. */
#ifndef ADIT_STREAM_H
#define ADIT_STREAM_H

#include "adit/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Datagrams of the NAT-T port, and messages of a stream. */

enum adit_natt_kind {
	ADIT_NATT_NOTHING = 0, /* too short to be anything */
	ADIT_NATT_IKE,         /* a marker of four zero bytes, then an IKE message */
	ADIT_NATT_ESP,         /* an ESP packet, SPI first */
	ADIT_NATT_KEEPALIVE    /* one byte 0xff: it has done its work by coming (RFC 3948 2.3) */
};
#define ADIT_NATT_MARKER_LEN 4
#define ADIT_NATT_KEEPALIVE_BYTE 0xff
/* Seconds of silence after which a keep-alive is sent (RFC 3948 4). */
#define ADIT_NATT_KEEPALIVE_S 20

enum adit_natt_kind adit_natt_kind(struct adit_span datagram);

/* --- The stream. Whoever connects sends the prefix once, before all else. */

#define ADIT_STREAM_PREFIX_LEN 6
extern const uint8_t adit_stream_prefix[ADIT_STREAM_PREFIX_LEN]; /* "IKETCP" */

/* Bytes that framing puts before a message. */
#define ADIT_STREAM_HEADROOM (2 + ADIT_NATT_MARKER_LEN)

/* Puts the length, and for IKE the marker, before the message in *pkt. kind: IKE or ESP;
 * keep-alives have no place in a stream. ERR_ROOM: too little headroom; ERR_TOO_LONG: over 65535
 * bytes with its length; ERR_ARG: another kind, or an ESP packet that begins as a marker does. */
ADIT_MUST_USE enum adit_status adit_stream_frame(enum adit_natt_kind kind, struct adit_pkt *pkt);

struct adit_stream_rx {
	struct adit_buf buf; /* the caller's: holds one message, its length and marker too */
	size_t have;         /* bytes of it that came */
	size_t skip;         /* bytes still to pass over, of a message longer than buf */
	size_t prefix;       /* bytes of the prefix still to come */
	bool dead;
	uint64_t too_long,
		nothing; /* messages passed over: longer than buf; too short, keep-alives */
};

/* Begins with an empty stream. prefix: this end was connected to, so a prefix comes first. ERR_ARG:
 * buf holds no message. */
ADIT_MUST_USE enum adit_status adit_stream_rx_init(struct adit_stream_rx *rx, struct adit_buf buf,
						   bool prefix);

struct adit_stream_message {
	enum adit_natt_kind kind; /* IKE or ESP */
	struct adit_span
		bytes; /* without length and marker; in rx->buf, good until the next call */
};

/* Takes bytes of the stream, cut anyhow; *used of them were taken, the rest is to be given again.
 * OK: *message is there. ERR_PENDING: all was taken, and no message is complete. ERR_MALFORMED: not
 * the prefix, or a length that can't be: the stream is dead, and the connection to be closed (RFC
 * 9329 6). */
ADIT_MUST_USE enum adit_status adit_stream_input(struct adit_stream_rx *rx, struct adit_span bytes,
						 size_t *used, struct adit_stream_message *message);

#ifdef __cplusplus
}
#endif
#endif
