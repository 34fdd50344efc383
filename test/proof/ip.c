/* IPv4 and IPv6 headers: any bytes are read without a step outside, and what a good packet, or the
 * quoted start of one, is said to be lies within it.
 * Sources: lib/wire/ip.c
 * Bound: 96 bytes, 7 extension headers
 * Options: --unwind 10
 * Broken: lib/wire/ip.c s/len > total - at/len > total/
 */
#include "ip_view.h"

#define BYTES 96

int
main(void)
{
	struct adit_span s = any_span(BYTES);
	bool quoted = nondet_bool();
	struct adit_ip_view v;
	enum adit_status st =
		quoted ? adit_ip_get_quoted(s.p, s.n, &v) : adit_ip_get(s.p, s.n, &v);

	SHOW(st == ADIT_OK || st == ADIT_ERR_SHORT || st == ADIT_ERR_MALFORMED);
	if (st != ADIT_OK)
		return 0;
	SHOW(is_view_sound(s.p, s.n, &v));
	if (v.version == 6 && v.upper_at > ADIT_IPV6_LEN + 8)
		REACHED("IPv6 with two extension headers");
	return 0;
}
