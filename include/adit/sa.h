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
enum adit_mode {
	ADIT_TUNNEL = 1,
	ADIT_TRANSPORT = 2,
	ADIT_BEET = 3, /* a tunnel for two fixed addresses, which are not sent */
	ADIT_IPTFS = 4 /* a tunnel whose payload is made by adit/iptfs.h (RFC 9347) */
};
enum { ADIT_LOCAL, ADIT_REMOTE };

enum {
	ADIT_PROTO_ICMP = 1,
	ADIT_PROTO_TCP = 6,
	ADIT_PROTO_UDP = 17,
	ADIT_PROTO_ESP = 50,
	ADIT_PROTO_AH = 51,
	ADIT_PROTO_ICMPV6 = 58,
	ADIT_PROTO_MH = 135,     /* Mobility Header (RFC 6275) */
	ADIT_PROTO_OPAQUE = 255, /* of a later fragment that hides it (RFC 4301 4.4.1.1) */
	ADIT_PROTO_ANY = 0
};

/* SPIs below are reserved (RFC 4303 2.1). */
#define ADIT_SPI_MIN 256

/* One traffic selector (RFC 7296 3.13.1): a range of addresses, a protocol, a range of ports.
 * ICMP type and code stand in the ports as type << 8 | code (RFC 4301 4.4.1.1). Zero protocol: any.
 * Any port, or none, is 0..65535; a first of 65535 and a last of 0 is OPAQUE: only where a packet
 * shows no port. A Mobility Header's type is in the high byte, the low one is zero. */
struct adit_ts {
	uint8_t version; /* 4 or 6 */
	uint8_t protocol;
	uint16_t port_first, port_last;
	uint8_t first[16], last[16]; /* network order; 4 bytes used for version 4 */
};

/* Which packets belong to an SA or policy: local side in one of local[], remote side in one of
 * remote[], both of one version. */
struct adit_selectors {
	uint8_t local_n, remote_n; /* at most ADIT_TS_MAX */
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

/* Bounds of an SA's life (RFC 4301 4.4.2.1); zero: none. Bytes are those of struct
 * adit_sa_counters, and so are the packets of an inbound SA; those of an outbound one are its
 * sequence numbers, so that what was sent before a restart counts too, and so does what an import
 * jumps over (state.h). Time counts from adit_sa_params.now. */
struct adit_lifetime {
	uint64_t packets, bytes;
	adit_ms time;
};

/* Drops of an SA by what RFC 4301 to 4303 ask to audit; what is not here has its count in
 * struct adit_ipsec alone. */
struct adit_sa_audit {
	uint32_t replayed;  /* ERR_REPLAY, ERR_OLD */
	uint32_t forged;    /* ERR_ICV */
	uint32_t malformed; /* ERR_SHORT, ERR_MALFORMED, ERR_PADDING, ERR_FRAGMENT */
	uint32_t outside;   /* ERR_SELECTOR: authentic, and not for this SA */
	uint32_t exhausted; /* ERR_EXHAUSTED: no numbers left, or its life is over */
};

/* What few SAs need and few packets touch; a sensor leaves it out. Private but for its size. */
struct adit_sa_more {
	struct adit_lifetime soft, hard;
	adit_ms since;            /* when the SA was made */
	struct adit_ip inside[2]; /* ADIT_LOCAL, ADIT_REMOTE: see adit_sa_params.inner_local */
	adit_ms mtu_until;        /* when a learnt path MTU is forgotten */
	uint16_t link_mtu;        /* what it is then again */
	struct adit_sa_audit audit;
};

/* Choices for the outer header and the wire, as bits of adit_sa_params.flags. */
enum {
	ADIT_SA_NO_ECN = 1, /* outer ECN is zero, and not looked at (RFC 6040 compatibility mode) */
	ADIT_SA_DECAP_DSCP = 2, /* the outer DSCP goes into the inner packet (RFC 2983) */
	ADIT_SA_SET_DSCP = 4,   /* outer DSCP is params.dscp and not the inner one */
	ADIT_SA_COPY_LABEL = 8, /* IPv6 in IPv6: the inner flow label goes outside, else zero */
	ADIT_SA_SET_DF = 16,    /* outer DF is set whatever the inner says */
	ADIT_SA_CLEAR_DF = 32,  /* ... is clear; neither: copied (RFC 4301 8.1) */
	ADIT_SA_CUT_AFTER = 64, /* packets over the path's MTU are made all the same, to be cut
				   behind IPsec; else refused, to be cut before. In transport and
				   BEET mode IPv4 packets do as their DF says */
	ADIT_SA_ALIGN8 = 128    /* AH over IPv4 padded to 8 bytes, as Linux has it by default */
};

/* What an SA is made from. Zero in a field gives the default that its comment tells. */
struct adit_sa_params {
	enum adit_direction dir;
	uint8_t protocol;                 /* ADIT_PROTO_ESP, ADIT_PROTO_AH; zero: ESP */
	enum adit_mode mode;              /* zero: ADIT_TUNNEL */
	uint32_t spi;                     /* ADIT_SPI_MIN..2^32-1 */
	struct adit_ip local, remote;     /* outer addresses, of one version */
	bool udp_encap;                   /* ESP in UDP (RFC 3948); not with AH (RFC 3715) */
	uint16_t local_port, remote_port; /* of the UDP encapsulation; zero: 4500 */
	const struct adit_aead *aead;     /* must outlive the SA */
	struct adit_span key;   /* cipher key, salt, integrity key; copied into the context */
	bool esn;               /* extended sequence numbers */
	uint32_t replay_window; /* packets; zero: ADIT_REPLAY_DEFAULT; inbound only */
	uint64_t seq;           /* last number used before: it and those before it are seen;
				   zero: a new SA */
	uint8_t flags;          /* ADIT_SA_*; tunnel mode but for ALIGN8 and CUT_AFTER */
	uint8_t dscp;           /* with ADIT_SA_SET_DSCP: 0..63 */
	uint8_t hop_limit;      /* of outer headers; zero: 64 */
	uint16_t mtu;           /* longest outer packet; zero: as long as IP allows. Longer ones
				   are made where they may be cut outside: with CUT_AFTER, in
				   transport and BEET mode without DF, and of IPv6 packets of
				   1280 bytes, which none may be told to undercut */
	uint16_t tfc;           /* tunnel mode: shorter inner packets are padded to this many
				   bytes (RFC 4303 2.7), as far as the mtu lets them */
	/* A key set by hand outlives restarts, so its numbers must too: counting ciphers, which
	 * break when a number is used twice, are refused unless seq_known says that seq was kept
	 * (RFC 8221 section 4). */
	bool manual, seq_known;
	const struct adit_selectors
		*selectors; /* must outlive the SA; NULL: the caller has checked */
	/* All below need `more`. */
	struct adit_sa_more *more; /* storage that must outlive the SA; NULL: none. A SAD has
				      its own */
	struct adit_lifetime soft, hard;
	adit_ms now;
	/* BEET: the addresses inside, which are not sent. Transport mode behind a NAT, inbound: the
	 * addresses that the peer's checksums were made with, its own as remote and ours as it saw
	 * it as local (RFC 3948 3.1.2, NAT-OA); version 0: checksums are made anew. */
	struct adit_ip inner_local, inner_remote;
};

struct adit_sa_counters {
	uint64_t packets,
		bytes;  /* sealed, or authenticated and delivered; bytes of inner packets */
	uint64_t drops; /* refused for any reason; outbound ones too long for the path as well */
};

/* The longest outer header that an SA writes: IPv6 and UDP. */
#define ADIT_OUTER_MAX 48

/* Private but for n: shown so that callers can reserve storage; read it through functions. At most
 * 128 bytes on a 32-bit machine. */
struct adit_sa {
	/* What every packet reads. */
	const struct adit_aead *aead;
	void *kc;
	const struct adit_selectors *selectors;
	struct adit_sa_more *more;
	uint32_t spi;
	uint8_t dir, mode, protocol;
	uint8_t outer_len; /* bytes of `outer` in use, without ESP header */
	bool esn, udp_encap;
	uint8_t flags;
	bool bounded;                  /* more->hard has something to say */
	uint16_t mtu, tfc;             /* mtu: UINT16_MAX: no limit of its own */
	uint8_t outer[ADIT_OUTER_MAX]; /* IP header (and UDP) but for what a packet brings */
	/* What every packet writes. */
	uint64_t seq;              /* outbound: last number used */
	struct adit_replay window; /* inbound */
	struct adit_sa_counters n;
};

/* Makes an SA. kc: keyed context storage of at least aead->ctx_size bytes, aligned for uint64_t and
 * pointers, living as long as the SA; bits: ADIT_REPLAY_WORDS(window) words, inbound only.
 * ERR_ARG: a field out of its range; ERR_CONFIG: a manual key of a counting cipher without
 * seq_known, or selectors of another size; ERR_UNSUPPORTED: what a build without ADIT_EXTRAS has
 * not; ERR_ROOM: kc or bits too small; ERR_CRYPTO: the provider refused the key. On any error *sa
 * is zero. Called as adit_sa_init(sa, params, kc, bits, words). */
#define adit_sa_init(...) adit_sa_init_(sizeof(struct adit_selectors), __VA_ARGS__)
ADIT_MUST_USE enum adit_status adit_sa_init_(size_t selectors_size, struct adit_sa *sa,
					     const struct adit_sa_params *params,
					     struct adit_buf kc, uint32_t *bits, size_t words);

/* Ends an SA: the provider's context and every field are wiped. Safe on a zero SA. */
void adit_sa_wipe(struct adit_sa *sa);

/* A mode with an outer header of its own. */
static inline bool
adit_sa_is_tunnel(const struct adit_sa *sa)
{
	return sa->mode == ADIT_TUNNEL || sa->mode == ADIT_IPTFS;
}

/* Takes the next n sequence numbers at once; *first is the first of them. Nothing is taken on
 * ERR_EXHAUSTED: the number space (2^32 - 1, or 2^64 - 1 with esn) or a hard limit is reached. */
ADIT_MUST_USE enum adit_status adit_sa_take_seq(struct adit_sa *sa, size_t n, uint64_t *first);

/* Whether a bound of its life is reached at `now`. */
enum adit_age { ADIT_AGE_GOOD, ADIT_AGE_SOFT, ADIT_AGE_HARD };
/* A hard bound of bytes or packets is reached. */
bool adit_sa_is_full(const struct adit_sa *sa);
enum adit_age adit_sa_age(const struct adit_sa *sa, adit_ms now);

/* The drops of an SA by cause; zeroes without `more`. */
struct adit_sa_audit adit_sa_audit(const struct adit_sa *sa);

/* Sets the longest outer packet that the path takes; zero: no limit. What was learnt (icmp.h) is
 * forgotten. */
void adit_sa_set_mtu(struct adit_sa *sa, uint16_t mtu);

/* Moves the outer addresses and ports of an SA (NAT mapping change). */
ADIT_MUST_USE enum adit_status adit_sa_set_path(struct adit_sa *sa, const struct adit_path *path);

/* The outer addresses and ports that the SA sends to or receives from. */
struct adit_path adit_sa_path(const struct adit_sa *sa);

#ifdef __cplusplus
}
#endif
#endif
