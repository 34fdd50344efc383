/* What of a packet selectors look at. */
#include <string.h>

#include "base/endian.h"
#include "sa/flow.h"

#define MH_TYPE 2 /* where a Mobility Header has its type (RFC 6275 6.1.1) */

enum { NEXT_HOP_BY_HOP = 0, NEXT_ROUTING = 43, NEXT_FRAGMENT = 44, NEXT_DESTINATION = 60 };
enum { PROTO_DCCP = 33, PROTO_SCTP = 132, PROTO_UDPLITE = 136 };

static bool
has_ports(uint8_t protocol)
{
	return protocol == ADIT_PROTO_TCP || protocol == ADIT_PROTO_UDP || protocol == PROTO_DCCP ||
	       protocol == PROTO_SCTP || protocol == PROTO_UDPLITE;
}

static bool
is_icmp(uint8_t protocol)
{
	return protocol == ADIT_PROTO_ICMP || protocol == ADIT_PROTO_ICMPV6;
}

bool
adit_protocol_has_ports(uint8_t protocol)
{
	return has_ports(protocol) || is_icmp(protocol) || protocol == ADIT_PROTO_MH;
}

/* What stands for both ports (RFC 4301 4.4.1.1). */
static void
set_both_ports(struct adit_flow *flow, uint16_t value)
{
	flow->local_port = value;
	flow->remote_port = value;
	flow->has_ports = true;
}

static void
read_ports(struct adit_flow *flow, bool out, const uint8_t *p, size_t n)
{
	if (n < 4)
		return;
	if (has_ports(flow->protocol)) {
		uint16_t source = adit_load16(p), destination = adit_load16(p + 2);

		flow->local_port = out ? source : destination;
		flow->remote_port = out ? destination : source;
		flow->has_ports = true;
	} else if (is_icmp(flow->protocol)) {
		set_both_ports(flow, adit_load16(p)); /* type and code */
	} else if (flow->protocol == ADIT_PROTO_MH) {
		set_both_ports(flow, (uint16_t)(p[MH_TYPE] << 8));
	}
}

/* A later fragment of IPv6 tells what its first began with: if that is an extension header, the
 * protocol behind stays unknown. */
static bool
is_hidden(const struct adit_ip_view *v)
{
	return v->version == 6 && !v->first &&
	       (v->upper == NEXT_HOP_BY_HOP || v->upper == NEXT_ROUTING ||
		v->upper == NEXT_FRAGMENT || v->upper == NEXT_DESTINATION);
}

void
adit_flow_of(struct adit_flow *flow, enum adit_direction dir, const uint8_t *p,
	     const struct adit_ip_view *v)
{
	bool out = dir == ADIT_OUT;
	struct adit_ip *source = out ? &flow->local : &flow->remote;
	struct adit_ip *destination = out ? &flow->remote : &flow->local;

	memset(flow, 0, sizeof *flow);
	source->version = destination->version = v->version;
	if (v->version == 4) {
		memcpy(source->b, p + ADIT_IPV4_SOURCE, 4);
		memcpy(destination->b, p + ADIT_IPV4_DESTINATION, 4);
	} else {
		memcpy(source->b, p + ADIT_IPV6_SOURCE, 16);
		memcpy(destination->b, p + ADIT_IPV6_DESTINATION, 16);
	}
	flow->protocol = is_hidden(v) ? (uint8_t)ADIT_PROTO_OPAQUE : v->upper;
	if (v->first)
		read_ports(flow, out, p + v->upper_at, v->total - v->upper_at);
}

enum adit_status
adit_flow_read(struct adit_flow *flow, enum adit_direction dir, const uint8_t *p, size_t n)
{
	struct adit_ip_view v;
	enum adit_status st = adit_ip_get(p, n, &v);

	if (st == ADIT_OK)
		adit_flow_of(flow, dir, p, &v);
	return st;
}
