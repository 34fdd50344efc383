/* One node with both databases and all that outbound and inbound processing may have: for tests of
 * policies over the public headers. */
#ifndef ADIT_TEST_SITE_H
#define ADIT_TEST_SITE_H

#include "adit/ipsec.h"

enum {
	SITE_SAS = 16,
	SITE_POLICIES = 16,
	SITE_WORDS = ADIT_REPLAY_WORDS(64),
	SITE_CACHE = 16,
	SITE_FRAGMENTS = 64,
	SITE_BUF = 4096,
	SITE_ROOM = 512
};

struct site {
	struct adit_sad sad;
	struct adit_sad_word words[SITE_SAS];
	struct adit_sa sas[SITE_SAS];
	struct adit_sad_entry entries[SITE_SAS];
	union adit_keyctx keys[SITE_SAS];
	uint32_t windows[SITE_SAS * SITE_WORDS], hash[SITE_SAS];
	struct adit_policy policies[SITE_POLICIES];
	uint32_t heads[SITE_POLICIES];
	struct adit_spd_cache_entry cache[SITE_CACHE];
	struct adit_spd spd;
	struct adit_fragtrack tracks[2];
	struct adit_fragtrack_entry fragments[2][SITE_FRAGMENTS];
	struct adit_ipsec ipsec;
	struct adit_ip ip; /* the node's own */
	size_t policy_count;
	uint8_t buf[SITE_BUF];
	struct adit_pkt pkt;
	struct adit_verdict v;
};

/* Begins with no policies and no SAs. ip: the end of its tunnels. */
void site_open(struct site *s, const struct adit_ip *ip);
void site_close(struct site *s);

/* Adds a policy behind those before; its selectors are the caller's to change before the first
 * packet. Everything between 10.0.local.0/24 and 10.0.remote.0/24. */
struct adit_policy *site_policy(struct site *s, enum adit_action action, uint8_t local,
				uint8_t remote);
/* Makes an SA of a policy, and its twin of the other direction at `peer`, whose policy has the same
 * index; selectors are each side's policy's. p: what is not zero is taken, all else is AES-GCM in a
 * tunnel between both nodes. */
void site_join(struct site *s, struct site *peer, uint32_t policy, const struct adit_sa_params *p);
/* Makes one SA; p as above, with dir, local and remote. */
enum adit_status site_add(struct site *s, struct adit_sa_params p, const struct adit_sad_note *note,
			  struct adit_sa_id *id);

/* Puts a UDP packet of 100 bytes from 10.0.from.1:1000 to 10.0.to.1:2000. */
void site_udp(struct site *s, uint8_t from, uint8_t to);
/* Puts bytes. */
void site_bytes(struct site *s, const uint8_t *p, size_t n);
uint8_t *site_data(struct site *s);
enum adit_verdict_kind site_out(struct site *s);
enum adit_verdict_kind site_in(struct site *s);
/* The packet that a sent arrives at b. */
enum adit_verdict_kind site_carry(struct site *a, struct site *b);

#endif
