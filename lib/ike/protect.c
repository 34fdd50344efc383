/* The SK payload: a message's payloads enciphered and the whole message authenticated
 * (RFC 7296 3.14, RFC 5282). */
#include <string.h>

#include "ike/protect.h"

/*
 *  | Next Payload  |C|  RESERVED   |         Payload Length        |
 *  |                     Initialization Vector                     |
 *  ~                    Encrypted IKE Payloads                     ~
 *  +               +-----------------------------------------------+
 *  |               |             Padding (0-255 octets)            |
 *  +-----------------------------------------------+---------------+
 *  |                                               |  Pad Length   |
 *  ~                    Integrity Checksum Data                    ~
 */
#define SK_AT ADIT_IKE_HEADER_LEN /* protected messages begin with it */
#define IV_AT (SK_AT + 4)

enum adit_status
adit_protect_key(struct adit_protect *p, const struct adit_aead *aead, struct adit_span key)
{
	enum adit_status st;

	memset(p, 0, sizeof *p);
	if (aead->ctx_size > sizeof p->kc)
		return ADIT_ERR_CONFIG;
	st = aead->setkey(aead, &p->kc, key);
	if (st == ADIT_OK)
		p->aead = aead;
	else
		adit_wipe(p, sizeof *p);
	return st;
}

void
adit_protect_wipe(struct adit_protect *p)
{
	if (p->aead != NULL)
		p->aead->wipe(p->aead, &p->kc);
	adit_wipe(p, sizeof *p);
}

void
adit_protect_start(struct adit_ike_writer *m, struct adit_buf b, const struct adit_ike_header *h,
		   const struct adit_aead *aead)
{
	adit_ike_put_start(m, b, h);
	adit_ike_put_payload(m, ADIT_PAYLOAD_SK);
	(void)adit_write_room(&m->w, aead->iv_len);
}

/* The least padding that makes contents, padding and pad length whole blocks. */
static void
put_padding(struct adit_writer *w, const struct adit_aead *aead)
{
	size_t over = (adit_writer_len(w) - IV_AT - aead->iv_len + 1) % aead->block;
	uint8_t pad = (uint8_t)(over != 0 ? aead->block - over : 0);

	for (unsigned i = 0; i < pad; i++)
		adit_write_u8(w, 0);
	adit_write_u8(w, pad);
}

static enum adit_status
seal(const struct adit_writer *w, struct adit_protect *p, size_t len)
{
	const struct adit_aead *aead = p->aead;
	struct adit_aead_op op;
	enum adit_status st;

	memset(&op, 0, sizeof op);
	op.iv = w->base + IV_AT;
	op.aad = (struct adit_span){w->base, IV_AT};
	op.data = w->base + IV_AT + aead->iv_len;
	op.icv = w->base + len - aead->icv_len;
	op.len = (size_t)(op.icv - op.data);
	st = aead->make_iv(aead, &p->kc, p->sealed, w->base + IV_AT);
	if (st != ADIT_OK)
		return st;
	p->sealed++;
	aead->seal(aead, &p->kc, &op, 1);
	return op.status;
}

enum adit_status
adit_protect_end(struct adit_ike_writer *m, struct adit_protect *p, size_t *len)
{
	struct adit_writer *w = &m->w;
	enum adit_status st;

	if (!w->bad)
		put_padding(w, p->aead);
	(void)adit_write_room(w, p->aead->icv_len);
	m->payload = SK_AT;
	adit_ike_put_payload_end(m);
	st = adit_ike_put_end(m, len);
	if (st == ADIT_OK)
		st = seal(w, p, *len);
	if (st != ADIT_OK)
		adit_wipe(w->base, (size_t)(w->end - w->base));
	return st;
}

static enum adit_status
strip_padding(struct adit_span *inner)
{
	size_t pad = inner->p[inner->n - 1];

	if (pad + 1 > inner->n)
		return ADIT_ERR_PADDING;
	inner->n -= pad + 1;
	return ADIT_OK;
}

enum adit_status
adit_protect_open(struct adit_protect *p, uint8_t *msg, const struct adit_ike_chain *chain,
		  uint8_t *first, struct adit_span *inner)
{
	const struct adit_aead *aead = p->aead;
	struct adit_span body = adit_ike_body(chain, ADIT_PAYLOAD_SK);
	struct adit_aead_op op;
	size_t at;

	/* At least the pad length must be inside. */
	if (body.n < (size_t)aead->iv_len + 1 + aead->icv_len)
		return ADIT_ERR_MALFORMED;
	at = (size_t)(body.p - msg);
	memset(&op, 0, sizeof op);
	op.iv = msg + at;
	op.aad = (struct adit_span){msg, at};
	op.data = msg + at + aead->iv_len;
	op.len = body.n - aead->iv_len - aead->icv_len;
	op.icv = op.data + op.len;
	if (op.len % aead->block != 0)
		return ADIT_ERR_MALFORMED;
	aead->open(aead, &p->kc, &op, 1);
	if (op.status != ADIT_OK)
		return op.status;
	*first = chain->sk_first;
	*inner = (struct adit_span){op.data, op.len};
	return strip_padding(inner);
}
