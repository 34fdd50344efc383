/* IPv4 and IPv6 headers: where things are in a packet, and checksums (RFC 791, RFC 8200, RFC 1071).
 */
#include <string.h>

#include "base/endian.h"
#include "wire/ip.h"

#define IPV4_WITHOUT_OPTIONS 0x45
#define MORE_FRAGMENTS 0x2000
#define FRAGMENT_OFFSET 0x1fff
#define IPV6_FRAGMENT_OFFSET 0xfff8
#define IPV6_MORE_FRAGMENTS 0x0001
/* An IPv6 packet with more extension headers is refused. */
#define EXTENSIONS_MAX 16

enum { NEXT_HOP_BY_HOP = 0, NEXT_ROUTING = 43, NEXT_FRAGMENT = 44, NEXT_DESTINATION = 60 };

/* Whether n bytes may be taken for the packet whose header says v->total. Of a quoted one the rest
 * is not there, and counts as not belonging to it. */
static bool
has_all(size_t n, bool quoted, struct adit_ip_view *v)
{
	if (quoted && v->total > n)
		v->total = n;
	return v->total <= n;
}

/* What an IPv4 header of `header` bytes says, true or not. */
static void
describe_ipv4(const uint8_t *p, size_t header, struct adit_ip_view *v)
{
	uint16_t fragment = adit_load16(p + ADIT_IPV4_FRAGMENT);

	v->version = 4;
	v->total = adit_load16(p + ADIT_IPV4_TOTAL);
	v->upper = p[ADIT_IPV4_PROTOCOL];
	v->tos = p[ADIT_IPV4_TOS];
	v->fragment = (fragment & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) != 0;
	v->first = (fragment & FRAGMENT_OFFSET) == 0;
	v->df = (fragment & ADIT_IPV4_DF) != 0;
	v->upper_at = (uint16_t)header;
	v->upper_next = ADIT_IPV4_PROTOCOL;
	v->transport_at = (uint16_t)header;
	v->transport_next = ADIT_IPV4_PROTOCOL;
}

static enum adit_status
get_ipv4(const uint8_t *p, size_t n, bool quoted, struct adit_ip_view *v)
{
	size_t header;

	if (n < ADIT_IPV4_LEN)
		return ADIT_ERR_SHORT;
	header = (size_t)(p[0] & 15) * 4;
	describe_ipv4(p, header, v);
	if (header < ADIT_IPV4_LEN || v->total < header)
		return ADIT_ERR_MALFORMED;
	return has_all(n, quoted, v) && v->total >= header ? ADIT_OK : ADIT_ERR_SHORT;
}

static bool
is_extension(uint8_t next)
{
	return next == NEXT_HOP_BY_HOP || next == NEXT_ROUTING || next == NEXT_FRAGMENT ||
	       next == NEXT_DESTINATION;
}

/* Steps over one extension header. */
static enum adit_status
step(const uint8_t *p, size_t total, struct adit_ip_view *v)
{
	size_t at = v->upper_at, len;

	if (total - at < 8)
		return ADIT_ERR_MALFORMED;
	len = v->upper == NEXT_FRAGMENT ? 8 : ((size_t)p[at + 1] + 1) * 8;
	if (len > total - at)
		return ADIT_ERR_MALFORMED;
	if (v->upper == NEXT_FRAGMENT) {
		uint16_t field = adit_load16(p + at + 2);

		/* One that is whole (RFC 6946) counts as no fragment; nor does it unsay an earlier
		 * one. */
		v->fragment =
			v->fragment || (field & (IPV6_FRAGMENT_OFFSET | IPV6_MORE_FRAGMENTS)) != 0;
		v->first = (field & IPV6_FRAGMENT_OFFSET) == 0;
	}
	/* What must be seen on the way stays before ESP. */
	if (v->upper == NEXT_HOP_BY_HOP || v->upper == NEXT_ROUTING || v->upper == NEXT_FRAGMENT) {
		v->transport_at = (uint16_t)(at + len);
		v->transport_next = (uint16_t)at;
	}
	v->upper = p[at];
	v->upper_next = (uint16_t)at;
	v->upper_at = (uint16_t)(at + len);
	return ADIT_OK;
}

static enum adit_status
get_ipv6(const uint8_t *p, size_t n, bool quoted, struct adit_ip_view *v)
{
	enum adit_status st;

	if (n < ADIT_IPV6_LEN)
		return ADIT_ERR_SHORT;
	v->total = (size_t)ADIT_IPV6_LEN + adit_load16(p + ADIT_IPV6_PAYLOAD);
	if (!has_all(n, quoted, v))
		return ADIT_ERR_SHORT;
	if (v->total > UINT16_MAX)
		return ADIT_ERR_MALFORMED;
	v->fragment = false;
	v->first = true;
	v->df = true;
	v->tos = (uint8_t)(adit_load16(p) >> 4);
	v->upper = p[ADIT_IPV6_NEXT];
	v->upper_at = ADIT_IPV6_LEN;
	v->upper_next = ADIT_IPV6_NEXT;
	v->transport_at = ADIT_IPV6_LEN;
	v->transport_next = ADIT_IPV6_NEXT;
	for (unsigned i = 0; is_extension(v->upper) && v->first; i++) {
		if (i == EXTENSIONS_MAX)
			return ADIT_ERR_MALFORMED;
		st = step(p, v->total, v);
		if (st != ADIT_OK)
			return st;
	}
	return ADIT_OK;
}

static enum adit_status
get(const uint8_t *p, size_t n, bool quoted, struct adit_ip_view *v)
{
	if (n == 0)
		return ADIT_ERR_SHORT;
	v->version = p[0] >> 4;
	if (v->version == 4)
		return get_ipv4(p, n, quoted, v);
	if (v->version == 6)
		return get_ipv6(p, n, quoted, v);
	return ADIT_ERR_MALFORMED;
}

enum adit_status
adit_ip_get(const uint8_t *p, size_t n, struct adit_ip_view *v)
{
	/* Most packets are; the others, and what is wrong with one, are seen by get(). */
	if (n >= ADIT_IPV4_LEN && p[0] == IPV4_WITHOUT_OPTIONS) {
		describe_ipv4(p, ADIT_IPV4_LEN, v);
		if (v->total >= ADIT_IPV4_LEN && v->total <= n)
			return ADIT_OK;
	}
	return get(p, n, false, v);
}

enum adit_status
adit_ip_get_quoted(const uint8_t *p, size_t n, struct adit_ip_view *v)
{
	return get(p, n, true, v);
}

static struct adit_ip
address(const uint8_t *p, uint8_t version)
{
	struct adit_ip ip;

	memset(&ip, 0, sizeof ip);
	ip.version = version;
	memcpy(ip.b, p, version == 4 ? 4 : 16);
	return ip;
}

struct adit_ip
adit_ip_source(const uint8_t *p, uint8_t version)
{
	return address(p + (version == 4 ? ADIT_IPV4_SOURCE : ADIT_IPV6_SOURCE), version);
}

struct adit_ip
adit_ip_destination(const uint8_t *p, uint8_t version)
{
	return address(p + (version == 4 ? ADIT_IPV4_DESTINATION : ADIT_IPV6_DESTINATION), version);
}

size_t
adit_ip_base_len(uint8_t version)
{
	return version == 4 ? ADIT_IPV4_LEN : ADIT_IPV6_LEN;
}

struct adit_ip_addresses
adit_ip_addresses(uint8_t *p)
{
	bool v4 = p[0] >> 4 == 4;
	struct adit_ip_addresses a;

	a.n = v4 ? 4 : 16;
	a.source = p + (v4 ? ADIT_IPV4_SOURCE : ADIT_IPV6_SOURCE);
	a.destination = a.source + a.n;
	return a;
}

void
adit_ip_set_addresses(uint8_t *p, const struct adit_ip *source, const struct adit_ip *destination)
{
	struct adit_ip_addresses a = adit_ip_addresses(p);

	memcpy(a.source, source->b, a.n);
	memcpy(a.destination, destination->b, a.n);
}

void
adit_ip_make_base(uint8_t *p, uint8_t next)
{
	if (p[0] >> 4 == 4) {
		p[0] = IPV4_WITHOUT_OPTIONS;
		p[ADIT_IPV4_PROTOCOL] = next;
	} else {
		p[ADIT_IPV6_NEXT] = next;
	}
}

/* Sums words; an odd byte at the end counts as the high half of one. Four bytes at a time, whose
 * carry comes round, give the same folded sum (RFC 1071 2). */
static uint32_t
add(uint32_t sum, const uint8_t *p, size_t n)
{
	uint32_t word;

	for (; n > 3; p += 4, n -= 4) {
		word = adit_load32(p);
		sum += word;
		sum += sum < word;
	}
	for (unsigned shift = 24; n > 0; n--, shift -= 8) {
		word = (uint32_t)*p++ << shift;
		sum += word;
		sum += sum < word;
	}
	return sum;
}

static uint16_t
fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint16_t
adit_checksum(const uint8_t *p, size_t n)
{
	return fold(add(0, p, n));
}

void
adit_ipv4_set_checksum(uint8_t *p)
{
	adit_store16(p + ADIT_IPV4_CHECKSUM, 0);
	adit_store16(p + ADIT_IPV4_CHECKSUM, fold(add(0, p, (size_t)(p[0] & 15) * 4)));
}

void
adit_ip_set_length(uint8_t *p, const struct adit_ip_view *v, size_t total)
{
	if (v->version == 4) {
		adit_store16(p + ADIT_IPV4_TOTAL, (uint16_t)total);
		adit_ipv4_set_checksum(p);
	} else {
		adit_store16(p + ADIT_IPV6_PAYLOAD, (uint16_t)(total - ADIT_IPV6_LEN));
	}
}

uint8_t
adit_ip_tos(const uint8_t *p)
{
	return p[0] >> 4 == 4 ? p[ADIT_IPV4_TOS] : (uint8_t)(adit_load16(p) >> 4);
}

void
adit_ip_set_tos(uint8_t *p, uint8_t version, uint8_t tos)
{
	if (version == 4) {
		p[ADIT_IPV4_TOS] = tos;
	} else {
		p[0] = (uint8_t)((p[0] & 0xf0) | tos >> 4);
		p[1] = (uint8_t)((p[1] & 0x0f) | tos << 4);
	}
}

uint16_t
adit_checksum_change(uint16_t sum, const uint8_t *was, const uint8_t *is, size_t n)
{
	uint32_t acc = (uint16_t)~sum;

	for (size_t i = 0; i < n; i += 2)
		acc += (uint32_t)(uint16_t)~adit_load16(was + i) + adit_load16(is + i);
	return fold(acc);
}

void
adit_ip_change_tos(uint8_t *p, uint8_t tos)
{
	uint8_t was[2] = {p[0], p[1]};

	adit_ip_set_tos(p, p[0] >> 4, tos);
	if (p[0] >> 4 == 4)
		adit_store16(p + ADIT_IPV4_CHECKSUM,
			     adit_checksum_change(adit_load16(p + ADIT_IPV4_CHECKSUM), was, p, 2));
}

uint16_t
adit_upper_checksum(const uint8_t *p, uint8_t version, uint8_t protocol, const uint8_t *upper,
		    size_t n)
{
	uint32_t sum = (uint32_t)protocol + (uint32_t)n;

	if (version == 4)
		sum = add(sum, p + ADIT_IPV4_SOURCE, 8);
	else
		sum = add(sum, p + ADIT_IPV6_SOURCE, 32);
	return fold(add(sum, upper, n));
}
