/* The fields that make a packet a fragment, the same for IPv4 (RFC 791 3.1) and IPv6 (RFC 8200
 * 4.5). */
#ifndef ADIT_WIRE_FRAGMENT_H
#define ADIT_WIRE_FRAGMENT_H

#include "adit/fragment.h"

#define ADIT_FRAGMENT_UNIT 8     /* offsets count in these */
#define ADIT_NEXT_FRAGMENT 44    /* names the Fragment header */
#define ADIT_IPV6_FRAGMENT_LEN 8 /* of the Fragment header */
#define ADIT_IPV4_MORE 0x2000    /* in the IPv4 field */
#define ADIT_IPV4_OFFSET 0x1fff  /* in units */
#define ADIT_IPV4_RESERVED 0x8000

struct adit_fragment_view {
	uint8_t version;
	uint8_t protocol; /* IPv6: what the Fragment header names */
	uint8_t ecn;
	bool fragment; /* false: whole; an IPv6 packet may be that behind a Fragment header */
	bool header;   /* IPv6: has a Fragment header */
	bool more;
	uint16_t next_at; /* IPv6: where the byte stands that names the Fragment header */
	uint32_t id;
	size_t head;      /* bytes before the data; IPv6: without the Fragment header, and where
			     there is none, behind all extension headers */
	size_t data, len; /* where the data are, and how many */
	size_t offset;    /* of the data in the whole */
};

/* Reads the packet at p. ERR_SHORT, ERR_MALFORMED as of adit_ip_get(); ERR_MALFORMED also: a
 * fragment without data, one before the last whose data are no multiple of 8, one that reaches
 * beyond what IP can say. */
ADIT_MUST_USE enum adit_status adit_fragment_get(const uint8_t *p, size_t n,
						 struct adit_fragment_view *v);

/* Writes the Fragment header that *v describes to p. */
void adit_fragment_put_ipv6(uint8_t *p, const struct adit_fragment_view *v);

/* The key of the packet at p, and a number of 32 mixed bits of it. */
struct adit_fragment_key adit_fragment_key(const uint8_t *p, const struct adit_fragment_view *v);
bool adit_fragment_key_equal(const struct adit_fragment_key *a, const struct adit_fragment_key *b);
uint32_t adit_fragment_key_hash(const struct adit_fragment_key *key, uint32_t seed);

/* Bytes of the shortest header of a transport protocol: what the first fragment must hold for
 * filters to see it, and no later one may touch (RFC 1858 3, RFC 3128 4, RFC 7112). */
size_t adit_transport_least(uint8_t protocol);

/* Copies the IPv4 header of head bytes at p without the options that only the first fragment has;
 * padded with End of Option List, and gives its length. to: room for that, or NULL for the length
 * alone. Zero: an option runs beyond the header, or has no length. */
size_t adit_ipv4_later_header(const uint8_t *p, size_t head, uint8_t *to);

#endif
