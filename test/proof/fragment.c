/* Fragments: of any bytes the fields are read without a step outside, and lie within.
 * Sources: lib/wire/fragment.c lib/wire/ip.c
 * Bound: 64 bytes, 3 extension headers
 * Options: --unwind 6
 * Broken: lib/wire/fragment.c s/v->len == 0 ||/v->len == 1 ||/
 */
#include "ip_view.h"
#include "wire/fragment.h"

int
main(void)
{
	struct adit_span s = any_span(64);
	struct adit_fragment_view v;

	if (adit_fragment_get(s.p, s.n, &v) != ADIT_OK)
		return 0;
	SHOW(v.head >= adit_ip_base_len(v.version) && v.head <= v.data);
	SHOW(v.data <= s.n && v.len <= s.n - v.data);
	SHOW(v.next_at < v.head && v.data - v.head == (v.header ? 8U : 0U));
	SHOW(v.version == 6 || (v.data == v.head && v.head == (size_t)(s.p[0] & 15) * 4));
	if (!v.fragment)
		return 0;
	SHOW(v.offset % 8 == 0 && v.ecn <= 3 && (v.more || v.offset));
	SHOW(v.len > 0 && v.head + v.offset + v.len <= UINT16_MAX);
	SHOW(!v.more || v.len % 8 == 0);
	if (v.version == 6 && v.offset && v.head > ADIT_IPV6_LEN)
		REACHED("a later fragment of IPv6");
	return 0;
}
