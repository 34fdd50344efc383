/* Outer headers: the tunnel's own, the original one of transport mode, UDP (RFC 4301 5.1.2, RFC
 * 6040, RFC 3948). */
#include <string.h>

#include "base/endian.h"
#include "data/outer.h"

enum { ECN_MASK = 3, ECN_NOT_ECT = 0, ECN_ECT_1 = 1, ECN_ECT_0 = 2, ECN_CE = 3 };

void
adit_outer_put(const struct adit_sa *sa, uint8_t *p, size_t total, const struct adit_ip_view *inner,
	       uint16_t id)
{
	struct adit_ip_view v;

	memcpy(p, sa->outer, sa->outer_len);
	v.version = p[0] >> 4;
	adit_ip_set_tos(p, v.version, inner->tos);
	if (v.version == 4) {
		adit_store16(p + ADIT_IPV4_ID, id);
		/* An IPv6 packet says nothing of fragments outside, so the outer may be cut. */
		if (inner->version == 4 && inner->df)
			adit_store16(p + ADIT_IPV4_FRAGMENT, ADIT_IPV4_DF);
	}
	adit_ip_set_length(p, &v, total);
}

void
adit_outer_finish_udp(const struct adit_sa *sa, uint8_t *p, size_t headers, size_t total)
{
	uint8_t *udp = p + headers - ADIT_UDP_LEN;
	size_t len = total - headers + ADIT_UDP_LEN;
	uint16_t sum;

	if (!sa->udp_encap)
		return;
	adit_store16(udp + 4, (uint16_t)len);
	adit_store16(udp + 6, 0);
	if (p[0] >> 4 == 4)
		return;
	sum = adit_upper_checksum(p, 6, ADIT_PROTO_UDP, udp, len);
	adit_store16(udp + 6, sum ? sum : UINT16_MAX);
}

static void
set_ecn(uint8_t *p, const struct adit_ip_view *inner, uint8_t ecn)
{
	adit_ip_set_tos(p, inner->version, (uint8_t)((inner->tos & ~ECN_MASK) | ecn));
	if (inner->version == 4)
		adit_ipv4_set_checksum(p);
}

/* Figure 4 of RFC 6040, row by row of the inner field. */
enum adit_status
adit_outer_ecn(uint8_t outer_tos, uint8_t *p, const struct adit_ip_view *inner)
{
	uint8_t outer = outer_tos & ECN_MASK, in = inner->tos & ECN_MASK;

	if (in == ECN_NOT_ECT)
		return outer == ECN_CE ? ADIT_ERR_ECN : ADIT_OK;
	if (outer == ECN_CE && in != ECN_CE)
		set_ecn(p, inner, ECN_CE);
	else if (outer == ECN_ECT_1 && in == ECN_ECT_0)
		set_ecn(p, inner, ECN_ECT_1);
	return ADIT_OK;
}
