/* The anti-replay window (RFC 4303 3.4.3, with RFC 4303 appendix A for extended numbers) over bits
 * that the caller owns. expand, check and commit are separate: commit comes after authentication.
 */
#ifndef ADIT_REPLAY_H
#define ADIT_REPLAY_H

#include "adit/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_REPLAY_MIN 32
#define ADIT_REPLAY_MAX 4096
#define ADIT_REPLAY_DEFAULT 64

/* Words of 32 bits that a window of `packets` needs: a ring with one word to spare, a power of two.
 */
#define ADIT_REPLAY_WORDS(packets) \
	((packets) <= 32     ? 2   \
	 : (packets) <= 96   ? 4   \
	 : (packets) <= 224  ? 8   \
	 : (packets) <= 480  ? 16  \
	 : (packets) <= 992  ? 32  \
	 : (packets) <= 2016 ? 64  \
	 : (packets) <= 4064 ? 128 \
			     : 256)

struct adit_replay {
	uint64_t top;     /* highest number committed; 0: none yet */
	uint32_t *bits;   /* ring of mask + 1 words, the caller's */
	uint16_t packets; /* size of the window */
	uint8_t mask;
	bool esn;
};

/* packets: ADIT_REPLAY_MIN..ADIT_REPLAY_MAX. bits: at least ADIT_REPLAY_WORDS(packets) words, which
 * must live as long as *w. ERR_ARG: packets out of range; ERR_ROOM: too few words. */
ADIT_MUST_USE enum adit_status adit_replay_init(struct adit_replay *w, uint32_t *bits, size_t words,
						uint32_t packets, bool esn);

/* Begins a window just made behind `last`: this number and all before it count as seen. */
void adit_replay_resume(struct adit_replay *w, uint64_t last);

/* The 64-bit number that a packet's 32 bits stand for, seen from the window's top (RFC 4303 A2.2);
 * without esn, the number itself. Pure. */
uint64_t adit_replay_expand(const struct adit_replay *w, uint32_t low);

/* OK: new. ERR_REPLAY: seen. ERR_OLD: left of the window, or 0. Pure. */
ADIT_MUST_USE enum adit_status adit_replay_check(const struct adit_replay *w, uint64_t seq);

/* Checks once more, marks seq as seen and moves the window; only when the packet is authentic. Of a
 * number that is not new the window stays as it is. */
enum adit_status adit_replay_commit(struct adit_replay *w, uint64_t seq);

#ifdef __cplusplus
}
#endif
#endif
