/* The words that every other header speaks: spans, packets, addresses, time.
 * Nothing here has state. All numbers are in host order unless a comment says otherwise. */
#ifndef ADIT_BASE_H
#define ADIT_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adit/config.h"
#include "adit/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Read-only view of the caller's bytes. n may be 0, and p may then be NULL. */
struct adit_span {
	const uint8_t *p;
	size_t n;
};

/* Writable storage of the caller's: cap bytes at p. A size always travels with its pointer. */
struct adit_buf {
	uint8_t *p;
	size_t cap;
};

/* A packet worked on in place: len bytes at buf + off, headroom before, tailroom behind.
 * off + len <= cap. Any alignment. */
struct adit_pkt {
	uint8_t *buf;
	size_t cap, off, len;
};

/* The first byte of the packet. */
static inline uint8_t *
adit_pkt_data(const struct adit_pkt *pkt)
{
	return pkt->buf + pkt->off;
}

/* Whether a packet lies within its buffer: the first thing to ask of one that somebody gave. */
static inline bool
adit_pkt_is_sound(const struct adit_pkt *pkt)
{
	return pkt->buf && pkt->off <= pkt->cap && pkt->len <= pkt->cap - pkt->off;
}

/* Milliseconds of the caller's monotonic clock; only differences matter. */
typedef uint64_t adit_ms;
#define ADIT_NEVER UINT64_MAX

/* An IP address: version 4, 6, or 0 for "any"; network order, 4 or 16 bytes of b are used,
 * the rest is zero. */
struct adit_ip {
	uint8_t version;
	uint8_t b[16];
};

struct adit_endpoint {
	struct adit_ip ip;
	uint16_t port;
};

/* Where a datagram came from or goes to, seen from this node. */
struct adit_path {
	struct adit_endpoint local, remote;
};

bool adit_ip_equal(const struct adit_ip *a, const struct adit_ip *b);
bool adit_endpoint_equal(const struct adit_endpoint *a, const struct adit_endpoint *b);

/* Random bytes for keys, nonces and SPIs. fill writes n bytes of cryptographic quality or returns
 * ADIT_ERR_RANDOM; the operation that asked then fails closed. */
struct adit_rng {
	void *ctx;
	enum adit_status (*fill)(void *ctx, uint8_t *out, size_t n);
};

/* Overwrites n bytes at p with zeros in a way that no compiler drops. */
void adit_wipe(void *p, size_t n);

/* Compares n bytes in time that depends on n alone. */
bool adit_equal_ct(const uint8_t *a, const uint8_t *b, size_t n);

#ifdef __cplusplus
}
#endif
#endif
