/* Two IKE engines and the wire between them, in memory: nothing happens by itself, all randomness
 * comes from a seed. */
#ifndef TEST_SUPPORT_PAIR_H
#define TEST_SUPPORT_PAIR_H

#include "adit/adit.h"
#include "adit/mbedtls.h"

enum { PAIR_SLOTS = 4, PAIR_EVENTS = 32, PAIR_TRACES = 64 };

/* A random source that can be told to fail. */
struct pair_rng {
	uint64_t state;
	bool fails;
};
enum adit_status pair_rng_fill(void *ctx, uint8_t *out, size_t n);

struct pair_side {
	struct adit_ike ike;
	struct adit_ike_sa sas[PAIR_SLOTS];
	struct adit_ike_child children[PAIR_SLOTS];
	struct adit_ike_handshake handshakes[PAIR_SLOTS];
	struct adit_ike_config cfg;
	struct adit_peer_config peer;
	struct adit_child_config child;
	struct adit_trace trace;
	struct pair_rng rng;
	struct adit_endpoint end; /* our address and IKE port, as we see it */
	/* What was told: events in order, with keys and selectors of their own. */
	struct adit_ike_event events[PAIR_EVENTS];
	unsigned event_count;
	struct adit_sa_params in, out; /* of the last CHILD_UP */
	uint8_t in_key[ADIT_AEAD_KEY_MAX], out_key[ADIT_AEAD_KEY_MAX];
	struct adit_selectors selectors;
	/* SPIs that were asked for and not given back. */
	unsigned spis;
};

struct pair_datagram {
	struct adit_path path; /* as the sender sees it */
	size_t len;
	uint8_t bytes[2048];
};

struct pair {
	struct pair_side a, b;
	adit_ms now;
	/* Called for each datagram before it arrives; false: it is lost. NULL: all arrive. */
	bool (*wire)(struct pair *pair, struct pair_side *from, struct pair_datagram *d);
	unsigned sent; /* datagrams so far */
	void *ctx;     /* the test's */
};

/* Two sides that would make a tunnel in 10.0.0.1 === 10.0.0.2, initiator a; a test changes the
 * configurations, then calls pair_open. */
void pair_defaults(struct pair *pair, uint64_t seed);
void pair_open(struct pair *pair);
/* a begins. */
struct adit_ike_id pair_start(struct pair *pair);
/* Delivers all that is due until nothing is; events are taken first. */
void pair_run(struct pair *pair);
/* Opens both, begins and runs: whether they are up. */
bool pair_connect(struct pair *pair);
/* Opens both, begins and has IKE_SA_INIT exchanged, so that a's IKE_AUTH is due: whether all was
 * taken. */
bool pair_first_exchange(struct pair *pair);
/* Lets time pass in steps of what the engines ask for, delivering all that is due, up to `ms`. */
void pair_pass(struct pair *pair, adit_ms ms);
/* The next datagram of a side; false: none. */
bool pair_take(struct pair *pair, struct pair_side *from, struct pair_datagram *d);
/* Gives it to the other side, as that one sees it. */
enum adit_status pair_give(struct pair *pair, struct pair_side *to, const struct pair_datagram *d);
void pair_events(struct pair_side *side);

/* How often an event of that kind was told; the last one, or NULL. */
unsigned pair_count(const struct pair_side *side, enum adit_ike_event_kind kind);
const struct adit_ike_event *pair_last(const struct pair_side *side, enum adit_ike_event_kind kind);
/* Both sides have one Child SA whose keys and SPIs fit together. */
bool pair_is_up(const struct pair *pair);
/* Slots, children, handshakes and SPIs in use. */
unsigned pair_in_use(const struct pair_side *side);

#endif
