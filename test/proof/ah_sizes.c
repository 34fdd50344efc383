/* Sizes of AH: for any SA and MTU the longest payload that is told gives an outer packet of at most
 * the MTU, one byte more gives a longer one, headroom is enough, and nothing wraps.
 * Sources: lib/data/ah_work.c lib/data/outer.c
 * Bound: any MTU, up to 60 bytes of headroom
 * Options: --unwind 2
 * Broken: lib/data/ah_encap.c s/mtu < added + least/mtu < added/
 * Broken: lib/data/ah_encap.c s/? sa->outer_len : 0/? ADIT_IPV4_LEN : 0/
 */
#include "data/ah_encap.c"

#include "sa.h"

/* Any view of a packet of any length; of its bytes none matter but those before AH. */
enum adit_status
adit_ip_get(const uint8_t *p, size_t n, struct adit_ip_view *v)
{
	struct adit_ip_view any;

	SHOW(__CPROVER_r_ok(p, ADIT_IPV6_LEN));
	*v = any;
	GIVEN((v->version == 4 || v->version == 6) && v->total <= n && v->total <= UINT16_MAX);
	GIVEN(v->transport_at <= v->total && v->transport_at >= 20 && v->transport_next < 40);
	return nondet_bool() ? ADIT_OK : ADIT_ERR_SHORT;
}

size_t
adit_ip_base_len(uint8_t version)
{
	return version == 4 ? ADIT_IPV4_LEN : ADIT_IPV6_LEN;
}

enum adit_status
adit_ah_mute(const uint8_t *p, size_t n, uint8_t *muted)
{
	SHOW(__CPROVER_w_ok(muted, ADIT_AH_HEADERS_MAX));
	(void)p;
	return n > ADIT_AH_HEADERS_MAX ? ADIT_ERR_TOO_LONG : ADIT_OK;
}

/* The outer packet of any one of `total` bytes, as encapsulation plans it; zero: none is made. */
static size_t
outer_of(const struct adit_sa *sa, const struct adit_pkt *pkt, size_t total)
{
	struct job j;
	enum adit_status st;

	j.total = 0;
	st = plan(sa, pkt, &j);
	GIVEN(j.total == 0 || j.ip.total == total);
	SHOW(j.total == 0 || j.total - total <= adit_ah_headroom(sa));
	SHOW(st != ADIT_ERR_ROOM || pkt->off < adit_ah_headroom(sa));
	SHOW(st != ADIT_OK || j.total <= UINT16_MAX);
	return j.total;
}

int
main(void)
{
	size_t mtu = nondet_bool() ? nondet_u16() : nondet_size(), max, made;
	uint8_t *bytes = any_bytes(100);
	struct adit_pkt pkt = {bytes, 2 * UINT16_MAX, any_up_to(60), nondet_u16()};
	struct adit_sa sa;

	any_sa(&sa);
	GIVEN(sa.protocol == ADIT_PROTO_AH);
	max = adit_ah_payload_max(&sa, mtu);
	mtu = mtu < UINT16_MAX ? mtu : UINT16_MAX;
	SHOW(max <= mtu);
	if (nondet_bool()) {
		made = outer_of(&sa, &pkt, max + 1);
		SHOW(made == 0 || made > mtu || !max);
		if (max && made)
			REACHED("a packet that is too long");
		return 0;
	}
	GIVEN(pkt.len >= max);
	made = outer_of(&sa, &pkt, max);
	SHOW(made <= mtu);
	SHOW(sa.mode == ADIT_TUNNEL || max == 0 || max >= adit_ip_base_len(sa.outer[0] >> 4));
	if (max && made)
		REACHED("a packet that fits");
	return 0;
}
