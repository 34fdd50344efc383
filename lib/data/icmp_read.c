/* ICMP errors read: what they say, and of which packet (RFC 792, RFC 1191, RFC 4443, RFC 4884). */
#include <string.h>

#include "adit/icmp.h"
#include "base/cursor.h"
#include "sa/flow.h"
#include "wire/icmp.h"

#define SPI_LEN 4
enum { TIME_EXCEEDED_V4 = 11, PARAMETER_V4 = 12, TIME_EXCEEDED_V6 = 3 };
#define AH_SPI_AT 4 /* behind next header, length and reserved */

/* Where the quote ends, if extensions stand behind it (RFC 4884 3): in words of 4 bytes in the
 * sixth byte of IPv4's errors, in words of 8 in the fifth of IPv6's, of those errors that have
 * nothing else there. Zero: nowhere. */
static size_t
quote_end(const struct adit_icmp_error *e, const uint8_t *icmp)
{
	if (e->from.version == 4)
		return e->type == ADIT_ICMP_UNREACHABLE || e->type == TIME_EXCEEDED_V4 ||
				       e->type == PARAMETER_V4
			       ? (size_t)icmp[ADIT_ICMP_REST + 1] * 4
			       : 0;
	return e->type == ADIT_ICMPV6_UNREACHABLE || e->type == TIME_EXCEEDED_V6
		       ? (size_t)icmp[ADIT_ICMP_REST] * 8
		       : 0;
}

/* The SPI and number of ESP, bare or in UDP, and of AH. */
static void
read_spi(struct adit_icmp_error *e, const uint8_t *upper, size_t n)
{
	struct adit_span s = {upper, n};
	struct adit_reader r = adit_reader_of(s);

	if (e->sent.protocol == ADIT_PROTO_UDP)
		(void)adit_read_span(&r, ADIT_UDP_LEN);
	else if (e->sent.protocol == ADIT_PROTO_AH)
		(void)adit_read_span(&r, AH_SPI_AT);
	else if (e->sent.protocol != ADIT_PROTO_ESP)
		return;
	e->spi = adit_read_u32(&r);
	e->has_spi = !r.bad && e->spi != 0;
	e->seq = adit_read_u32(&r);
	e->has_seq = !r.bad && e->has_spi;
}

static enum adit_status
read_quote(struct adit_icmp_error *e, const uint8_t *q, size_t n)
{
	struct adit_ip_view v;
	enum adit_status st = adit_ip_get_quoted(q, n, &v);

	if (st != ADIT_OK)
		return st;
	if (v.version != e->from.version)
		return ADIT_ERR_MALFORMED;
	e->quoted_len = v.version == 4 ? adit_load16(q + ADIT_IPV4_TOTAL)
				       : (size_t)ADIT_IPV6_LEN + adit_load16(q + ADIT_IPV6_PAYLOAD);
	/* Seen from its sender. */
	adit_flow_of(&e->sent, ADIT_OUT, q, &v);
	if (v.first)
		read_spi(e, q + v.upper_at, v.total - v.upper_at);
	return ADIT_OK;
}

/* Behind the checks of length and checksum. */
static enum adit_status
read_error(struct adit_icmp_error *e, const uint8_t *icmp, size_t n)
{
	size_t end;

	e->type = icmp[0];
	e->code = icmp[1];
	if (e->from.version == 4) {
		e->too_big = e->type == ADIT_ICMP_UNREACHABLE && e->code == ADIT_ICMP_NEEDS_CUT;
		e->mtu = e->too_big ? adit_load16(icmp + ADIT_ICMP_REST + 2) : 0;
	} else {
		e->too_big = e->type == ADIT_ICMPV6_TOO_BIG;
		e->mtu = e->too_big ? adit_load32(icmp + ADIT_ICMP_REST) : 0;
	}
	end = quote_end(e, icmp);
	n -= ADIT_ICMP_HEADER_LEN;
	if (end > n)
		return ADIT_ERR_MALFORMED;
	return read_quote(e, icmp + ADIT_ICMP_HEADER_LEN, end ? end : n);
}

static bool
is_checksum_right(const uint8_t *p, const struct adit_ip_view *v)
{
	const uint8_t *icmp = p + v->upper_at;
	size_t n = v->total - v->upper_at;

	if (v->version == 4)
		return adit_checksum(icmp, n) == 0;
	return adit_upper_checksum(p, 6, ADIT_PROTO_ICMPV6, icmp, n) == 0;
}

enum adit_status
adit_icmp_error_read(struct adit_icmp_error *e, const uint8_t *p, size_t n)
{
	struct adit_ip_view v;
	enum adit_status st = adit_ip_get(p, n, &v);

	if (st != ADIT_OK)
		return st;
	if (v.upper != (v.version == 4 ? ADIT_PROTO_ICMP : ADIT_PROTO_ICMPV6))
		return ADIT_ERR_UNSUPPORTED;
	if (v.fragment)
		return ADIT_ERR_FRAGMENT;
	if (v.total - v.upper_at < ADIT_ICMP_HEADER_LEN)
		return ADIT_ERR_SHORT;
	if (!adit_icmp_is_error(v.version, p[v.upper_at]))
		return ADIT_ERR_UNSUPPORTED;
	if (!is_checksum_right(p, &v))
		return ADIT_ERR_MALFORMED;
	memset(e, 0, sizeof *e);
	e->from = adit_ip_source(p, v.version);
	e->to = adit_ip_destination(p, v.version);
	return read_error(e, p + v.upper_at, v.total - v.upper_at);
}

bool
adit_icmp_matches(const struct adit_icmp_error *e, enum adit_direction dir,
		  const struct adit_selectors *s)
{
	struct adit_flow flow = e->sent;

	/* An error that comes in is about what went out from here, which `sent` sees as we do. */
	if (dir == ADIT_OUT) {
		flow.local = e->sent.remote;
		flow.remote = e->sent.local;
		flow.local_port = e->sent.remote_port;
		flow.remote_port = e->sent.local_port;
	}
	return adit_selectors_match(s, &flow);
}
