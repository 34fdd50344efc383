/* Security Association payloads: proposals, transforms, attributes (RFC 7296 3.3). */
#ifndef ADIT_WIRE_IKE_SA_PAYLOAD_H
#define ADIT_WIRE_IKE_SA_PAYLOAD_H

#include "adit/ike_config.h"
#include "wire/ike_chain.h"

/* One proposal as received; transforms is walked by adit_ike_transform_next(). */
struct adit_ike_proposal {
	uint8_t number, protocol;
	struct adit_span spi;
	uint8_t transform_count;
	struct adit_span transforms;
};

/* Checks the whole payload: substructure markers, lengths, counts, numbers that begin at 1 and rise
 * by 1, SPI sizes (IKE: 0 or 8; ESP and AH: 4). ERR_MALFORMED. */
ADIT_MUST_USE enum adit_status adit_ike_check_sa(struct adit_span body);
/* The next proposal of a checked payload; *rest begins as the body. false: end. */
bool adit_ike_proposal_next(struct adit_span *rest, struct adit_ike_proposal *p);

/* A transform as received. usable: no attribute but one Key Length; others make it one that can't
 * be chosen (RFC 7296 3.3.6). */
struct adit_ike_transform {
	struct adit_transform t;
	bool usable;
};
bool adit_ike_transform_next(struct adit_span *rest, struct adit_ike_transform *t);

/* Writing: begin the payload, then for each proposal begin, transforms, end. */
struct adit_ike_sa_writer {
	struct adit_ike_writer *m;
	size_t proposal;  /* offset of the proposal being written */
	size_t transform; /* offset of the last transform written, 0: none */
	uint8_t number, count;
};
void adit_ike_put_sa(struct adit_ike_sa_writer *s, struct adit_ike_writer *m);
/* number: 0 gives the next one. */
void adit_ike_put_proposal(struct adit_ike_sa_writer *s, uint8_t number, uint8_t protocol,
			   struct adit_span spi);
void adit_ike_put_transform(struct adit_ike_sa_writer *s, const struct adit_transform *t);
void adit_ike_put_sa_end(struct adit_ike_sa_writer *s);

#endif
