/* Nodes of one group and the network between them, in memory: traffic makes the tunnels, time moves
 * when a test says so, all randomness comes from seeds. */
#ifndef TEST_SUPPORT_MESH_H
#define TEST_SUPPORT_MESH_H

#include "adit/adit.h"
#include "adit/mbedtls.h"
#include "support/pair.h"

enum { MESH_NODES = 5, MESH_SAS = 8, MESH_POLICIES = 2, MESH_ROOM = 512 };

struct mesh_node {
	struct adit_node node;
	struct adit_ike_sa sas[MESH_SAS];
	struct adit_ike_child children[MESH_SAS];
	struct adit_ike_handshake handshakes[MESH_SAS];
	struct adit_sad_word words[2 * MESH_SAS];
	struct adit_sa sad_sas[2 * MESH_SAS];
	struct adit_sad_entry entries[2 * MESH_SAS];
	union adit_keyctx keyctx[2 * MESH_SAS];
	uint32_t bits[2 * MESH_SAS][ADIT_REPLAY_WORDS(64)];
	uint32_t hash[MESH_SAS];
	struct adit_policy policies[MESH_POLICIES];
	uint32_t heads[MESH_POLICIES];
	struct adit_spd_cache_entry cache[16];
	struct pair_rng rng;
	struct adit_peer_config peer;
	struct adit_child_config child;
	struct adit_endpoint end;
	uint16_t handshake_count;
	size_t hash_count;
	bool is_open;
	unsigned up, down, ike_down; /* events so far: Child SAs, IKE SAs */
	enum adit_status why;        /* reason of the last IKE_DOWN */
};

struct mesh {
	struct mesh_node nodes[MESH_NODES];
	unsigned count;
	adit_ms now;
	bool deaf[MESH_NODES]; /* what is sent to it is lost */
	unsigned sent;         /* IKE datagrams so far */
};

/* `count` members, 10.0.0.1 and so on, each with the same configuration but for its address; a test
 * changes that, then opens. */
void mesh_defaults(struct mesh *m, unsigned count);
void mesh_open(struct mesh *m);
/* A member's life ends, without a word to anybody, and a new one begins. */
void mesh_restart(struct mesh *m, unsigned i);
void mesh_close(struct mesh *m);

/* Delivers all that is due until nothing is; events are taken first. */
void mesh_run(struct mesh *m);
/* Lets time pass in steps of what the nodes ask for, up to `ms`. */
void mesh_pass(struct mesh *m, adit_ms ms);
/* One packet from member to member: what became of it, NEED_SA or DELIVER if all goes well. */
enum adit_verdict_kind mesh_send(struct mesh *m, unsigned from, unsigned to);
/* The same until there is an SA; whether it arrived. */
bool mesh_talk(struct mesh *m, unsigned from, unsigned to);

/* IKE SAs, Child SAs, handshakes and SAs of the database in use. */
unsigned mesh_in_use(const struct mesh_node *n);

#endif
