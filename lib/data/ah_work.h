/* Where AH is in a packet, and the one operation of the SA's AEAD over all of it (RFC 4302 2). */
#ifndef ADIT_DATA_AH_WORK_H
#define ADIT_DATA_AH_WORK_H

#include "adit/ah.h"

/* Offsets in AH. */
enum { ADIT_AH_NEXT = 0, ADIT_AH_LEN = 1, ADIT_AH_SPI = 4, ADIT_AH_SEQ = 8, ADIT_AH_ICV = 12 };

/* Bytes of AH with the ICV of the SA, before an IP header of that version; eight: padded to 8 bytes
 * over IPv4 too. */
size_t adit_ah_len(const struct adit_sa *sa, uint8_t version, bool eight);

/* One packet's work; it points into itself and stays where it is. */
struct adit_ah_work {
	struct adit_aead_op op;
	uint8_t muted[ADIT_AH_HEADERS_MAX];
	uint8_t iv[ADIT_IV_MAX], icv[ADIT_ICV_MAX], high[4];
};

/* Readies the operation for the packet of `total` bytes at p with AH at `ah`: takes the ICV field
 * (IV and ICV) out of the packet into *w, and leaves zero there. Statuses of adit_ah_mute(). */
ADIT_MUST_USE enum adit_status adit_ah_work(const struct adit_sa *sa, uint8_t *p, size_t ah,
					    size_t total, uint64_t seq, struct adit_ah_work *w);
/* Writes IV and ICV of *w into the packet's field. */
void adit_ah_put_icv(const struct adit_sa *sa, uint8_t *p, size_t ah, const struct adit_ah_work *w);

#endif
