/* SAs and policies by hand: a file of commands as ip-xfrm(8) takes them.
 *
 *   ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x1001 reqid 1 mode tunnel \
 *           replay-oseq 0 aead 'rfc4106(gcm(aes))' 0xKEYSALT 128
 *   ip xfrm policy add src 10.1.0.0/16 dst 10.2.0.0/16 dir out \
 *           tmpl src 10.0.0.1 dst 10.0.0.2 proto esp reqid 1 mode tunnel
 *
 * "ip" and "xfrm" may be left out. What a word means and what isn't said is as there, but that a
 * replay window is never off, and that what isn't known or can't be had is refused. */
#ifndef XFRM_H
#define XFRM_H

#include <stdio.h>

#include "adit/sa.h"

enum { XFRM_TEMPLATES = 4 }; /* of one policy: SAs in one another */

/* Which packets; src is where they come from, whoever that is. Version 0 in both: any. ICMP's type
 * and code are in the ports of both, as adit_ts has them. */
struct xfrm_selector {
	struct adit_ts src, dst;
};

struct xfrm_state {
	unsigned line; /* where it stands in the file */
	struct adit_ip src, dst;
	uint8_t protocol; /* ADIT_PROTO_ESP, ADIT_PROTO_AH */
	uint32_t spi, reqid;
	enum adit_mode mode;
	enum adit_direction dir; /* zero: as the addresses tell */
	const struct adit_aead *aead;
	bool is_legacy;                 /* 3DES, DES or HMAC-MD5 */
	uint8_t key[ADIT_AEAD_KEY_MAX]; /* as adit_aead has it: cipher key, salt, integrity key */
	size_t key_n;
	bool esn;
	uint32_t replay_window; /* 0: not said */
	bool has_oseq;
	uint64_t oseq, seq; /* last number sent; highest number received */
	uint8_t flags;      /* ADIT_SA_* */
	uint16_t tfc;
	bool encap; /* ESP in UDP */
	uint16_t sport, dport;
	struct adit_ip original; /* the peer's own address behind its NAT; version 0: not said */
	bool has_sel;
	struct xfrm_selector sel;
	struct adit_lifetime soft, hard; /* time in ms, as adit has it */
};

/* What SA a packet goes through, or came through; zero: any. */
struct xfrm_template {
	struct adit_ip src, dst;
	uint8_t protocol;
	uint32_t spi, reqid;
	enum adit_mode mode;
};

enum xfrm_dir { XFRM_OUT = 1, XFRM_IN, XFRM_FORWARD };

struct xfrm_policy {
	unsigned line;
	enum xfrm_dir dir;
	bool block;
	uint32_t priority;
	struct xfrm_selector sel;
	size_t template_n;
	struct xfrm_template templates[XFRM_TEMPLATES]; /* the innermost first */
};

struct xfrm {
	char *name; /* of the file */
	struct xfrm_state *states;
	size_t state_count;
	struct xfrm_policy *policies; /* in the order in which they are tried */
	size_t policy_count;
};

/* Reads a file. NULL: what is wrong was written to err as "file:line: text". */
struct xfrm *xfrm_read(const char *file, FILE *err);
/* The same of n bytes in memory. */
struct xfrm *xfrm_read_memory(const char *name, const char *text, size_t n, FILE *err);
/* Wipes all keys. NULL is no error. */
void xfrm_free(struct xfrm *x);

/* The state is one that the template asks for. */
bool xfrm_template_match(const struct xfrm_template *t, const struct xfrm_state *s);

#endif
