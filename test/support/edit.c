/* A message's payloads taken apart and put together again. */
#include <string.h>

#include "ike/keymat.h"
#include "ike/protect.h"
#include "ikev2/turn.h"
#include "support/edit.h"

enum { FLAGS_AT = 19, EXCHANGE_AT = 18, FIRST_AT = 16 };

static void
rewrite(struct adit_ike_writer *m, struct adit_span chain, uint8_t next, edit_payload *edit,
	void *ctx)
{
	uint8_t body[EDIT_BODY_MAX], type = next;
	struct adit_span was;

	for (; adit_payload_next(&next, &chain, &was); type = next) {
		size_t n = was.n;

		if (n)
			memcpy(body, was.p, n);
		if (!edit(ctx, type, body, &n))
			continue;
		adit_ike_put_payload(m, type);
		adit_write_span(&m->w, (struct adit_span){body, n});
		adit_ike_put_payload_end(m);
	}
}

static bool
edit_plain(struct pair_datagram *d, edit_payload *edit, void *ctx)
{
	struct pair_datagram was = *d;
	struct adit_ike_header h;
	struct adit_ike_writer m;
	size_t len = 0;

	if (adit_ike_get_header((struct adit_span){was.bytes, was.len}, &h) != ADIT_OK)
		return false;
	adit_ike_put_start(&m, (struct adit_buf){d->bytes, sizeof d->bytes}, &h);
	rewrite(&m,
		(struct adit_span){was.bytes + ADIT_IKE_HEADER_LEN, was.len - ADIT_IKE_HEADER_LEN},
		h.first_payload, edit, ctx);
	if (adit_ike_put_end(&m, &len) != ADIT_OK)
		return false;
	d->len = len;
	return true;
}

/* What is inside of an SK payload, deciphered in place with the sender's key. */
static bool
open_message(const struct adit_ike_sa *sa, struct pair_datagram *d, uint8_t *first,
	     struct adit_span *inner)
{
	const struct adit_span payloads = {d->bytes + ADIT_IKE_HEADER_LEN,
					   d->len - ADIT_IKE_HEADER_LEN};
	struct adit_ike_chain outer;
	struct adit_protect p;
	enum adit_status st;

	memset(&p, 0, sizeof p);
	if (adit_ike_get_chain(payloads, d->bytes[FIRST_AT], &outer) != ADIT_OK ||
	    adit_protect_key(&p, sa->suite.aead,
			     adit_keymat_aead_key(&sa->keys, sa->suite.aead, sa->initiator)) !=
		    ADIT_OK)
		return false;
	st = adit_protect_open(&p, d->bytes, &outer, first, inner);
	adit_protect_wipe(&p);
	return st == ADIT_OK;
}

bool
edit_message(struct pair_side *from, struct pair_datagram *d, edit_payload *edit, void *ctx)
{
	static struct adit_ike_message message;
	struct adit_ike_sa *sa = &from->sas[0];
	struct pair_datagram was = *d;
	struct adit_ike_writer m;
	struct adit_span inner;
	uint8_t first;

	if (d->bytes[EXCHANGE_AT] == ADIT_EXCHANGE_SA_INIT)
		return edit_plain(d, edit, ctx);
	if (!open_message(sa, &was, &first, &inner))
		return false;
	adit_ikev2_begin(sa, &m, &message, d->bytes[EXCHANGE_AT],
			 (d->bytes[FLAGS_AT] & ADIT_IKE_FLAG_RESPONSE) != 0,
			 adit_load32(d->bytes + 20));
	rewrite(&m, inner, first, edit, ctx);
	if (adit_ikev2_end(&from->ike, sa, &m, &message) != ADIT_OK)
		return false;
	memcpy(d->bytes, message.bytes, message.len);
	d->len = message.len;
	return true;
}

void
edit_to_notify(struct pair_datagram *d, uint16_t type, const uint8_t *data, size_t n)
{
	struct adit_ike_header h;
	struct adit_ike_writer m;

	if (adit_ike_get_header((struct adit_span){d->bytes, d->len}, &h) != ADIT_OK)
		return;
	adit_ike_put_start(&m, (struct adit_buf){d->bytes, sizeof d->bytes}, &h);
	adit_ike_put_notify_data(&m, type, (struct adit_span){data, n});
	(void)!adit_ike_put_end(&m, &d->len);
}

bool
edit_is(const struct pair_datagram *d, uint8_t exchange, bool response)
{
	return d->bytes[EXCHANGE_AT] == exchange &&
	       ((d->bytes[FLAGS_AT] & ADIT_IKE_FLAG_RESPONSE) != 0) == response;
}
