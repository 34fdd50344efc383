/* Packets and the MTU of paths: what is too long is cut or told to its sender, what routers say is
 * learnt, TCP is kept from trying (RFC 4301 8). */
#include <string.h>

#include "adit/fragment.h"
#include "adit/icmp.h"
#include "adit/segment.h"
#include "inside.h"
#include "log.h"
#include "sizes.h"
#include "values.h"

/* First fragments whose ports are remembered in each direction. */
#define TRACKED 1024
/* How often the SAs are looked through. */
#define REFRESH_MS 1000

/* Packets at a time that are put together from what this host has cut, and fragments of one. */
#define JOINED 16
#define JOINED_FRAGMENTS 64

static struct adit_icmp_rate rate;
static struct adit_reasm joined;

static struct adit_fragtrack *
make_tracker(void)
{
	struct adit_fragtrack *t = keep(sizeof *t);
	struct adit_fragtrack_mem mem;

	memset(&mem, 0, sizeof mem);
	mem.entries = keep(TRACKED * sizeof *mem.entries);
	mem.count = TRACKED;
	mem.seed = (uint32_t)daemon_now();
	return adit_fragtrack_init(t, &mem) == ADIT_OK ? t : NULL;
}

static void
begin_join(void)
{
	struct adit_reasm_mem mem;

	memset(&mem, 0, sizeof mem);
	mem.slot_count = JOINED;
	mem.fragments = JOINED_FRAGMENTS;
	mem.headroom = ADIT_PKT_HEADROOM;
	mem.tailroom = ADIT_PKT_TAILROOM;
	mem.slot_size = ADIT_PKT_HEADROOM + NET_PACKET_MAX + ADIT_PKT_TAILROOM;
	mem.slots = keep(JOINED * sizeof *mem.slots);
	mem.ranges = keep(JOINED * JOINED_FRAGMENTS * sizeof *mem.ranges);
	mem.bytes = keep(JOINED * mem.slot_size);
	if (adit_reasm_init(&joined, &mem) != ADIT_OK)
		log_line(LOG_ERROR, "fragments of this host can't be put together");
}

bool
sizes_join(struct adit_pkt *pkt)
{
	adit_reasm_release(&joined);
	return joined.mem.slot_count && adit_reasm_add(&joined, daemon_now(), pkt) == ADIT_OK;
}

/* The longest packet that goes through every tunnel. */
static void
refresh(struct daemon *d, adit_ms now)
{
	struct adit_sa_id id;
	struct adit_sa *sa;
	size_t cursor = 0;

	d->inner_max = 0;
	while ((sa = adit_sad_next(&d->node.sad, &cursor, &id)) != NULL) {
		size_t max;

		if (sa->dir != ADIT_OUT)
			continue;
		adit_sa_age_mtu(sa, now);
		max = adit_ipsec_payload_max(&d->node.ipsec, id);
		if (max && (!d->inner_max || max < d->inner_max))
			d->inner_max = max;
	}
	d->refresh_at = now + REFRESH_MS;
}

static void
set_mtu(struct daemon *d, struct adit_sa *sa)
{
	struct adit_path path = adit_sa_path(sa);
	size_t mtu = net_mtu(&path.remote.ip);

	/* Sockets without the IP header cut what they send. */
	if (net_has_raw(&d->net, path.remote.ip.version))
		adit_sa_set_mtu(sa, (uint16_t)(mtu < UINT16_MAX ? mtu : UINT16_MAX));
}

void
sizes_sa_up(struct daemon *d, struct adit_sa_id id)
{
	struct adit_sa *sa = adit_sad_get(&d->node.sad, id);

	if (!sa)
		return;
	set_mtu(d, sa);
	refresh(d, daemon_now());
	log_line(LOG_DEBUG, "the SA %08x takes packets of %zu bytes", sa->spi,
		 adit_ipsec_payload_max(&d->node.ipsec, id));
}

void
sizes_begin(struct daemon *d)
{
	struct adit_sa *sa;
	size_t cursor = 0;

	d->node.ipsec.fragtrack_out = make_tracker();
	d->node.ipsec.fragtrack_in = make_tracker();
	begin_join();
	/* SAs by hand are there already. */
	while ((sa = adit_sad_next(&d->node.sad, &cursor, NULL)) != NULL)
		if (sa->dir == ADIT_OUT)
			set_mtu(d, sa);
	refresh(d, daemon_now());
}

void
sizes_tick(struct daemon *d, adit_ms now)
{
	if (now >= d->refresh_at)
		refresh(d, now);
}

void
sizes_icmp(struct daemon *d, const struct adit_pkt *pkt)
{
	enum adit_status st = ADIT_ERR_PENDING;
	struct adit_icmp_error e;
	struct adit_sa_id id;
	size_t cursor = 0;

	if (adit_icmp_error_read(&e, adit_pkt_data(pkt), pkt->len) != ADIT_OK || !e.too_big)
		return;
	/* The database is small: all of it is looked at once. */
	while (st == ADIT_ERR_PENDING)
		st = adit_icmp_apply(&d->node.sad, &e, daemon_now(), &cursor, &id);
	if (st != ADIT_OK) {
		log_line(LOG_DEBUG, "a path MTU of %u from %s is not learnt: %s", e.mtu,
			 text_ip(&e.from), adit_status_name(st));
		return;
	}
	refresh(d, daemon_now());
	log_line(LOG_INFO, "%s says that packets to %s may have %u bytes", text_ip(&e.from),
		 text_ip(&e.sent.remote), e.mtu);
}

static void
send_pieces(struct daemon *d, const struct adit_verdict *v, const struct adit_pkt *pkt)
{
	static struct net_packet room;
	struct adit_fragment_params params = {.mtu = v->mtu};
	struct adit_fragmenter f;

	if (adit_fragment_begin(&f, (struct adit_span){adit_pkt_data(pkt), pkt->len}, &params) !=
	    ADIT_OK)
		return;
	while (adit_fragment_left(&f)) {
		struct adit_pkt piece = {room.room, sizeof room.room, ADIT_PKT_HEADROOM, 0};

		if (adit_fragment_next(&f, &piece) != ADIT_OK)
			return;
		inside_send(d, &piece, 1);
	}
}

static void
tell_sender(struct daemon *d, const struct adit_verdict *v, const struct adit_pkt *pkt)
{
	static uint8_t room[ADIT_PKT_HEADROOM + ADIT_ICMP_MAX_V6 + ADIT_PKT_TAILROOM];
	struct adit_pkt error = {room, sizeof room, ADIT_PKT_HEADROOM, 0};
	const struct adit_ip as_destination = {0, {0}};

	if (adit_icmp_too_big(adit_pkt_data(pkt), pkt->len, v->mtu, &as_destination, &error) ==
		    ADIT_OK &&
	    adit_icmp_may_send(&rate, daemon_now()))
		inside_deliver(d, &error);
}

void
sizes_too_big(struct daemon *d, const struct adit_verdict *v, const struct adit_pkt *pkt)
{
	/* Pieces of such a packet fit: v->mtu is what made it too big. */
	if (v->may_cut && v->mtu < pkt->len)
		send_pieces(d, v, pkt);
	else if (!v->may_cut)
		tell_sender(d, v, pkt);
}

void
sizes_clamp(const struct daemon *d, const struct adit_pkt *pkt)
{
	if (d->inner_max)
		(void)adit_mss_clamp(adit_pkt_data(pkt), pkt->len, d->inner_max);
}
