/* The anti-replay window: a ring of words, of which one is to spare, so that moving the window
 * clears whole words and never shifts bits (RFC 4303 3.4.3 and A2; the ring is that of RFC 6479).
 */
#include <string.h>

#include "adit/replay.h"

#define WORD_BITS 32

static size_t
words_of(const struct adit_replay *w)
{
	return (size_t)w->mask + 1;
}

static uint32_t *
word_of(const struct adit_replay *w, uint64_t seq)
{
	return &w->bits[(uint32_t)(seq / WORD_BITS) & w->mask];
}

/* ADIT_REPLAY_WORDS, computed. */
static size_t
words_for(uint32_t packets)
{
	size_t words = 2;

	while (words <= ADIT_REPLAY_MAX && (words - 1) * WORD_BITS < packets)
		words *= 2;
	return words;
}

enum adit_status
adit_replay_init(struct adit_replay *w, uint32_t *bits, size_t words, uint32_t packets, bool esn)
{
	size_t need = words_for(packets);

	if (packets < ADIT_REPLAY_MIN || packets > ADIT_REPLAY_MAX)
		return ADIT_ERR_ARG;
	if (words < need)
		return ADIT_ERR_ROOM;
	w->top = 0;
	w->bits = bits;
	w->mask = (uint8_t)(need - 1);
	w->packets = (uint16_t)packets;
	w->esn = esn;
	memset(bits, 0, words_of(w) * sizeof *bits);
	return ADIT_OK;
}

void
adit_replay_resume(struct adit_replay *w, uint64_t last)
{
	memset(w->bits, 0xff, words_of(w) * sizeof *w->bits);
	*word_of(w, last) = UINT32_MAX >> (WORD_BITS - 1 - last % WORD_BITS);
	w->top = last;
}

uint64_t
adit_replay_expand(const struct adit_replay *w, uint32_t low)
{
	uint32_t top_low = (uint32_t)w->top, high = (uint32_t)(w->top >> 32);
	uint32_t bottom = top_low - w->packets + 1;

	if (!w->esn)
		return low;
	/* The window is within one subspace: what is left of it belongs to the next. */
	if (top_low >= w->packets - 1u)
		return (uint64_t)(low >= bottom ? high : high + 1) << 32 | low;
	/* It spans two: what is at its bottom or above belongs to the one before, if there is one.
	 */
	if (low >= bottom && high > 0)
		high--;
	return (uint64_t)high << 32 | low;
}

static inline enum adit_status
check(const struct adit_replay *w, uint64_t seq)
{
	if (seq == 0)
		return ADIT_ERR_OLD;
	if (seq > w->top)
		return ADIT_OK;
	if (w->top - seq >= w->packets)
		return ADIT_ERR_OLD;
	return (*word_of(w, seq) >> (seq % WORD_BITS)) & 1 ? ADIT_ERR_REPLAY : ADIT_OK;
}

enum adit_status
adit_replay_check(const struct adit_replay *w, uint64_t seq)
{
	return check(w, seq);
}

/* Clears the words between the top's and that of a new top. */
static void
clear_to(struct adit_replay *w, uint64_t seq)
{
	uint64_t from = w->top / WORD_BITS, to = seq / WORD_BITS;
	uint64_t clear = to - from < words_of(w) ? to - from : words_of(w);

	for (uint64_t i = 0; i < clear; i++)
		*word_of(w, (to - i) * WORD_BITS) = 0;
}

enum adit_status
adit_replay_commit(struct adit_replay *w, uint64_t seq)
{
	enum adit_status st = check(w, seq);

	if (st != ADIT_OK)
		return st;
	if (seq > w->top) {
		if (seq / WORD_BITS != w->top / WORD_BITS)
			clear_to(w, seq);
		w->top = seq;
	}
	*word_of(w, seq) |= 1u << (seq % WORD_BITS);
	return ADIT_OK;
}
