/* ICMP and sizes: errors made for senders whose packets don't fit or may not pass (RFC 792, RFC
 * 1191, RFC 4443), errors read, and what they teach about the path of an SA (RFC 4301 8.2). */
#ifndef ADIT_ICMP_H
#define ADIT_ICMP_H

#include "adit/sad.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Making. Errors quote the packet that they are about, and are complete IP packets with right
 * checksums, ready for the interface that the packet came from. */

/* The longest error made: 576 bytes (RFC 1812 4.3.2.3) and 1280 (RFC 4443 2.4 c). */
#define ADIT_ICMP_MAX_V4 576
#define ADIT_ICMP_MAX_V6 1280

/* Writes to out->buf + out->off what tells the sender of `packet` (n bytes, whole, as it came from
 * its sender) that `mtu` bytes are the most that pass: "fragmentation needed and DF set" (type 3,
 * code 4) or "packet too big" (type 2). out must not overlap packet; less room than
 * ADIT_ICMP_MAX_V4 or _V6 behind out->off makes for a shorter quote. Less than 68 (IPv4) or 1280
 * (IPv6) is told as these, which every path can do (RFC 791, RFC 8200 5).
 * from: who says so; version 0: the packet's destination.
 * ADIT_OK: out->len is set.
 * ERR_MTU: telling wouldn't help, and the packet is to be cut: IPv4 without DF; or, outside, one no
 * longer than what would be told. ERR_UNEXPECTED: no error may be sent about this packet: an ICMP
 * error or redirect itself, a source that is no single host, multicast or broadcast (but IPv6
 * multicast, which path MTU discovery needs; RFC 1122 3.2.2, RFC 4443 2.4 e). What came to the
 * link's broadcast address, or to a subnet's, only the caller knows. ERR_FRAGMENT: not the first
 * fragment, likewise. ERR_SHORT, ERR_MALFORMED: no IP packet. ERR_ARG: `from` of the other version,
 * or version 0 with a multicast destination. ERR_ROOM: not even headers and 8 bytes fit. */
ADIT_MUST_USE enum adit_status adit_icmp_too_big(const uint8_t *packet, size_t n, uint32_t mtu,
						 const struct adit_ip *from, struct adit_pkt *out);

/* The same for a packet that policy discards: "communication administratively prohibited" (type 3,
 * code 13; type 1, code 1; RFC 4301 5.1). Statuses are those of adit_icmp_too_big() but for
 * ERR_MTU; multicast of both versions is ERR_UNEXPECTED. */
ADIT_MUST_USE enum adit_status adit_icmp_prohibited(const uint8_t *packet, size_t n,
						    const struct adit_ip *from,
						    struct adit_pkt *out);

/* How often errors are sent: a burst, then one each interval. Zero-initialised it is ready. */
struct adit_icmp_rate {
	uint32_t interval_ms; /* zero: 100, as RFC 4443 2.4 f proposes */
	uint32_t burst;       /* zero: 10, likewise */
	adit_ms due;          /* private */
};
/* Whether an error may be sent now; if so it counts as sent. */
bool adit_icmp_may_send(struct adit_icmp_rate *rate, adit_ms now);

/* --- Reading. Nothing here is authentic: errors come from routers that nobody knows. */

struct adit_icmp_error {
	struct adit_ip from, to; /* of the error */
	uint8_t type, code;
	bool too_big;
	uint32_t mtu; /* too_big: the most that passes; zero: a router older than RFC 1191 */
	/* Of the quoted packet, all of it claims. */
	size_t quoted_len;     /* its length as it says */
	struct adit_flow sent; /* as its sender saw it: local is its source */
	/* ESP or AH; or what ESP would have there, if it is UDP. */
	bool has_spi, has_seq;
	uint32_t spi, seq;
};

/* Reads the ICMP error at p, a whole IP packet of n bytes.
 * ERR_UNSUPPORTED: it is something else. ERR_FRAGMENT: an error in fragments. ERR_SHORT,
 * ERR_MALFORMED: no IP packet, a wrong checksum, or a quote without all of its IP headers.
 * Whatever is not ADIT_OK leaves *e undefined. */
ADIT_MUST_USE enum adit_status adit_icmp_error_read(struct adit_icmp_error *e, const uint8_t *p,
						    size_t n);

/* Whether an error that goes through an SA in direction dir is about a packet that went or would
 * go through the same selectors the other way (RFC 4301 6.2): its own addresses may be a router's,
 * which no selector names. */
bool adit_icmp_matches(const struct adit_icmp_error *e, enum adit_direction dir,
		       const struct adit_selectors *s);

/* --- Learning the path MTU of an SA (RFC 4301 8.2). */

/* How long a learnt MTU is believed: RFC 1191 6.3, RFC 8201 4. */
#define ADIT_PMTU_AGE_MS 600000
/* No IPv4 path is believed to be smaller: every host takes that much (RFC 791), and a forger can
 * do no more harm. */
#define ADIT_PMTU_MIN_V4 576
#define ADIT_PMTU_MIN_V6 1280

/* Lowers the MTU of the SA's path until it ages; never raises it. IPv4: less than ADIT_PMTU_MIN_V4
 * counts as that, less than 68 is no MTU and changes nothing; IPv6: less than ADIT_PMTU_MIN_V6
 * changes nothing (RFC 8201 4). An SA without `more` doesn't learn. true: lowered. */
bool adit_sa_learn_mtu(struct adit_sa *sa, uint32_t mtu, adit_ms now);

/* Forgets what was learnt ADIT_PMTU_AGE_MS ago or before. To be called for each SA now and then, or
 * before its MTU matters: no other call does, so that what was learnt stays until then. */
void adit_sa_age_mtu(struct adit_sa *sa, adit_ms now);

/* How far behind the last number used the quoted packet may be: a choice. A forger has to know
 * the SPI and to hit this window. */
#define ADIT_ICMP_SEQ_BACK ((uint32_t)1 << 20)

/* Lets an outbound SA learn from an error about one of its packets.
 * ADIT_OK: its MTU is lower now. ERR_MISMATCH: not about it: SPI, protocol, addresses or ports
 * (UDP) are others. ERR_UNSUPPORTED: no "too big". ERR_OLD: a number that wasn't used, or not
 * lately, or that isn't quoted. ERR_MALFORMED: the packet would have passed. ERR_STATE: nothing
 * new, or nothing to be believed. */
ADIT_MUST_USE enum adit_status adit_icmp_apply_sa(struct adit_sa *sa,
						  const struct adit_icmp_error *e, adit_ms now);

/* Slots that one call of adit_icmp_apply() looks at. */
#define ADIT_ICMP_WALK 256

/* The same where the SA is not known: finds it in the database. Outbound SPIs are the peers'
 * choice, so they are no index, and the few packets that need this don't pay for a second one: the
 * slots are walked, ADIT_ICMP_WALK in a call, from *cursor on, which is 0 at first.
 * ERR_PENDING: not found yet; call again with the same *cursor and error, at once or later. A
 * caller that holds one such error at a time, and drops others meanwhile, does bounded work
 * whatever comes: a path that is too small says so again.
 * ERR_NO_SA: it is about nothing of ours. Others as adit_icmp_apply_sa(), but ERR_MISMATCH.
 * *id: the SA, for all but ERR_PENDING and ERR_NO_SA. */
ADIT_MUST_USE enum adit_status adit_icmp_apply(struct adit_sad *sad,
					       const struct adit_icmp_error *e, adit_ms now,
					       size_t *cursor, struct adit_sa_id *id);

#ifdef __cplusplus
}
#endif
#endif
