/* The fields that make a packet a fragment, the same for IPv4 (RFC 791 3.1) and IPv6 (RFC 8200
 * 4.5). */
#include <string.h>

#include "base/endian.h"
#include "wire/fragment.h"
#include "wire/ip.h"

#define IPV6_OFFSET 0xfff8
#define IPV6_MORE 0x0001
#define ECN_MASK 3

enum { NEXT_HOP_BY_HOP = 0, NEXT_ROUTING = 43, NEXT_DESTINATION = 60 };

enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_COPIED = 0x80 };

static void
get_ipv4(const uint8_t *p, const struct adit_ip_view *ip, struct adit_fragment_view *v)
{
	uint16_t field = adit_load16(p + ADIT_IPV4_FRAGMENT);

	v->protocol = ip->upper;
	v->more = (field & ADIT_IPV4_MORE) != 0;
	v->offset = (size_t)(field & ADIT_IPV4_OFFSET) * ADIT_FRAGMENT_UNIT;
	v->fragment = v->more || v->offset;
	v->id = adit_load16(p + ADIT_IPV4_ID);
	v->head = ip->upper_at;
	v->data = ip->upper_at;
}

static bool
may_stand_before(uint8_t next)
{
	return next == NEXT_HOP_BY_HOP || next == NEXT_ROUTING || next == NEXT_DESTINATION;
}

/* adit_ip_get() has walked the chain: all of its headers are there, and they are few. */
static void
get_ipv6(const uint8_t *p, const struct adit_ip_view *ip, struct adit_fragment_view *v)
{
	size_t at = ADIT_IPV6_LEN;
	uint16_t field;

	v->protocol = p[ADIT_IPV6_NEXT];
	v->next_at = ADIT_IPV6_NEXT;
	while (at < ip->upper_at && may_stand_before(v->protocol)) {
		v->protocol = p[at];
		v->next_at = (uint16_t)at;
		at += ((size_t)p[at + 1] + 1) * 8;
	}
	v->head = at;
	v->data = at;
	if (v->protocol != ADIT_NEXT_FRAGMENT)
		return;
	field = adit_load16(p + at + 2);
	v->header = true;
	v->protocol = p[at];
	v->more = (field & IPV6_MORE) != 0;
	v->offset = field & IPV6_OFFSET;
	v->fragment = v->more || v->offset;
	v->id = adit_load32(p + at + 4);
	v->data = at + ADIT_IPV6_FRAGMENT_LEN;
}

enum adit_status
adit_fragment_get(const uint8_t *p, size_t n, struct adit_fragment_view *v)
{
	struct adit_ip_view ip;
	enum adit_status st = adit_ip_get(p, n, &ip);

	if (st != ADIT_OK)
		return st;
	memset(v, 0, sizeof *v);
	v->version = ip.version;
	v->ecn = ip.tos & ECN_MASK;
	if (ip.version == 4)
		get_ipv4(p, &ip, v);
	else
		get_ipv6(p, &ip, v);
	v->len = ip.total - v->data;
	if (!v->fragment)
		return ADIT_OK;
	if (v->len == 0 || (v->more && v->len % ADIT_FRAGMENT_UNIT))
		return ADIT_ERR_MALFORMED;
	return v->head + v->offset + v->len > UINT16_MAX ? ADIT_ERR_MALFORMED : ADIT_OK;
}

void
adit_fragment_put_ipv6(uint8_t *p, const struct adit_fragment_view *v)
{
	p[0] = v->protocol;
	p[1] = 0;
	adit_store16(p + 2, (uint16_t)(v->offset | (v->more ? IPV6_MORE : 0)));
	adit_store32(p + 4, v->id);
}

struct adit_fragment_key
adit_fragment_key(const uint8_t *p, const struct adit_fragment_view *v)
{
	struct adit_fragment_key key;
	struct adit_ip source = adit_ip_source(p, v->version);
	struct adit_ip destination = adit_ip_destination(p, v->version);

	memset(&key, 0, sizeof key);
	memcpy(key.source, source.b, sizeof key.source);
	memcpy(key.destination, destination.b, sizeof key.destination);
	key.id = v->id;
	key.version = v->version;
	key.protocol = v->version == 4 ? v->protocol : 0;
	return key;
}

bool
adit_fragment_key_equal(const struct adit_fragment_key *a, const struct adit_fragment_key *b)
{
	return a->id == b->id && a->version == b->version && a->protocol == b->protocol &&
	       !memcmp(a->source, b->source, sizeof a->source) &&
	       !memcmp(a->destination, b->destination, sizeof a->destination);
}

/* One round of Murmur3's 32-bit mixing: spread is all that is asked of it. */
static uint32_t
mix(uint32_t h, uint32_t word)
{
	word *= 0xcc9e2d51;
	word = word << 15 | word >> 17;
	h ^= word * 0x1b873593;
	h = h << 13 | h >> 19;
	return h * 5 + 0xe6546b64;
}

uint32_t
adit_fragment_key_hash(const struct adit_fragment_key *key, uint32_t seed)
{
	uint32_t h = mix(seed, key->id);

	h = mix(h, (uint32_t)key->version << 8 | key->protocol);
	for (size_t i = 0; i < sizeof key->source; i += 4) {
		h = mix(h, adit_load32(key->source + i));
		h = mix(h, adit_load32(key->destination + i));
	}
	h ^= h >> 16;
	h *= 0x85ebca6b;
	return h ^ h >> 13;
}

size_t
adit_transport_least(uint8_t protocol)
{
	return protocol == ADIT_PROTO_TCP ? 20 : 8;
}

/* The length of the option at p[at]; zero: it is none. */
static size_t
option_len(const uint8_t *p, size_t at, size_t head)
{
	size_t len;

	if (p[at] == OPTION_NOP)
		return 1;
	if (head - at < 2)
		return 0;
	len = p[at + 1];
	return len < 2 || len > head - at ? 0 : len;
}

size_t
adit_ipv4_later_header(const uint8_t *p, size_t head, uint8_t *to)
{
	size_t out = ADIT_IPV4_LEN, len;

	if (to)
		memcpy(to, p, ADIT_IPV4_LEN);
	for (size_t at = ADIT_IPV4_LEN; at < head && p[at] != OPTION_END; at += len) {
		len = option_len(p, at, head);
		if (!len)
			return 0;
		if (!(p[at] & OPTION_COPIED))
			continue;
		if (to)
			memcpy(to + out, p + at, len);
		out += len;
	}
	for (; out % 4; out++)
		if (to)
			to[out] = OPTION_END;
	if (to)
		to[0] = (uint8_t)(4 << 4 | out / 4);
	return out;
}
