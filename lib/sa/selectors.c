/* Traffic selectors against flows (RFC 4301 4.4.1.1). */
#include <string.h>

#include "adit/sa.h"
#include "base/endian.h"

/* ANY is every port and none; OPAQUE is none, and is written the wrong way round (RFC 7296
 * 3.13.1). */
static inline bool
is_port_match(const struct adit_ts *ts, bool has_port, uint16_t port)
{
	if (ts->port_first == 0 && ts->port_last == UINT16_MAX)
		return true;
	if (!has_port)
		return ts->port_first == UINT16_MAX && ts->port_last == 0;
	return port >= ts->port_first && port <= ts->port_last;
}

static inline bool
is_between(const struct adit_ts *ts, const struct adit_ip *ip)
{
	uint32_t v4;

	if (ip->version == 6)
		return memcmp(ip->b, ts->first, 16) >= 0 && memcmp(ip->b, ts->last, 16) <= 0;
	v4 = adit_load32(ip->b);
	return ip->version == 4 && v4 >= adit_load32(ts->first) && v4 <= adit_load32(ts->last);
}

static inline bool
is_match(const struct adit_ts *ts, const struct adit_ip *ip, uint8_t protocol, bool has_port,
	 uint16_t port)
{
	return ts->version == ip->version && (ts->protocol == 0 || ts->protocol == protocol) &&
	       is_between(ts, ip) && is_port_match(ts, has_port, port);
}

bool
adit_ts_match(const struct adit_ts *ts, const struct adit_ip *ip, uint8_t protocol, bool has_port,
	      uint16_t port)
{
	return is_match(ts, ip, protocol, has_port, port);
}

static inline bool
any_match(const struct adit_ts *ts, uint8_t n, const struct adit_flow *flow,
	  const struct adit_ip *ip, uint16_t port)
{
	for (uint8_t i = 0; i < n; i++)
		if (is_match(&ts[i], ip, flow->protocol, flow->has_ports, port))
			return true;
	return false;
}

bool
adit_selectors_match(const struct adit_selectors *s, const struct adit_flow *flow)
{
	return any_match(s->local, s->local_n, flow, &flow->local, flow->local_port) &&
	       any_match(s->remote, s->remote_n, flow, &flow->remote, flow->remote_port);
}

struct adit_ts
adit_ts_prefix(const struct adit_ip *ip, unsigned bits)
{
	struct adit_ts ts;
	size_t n = ip->version == 4 ? 4 : 16;

	memset(&ts, 0, sizeof ts);
	ts.version = ip->version;
	ts.port_last = UINT16_MAX;
	for (size_t i = 0; i < n; i++) {
		unsigned here = bits < 8 ? bits : 8;
		uint8_t mask = (uint8_t)(0xff00u >> here);

		ts.first[i] = ip->b[i] & mask;
		ts.last[i] = (uint8_t)(ts.first[i] | (uint8_t)~mask);
		bits -= here;
	}
	return ts;
}
