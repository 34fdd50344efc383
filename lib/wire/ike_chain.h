/* The payload chain of a message, indexed in one pass (RFC 7296 3.2). */
#ifndef ADIT_WIRE_IKE_CHAIN_H
#define ADIT_WIRE_IKE_CHAIN_H

#include "wire/ike_header.h"

/* More payloads than this in one message are refused: no honest message comes near. */
#define ADIT_IKE_PAYLOADS_MAX 64

/* The bit of a payload type in a set of them. */
#define ADIT_PAYLOAD_BIT(type) (1u << ((type)-ADIT_PAYLOAD_FIRST))

struct adit_ike_chain {
	uint32_t present;     /* ADIT_PAYLOAD_BIT of each type that is there */
	uint8_t first;        /* type of the first payload */
	struct adit_span all; /* the chain itself, for adit_payload_next() */
	/* Bodies without the generic header, by type; of those that may come more than once (CERT,
	 * CERTREQ, NOTIFY, DELETE, VENDOR) the first. */
	struct adit_span body[ADIT_PAYLOAD_LAST - ADIT_PAYLOAD_FIRST + 1];
	uint8_t unknown_critical; /* ERR_CRITICAL: the type */
	uint8_t sk_first;         /* SK there: type of the first payload inside */
};

/* Indexes the chain in s, whose first payload has type `first`. Unknown payloads are skipped unless
 * critical. ERR_MALFORMED: lengths, too many payloads, one twice that may come once, SK not last,
 * bytes behind the end. ERR_CRITICAL: chain->unknown_critical tells the type. */
ADIT_MUST_USE enum adit_status adit_ike_get_chain(struct adit_span s, uint8_t first,
						  struct adit_ike_chain *chain);

static inline struct adit_span
adit_ike_body(const struct adit_ike_chain *chain, enum adit_payload_type type)
{
	return chain->body[type - ADIT_PAYLOAD_FIRST];
}

static inline bool
adit_ike_has(const struct adit_ike_chain *chain, enum adit_payload_type type)
{
	return (chain->present & ADIT_PAYLOAD_BIT(type)) != 0;
}

#endif
