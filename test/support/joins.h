/* A reassembler with its memory, and fragments on their way into it. */
#ifndef TEST_SUPPORT_JOINS_H
#define TEST_SUPPORT_JOINS_H

#include "adit/fragment.h"
#include "support/cuts.h"

enum { SLOTS = 4, FRAGMENTS = 64, HEADROOM = 24, TAILROOM = 16, ID = 0x21b2c3d4 };
enum { SLOT_SIZE = HEADROOM + CUTS_MAX + TAILROOM };

struct joins {
	struct adit_reasm r;
	struct adit_reasm_mem mem;
	adit_ms now;
	struct adit_pkt pkt; /* what the last call made of it */
};

/* Memory of the sizes above, the same for all. */
struct adit_reasm_mem joins_memory(void);
/* A reassembler on it, or on w->mem as it was changed since. */
enum adit_status joins_open(struct joins *w);
enum adit_status joins_reopen(struct joins *w);

/* Gives n bytes in a buffer of their own, whose start is joins_arrival(). ADIT_STATUS_COUNT: they
 * were changed, or *pkt was by a call that should not have. */
enum adit_status joins_give(struct joins *w, const uint8_t *p, size_t n);
const uint8_t *joins_arrival(void);
/* Gives a fragment made by hand; addresses are 1 and 2 where none are told. */
enum adit_status joins_fragment(struct joins *w, const struct cuts_fragment *f);
/* Gives data [from, to) of the packet ID, of IP version 4 or 6. */
enum adit_status joins_piece(struct joins *w, uint8_t version, size_t from, size_t to, bool more);

/* w->pkt lies in a slot, with its headroom and tailroom. */
bool joins_has_room(const struct joins *w);
/* ... and has `len` data bytes of the packet ID, behind a header that is right. */
bool joins_is_data(const struct joins *w, size_t len);

#endif
