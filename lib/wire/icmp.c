/* Errors made about packets that can't or may not pass (RFC 792, RFC 1191, RFC 1812 4.3.2, RFC
 * 4443 2.4). */
#include <string.h>

#include "adit/icmp.h"
#include "base/endian.h"
#include "wire/icmp.h"

#define OUR_HOP_LIMIT 64
#define TOS_CONTROL 0xc0 /* RFC 1812 4.3.2.5: precedence 6 */
#define MTU_MIN_V6 1280  /* RFC 8200 5 */
#define QUOTE_MIN 8      /* bytes behind the headers: RFC 792 */
#define V4_TYPE_LAST 18  /* of RFC 792, 950 and 1256: what is behind is no host's question */
#define V6_TYPE_QUERY 128
#define V6_TYPE_REDIRECT 137

enum { TYPE_QUENCH = 4, TYPE_REDIRECT = 5, TYPE_TIME_EXCEEDED = 11, TYPE_PARAMETER = 12 };

/* What an error says. */
struct saying {
	uint8_t type, code;
	uint32_t rest;
};

bool
adit_icmp_is_error(uint8_t version, uint8_t type)
{
	if (version == 6)
		return type < V6_TYPE_QUERY;
	return type == ADIT_ICMP_UNREACHABLE || type == TYPE_QUENCH || type == TYPE_REDIRECT ||
	       type == TYPE_TIME_EXCEEDED || type == TYPE_PARAMETER;
}

bool
adit_icmp_is_answerable(uint8_t version, uint8_t type)
{
	if (version == 6)
		return !adit_icmp_is_error(6, type) && type != V6_TYPE_REDIRECT;
	return !adit_icmp_is_error(4, type) && type <= V4_TYPE_LAST;
}

static bool
is_multicast(const struct adit_ip *ip)
{
	/* IPv4: with all that is no unicast behind, up to the broadcast address. */
	return ip->version == 4 ? ip->b[0] >= 224 : ip->b[0] == 0xff;
}

static bool
is_one_host(const struct adit_ip *ip)
{
	static const uint8_t unspecified[16];

	if (is_multicast(ip))
		return false;
	if (ip->version == 4)
		return ip->b[0] != 0 && ip->b[0] != 127;
	return memcmp(ip->b, unspecified, sizeof unspecified) != 0;
}

/* Nothing is said about what could make two nodes talk without end, or many nodes at once (RFC
 * 1122 3.2.2, RFC 4443 2.4 e). */
static enum adit_status
check_answerable(const uint8_t *p, const struct adit_ip_view *v)
{
	const struct adit_ip source = adit_ip_source(p, v->version);
	bool icmp = v->upper == (v->version == 4 ? ADIT_PROTO_ICMP : ADIT_PROTO_ICMPV6);

	if (!v->first)
		return ADIT_ERR_FRAGMENT;
	if (!is_one_host(&source))
		return ADIT_ERR_UNEXPECTED;
	if (icmp &&
	    (v->total == v->upper_at || !adit_icmp_is_answerable(v->version, p[v->upper_at])))
		return ADIT_ERR_UNEXPECTED;
	return ADIT_OK;
}

static void
put_header(uint8_t *p, uint8_t version, size_t total)
{
	if (version == 4) {
		memset(p, 0, ADIT_IPV4_LEN);
		p[0] = 0x45;
		p[ADIT_IPV4_TOS] = TOS_CONTROL;
		adit_store16(p + ADIT_IPV4_TOTAL, (uint16_t)total);
		/* With DF and never cut, it needs no identification (RFC 6864 4.1). */
		adit_store16(p + ADIT_IPV4_FRAGMENT, ADIT_IPV4_DF);
		p[ADIT_IPV4_TTL] = OUR_HOP_LIMIT;
		p[ADIT_IPV4_PROTOCOL] = ADIT_PROTO_ICMP;
	} else {
		memset(p, 0, ADIT_IPV6_LEN);
		p[0] = 0x60;
		adit_store16(p + ADIT_IPV6_PAYLOAD, (uint16_t)(total - ADIT_IPV6_LEN));
		p[ADIT_IPV6_NEXT] = ADIT_PROTO_ICMPV6;
		p[ADIT_IPV6_HOPS] = OUR_HOP_LIMIT;
	}
}

static void
put_checksums(uint8_t *p, uint8_t version, size_t head, size_t total)
{
	uint8_t *icmp = p + head;
	uint16_t sum;

	if (version == 4) {
		adit_ipv4_set_checksum(p);
		sum = adit_checksum(icmp, total - head);
	} else {
		sum = adit_upper_checksum(p, 6, ADIT_PROTO_ICMPV6, icmp, total - head);
	}
	adit_store16(icmp + ADIT_ICMP_CHECKSUM, sum);
}

/* Bytes of the packet that are quoted: as many as the error may hold and `room` has. Zero: not even
 * its header and what IPv4 asks for. */
static size_t
quote_len(const struct adit_ip_view *v, size_t room)
{
	size_t around = adit_ip_base_len(v->version) + ADIT_ICMP_HEADER_LEN;
	size_t least = (v->version == 4 ? v->upper_at : ADIT_IPV6_LEN) + (size_t)QUOTE_MIN;
	size_t most = v->version == 4 ? ADIT_ICMP_MAX_V4 : ADIT_ICMP_MAX_V6;

	if (room < most)
		most = room;
	if (least > v->total)
		least = v->total;
	if (most < around + least)
		return 0;
	return v->total < most - around ? v->total : most - around;
}

static enum adit_status
make(const uint8_t *packet, const struct adit_ip_view *v, const struct saying *say,
     const struct adit_ip *from, struct adit_pkt *out)
{
	const struct adit_ip to = adit_ip_source(packet, v->version);
	const struct adit_ip there = adit_ip_destination(packet, v->version);
	size_t head = adit_ip_base_len(v->version), quote;
	uint8_t *p, *icmp;

	if (out->off > out->cap || (from->version && from->version != v->version) ||
	    (!from->version && is_multicast(&there)))
		return ADIT_ERR_ARG;
	quote = quote_len(v, out->cap - out->off);
	if (!quote)
		return ADIT_ERR_ROOM;
	p = adit_pkt_data(out);
	icmp = p + head;
	out->len = head + ADIT_ICMP_HEADER_LEN + quote;
	put_header(p, v->version, out->len);
	adit_ip_set_addresses(p, from->version ? from : &there, &to);
	icmp[0] = say->type;
	icmp[1] = say->code;
	adit_store16(icmp + ADIT_ICMP_CHECKSUM, 0);
	adit_store32(icmp + ADIT_ICMP_REST, say->rest);
	memcpy(icmp + ADIT_ICMP_HEADER_LEN, packet, quote);
	put_checksums(p, v->version, head, out->len);
	return ADIT_OK;
}

/* What may be told, of what the path takes. */
static uint32_t
told_mtu(uint8_t version, uint32_t mtu)
{
	if (version == 6)
		return mtu < MTU_MIN_V6 ? MTU_MIN_V6 : mtu;
	if (mtu > UINT16_MAX)
		return UINT16_MAX;
	return mtu < ADIT_MTU_MIN_V4 ? ADIT_MTU_MIN_V4 : mtu;
}

enum adit_status
adit_icmp_too_big(const uint8_t *packet, size_t n, uint32_t mtu, const struct adit_ip *from,
		  struct adit_pkt *out)
{
	struct saying say = {ADIT_ICMPV6_TOO_BIG, 0, 0};
	struct adit_ip_view v;
	struct adit_ip to;
	enum adit_status st = adit_ip_get(packet, n, &v);

	if (st == ADIT_OK)
		st = check_answerable(packet, &v);
	if (st != ADIT_OK)
		return st;
	to = adit_ip_destination(packet, v.version);
	if (v.version == 4 && is_multicast(&to))
		return ADIT_ERR_UNEXPECTED;
	say.rest = told_mtu(v.version, mtu);
	if (!v.df || v.total <= say.rest)
		return ADIT_ERR_MTU;
	if (v.version == 4) {
		say.type = ADIT_ICMP_UNREACHABLE;
		say.code = ADIT_ICMP_NEEDS_CUT;
	}
	return make(packet, &v, &say, from, out);
}

enum adit_status
adit_icmp_prohibited(const uint8_t *packet, size_t n, const struct adit_ip *from,
		     struct adit_pkt *out)
{
	static const struct saying v4 = {ADIT_ICMP_UNREACHABLE, ADIT_ICMP_PROHIBITED, 0};
	static const struct saying v6 = {ADIT_ICMPV6_UNREACHABLE, ADIT_ICMPV6_PROHIBITED, 0};
	struct adit_ip_view v;
	struct adit_ip to;
	enum adit_status st = adit_ip_get(packet, n, &v);

	if (st == ADIT_OK)
		st = check_answerable(packet, &v);
	if (st != ADIT_OK)
		return st;
	to = adit_ip_destination(packet, v.version);
	if (is_multicast(&to))
		return ADIT_ERR_UNEXPECTED;
	return make(packet, &v, v.version == 4 ? &v4 : &v6, from, out);
}
