/* The replay window: of any numbers in any order each is taken at most once, none left of the
 * window, and every other one that was not taken before is. By induction: a number is chosen, and
 * what the window knows of it is true at the start, and stays true when any number comes.
 * Sources: lib/sa/replay.c
 * Bound: windows of 32..224; any number of numbers
 * Options: --unwind 9 -DPROOF_FILL_TRUE
 * Broken: lib/sa/replay.c s/w->top - seq >= w->packets/w->top - seq > w->packets/
 * Broken: lib/sa/replay.c s/i < clear; i++/i + 1 < clear; i++/
 * Broken: lib/sa/replay.c s/UINT32_MAX >> (WORD_BITS - 1 - last/UINT32_MAX >> (WORD_BITS - last/
 */
#include "adit/replay.h"
#include "proof.h"

#define WORDS ADIT_REPLAY_WORDS(224)

static bool
bit(const struct adit_replay *w, uint64_t seq)
{
	return w->bits[seq / 32 & w->mask] >> seq % 32 & 1;
}

/* What is known of the number x: beyond the top nothing was taken; within the window its bit says
 * whether it was, and the bits before the top in its word wait for their numbers. */
static bool
knows(const struct adit_replay *w, uint64_t x, bool taken)
{
	if (x > w->top)
		return !taken && (x / 32 != w->top / 32 || !bit(w, x));
	return w->top - x >= w->packets || bit(w, x) == taken;
}

static void
start(struct adit_replay *w, uint64_t x)
{
	uint64_t last = nondet_u64();
	uint32_t packets = nondet_u16();

	GIVEN(packets >= ADIT_REPLAY_MIN && packets <= 224);
	SHOW(adit_replay_init(w, w->bits, WORDS, packets, nondet_bool()) == ADIT_OK);
	if (last)
		adit_replay_resume(w, last);
	SHOW(knows(w, x, x <= last));
}

static void
step(struct adit_replay *w, uint64_t x, bool taken)
{
	uint64_t seq = nondet_bool() ? x : nondet_u64();
	bool old = seq <= w->top && w->top - seq >= w->packets;
	enum adit_status st = adit_replay_check(w, seq);

	SHOW((st == ADIT_ERR_OLD) == (seq == 0 || old));
	if (seq == x && !old)
		SHOW(st == (taken ? ADIT_ERR_REPLAY : ADIT_OK));
	if (st != ADIT_OK)
		return;
	adit_replay_commit(w, seq);
	SHOW(seq <= w->top);
	SHOW(knows(w, x, taken || seq == x));
	if (seq == x)
		REACHED("a number taken");
}

int
main(void)
{
	uint32_t bits[WORDS];
	uint64_t x = nondet_u64();
	bool taken = nondet_bool();
	struct adit_replay w;

	GIVEN(x != 0);
	w.bits = bits;
	if (nondet_bool()) {
		start(&w, x);
		return 0;
	}
	GIVEN(w.packets >= ADIT_REPLAY_MIN && w.packets <= 224);
	w.mask = ADIT_REPLAY_WORDS(w.packets) - 1;
	GIVEN(knows(&w, x, taken));
	step(&w, x, taken);
	return 0;
}
