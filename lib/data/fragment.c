/* Cutting IP packets into fragments (RFC 791 3.2, RFC 8200 4.5, RFC 7112). */
#include <string.h>

#include "adit/fragment.h"
#include "base/endian.h"
#include "wire/fragment.h"
#include "wire/ip.h"

/* Bytes that a fragment has before its data. */
static size_t
head_of(const struct adit_fragmenter *f, bool first)
{
	if (f->version == 6)
		return f->head + ADIT_IPV6_FRAGMENT_LEN;
	return first ? f->head : f->head_later;
}

/* The most data that a fragment may carry; zero: not even one unit. */
static size_t
room_of(const struct adit_fragmenter *f, bool first)
{
	size_t head = head_of(f, first);

	return f->mtu < head + ADIT_FRAGMENT_UNIT ? 0 : f->mtu - head;
}

static size_t
whole_units(size_t n)
{
	return n / ADIT_FRAGMENT_UNIT * ADIT_FRAGMENT_UNIT;
}

static enum adit_status
begin_ipv4(struct adit_fragmenter *f, const struct adit_ip_view *ip, bool ignore_df)
{
	if (ip->df && !ignore_df)
		return ADIT_ERR_MTU;
	f->head_later = adit_ipv4_later_header(f->p, f->head, NULL);
	if (!f->head_later)
		return ADIT_ERR_MALFORMED;
	return room_of(f, true) ? ADIT_OK : ADIT_ERR_MTU;
}

/* A packet without a Fragment header gets one behind what every router on the way looks at. */
static enum adit_status
begin_ipv6(struct adit_fragmenter *f, const struct adit_ip_view *ip, bool has_header)
{
	size_t room, headers;

	if (!has_header) {
		f->head = ip->transport_at;
		f->data = ip->transport_at;
		f->len = ip->total - f->data;
		f->next_at = ip->transport_next;
		f->protocol = f->p[f->next_at];
	}
	room = room_of(f, true);
	if (!room)
		return ADIT_ERR_MTU;
	headers = ip->upper_at + adit_transport_least(ip->upper) - f->data;
	if (headers > f->len)
		headers = f->len;
	return !f->base && whole_units(room) < headers ? ADIT_ERR_MTU : ADIT_OK;
}

static enum adit_status
begin(struct adit_fragmenter *f, struct adit_span packet, const struct adit_fragment_params *params)
{
	struct adit_fragment_view v;
	struct adit_ip_view ip;
	enum adit_status st = adit_fragment_get(packet.p, packet.n, &v);

	if (st == ADIT_OK)
		st = adit_ip_get(packet.p, packet.n, &ip);
	if (st != ADIT_OK)
		return st;
	f->p = packet.p;
	f->mtu = params->mtu;
	f->version = v.version;
	f->protocol = v.protocol;
	f->next_at = v.next_at;
	f->head = v.head;
	f->data = v.data;
	f->len = v.len;
	f->base = v.offset;
	f->more = v.more;
	/* An IPv4 packet with DF that is whole has no identification yet (RFC 6864 4.1). */
	f->id = v.header || (v.version == 4 && (!ip.df || v.fragment)) ? v.id : params->id;
	if (ip.total <= f->mtu) {
		f->whole = true;
		f->data = 0;
		f->len = ip.total;
		return ADIT_OK;
	}
	if (v.version == 4)
		return begin_ipv4(f, &ip, params->ignore_df);
	return begin_ipv6(f, &ip, v.header);
}

enum adit_status
adit_fragment_begin(struct adit_fragmenter *f, struct adit_span packet,
		    const struct adit_fragment_params *params)
{
	enum adit_status st;

	memset(f, 0, sizeof *f);
	st = begin(f, packet, params);
	if (st != ADIT_OK)
		f->end = true;
	return st;
}

size_t
adit_fragment_left(const struct adit_fragmenter *f)
{
	size_t rest = f->len - f->done, n = 0, room, units;

	if (f->end)
		return 0;
	if (f->whole)
		return 1;
	if (!f->done && rest > room_of(f, true)) {
		rest -= whole_units(room_of(f, true));
		n = 1;
	}
	room = room_of(f, !f->done && !n);
	units = whole_units(room);
	return n + (rest <= room ? 1 : 1 + (rest - room + units - 1) / units);
}

static void
put_ipv4(const struct adit_fragmenter *f, uint8_t *to, size_t data, bool more)
{
	uint16_t reserved = adit_load16(f->p + ADIT_IPV4_FRAGMENT) & ADIT_IPV4_RESERVED;
	size_t units = (f->base + f->done) / ADIT_FRAGMENT_UNIT;
	size_t head = head_of(f, !f->done);

	if (f->done)
		adit_ipv4_later_header(f->p, f->head, to);
	else
		memcpy(to, f->p, f->head);
	adit_store16(to + ADIT_IPV4_TOTAL, (uint16_t)(head + data));
	adit_store16(to + ADIT_IPV4_ID, (uint16_t)f->id);
	adit_store16(to + ADIT_IPV4_FRAGMENT,
		     (uint16_t)(reserved | (more ? ADIT_IPV4_MORE : 0) | units));
	adit_ipv4_set_checksum(to);
}

static void
put_ipv6(const struct adit_fragmenter *f, uint8_t *to, size_t data, bool more)
{
	struct adit_fragment_view v;

	memset(&v, 0, sizeof v);
	v.protocol = f->protocol;
	v.id = f->id;
	v.offset = f->base + f->done;
	v.more = more;
	memcpy(to, f->p, f->head);
	to[f->next_at] = ADIT_NEXT_FRAGMENT;
	adit_fragment_put_ipv6(to + f->head, &v);
	adit_store16(to + ADIT_IPV6_PAYLOAD, (uint16_t)(head_of(f, true) + data - ADIT_IPV6_LEN));
}

static void
put_head(const struct adit_fragmenter *f, uint8_t *to, size_t data, bool more)
{
	if (f->whole)
		return;
	if (f->version == 4)
		put_ipv4(f, to, data, more);
	else
		put_ipv6(f, to, data, more);
}

enum adit_status
adit_fragment_next(struct adit_fragmenter *f, struct adit_pkt *out)
{
	size_t rest = f->len - f->done, head, data, room;
	uint8_t *to;

	if (f->end)
		return ADIT_ERR_STATE;
	head = f->whole ? 0 : head_of(f, !f->done);
	room = f->whole ? rest : room_of(f, !f->done);
	data = rest <= room ? rest : whole_units(room);
	if (out->off > out->cap || head + data > out->cap - out->off)
		return ADIT_ERR_ROOM;
	to = adit_pkt_data(out);
	put_head(f, to, data, data < rest || f->more);
	memcpy(to + head, f->p + f->data + f->done, data);
	out->len = head + data;
	f->done += data;
	f->end = f->done == f->len;
	return ADIT_OK;
}
