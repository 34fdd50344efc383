/* The MSS option of SYNs, lowered to what a tunnel takes (RFC 9293 3.7.1, RFC 6691). */
#include "adit/segment.h"
#include "base/endian.h"
#include "wire/tcp.h"

enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_MSS = 2 };
#define OPTION_MSS_LEN 4

/* The checksum sums words from the header's start: a value at an odd place counts with its bytes
 * swapped. */
static void
set_value(uint8_t *tcp, size_t at, uint16_t value)
{
	size_t odd = at & 1;
	uint8_t was[2], is[2];

	was[odd] = tcp[at];
	was[1 - odd] = tcp[at + 1];
	adit_store16(tcp + at, value);
	is[odd] = tcp[at];
	is[1 - odd] = tcp[at + 1];
	adit_store16(tcp + ADIT_TCP_CHECKSUM,
		     adit_checksum_change(adit_load16(tcp + ADIT_TCP_CHECKSUM), was, is, 2));
}

/* Lowers the option in a header of n bytes; a second one too, as receivers differ in which they
 * take. */
static bool
lower(uint8_t *tcp, size_t n, uint16_t most)
{
	bool changed = false;
	size_t at = ADIT_TCP_LEN;

	while (at < n && tcp[at] != OPTION_END) {
		size_t len = 1;

		if (tcp[at] != OPTION_NOP) {
			len = n - at < 2 ? 0 : tcp[at + 1];
			if (len < 2 || len > n - at)
				return changed;
		}
		if (tcp[at] == OPTION_MSS && len == OPTION_MSS_LEN &&
		    adit_load16(tcp + at + 2) > most) {
			set_value(tcp, at + 2, most);
			changed = true;
		}
		at += len;
	}
	return changed;
}

bool
adit_mss_clamp(uint8_t *p, size_t n, size_t mtu)
{
	struct adit_ip_view v;
	size_t headers, len;

	if (adit_ip_get(p, n, &v) != ADIT_OK || v.upper != ADIT_PROTO_TCP || !v.first)
		return false;
	headers = adit_ip_base_len(v.version) + ADIT_TCP_LEN;
	/* Beyond 64 KB no option says more. */
	if (mtu <= headers || mtu - headers >= UINT16_MAX)
		return false;
	len = adit_tcp_header_len(p + v.upper_at, v.total - v.upper_at);
	if (len == 0 || !(p[v.upper_at + ADIT_TCP_FLAGS] & ADIT_TCP_SYN))
		return false;
	return lower(p + v.upper_at, len, (uint16_t)(mtu - headers));
}
