/* The Security Policy Database (RFC 4301 4.4.1): an ordered list of policies, const and the
 * caller's, with a flow cache in front. The first policy that matches decides; none: DISCARD. */
#ifndef ADIT_SPD_H
#define ADIT_SPD_H

#include "adit/sad.h"

#ifdef __cplusplus
extern "C" {
#endif

enum adit_action { ADIT_DISCARD = 0, ADIT_BYPASS = 1, ADIT_PROTECT = 2 };

struct adit_policy {
	const char *name; /* for people; may be NULL */
	enum adit_action action;
	struct adit_selectors selectors;
	uint32_t tag; /* the caller's: tells IKE which child to make for NEED_SA */
};

/* Private: a remembered decision. */
struct adit_spd_cache_entry {
	struct adit_flow flow;
	uint32_t policy; /* index + 1; 0: empty */
	struct adit_sa_id sa;
};

struct adit_spd_mem {
	const struct adit_policy *policies; /* in order; must outlive the SPD */
	size_t count;
	uint32_t *heads;                    /* count words: newest outbound SA of each policy */
	struct adit_spd_cache_entry *cache; /* may be NULL */
	size_t cache_count;                 /* a power of two, or 0 */
};

struct adit_spd {
	struct adit_spd_mem mem;
};

#define ADIT_POLICY_NONE UINT32_MAX

#define adit_spd_init(spd, mem) \
	adit_spd_init_((spd), sizeof *(spd), sizeof(struct adit_policy), (mem))
ADIT_MUST_USE enum adit_status adit_spd_init_(struct adit_spd *spd, size_t spd_size,
					      size_t policy_size, const struct adit_spd_mem *mem);

/* Index of the first policy that matches, or ADIT_POLICY_NONE. Uncached and pure. */
uint32_t adit_spd_find(const struct adit_spd *spd, const struct adit_flow *flow);

/* Hangs an outbound SA of the SAD under its policy, newest first; takes it off again, which must
 * come before adit_sad_remove(). ERR_STALE; ERR_ARG: inbound, or of no policy here; ERR_STATE: it
 * hangs there already. */
ADIT_MUST_USE enum adit_status adit_spd_link(struct adit_spd *spd, struct adit_sad *sad,
					     struct adit_sa_id id);
void adit_spd_unlink(struct adit_spd *spd, struct adit_sad *sad, struct adit_sa_id id);

#ifdef __cplusplus
}
#endif
#endif
