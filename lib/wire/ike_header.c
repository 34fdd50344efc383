/* The IKE header, and a message's chain of payloads as it is written (RFC 7296 3.1, 3.2). */
#include "wire/ike_header.h"

#define FIRST_PAYLOAD_AT 16 /* offset of "Next Payload" in the IKE header */
#define LENGTH_AT 24        /* offset of "Length" */
#define VERSION_2_0 0x20

/*
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  |                       IKE SA Initiator's SPI                  |
 *  |                                                               |
 *  |                       IKE SA Responder's SPI                  |
 *  |                                                               |
 *  |  Next Payload | MjVer | MnVer | Exchange Type |     Flags     |
 *  |                          Message ID                           |
 *  |                            Length                             |
 */
enum adit_status
adit_ike_get_header(struct adit_span msg, struct adit_ike_header *h)
{
	struct adit_reader r = adit_reader_of(msg);
	uint8_t version;

	adit_read_bytes(&r, h->spi_i, sizeof h->spi_i);
	adit_read_bytes(&r, h->spi_r, sizeof h->spi_r);
	h->first_payload = adit_read_u8(&r);
	version = adit_read_u8(&r);
	h->major = version >> 4;
	h->minor = version & 15;
	h->exchange = adit_read_u8(&r);
	h->flags = adit_read_u8(&r);
	h->message_id = adit_read_u32(&r);
	h->length = adit_read_u32(&r);
	if (r.bad)
		return ADIT_ERR_SHORT;
	return h->length == msg.n ? ADIT_OK : ADIT_ERR_MALFORMED;
}

void
adit_ike_put_header(struct adit_writer *w, const struct adit_ike_header *h)
{
	adit_write_span(w, (struct adit_span){h->spi_i, sizeof h->spi_i});
	adit_write_span(w, (struct adit_span){h->spi_r, sizeof h->spi_r});
	adit_write_u8(w, ADIT_PAYLOAD_NONE);
	adit_write_u8(w, VERSION_2_0);
	adit_write_u8(w, h->exchange);
	adit_write_u8(w, h->flags);
	adit_write_u32(w, h->message_id);
	adit_write_u32(w, 0);
}

void
adit_ike_put_start(struct adit_ike_writer *m, struct adit_buf b, const struct adit_ike_header *h)
{
	m->w = adit_writer_of(b);
	m->link = FIRST_PAYLOAD_AT;
	m->payload = 0;
	adit_ike_put_header(&m->w, h);
}

/*
 *  | Next Payload  |C|  RESERVED   |         Payload Length        |
 */
void
adit_ike_put_payload(struct adit_ike_writer *m, uint8_t type)
{
	if (!m->w.bad)
		m->w.base[m->link] = type;
	m->payload = adit_writer_len(&m->w);
	m->link = m->payload;
	adit_write_u8(&m->w, ADIT_PAYLOAD_NONE);
	adit_write_u8(&m->w, 0);
	adit_write_u16(&m->w, 0);
}

void
adit_ike_put_payload_end(struct adit_ike_writer *m)
{
	adit_write_len16(&m->w, m->payload + 2, m->payload);
	m->payload = 0;
}

enum adit_status
adit_ike_put_end(struct adit_ike_writer *m, size_t *len)
{
	if (m->w.bad)
		return ADIT_ERR_ROOM;
	*len = adit_writer_len(&m->w);
	adit_store32(m->w.base + LENGTH_AT, (uint32_t)*len);
	return ADIT_OK;
}
