/* Parses each payload and writes it again. */
#include "adit/trace.h"
#include "support/ike_rewrite.h"
#include "wire/ike_payload.h"
#include "wire/ike_sa_payload.h"
#include "wire/ike_ts.h"

#define TS_IN_A_TEST 8

static bool
write_sa(struct adit_ike_writer *m, struct adit_span body)
{
	struct adit_ike_sa_writer s;
	struct adit_ike_proposal p;
	struct adit_ike_transform t;

	if (adit_ike_check_sa(body) != ADIT_OK)
		return false;
	adit_ike_put_sa(&s, m);
	while (adit_ike_proposal_next(&body, &p)) {
		adit_ike_put_proposal(&s, p.number, p.protocol, p.spi);
		while (adit_ike_transform_next(&p.transforms, &t)) {
			adit_ike_put_transform(&s, &t.t);
		}
	}
	adit_ike_put_sa_end(&s);
	return true;
}

static bool
write_ts(struct adit_ike_writer *m, uint8_t type, struct adit_span body)
{
	struct adit_ts ts[TS_IN_A_TEST];
	struct adit_ike_ts_list list;
	uint8_t n = 0;

	if (adit_ike_get_ts(body, &list) != ADIT_OK)
		return false;
	while (n < TS_IN_A_TEST && adit_ike_ts_next(&list, &ts[n]))
		n++;
	adit_ike_put_ts(m, type, ts, n);
	return true;
}

static bool
write_rest(struct adit_ike_writer *m, uint8_t type, struct adit_span body)
{
	adit_ike_put_payload(m, type);
	adit_write_span(&m->w, body);
	adit_ike_put_payload_end(m);
	return true;
}

static bool
write_payload(struct adit_ike_writer *m, uint8_t type, struct adit_span body)
{
	struct adit_ike_ke ke;
	struct adit_ike_auth auth;
	struct adit_ike_notify n;
	struct adit_ike_delete d;
	struct adit_span nonce;
	struct adit_id id;

	switch (type) {
	case ADIT_PAYLOAD_SA:
		return write_sa(m, body);
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
		if (adit_ike_get_notify(body, &n) != ADIT_OK)
			return false;
		adit_ike_put_notify(m, &n);
		return true;
	case ADIT_PAYLOAD_DELETE:
		if (adit_ike_get_delete(body, &d) != ADIT_OK)
			return false;
		adit_ike_put_delete(m, &d);
		return true;
	case ADIT_PAYLOAD_TSI:
	case ADIT_PAYLOAD_TSR:
		return write_ts(m, type, body);
	default: /* no codec: CERT, CERTREQ, CP, EAP, SKF */
		return write_rest(m, type, body);
	}
}

bool
ike_rewrite(struct adit_ike_writer *m, const struct adit_ike_chain *chain)
{
	struct adit_span rest = chain->all, body;
	uint8_t type = chain->first, next = type;

	for (; adit_payload_next(&next, &rest, &body); type = next)
		if (!write_payload(m, type, body))
			return false;
	return true;
}
