/* IPv4 and IPv6 headers as the data path needs them: where things are in a packet, and checksums
 * (RFC 791, RFC 8200). */
#ifndef ADIT_WIRE_IP_H
#define ADIT_WIRE_IP_H

#include "adit/base.h"

#define ADIT_IPV4_LEN 20
#define ADIT_IPV6_LEN 40
#define ADIT_UDP_LEN 8

/* Offsets of fields that are read and written in place. */
enum {
	ADIT_IPV4_TOS = 1,
	ADIT_IPV4_TOTAL = 2,
	ADIT_IPV4_ID = 4,
	ADIT_IPV4_FRAGMENT = 6,
	ADIT_IPV4_TTL = 8,
	ADIT_IPV4_PROTOCOL = 9,
	ADIT_IPV4_CHECKSUM = 10,
	ADIT_IPV4_SOURCE = 12,
	ADIT_IPV4_DESTINATION = 16,
	ADIT_IPV6_PAYLOAD = 4,
	ADIT_IPV6_NEXT = 6,
	ADIT_IPV6_HOPS = 7,
	ADIT_IPV6_SOURCE = 8,
	ADIT_IPV6_DESTINATION = 24
};
#define ADIT_IPV4_DF 0x4000

/* Protocol numbers that the data path itself looks at. */
enum {
	ADIT_NEXT_IPV4 = 4,
	ADIT_NEXT_IPV6 = 41,
	ADIT_NEXT_NONE = 59,
	ADIT_NEXT_BEET = 94,    /* the pseudo header with IPv4 options of BEET mode */
	ADIT_NEXT_AGGFRAG = 144 /* RFC 9347 */
};

/* A packet's shape. All offsets are from its first byte. */
struct adit_ip_view {
	uint8_t version;
	uint8_t upper; /* protocol behind all headers and extension headers */
	uint8_t tos;   /* DSCP and ECN */
	bool fragment; /* any fragment, the first too */
	bool first;    /* has the start of the upper layer */
	bool df;
	uint16_t upper_at;   /* where it begins */
	uint16_t upper_next; /* offset of the "next header" byte that names it */
	/* Where ESP goes in transport mode: behind hop-by-hop, routing and the destination options
	 * that stand before a routing header (RFC 4303 3.1.1), and who names what follows. */
	uint16_t transport_at, transport_next;
	size_t total; /* of the packet; n may be more */
};

/* ERR_SHORT: n is less than the headers or the packet's own length. ERR_MALFORMED: version, header
 * length, lengths that contradict each other, more extension headers than any honest packet has. */
ADIT_MUST_USE enum adit_status adit_ip_get(const uint8_t *p, size_t n, struct adit_ip_view *v);

/* The same of a packet of which there may be only the first n bytes, as ICMP errors quote it: total
 * is then n. ERR_SHORT: the headers are not all there. */
ADIT_MUST_USE enum adit_status adit_ip_get_quoted(const uint8_t *p, size_t n,
						  struct adit_ip_view *v);

/* Source and destination. */
struct adit_ip adit_ip_source(const uint8_t *p, uint8_t version);
struct adit_ip adit_ip_destination(const uint8_t *p, uint8_t version);

/* Bytes of the header without options and extension headers. */
size_t adit_ip_base_len(uint8_t version);
/* Where both addresses are in the header at p, and how long each is. */
struct adit_ip_addresses {
	uint8_t *source, *destination;
	size_t n;
};
struct adit_ip_addresses adit_ip_addresses(uint8_t *p);
void adit_ip_set_addresses(uint8_t *p, const struct adit_ip *source,
			   const struct adit_ip *destination);
/* Makes the header at p one that says to have no options and to carry `next`. */
void adit_ip_make_base(uint8_t *p, uint8_t next);

/* Writes a new total length (and, IPv4, checksum) into the header at p. */
void adit_ip_set_length(uint8_t *p, const struct adit_ip_view *v, size_t total);
/* Computes and stores the checksum of the IPv4 header at p. */
void adit_ipv4_set_checksum(uint8_t *p);
/* Reads DSCP and ECN of the header at p. */
uint8_t adit_ip_tos(const uint8_t *p);
/* Writes DSCP and ECN; IPv4: the checksum is then to be set. */
void adit_ip_set_tos(uint8_t *p, uint8_t version, uint8_t tos);

/* Writes DSCP and ECN and keeps the IPv4 checksum as right or wrong as it was. */
void adit_ip_change_tos(uint8_t *p, uint8_t tos);

/* The checksum `sum` when n bytes that it covers become other ones (RFC 1624 3); n is even. */
uint16_t adit_checksum_change(uint16_t sum, const uint8_t *was, const uint8_t *is, size_t n);

/* The checksum `sum` when words that add up to `more` come in where zeroes were. */
static inline uint16_t
adit_checksum_add(uint16_t sum, uint32_t more)
{
	more += (uint16_t)~sum;
	more = (more & 0xffff) + (more >> 16);
	return (uint16_t) ~(more + (more >> 16));
}

/* The Internet checksum over n bytes, at most 64 KB; zero if they hold their own, true one. */
uint16_t adit_checksum(const uint8_t *p, size_t n);
/* The Internet checksum over the pseudo header of the packet at p and its upper layer of n bytes;
 * the checksum field counts as it is. */
uint16_t adit_upper_checksum(const uint8_t *p, uint8_t version, uint8_t protocol,
			     const uint8_t *upper, size_t n);

#endif
