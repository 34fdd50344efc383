/* What the readers of states and policies share: values, and the look-up of words. */
#ifndef XFRM_GRAMMAR_H
#define XFRM_GRAMMAR_H

#include "words.h"
#include "xfrm.h"

/* ONCE: a second one would take the place of the first, and is refused. AGAIN: it adds to it. */
enum keyword_times { ONCE, AGAIN };

/* A word of the grammar and what takes what stands behind it. */
struct keyword {
	const char *word;
	bool (*take)(struct words *w, void *to);
	enum keyword_times times;
};

/* Takes words while there are any that the table knows, up to 31. strict: others are refused, and
 * all that are known here are told; else the first of them is left to the next. */
bool grammar_take(struct words *w, const struct keyword *table, void *to, bool strict);

/* Each takes one word and refuses what it can't be; `what` is its name for people. */
const char *grammar_word(struct words *w, const char *what);
bool grammar_number(struct words *w, const char *what, uint64_t most, uint64_t *out);
bool grammar_address(struct words *w, const char *what, struct adit_ip *out);
bool grammar_protocol(struct words *w, const char *what, uint8_t *out); /* esp or ah */
bool grammar_mode(struct words *w, enum adit_mode *out);
/* Bytes of 0x and hex, appended to a key of *n bytes. */
bool grammar_key(struct words *w, uint8_t *key, size_t *n);

/* src, dst, proto, sport, dport, type, code; nothing: empty stays as it was. version: where no
 * address tells. */
bool grammar_selector(struct words *w, uint8_t version, struct xfrm_selector *out);

/* state.c, policy.c: what stands behind "state add", "policy add". version: of what has no
 * address. */
bool state_read(struct words *w, struct xfrm_state *s);
bool policy_read(struct words *w, uint8_t version, struct xfrm_policy *p);

#endif
