/* Packets of the inside: to the peers, and to this host. */
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "daemon.h"
#include "host.h"
#include "inside.h"
#include "sizes.h"

/* Who waits longer sends again: an old packet among new ones is no help to anybody. */
#define HOLD_MS 10000

static void
hold(struct daemon *d, uint32_t tag, const struct adit_pkt *pkt, adit_ms until)
{
	for (int i = 0; i < HELD_MAX; i++) {
		struct held *h = &d->held[i];

		if ((h->len && daemon_now() < h->until) || pkt->len > sizeof h->packet)
			continue;
		h->tag = tag;
		h->until = until;
		h->len = pkt->len;
		memcpy(h->packet, adit_pkt_data(pkt), pkt->len);
		return;
	}
}

/* Offered again with an end to begin from. */
static void
begin_group(struct daemon *d, struct adit_pkt *pkt)
{
	const struct adit_endpoint local = {{0, {0}}, d->ike_port};
	struct adit_verdict v;

	adit_node_out(&d->node, daemon_now(), &local, pkt, &v, 1);
}

static void
need_sa(struct daemon *d, const struct adit_verdict *v, struct adit_pkt *pkt, adit_ms until)
{
	uint32_t tag = d->node.spd.mem.policies[v->policy].tag;
	const struct adit_peer_config *peer;

	if (!links_wanted(d, daemon_now(), tag))
		return;
	hold(d, tag, pkt, until);
	peer = &d->swanctl->peers[tag >> 16];
	if (!d->ending && swanctl_is_group(peer, &peer->children[(uint16_t)tag]))
		begin_group(d, pkt);
}

/* The MTU of the path that packets of the SA take, around which others may be. */
static size_t
path_mtu(struct daemon *d, struct adit_sa_id id)
{
	struct adit_sa *sa = adit_sad_get(&d->node.sad, id), *outer;

	while (sa && adit_sad_outer(&d->node.sad, id, &id, &outer))
		sa = outer;
	return sa ? sa->mtu : 0;
}

static void
send_outer(struct daemon *d, struct adit_pkt *pkt, size_t mtu)
{
	struct adit_path path;
	uint8_t protocol;

	capture_packet(adit_pkt_data(pkt), pkt->len);
	/* The SA's header says more than a socket takes: DF, DSCP and ECN, and AH covers it. */
	if (net_has_raw(&d->net, adit_pkt_data(pkt)[0] >> 4))
		net_send_whole(&d->net, adit_pkt_data(pkt), pkt->len, mtu);
	else if (adit_pkt_pull_outer(pkt, &path, &protocol) == ADIT_OK)
		net_send(&d->net, &path, protocol, adit_pkt_data(pkt), pkt->len);
}

/* An SA without a tunnel takes whole packets alone, and the kernel has cut this one for the TUN
 * device. */
static void
join(struct daemon *d, struct adit_pkt *pkt)
{
	if (sizes_join(pkt))
		inside_send(d, pkt, 1);
}

static bool
is_cut(const struct adit_verdict *v)
{
	return v->kind == ADIT_VERDICT_DISCARD && v->status == ADIT_ERR_FRAGMENT &&
	       v->sa.generation;
}

/* What has no SA yet waits for it that long. */
static void
send_until(struct daemon *d, struct adit_pkt *pkts, size_t n, adit_ms until)
{
	struct adit_verdict v[NET_BATCH];

	for (size_t i = 0; i < n; i++)
		sizes_clamp(d, &pkts[i]);
	adit_node_out(&d->node, daemon_now(), NULL, pkts, v, n);
	for (size_t i = 0; i < n; i++) {
		if (v[i].kind == ADIT_VERDICT_SEND)
			send_outer(d, &pkts[i], path_mtu(d, v[i].sa));
		else if (v[i].kind == ADIT_VERDICT_NEED_SA)
			need_sa(d, &v[i], &pkts[i], until);
		else if (v[i].kind == ADIT_VERDICT_BYPASS)
			net_send_whole(&d->net, adit_pkt_data(&pkts[i]), pkts[i].len, 0);
		else if (v[i].kind == ADIT_VERDICT_TOO_BIG)
			sizes_too_big(d, &v[i], &pkts[i]);
		else if (is_cut(&v[i]))
			join(d, &pkts[i]);
	}
	net_flush();
}

/* n packets of this host, each in a buffer of the batch. */
void
inside_send(struct daemon *d, struct adit_pkt *pkts, size_t n)
{
	send_until(d, pkts, n, daemon_now() + HOLD_MS);
}

void
inside_release(struct daemon *d, uint32_t tag)
{
	static struct net_packet room;

	for (int i = 0; i < HELD_MAX; i++) {
		struct held *h = &d->held[i];
		struct adit_pkt pkt = {room.room, sizeof room.room, ADIT_PKT_HEADROOM, h->len};

		if (!h->len || h->tag != tag)
			continue;
		memcpy(adit_pkt_data(&pkt), h->packet, h->len);
		h->len = 0;
		/* In a group the SA may be another's: then it waits on, but no longer for that. */
		if (daemon_now() < h->until)
			send_until(d, &pkt, 1, h->until);
	}
}

void
inside_deliver(struct daemon *d, struct adit_pkt *pkt)
{
	sizes_clamp(d, pkt);
	if (d->tun >= 0) {
		/* A full device drops, as any interface does. */
		(void)!write(d->tun, adit_pkt_data(pkt), pkt->len);
		return;
	}
	if (host_input(pkt, daemon_now()))
		inside_send(d, pkt, 1);
}
