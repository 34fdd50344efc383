/* The Security Policy Database (RFC 4301 4.4.1): an ordered list of policies, const and the
 * caller's. The first policy that matches decides; none: DISCARD. A flow cache stands in front, and
 * for many policies an index over memory of the caller's finds the same policy as the scan. */
#ifndef ADIT_SPD_H
#define ADIT_SPD_H

#include "adit/sad.h"

#ifdef __cplusplus
extern "C" {
#endif

enum adit_action { ADIT_DISCARD = 0, ADIT_BYPASS = 1, ADIT_PROTECT = 2 };

/* Selectors that an SA takes from the packet which asked for it and not from the policy ("populate
 * from packet", RFC 4301 4.4.1). A port of ICMP is its type and code. */
enum {
	ADIT_PFP_LOCAL = 1,
	ADIT_PFP_REMOTE = 2,
	ADIT_PFP_PROTOCOL = 4,
	ADIT_PFP_LOCAL_PORT = 8,
	ADIT_PFP_REMOTE_PORT = 16,
	ADIT_PFP_PORTS = ADIT_PFP_LOCAL_PORT | ADIT_PFP_REMOTE_PORT
};

struct adit_policy {
	const char *name; /* for people; may be NULL */
	enum adit_action action;
	enum adit_direction dir; /* of the packets that it is about; zero: both */
	uint8_t pfp;             /* ADIT_PFP_*, of PROTECT; zero: all from the policy */
	struct adit_selectors selectors;
	uint32_t tag; /* the caller's: tells IKE which child to make for NEED_SA */
};

/* Private: a remembered decision. */
struct adit_spd_cache_entry {
	struct adit_flow flow;
	uint8_t dir, dscp;
	uint32_t resource;
	uint32_t policy; /* index, or ADIT_POLICY_NONE */
	struct adit_sa_id sa;
	uint32_t generation; /* of the SPD when it was decided; 0: empty */
};

struct adit_spd_mem {
	const struct adit_policy *policies; /* in order; must outlive the SPD */
	size_t count;
	uint32_t *heads;                    /* count words: newest outbound SA of each policy */
	struct adit_spd_cache_entry *cache; /* may be NULL */
	size_t cache_count;                 /* a power of two, or 0 */
};

/* Private: an index, or none where find is NULL; lib/sa/spd_tree.h tells what its words are. */
struct adit_spd_index {
	uint32_t (*find)(const struct adit_spd_index *index, enum adit_direction dir,
			 const struct adit_flow *flow);
	uint32_t *keys[4], *boxes, *nodes;
	uint32_t key_n[4], box_n, node_n;
};

struct adit_spd {
	struct adit_spd_mem mem;
	struct adit_spd_index index;
	uint32_t generation; /* what is cached of an older one is void */
};

#define ADIT_POLICY_NONE UINT32_MAX

/* *mem is copied. ERR_CONFIG: structs of another size; ERR_ARG: memory that can't work. */
#define adit_spd_init(spd, mem) \
	adit_spd_init_((spd), sizeof *(spd), sizeof(struct adit_policy), (mem))
ADIT_MUST_USE enum adit_status adit_spd_init_(struct adit_spd *spd, size_t spd_size,
					      size_t policy_size, const struct adit_spd_mem *mem);

/* Words that an index of these policies needs, exactly; SIZE_MAX: more than can be. Small, beside
 * the policies: about 33 words for one with one range on each side. */
size_t adit_spd_index_words(const struct adit_policy *policies, size_t count);
/* Builds the index in words[n], which must outlive the SPD or the next call: from now on a look-up
 * costs about the logarithm of the number of policies. To be called again when the policies have
 * changed; NULL and 0: no index. n * log n steps. ERR_ROOM: n is too small, and there is none. */
ADIT_MUST_USE enum adit_status adit_spd_index(struct adit_spd *spd, uint32_t *words, size_t n);
/* Says that policies were changed in their place: forgets cached decisions and the index. The SAs
 * of a policy whose pfp changes are to be taken off before. */
void adit_spd_changed(struct adit_spd *spd);

/* Index of the first policy that matches, or ADIT_POLICY_NONE. Uncached and pure. */
uint32_t adit_spd_find(const struct adit_spd *spd, enum adit_direction dir,
		       const struct adit_flow *flow);

/* Hangs an outbound SA of the SAD under its policy, newest first; takes it off again, which must
 * come before adit_sad_remove(). ERR_STALE; ERR_ARG: inbound, or of no policy here; ERR_STATE: it
 * hangs there already. */
ADIT_MUST_USE enum adit_status adit_spd_link(struct adit_spd *spd, struct adit_sad *sad,
					     struct adit_sa_id id);
void adit_spd_unlink(struct adit_spd *spd, struct adit_sad *sad, struct adit_sa_id id);

/* The selectors of an SA that *policy makes for a packet of *flow, which it matches: those of the
 * policy, narrowed to the packet where policy->pfp says so (RFC 4301 4.4.1.2). Ports without a
 * protocol mean nothing, so a port from the packet brings its protocol along. ERR_SELECTOR: the
 * packet lacks what is asked of it (a port, in a fragment; a protocol that is not 0), or the policy
 * doesn't match: to be discarded; *out is then undefined. */
ADIT_MUST_USE enum adit_status adit_selectors_from_packet(const struct adit_policy *policy,
							  const struct adit_flow *flow,
							  struct adit_selectors *out);

#ifdef __cplusplus
}
#endif
#endif
