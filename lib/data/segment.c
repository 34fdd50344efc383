/* Super-packets of segmentation offload, cut into packets. */
#include <string.h>

#include "adit/segment.h"
#include "base/endian.h"
#include "wire/tcp.h"

enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_LOOSE_ROUTE = 131, OPTION_STRICT_ROUTE = 137 };
#define UDP_LENGTH 4
#define UDP_CHECKSUM 6

/* Bytes of the TCP or UDP header. */
static enum adit_status
upper_len(const uint8_t *p, const struct adit_ip_view *v, size_t *len)
{
	const uint8_t *upper = p + v->upper_at;
	size_t n = v->total - v->upper_at;

	if (v->upper == ADIT_PROTO_TCP) {
		*len = adit_tcp_header_len(upper, n);
		return *len ? ADIT_OK : ADIT_ERR_MALFORMED;
	}
	if (v->upper != ADIT_PROTO_UDP)
		return ADIT_ERR_UNSUPPORTED;
	*len = ADIT_UDP_LEN;
	return n < ADIT_UDP_LEN || adit_load16(upper + UDP_LENGTH) != n ? ADIT_ERR_MALFORMED
									: ADIT_OK;
}

/* Whether the destination is not the one that the transport's checksum covers (RFC 8200 8.1):
 * behind a routing header, and for short behind all that routers look at; of IPv4, with a source
 * route. */
static bool
is_routed(const uint8_t *p, const struct adit_ip_view *v)
{
	size_t at = ADIT_IPV4_LEN, len;

	if (v->version == 6)
		return v->transport_at != ADIT_IPV6_LEN;
	for (; at < v->upper_at && p[at] != OPTION_END; at += len) {
		if (p[at] == OPTION_LOOSE_ROUTE || p[at] == OPTION_STRICT_ROUTE)
			return true;
		len = 1;
		if (p[at] == OPTION_NOP)
			continue;
		len = v->upper_at - at < 2 ? 0 : p[at + 1];
		if (len < 2)
			return true;
	}
	return false;
}

/* What belongs to one place of the stream can't be repeated nor moved. */
static bool
can_be_cut(const struct adit_segmenter *s)
{
	if (s->payload <= s->size || s->protocol != ADIT_PROTO_TCP)
		return true;
	return !(s->p[s->upper_at + ADIT_TCP_FLAGS] & (ADIT_TCP_SYN | ADIT_TCP_RST | ADIT_TCP_URG));
}

enum adit_status
adit_segment_begin(struct adit_segmenter *s, const uint8_t *p, size_t n, uint16_t gso_size)
{
	struct adit_ip_view v;
	size_t len;
	enum adit_status st = adit_ip_get(p, n, &v);

	memset(s, 0, sizeof *s);
	s->end = true;
	if (gso_size == 0)
		return ADIT_ERR_ARG;
	if (st == ADIT_OK && v.fragment)
		st = ADIT_ERR_FRAGMENT;
	if (st == ADIT_OK && is_routed(p, &v))
		st = ADIT_ERR_UNSUPPORTED;
	if (st == ADIT_OK)
		st = upper_len(p, &v, &len);
	if (st != ADIT_OK)
		return st;
	s->p = p;
	s->upper_at = v.upper_at;
	s->head = v.upper_at + len;
	s->payload = v.total - s->head;
	s->size = gso_size;
	s->version = v.version;
	s->protocol = v.upper;
	if (!can_be_cut(s))
		return ADIT_ERR_UNSUPPORTED;
	s->id = v.version == 4 ? adit_load16(p + ADIT_IPV4_ID) : 0;
	s->seq = v.upper == ADIT_PROTO_TCP ? adit_load32(p + v.upper_at + ADIT_TCP_SEQ) : 0;
	s->first = true;
	s->end = false;
	return ADIT_OK;
}

size_t
adit_segment_left(const struct adit_segmenter *s)
{
	size_t left = s->payload - s->done;

	if (s->end)
		return 0;
	/* One without payload is a packet too. */
	return left == 0 ? 1 : (left - 1) / s->size + 1;
}

/* Payload bytes of the next packet. */
static size_t
next_len(const struct adit_segmenter *s)
{
	size_t left = s->payload - s->done;

	return left < s->size ? left : s->size;
}

size_t
adit_segment_longest(const struct adit_segmenter *s)
{
	return s->end ? 0 : s->head + next_len(s);
}

static void
set_tcp(const struct adit_segmenter *s, uint8_t *tcp, bool last)
{
	adit_store32(tcp + ADIT_TCP_SEQ, s->seq);
	if (!last)
		tcp[ADIT_TCP_FLAGS] &= (uint8_t) ~(ADIT_TCP_FIN | ADIT_TCP_PSH);
	if (!s->first)
		tcp[ADIT_TCP_FLAGS] &= (uint8_t)~ADIT_TCP_CWR;
}

static void
set_checksum(const struct adit_segmenter *s, uint8_t *p, size_t n)
{
	uint8_t *upper = p + s->upper_at;
	uint8_t *at = upper + (s->protocol == ADIT_PROTO_TCP ? ADIT_TCP_CHECKSUM : UDP_CHECKSUM);
	uint16_t sum;

	adit_store16(at, 0);
	sum = adit_upper_checksum(p, s->version, s->protocol, upper, n - s->upper_at);
	/* In UDP zero says "none" (RFC 768). */
	if (sum == 0 && s->protocol == ADIT_PROTO_UDP)
		sum = UINT16_MAX;
	adit_store16(at, sum);
}

static void
set_header(const struct adit_segmenter *s, uint8_t *p, size_t n, bool last)
{
	struct adit_ip_view v;

	v.version = s->version;
	if (s->version == 4)
		adit_store16(p + ADIT_IPV4_ID, s->id);
	adit_ip_set_length(p, &v, n);
	if (s->protocol == ADIT_PROTO_TCP)
		set_tcp(s, p + s->upper_at, last);
	else
		adit_store16(p + s->upper_at + UDP_LENGTH, (uint16_t)(n - s->upper_at));
	set_checksum(s, p, n);
}

enum adit_status
adit_segment_next(struct adit_segmenter *s, struct adit_pkt *out)
{
	size_t len = next_len(s);
	bool last = s->payload - s->done == len;
	uint8_t *p;

	if (s->end)
		return ADIT_ERR_STATE;
	if (out->off > out->cap || out->cap - out->off < s->head + len)
		return ADIT_ERR_ROOM;
	p = adit_pkt_data(out);
	out->len = s->head + len;
	memcpy(p, s->p, s->head);
	memcpy(p + s->head, s->p + s->head + s->done, len);
	set_header(s, p, out->len, last);
	s->done += len;
	s->seq += (uint32_t)len;
	s->id++;
	s->first = false;
	s->end = last;
	return ADIT_OK;
}

/* Whether each buffer holds the longest packet and what encapsulation puts around it. */
static bool
has_room(const struct adit_sa *sa, const struct adit_pkt *outs, size_t n, size_t longest)
{
	size_t before = adit_esp_headroom(sa), behind = adit_esp_tailroom(sa);

	for (size_t i = 0; i < n; i++)
		if (outs[i].off > outs[i].cap || outs[i].off < before ||
		    outs[i].cap - outs[i].off < longest + behind)
			return false;
	return true;
}

enum adit_status
adit_esp_encap_super(struct adit_sa *sa, const struct adit_super *super, struct adit_pkt *outs,
		     enum adit_status *st, size_t max, size_t *made)
{
	struct adit_segmenter s;
	size_t n;
	enum adit_status got = adit_segment_begin(&s, super->p, super->n, super->gso_size);

	*made = 0;
	if (got != ADIT_OK)
		return got;
	n = adit_segment_left(&s);
	if (n > max)
		return ADIT_ERR_FULL;
	if (!has_room(sa, outs, n, adit_segment_longest(&s)))
		return ADIT_ERR_ROOM;
	for (size_t i = 0; i < n && got == ADIT_OK; i++)
		got = adit_segment_next(&s, &outs[i]);
	if (got != ADIT_OK)
		return got;
	adit_esp_encap_burst(sa, outs, st, n);
	*made = n;
	return ADIT_OK;
}
