/* All offset and length arithmetic of ESP packets (RFC 4303 2, 3.1; RFC 3948 2). */
#ifndef ADIT_DATA_LAYOUT_H
#define ADIT_DATA_LAYOUT_H

#include "adit/esp.h"
#include "wire/ip.h"

#define ADIT_ESP_HEADER_LEN 8  /* SPI, sequence number */
#define ADIT_ESP_TRAILER_LEN 2 /* pad length, next header */
#define ADIT_ESP_PAD_MAX 255

/* Where things are in an outer packet, from its first byte. */
struct adit_esp_layout {
	size_t headers; /* bytes before ESP: IP header(s), UDP */
	size_t esp;     /* ESP header */
	size_t iv;
	size_t data;    /* first enciphered byte */
	size_t len;     /* enciphered bytes: payload, padding, trailer */
	size_t payload; /* of these: the payload */
	size_t icv;
	size_t total; /* the whole packet */
};

/* The layout of a packet that carries `payload` bytes behind `headers` bytes. */
void adit_layout_of_payload(const struct adit_sa *sa, size_t headers, size_t payload,
			    struct adit_esp_layout *l);
/* The layout of a received packet of `total` bytes whose ESP header is at `esp`; payload is not
 * known yet. ERR_SHORT: too short for this SA's algorithms; ERR_MALFORMED: not a multiple of the
 * block. */
ADIT_MUST_USE enum adit_status adit_layout_of_packet(const struct adit_sa *sa, size_t esp,
						     size_t total, struct adit_esp_layout *l);

#endif
