/* Two IKE engines, what is on its way between them, and the doors that a script goes through: after
 * each call events are taken, then output, and then what must hold is looked at. */
#ifndef ADIT_FUZZ_IKE_WORLD_H
#define ADIT_FUZZ_IKE_WORLD_H

#include "fuzz/ike_watch.h"
#include "fuzz/script.h"

enum { WIRE = 8 };

struct flight {
	bool there, to_b;
	struct pair_datagram d;
};

struct world {
	struct pair pair;
	struct ike_watch watch[2]; /* of a, of b */
	struct flight wire[WIRE];  /* the oldest is lost when it is full */
	unsigned next;
	bool stalled[2]; /* its output is not taken for now */
	bool honest;     /* nobody with keys has made up anything yet */
	uint16_t shift;  /* a NAT before a: what b sees of its port */
	uint64_t number; /* of messages made up */
};

/* Calls of the random source until one fails; 0: none does. */
extern unsigned random_fails_in;

struct pair_side *side_of(struct world *w, bool b);
/* As the script's first bytes say. */
void open_world(struct world *w, struct script *s);
/* Events, output, checks; give() and tick() end with it. */
void settle(struct world *w, bool b);
/* It arrives. */
void give(struct world *w, const struct flight *f);
void tick(struct world *w, bool b);
adit_ms first_deadline(const struct world *w);

/* Bytes of the non-ESP marker before its message. */
size_t marker_of(const struct flight *f);

#endif
