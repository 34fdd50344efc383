/* A whole IPsec node in one object. */
#include <string.h>

#include "adit/node.h"
#include "adit/stream.h"
#include "base/check.h"
#include "base/endian.h"
#include "front/install.h"
#include "ike/slots.h"
#include "wire/ike_header.h"

/* Policies are told apart by the peer and child that serve them. */
static uint32_t
tag_of(uint16_t peer, uint16_t child)
{
	return (uint32_t)peer << 16 | child;
}

static uint16_t
natt_port(const struct adit_node *node)
{
	return node->cfg.ike.natt_port ? node->cfg.ike.natt_port : ADIT_IKE_NATT_PORT;
}

static enum adit_status
spi_alloc(void *ctx, uint32_t *spi)
{
	return adit_sad_spi(ctx, spi);
}

static void
spi_release(void *ctx, uint32_t spi)
{
	adit_sad_spi_release(ctx, spi);
}

static uint64_t
count_packets(void *ctx, uint32_t spi_in)
{
	struct adit_sa_id id, other;
	struct adit_sa *in = adit_sad_find(ctx, spi_in, &id), *out;
	uint32_t word;

	out = in ? adit_sad_other(ctx, id, &other, &word) : NULL;
	return out ? in->n.packets + out->n.packets : 0;
}

/* An end of any address is one selector of each IP version. */
ADIT_CHECK(ts_max, ADIT_TS_MAX >= 2);

/* An end that is "dynamic" is its one address, or, not known beforehand, any. */
static uint8_t
put_dynamic(struct adit_ts *ts, const struct adit_ip *ip)
{
	struct adit_ip any;

	if (ip->version) {
		ts[0] = adit_ts_prefix(ip, ip->version == 4 ? 32 : 128);
		return 1;
	}
	memset(&any, 0, sizeof any);
	any.version = 4;
	ts[0] = adit_ts_prefix(&any, 0);
	any.version = 6;
	ts[1] = adit_ts_prefix(&any, 0);
	return 2;
}

static uint8_t
put_side(struct adit_ts *to, const struct adit_ts *from, uint8_t count, const struct adit_ip *ip)
{
	if (count == 0)
		return put_dynamic(to, ip);
	memcpy(to, from, count * sizeof *to);
	return count;
}

/* A child between this host and any other: each address that traffic goes to gets its own SA. */
static bool
is_for_any(const struct adit_peer_config *peer, const struct adit_child_config *child)
{
	return peer->remote.version == 0 && child->mode == ADIT_TRANSPORT &&
	       child->remote_ts_count == 0;
}

static void
put_policy(struct adit_policy *policy, const struct adit_peer_config *peer,
	   const struct adit_child_config *child, uint32_t tag)
{
	struct adit_selectors *s = &policy->selectors;

	memset(policy, 0, sizeof *policy);
	policy->name = child->name;
	policy->action = ADIT_PROTECT;
	policy->tag = tag;
	s->local_n = put_side(s->local, child->local_ts, child->local_ts_count, &peer->local);
	s->remote_n = put_side(s->remote, child->remote_ts, child->remote_ts_count, &peer->remote);
	if (!is_for_any(peer, child))
		return;
	policy->pfp = ADIT_PFP_REMOTE;
	if (peer->local.version == 0 && child->local_ts_count == 0)
		policy->pfp |= ADIT_PFP_LOCAL;
}

/* The caller's own policies, then one for each child of each peer, in order. */
static enum adit_status
make_policies(const struct adit_node_config *cfg, const struct adit_node_mem *mem, size_t *count)
{
	size_t n = cfg->first_count;

	if (n > mem->policy_count)
		return ADIT_ERR_FULL;
	if (n)
		memcpy(mem->policies, cfg->first, n * sizeof *cfg->first);
	for (uint16_t i = 0; i < cfg->ike.peer_count; i++) {
		const struct adit_peer_config *peer = &cfg->ike.peers[i];

		for (uint8_t k = 0; k < peer->child_count; k++) {
			if (n == mem->policy_count)
				return ADIT_ERR_FULL;
			put_policy(&mem->policies[n++], peer, &peer->children[k], tag_of(i, k));
		}
	}
	*count = n;
	return ADIT_OK;
}

static uint32_t
policy_index(const struct adit_node *node, uint16_t peer, uint16_t child)
{
	size_t n = node->cfg.first_count + child;

	for (uint16_t i = 0; i < peer; i++)
		n += node->cfg.ike.peers[i].child_count;
	return (uint32_t)n;
}

enum adit_status
adit_node_init_(struct adit_node *node, const struct adit_node_sizes *sizes,
		const struct adit_node_config *cfg, const struct adit_node_mem *mem)
{
	struct adit_spd_mem spd_mem = {mem->policies, 0, mem->heads, mem->cache, mem->cache_count};
	enum adit_status st;

	if (sizes->node != sizeof *node || sizes->ike != sizeof(struct adit_ike_sa) ||
	    sizes->child != sizeof(struct adit_ike_child) ||
	    sizes->handshake != sizeof(struct adit_ike_handshake) ||
	    sizes->sad_slot != ADIT_SAD_SLOT_SIZE || sizes->policy != sizeof(struct adit_policy))
		return ADIT_ERR_CONFIG;
	memset(node, 0, sizeof *node);
	node->cfg = *cfg;
	node->cfg.ike.spis = (struct adit_spi_source){&node->sad, spi_alloc, spi_release};
	node->cfg.ike.uses = (struct adit_use_source){&node->sad, count_packets};
	st = adit_ike_init(&node->ike, &node->cfg.ike, &mem->ike);
	if (st == ADIT_OK)
		st = make_policies(cfg, mem, &spd_mem.count);
	if (st == ADIT_OK)
		st = adit_sad_init(&node->sad, &mem->sad, &cfg->ike.rng);
	if (st == ADIT_OK)
		st = adit_spd_init(&node->spd, &spd_mem);
	adit_ipsec_init(&node->ipsec, &node->sad, &node->spd);
	return st;
}

void
adit_node_wipe(struct adit_node *node)
{
	struct adit_sa_id id;
	size_t cursor = 0;

	while (adit_sad_next(&node->sad, &cursor, &id)) {
		adit_spd_unlink(&node->spd, &node->sad, id);
		adit_sad_remove(&node->sad, id);
	}
	adit_ike_wipe(&node->ike);
	adit_wipe(node, sizeof *node);
}

/* Both directions of a Child SA move to where its peer is now. */
static void
move(struct adit_node *node, const struct adit_ike_child *child, const struct adit_endpoint *remote)
{
	struct adit_sa_id in_id, out_id;
	struct adit_sa *in = adit_sad_find(&node->sad, child->spi_in, &in_id), *out;
	struct adit_path path;
	uint32_t word;

	out = in ? adit_sad_other(&node->sad, in_id, &out_id, &word) : NULL;
	if (!out || !in->udp_encap)
		return;
	path = adit_sa_path(in);
	if (adit_endpoint_equal(&path.remote, remote))
		return;
	path.remote = *remote;
	if (adit_sa_set_path(in, &path) != ADIT_OK || adit_sa_set_path(out, &path) != ADIT_OK)
		return; /* of another IP version: it can't have come on this SA */
}

/* IKE and ESP share one mapping of the NAT: where one of them has moved, the other has. */
static void
move_children(struct adit_node *node, const struct adit_ike_sa *sa)
{
	struct adit_ike_child *child = NULL;

	while ((child = adit_child_of(&node->ike, sa, child)) != NULL)
		move(node, child, &sa->path.remote);
}

/* An IKE message for us; an authentic one may have shown where the peer is now. */
static enum adit_status
take_ike(struct adit_node *node, adit_ms now, const struct adit_path *path, struct adit_pkt *pkt)
{
	size_t marker = path->local.port == natt_port(node) ? ADIT_NON_ESP_MARKER_LEN : 0;
	enum adit_status st = adit_ike_input(&node->ike, now, path, adit_pkt_data(pkt), pkt->len);
	const struct adit_ike_sa *sa;
	struct adit_ike_header h;

	if (pkt->len < marker ||
	    adit_ike_get_header((struct adit_span){adit_pkt_data(pkt) + marker, pkt->len - marker},
				&h) != ADIT_OK)
		return st;
	sa = adit_ike_by_spi(&node->ike, h.spi_i, h.spi_r,
			     (h.flags & ADIT_IKE_FLAG_INITIATOR) != 0);
	if (sa)
		move_children(node, sa);
	return st;
}

/* The peer, as an authentic packet shows: it is alive, and, behind a NAT, where it is now
 * (RFC 7296 2.23). from: NULL where that can't change. */
static void
learn(struct adit_node *node, adit_ms now, const struct adit_path *from,
      const struct adit_verdict *v)
{
	struct adit_sa *in = adit_sad_get(&node->sad, v->sa), *out;
	struct adit_ike_child *child;
	struct adit_sa_id other;
	struct adit_ike_sa *sa;
	uint32_t word;

	out = adit_sad_other(&node->sad, v->sa, &other, &word);
	if (!in || !out)
		return;
	child = adit_child_by_id(&node->ike, adit_word_child(word));
	if (!child)
		return;
	adit_ike_heard(&node->ike, now, adit_word_child(word));
	sa = &node->ike.mem.sas[child->owner];
	/* An older number is authentic too, but was sent before, and may have been held back. */
	if (from && in->udp_encap && v->seq == in->window.top && adit_ike_follow(sa, from))
		move_children(node, sa);
}

static void
drop(struct adit_verdict *v, enum adit_status st)
{
	memset(v, 0, sizeof *v);
	v->kind = ADIT_VERDICT_DISCARD;
	v->status = st;
	v->policy = ADIT_POLICY_NONE;
}

/* What is neither ESP nor IKE is IKE's to count. */
static bool
is_ike(const struct adit_node *node, const struct adit_path *path, const struct adit_pkt *pkt)
{
	const struct adit_span datagram = {adit_pkt_data(pkt), pkt->len};

	return path->local.port != natt_port(node) || adit_natt_kind(datagram) != ADIT_NATT_ESP;
}

void
adit_node_datagram(struct adit_node *node, adit_ms now, const struct adit_path *path,
		   struct adit_pkt *pkt, struct adit_verdict *verdict)
{
	enum adit_status st;

	if (!adit_pkt_is_sound(pkt)) {
		drop(verdict, ADIT_ERR_ARG);
		return;
	}
	if (is_ike(node, path, pkt)) {
		drop(verdict, take_ike(node, now, path, pkt));
		return;
	}
	/* ESP by its port, so an SPI that nobody has is just that. */
	if (!adit_sad_find(&node->sad, adit_load32(adit_pkt_data(pkt)), NULL)) {
		node->ipsec.in[ADIT_ERR_NO_SA]++;
		drop(verdict, ADIT_ERR_NO_SA);
		return;
	}
	st = adit_pkt_push_outer(pkt, path, ADIT_PROTO_UDP);
	if (st != ADIT_OK) {
		drop(verdict, st);
		return;
	}
	node->ipsec.now = now;
	adit_ipsec_in(&node->ipsec, pkt, verdict, 1);
	if (verdict->kind == ADIT_VERDICT_DELIVER)
		learn(node, now, path, verdict);
	/* What came to our own socket and is no ESP of ours is nobody else's traffic. */
	if (verdict->kind == ADIT_VERDICT_BYPASS)
		drop(verdict, ADIT_ERR_NO_SA);
}

void
adit_node_in(struct adit_node *node, adit_ms now, struct adit_pkt *pkts,
	     struct adit_verdict *verdicts, size_t n)
{
	node->ipsec.now = now;
	adit_ipsec_in(&node->ipsec, pkts, verdicts, n);
	for (size_t i = 0; i < n; i++)
		if (verdicts[i].kind == ADIT_VERDICT_DELIVER)
			learn(node, now, NULL, &verdicts[i]);
}

/* One attempt at a time for each child and address. What is under way has a handshake. */
static bool
is_under_way(const struct adit_node *node, uint16_t peer, uint16_t child,
	     const struct adit_ip *remote)
{
	const struct adit_ike_mem *mem = &node->ike.mem;

	for (uint16_t i = 0; i < mem->handshake_count; i++) {
		uint16_t owner = mem->handshakes[i].owner;
		const struct adit_ike_sa *sa = owner ? &mem->sas[owner - 1] : NULL;

		if (sa && sa->initiator && sa->peer == peer && sa->child_config == child &&
		    adit_ip_equal(&sa->path.remote.ip, remote))
			return true;
	}
	return false;
}

static void
want_sa(struct adit_node *node, adit_ms now, const struct adit_endpoint *local,
	const struct adit_verdict *v)
{
	const struct adit_policy *policy = &node->spd.mem.policies[v->policy];
	uint16_t peer = (uint16_t)(policy->tag >> 16), child = (uint16_t)policy->tag;
	const struct adit_peer_config *cfg;
	struct adit_path path;
	struct adit_ike_id id;

	if (!local || v->policy < node->cfg.first_count)
		return;
	cfg = &node->cfg.ike.peers[peer];
	path = (struct adit_path){*local, {cfg->remote, 0}};
	if (is_for_any(cfg, &cfg->children[child])) {
		path.local.ip = v->flow.local;
		path.remote.ip = v->flow.remote;
	}
	if (is_under_way(node, peer, child, &path.remote.ip))
		return;
	/* Without an address of the peer, or without room, the packet's verdict stays NEED_SA, and
	 * the next packet tries again. */
	(void)!adit_ike_start_to(&node->ike, now, peer, child, &path, &id);
}

/* The SA takes nothing more: it ends, and the packets that come then make another. */
static void
replace_sa(struct adit_node *node, adit_ms now, struct adit_sa_id sa)
{
	struct adit_sa_id other;
	uint32_t word;

	if (adit_sad_other(&node->sad, sa, &other, &word))
		(void)adit_ike_delete_child(&node->ike, now, adit_word_child(word));
}

void
adit_node_out(struct adit_node *node, adit_ms now, const struct adit_endpoint *local,
	      struct adit_pkt *pkts, struct adit_verdict *verdicts, size_t n)
{
	node->ipsec.now = now;
	adit_ipsec_out(&node->ipsec, pkts, verdicts, n);
	for (size_t i = 0; i < n; i++)
		if (verdicts[i].kind == ADIT_VERDICT_NEED_SA)
			want_sa(node, now, local, &verdicts[i]);
		else if (verdicts[i].status == ADIT_ERR_EXHAUSTED)
			replace_sa(node, now, verdicts[i].sa);
}

void
adit_node_tick(struct adit_node *node, adit_ms now)
{
	adit_ike_tick(&node->ike, now);
}

enum adit_status
adit_node_output(struct adit_node *node, adit_ms now, struct adit_path *path, struct adit_buf dgram,
		 size_t *n)
{
	return adit_ike_output(&node->ike, now, path, dgram, n);
}

bool
adit_node_event(struct adit_node *node, adit_ms now, struct adit_ike_event *ev,
		struct adit_sa_id *sa_in, struct adit_sa_id *sa_out)
{
	while (adit_ike_event(&node->ike, ev)) {
		uint32_t policy = policy_index(node, ev->peer, ev->child_config);

		memset(sa_in, 0, sizeof *sa_in);
		memset(sa_out, 0, sizeof *sa_out);
		if (ev->kind == ADIT_EVENT_CHILD_DOWN)
			adit_uninstall(&node->sad, &node->spd, ev);
		if (ev->kind != ADIT_EVENT_CHILD_UP ||
		    adit_install(&node->sad, &node->spd, ev, policy, sa_in, sa_out) == ADIT_OK)
			return true;
		/* No room for its SAs: the peer is told, and CHILD_DOWN follows. */
		adit_ike_delete_child(&node->ike, now, ev->child);
	}
	return false;
}

adit_ms
adit_node_deadline(const struct adit_node *node)
{
	return adit_ike_deadline(&node->ike);
}

enum adit_status
adit_node_start(struct adit_node *node, adit_ms now, uint16_t peer, uint16_t child,
		const struct adit_endpoint *local, struct adit_ike_id *id)
{
	return adit_ike_start(&node->ike, now, peer, child, local, id);
}
