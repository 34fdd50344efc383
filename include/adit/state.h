/* An SA as bytes that outlive a reboot or go to another machine: everything that it is made from,
 * its key too, and how far it got; enciphered and authenticated, with a version. What is known of
 * its numbers is older than the SA itself by the time it is read again, so numbers jump: none is
 * ever used twice (RFC 4303 3.3.3, RFC 8221 section 4). */
#ifndef ADIT_STATE_H
#define ADIT_STATE_H

#include "adit/sa.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What protects exported SAs: an AEAD whose block is 1, and its keyed context. The key is the
 * caller's, for this purpose alone. */
struct adit_state_seal {
	const struct adit_aead *aead;
	void *kc;
};

/* Bytes of the longest exported SA. */
#define ADIT_STATE_MAX (512 + ADIT_AEAD_KEY_MAX + 2 * ADIT_TS_MAX * 38 + ADIT_REPLAY_MAX / 8)

/* Writes *sa into out.p, *n bytes of it. params: what it was made from, with its key; where sa
 * knows better (its path, its MTU), that is written. number: of this export, never the same twice
 * under one seal. now: the caller's clock, against which the age of the SA is told. ERR_ROOM: out
 * is too small, ADIT_STATE_MAX is enough; ERR_ARG: params are not those of sa (but its key can't be
 * compared: that is the caller's to know), or the seal can't be used; ERR_CRYPTO. On any error out
 * is wiped. */
ADIT_MUST_USE enum adit_status adit_state_export(const struct adit_sa *sa,
						 const struct adit_sa_params *params,
						 const struct adit_state_seal *seal,
						 uint64_t number, adit_ms now, struct adit_buf out,
						 size_t *n);

/* How many numbers may have passed between export and import.
 * out: used by this end; a daemon that exports every 2^16 packets jumps that far and as much again.
 * in: used by the peer: they and all before count as seen, whether they came or not.
 * Zero: none: the exporter stopped there, and nobody else imports the same. */
struct adit_state_jump {
	uint64_t out, in;
};

/* An SA on its way back. */
struct adit_sa_state {
	struct adit_sa_params params; /* to make it from; points into this struct */
	struct adit_sa_counters n;
	uint8_t key[ADIT_AEAD_KEY_MAX];
	struct adit_selectors selectors;
	uint32_t bits[ADIT_REPLAY_MAX / 32]; /* the window, from its left end; used with in zero */
	bool has_bits;
	uint64_t number; /* of the export. Numbers that rise, and the last one kept where who can
			    change stored bytes can't reach, tell an older state from the newest */
};

/* Opens an exported SA and fills *state, which must stay where it is while its params are used;
 * params.manual is unset and params.more is NULL: the caller's to set, or a SAD's. Transforms are
 * found in `crypto`. Of one state at most one SA may be made.
 * ERR_ICV: not authentic; ERR_VERSION: written by another version; ERR_SHORT, ERR_MALFORMED: not an
 * exported SA; ERR_UNSUPPORTED: a transform that crypto has not; ERR_ROOM: more selectors than
 * ADIT_TS_MAX; ERR_EXHAUSTED: after the jump no numbers are left; ERR_CONFIG: a struct of another
 * size. On any error *state is wiped. Called as
 * adit_state_import(bytes, seal, crypto, jump, now, state). */
#define adit_state_import(...) adit_state_import_(sizeof(struct adit_sa_state), __VA_ARGS__)
ADIT_MUST_USE enum adit_status adit_state_import_(size_t state_size, struct adit_span bytes,
						  const struct adit_state_seal *seal,
						  const struct adit_crypto *crypto,
						  const struct adit_state_jump *jump, adit_ms now,
						  struct adit_sa_state *state);

/* Gives an SA just made from state->params its counters and its window; wipes *state. But an SA
 * outside a SAD, which has no copy of its selectors, reads them where params.selectors is: if that
 * is still in *state they stay there, to live as long as the SA. */
void adit_state_resume(struct adit_sa *sa, struct adit_sa_state *state);

/* For a state that no SA is made from. */
void adit_state_wipe(struct adit_sa_state *state);

#ifdef __cplusplus
}
#endif
#endif
