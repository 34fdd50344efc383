/* One packet's work for the SA's AEAD, with the bytes that only authentication sees. */
#ifndef ADIT_DATA_CRYPT_H
#define ADIT_DATA_CRYPT_H

#include "data/layout.h"

struct adit_esp_crypt {
	uint8_t aad[12]; /* SPI and 64-bit sequence number (RFC 4106 5) */
};

/* Fills *op for the packet at p; it points into p and into *c, so both stay where they are. */
void adit_esp_crypt_op(const struct adit_sa *sa, uint8_t *p, const struct adit_esp_layout *l,
		       uint64_t seq, struct adit_esp_crypt *c, struct adit_aead_op *op);

#endif
