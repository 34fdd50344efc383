/* One packet's work for the SA's AEAD: what is enciphered and what is authenticated of an ESP
 * packet (RFC 4303 2.2.1, RFC 4106 5). */
#ifndef ADIT_DATA_CRYPT_H
#define ADIT_DATA_CRYPT_H

#include "base/endian.h"
#include "data/layout.h"

struct adit_esp_crypt {
	uint8_t aad[12]; /* SPI and 64-bit sequence number (RFC 4106 5) */
};

/* Fills *op for the packet at p; it points into p and into *c, so both stay where they are. */
static inline void
adit_esp_crypt_op(const struct adit_sa *sa, uint8_t *p, const struct adit_esp_layout *l,
		  uint64_t seq, struct adit_esp_crypt *c, struct adit_aead_op *op)
{
	uint8_t *number = c->aad + 4;

	op->iv = p + l->esp + ADIT_ESP_HEADER_LEN;
	op->data = p + l->data;
	op->len = l->len;
	op->icv = p + l->icv;
	op->aad.p = p + l->esp;
	op->aad.n = ADIT_ESP_HEADER_LEN;
	op->tail.p = NULL;
	op->tail.n = 0;
	op->status = ADIT_OK;
	if (!sa->esn && !sa->aead->implicit_iv)
		return;
	adit_store64(number, seq);
	if (sa->aead->implicit_iv)
		op->iv = number;
	if (!sa->esn)
		return;
	if (sa->aead->esn_tail) {
		/* The packet's own header first, the high half behind the data. */
		op->tail.p = number;
		op->tail.n = 4;
	} else {
		adit_store32(c->aad, sa->spi);
		op->aad.p = c->aad;
		op->aad.n = sizeof c->aad;
	}
}

#endif
