/* An IKE message taken apart and put together. */
#include <stdlib.h>
#include <string.h>

#include "adit/trace.h"
#include "fuzz/draft.h"
#include "ike/protect.h"
#include "wire/ike_payload.h"
#include "wire/ike_sa_payload.h"
#include "wire/ike_ts.h"

static bool
add(struct draft *d, unsigned at, uint8_t type, struct adit_span body)
{
	if (d->count == DRAFT_PAYLOADS || body.n > DRAFT_BYTES - d->used)
		return false;
	memmove(&d->payloads[at + 1], &d->payloads[at], (d->count - at) * sizeof d->payloads[0]);
	d->payloads[at] = (struct draft_payload){type, false, (uint16_t)d->used, (uint16_t)body.n};
	if (body.n)
		memmove(d->bytes + d->used, body.p, body.n); /* it may be of these bytes */
	d->used += body.n;
	d->count++;
	return true;
}

void
draft_read(struct draft *d, uint8_t first, struct adit_span chain)
{
	uint8_t type = first, next = first;
	struct adit_span body;

	d->count = 0;
	d->used = 0;
	for (; adit_payload_next(&next, &chain, &body); type = next)
		(void)add(d, d->count, type, body);
}

bool
draft_open(struct draft *d, struct adit_buf msg, const struct adit_aead *aead, struct adit_span key)
{
	const struct adit_span whole = {msg.p, msg.cap};
	struct adit_ike_chain chain;
	struct adit_protect p;
	struct adit_span inner;
	enum adit_status st;
	uint8_t first;

	if (adit_ike_get_header(whole, &d->h) != ADIT_OK ||
	    adit_ike_get_chain(
		    (struct adit_span){msg.p + ADIT_IKE_HEADER_LEN, msg.cap - ADIT_IKE_HEADER_LEN},
		    d->h.first_payload, &chain) != ADIT_OK)
		return false;
	if (!adit_ike_has(&chain, ADIT_PAYLOAD_SK)) {
		draft_read(d, chain.first, chain.all);
		return true;
	}
	if (!aead || adit_protect_key(&p, aead, key) != ADIT_OK)
		return false;
	st = adit_protect_open(&p, msg.p, &chain, &first, &inner);
	adit_protect_wipe(&p);
	if (st != ADIT_OK)
		return false;
	draft_read(d, first, inner);
	return true;
}

/* --- Payloads by number. Each writes itself as the library does, and is then the script's to
 * spoil.
 */

static void
put_notify(struct adit_ike_writer *m, struct script *s)
{
	static const uint16_t types[] = {
		ADIT_N_COOKIE,
		ADIT_N_INVALID_KE_PAYLOAD,
		ADIT_N_AUTHENTICATION_FAILED,
		ADIT_N_NO_PROPOSAL_CHOSEN,
		ADIT_N_TS_UNACCEPTABLE,
		ADIT_N_INITIAL_CONTACT,
		ADIT_N_USE_TRANSPORT_MODE,
		ADIT_N_NAT_DETECTION_SOURCE_IP,
		ADIT_N_NAT_DETECTION_DESTINATION_IP,
		ADIT_N_REKEY_SA,
		ADIT_N_TEMPORARY_FAILURE,
		ADIT_N_CHILD_SA_NOT_FOUND,
		ADIT_N_INVALID_SYNTAX,
		ADIT_N_UNSUPPORTED_CRITICAL_PAYLOAD,
		ADIT_N_SET_WINDOW_SIZE,
		ADIT_N_ESP_TFC_PADDING_NOT_SUPPORTED,
		ADIT_N_INVALID_SPI,
		ADIT_N_INVALID_MESSAGE_ID,
		ADIT_N_ADDITIONAL_TS_POSSIBLE,
		16417, /* SIGNATURE_HASH_ALGORITHMS... */
		16430, /* IKEV2_FRAGMENTATION_SUPPORTED */
		16396  /* MOBIKE_SUPPORTED */
	};
	enum { TYPES = sizeof types / sizeof types[0] };
	uint8_t which = script_byte(s), protocol = script_byte(s);
	struct adit_ike_notify n = {protocol & 3, 0, {NULL, 0}, {NULL, 0}};

	n.type = which < TYPES ? types[which] : script_word(s);
	n.spi = script_span(s, protocol & 64 ? 4 : 0);
	n.data = script_span(s, script_byte(s) % 72);
	adit_ike_put_notify(m, &n);
}

static void
put_delete(struct adit_ike_writer *m, struct script *s, const struct draft_known *known)
{
	uint8_t raw[16], how = script_byte(s), count = how & 3;
	struct adit_ike_delete d = {ADIT_IKE_PROTO_IKE, 0, {raw, 0}};

	if (how & 4) {
		d.protocol = how & 8 ? ADIT_IKE_PROTO_AH : ADIT_IKE_PROTO_ESP;
		d.count = count;
		d.spis.n = (size_t)count * 4;
	}
	for (unsigned i = 0; i < count; i++) {
		uint8_t pick = script_byte(s);

		adit_store32(raw + i * 4, pick < known->spi_count ? known->spis[pick] : pick);
	}
	adit_ike_put_delete(m, &d);
}

static void
put_ke(struct adit_ike_writer *m, struct script *s)
{
	static const uint16_t methods[] = {ADIT_KE_CURVE25519, ADIT_KE_MODP_2048, ADIT_KE_ECP_256};
	uint8_t value[256], how = script_byte(s);
	struct adit_ike_ke ke = {methods[how % 3], {value, how % 3 == 1 ? 256 : 32}};

	memset(value, how, sizeof value);
	if (how & 128)
		ke.data.n = script_byte(s);
	adit_ike_put_ke(m, &ke);
}

static void
put_nonce(struct adit_ike_writer *m, struct script *s)
{
	uint8_t value[ADIT_NONCE_MAX + 16], how = script_byte(s);

	memset(value, how, sizeof value);
	adit_ike_put_nonce(m, (struct adit_span){value, 12 + (size_t)how});
}

/* A proposal of one of the two ciphers; which of the transforms it has, the script tells. */
static void
put_proposal(struct adit_ike_sa_writer *sa, struct script *s)
{
	static const struct adit_transform all[] = {
		{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 128},
		{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_CBC, 128},
		{ADIT_TRANSFORM_INTEG, ADIT_AUTH_HMAC_SHA2_256_128, 0},
		{ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_256, 0},
		{ADIT_TRANSFORM_KE, ADIT_KE_CURVE25519, 0},
		{ADIT_TRANSFORM_KE, ADIT_KE_MODP_2048, 0},
		{ADIT_TRANSFORM_SN, 0, 0},
		{ADIT_TRANSFORM_SN, 1, 0},
	};
	uint8_t how = script_byte(s), which = script_byte(s);
	struct adit_span spi = script_span(s, how & 4 ? 4 : how & 8 ? 8 : 0);

	adit_ike_put_proposal(sa, how & 16 ? script_byte(s) : 0, how & 3, spi);
	for (unsigned i = 0; i < 8; i++)
		if (which & 1u << i)
			adit_ike_put_transform(sa, &all[i]);
}

static void
put_sa(struct adit_ike_writer *m, struct script *s)
{
	struct adit_ike_sa_writer sa;

	adit_ike_put_sa(&sa, m);
	for (unsigned n = script_byte(s) % 4; n > 0; n--)
		put_proposal(&sa, s);
	adit_ike_put_sa_end(&sa);
}

static void
put_ts(struct adit_ike_writer *m, struct script *s)
{
	uint8_t how = script_byte(s), count = how & 3;
	struct adit_ts ts[3];

	memset(ts, 0, sizeof ts);
	for (unsigned i = 0; i < count; i++) {
		uint8_t shape = script_byte(s);

		ts[i].version = shape & 1 ? 6 : 4;
		ts[i].port_last = shape & 2 ? script_word(s) : UINT16_MAX;
		ts[i].protocol = shape & 4 ? script_byte(s) : 0;
		memset(ts[i].last, 255, sizeof ts[i].last);
		if (shape & 8) {
			ts[i].first[0] = script_byte(s);
			ts[i].last[0] = script_byte(s);
			ts[i].last[3] = ts[i].first[3] = script_byte(s);
		}
	}
	adit_ike_put_ts(m, how & 4 ? ADIT_PAYLOAD_TSI : ADIT_PAYLOAD_TSR, ts, count);
}

static void
put_id(struct adit_ike_writer *m, struct script *s)
{
	uint8_t how = script_byte(s), len = script_byte(s) % 20;
	struct adit_id id = {(enum adit_id_type)(how & 15), script_span(s, len)};

	adit_ike_put_id(m, how & 16 ? ADIT_PAYLOAD_IDI : ADIT_PAYLOAD_IDR, &id);
}

static void
put_auth(struct adit_ike_writer *m, struct script *s)
{
	uint8_t value[64], how = script_byte(s);
	struct adit_ike_auth auth = {how & 15, {value, how & 16 ? 32 : how & 32 ? 64 : 0}};

	memset(value, how, sizeof value);
	adit_ike_put_auth(m, &auth);
}

static void
put_other(struct adit_ike_writer *m, struct script *s)
{
	static const uint8_t types[] = {ADIT_PAYLOAD_CERT, ADIT_PAYLOAD_CERTREQ, ADIT_PAYLOAD_CP,
					ADIT_PAYLOAD_VENDOR, ADIT_PAYLOAD_EAP};
	uint8_t which = script_byte(s);

	adit_ike_put_payload(m, which < sizeof types ? types[which] : which);
	adit_write_span(&m->w, script_span(s, script_byte(s) % 32));
	adit_ike_put_payload_end(m);
}

void
draft_insert(struct draft *d, struct script *s, const struct draft_known *known)
{
	uint8_t room[1024], at = script_byte(s), what = script_byte(s);
	struct adit_ike_header h;
	struct adit_ike_writer m;
	size_t len;

	memset(&h, 0, sizeof h);
	adit_ike_put_start(&m, (struct adit_buf){room, sizeof room}, &h);
	switch (what % 9) {
	case 0:
		put_notify(&m, s);
		break;
	case 1:
		put_delete(&m, s, known);
		break;
	case 2:
		put_ke(&m, s);
		break;
	case 3:
		put_nonce(&m, s);
		break;
	case 4:
		put_sa(&m, s);
		break;
	case 5:
		put_ts(&m, s);
		break;
	case 6:
		put_id(&m, s);
		break;
	case 7:
		put_auth(&m, s);
		break;
	default:
		put_other(&m, s);
		break;
	}
	if (adit_ike_put_end(&m, &len) != ADIT_OK || len < ADIT_IKE_HEADER_LEN + 4)
		abort();
	at = (uint8_t)(at % (d->count + 1));
	if (add(d, at, room[16],
		(struct adit_span){room + ADIT_IKE_HEADER_LEN + 4, len - ADIT_IKE_HEADER_LEN - 4}))
		d->payloads[at].critical = (what & 128) != 0;
}

/* --- Changes. */

static void
drop(struct draft *d, unsigned i)
{
	d->count--;
	memmove(&d->payloads[i], &d->payloads[i + 1], (d->count - i) * sizeof d->payloads[0]);
}

static void
swap(struct draft *d, unsigned i, unsigned k)
{
	struct draft_payload p = d->payloads[i];

	d->payloads[i] = d->payloads[k];
	d->payloads[k] = p;
}

static void
poke(struct draft *d, const struct draft_payload *p, struct script *s)
{
	uint8_t at = script_byte(s), with = script_byte(s);

	if (p->len)
		d->bytes[p->at + at % p->len] ^= with;
}

/* Shorter, or longer by what stands behind it. */
static void
resize(struct draft_payload *p, struct script *s)
{
	uint8_t len = script_byte(s);

	if (len < DRAFT_BYTES - p->at)
		p->len = len;
}

void
draft_edit(struct draft *d, struct script *s, const struct draft_known *known)
{
	uint8_t how = script_byte(s);
	struct draft_payload *p;
	unsigned i;

	if (how % 8 == 0 || d->count == 0) {
		draft_insert(d, s, known);
		return;
	}
	i = script_byte(s) % d->count;
	p = &d->payloads[i];
	switch (how % 8) {
	case 1:
		drop(d, i);
		break;
	case 2:
		(void)add(d, i, p->type, (struct adit_span){d->bytes + p->at, p->len});
		break;
	case 3:
		swap(d, i, script_byte(s) % d->count);
		break;
	case 4:
		poke(d, p, s);
		break;
	case 5:
		resize(p, s);
		break;
	case 6:
		p->type = script_byte(s);
		break;
	default:
		p->critical = !p->critical;
		break;
	}
}

/* --- Together again. */

static void
put_all(const struct draft *d, struct adit_ike_writer *m)
{
	for (unsigned i = 0; i < d->count; i++) {
		const struct draft_payload *p = &d->payloads[i];

		adit_ike_put_payload(m, p->type);
		if (p->critical && !m->w.bad)
			m->w.base[m->payload + 1] = 0x80;
		adit_write_span(&m->w, (struct adit_span){d->bytes + p->at, p->len});
		adit_ike_put_payload_end(m);
	}
}

size_t
draft_plain(const struct draft *d, struct adit_buf out)
{
	struct adit_ike_writer m;
	size_t len;

	adit_ike_put_start(&m, out, &d->h);
	put_all(d, &m);
	return adit_ike_put_end(&m, &len) == ADIT_OK ? len : 0;
}

size_t
draft_sealed(const struct draft *d, struct adit_buf out, const struct adit_aead *aead,
	     struct adit_span key, uint64_t number)
{
	struct adit_ike_writer m;
	struct adit_protect p;
	enum adit_status st;
	size_t len = 0;

	if (adit_protect_key(&p, aead, key) != ADIT_OK)
		return 0;
	p.sealed = number;
	adit_protect_start(&m, out, &d->h, aead);
	put_all(d, &m);
	st = adit_protect_end(&m, &p, &len);
	adit_protect_wipe(&p);
	return st == ADIT_OK ? len : 0;
}
