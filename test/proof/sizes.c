/* Sizes of ESP: for any SA and MTU the longest payload that is told gives an outer packet of at
 * most the MTU, one byte more gives a longer one, head- and tailroom are enough, and nothing wraps.
 * Sources: lib/data/layout.c test/proof/ip_contract.c
 * Bound: any MTU
 * Options: --unwind 2
 * Broken: lib/data/layout.c s/mtu < fixed + adit_layout_alignment(sa)/mtu < fixed/
 * Broken: lib/data/layout.c s/return own + room - ADIT_ESP_TRAILER_LEN/return own + room - 1/
 */
#include "data/layout.h"
#include "sa.h"

/* The outer packet of one of `total` bytes, as encapsulation lays it out. */
static struct adit_esp_layout
outer_of(const struct adit_sa *sa, size_t total)
{
	size_t kept = adit_sa_is_tunnel(sa) ? 0 : adit_ip_base_len(sa->outer[0] >> 4);
	size_t udp = sa->udp_encap ? ADIT_UDP_LEN : 0;
	struct adit_esp_layout l;

	adit_layout_of_payload(sa, kept ? kept + udp : sa->outer_len, total - kept, &l);
	SHOW(l.data - kept == adit_esp_headroom(sa));
	SHOW(l.total - l.data - (total - kept) <= adit_esp_tailroom(sa));
	return l;
}

int
main(void)
{
	struct adit_sa sa;
	size_t mtu = nondet_bool() ? nondet_u16() : nondet_size(), max, least;

	any_sa(&sa);
	GIVEN(sa.protocol == ADIT_PROTO_ESP);
	least = adit_sa_is_tunnel(&sa) ? 0 : adit_ip_base_len(sa.outer[0] >> 4);
	max = adit_esp_payload_max(&sa, mtu);
	mtu = mtu < UINT16_MAX ? mtu : UINT16_MAX;
	if (max == 0) {
		SHOW(outer_of(&sa, least + 1).total > mtu);
		return 0;
	}
	SHOW(max >= least && max <= mtu);
	SHOW(outer_of(&sa, max).total <= mtu);
	SHOW(outer_of(&sa, max + 1).total > mtu);
	REACHED("an MTU that carries something");
	return 0;
}
