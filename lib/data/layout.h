/* All offset and length arithmetic of ESP packets (RFC 4303 2, 3.1; RFC 3948 2). */
#ifndef ADIT_DATA_LAYOUT_H
#define ADIT_DATA_LAYOUT_H

#include "adit/esp.h"
#include "wire/ip.h"

#define ADIT_ESP_HEADER_LEN 8  /* SPI, sequence number */
#define ADIT_ESP_TRAILER_LEN 2 /* pad length, next header */
#define ADIT_ESP_PAD_MAX 255
#define ADIT_ESP_ALIGN_MIN 4 /* ciphertext ends on such a boundary (RFC 4303 2.4) */

/* Where things are in an outer packet, from its first byte. */
struct adit_esp_layout {
	size_t esp;     /* ESP header, behind IP header(s) and UDP; the IV follows */
	size_t data;    /* first enciphered byte */
	size_t len;     /* enciphered bytes: payload, padding, trailer */
	size_t payload; /* of these: the payload */
	size_t icv;
	size_t total; /* the whole packet */
};

/* What the enciphered bytes are a multiple of: a power of two. */
static inline size_t
adit_layout_alignment(const struct adit_sa *sa)
{
	return sa->aead->block > ADIT_ESP_ALIGN_MIN ? sa->aead->block : ADIT_ESP_ALIGN_MIN;
}

/* ESP header, IV: what stands between the outer headers and the enciphered data. */
static inline size_t
adit_layout_before_data(const struct adit_sa *sa)
{
	return ADIT_ESP_HEADER_LEN + (size_t)sa->aead->iv_len;
}

/* The layout of a packet that carries `payload` bytes behind `headers` bytes. */
static inline void
adit_layout_of_payload(const struct adit_sa *sa, size_t headers, size_t payload,
		       struct adit_esp_layout *l)
{
	size_t more = adit_layout_alignment(sa) - 1;

	l->esp = headers;
	l->data = l->esp + adit_layout_before_data(sa);
	l->payload = payload;
	l->len = (payload + ADIT_ESP_TRAILER_LEN + more) & ~more;
	l->icv = l->data + l->len;
	l->total = l->icv + sa->aead->icv_len;
}

/* The layout of a received packet of `total` bytes whose ESP header is at `esp`; payload is not
 * known yet. ERR_SHORT: too short for this SA's algorithms; ERR_MALFORMED: not a multiple of the
 * block. */
static inline enum adit_status
adit_layout_of_packet(const struct adit_sa *sa, size_t esp, size_t total, struct adit_esp_layout *l)
{
	size_t around = adit_layout_before_data(sa) + sa->aead->icv_len;

	if (esp > total || total - esp < around + ADIT_ESP_TRAILER_LEN)
		return ADIT_ERR_SHORT;
	l->esp = esp;
	l->data = esp + adit_layout_before_data(sa);
	l->len = total - esp - around;
	l->payload = 0;
	l->icv = l->data + l->len;
	l->total = total;
	/* Combined modes may end anywhere: not every sender pads to 4 bytes, and nothing is lost.
	 */
	return l->len & (sa->aead->block - 1u) ? ADIT_ERR_MALFORMED : ADIT_OK;
}

#endif
