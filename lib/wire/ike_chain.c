/* The payload chain of a message, indexed in one pass (RFC 7296 3.2). */
#include <string.h>

#include "adit/trace.h"
#include "wire/ike_chain.h"

#define CRITICAL 0x80
#define GENERIC_HEADER_LEN 4

/* Payload types that a message may carry more than once. */
#define MAY_REPEAT                                                                       \
	(ADIT_PAYLOAD_BIT(ADIT_PAYLOAD_CERT) | ADIT_PAYLOAD_BIT(ADIT_PAYLOAD_CERTREQ) |  \
	 ADIT_PAYLOAD_BIT(ADIT_PAYLOAD_NOTIFY) | ADIT_PAYLOAD_BIT(ADIT_PAYLOAD_DELETE) | \
	 ADIT_PAYLOAD_BIT(ADIT_PAYLOAD_VENDOR))

struct generic {
	uint8_t next, flags;
	struct adit_span body;
};

/*
 *  | Next Payload  |C|  RESERVED   |         Payload Length        |
 */
static enum adit_status
get_generic(struct adit_reader *r, struct generic *g)
{
	uint16_t len;

	g->next = adit_read_u8(r);
	g->flags = adit_read_u8(r);
	len = adit_read_u16(r);
	if (r->bad || len < GENERIC_HEADER_LEN)
		return ADIT_ERR_MALFORMED;
	g->body = adit_read_span(r, (size_t)len - GENERIC_HEADER_LEN);
	return r->bad ? ADIT_ERR_MALFORMED : ADIT_OK;
}

static bool
is_known(uint8_t type)
{
	return type >= ADIT_PAYLOAD_FIRST && type <= ADIT_PAYLOAD_LAST;
}

static enum adit_status
note(struct adit_ike_chain *chain, uint8_t type, const struct generic *g)
{
	uint32_t bit;

	if (!is_known(type)) {
		if (!(g->flags & CRITICAL))
			return ADIT_OK;
		chain->unknown_critical = type;
		return ADIT_ERR_CRITICAL;
	}
	bit = ADIT_PAYLOAD_BIT(type);
	if (chain->present & bit)
		return (bit & MAY_REPEAT) ? ADIT_OK : ADIT_ERR_MALFORMED;
	chain->present |= bit;
	chain->body[type - ADIT_PAYLOAD_FIRST] = g->body;
	return ADIT_OK;
}

enum adit_status
adit_ike_get_chain(struct adit_span s, uint8_t first, struct adit_ike_chain *chain)
{
	struct adit_reader r = adit_reader_of(s);
	uint8_t type = first;

	memset(chain, 0, sizeof *chain);
	chain->first = first;
	chain->all = s;
	for (unsigned i = 0; type != ADIT_PAYLOAD_NONE; i++) {
		struct generic g;
		enum adit_status st;

		if (i == ADIT_IKE_PAYLOADS_MAX)
			return ADIT_ERR_MALFORMED;
		st = get_generic(&r, &g);
		if (st != ADIT_OK)
			return st;
		st = note(chain, type, &g);
		if (st != ADIT_OK)
			return st;
		if (type == ADIT_PAYLOAD_SK) {
			/* Its "next payload" is the type of the first payload inside (3.14). */
			chain->sk_first = g.next;
			break;
		}
		type = g.next;
	}
	return adit_reader_done(&r) == ADIT_OK ? ADIT_OK : ADIT_ERR_MALFORMED;
}

bool
adit_payload_next(uint8_t *type, struct adit_span *chain, struct adit_span *body)
{
	struct adit_reader r = adit_reader_of(*chain);
	struct generic g;

	if (*type == ADIT_PAYLOAD_NONE || get_generic(&r, &g) != ADIT_OK)
		return false;
	*body = g.body;
	/* Behind SK nothing follows: its "next payload" tells of the inside. */
	*type = *type == ADIT_PAYLOAD_SK ? (uint8_t)ADIT_PAYLOAD_NONE : g.next;
	*chain = adit_read_rest(&r);
	return true;
}
