/* What a node is made of: its memory, and its configuration as the plan has it. */
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

enum { PSK_LEN = 16, FIRST_POLICIES = 3, CLEAR_PORT = 53, BARRED_PORT = 23, NOBODY = 9999 };

static void *
room_for(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		abort();
	return p;
}

struct adit_ip
sim_outer_address(const struct sim_plan *plan, unsigned node, bool behind_nat)
{
	struct adit_ip ip = {
		4, {198, (uint8_t)(behind_nat ? 19 : 18), (uint8_t)(node >> 8), (uint8_t)node}};

	if (!plan->outer6)
		return ip;
	memset(&ip, 0, sizeof ip);
	ip.version = 6;
	/* Each in a /64 of its own. */
	memcpy(ip.b,
	       (const uint8_t[]){0x20, 1, 0xd, 0xb8, behind_nat, 0, (uint8_t)(node >> 8),
				 (uint8_t)node},
	       8);
	ip.b[15] = 1;
	return ip;
}

struct adit_ip
sim_inner_address(const struct sim_plan *plan, unsigned node)
{
	struct adit_ip ip = {4, {10, (uint8_t)(node >> 8), (uint8_t)node, 1}};

	if (plan->topology == SIM_GROUP)
		return sim_outer_address(plan, node, false);
	if (!plan->inner6)
		return ip;
	memset(&ip, 0, sizeof ip);
	ip.version = 6;
	memcpy(ip.b, (const uint8_t[]){0xfd, 0, (uint8_t)(node >> 8), (uint8_t)node}, 4);
	ip.b[15] = 1;
	return ip;
}

/* The whole inside of a node: a /24, or a /32 of fd00::/16. */
static struct adit_ts
inside_of(const struct sim_plan *plan, unsigned node)
{
	struct adit_ip ip = sim_inner_address(plan, node);

	return adit_ts_prefix(&ip, plan->inner6 ? 32 : 24);
}

static void
psk_of(const struct sim_plan *plan, unsigned a, unsigned b, uint8_t *out)
{
	struct sim_random r = {plan->seed};

	if (plan->topology != SIM_GROUP)
		r.state += (uint64_t)(a < b ? a : b) << 32 | (a < b ? b : a);
	sim_fill(&r, out, PSK_LEN);
}

static const struct adit_proposal *
proposal_of(const struct sim_plan *plan)
{
	static const struct adit_transform list[2][4] = {
		{{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 128},
		 {ADIT_TRANSFORM_SN, 1, 0},
		 {ADIT_TRANSFORM_SN, 0, 0},
		 {0, 0, 0}},
		{{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_CBC, 128},
		 {ADIT_TRANSFORM_INTEG, ADIT_AUTH_HMAC_SHA2_256_128, 0},
		 {ADIT_TRANSFORM_SN, 1, 0},
		 {ADIT_TRANSFORM_SN, 0, 0}}};
	static const struct adit_transform short_list[2][2] = {
		{{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 128}, {ADIT_TRANSFORM_SN, 0, 0}},
		{{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_CBC, 128},
		 {ADIT_TRANSFORM_INTEG, ADIT_AUTH_HMAC_SHA2_256_128, 0}}};
	static const struct adit_proposal proposals[2][2] = {{{short_list[0], 2}, {list[0], 3}},
							     {{short_list[1], 2}, {list[1], 4}}};

	return &proposals[plan->block_cipher][plan->esn];
}

/* What this node has wrong about another. */
static enum sim_quarrel
has_wrong(const struct sim_station *s, unsigned other)
{
	const struct sim_plan *plan = &s->w->plan;

	return sim_plan_disagree(plan, s->index, other) && s->index == plan->wrong ? plan->quarrel
										   : SIM_AGREED;
}

static void
make_child(struct sim_station *s, unsigned at, unsigned other)
{
	const struct sim_plan *plan = &s->w->plan;
	struct adit_child_config *child = &s->children[at];

	child->name = "child";
	child->proposals = proposal_of(plan);
	child->proposal_count = 1;
	child->replay_window = plan->replay_window;
	child->inactivity_ms = plan->inactivity_ms;
	if (plan->topology == SIM_GROUP) {
		child->mode = ADIT_TRANSPORT;
		return;
	}
	s->remote_ts[at] =
		inside_of(plan, has_wrong(s, other) == SIM_WRONG_SELECTORS ? NOBODY : other);
	child->local_ts = &s->local_ts;
	child->remote_ts = &s->remote_ts[at];
	child->local_ts_count = child->remote_ts_count = 1;
}

static void
make_peer(struct sim_station *s, unsigned at, unsigned other)
{
	const struct sim_plan *plan = &s->w->plan;
	struct adit_peer_config *peer = &s->peers[at];
	uint8_t *psk = room_for(1, PSK_LEN);

	psk_of(plan, s->index, other, psk);
	psk[0] ^= has_wrong(s, other) == SIM_WRONG_SECRET;
	peer->name = "peer";
	peer->psk = (struct adit_span){psk, PSK_LEN};
	peer->dpd_delay_ms = plan->dpd_ms;
	peer->encap = plan->encap;
	peer->local_id.type = ADIT_ID_FQDN;
	peer->local_id.data.p = (const uint8_t *)s->w->names[s->index];
	peer->local_id.data.n = strlen(s->w->names[s->index]);
	peer->children = &s->children[at];
	peer->child_count = 1;
	make_child(s, at, other);
	if (plan->topology == SIM_GROUP)
		return;
	peer->remote_id.type = ADIT_ID_FQDN;
	peer->remote_id.data.p = (const uint8_t *)s->w->names[other];
	peer->remote_id.data.n = strlen(s->w->names[other]);
	if (has_wrong(s, other) == SIM_WRONG_NAME)
		peer->remote_id.data.n = 1;
	if (!s->w->stations[other].nat.on)
		peer->remote = sim_outer_address(plan, other, false);
}

static unsigned
peer_count(const struct sim_station *s)
{
	switch (s->w->plan.topology) {
	case SIM_GROUP:
		return 1;
	case SIM_HUB:
		return s->index == 0 ? s->w->plan.nodes - 1 : 1;
	default:
		return s->w->plan.nodes - 1;
	}
}

/* What passes in clear, and what is never to pass. */
static void
make_first(struct sim_station *s)
{
	static const uint16_t ports[] = {CLEAR_PORT, BARRED_PORT};
	const struct sim_plan *plan = &s->w->plan;
	struct adit_ip any = {plan->inner6 ? 6 : 4, {0}};

	if (plan->topology == SIM_GROUP)
		any.version = plan->outer6 ? 6 : 4;
	for (unsigned i = 0; i < 2; i++) {
		struct adit_policy *p = &s->first[i];
		struct adit_ts ts = adit_ts_prefix(&any, 0);

		p->name = i ? "barred" : "clear";
		p->action = i ? ADIT_DISCARD : ADIT_BYPASS;
		ts.protocol = ADIT_PROTO_UDP;
		ts.port_first = ts.port_last = ports[i];
		p->selectors.local[0] = p->selectors.remote[0] = ts;
		p->selectors.local_n = p->selectors.remote_n = 1;
	}
	s->cfg.first = s->first;
	s->cfg.first_count = 2;
	if (plan->topology != SIM_MANUAL)
		return;
	s->first[2].name = "manual";
	s->first[2].action = ADIT_PROTECT;
	s->first[2].selectors.local[0] = s->local_ts;
	s->first[2].selectors.remote[0] = inside_of(plan, 1 - s->index);
	s->first[2].selectors.local_n = s->first[2].selectors.remote_n = 1;
	s->cfg.first_count = FIRST_POLICIES;
}

static size_t
power_of_two(size_t n)
{
	size_t p = 1;

	while (p < n)
		p *= 2;
	return p;
}

static void
make_memory(struct sim_station *s, unsigned peers)
{
	const struct sim_plan *plan = &s->w->plan;
	uint16_t slots = (uint16_t)(2 * peers + plan->spare);
	size_t sas, words = ADIT_REPLAY_WORDS(plan->replay_window);
	struct adit_node_mem *m = &s->mem;

	if (plan->topology == SIM_GROUP)
		slots = (uint16_t)(2 * (plan->nodes - 1) + plan->spare);
	if (plan->pool_sas)
		slots = plan->pool_sas;
	sas = plan->pool_sad ? plan->pool_sad : power_of_two(2u * slots + 2);
	m->ike.sa_count = slots;
	m->ike.child_count = plan->pool_children ? plan->pool_children : slots;
	m->ike.sas = room_for(slots, sizeof *m->ike.sas);
	m->ike.children = room_for(m->ike.child_count, sizeof *m->ike.children);
	m->ike.handshakes = room_for(plan->handshakes, sizeof *m->ike.handshakes);
	m->ike.handshake_count = plan->handshakes;
	m->sad.count = sas;
	m->sad.words = room_for(sas, sizeof *m->sad.words);
	m->sad.sas = room_for(sas, sizeof *m->sad.sas);
	m->sad.entries = room_for(sas, sizeof *m->sad.entries);
	m->sad.keyctx_size = plan->real_crypto ? ADIT_KEYCTX_SIZE : 64;
	m->sad.keyctx = room_for(sas, m->sad.keyctx_size);
	m->sad.replay_words = words;
	m->sad.replay_bits = room_for(sas * words, sizeof *m->sad.replay_bits);
	m->sad.hash_count = sas;
	m->sad.hash = room_for(sas, sizeof *m->sad.hash);
	m->policy_count = FIRST_POLICIES + peers;
	m->policies = room_for(m->policy_count, sizeof *m->policies);
	m->heads = room_for(m->policy_count, sizeof *m->heads);
	m->cache_count = 16;
	m->cache = room_for(m->cache_count, sizeof *m->cache);
}

static enum adit_status
fill(void *ctx, uint8_t *out, size_t n)
{
	struct sim_station *s = ctx;

	if (paper_fails(SIM_CALL_RANDOM))
		return ADIT_ERR_RANDOM;
	sim_fill(&s->random, out, n);
	return ADIT_OK;
}

static void
make_config(struct sim_station *s, unsigned peers)
{
	const struct sim_plan *plan = &s->w->plan;
	struct adit_ike_config *ike = &s->cfg.ike;

	ike->crypto = plan->real_crypto ? paper_mbedtls() : &paper_crypto;
	ike->rng = (struct adit_rng){s, fill};
	ike->peers = s->peers;
	ike->peer_count = (uint16_t)peers;
	ike->retransmit_timeout_ms = plan->retransmit_ms;
	ike->retransmit_tries = plan->retransmit_tries;
	ike->half_open_timeout_ms = plan->half_open_ms;
	ike->cookie_threshold = plan->cookie_threshold;
}

void
sim_station_make(struct sim_station *s)
{
	struct sim_world *w = s->w;
	unsigned index = s->index;
	const struct sim_plan *plan = &w->plan;
	unsigned peers = peer_count(s);
	int32_t drift = plan->drift_ppm;

	s->peers = room_for(peers, sizeof *s->peers);
	s->children = room_for(peers, sizeof *s->children);
	s->remote_ts = room_for(peers, sizeof *s->remote_ts);
	s->first = room_for(FIRST_POLICIES, sizeof *s->first);
	s->local_ts = inside_of(plan, index);
	s->random.state = sim_next(&w->random);
	s->clock_ms = (int64_t)sim_below(&w->random, 1000000000) + 1;
	s->drift_ppm = drift ? (int32_t)sim_below(&w->random, (uint32_t)drift * 2) - drift : 0;
	for (unsigned i = 0; i < peers; i++) {
		unsigned other = plan->topology == SIM_HUB && index ? 0 : i < index ? i : i + 1;

		make_peer(s, i, other);
	}
	make_first(s);
	make_memory(s, peers);
	make_config(s, peers);
	sim_ends_make(s);
	sim_path_make(s);
}

void
sim_station_free(struct sim_station *s)
{
	const struct adit_node_mem *m = &s->mem;
	void *all[] = {m->ike.sas,  m->ike.children, m->ike.handshakes, m->sad.words,
		       m->sad.sas,  m->sad.entries,  m->sad.keyctx,     m->sad.replay_bits,
		       m->sad.hash, m->policies,     m->heads,          m->cache,
		       s->children, s->remote_ts,    s->first};

	for (unsigned i = 0; i < s->cfg.ike.peer_count; i++)
		free((void *)(uintptr_t)s->peers[i].psk.p);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		free(all[i]);
	free(s->peers);
	sim_manual_free(s);
	sim_ends_free(s);
	sim_path_free(s);
}
