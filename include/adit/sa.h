/* A Security Association as a value (RFC 4301 4.4.2): what every packet reads, what every packet
 * writes, and, apart from both, its selectors. */
#ifndef ADIT_SA_H
#define ADIT_SA_H

#include "adit/crypto.h"
#include "adit/replay.h"

#ifdef __cplusplus
extern "C" {
#endif

enum adit_direction { ADIT_OUT = 1, ADIT_IN = 2 };
enum adit_mode { ADIT_TUNNEL = 1, ADIT_TRANSPORT = 2 };

enum {
	ADIT_PROTO_ICMP = 1,
	ADIT_PROTO_TCP = 6,
	ADIT_PROTO_UDP = 17,
	ADIT_PROTO_ESP = 50,
	ADIT_PROTO_ICMPV6 = 58,
	ADIT_PROTO_ANY = 0
};

/* SPIs below are reserved (RFC 4303 2.1). */
#define ADIT_SPI_MIN 256

/* One traffic selector (RFC 7296 3.13.1): a range of addresses, a protocol, a range of ports.
 * ICMP type and code stand in the ports as type << 8 | code (RFC 4301 4.4.1.1). Zero protocol: any.
 * Any port is 0..65535. */
struct adit_ts {
	uint8_t version; /* 4 or 6 */
	uint8_t protocol;
	uint16_t port_first, port_last;
	uint8_t first[16], last[16]; /* network order; 4 bytes used for version 4 */
};

/* Which packets belong to an SA or policy: local side in one of local[], remote side in one of
 * remote[], both of one version. */
struct adit_selectors {
	uint8_t local_n, remote_n;
	struct adit_ts local[ADIT_TS_MAX], remote[ADIT_TS_MAX];
};

/* What of a packet selectors look at. local is the source of an outbound packet and the
 * destination of an inbound one. */
struct adit_flow {
	struct adit_ip local, remote;
	uint8_t protocol;
	bool has_ports; /* false: fragment, or a protocol without; matches only any port */
	uint16_t local_port, remote_port;
};

bool adit_ts_match(const struct adit_ts *ts, const struct adit_ip *ip, uint8_t protocol,
		   bool has_port, uint16_t port);
bool adit_selectors_match(const struct adit_selectors *s, const struct adit_flow *flow);
/* The traffic selector of a prefix: all addresses of ip/bits, any protocol and port. */
struct adit_ts adit_ts_prefix(const struct adit_ip *ip, unsigned bits);

/* Reads the flow of the IP packet at p (n bytes). dir tells which end is local.
 * ERR_SHORT, ERR_MALFORMED: no IP packet. */
ADIT_MUST_USE enum adit_status adit_flow_read(struct adit_flow *flow, enum adit_direction dir,
					      const uint8_t *p, size_t n);

/* What an SA is made from. Zero in a field gives the default that its comment tells. */
struct adit_sa_params {
	enum adit_direction dir;
	enum adit_mode mode;              /* zero: ADIT_TUNNEL */
	uint32_t spi;                     /* ADIT_SPI_MIN..2^32-1 */
	struct adit_ip local, remote;     /* outer addresses, of one version */
	bool udp_encap;                   /* ESP in UDP (RFC 3948) */
	uint16_t local_port, remote_port; /* of the UDP encapsulation; zero: 4500 */
	const struct adit_aead *aead;     /* must outlive the SA */
	struct adit_span key;   /* cipher key, salt, integrity key; copied into the context */
	bool esn;               /* extended sequence numbers */
	uint32_t replay_window; /* packets; zero: ADIT_REPLAY_DEFAULT; inbound only */
	uint64_t seq;           /* last number used before: it and those before it are seen; zero: a
				   new SA */
	uint64_t hard_packets,
		hard_bytes; /* after these an outbound SA refuses; zero: no limit of its own */
	const struct adit_selectors
		*selectors; /* must outlive the SA; NULL: the caller has checked */
};

struct adit_sa_counters {
	uint64_t packets,
		bytes;  /* sealed, or authenticated and delivered; bytes of inner packets */
	uint64_t drops; /* refused for any reason */
};

/* The longest outer header that an SA writes: IPv6 and UDP. */
#define ADIT_OUTER_MAX 48

/* Private: shown so that callers can reserve storage; read it through functions. */
struct adit_sa {
	/* What every packet reads. */
	const struct adit_aead *aead;
	void *kc;
	const struct adit_selectors *selectors;
	uint32_t spi;
	uint8_t dir, mode, outer_len; /* outer_len: bytes of `outer` in use, without ESP header */
	bool esn, udp_encap;
	uint8_t outer[ADIT_OUTER_MAX]; /* IP header (and UDP) ready but for lengths, ids, checksum
					*/
	/* What every packet writes. */
	uint64_t seq;              /* outbound: last number used */
	struct adit_replay window; /* inbound */
	struct adit_sa_counters n;
	/* Limits. */
	uint64_t hard_packets, hard_bytes;
};

/* Makes an SA. kc: keyed context storage of at least aead->ctx_size bytes, aligned for uint64_t and
 * pointers, living as long as the SA; bits: ADIT_REPLAY_WORDS(window) words, inbound only.
 * ERR_ARG: a field out of its range; ERR_ROOM: kc or bits too small; ERR_CRYPTO: the provider
 * refused the key. On any error *sa is zero. */
ADIT_MUST_USE enum adit_status adit_sa_init(struct adit_sa *sa, const struct adit_sa_params *params,
					    struct adit_buf kc, uint32_t *bits, size_t words);

/* Ends an SA: the provider's context and every field are wiped. Safe on a zero SA. */
void adit_sa_wipe(struct adit_sa *sa);

/* Takes the next n sequence numbers at once; *first is the first of them. Nothing is taken on
 * ERR_EXHAUSTED: the number space (2^32 - 1, or 2^64 - 1 with esn) or a hard limit is reached. */
ADIT_MUST_USE enum adit_status adit_sa_take_seq(struct adit_sa *sa, size_t n, uint64_t *first);

/* Moves the outer addresses and ports of an SA (NAT mapping change). */
ADIT_MUST_USE enum adit_status adit_sa_set_path(struct adit_sa *sa, const struct adit_path *path);

/* The outer addresses and ports that the SA sends to or receives from. */
struct adit_path adit_sa_path(const struct adit_sa *sa);

#ifdef __cplusplus
}
#endif
#endif
