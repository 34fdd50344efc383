/* Packets to cut, and fragments made by hand. Written from the RFCs, without the library's code. */
#include <string.h>

#include "support/cuts.h"

enum { UDP = 17, HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, DESTINATION = 60 };

/* In all fragments: strict source route (137), security (130), padded to 20 bytes. In the first one
 * alone: record route (7), timestamp (68). */
static const uint8_t options[24] = {137, 7, 4, 10, 0, 0, 9, 7, 3, 4,  130, 11,
				    1,   2, 3, 4,  5, 6, 7, 8, 9, 68, 3,   5};

static const uint8_t chain[] = {
	DESTINATION, 0,  1,   4,  0,  0,  0,  0,                           /* hop-by-hop: padding */
	ROUTING,     1,  1,   12, 0,  0,  0,  0,   0, 0, 0, 0, 0, 0, 0, 0, /* for those on the way
									    */
	DESTINATION, 2,  253, 0,  0,  0,  0,  0,   1, 2, 3, 4, 5, 6, 7, 8, 9,
	10,          11, 12,  13, 14, 15, 16, UDP, 0, 1, 4, 0, 0, 0, 0, /* for the last one: cut */
};
enum { CHAIN_CUT = 48 };

size_t
cuts_head(enum cuts_kind kind)
{
	static const size_t heads[CUTS_KINDS] = {20, 20 + sizeof options, 40, 40 + sizeof chain};

	return heads[kind];
}

size_t
cuts_cut_at(enum cuts_kind kind)
{
	return kind == CUTS_V6_CHAIN ? 40 + CHAIN_CUT : cuts_head(kind);
}

static void
put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t
get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t
sum(const uint8_t *p)
{
	uint32_t s = 0;

	for (size_t i = 0; i < (size_t)(p[0] & 15) * 4; i += 2)
		s += get16(p + i);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

bool
cuts_checksum_is_right(const uint8_t *p)
{
	return sum(p) == 0xffff;
}

uint8_t
cuts_byte(uint32_t id, size_t place)
{
	uint32_t h = (id + 1) * 2654435761u ^ (uint32_t)place * 2246822519u;

	return (uint8_t)(h >> 24 ^ h >> 11);
}

static void
fill(uint8_t *p, uint32_t id, size_t from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = cuts_byte(id, from + i);
}

static void
put_ipv4(uint8_t *p, size_t head, size_t total, uint32_t id)
{
	memset(p, 0, 20);
	p[0] = (uint8_t)(0x40 | head / 4);
	put16(p + 2, total);
	put16(p + 4, id & 0xffff);
	p[8] = 61;
	p[9] = UDP;
	p[12] = 10;
	p[16] = 10;
	p[15] = 1;
	p[19] = 2;
}

static void
finish_ipv4(uint8_t *p)
{
	put16(p + 10, 0);
	put16(p + 10, ~sum(p) & 0xffff);
}

static void
put_ipv6(uint8_t *p, size_t total, uint8_t next)
{
	memset(p, 0, 40);
	p[0] = 0x60;
	put16(p + 4, total - 40);
	p[6] = next;
	p[7] = 61;
	p[8] = 0xfd;
	p[24] = 0xfd;
	p[23] = 1;
	p[39] = 2;
}

void
cuts_packet(uint8_t *p, enum cuts_kind kind, size_t total, uint32_t id)
{
	size_t head = cuts_head(kind);

	if (kind == CUTS_V6 || kind == CUTS_V6_CHAIN) {
		put_ipv6(p, total, kind == CUTS_V6 ? UDP : HOP_BY_HOP);
		if (kind == CUTS_V6_CHAIN)
			memcpy(p + 40, chain, sizeof chain);
	} else {
		put_ipv4(p, head, total, id);
		if (kind == CUTS_V4_OPTIONS)
			memcpy(p + 20, options, sizeof options);
		finish_ipv4(p);
	}
	fill(p + head, id, 0, total - head);
	put16(p + head + 4, total - head);
}

static size_t
fragment_ipv4(uint8_t *p, const struct cuts_fragment *f)
{
	size_t head = 20u + f->options;

	put_ipv4(p, head, head + f->len, f->id);
	p[1] = f->tos;
	put16(p + 6, (f->more ? 0x2000 : 0) | f->offset / 8);
	memset(p + 20, 1, f->options);
	p[9] = f->protocol ? f->protocol : UDP;
	p[15] = f->source;
	p[19] = f->destination;
	finish_ipv4(p);
	return head;
}

static size_t
fragment_ipv6(uint8_t *p, const struct cuts_fragment *f)
{
	size_t at = 40u + f->options;

	put_ipv6(p, at + 8 + f->len, f->options ? HOP_BY_HOP : FRAGMENT);
	p[0] = (uint8_t)(0x60 | f->tos >> 4);
	p[1] = (uint8_t)(f->tos << 4);
	p[23] = f->source;
	p[39] = f->destination;
	if (f->options) {
		memset(p + 40, 0, f->options);
		p[40] = FRAGMENT;
		p[41] = (uint8_t)(f->options / 8 - 1);
	}
	p[at] = f->protocol ? f->protocol : UDP;
	p[at + 1] = 0;
	put16(p + at + 2, f->offset | (f->more ? 1 : 0));
	put16(p + at + 4, f->id >> 16);
	put16(p + at + 6, f->id & 0xffff);
	return at + 8;
}

size_t
cuts_fragment(uint8_t *p, const struct cuts_fragment *f)
{
	size_t head = f->version == 6 ? fragment_ipv6(p, f) : fragment_ipv4(p, f);

	fill(p + head, f->id, f->offset, f->len);
	return head + f->len;
}

void
cuts_read(const uint8_t *p, struct cuts_view *v)
{
	size_t at = 40, next = p[6];

	memset(v, 0, sizeof *v);
	if (p[0] >> 4 == 4) {
		v->head = (size_t)(p[0] & 15) * 4;
		v->total = get16(p + 2);
		v->id = get16(p + 4);
		v->df = (p[6] & 0x40) != 0;
		v->more = (p[6] & 0x20) != 0;
		v->offset = (get16(p + 6) & 0x1fff) * 8u;
		v->len = v->total - v->head;
		return;
	}
	v->total = 40 + get16(p + 4);
	while (next == HOP_BY_HOP || next == ROUTING || next == DESTINATION) {
		next = p[at];
		at += 8u * (p[at + 1] + 1u);
	}
	v->head = at;
	if (next == FRAGMENT) {
		v->head += 8;
		v->more = p[at + 3] & 1;
		v->offset = get16(p + at + 2) & 0xfff8;
		v->id = get16(p + at + 4) << 16 | get16(p + at + 6);
	}
	v->len = v->total - v->head;
}

uint32_t
cuts_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}
