/* The simple payloads: each a value with spans into the message, get and put side by side
 * (RFC 7296 3.4, 3.5, 3.8, 3.9, 3.10, 3.11). */
#ifndef ADIT_WIRE_IKE_PAYLOAD_H
#define ADIT_WIRE_IKE_PAYLOAD_H

#include "adit/ike_config.h"
#include "wire/ike_chain.h"

#define ADIT_NONCE_MIN 16
#define ADIT_NONCE_MAX 256
#define ADIT_COOKIE_MAX 64

/* Key Exchange, 3.4. */
struct adit_ike_ke {
	uint16_t method;
	struct adit_span data;
};
ADIT_MUST_USE enum adit_status adit_ike_get_ke(struct adit_span body, struct adit_ike_ke *ke);
void adit_ike_put_ke(struct adit_ike_writer *m, const struct adit_ike_ke *ke);

/* Nonce, 3.9: 16 to 256 bytes. */
ADIT_MUST_USE enum adit_status adit_ike_get_nonce(struct adit_span body, struct adit_span *nonce);
void adit_ike_put_nonce(struct adit_ike_writer *m, struct adit_span nonce);

/* Identification, 3.5; type is ADIT_PAYLOAD_IDI or _IDR. Sizes of addresses are checked; empty
 * identities and names with a NUL in them are refused. An unknown type is kept: it will match
 * nobody. */
ADIT_MUST_USE enum adit_status adit_ike_get_id(struct adit_span body, struct adit_id *id);
void adit_ike_put_id(struct adit_ike_writer *m, uint8_t type, const struct adit_id *id);

/* Authentication, 3.8. */
#define ADIT_AUTH_METHOD_PSK 2
struct adit_ike_auth {
	uint8_t method;
	struct adit_span data;
};
ADIT_MUST_USE enum adit_status adit_ike_get_auth(struct adit_span body, struct adit_ike_auth *auth);
void adit_ike_put_auth(struct adit_ike_writer *m, const struct adit_ike_auth *auth);

/* Notify, 3.10. */
struct adit_ike_notify {
	uint8_t protocol;
	uint16_t type;
	struct adit_span spi, data;
};
ADIT_MUST_USE enum adit_status adit_ike_get_notify(struct adit_span body,
						   struct adit_ike_notify *n);
void adit_ike_put_notify(struct adit_ike_writer *m, const struct adit_ike_notify *n);
/* The usual notify: of the IKE SA, without SPI. */
void adit_ike_put_notify_data(struct adit_ike_writer *m, uint16_t type, struct adit_span data);
/* The first notify of that type in a chain; false: none (malformed ones are passed over). */
bool adit_ike_find_notify(const struct adit_ike_chain *chain, uint16_t type,
			  struct adit_ike_notify *n);
/* The first error notify in a chain, or false. */
bool adit_ike_find_error(const struct adit_ike_chain *chain, struct adit_ike_notify *n);

/* Delete, 3.11: for IKE no SPI, for ESP a list of 4-byte ones. */
struct adit_ike_delete {
	uint8_t protocol;
	uint16_t count;
	struct adit_span spis;
};
ADIT_MUST_USE enum adit_status adit_ike_get_delete(struct adit_span body,
						   struct adit_ike_delete *d);
void adit_ike_put_delete(struct adit_ike_writer *m, const struct adit_ike_delete *d);

#endif
