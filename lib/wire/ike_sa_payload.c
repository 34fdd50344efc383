/* Security Association payloads: proposals, transforms, attributes (RFC 7296 3.3). */
#include "wire/ike_sa_payload.h"

#define PROPOSAL_HEADER_LEN 8
#define TRANSFORM_HEADER_LEN 8
#define MORE_PROPOSALS 2
#define MORE_TRANSFORMS 3
#define LAST 0
#define ATTRIBUTE_TV 0x8000
#define ATTRIBUTE_KEY_LENGTH 14

/*
 *  | Last Substruc |   RESERVED    |         Proposal Length       |
 *  | Proposal Num  |  Protocol ID  |    SPI Size   |Num  Transforms|
 *  ~                        SPI (variable)                         ~
 *  ~                        <Transforms>                           ~
 */
static bool
get_proposal(struct adit_reader *r, uint8_t *last, struct adit_ike_proposal *p)
{
	struct adit_reader in;
	uint16_t len;
	uint8_t spi_len;

	*last = adit_read_u8(r);
	(void)adit_read_u8(r); /* RESERVED */
	len = adit_read_u16(r);
	if (r->bad || len < PROPOSAL_HEADER_LEN)
		return false;
	in = adit_reader_of(adit_read_span(r, (size_t)len - 4));
	p->number = adit_read_u8(&in);
	p->protocol = adit_read_u8(&in);
	spi_len = adit_read_u8(&in);
	p->transform_count = adit_read_u8(&in);
	p->spi = adit_read_span(&in, spi_len);
	p->transforms = adit_read_rest(&in);
	return !r->bad && !in.bad;
}

/*
 *  |A|       Attribute Type        |    AF=0  Attribute Length     |
 *  |F|                             |    AF=1  Attribute Value      |
 *  ~                   AF=0  Attribute Value                       ~
 */
static bool
get_attribute(struct adit_reader *r, struct adit_ike_transform *t)
{
	uint16_t type = adit_read_u16(r), value = adit_read_u16(r);

	if (!(type & ATTRIBUTE_TV)) {
		t->usable = false;
		(void)adit_read_span(r, value);
		return !r->bad;
	}
	/* A second Key Length, or one of 0, says nothing that could be agreed upon. */
	if ((type & ~ATTRIBUTE_TV) != ATTRIBUTE_KEY_LENGTH || t->t.key_bits != 0 || value == 0)
		t->usable = false;
	else
		t->t.key_bits = value;
	return !r->bad;
}

/*
 *  | Last Substruc |   RESERVED    |        Transform Length       |
 *  |Transform Type |   RESERVED    |          Transform ID         |
 *  ~                      Transform Attributes                     ~
 */
static bool
get_transform(struct adit_reader *r, uint8_t *last, struct adit_ike_transform *t)
{
	struct adit_reader in;
	uint16_t len;

	*last = adit_read_u8(r);
	(void)adit_read_u8(r); /* RESERVED */
	len = adit_read_u16(r);
	if (r->bad || len < TRANSFORM_HEADER_LEN)
		return false;
	in = adit_reader_of(adit_read_span(r, (size_t)len - 4));
	t->t.type = adit_read_u8(&in);
	(void)adit_read_u8(&in); /* RESERVED */
	t->t.id = adit_read_u16(&in);
	t->t.key_bits = 0;
	t->usable = true;
	while (!in.bad && adit_reader_left(&in) > 0)
		if (!get_attribute(&in, t))
			return false;
	return !r->bad && !in.bad;
}

static bool
check_transforms(const struct adit_ike_proposal *p)
{
	struct adit_reader r = adit_reader_of(p->transforms);
	struct adit_ike_transform t;
	uint8_t last;

	for (unsigned i = 1; i <= p->transform_count; i++)
		if (!get_transform(&r, &last, &t) ||
		    last != (i == p->transform_count ? LAST : MORE_TRANSFORMS))
			return false;
	return p->transform_count > 0 && adit_reader_done(&r) == ADIT_OK;
}

static bool
spi_size_is_right(const struct adit_ike_proposal *p)
{
	if (p->protocol == ADIT_IKE_PROTO_IKE)
		return p->spi.n == 0 || p->spi.n == ADIT_IKE_SPI_LEN;
	if (p->protocol == ADIT_IKE_PROTO_ESP || p->protocol == ADIT_IKE_PROTO_AH)
		return p->spi.n == 4;
	return true; /* a protocol we don't know is never chosen */
}

enum adit_status
adit_ike_check_sa(struct adit_span body)
{
	struct adit_reader r = adit_reader_of(body);
	struct adit_ike_proposal p;
	uint8_t last = MORE_PROPOSALS;

	for (unsigned number = 1; last == MORE_PROPOSALS; number++) {
		if (!get_proposal(&r, &last, &p) || (last != LAST && last != MORE_PROPOSALS) ||
		    !spi_size_is_right(&p) || !check_transforms(&p))
			return ADIT_ERR_MALFORMED;
		/* An answer repeats the number of the proposal it took, so a single one may have
		 * any. */
		if (p.number != number && !(number == 1 && last == LAST && p.number != 0))
			return ADIT_ERR_MALFORMED;
	}
	return adit_reader_done(&r) == ADIT_OK ? ADIT_OK : ADIT_ERR_MALFORMED;
}

bool
adit_ike_proposal_next(struct adit_span *rest, struct adit_ike_proposal *p)
{
	struct adit_reader r = adit_reader_of(*rest);
	uint8_t last;

	if (rest->n == 0 || !get_proposal(&r, &last, p))
		return false;
	*rest = adit_read_rest(&r);
	return true;
}

bool
adit_ike_transform_next(struct adit_span *rest, struct adit_ike_transform *t)
{
	struct adit_reader r = adit_reader_of(*rest);
	uint8_t last;

	if (rest->n == 0 || !get_transform(&r, &last, t))
		return false;
	*rest = adit_read_rest(&r);
	return true;
}

static void
end_proposal(struct adit_ike_sa_writer *s, bool more)
{
	struct adit_writer *w = &s->m->w;

	if (s->proposal == 0 || w->bad)
		return;
	w->base[s->proposal] = more ? MORE_PROPOSALS : LAST;
	adit_write_len16(w, s->proposal + 2, s->proposal);
	w->base[s->proposal + 7] = s->count;
}

void
adit_ike_put_sa(struct adit_ike_sa_writer *s, struct adit_ike_writer *m)
{
	s->m = m;
	s->proposal = 0;
	s->transform = 0;
	s->number = 0;
	s->count = 0;
	adit_ike_put_payload(m, ADIT_PAYLOAD_SA);
}

void
adit_ike_put_proposal(struct adit_ike_sa_writer *s, uint8_t number, uint8_t protocol,
		      struct adit_span spi)
{
	struct adit_writer *w = &s->m->w;

	end_proposal(s, true);
	s->number = number != 0 ? number : (uint8_t)(s->number + 1);
	s->proposal = adit_writer_len(w);
	s->transform = 0;
	s->count = 0;
	adit_write_u32(w, 0); /* last, RESERVED, length: set when it ends */
	adit_write_u8(w, s->number);
	adit_write_u8(w, protocol);
	adit_write_u8(w, (uint8_t)spi.n);
	adit_write_u8(w, 0); /* number of transforms, likewise */
	adit_write_span(w, spi);
}

void
adit_ike_put_transform(struct adit_ike_sa_writer *s, const struct adit_transform *t)
{
	struct adit_writer *w = &s->m->w;

	if (s->transform != 0 && !w->bad)
		w->base[s->transform] = MORE_TRANSFORMS;
	s->transform = adit_writer_len(w);
	s->count++;
	adit_write_u16(w, LAST);
	adit_write_u16(w, TRANSFORM_HEADER_LEN + (t->key_bits ? 4 : 0));
	adit_write_u8(w, t->type);
	adit_write_u8(w, 0);
	adit_write_u16(w, t->id);
	if (t->key_bits) {
		adit_write_u16(w, ATTRIBUTE_TV | ATTRIBUTE_KEY_LENGTH);
		adit_write_u16(w, t->key_bits);
	}
}

void
adit_ike_put_sa_end(struct adit_ike_sa_writer *s)
{
	end_proposal(s, false);
	adit_ike_put_payload_end(s->m);
}
