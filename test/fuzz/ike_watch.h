/* What must hold of an IKE engine after every step, whatever came in: its slots hang together, what
 * is told comes in order, what is sent was called for, and nothing is waited for without a
 * deadline. A breach aborts. */
#ifndef ADIT_FUZZ_IKE_WATCH_H
#define ADIT_FUZZ_IKE_WATCH_H

#include "support/pair.h"

/* What was told of a Child SA, with a digest of its keys for comparison with the peer's. */
struct ike_watch_child {
	bool live;
	uint16_t generation, owner;
	uint32_t spi_in, spi_out;
	uint64_t keys_in, keys_out;
};

/* What one engine has told and sent so far. */
struct ike_watch {
	struct {
		bool up, started;
		uint16_t generation;
	} told[PAIR_SLOTS];
	struct ike_watch_child children[PAIR_SLOTS];
	unsigned credit; /* datagrams that may still go out for what came in */
};

void must(bool holds);

/* Takes all events, in their order. */
void ike_watch_events(struct ike_watch *w, struct pair_side *side);
/* A datagram that has come out. */
void ike_watch_sent(struct ike_watch *w, const struct pair_datagram *d);
/* Between calls, once all events are taken. */
void ike_watch_check(const struct ike_watch *w, const struct pair_side *side);
/* Both ends of each tunnel have the same keys: true of all that nobody tampered with who has keys.
 */
void ike_watch_agree(const struct ike_watch *a, const struct ike_watch *b);

/* Statuses that a message gets before anything in it counts: they change no slot. */
bool ike_watch_is_stranger(enum adit_status st);

#endif
