/* The simple payloads (RFC 7296 3.4, 3.5, 3.8, 3.9, 3.10, 3.11). */
#include <string.h>

#include "adit/trace.h"
#include "wire/ike_payload.h"

/*
 *  |   Diffie-Hellman Group Num    |           RESERVED            |
 *  ~                       Key Exchange Data                       ~
 */
enum adit_status
adit_ike_get_ke(struct adit_span body, struct adit_ike_ke *ke)
{
	struct adit_reader r = adit_reader_of(body);

	ke->method = adit_read_u16(&r);
	(void)adit_read_u16(&r); /* RESERVED: ignored on receipt */
	ke->data = adit_read_rest(&r);
	return adit_reader_done(&r);
}

void
adit_ike_put_ke(struct adit_ike_writer *m, const struct adit_ike_ke *ke)
{
	adit_ike_put_payload(m, ADIT_PAYLOAD_KE);
	adit_write_u16(&m->w, ke->method);
	adit_write_u16(&m->w, 0);
	adit_write_span(&m->w, ke->data);
	adit_ike_put_payload_end(m);
}

enum adit_status
adit_ike_get_nonce(struct adit_span body, struct adit_span *nonce)
{
	if (body.n < ADIT_NONCE_MIN || body.n > ADIT_NONCE_MAX)
		return ADIT_ERR_MALFORMED;
	*nonce = body;
	return ADIT_OK;
}

void
adit_ike_put_nonce(struct adit_ike_writer *m, struct adit_span nonce)
{
	adit_ike_put_payload(m, ADIT_PAYLOAD_NONCE);
	adit_write_span(&m->w, nonce);
	adit_ike_put_payload_end(m);
}

/* An identity that another program could read in another way is refused: a name with a NUL, an
 * address of the wrong size, one of a known type with nothing in it. */
static enum adit_status
check_id(const struct adit_id *id)
{
	switch (id->type) {
	case ADIT_ID_IPV4_ADDR:
		return id->data.n == 4 ? ADIT_OK : ADIT_ERR_MALFORMED;
	case ADIT_ID_IPV6_ADDR:
		return id->data.n == 16 ? ADIT_OK : ADIT_ERR_MALFORMED;
	case ADIT_ID_FQDN:
	case ADIT_ID_RFC822_ADDR:
		if (id->data.n == 0 || memchr(id->data.p, 0, id->data.n) != NULL)
			return ADIT_ERR_MALFORMED;
		return ADIT_OK;
	case ADIT_ID_DER_ASN1_DN:
	case ADIT_ID_KEY_ID:
		return id->data.n > 0 ? ADIT_OK : ADIT_ERR_MALFORMED;
	default:
		return ADIT_OK;
	}
}

/*
 *  |   ID Type     |                 RESERVED                      |
 *  ~                   Identification Data                         ~
 */
enum adit_status
adit_ike_get_id(struct adit_span body, struct adit_id *id)
{
	struct adit_reader r = adit_reader_of(body);
	enum adit_status st;

	id->type = (enum adit_id_type)adit_read_u8(&r);
	(void)adit_read_span(&r, 3); /* RESERVED */
	id->data = adit_read_rest(&r);
	st = adit_reader_done(&r);
	return st == ADIT_OK ? check_id(id) : st;
}

void
adit_ike_put_id(struct adit_ike_writer *m, uint8_t type, const struct adit_id *id)
{
	adit_ike_put_payload(m, type);
	adit_write_u32(&m->w, (uint32_t)id->type << 24);
	adit_write_span(&m->w, id->data);
	adit_ike_put_payload_end(m);
}

/*
 *  | Auth Method   |                RESERVED                       |
 *  ~                      Authentication Data                      ~
 */
enum adit_status
adit_ike_get_auth(struct adit_span body, struct adit_ike_auth *auth)
{
	struct adit_reader r = adit_reader_of(body);

	auth->method = adit_read_u8(&r);
	(void)adit_read_span(&r, 3); /* RESERVED */
	auth->data = adit_read_rest(&r);
	return adit_reader_done(&r);
}

void
adit_ike_put_auth(struct adit_ike_writer *m, const struct adit_ike_auth *auth)
{
	adit_ike_put_payload(m, ADIT_PAYLOAD_AUTH);
	adit_write_u32(&m->w, (uint32_t)auth->method << 24);
	adit_write_span(&m->w, auth->data);
	adit_ike_put_payload_end(m);
}

/*
 *  |  Protocol ID  |   SPI Size    |      Notify Message Type      |
 *  ~                Security Parameter Index (SPI)                 ~
 *  ~                       Notification Data                       ~
 */
enum adit_status
adit_ike_get_notify(struct adit_span body, struct adit_ike_notify *n)
{
	struct adit_reader r = adit_reader_of(body);
	uint8_t spi_len;

	n->protocol = adit_read_u8(&r);
	spi_len = adit_read_u8(&r);
	n->type = adit_read_u16(&r);
	n->spi = adit_read_span(&r, spi_len);
	n->data = adit_read_rest(&r);
	return adit_reader_done(&r);
}

void
adit_ike_put_notify(struct adit_ike_writer *m, const struct adit_ike_notify *n)
{
	adit_ike_put_payload(m, ADIT_PAYLOAD_NOTIFY);
	adit_write_u8(&m->w, n->protocol);
	adit_write_u8(&m->w, (uint8_t)n->spi.n);
	adit_write_u16(&m->w, n->type);
	adit_write_span(&m->w, n->spi);
	adit_write_span(&m->w, n->data);
	adit_ike_put_payload_end(m);
}

void
adit_ike_put_notify_data(struct adit_ike_writer *m, uint16_t type, struct adit_span data)
{
	struct adit_ike_notify n = {ADIT_IKE_PROTO_NONE, type, {NULL, 0}, data};

	adit_ike_put_notify(m, &n);
}

bool
adit_ike_find_notify(const struct adit_ike_chain *chain, uint16_t type, struct adit_ike_notify *n)
{
	struct adit_span rest = chain->all, body;
	uint8_t next = chain->first;

	for (;;) {
		bool is_notify = next == ADIT_PAYLOAD_NOTIFY;

		if (!adit_payload_next(&next, &rest, &body))
			return false;
		if (is_notify && adit_ike_get_notify(body, n) == ADIT_OK && n->type == type)
			return true;
	}
}

bool
adit_ike_find_error(const struct adit_ike_chain *chain, struct adit_ike_notify *n)
{
	struct adit_span rest = chain->all, body;
	uint8_t next = chain->first;

	for (;;) {
		bool is_notify = next == ADIT_PAYLOAD_NOTIFY;

		if (!adit_payload_next(&next, &rest, &body))
			return false;
		if (is_notify && adit_ike_get_notify(body, n) == ADIT_OK &&
		    n->type < ADIT_N_FIRST_STATUS)
			return true;
	}
}

/*
 *  | Protocol ID   |   SPI Size    |          Num of SPIs          |
 *  ~               Security Parameter Index(es) (SPI)              ~
 */
enum adit_status
adit_ike_get_delete(struct adit_span body, struct adit_ike_delete *d)
{
	struct adit_reader r = adit_reader_of(body);
	uint8_t spi_len, want;

	d->protocol = adit_read_u8(&r);
	spi_len = adit_read_u8(&r);
	d->count = adit_read_u16(&r);
	want = d->protocol == ADIT_IKE_PROTO_IKE ? 0 : 4;
	if (r.bad)
		return ADIT_ERR_SHORT;
	if (spi_len != want || (want == 0 && d->count != 0))
		return ADIT_ERR_MALFORMED;
	d->spis = adit_read_span(&r, (size_t)d->count * want);
	return adit_reader_done(&r);
}

void
adit_ike_put_delete(struct adit_ike_writer *m, const struct adit_ike_delete *d)
{
	adit_ike_put_payload(m, ADIT_PAYLOAD_DELETE);
	adit_write_u8(&m->w, d->protocol);
	adit_write_u8(&m->w, d->protocol == ADIT_IKE_PROTO_IKE ? 0 : 4);
	adit_write_u16(&m->w, d->count);
	adit_write_span(&m->w, d->spis);
	adit_ike_put_payload_end(m);
}
