/* Bodies of the simple payloads: what is parsed is written back as it was, but for RESERVED. The
 * first byte is the type. */
#include <stdlib.h>
#include <string.h>

#include "wire/ike_payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { BODY_AT = ADIT_IKE_HEADER_LEN + 4, RESERVED_FIRST = 1, RESERVED_LAST = 3 };

static bool
rewrite(struct adit_ike_writer *m, uint8_t type, struct adit_span body)
{
	struct adit_ike_notify notify;
	struct adit_ike_delete del;
	struct adit_ike_auth auth;
	struct adit_ike_ke ke;
	struct adit_span nonce;
	struct adit_id id;

	switch (type) {
	case ADIT_PAYLOAD_KE:
		if (adit_ike_get_ke(body, &ke) != ADIT_OK)
			return false;
		adit_ike_put_ke(m, &ke);
		return true;
	case ADIT_PAYLOAD_IDI:
	case ADIT_PAYLOAD_IDR:
		if (adit_ike_get_id(body, &id) != ADIT_OK)
			return false;
		adit_ike_put_id(m, type, &id);
		return true;
	case ADIT_PAYLOAD_AUTH:
		if (adit_ike_get_auth(body, &auth) != ADIT_OK)
			return false;
		adit_ike_put_auth(m, &auth);
		return true;
	case ADIT_PAYLOAD_NONCE:
		if (adit_ike_get_nonce(body, &nonce) != ADIT_OK)
			return false;
		adit_ike_put_nonce(m, nonce);
		return true;
	case ADIT_PAYLOAD_NOTIFY:
		if (adit_ike_get_notify(body, &notify) != ADIT_OK)
			return false;
		adit_ike_put_notify(m, &notify);
		return true;
	case ADIT_PAYLOAD_DELETE:
		if (adit_ike_get_delete(body, &del) != ADIT_OK)
			return false;
		adit_ike_put_delete(m, &del);
		return true;
	default:
		return false;
	}
}

/* Bytes of the body that a writer sets to zero whatever was there. */
static bool
is_reserved(uint8_t type, size_t at)
{
	if (type == ADIT_PAYLOAD_KE)
		return at == 2 || at == 3;
	return (type == ADIT_PAYLOAD_IDI || type == ADIT_PAYLOAD_IDR ||
		type == ADIT_PAYLOAD_AUTH) &&
	       at >= RESERVED_FIRST && at <= RESERVED_LAST;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t out[70000];
	struct adit_ike_header h;
	struct adit_ike_writer m;
	size_t len;

	if (n == 0 || n > UINT16_MAX - 4)
		return 0;
	memset(&h, 0, sizeof h);
	adit_ike_put_start(&m, (struct adit_buf){out, sizeof out}, &h);
	if (!rewrite(&m, data[0], (struct adit_span){data + 1, n - 1}))
		return 0;
	if (adit_ike_put_end(&m, &len) != ADIT_OK || len != BODY_AT + n - 1)
		abort();
	for (size_t i = 0; i < n - 1; i++)
		if (out[BODY_AT + i] != data[1 + i] && !is_reserved(data[0], i))
			abort();
	return 0;
}
