/* An IKE message taken apart: a header and payloads that a script changes, and that are put
 * together again with lengths that fit, plain or sealed with the keys of an SA. */
#ifndef ADIT_FUZZ_DRAFT_H
#define ADIT_FUZZ_DRAFT_H

#include "adit/ike.h"
#include "fuzz/script.h"
#include "wire/ike_chain.h"

enum { DRAFT_PAYLOADS = 24, DRAFT_BYTES = 4096 };

struct draft_payload {
	uint8_t type;
	bool critical;
	uint16_t at, len; /* in bytes[] */
};

struct draft {
	struct adit_ike_header h;
	struct draft_payload payloads[DRAFT_PAYLOADS];
	unsigned count;
	size_t used;
	uint8_t bytes[DRAFT_BYTES];
};

/* What a script may put into a message by a number. */
struct draft_known {
	const uint32_t *spis; /* of Child SAs */
	size_t spi_count;
};

/* The payloads of a chain. */
void draft_read(struct draft *d, uint8_t first, struct adit_span chain);
/* A whole message: its header and payloads; those of an SK payload are opened with *key.
 * false: it is none, or does not open. msg is deciphered in place. */
bool draft_open(struct draft *d, struct adit_buf msg, const struct adit_aead *aead,
		struct adit_span key);

/* Adds one payload of the script's choice at its place. */
void draft_insert(struct draft *d, struct script *s, const struct draft_known *known);
/* One change of the script's choice: a payload less, more, twice, elsewhere, other bytes. */
void draft_edit(struct draft *d, struct script *s, const struct draft_known *known);

/* Bytes of the whole message; 0: it does not fit. */
size_t draft_plain(const struct draft *d, struct adit_buf out);
/* number: for the IV, never the same. */
size_t draft_sealed(const struct draft *d, struct adit_buf out, const struct adit_aead *aead,
		    struct adit_span key, uint64_t number);

#endif
