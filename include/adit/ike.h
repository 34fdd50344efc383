/* The IKE engine (RFC 7296): no I/O of its own. Whoever has an event loop uses the five calls:
 * input, tick, output, event, deadline. After any call, first take all events, then all output.
 * What is called from inside a callback of the same engine changes nothing: ERR_STATE, or no
 * event. */
#ifndef ADIT_IKE_H
#define ADIT_IKE_H

#include "adit/ike_config.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Handles by value; a stale one is ERR_STALE. Generation 0: none. */
struct adit_ike_id {
	uint16_t slot, generation;
};
struct adit_child_id {
	uint16_t slot, generation;
};

struct adit_ike_sa;        /* one IKE SA: private, complete in adit/ike_slots.h */
struct adit_ike_child;     /* one Child SA, likewise */
struct adit_ike_handshake; /* the secrets of one handshake under way, likewise */

/* Storage that the caller gives; it must outlive the engine. */
struct adit_ike_mem {
	struct adit_ike_sa *sas;
	uint16_t sa_count;
	struct adit_ike_child *children;
	uint16_t child_count;
	struct adit_ike_handshake *handshakes; /* their number limits half-open SAs */
	uint16_t handshake_count;
};

/* What there is to tell. */
enum adit_ike_event_kind {
	ADIT_EVENT_NONE = 0,
	ADIT_EVENT_IKE_UP,    /* authenticated */
	ADIT_EVENT_IKE_DOWN,  /* gone, or never came up; reason tells */
	ADIT_EVENT_CHILD_UP,  /* install in and out */
	ADIT_EVENT_CHILD_DOWN /* remove spi_in and spi_out */
};

struct adit_ike_event {
	enum adit_ike_event_kind kind;
	enum adit_status reason; /* DOWN: OK where it was asked for, by us or by the peer */
	uint16_t notify;         /* DOWN: the error notify that the peer or we sent, or 0 */
	struct adit_ike_id ike;
	struct adit_child_id child;  /* CHILD_* */
	uint16_t peer, child_config; /* indices into the configuration */
	struct adit_path path;
	uint32_t spi_in, spi_out; /* CHILD_* */
	/* CHILD_UP: what to install; keys and selectors are valid until the next call of the
	 * engine. */
	struct adit_sa_params in, out;
};

struct adit_ike; /* complete in adit/ike_slots.h */

/* The macro passes the sizes, so that a program built with other limits than the library is
 * refused. ERR_CONFIG: that, or a configuration that can't work (a transform that the crypto lacks,
 * no psk, no child, an identity too long); ERR_ARG: storage missing. */
#define adit_ike_init(ike, cfg, mem)                                                            \
	adit_ike_init_((ike), sizeof(struct adit_ike), sizeof(struct adit_ike_sa),              \
		       sizeof(struct adit_ike_child), sizeof(struct adit_ike_handshake), (cfg), \
		       (mem))
ADIT_MUST_USE enum adit_status adit_ike_init_(struct adit_ike *ike, size_t ike_size, size_t sa_size,
					      size_t child_size, size_t handshake_size,
					      const struct adit_ike_config *cfg,
					      const struct adit_ike_mem *mem);

/* Wipes every slot. */
void adit_ike_wipe(struct adit_ike *ike);

/* A datagram came in: dgram is the UDP payload, with its non-ESP marker where path->local.port is
 * the NAT-T port; it is deciphered in place. The status is for logs and tests: the datagram is
 * counted, and a bad one has changed nothing. Output is best asked before the next one comes in:
 * an answer that belongs to no SA has one place. */
enum adit_status adit_ike_input(struct adit_ike *ike, adit_ms now, const struct adit_path *path,
				uint8_t *dgram, size_t n);

/* Time passes: retransmissions, liveness checks, give-ups that are due by now. */
void adit_ike_tick(struct adit_ike *ike, adit_ms now);

/* The next datagram to send, with its marker where its local port asks for one. *n 0: none is due.
 * dgram.cap at least ADIT_IKE_MESSAGE_MAX + 4, else ERR_ROOM and it stays due. */
ADIT_MUST_USE enum adit_status adit_ike_output(struct adit_ike *ike, adit_ms now,
					       struct adit_path *path, struct adit_buf dgram,
					       size_t *n);

/* The next event; false: none. */
bool adit_ike_event(struct adit_ike *ike, struct adit_ike_event *ev);

/* "IKE_UP", "CHILD_DOWN", ...; "?" for a number that is no kind. */
const char *adit_event_name(enum adit_ike_event_kind kind);

/* When tick wants to be called at the latest; ADIT_NEVER: not at all. */
adit_ms adit_ike_deadline(const struct adit_ike *ike);

/* Commands. Each only notes what is to be done; output() then sends it. */

/* Begins an IKE SA with peers[peer] and its Child SA children[child]. local: our address and IKE
 * port to send from. ERR_ARG, ERR_FULL, ERR_RANDOM, ERR_CONFIG (a peer without address). */
ADIT_MUST_USE enum adit_status adit_ike_start(struct adit_ike *ike, adit_ms now, uint16_t peer,
					      uint16_t child, const struct adit_endpoint *local,
					      struct adit_ike_id *id);
/* The same towards path->remote (port zero: the peer's remote_port), from path->local: a group of
 * peers has no address of its own. ERR_CONFIG: not one of the peer's addresses, or not of local's
 * IP version; ERR_ARG: no address of one other host (multicast, broadcast, none, local itself). */
ADIT_MUST_USE enum adit_status adit_ike_start_to(struct adit_ike *ike, adit_ms now, uint16_t peer,
						 uint16_t child, const struct adit_path *path,
						 struct adit_ike_id *id);
/* Deletes an IKE SA with all of its children (RFC 7296 1.4.1); or one Child SA. */
enum adit_status adit_ike_delete(struct adit_ike *ike, adit_ms now, struct adit_ike_id id);
enum adit_status adit_ike_delete_child(struct adit_ike *ike, adit_ms now, struct adit_child_id id);
/* Asks whether the peer is alive (RFC 7296 2.4); IKE_DOWN with ERR_TIMEOUT where it isn't. */
enum adit_status adit_ike_probe(struct adit_ike *ike, adit_ms now, struct adit_ike_id id);
/* An authentic ESP packet came from the peer at `now`: a proof of life, so no liveness check; and
 * the Child SA is in use. */
void adit_ike_heard(struct adit_ike *ike, adit_ms now, struct adit_child_id id);
/* A Child SA was used at t, now or earlier, in whichever direction, so that it isn't idle
 * (adit_child_config.inactivity_ms). For those without a cfg->uses.count, which may call this now
 * and then, before tick, and not for each packet. */
void adit_ike_used(struct adit_ike *ike, adit_ms t, struct adit_child_id id);

/* What one IKE SA is, for people. */
struct adit_ike_info {
	struct adit_ike_id id;
	const char *state; /* "INIT_SENT", "UP", ... */
	bool initiator;
	uint16_t peer;
	struct adit_path path;
	uint8_t spi_i[8], spi_r[8];
	struct adit_id remote_id; /* of the peer once authenticated; valid until the next call */
	const struct adit_aead *aead;
	const struct adit_prf *prf;
	const struct adit_ke *ke;
	bool nat_local, nat_remote; /* a NAT before us; before the peer */
};
/* Walks the IKE SAs: start with *cursor 0; false at the end. */
bool adit_ike_next(const struct adit_ike *ike, uint16_t *cursor, struct adit_ike_info *info);

/* How many datagrams ended in which status. */
const uint64_t *adit_ike_counters(const struct adit_ike *ike);

#ifdef __cplusplus
}
#endif

#include "adit/ike_slots.h"

#endif
