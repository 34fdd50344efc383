/* From an authentic payload to a packet that may be delivered, for ESP and AH alike (RFC 4301 5.2,
 * RFC 3948 3.1.2). */
#include <string.h>

#include "base/endian.h"
#include "data/outer.h"
#include "data/unwrap.h"
#include "sa/flow.h"

enum { TCP_CHECKSUM_AT = 16, TCP_LEN = 20, UDP_CHECKSUM_AT = 6 };

static enum adit_status
check_selectors(const struct adit_sa *sa, const uint8_t *p, const struct adit_ip_view *v)
{
	struct adit_flow flow;

	if (!sa->selectors)
		return ADIT_OK;
	adit_flow_of(&flow, ADIT_IN, p, v);
	return adit_selectors_match(sa->selectors, &flow) ? ADIT_OK : ADIT_ERR_SELECTOR;
}

/* A packet put together from a header and a payload is one only if both agree. */
static enum adit_status
check_whole(const struct adit_sa *sa, const struct adit_pkt *pkt)
{
	const uint8_t *p = adit_pkt_data(pkt);
	struct adit_ip_view v;

	if (adit_ip_get(p, pkt->len, &v) != ADIT_OK)
		return ADIT_ERR_MALFORMED;
	return check_selectors(sa, p, &v);
}

/* Tunnel mode: what is inside must be the packet that the next header says; behind it there may be
 * more (traffic flow confidentiality, RFC 4303 2.7). */
static enum adit_status
unwrap_tunnel(const struct adit_sa *sa, struct adit_pkt *pkt, const struct adit_unwrap *u)
{
	uint8_t *inner = adit_pkt_data(pkt) + u->at;
	struct adit_ip_view v;
	enum adit_status st;

	if (u->next != ADIT_NEXT_IPV4 && u->next != ADIT_NEXT_IPV6)
		return ADIT_ERR_UNSUPPORTED;
	st = adit_ip_get(inner, u->n, &v);
	if (st != ADIT_OK || v.version != (u->next == ADIT_NEXT_IPV4 ? 4 : 6))
		return ADIT_ERR_MALFORMED;
	/* Most often both say the same. */
	if (u->outer->tos != v.tos) {
		st = adit_outer_to_inner(sa, u->outer->tos, inner, &v);
		if (st != ADIT_OK)
			return st;
	}
	pkt->off += u->at;
	pkt->len = v.total;
	return check_selectors(sa, inner, &v);
}

/* A NAT has changed the addresses that the checksum at `field` covers. Where the original ones are
 * known the difference is taken out, so that a wrong checksum stays wrong; else, since the packet
 * is authentic, it is made anew (RFC 3948 3.1.2). */
static uint16_t
mended(const struct adit_sa *sa, uint8_t *p, const struct adit_unwrap *u, const uint8_t *upper,
       uint8_t *field)
{
	uint8_t version = p[0] >> 4;
	const struct adit_ip *inside = ADIT_EXTRAS && sa->more ? sa->more->inside : NULL;
	struct adit_ip_addresses now = adit_ip_addresses(p);
	uint16_t sum = adit_load16(field);

	if (inside && inside[ADIT_REMOTE].version == version &&
	    inside[ADIT_LOCAL].version == version) {
		sum = adit_checksum_change(sum, inside[ADIT_REMOTE].b, now.source, now.n);
		return adit_checksum_change(sum, inside[ADIT_LOCAL].b, now.destination, now.n);
	}
	adit_store16(field, 0);
	return adit_upper_checksum(p, version, u->next, upper, u->n);
}

static void
mend_checksum(const struct adit_sa *sa, uint8_t *p, const struct adit_unwrap *u, uint8_t *upper)
{
	bool tcp = u->next == ADIT_PROTO_TCP;
	uint8_t *field;
	uint16_t sum;

	if ((!tcp && u->next != ADIT_PROTO_UDP) || u->n < (tcp ? TCP_LEN : ADIT_UDP_LEN))
		return;
	field = upper + (tcp ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT);
	if (!tcp && adit_load16(field) == 0)
		return;
	sum = mended(sa, p, u, upper, field);
	adit_store16(field, sum || tcp ? sum : UINT16_MAX);
}

/* Transport mode: the original header moves back to its payload and names it again. */
static enum adit_status
unwrap_transport(const struct adit_sa *sa, struct adit_pkt *pkt, const struct adit_unwrap *u)
{
	uint8_t *old = adit_pkt_data(pkt);
	size_t header = u->outer->upper_at, gone = u->at - header;
	uint8_t *p = old + gone;

	memmove(p, old, header);
	p[u->outer->upper_next] = u->next;
	pkt->off += gone;
	pkt->len = header + u->n;
	adit_ip_set_length(p, u->outer, pkt->len);
	if (u->outer->upper == ADIT_PROTO_UDP)
		mend_checksum(sa, p, u, p + header);
	return check_whole(sa, pkt);
}

/* BEET: the fixed part of the outer header with the addresses inside. */
static enum adit_status
unwrap_beet(const struct adit_sa *sa, struct adit_pkt *pkt, const struct adit_unwrap *u)
{
	const struct adit_ip *inside = sa->more->inside;
	uint8_t *old = adit_pkt_data(pkt);
	size_t base = adit_ip_base_len(u->outer->version), gone = u->at - base;
	uint8_t *p = old + gone;

	if (u->next == ADIT_NEXT_BEET)
		return ADIT_ERR_UNSUPPORTED;
	memmove(p, old, base);
	adit_ip_make_base(p, u->next);
	adit_ip_set_addresses(p, &inside[ADIT_REMOTE], &inside[ADIT_LOCAL]);
	pkt->off += gone;
	pkt->len = base + u->n;
	adit_ip_set_length(p, u->outer, pkt->len);
	return check_whole(sa, pkt);
}

static enum adit_status
unwrap_by_mode(const struct adit_sa *sa, struct adit_pkt *pkt, const struct adit_unwrap *u)
{
	if (sa->mode == ADIT_TRANSPORT)
		return unwrap_transport(sa, pkt, u);
	if (ADIT_EXTRAS && sa->mode == ADIT_BEET)
		return unwrap_beet(sa, pkt, u);
	return unwrap_tunnel(sa, pkt, u);
}

enum adit_status
adit_unwrap(const struct adit_sa *sa, struct adit_pkt *pkt, const struct adit_unwrap *u)
{
	if (u->next == ADIT_NEXT_NONE)
		return ADIT_ERR_DUMMY;
	/* What is inside is not one packet: each that comes out of it is checked by itself. */
	if (ADIT_EXTRAS && u->next == ADIT_NEXT_AGGFRAG && sa->mode == ADIT_IPTFS) {
		pkt->off += u->at;
		pkt->len = u->n;
		return ADIT_OK;
	}
	return unwrap_by_mode(sa, pkt, u);
}
