/* Slots of IKE SAs, Child SAs and handshakes in the caller's memory, and the writer of states. */
#ifndef ADIT_IKE_SLOTS_INTERNAL_H
#define ADIT_IKE_SLOTS_INTERNAL_H

#include "adit/ike.h"

/* The one writer of an IKE SA's state. */
void adit_ike_set_state(struct adit_ike *ike, struct adit_ike_sa *sa, enum adit_ike_state state);

/* A free IKE SA slot with a handshake and an SPI of ours; path and role are set.
 * ERR_FULL: no slot or no handshake. ERR_RANDOM. */
ADIT_MUST_USE enum adit_status adit_ike_take(struct adit_ike *ike, bool initiator,
					     const struct adit_path *path, struct adit_ike_sa **sa);
/* Frees the slot and wipes it; its handles go stale. */
void adit_ike_free(struct adit_ike *ike, struct adit_ike_sa *sa);

/* The SA whose SPI of ours the header of a message names (initiator: the flag of the message), or
 * NULL. */
struct adit_ike_sa *adit_ike_by_spi(const struct adit_ike *ike, const uint8_t *spi_i,
				    const uint8_t *spi_r, bool from_initiator);
/* The SA of a handle, or NULL. */
struct adit_ike_sa *adit_ike_by_id(const struct adit_ike *ike, struct adit_ike_id id);
struct adit_ike_id adit_ike_id_of(const struct adit_ike *ike, const struct adit_ike_sa *sa);

struct adit_ike_handshake *adit_ike_handshake_of(const struct adit_ike *ike,
						 const struct adit_ike_sa *sa);
/* The half-open responder that the same IKE_SA_INIT request has made before, or NULL. */
struct adit_ike_sa *adit_ike_half_open(const struct adit_ike *ike, const uint8_t *spi_i,
				       const struct adit_path *path);
/* How many attempts from the prefix of this address are half open, with a cookie or without one:
 * from the IPv4 address, or the /64 of the IPv6 address. */
unsigned adit_ike_half_open_of(const struct adit_ike *ike, const struct adit_ip *remote,
			       bool proved);
/* Wipes and frees the handshake; safe where there is none. */
void adit_ike_end_handshake(struct adit_ike *ike, struct adit_ike_sa *sa);

/* A free Child SA slot of *sa with an inbound SPI. ERR_FULL, ERR_RANDOM. */
ADIT_MUST_USE enum adit_status adit_child_take(struct adit_ike *ike, struct adit_ike_sa *sa,
					       struct adit_ike_child **child);
/* Frees the slot and wipes it; an SPI that never became an SA is given back. */
void adit_child_free(struct adit_ike *ike, struct adit_ike_child *child);
/* The next Child SA of *sa; start with NULL. One that may be freed is not to be gone on from. */
struct adit_ike_child *adit_child_of(const struct adit_ike *ike, const struct adit_ike_sa *sa,
				     const struct adit_ike_child *after);
struct adit_ike_child *adit_child_by_id(const struct adit_ike *ike, struct adit_child_id id);
struct adit_child_id adit_child_id_of(const struct adit_ike *ike,
				      const struct adit_ike_child *child);

/* The end of a Child SA, and of an IKE SA with all of its children: what is to be told is noted,
 * the secrets are wiped. */
void adit_child_down(struct adit_ike *ike, struct adit_ike_child *child, enum adit_status reason);
void adit_children_down(struct adit_ike *ike, const struct adit_ike_sa *sa,
			enum adit_status reason);
void adit_ike_down(struct adit_ike *ike, struct adit_ike_sa *sa, enum adit_status reason,
		   uint16_t notify);
/* Frees a dead SA that has nothing left to say. */
void adit_ike_reap(struct adit_ike *ike, struct adit_ike_sa *sa);

/* The peer has shown by an authentic message or packet where it is. A node that is not behind a NAT
 * itself follows one that is, on the port that both have moved to (RFC 7296 2.23); not to another
 * address of ours, which its ESP could not go to. true: the path has changed. */
bool adit_ike_follow(struct adit_ike_sa *sa, const struct adit_path *path);

/* The configuration of an SA's peer. */
static inline const struct adit_peer_config *
adit_ike_peer(const struct adit_ike *ike, const struct adit_ike_sa *sa)
{
	return &ike->cfg->peers[sa->peer];
}

#endif
