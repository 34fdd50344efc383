/* Traffic Selector payloads (RFC 7296 3.13). */
#include <string.h>

#include "wire/ike_ts.h"

enum { TS_IPV4_ADDR_RANGE = 7, TS_IPV6_ADDR_RANGE = 8 };
#define TS_HEADER_LEN 4 /* type, protocol, length */

/*
 *  |   TS Type     |IP Protocol ID*|       Selector Length         |
 *  |           Start Port*         |           End Port*           |
 *  ~                         Starting Address*                     ~
 *  ~                         Ending Address*                       ~
 */
struct selector {
	uint8_t type, protocol;
	struct adit_span rest;
};

static void
get_selector(struct adit_reader *r, struct selector *s)
{
	uint16_t len;

	s->type = adit_read_u8(r);
	s->protocol = adit_read_u8(r);
	len = adit_read_u16(r);
	if (len < TS_HEADER_LEN)
		r->bad = true;
	s->rest = adit_read_span(r, r->bad ? 0 : (size_t)len - TS_HEADER_LEN);
}

static size_t
address_len(uint8_t type)
{
	return type == TS_IPV4_ADDR_RANGE ? 4 : type == TS_IPV6_ADDR_RANGE ? 16 : 0;
}

static bool
has_right_length(const struct selector *s)
{
	size_t n = address_len(s->type);

	return n == 0 || s->rest.n == 4 + 2 * n;
}

/*
 *  | Number of TSs |                 RESERVED                      |
 *  ~                       <Traffic Selectors>                     ~
 */
enum adit_status
adit_ike_get_ts(struct adit_span body, struct adit_ike_ts_list *list)
{
	struct adit_reader r = adit_reader_of(body);
	struct selector s;

	list->left = adit_read_u8(&r);
	(void)adit_read_span(&r, 3); /* RESERVED */
	list->r = r;
	if (r.bad || list->left == 0)
		return ADIT_ERR_MALFORMED;
	for (unsigned i = 0; i < list->left; i++) {
		get_selector(&r, &s);
		if (r.bad || !has_right_length(&s))
			return ADIT_ERR_MALFORMED;
	}
	return adit_reader_done(&r) == ADIT_OK ? ADIT_OK : ADIT_ERR_MALFORMED;
}

bool
adit_ike_ts_next(struct adit_ike_ts_list *list, struct adit_ts *ts)
{
	while (list->left > 0) {
		struct adit_reader r;
		struct selector s;
		size_t n;

		list->left--;
		get_selector(&list->r, &s);
		n = address_len(s.type);
		if (n == 0)
			continue;
		r = adit_reader_of(s.rest);
		memset(ts, 0, sizeof *ts);
		ts->version = n == 4 ? 4 : 6;
		ts->protocol = s.protocol;
		ts->port_first = adit_read_u16(&r);
		ts->port_last = adit_read_u16(&r);
		adit_read_bytes(&r, ts->first, n);
		adit_read_bytes(&r, ts->last, n);
		return true;
	}
	return false;
}

bool
adit_ts_valid(const struct adit_ts *ts)
{
	return ts->port_first <= ts->port_last &&
	       memcmp(ts->first, ts->last, sizeof ts->first) <= 0;
}

void
adit_ike_put_ts(struct adit_ike_writer *m, uint8_t type, const struct adit_ts *ts, uint8_t count)
{
	adit_ike_put_payload(m, type);
	adit_write_u32(&m->w, (uint32_t)count << 24);
	for (unsigned i = 0; i < count; i++) {
		size_t n = ts[i].version == 4 ? 4 : 16;

		adit_write_u8(&m->w, n == 4 ? TS_IPV4_ADDR_RANGE : TS_IPV6_ADDR_RANGE);
		adit_write_u8(&m->w, ts[i].protocol);
		adit_write_u16(&m->w, (uint16_t)(TS_HEADER_LEN + 4 + 2 * n));
		adit_write_u16(&m->w, ts[i].port_first);
		adit_write_u16(&m->w, ts[i].port_last);
		adit_write_span(&m->w, (struct adit_span){ts[i].first, n});
		adit_write_span(&m->w, (struct adit_span){ts[i].last, n});
	}
	adit_ike_put_payload_end(m);
}
