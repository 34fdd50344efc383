/* Outer headers: the tunnel's own, the original one of transport mode, UDP (RFC 4301 5.1.2, RFC
 * 6040, RFC 3948). */
#include <string.h>

#include "base/endian.h"
#include "data/outer.h"

#define IPV6_MTU_MIN 1280

enum { ECN_MASK = 3, ECN_NOT_ECT = 0, ECN_ECT_1 = 1, ECN_ECT_0 = 2, ECN_CE = 3 };

bool
adit_outer_is_to_port(const struct adit_sa *sa, const uint8_t *udp)
{
	return memcmp(udp + 2, sa->outer + sa->outer_len - ADIT_UDP_LEN, 2) == 0;
}

static uint8_t
outer_tos(const struct adit_sa *sa, uint8_t own, uint8_t inner)
{
	uint8_t dscp = sa->flags & ADIT_SA_SET_DSCP ? own : inner;
	uint8_t ecn = sa->flags & ADIT_SA_NO_ECN ? ECN_NOT_ECT : inner;

	if (!ADIT_EXTRAS || sa->flags == 0)
		return inner;
	return (uint8_t)((dscp & ~ECN_MASK) | (ecn & ECN_MASK));
}

/* An IPv6 packet says nothing of fragments outside, so its IPv4 outer packet may be cut. */
static bool
outer_df(const struct adit_sa *sa, const struct adit_ip_view *inner)
{
	if (ADIT_EXTRAS && (sa->flags & (ADIT_SA_SET_DF | ADIT_SA_CLEAR_DF)))
		return (sa->flags & ADIT_SA_SET_DF) != 0;
	return inner->version == 4 && inner->df;
}

static void
copy_label(uint8_t *p, const uint8_t *in)
{
	p[1] = (uint8_t)((p[1] & 0xf0) | (in[1] & 0x0f));
	memcpy(p + 2, in + 2, 2);
}

static void
put_ipv6(const struct adit_sa *sa, uint8_t *p, size_t total, const struct adit_ip_view *inner,
	 const uint8_t *in)
{
	memcpy(p, sa->outer, ADIT_IPV6_LEN);
	adit_ip_set_tos(p, 6, outer_tos(sa, adit_ip_tos(p), inner->tos));
	if (ADIT_EXTRAS && inner->version == 6 && (sa->flags & ADIT_SA_COPY_LABEL))
		copy_label(p, in);
	adit_store16(p + ADIT_IPV6_PAYLOAD, (uint16_t)(total - ADIT_IPV6_LEN));
}

/* What the SA's header leaves open is added to its checksum (RFC 1624). */
static void
put_ipv4(const struct adit_sa *sa, uint8_t *p, uint16_t total, const struct adit_ip_view *inner,
	 uint16_t id)
{
	uint8_t tos = outer_tos(sa, sa->outer[ADIT_IPV4_TOS], inner->tos);
	uint16_t fragment = outer_df(sa, inner) ? ADIT_IPV4_DF : 0;
	uint16_t sum = adit_load16(sa->outer + ADIT_IPV4_CHECKSUM);

	memcpy(p, sa->outer, ADIT_IPV4_LEN);
	p[ADIT_IPV4_TOS] = tos;
	adit_store16(p + ADIT_IPV4_TOTAL, total);
	adit_store16(p + ADIT_IPV4_ID, id);
	adit_store16(p + ADIT_IPV4_FRAGMENT, fragment);
	adit_store16(p + ADIT_IPV4_CHECKSUM,
		     adit_checksum_add(sum, (uint32_t)tos + total + id + fragment));
}

void
adit_outer_put(const struct adit_sa *sa, uint8_t *p, size_t total, const struct adit_ip_view *inner,
	       const uint8_t *in, uint16_t id)
{
	size_t header = adit_ip_base_len(sa->outer[0] >> 4);

	if (sa->outer[0] >> 4 == 4)
		put_ipv4(sa, p, (uint16_t)total, inner, id);
	else
		put_ipv6(sa, p, total, inner, in);
	if (sa->udp_encap)
		memcpy(p + header, sa->outer + header, ADIT_UDP_LEN);
}

void
adit_outer_finish_udp(uint8_t *p, size_t headers, size_t total)
{
	uint8_t *udp = p + headers - ADIT_UDP_LEN;
	size_t len = total - headers + ADIT_UDP_LEN;
	uint16_t sum;

	adit_store16(udp + 4, (uint16_t)len);
	adit_store16(udp + 6, 0);
	if (p[0] >> 4 == 4)
		return;
	sum = adit_upper_checksum(p, 6, ADIT_PROTO_UDP, udp, len);
	adit_store16(udp + 6, sum ? sum : UINT16_MAX);
}

/* Figure 4 of RFC 6040, row by row of the inner field. */
static enum adit_status
inner_ecn(uint8_t outer, uint8_t in, uint8_t *out)
{
	*out = in;
	if (in == ECN_NOT_ECT)
		return outer == ECN_CE ? ADIT_ERR_ECN : ADIT_OK;
	if (outer == ECN_CE)
		*out = ECN_CE;
	else if (outer == ECN_ECT_1 && in == ECN_ECT_0)
		*out = ECN_ECT_1;
	return ADIT_OK;
}

enum adit_status
adit_outer_to_inner(const struct adit_sa *sa, uint8_t from, uint8_t *p,
		    const struct adit_ip_view *inner)
{
	uint8_t dscp = ADIT_EXTRAS && (sa->flags & ADIT_SA_DECAP_DSCP) ? from : inner->tos;
	uint8_t ecn = inner->tos & ECN_MASK, tos;
	enum adit_status st = ADIT_OK;

	if (!ADIT_EXTRAS || !(sa->flags & ADIT_SA_NO_ECN))
		st = inner_ecn(from & ECN_MASK, inner->tos & ECN_MASK, &ecn);
	tos = (uint8_t)((dscp & ~ECN_MASK) | ecn);
	if (st == ADIT_OK && tos != inner->tos)
		adit_ip_change_tos(p, tos);
	return st;
}

/* Without a tunnel a fragment can't be protected, so what may be cut is cut behind IPsec (RFC 4303
 * 3.3.4); what may not, its own DF still says. */
bool
adit_outer_fits(const struct adit_sa *sa, const struct adit_ip_view *inner, size_t total)
{
	if (total <= sa->mtu)
		return true;
	if (inner->version == 4 && !adit_sa_is_tunnel(sa))
		return !inner->df;
	return (sa->flags & ADIT_SA_CUT_AFTER) ||
	       (inner->version == 6 && inner->total <= IPV6_MTU_MIN);
}
