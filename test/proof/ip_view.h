/* What a view of a good packet keeps to: shown by ip.c, taken for granted by ip_contract.c. */
#ifndef ADIT_TEST_PROOF_IP_VIEW_H
#define ADIT_TEST_PROOF_IP_VIEW_H

#include "proof.h"
#include "wire/ip.h"

static inline bool
is_view_sound(const uint8_t *p, size_t n, const struct adit_ip_view *v)
{
	return n > 0 && (v->version == 4 || v->version == 6) && p[0] >> 4 == v->version &&
	       v->total <= n && v->total <= UINT16_MAX &&
	       (v->version == 4 ? v->upper_at == (p[0] & 15) * 4 : v->first || v->fragment) &&
	       v->upper_at >= adit_ip_base_len(v->version) && v->upper_at <= v->total &&
	       v->transport_at >= adit_ip_base_len(v->version) && v->transport_at <= v->upper_at &&
	       v->upper_next < v->upper_at && v->transport_next < v->transport_at &&
	       v->upper_next >= ADIT_IPV6_NEXT && v->transport_next >= ADIT_IPV6_NEXT &&
	       p[v->upper_next] == v->upper;
}

#endif
