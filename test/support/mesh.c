/* Nodes of one group and the network between them, in memory. */
#include <string.h>

#include "support/mesh.h"

#define SECRET "a secret of the group"

enum { PACKET = 40, ADDRESS_AT = 16, ROUNDS = 10000 };

void
mesh_defaults(struct mesh *m, unsigned count)
{
	memset(m, 0, sizeof *m);
	m->now = 1000;
	m->count = count;
	for (unsigned i = 0; i < count; i++) {
		struct mesh_node *n = &m->nodes[i];

		n->rng.state = i + 1;
		n->end = (struct adit_endpoint){{4, {10, 0, 0, (uint8_t)(i + 1)}}, 500};
		n->child.name = "all";
		n->child.mode = ADIT_TRANSPORT;
		n->peer.name = "group";
		n->peer.local = n->end.ip;
		n->peer.psk = (struct adit_span){(const uint8_t *)SECRET, sizeof SECRET - 1};
		n->peer.children = &n->child;
		n->peer.child_count = 1;
		n->handshake_count = MESH_SAS;
		n->hash_count = MESH_SAS;
	}
}

static void
open_node(struct mesh_node *n)
{
	struct adit_node_config cfg;
	struct adit_node_mem mem;

	memset(&cfg, 0, sizeof cfg);
	cfg.ike.crypto = &adit_mbedtls_modern;
	cfg.ike.rng = (struct adit_rng){&n->rng, pair_rng_fill};
	cfg.ike.peers = &n->peer;
	cfg.ike.peer_count = 1;
	memset(&mem, 0, sizeof mem);
	mem.ike = (struct adit_ike_mem){n->sas,   MESH_SAS,      n->children,
					MESH_SAS, n->handshakes, n->handshake_count};
	mem.sad = (struct adit_sad_mem){n->words,         n->sad_sas,
					n->entries,       2 * MESH_SAS,
					n->keyctx[0].mem, sizeof n->keyctx[0],
					n->bits[0],       ADIT_REPLAY_WORDS(64),
					n->hash,          ADIT_EXTRAS ? n->hash_count : 0};
	mem.policies = n->policies;
	mem.heads = n->heads;
	mem.policy_count = MESH_POLICIES;
	mem.cache = n->cache;
	mem.cache_count = sizeof n->cache / sizeof n->cache[0];
	n->is_open = adit_node_init(&n->node, &cfg, &mem) == ADIT_OK;
	n->up = n->down = n->ike_down = 0;
}

void
mesh_open(struct mesh *m)
{
	for (unsigned i = 0; i < m->count; i++)
		open_node(&m->nodes[i]);
}

static void
close_node(struct mesh_node *n)
{
	if (n->is_open)
		adit_node_wipe(&n->node);
	n->is_open = false;
}

void
mesh_restart(struct mesh *m, unsigned i)
{
	close_node(&m->nodes[i]);
	open_node(&m->nodes[i]);
}

void
mesh_close(struct mesh *m)
{
	for (unsigned i = 0; i < m->count; i++)
		close_node(&m->nodes[i]);
}

static void
take_events(struct mesh *m, struct mesh_node *n)
{
	struct adit_ike_event ev;
	struct adit_sa_id in, out;

	while (adit_node_event(&n->node, m->now, &ev, &in, &out)) {
		n->up += ev.kind == ADIT_EVENT_CHILD_UP;
		n->down += ev.kind == ADIT_EVENT_CHILD_DOWN;
		n->ike_down += ev.kind == ADIT_EVENT_IKE_DOWN;
		if (ev.kind == ADIT_EVENT_IKE_DOWN)
			n->why = ev.reason;
	}
}

/* The member of an address, unless it hears nothing; or NULL. */
static struct mesh_node *
at(struct mesh *m, const uint8_t *address)
{
	unsigned i = address[3] - 1u;

	return i < m->count && !m->deaf[i] ? &m->nodes[i] : NULL;
}

static void
arrive(struct mesh *m, const struct adit_path *path, struct adit_pkt *pkt, struct adit_verdict *v)
{
	struct adit_path seen = {path->remote, path->local};
	struct mesh_node *to = at(m, path->remote.ip.b);

	memset(v, 0, sizeof *v);
	if (!to)
		return;
	adit_node_datagram(&to->node, m->now, &seen, pkt, v);
	take_events(m, to);
}

static bool
move_one(struct mesh *m, struct mesh_node *from)
{
	static uint8_t room[ADIT_PKT_HEADROOM + 2048];
	struct adit_buf buf = {room + ADIT_PKT_HEADROOM, 2048};
	struct adit_path path;
	struct adit_verdict v;
	size_t n;

	take_events(m, from);
	if (adit_node_output(&from->node, m->now, &path, buf, &n) != ADIT_OK || n == 0)
		return false;
	m->sent++;
	arrive(m, &path, &(struct adit_pkt){room, sizeof room, ADIT_PKT_HEADROOM, n}, &v);
	return true;
}

void
mesh_run(struct mesh *m)
{
	bool more = true;

	for (unsigned k = 0; more && k < ROUNDS; k++) {
		more = false;
		for (unsigned i = 0; i < m->count; i++)
			more = move_one(m, &m->nodes[i]) || more;
	}
}

static adit_ms
next_deadline(const struct mesh *m)
{
	adit_ms next = ADIT_NEVER;

	for (unsigned i = 0; i < m->count; i++) {
		adit_ms t = adit_node_deadline(&m->nodes[i].node);

		next = t < next ? t : next;
	}
	return next;
}

void
mesh_pass(struct mesh *m, adit_ms ms)
{
	adit_ms end = m->now + ms, next;

	mesh_run(m);
	for (unsigned k = 0; k < ROUNDS && (next = next_deadline(m)) <= end; k++) {
		if (next > m->now)
			m->now = next;
		for (unsigned i = 0; i < m->count; i++)
			adit_node_tick(&m->nodes[i].node, m->now);
		mesh_run(m);
	}
	m->now = end;
}

static struct adit_pkt
make_packet(uint8_t *room, const struct mesh_node *from, const struct mesh_node *to)
{
	struct adit_pkt pkt = {room, MESH_ROOM, ADIT_PKT_HEADROOM, PACKET};
	uint8_t *p = adit_pkt_data(&pkt);

	memset(room, 0, MESH_ROOM);
	p[0] = 0x45;
	p[3] = PACKET;
	p[8] = 64;
	p[9] = ADIT_PROTO_UDP;
	memcpy(p + 12, from->end.ip.b, 4);
	memcpy(p + ADDRESS_AT, to->end.ip.b, 4);
	return pkt;
}

enum adit_verdict_kind
mesh_send(struct mesh *m, unsigned from, unsigned to)
{
	struct mesh_node *a = &m->nodes[from], *b;
	uint8_t room[MESH_ROOM];
	struct adit_pkt pkt = make_packet(room, a, &m->nodes[to]);
	struct adit_verdict v;
	struct adit_path path;
	uint8_t protocol;

	adit_node_out(&a->node, m->now, &a->end, &pkt, &v, 1);
	if (v.kind != ADIT_VERDICT_SEND)
		return v.kind;
	b = at(m, adit_pkt_data(&pkt) + ADDRESS_AT);
	if (!b)
		return ADIT_VERDICT_DISCARD;
	if (adit_pkt_data(&pkt)[9] == ADIT_PROTO_ESP)
		adit_node_in(&b->node, m->now, &pkt, &v, 1);
	else if (adit_pkt_pull_outer(&pkt, &path, &protocol) == ADIT_OK)
		arrive(m, &path, &pkt, &v);
	return v.kind;
}

bool
mesh_talk(struct mesh *m, unsigned from, unsigned to)
{
	if (mesh_send(m, from, to) == ADIT_VERDICT_DELIVER)
		return true;
	mesh_run(m);
	return mesh_send(m, from, to) == ADIT_VERDICT_DELIVER;
}

unsigned
mesh_in_use(const struct mesh_node *n)
{
	unsigned count = n->node.sad.used;

	for (unsigned i = 0; i < MESH_SAS; i++) {
		count += n->sas[i].state != ADIT_IKE_FREE;
		count += n->children[i].state != ADIT_CHILD_FREE;
	}
	for (unsigned i = 0; i < n->handshake_count; i++)
		count += n->handshakes[i].owner != 0;
	return count;
}
