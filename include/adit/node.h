/* A whole IPsec node in one object: IKE, the two databases, and the glue between them. Policies
 * come from the IKE configuration's children, behind the ones that the caller puts first.
 *
 * A full mesh: one peer of any address (a group, adit_peer_config.remote) with one child in
 * transport mode and without remote selectors. Its policy protects all that goes to anybody, each
 * address gets an SA of its own when the first packet goes there, and sad.hash finds it whatever
 * their number; a node's configuration is the same for any number of nodes. */
#ifndef ADIT_NODE_H
#define ADIT_NODE_H

#include "adit/ike.h"
#include "adit/ipsec.h"

#ifdef __cplusplus
extern "C" {
#endif

struct adit_node_mem {
	struct adit_ike_mem ike;
	struct adit_sad_mem sad;
	struct adit_policy *policies; /* one for each of first[] and each child of each peer */
	uint32_t *heads;              /* likewise */
	size_t policy_count;
	struct adit_spd_cache_entry *cache;
	size_t cache_count;
};

struct adit_node_config {
	struct adit_ike_config ike;      /* spis and uses are filled in by the node */
	const struct adit_policy *first; /* tried before the children's, in order; may be NULL */
	size_t first_count;
	uint16_t ike_port; /* ours; zero: 500 */
};

/* Private, but for reading counters: node.ipsec.in[], node.ipsec.out[]. */
struct adit_node {
	struct adit_node_config cfg;
	struct adit_ike ike;
	struct adit_sad sad;
	struct adit_spd spd;
	struct adit_ipsec ipsec;
};

/* Defines static storage for a node and a `struct adit_node_mem` of that name: sas IKE SAs with a
 * Child SA each, room for `policies` policies. sas: a power of two. A member of a group needs as
 * many as it has peers at a time. */
#define ADIT_NODE_STORAGE(name, sas, policies_)                                                    \
	static struct adit_ike_sa name##_ike[sas];                                                 \
	static struct adit_ike_child name##_child[sas];                                            \
	static struct adit_ike_handshake name##_handshake[sas];                                    \
	static struct adit_sad_word name##_words[2 * (sas)];                                       \
	static struct adit_sa name##_sas[2 * (sas)];                                               \
	static struct adit_sad_entry name##_entries[2 * (sas)];                                    \
	static union adit_keyctx name##_keyctx[2 * (sas)];                                         \
	static uint32_t name##_replay[2 * (sas)*ADIT_REPLAY_WORDS(ADIT_REPLAY_DEFAULT)];           \
	static uint32_t name##_hash[sas];                                                          \
	static struct adit_policy name##_policies[policies_];                                      \
	static uint32_t name##_heads[policies_];                                                   \
	static const struct adit_node_mem name = {                                                 \
		{name##_ike, (sas), name##_child, (sas), name##_handshake, (sas)},                 \
		{name##_words, name##_sas, name##_entries, 2 * (sas), name##_keyctx[0].mem,        \
		 sizeof(union adit_keyctx), name##_replay, ADIT_REPLAY_WORDS(ADIT_REPLAY_DEFAULT), \
		 name##_hash, ADIT_EXTRAS ? (sas) : 0},                                            \
		name##_policies,                                                                   \
		name##_heads,                                                                      \
		(policies_),                                                                       \
		NULL,                                                                              \
		0}

/* What the caller's build makes of the structs; another than the library's is ERR_CONFIG. */
struct adit_node_sizes {
	size_t node, ike, child, handshake, sad_slot, policy;
};
ADIT_MUST_USE enum adit_status adit_node_init_(struct adit_node *node,
					       const struct adit_node_sizes *sizes,
					       const struct adit_node_config *cfg,
					       const struct adit_node_mem *mem);

/* *cfg and *mem are copied; what they point to must outlive the node. Statuses as adit_ike_init(),
 * adit_sad_init() and adit_spd_init(). */
ADIT_MUST_USE static inline enum adit_status
adit_node_init(struct adit_node *node, const struct adit_node_config *cfg,
	       const struct adit_node_mem *mem)
{
	const struct adit_node_sizes sizes = {sizeof *node,
					      sizeof(struct adit_ike_sa),
					      sizeof(struct adit_ike_child),
					      sizeof(struct adit_ike_handshake),
					      ADIT_SAD_SLOT_SIZE,
					      sizeof(struct adit_policy)};

	return adit_node_init_(node, &sizes, cfg, mem);
}
void adit_node_wipe(struct adit_node *node);

/* A datagram from a UDP socket on path->local: IKE, ESP in UDP, or a NAT keep-alive (RFC 3948 2).
 * pkt is the UDP payload with ADIT_PKT_HEADROOM before it. verdict DELIVER: pkt is an IP packet for
 * this host; DISCARD with status OK: it was for IKE or nothing is left of it. */
void adit_node_datagram(struct adit_node *node, adit_ms now, const struct adit_path *path,
			struct adit_pkt *pkt, struct adit_verdict *verdict);

/* Whole IP packets from the network (ESP over IP, or in clear): adit_ipsec_in. */
void adit_node_in(struct adit_node *node, adit_ms now, struct adit_pkt *pkts,
		  struct adit_verdict *verdicts, size_t n);

/* Whole IP packets from this host. SEND: pkts[i] is the outer IP packet (adit_pkt_pull_outer makes
 * it a datagram). NEED_SA: the node has begun to make one with the peer of that policy (where its
 * address is known; of a group, with the packet's destination) from `local`, or nothing where that
 * is NULL; the packet may be kept and offered again. One attempt at a time for each child and
 * address; one that was refused is followed by another with the next packet, so a caller that wants
 * a pause passes NULL meanwhile. A group's SAs begin at the packet's source and local->port. */
void adit_node_out(struct adit_node *node, adit_ms now, const struct adit_endpoint *local,
		   struct adit_pkt *pkts, struct adit_verdict *verdicts, size_t n);

/* IKE's side, as in ike.h. event() has already installed or removed the SAs it tells of; `sa_in`
 * and `sa_out` name them (CHILD_UP). */
void adit_node_tick(struct adit_node *node, adit_ms now);
ADIT_MUST_USE enum adit_status adit_node_output(struct adit_node *node, adit_ms now,
						struct adit_path *path, struct adit_buf dgram,
						size_t *n);
bool adit_node_event(struct adit_node *node, adit_ms now, struct adit_ike_event *ev,
		     struct adit_sa_id *sa_in, struct adit_sa_id *sa_out);
adit_ms adit_node_deadline(const struct adit_node *node);
/* adit_ike_start for peers[peer], children[child]; commands on handles go to &node->ike. */
ADIT_MUST_USE enum adit_status adit_node_start(struct adit_node *node, adit_ms now, uint16_t peer,
					       uint16_t child, const struct adit_endpoint *local,
					       struct adit_ike_id *id);

#ifdef __cplusplus
}
#endif
#endif
