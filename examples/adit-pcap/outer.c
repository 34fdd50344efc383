/* Whether an IP packet is ESP, bare or in UDP (RFC 3948 2.2, 2.3), or AH, and of which SPI. */
#include <string.h>

#include "outer.h"
#include "adit/sa.h"

enum { IPV4_LEN = 20, IPV4_FLAGS_AT = 6, IPV4_PROTOCOL_AT = 9, IPV4_SRC_AT = 12 };
enum { IPV4_OFFSET_MASK = 0x1fff, IPV4_MORE = 0x2000 };
enum { IPV6_LEN = 40, IPV6_NEXT_AT = 6, IPV6_SRC_AT = 8 };
enum { EXT_HOP = 0, EXT_ROUTING = 43, EXT_FRAGMENT = 44, EXT_DESTINATION = 60, EXT_UNIT = 8 };
enum { UDP_LEN = 8, ESP_LEN = 8, AH_LEN = 12, AH_SPI_AT = 4 };

/* What lies in front of the upper protocol. */
struct headers {
	size_t len;
	uint8_t protocol;
	bool fragment, first; /* first: the upper protocol's header is in this fragment */
};

static unsigned
load16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint32_t
load32(const uint8_t *p)
{
	return (uint32_t)load16(p) << 16 | load16(p + 2);
}

static bool
read_ipv4(struct outer *o, struct headers *h, const uint8_t *p, size_t n)
{
	unsigned flags;

	if (n < IPV4_LEN)
		return false;
	h->len = (size_t)(p[0] & 15) * 4;
	if (h->len < IPV4_LEN || h->len > n)
		return false;
	flags = load16(p + IPV4_FLAGS_AT);
	h->fragment = (flags & (IPV4_OFFSET_MASK | IPV4_MORE)) != 0;
	h->first = (flags & IPV4_OFFSET_MASK) == 0;
	h->protocol = p[IPV4_PROTOCOL_AT];
	o->src.version = o->dst.version = 4;
	memcpy(o->src.b, p + IPV4_SRC_AT, 4);
	memcpy(o->dst.b, p + IPV4_SRC_AT + 4, 4);
	return true;
}

/* The headers that may stand before ESP; each step goes at least EXT_UNIT bytes on. */
static bool
skip_extensions(struct headers *h, const uint8_t *p, size_t n)
{
	while (h->protocol == EXT_HOP || h->protocol == EXT_ROUTING ||
	       h->protocol == EXT_DESTINATION || h->protocol == EXT_FRAGMENT) {
		size_t len = EXT_UNIT;

		if (n - h->len < EXT_UNIT)
			return false;
		if (h->protocol == EXT_FRAGMENT) {
			unsigned offset = load16(p + h->len + 2);

			h->fragment = (offset & ~6U) != 0;
			h->first = (offset & ~7U) == 0;
		} else {
			len += (size_t)p[h->len + 1] * EXT_UNIT;
		}
		if (n - h->len < len)
			return false;
		h->protocol = p[h->len];
		h->len += len;
		if (!h->first)
			break;
	}
	return true;
}

static bool
read_ipv6(struct outer *o, struct headers *h, const uint8_t *p, size_t n)
{
	if (n < IPV6_LEN)
		return false;
	h->len = IPV6_LEN;
	h->protocol = p[IPV6_NEXT_AT];
	h->first = true;
	o->src.version = o->dst.version = 6;
	memcpy(o->src.b, p + IPV6_SRC_AT, 16);
	memcpy(o->dst.b, p + IPV6_SRC_AT + 16, 16);
	return skip_extensions(h, p, n);
}

/* An SPI is never 0: four zero bytes are the non-ESP marker of IKE (RFC 3948 2.2); a single byte
 * is a NAT keepalive (2.3). */
static void
read_udp(struct outer *o, const uint8_t *udp, size_t n, uint16_t port)
{
	if (n < UDP_LEN)
		return;
	o->src_port = (uint16_t)load16(udp);
	o->dst_port = (uint16_t)load16(udp + 2);
	if ((o->src_port != port && o->dst_port != port) || n < UDP_LEN + ESP_LEN)
		return;
	o->spi = load32(udp + UDP_LEN);
	o->seq_low = load32(udp + UDP_LEN + 4);
	if (o->spi != 0)
		o->kind = OUTER_ESP_UDP;
}

static void
read_esp(struct outer *o, const uint8_t *esp, size_t n)
{
	o->kind = n < ESP_LEN ? OUTER_CUT : OUTER_ESP;
	if (n < ESP_LEN)
		return;
	o->spi = load32(esp);
	o->seq_low = load32(esp + 4);
}

static void
read_ah(struct outer *o, const uint8_t *ah, size_t n)
{
	if (n < AH_LEN)
		return;
	o->kind = OUTER_AH;
	o->spi = load32(ah + AH_SPI_AT);
	o->seq_low = load32(ah + AH_SPI_AT + 4);
}

void
outer_read(struct outer *o, const uint8_t *p, size_t n, uint16_t udp_port)
{
	struct headers h;
	bool whole;

	memset(o, 0, sizeof *o);
	memset(&h, 0, sizeof h);
	if (n == 0)
		return;
	whole = p[0] >> 4 == 4   ? read_ipv4(o, &h, p, n)
		: p[0] >> 4 == 6 ? read_ipv6(o, &h, p, n)
				 : false;
	if (!whole)
		return;
	if (h.protocol == ADIT_PROTO_UDP && h.first)
		read_udp(o, p + h.len, n - h.len, udp_port);
	else if (h.protocol == ADIT_PROTO_ESP && !h.fragment)
		read_esp(o, p + h.len, n - h.len);
	else if (h.protocol == ADIT_PROTO_ESP)
		o->kind = OUTER_CUT;
	else if (h.protocol == ADIT_PROTO_AH && !h.fragment)
		read_ah(o, p + h.len, n - h.len);
	o->fragment = h.fragment;
}
