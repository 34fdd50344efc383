/* The IKE header and the numbers of IKEv2 (RFC 7296 3.1, 3.2, 3.10.1). */
#ifndef ADIT_WIRE_IKE_HEADER_H
#define ADIT_WIRE_IKE_HEADER_H

#include "adit/base.h"
#include "base/cursor.h"

#define ADIT_IKE_HEADER_LEN 28
#define ADIT_IKE_SPI_LEN 8
/* Before an IKE message on the NAT-T port (RFC 3948 2.2). */
#define ADIT_NON_ESP_MARKER_LEN 4

enum {
	ADIT_EXCHANGE_SA_INIT = 34,
	ADIT_EXCHANGE_AUTH = 35,
	ADIT_EXCHANGE_CREATE_CHILD = 36,
	ADIT_EXCHANGE_INFORMATIONAL = 37
};

enum {
	ADIT_IKE_FLAG_INITIATOR = 0x08,
	ADIT_IKE_FLAG_VERSION = 0x10,
	ADIT_IKE_FLAG_RESPONSE = 0x20
};

enum adit_payload_type {
	ADIT_PAYLOAD_NONE = 0,
	ADIT_PAYLOAD_SA = 33,
	ADIT_PAYLOAD_KE = 34,
	ADIT_PAYLOAD_IDI = 35,
	ADIT_PAYLOAD_IDR = 36,
	ADIT_PAYLOAD_CERT = 37,
	ADIT_PAYLOAD_CERTREQ = 38,
	ADIT_PAYLOAD_AUTH = 39,
	ADIT_PAYLOAD_NONCE = 40,
	ADIT_PAYLOAD_NOTIFY = 41,
	ADIT_PAYLOAD_DELETE = 42,
	ADIT_PAYLOAD_VENDOR = 43,
	ADIT_PAYLOAD_TSI = 44,
	ADIT_PAYLOAD_TSR = 45,
	ADIT_PAYLOAD_SK = 46,
	ADIT_PAYLOAD_CP = 47,
	ADIT_PAYLOAD_EAP = 48
};
#define ADIT_PAYLOAD_FIRST 33
#define ADIT_PAYLOAD_LAST 48

/* Protocol numbers of proposals, notifies and deletes. */
enum {
	ADIT_IKE_PROTO_NONE = 0,
	ADIT_IKE_PROTO_IKE = 1,
	ADIT_IKE_PROTO_AH = 2,
	ADIT_IKE_PROTO_ESP = 3
};

enum {
	ADIT_N_UNSUPPORTED_CRITICAL_PAYLOAD = 1,
	ADIT_N_INVALID_IKE_SPI = 4,
	ADIT_N_INVALID_MAJOR_VERSION = 5,
	ADIT_N_INVALID_SYNTAX = 7,
	ADIT_N_INVALID_MESSAGE_ID = 9,
	ADIT_N_INVALID_SPI = 11,
	ADIT_N_NO_PROPOSAL_CHOSEN = 14,
	ADIT_N_INVALID_KE_PAYLOAD = 17,
	ADIT_N_AUTHENTICATION_FAILED = 24,
	ADIT_N_SINGLE_PAIR_REQUIRED = 34,
	ADIT_N_NO_ADDITIONAL_SAS = 35,
	ADIT_N_INTERNAL_ADDRESS_FAILURE = 36,
	ADIT_N_FAILED_CP_REQUIRED = 37,
	ADIT_N_TS_UNACCEPTABLE = 38,
	ADIT_N_INVALID_SELECTORS = 39,
	ADIT_N_TEMPORARY_FAILURE = 43,
	ADIT_N_CHILD_SA_NOT_FOUND = 44,
	ADIT_N_FIRST_STATUS = 16384, /* below: errors */
	ADIT_N_INITIAL_CONTACT = 16384,
	ADIT_N_SET_WINDOW_SIZE = 16385,
	ADIT_N_ADDITIONAL_TS_POSSIBLE = 16386,
	ADIT_N_IPCOMP_SUPPORTED = 16387,
	ADIT_N_NAT_DETECTION_SOURCE_IP = 16388,
	ADIT_N_NAT_DETECTION_DESTINATION_IP = 16389,
	ADIT_N_COOKIE = 16390,
	ADIT_N_USE_TRANSPORT_MODE = 16391,
	ADIT_N_HTTP_CERT_LOOKUP_SUPPORTED = 16392,
	ADIT_N_REKEY_SA = 16393,
	ADIT_N_ESP_TFC_PADDING_NOT_SUPPORTED = 16394,
	ADIT_N_NON_FIRST_FRAGMENTS_ALSO = 16395
};

struct adit_ike_header {
	uint8_t spi_i[ADIT_IKE_SPI_LEN], spi_r[ADIT_IKE_SPI_LEN];
	uint8_t first_payload;
	uint8_t major, minor;
	uint8_t exchange, flags;
	uint32_t message_id, length;
};

/* Reads the header of a whole message and checks its length field against the message.
 * ERR_SHORT: under 28 bytes; ERR_MALFORMED: the length field is not msg.n. The version is left to
 * the caller. */
ADIT_MUST_USE enum adit_status adit_ike_get_header(struct adit_span msg, struct adit_ike_header *h);
/* Writes the header with version 2.0; the length is set by adit_ike_put_end(). */
void adit_ike_put_header(struct adit_writer *w, const struct adit_ike_header *h);

/* A message being written: payloads link themselves into the chain. */
struct adit_ike_writer {
	struct adit_writer w;
	size_t link;    /* offset of the "next payload" byte that waits for a type */
	size_t payload; /* offset of the payload being written, 0: none */
};

void adit_ike_put_start(struct adit_ike_writer *m, struct adit_buf b,
			const struct adit_ike_header *h);
/* Each payload is begun, written into m->w, and ended. A payload links itself to the one before; in
 * an SK payload (which is begun and not ended) the first one inside links to SK's own header. */
void adit_ike_put_payload(struct adit_ike_writer *m, uint8_t type); /* begins a payload */
void adit_ike_put_payload_end(struct adit_ike_writer *m);           /* sets its length */
/* Sets the message's length field. ERR_ROOM: something did not fit. */
ADIT_MUST_USE enum adit_status adit_ike_put_end(struct adit_ike_writer *m, size_t *len);

#endif
