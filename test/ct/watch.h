/* Constant time by valgrind's memcheck: secrets are marked as undefined memory, and memcheck then
 * tells of every branch and of every address that depends on one. */
#ifndef TEST_CT_WATCH_H
#define TEST_CT_WATCH_H

#include "adit/crypto.h"

/* A case: what it does, and whether a report is what must come of it. */
struct watch {
	const char *name;
	void (*run)(const void *with);
	const void *with;
	bool leaks;
};

/* A CMocka test over a struct watch in *state: no report of our own code. Skipped where valgrind is
 * not there. With ADIT_CT_PROVIDER in the environment reports are told and not judged: those of the
 * provider, which are suppressed else. */
void watch_test(void **state);

/* From now on these bytes are secret; no longer secret. Each use of the second says why. */
void watch_secret(void *p, size_t n);
void watch_public(void *p, size_t n);

/* An AEAD like `of` for messages on a wire: what it has sealed is public, and what it has opened is
 * public if it is authentic. One at a time. */
struct adit_aead watch_aead(const struct adit_aead *of);

/* A key exchange like `of` whose private values and shared secrets are secret once made; one at a
 * time. How it makes them is not watched. */
struct adit_ke watch_ke(const struct adit_ke *of);

#endif
