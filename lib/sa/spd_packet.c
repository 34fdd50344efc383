/* Selectors of an SA to come: a policy's, narrowed to the packet that asks for it (RFC 4301
 * 4.4.1.2, "populate from packet"). */
#include <string.h>

#include "adit/spd.h"
#include "sa/flow.h"

/* What one side's selectors become. */
struct narrow {
	const struct adit_ip *ip; /* NULL: as the policy has it */
	bool has_protocol, has_port;
	uint8_t protocol;
	uint16_t port;
};

/* false: the packet is outside. */
static bool
narrow_one(struct adit_ts *ts, const struct narrow *to)
{
	size_t n = ts->version == 4 ? 4 : 16;

	if (to->has_protocol && ts->protocol && ts->protocol != to->protocol)
		return false;
	if (to->has_port && (to->port < ts->port_first || to->port > ts->port_last))
		return false;
	if (to->ip && (to->ip->version != ts->version || memcmp(to->ip->b, ts->first, n) < 0 ||
		       memcmp(to->ip->b, ts->last, n) > 0))
		return false;
	if (to->has_protocol)
		ts->protocol = to->protocol;
	if (to->has_port)
		ts->port_first = ts->port_last = to->port;
	if (to->ip) {
		memcpy(ts->first, to->ip->b, n);
		memcpy(ts->last, to->ip->b, n);
	}
	return true;
}

static bool
is_among(const struct adit_ts *list, uint8_t n, const struct adit_ts *ts)
{
	for (uint8_t i = 0; i < n; i++)
		if (memcmp(&list[i], ts, sizeof *ts) == 0)
			return true;
	return false;
}

/* Ranges that become the same are kept once. */
static uint8_t
narrow_side(struct adit_ts *to, const struct adit_ts *from, uint8_t from_n,
	    const struct narrow *how)
{
	uint8_t n = 0;

	for (uint8_t i = 0; i < from_n; i++) {
		struct adit_ts ts = from[i];

		if (narrow_one(&ts, how) && !is_among(to, n, &ts))
			to[n++] = ts;
	}
	return n;
}

enum adit_status
adit_selectors_from_packet(const struct adit_policy *policy, const struct adit_flow *flow,
			   struct adit_selectors *out)
{
	const struct adit_selectors *s = &policy->selectors;
	uint8_t pfp = policy->pfp;
	bool protocol = (pfp & (ADIT_PFP_PROTOCOL | ADIT_PFP_PORTS)) != 0;
	const struct narrow local = {pfp & ADIT_PFP_LOCAL ? &flow->local : NULL, protocol,
				     flow->has_ports && (pfp & ADIT_PFP_LOCAL_PORT), flow->protocol,
				     flow->local_port};
	const struct narrow remote = {pfp & ADIT_PFP_REMOTE ? &flow->remote : NULL, protocol,
				      flow->has_ports && (pfp & ADIT_PFP_REMOTE_PORT),
				      flow->protocol, flow->remote_port};

	memset(out, 0, sizeof *out);
	/* In a selector it would be every protocol. */
	if (protocol && flow->protocol == ADIT_PROTO_ANY)
		return ADIT_ERR_SELECTOR;
	if ((pfp & ADIT_PFP_PORTS) && !flow->has_ports && adit_protocol_has_ports(flow->protocol))
		return ADIT_ERR_SELECTOR;
	out->local_n = narrow_side(out->local, s->local, s->local_n, &local);
	out->remote_n = narrow_side(out->remote, s->remote, s->remote_n, &remote);
	return adit_selectors_match(out, flow) ? ADIT_OK : ADIT_ERR_SELECTOR;
}
