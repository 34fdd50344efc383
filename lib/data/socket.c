/* For programs that own sockets and not an interface: outer headers on and off. */
#include <string.h>

#include "adit/ipsec.h"
#include "base/endian.h"
#include "wire/ip.h"

#define TTL 64

static void
put_ip(uint8_t *p, const struct adit_path *path, uint8_t protocol, size_t total)
{
	struct adit_ip_view v;

	v.version = path->local.ip.version;
	memset(p, 0, v.version == 4 ? ADIT_IPV4_LEN : ADIT_IPV6_LEN);
	if (v.version == 4) {
		p[0] = 0x45;
		p[ADIT_IPV4_TTL] = TTL;
		p[ADIT_IPV4_PROTOCOL] = protocol;
		memcpy(p + ADIT_IPV4_SOURCE, path->remote.ip.b, 4);
		memcpy(p + ADIT_IPV4_DESTINATION, path->local.ip.b, 4);
	} else {
		p[0] = 0x60;
		p[ADIT_IPV6_NEXT] = protocol;
		p[ADIT_IPV6_HOPS] = TTL;
		memcpy(p + ADIT_IPV6_SOURCE, path->remote.ip.b, 16);
		memcpy(p + ADIT_IPV6_DESTINATION, path->local.ip.b, 16);
	}
	adit_ip_set_length(p, &v, total);
}

enum adit_status
adit_pkt_push_outer(struct adit_pkt *pkt, const struct adit_path *path, uint8_t protocol)
{
	uint8_t version = path->local.ip.version;
	size_t ip = version == 4 ? ADIT_IPV4_LEN : ADIT_IPV6_LEN;
	size_t udp = protocol == ADIT_PROTO_UDP ? ADIT_UDP_LEN : 0;
	uint8_t *p;

	if ((version != 4 && version != 6) || path->remote.ip.version != version)
		return ADIT_ERR_ARG;
	if (pkt->off < ip + udp)
		return ADIT_ERR_ROOM;
	if (pkt->len > UINT16_MAX - ip - udp)
		return ADIT_ERR_TOO_LONG;
	pkt->off -= ip + udp;
	pkt->len += ip + udp;
	p = adit_pkt_data(pkt);
	put_ip(p, path, protocol, pkt->len);
	if (udp) {
		adit_store16(p + ip, path->remote.port);
		adit_store16(p + ip + 2, path->local.port);
		adit_store16(p + ip + 4, (uint16_t)(pkt->len - ip));
		adit_store16(p + ip + 6, 0);
	}
	return ADIT_OK;
}

enum adit_status
adit_pkt_pull_outer(struct adit_pkt *pkt, struct adit_path *path, uint8_t *protocol)
{
	const uint8_t *p = adit_pkt_data(pkt);
	struct adit_ip_view v;
	size_t skip;
	enum adit_status st = adit_ip_get(p, pkt->len, &v);

	if (st != ADIT_OK)
		return st;
	skip = v.upper_at + (v.upper == ADIT_PROTO_UDP ? (size_t)ADIT_UDP_LEN : 0);
	if (skip > v.total)
		return ADIT_ERR_SHORT;
	memset(path, 0, sizeof *path);
	path->local.ip = adit_ip_source(p, v.version);
	path->remote.ip = adit_ip_destination(p, v.version);
	if (v.upper == ADIT_PROTO_UDP) {
		path->local.port = adit_load16(p + v.upper_at);
		path->remote.port = adit_load16(p + v.upper_at + 2);
	}
	*protocol = v.upper;
	pkt->off += skip;
	pkt->len = v.total - skip;
	return ADIT_OK;
}
