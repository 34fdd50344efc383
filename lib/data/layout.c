/* All offset and length arithmetic of ESP packets (RFC 4303 2, 3.1; RFC 3948 2). */
#include "data/layout.h"

/* Headers that encapsulation adds in front of ESP. */
static size_t
added_headers(const struct adit_sa *sa)
{
	if (adit_sa_is_tunnel(sa))
		return sa->outer_len;
	return sa->udp_encap ? ADIT_UDP_LEN : 0;
}

size_t
adit_esp_headroom(const struct adit_sa *sa)
{
	return added_headers(sa) + adit_layout_before_data(sa);
}

size_t
adit_esp_tailroom(const struct adit_sa *sa)
{
	return sa->tfc + adit_layout_alignment(sa) - 1 + ADIT_ESP_TRAILER_LEN + sa->aead->icv_len;
}

size_t
adit_esp_payload_max(const struct adit_sa *sa, size_t mtu)
{
	size_t own = adit_sa_is_tunnel(sa) ? 0 : adit_ip_base_len(sa->outer[0] >> 4);
	size_t fixed = own + added_headers(sa) + adit_layout_before_data(sa) + sa->aead->icv_len,
	       room;

	/* No link carries more than IP's length fields can say. */
	if (mtu > UINT16_MAX)
		mtu = UINT16_MAX;
	if (mtu < fixed + adit_layout_alignment(sa))
		return 0;
	room = (mtu - fixed) & ~(adit_layout_alignment(sa) - 1);
	return own + room - ADIT_ESP_TRAILER_LEN;
}
