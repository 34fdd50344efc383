/* Extended numbers: the 64-bit number that 32 bits stand for is, of all that end in them, the one
 * that is not left of the window and nearest to its left edge (RFC 4303 A2.2).
 * Sources: lib/sa/replay.c
 * Bound: any top below 2^64 - 2^32, any window
 * Options: --unwind 10 -DPROOF_FILL_TRUE
 * Broken: lib/sa/replay.c s/low >= bottom ? high/low > bottom ? high/
 */
#include "adit/replay.h"
#include "proof.h"

int
main(void)
{
	struct adit_replay w;
	uint32_t low = nondet_u32();
	uint64_t seq, edge;

	GIVEN(w.packets >= ADIT_REPLAY_MIN && w.packets <= ADIT_REPLAY_MAX);
	GIVEN(w.esn ? w.top < UINT64_MAX - UINT32_MAX : w.top <= UINT32_MAX);
	seq = adit_replay_expand(&w, low);
	SHOW((uint32_t)seq == low);
	if (!w.esn) {
		SHOW(seq == low);
		return 0;
	}
	edge = w.top < w.packets ? 0 : w.top - w.packets + 1;
	SHOW(seq >= edge && seq - edge <= UINT32_MAX);
	if (seq > w.top && seq >> 32 != w.top >> 32)
		REACHED("a number of the next subspace");
	return 0;
}
