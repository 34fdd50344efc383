/* Where AH is in a packet, and the one operation of the SA's AEAD over all of it (RFC 4302 2, RFC
 * 4543 4: AES-GMAC's IV stands before the ICV, in the same field). */
#include <string.h>

#include "base/endian.h"
#include "data/ah_mute.h"
#include "data/ah_work.h"

static size_t
field_len(const struct adit_sa *sa)
{
	return (size_t)sa->aead->iv_len + sa->aead->icv_len;
}

size_t
adit_ah_len(const struct adit_sa *sa, uint8_t version, bool eight)
{
	size_t to = version == 6 || eight ? 8 : 4;

	return (ADIT_AH_ICV + field_len(sa) + to - 1) / to * to;
}

enum adit_status
adit_ah_work(const struct adit_sa *sa, uint8_t *p, size_t ah, size_t total, uint64_t seq,
	     struct adit_ah_work *w)
{
	uint8_t *field = p + ah + ADIT_AH_ICV;
	enum adit_status st = adit_ah_mute(p, ah, w->muted);

	if (st != ADIT_OK)
		return st;
	memcpy(w->iv, field, sa->aead->iv_len);
	memcpy(w->icv, field + sa->aead->iv_len, sa->aead->icv_len);
	memset(field, 0, field_len(sa));
	memset(&w->op, 0, sizeof w->op);
	w->op.iv = w->iv;
	w->op.icv = w->icv;
	w->op.aad.p = w->muted;
	w->op.aad.n = ah;
	w->op.data = p + ah;
	w->op.len = total - ah;
	if (sa->esn) {
		adit_store32(w->high, (uint32_t)(seq >> 32));
		w->op.tail.p = w->high;
		w->op.tail.n = sizeof w->high;
	}
	return ADIT_OK;
}

void
adit_ah_put_icv(const struct adit_sa *sa, uint8_t *p, size_t ah, const struct adit_ah_work *w)
{
	uint8_t *field = p + ah + ADIT_AH_ICV;

	memcpy(field, w->iv, sa->aead->iv_len);
	memcpy(field + sa->aead->iv_len, w->icv, sa->aead->icv_len);
}
