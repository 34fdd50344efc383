/* What an attacker does with a narrow path: errors about packets that he saw, or makes up, and
 * fragments that overlap those on their way. */
#include <string.h>

#include "base/endian.h"
#include "sim/world.h"
#include "wire/fragment.h"
#include "wire/icmp.h"
#include "wire/ip.h"

enum { ESP_SEQ = 4 };

/* The ESP header of an outer packet. */
static uint8_t *
esp_of(uint8_t *p)
{
	bool v6 = p[0] >> 4 == 6;
	uint8_t *upper = p + (v6 ? ADIT_IPV6_LEN : ADIT_IPV4_LEN);

	return p[v6 ? 6 : 9] == ADIT_PROTO_UDP ? upper + ADIT_UDP_LEN : upper;
}

/* A packet that nobody sent. */
static void
make_up(struct sim_world *w, uint8_t *p)
{
	uint8_t *esp = esp_of(p);

	switch (sim_below(&w->random, 4)) {
	case 0: /* of another SA */
		adit_store32(esp, (uint32_t)sim_next(&w->random));
		break;
	case 1: /* that will be sent some day */
		adit_store32(esp + ESP_SEQ,
			     adit_load32(esp + ESP_SEQ) + sim_between(&w->random, 1000, 1 << 30));
		break;
	case 2: /* to somebody else */
		p[p[0] >> 4 == 6 ? 39 : 19] ^= 0x40;
		break;
	default: /* the same with other ports, or as another protocol */
		if (p[p[0] >> 4 == 6 ? 6 : 9] == ADIT_PROTO_UDP)
			esp[-ADIT_UDP_LEN + 1] ^= 1;
		else
			p[p[0] >> 4 == 6 ? 6 : 9] = 51;
	}
}

/* Less than any router may say. */
static void
set_mtu(uint8_t *p, uint16_t mtu)
{
	bool v6 = p[0] >> 4 == 6;
	uint8_t *icmp = p + (v6 ? ADIT_IPV6_LEN : ADIT_IPV4_LEN);
	size_t n = v6 ? adit_load16(p + ADIT_IPV6_PAYLOAD)
		      : adit_load16(p + ADIT_IPV4_TOTAL) - (size_t)ADIT_IPV4_LEN;

	adit_store16(icmp + ADIT_ICMP_CHECKSUM, 0);
	adit_store16(icmp + 6, mtu);
	adit_store16(icmp + ADIT_ICMP_CHECKSUM,
		     v6 ? adit_upper_checksum(p, 6, ADIT_PROTO_ICMPV6, icmp, n)
			: adit_checksum(icmp, n));
}

bool
sim_lie_narrow(struct sim_world *w, const struct sim_frame *seen)
{
	static uint8_t room[ADIT_PKT_HEADROOM + SIM_FRAME_MAX + ADIT_PKT_TAILROOM];
	struct adit_pkt pkt = {room, sizeof room, 0, 0}, error;
	struct sim_frame *f = sim_frame_take(w);
	struct adit_ip router = sim_spoofed_address(&w->plan, 1);
	uint16_t mtu = (uint16_t)sim_between(&w->random, 1, 1400);

	error = (struct adit_pkt){f->bytes, sizeof f->bytes, 0, 0};
	f->from.ip = router;
	f->to.ip = seen->from.ip;
	f->forged = true;
	if (w->plan.path_mtu && sim_path_outer(seen, &pkt) &&
	    pkt.len > ADIT_IPV6_LEN + ADIT_UDP_LEN + 8) {
		uint8_t *p = adit_pkt_data(&pkt);

		if (p[0] >> 4 == 4)
			adit_store16(p + ADIT_IPV4_FRAGMENT, ADIT_IPV4_DF);
		if (sim_chance(&w->random, 600))
			make_up(w, p);
		if (adit_icmp_too_big(p, pkt.len, 68, &router, &error) == ADIT_OK) {
			f->len = error.len;
			set_mtu(f->bytes, mtu);
			sim_wire_send(w, NULL, f);
			return true;
		}
	}
	sim_frame_give(w, f);
	return false;
}

bool
sim_is_fragment(const struct sim_frame *f)
{
	struct adit_fragment_view v;

	return f->protocol == ADIT_PROTO_ESP &&
	       adit_fragment_get(f->bytes, f->len, &v) == ADIT_OK && v.fragment;
}

/* A fragment of the same packet, a little before or behind, with other bytes. No two of those that
 * were cut are so far apart, so that it fits nowhere beside them. */
void
sim_lie_overlap(struct sim_world *w, struct sim_frame *f)
{
	size_t by = ADIT_FRAGMENT_UNIT * (size_t)sim_between(&w->random, 1, 3);
	struct adit_fragment_view v;

	if (adit_fragment_get(f->bytes, f->len, &v) != ADIT_OK)
		return;
	v.offset = v.offset > by && sim_chance(&w->random, 500) ? v.offset - by : v.offset + by;
	if (v.version == 4) {
		adit_store16(
			f->bytes + ADIT_IPV4_FRAGMENT,
			(uint16_t)(v.offset / ADIT_FRAGMENT_UNIT | (v.more ? ADIT_IPV4_MORE : 0)));
		adit_ipv4_set_checksum(f->bytes);
	} else {
		adit_fragment_put_ipv6(f->bytes + v.data - ADIT_IPV6_FRAGMENT_LEN, &v);
	}
	for (size_t i = v.data; i < f->len; i += 7)
		f->bytes[i] ^= 0x55;
	f->forged = f->overlaps = true;
}
