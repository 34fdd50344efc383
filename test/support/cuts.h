/* Packets to cut, and fragments made by hand: for tests of what cuts and of what puts together. */
#ifndef TEST_SUPPORT_CUTS_H
#define TEST_SUPPORT_CUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CUTS_MAX = 65535 };

/* Kinds of headers before the data. */
enum cuts_kind {
	CUTS_V4,         /* 20 bytes */
	CUTS_V4_OPTIONS, /* 44 bytes in the first fragment, 40 in others */
	CUTS_V6,         /* 40 bytes */
	CUTS_V6_CHAIN,   /* hop-by-hop, destination options, routing, behind the cut destination
			    options again */
	CUTS_KINDS
};

/* Bytes before the data; and of these, in front of where IPv6 is cut. */
size_t cuts_head(enum cuts_kind kind);
size_t cuts_cut_at(enum cuts_kind kind);

/* Writes a UDP packet of `total` bytes, cuts_head(kind) + 8 or more; the same total and id give the
 * same bytes. IPv4 has the id, and DF is clear. */
void cuts_packet(uint8_t *p, enum cuts_kind kind, size_t total, uint32_t id);

/* A fragment by hand. Its data depend on id and on their place in the whole alone. */
struct cuts_fragment {
	uint8_t version;  /* zero: 4 */
	uint8_t protocol; /* zero: UDP; names what the data begin with */
	uint8_t tos;
	uint8_t source, destination; /* last byte of the address */
	uint8_t options;             /* IPv4: bytes of NOPs; IPv6: of a hop-by-hop header */
	bool more;
	uint32_t id;
	size_t offset, len;
};
/* Writes it and gives its length. */
size_t cuts_fragment(uint8_t *p, const struct cuts_fragment *f);
/* The byte at `place` of the data of fragments with that id. */
uint8_t cuts_byte(uint32_t id, size_t place);

/* What a receiver reads in the fragment at p, by RFC 791 and RFC 8200 alone. */
struct cuts_view {
	bool more, df;
	uint32_t id;
	size_t head, offset, len, total; /* head: before the data, with Fragment header */
};
void cuts_read(const uint8_t *p, struct cuts_view *v);
/* The checksum of an IPv4 header holds. */
bool cuts_checksum_is_right(const uint8_t *p);

/* Numbers from a seed. */
uint32_t cuts_random(uint64_t *state);

#endif
