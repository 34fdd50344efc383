/* Where the IP packet begins in a captured frame, by link type (tcpdump.org/linktypes.html). */
#include "link.h"

enum { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_IPV6 = 0x86dd };
enum { ETHERTYPE_VLAN = 0x8100, ETHERTYPE_QINQ = 0x88a8, VLAN_TAG_LEN = 4 };
enum { ETHERNET_TYPE_AT = 12, ETHERNET_LEN = 14 };
enum { SLL_TYPE_AT = 14, SLL_LEN = 16, SLL2_TYPE_AT = 0, SLL2_LEN = 20 };
enum { NULL_LEN = 4 };

bool
link_is_known(int link)
{
	switch (link) {
	case LINK_NULL:
	case LINK_LOOP:
	case LINK_EN10MB:
	case LINK_SLL:
	case LINK_SLL2:
	case LINK_RAW_BSD:
	case LINK_RAW_OPENBSD:
	case LINK_RAW:
	case LINK_IPV4:
	case LINK_IPV6:
		return true;
	default:
		return false;
	}
}

static unsigned
load16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* A header of len bytes that has an Ethernet type; VLAN tags may follow. */
static bool
find_by_type(const uint8_t *frame, size_t n, size_t type_at, size_t len, size_t *at)
{
	unsigned type;

	if (n < len)
		return false;
	type = load16(frame + type_at);
	while ((type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ) && n - len >= VLAN_TAG_LEN) {
		type = load16(frame + len + 2);
		len += VLAN_TAG_LEN;
	}
	*at = len;
	return type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6;
}

/* Four bytes of address family, in the byte order and with the numbers of whoever captured. IP's
 * own first bits say more. */
static bool
find_by_version(const uint8_t *frame, size_t n, size_t len, size_t *at)
{
	*at = len;
	return n > len && (frame[len] >> 4 == 4 || frame[len] >> 4 == 6);
}

bool
link_find_ip(int link, const uint8_t *frame, size_t n, size_t *at)
{
	switch (link) {
	case LINK_EN10MB:
		return find_by_type(frame, n, ETHERNET_TYPE_AT, ETHERNET_LEN, at);
	case LINK_SLL:
		return find_by_type(frame, n, SLL_TYPE_AT, SLL_LEN, at);
	case LINK_SLL2:
		return find_by_type(frame, n, SLL2_TYPE_AT, SLL2_LEN, at);
	case LINK_NULL:
	case LINK_LOOP:
		return find_by_version(frame, n, NULL_LEN, at);
	default:
		return find_by_version(frame, n, 0, at);
	}
}
