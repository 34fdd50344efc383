/* What an IKE engine is told: peers, proposals, identities, secrets, children. Const data that may
 * live in ROM and must outlive the engine; zero in a field gives the default that its comment
 * tells, and no zero means "off" where safety is concerned. */
#ifndef ADIT_IKE_CONFIG_H
#define ADIT_IKE_CONFIG_H

#include "adit/crypto.h"
#include "adit/sa.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_IKE_PORT 500
#define ADIT_IKE_NATT_PORT 4500

/* One transform of a proposal, by IANA numbers (RFC 7296 3.3.2). key_bits: zero where the transform
 * has no Key Length attribute. */
struct adit_transform {
	uint8_t type; /* enum adit_transform_type */
	uint16_t id;
	uint16_t key_bits;
};

/* A proposal: of each type any one transform, those of one type in order of preference.
 * For IKE: ENCR, PRF, KE, and INTEG unless all ENCR are combined modes. For ESP: ENCR, INTEG
 * likewise, and SN (none: 32-bit numbers). Each must be built in the adit_crypto, or init refuses.
 */
struct adit_proposal {
	const struct adit_transform *transforms;
	uint8_t count;
};

/* Identification types (RFC 7296 3.5). */
enum adit_id_type {
	ADIT_ID_ANY = 0, /* remote: any identity; local: the address in use */
	ADIT_ID_IPV4_ADDR = 1,
	ADIT_ID_FQDN = 2,
	ADIT_ID_RFC822_ADDR = 3,
	ADIT_ID_IPV6_ADDR = 5,
	ADIT_ID_DER_ASN1_DN = 9,
	ADIT_ID_KEY_ID = 11
};

struct adit_id {
	enum adit_id_type type;
	struct adit_span data; /* at most ADIT_ID_MAX bytes */
};

/* A Child SA to be made with a peer. */
struct adit_child_config {
	const char *name;
	enum adit_mode mode;                   /* zero: tunnel */
	const struct adit_proposal *proposals; /* ESP, in order; none: all that the crypto has */
	uint8_t proposal_count;
	const struct adit_ts *local_ts, *remote_ts; /* none: the address of that end ("dynamic") */
	uint8_t local_ts_count, remote_ts_count;    /* at most ADIT_TS_MAX */
	uint32_t replay_window;                     /* packets; zero: ADIT_REPLAY_DEFAULT */
	/* A Child SA that no packet goes through in either direction for this long is closed (up to
	 * a quarter of it later, see struct adit_use_source), and with its last child the IKE SA;
	 * zero: never. */
	adit_ms inactivity_ms;
};

/* A peer, or a group of peers that share all of this. */
struct adit_peer_config {
	const char *name;
	struct adit_ip local;      /* version 0: any address of ours */
	struct adit_ip remote;     /* version 0: any address: a group. It answers all of them, and
				      adit_ike_start_to() begins with one of them. Members know
				      each other by identity: zero in local_id is good */
	uint16_t remote_port;      /* zero: ADIT_IKE_PORT */
	uint16_t remote_natt_port; /* zero: ADIT_IKE_NATT_PORT */
	struct adit_id local_id, remote_id;
	struct adit_span psk;                  /* shared secret, raw bytes; required */
	const struct adit_proposal *proposals; /* IKE, in order; none: all that the crypto has */
	uint8_t proposal_count;
	const struct adit_child_config *children;
	uint8_t child_count;  /* at least 1 */
	adit_ms dpd_delay_ms; /* liveness check after this silence; zero: none */
	bool encap;           /* ESP in UDP even where no NAT is seen */
};

/* Inbound SPIs come from whoever owns the SAD. alloc: reserve one; release: it came to nothing. */
struct adit_spi_source {
	void *ctx;
	enum adit_status (*alloc)(void *ctx, uint32_t *spi);
	void (*release)(void *ctx, uint32_t spi);
};

/* Packets are counted by whoever owns the SAD. count: how many have passed the Child SA of this
 * inbound SPI so far, in both directions; asked when it might be idle, and not for each packet. */
struct adit_use_source {
	void *ctx;
	uint64_t (*count)(void *ctx, uint32_t spi_in);
};

struct adit_trace; /* trace.h */

struct adit_ike_config {
	const struct adit_crypto *crypto;
	struct adit_rng rng;
	const struct adit_peer_config *peers; /* the first that fits is taken */
	uint16_t peer_count;
	struct adit_spi_source spis; /* alloc NULL: random ones from rng */
	struct adit_use_source uses; /* count NULL: adit_ike_used() tells */
	uint16_t natt_port;          /* our port with the non-ESP marker; zero: 4500 */
	/* Retransmission: first after timeout, each next wait `base` percent of the one before,
	 * with up to 20 % jitter, given up after `tries`. Zeros: 4000 ms, 180, 5: 165 s in all. */
	uint32_t retransmit_timeout_ms, retransmit_base_percent, retransmit_tries;
	uint32_t half_open_timeout_ms;  /* zero: 30 000 */
	uint16_t cookie_threshold;      /* half-open responses from which on a cookie is asked for;
					   zero: half of the handshake pool; for the last free SA or
					   handshake always */
	uint16_t half_open_per_prefix;  /* half-open responses to one IPv4 address, or one IPv6 /64
					   (RFC 8019), with a cookie, and as many without; zero: a
					   quarter of the handshake pool, at least 2 */
	const struct adit_trace *trace; /* may be NULL */
};

#ifdef __cplusplus
}
#endif
#endif
