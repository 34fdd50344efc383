/* What happens inside, for people and for Wireshark: one function pointer, typed records. Records
 * hold secrets; a product that must not tell them leaves the pointer NULL. */
#ifndef ADIT_TRACE_H
#define ADIT_TRACE_H

#include "adit/crypto.h"

#ifdef __cplusplus
extern "C" {
#endif

enum adit_trace_kind {
	ADIT_TRACE_MESSAGE = 1, /* an IKE message sent (first time), or received and understood */
	ADIT_TRACE_RESENT,  /* the same bytes once more: a retransmission, or a repeated response */
	ADIT_TRACE_REFUSED, /* a received datagram that came to nothing; status says why */
	ADIT_TRACE_IKE_KEYS, /* the keys of an IKE SA were computed */
	ADIT_TRACE_CHOSEN    /* a proposal was chosen */
};

/* All pointers are valid during the call only. */
struct adit_trace_record {
	enum adit_trace_kind kind;
	enum adit_status status;        /* REFUSED */
	const struct adit_path *path;   /* MESSAGE, RESENT, REFUSED */
	uint8_t spi_i[8], spi_r[8];     /* all kinds, where known; as on the wire */
	bool sent, initiator, response; /* MESSAGE: by us; by the original initiator; R flag */
	uint8_t exchange; /* MESSAGE: 34 IKE_SA_INIT, 35 IKE_AUTH, 36, 37 INFORMATIONAL */
	uint32_t message_id;
	uint8_t first_payload;     /* MESSAGE: of the payload chain below */
	struct adit_span payloads; /* MESSAGE: the chain, deciphered */
	/* IKE_KEYS, CHOSEN */
	const struct adit_aead *aead;
	const struct adit_prf *prf; /* NULL: the proposal chosen is of ESP */
	const struct adit_ke *ke;
	bool esn;
	struct adit_span sk_ei, sk_er, sk_ai, sk_ar; /* IKE_KEYS: sk_e with its salt */
};

struct adit_trace {
	void *ctx;
	void (*record)(void *ctx, const struct adit_trace_record *rec);
};

/* Takes the next payload off a chain: *type is in: its type, out: the next one's. false: end, or a
 * malformed chain. body is without the generic header. */
bool adit_payload_next(uint8_t *type, struct adit_span *chain, struct adit_span *body);

/* Names as in RFC 7296: "IKE_SA_INIT"; "SA", "KE", "TSi"; "NAT_DETECTION_SOURCE_IP". "?": unknown.
 */
const char *adit_exchange_name(uint8_t exchange);
const char *adit_payload_name(uint8_t type);
const char *adit_notify_name(uint16_t notify);

#ifdef __cplusplus
}
#endif
#endif
