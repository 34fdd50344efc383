/* What is enciphered and what is authenticated of an ESP packet (RFC 4303 2.2.1, RFC 4106 5). */
#include <string.h>

#include "base/endian.h"
#include "data/crypt.h"

void
adit_esp_crypt_op(const struct adit_sa *sa, uint8_t *p, const struct adit_esp_layout *l,
		  uint64_t seq, struct adit_esp_crypt *c, struct adit_aead_op *op)
{
	uint8_t *number = c->aad + 4;

	adit_store32(c->aad, sa->spi);
	adit_store64(number, seq);
	memset(op, 0, sizeof *op);
	op->iv = sa->aead->implicit_iv ? number : p + l->iv;
	op->data = p + l->data;
	op->len = l->len;
	op->icv = p + l->icv;
	op->aad.p = p + l->esp;
	op->aad.n = ADIT_ESP_HEADER_LEN;
	if (!sa->esn)
		return;
	if (sa->aead->esn_tail) {
		/* The packet's own header first, the high half behind the data. */
		op->tail.p = number;
		op->tail.n = 4;
	} else {
		op->aad.p = c->aad;
		op->aad.n = sizeof c->aad;
	}
}
