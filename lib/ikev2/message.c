/* Messages of IKEv2 on their way out, and what is traced of both ways. */
#include <string.h>

#include "ike/keymat.h"
#include "ikev2/turn.h"

static struct adit_trace_record
record_of(enum adit_trace_kind kind, const uint8_t *spi_i, const uint8_t *spi_r)
{
	struct adit_trace_record rec;

	memset(&rec, 0, sizeof rec);
	rec.kind = kind;
	memcpy(rec.spi_i, spi_i, sizeof rec.spi_i);
	memcpy(rec.spi_r, spi_r, sizeof rec.spi_r);
	return rec;
}

static void
tell(const struct adit_ike *ike, const struct adit_trace_record *rec)
{
	ike->cfg->trace->record(ike->cfg->trace->ctx, rec);
}

void
adit_ikev2_trace_message(const struct adit_ike *ike, const struct adit_path *path,
			 const struct adit_ike_header *h, bool sent, uint8_t first,
			 struct adit_span payloads)
{
	struct adit_trace_record rec;

	if (!ike->cfg->trace)
		return;
	rec = record_of(ADIT_TRACE_MESSAGE, h->spi_i, h->spi_r);
	rec.path = path;
	rec.sent = sent;
	rec.initiator = (h->flags & ADIT_IKE_FLAG_INITIATOR) != 0;
	rec.response = (h->flags & ADIT_IKE_FLAG_RESPONSE) != 0;
	rec.exchange = h->exchange;
	rec.message_id = h->message_id;
	rec.first_payload = first;
	rec.payloads = payloads;
	tell(ike, &rec);
}

void
adit_ikev2_trace_refused(const struct adit_ike *ike, const struct adit_path *path,
			 enum adit_status st)
{
	static const uint8_t none[ADIT_IKE_SPI_LEN];
	struct adit_trace_record rec;

	if (!ike->cfg->trace)
		return;
	rec = record_of(ADIT_TRACE_REFUSED, none, none);
	rec.path = path;
	rec.status = st;
	tell(ike, &rec);
}

void
adit_ikev2_trace_chosen(const struct adit_ike *ike, const struct adit_ike_sa *sa,
			const struct adit_ike_suite *suite)
{
	struct adit_trace_record rec;

	if (!ike->cfg->trace)
		return;
	rec = record_of(ADIT_TRACE_CHOSEN, sa->spi_i, sa->spi_r);
	rec.aead = suite->aead;
	rec.prf = suite->prf;
	rec.ke = suite->ke;
	rec.esn = suite->esn;
	tell(ike, &rec);
}

void
adit_ikev2_trace_keys(const struct adit_ike *ike, const struct adit_ike_sa *sa)
{
	struct adit_trace_record rec;

	if (!ike->cfg->trace)
		return;
	rec = record_of(ADIT_TRACE_IKE_KEYS, sa->spi_i, sa->spi_r);
	rec.aead = sa->suite.aead;
	rec.prf = sa->suite.prf;
	rec.ke = sa->suite.ke;
	rec.sk_ei = adit_keymat_sk_e(&sa->keys, sa->suite.aead, true);
	rec.sk_er = adit_keymat_sk_e(&sa->keys, sa->suite.aead, false);
	rec.sk_ai = adit_keymat_sk_a(&sa->keys, sa->suite.aead, true);
	rec.sk_ar = adit_keymat_sk_a(&sa->keys, sa->suite.aead, false);
	tell(ike, &rec);
}

void
adit_ikev2_begin(const struct adit_ike_sa *sa, struct adit_ike_writer *m,
		 struct adit_ike_message *to, uint8_t exchange, bool response, uint32_t message_id)
{
	struct adit_ike_header h;

	memset(&h, 0, sizeof h);
	memcpy(h.spi_i, sa->spi_i, sizeof h.spi_i);
	memcpy(h.spi_r, sa->spi_r, sizeof h.spi_r);
	h.exchange = exchange;
	h.flags = (uint8_t)((sa->initiator ? ADIT_IKE_FLAG_INITIATOR : 0) |
			    (response ? ADIT_IKE_FLAG_RESPONSE : 0));
	h.message_id = message_id;
	to->len = 0;
	adit_protect_start(m, (struct adit_buf){to->bytes, sizeof to->bytes}, &h, sa->suite.aead);
}

/* Bytes from the start of a protected message to its first inner payload. */
static size_t
inner_at(const struct adit_ike_sa *sa)
{
	return ADIT_IKE_HEADER_LEN + 4 + (size_t)sa->suite.aead->iv_len;
}

static void
trace_inner(const struct adit_ike *ike, const struct adit_ike_sa *sa,
	    const struct adit_ike_writer *m)
{
	struct adit_ike_header h;
	size_t at = inner_at(sa), n = adit_writer_len(&m->w);

	if (!ike->cfg->trace || m->w.bad)
		return;
	/* The length is not there yet, which is all that is to be said against this header. */
	(void)!adit_ike_get_header((struct adit_span){m->w.base, ADIT_IKE_HEADER_LEN}, &h);
	adit_ikev2_trace_message(
		ike, h.flags & ADIT_IKE_FLAG_RESPONSE ? &sa->asked_from : &sa->path, &h, true,
		m->w.base[ADIT_IKE_HEADER_LEN], (struct adit_span){m->w.base + at, n - at});
}

enum adit_status
adit_ikev2_end(struct adit_ike *ike, struct adit_ike_sa *sa, struct adit_ike_writer *m,
	       struct adit_ike_message *to)
{
	struct adit_span key = adit_keymat_aead_key(&sa->keys, sa->suite.aead, sa->initiator);
	size_t len = 0;
	enum adit_status st = adit_protect_key(&ike->protect, sa->suite.aead, key);

	if (st != ADIT_OK)
		return st;
	trace_inner(ike, sa, m);
	ike->protect.sealed = sa->sealed;
	st = adit_protect_end(m, &ike->protect, &len);
	sa->sealed = ike->protect.sealed;
	adit_protect_wipe(&ike->protect);
	to->len = st == ADIT_OK ? (uint16_t)len : 0;
	return st;
}

void
adit_ikev2_reply(struct adit_ikev2_turn *t, const struct adit_ike_notify *n)
{
	struct adit_ike_reply *reply = &t->ike->reply;
	struct adit_ike_header h = t->h;
	struct adit_ike_writer m;
	size_t len;

	h.flags = ADIT_IKE_FLAG_RESPONSE;
	if (!(t->h.flags & ADIT_IKE_FLAG_INITIATOR))
		h.flags |= ADIT_IKE_FLAG_INITIATOR;
	adit_ike_put_start(&m, (struct adit_buf){reply->bytes, sizeof reply->bytes}, &h);
	adit_ike_put_notify(&m, n);
	reply->len = 0;
	/* Never longer than what it answers, which may come from anybody in the name of another. */
	if (adit_ike_put_end(&m, &len) != ADIT_OK || len > t->len)
		return;
	reply->len = (uint16_t)len;
	reply->path = *t->path;
	adit_ikev2_trace_message(
		t->ike, t->path, &h, true, ADIT_PAYLOAD_NOTIFY,
		(struct adit_span){reply->bytes + ADIT_IKE_HEADER_LEN, len - ADIT_IKE_HEADER_LEN});
}
