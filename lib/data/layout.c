/* All offset and length arithmetic of ESP packets (RFC 4303 2, 3.1; RFC 3948 2). */
#include "data/layout.h"

#define ALIGN_MIN 4 /* RFC 4303 2.4: ciphertext ends on a 4-byte boundary */

static size_t
alignment(const struct adit_sa *sa)
{
	return sa->aead->block > ALIGN_MIN ? sa->aead->block : ALIGN_MIN;
}

static size_t
round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

/* ESP header, IV: what stands between the outer headers and the enciphered data. */
static size_t
before_data(const struct adit_sa *sa)
{
	return ADIT_ESP_HEADER_LEN + (size_t)sa->aead->iv_len;
}

/* Headers that encapsulation adds in front of ESP. */
static size_t
added_headers(const struct adit_sa *sa)
{
	if (adit_sa_is_tunnel(sa))
		return sa->outer_len;
	return sa->udp_encap ? ADIT_UDP_LEN : 0;
}

void
adit_layout_of_payload(const struct adit_sa *sa, size_t headers, size_t payload,
		       struct adit_esp_layout *l)
{
	l->headers = headers;
	l->esp = headers;
	l->iv = l->esp + ADIT_ESP_HEADER_LEN;
	l->data = l->esp + before_data(sa);
	l->payload = payload;
	l->len = round_up(payload + ADIT_ESP_TRAILER_LEN, alignment(sa));
	l->icv = l->data + l->len;
	l->total = l->icv + sa->aead->icv_len;
}

enum adit_status
adit_layout_of_packet(const struct adit_sa *sa, size_t esp, size_t total, struct adit_esp_layout *l)
{
	size_t around = before_data(sa) + sa->aead->icv_len;

	if (esp > total || total - esp < around + ADIT_ESP_TRAILER_LEN)
		return ADIT_ERR_SHORT;
	l->headers = esp;
	l->esp = esp;
	l->iv = esp + ADIT_ESP_HEADER_LEN;
	l->data = esp + before_data(sa);
	l->len = total - esp - around;
	l->payload = 0;
	l->icv = l->data + l->len;
	l->total = total;
	/* Combined modes may end anywhere: not every sender pads to 4 bytes, and nothing is lost.
	 */
	return l->len % sa->aead->block ? ADIT_ERR_MALFORMED : ADIT_OK;
}

size_t
adit_esp_headroom(const struct adit_sa *sa)
{
	return added_headers(sa) + before_data(sa);
}

size_t
adit_esp_tailroom(const struct adit_sa *sa)
{
	return sa->tfc + alignment(sa) - 1 + ADIT_ESP_TRAILER_LEN + sa->aead->icv_len;
}

size_t
adit_esp_payload_max(const struct adit_sa *sa, size_t mtu)
{
	size_t own = adit_sa_is_tunnel(sa) ? 0 : adit_ip_base_len(sa->outer[0] >> 4);
	size_t fixed = own + added_headers(sa) + before_data(sa) + sa->aead->icv_len, room;

	/* No link carries more than IP's length fields can say. */
	if (mtu > UINT16_MAX)
		mtu = UINT16_MAX;
	if (mtu < fixed + alignment(sa))
		return 0;
	room = (mtu - fixed) / alignment(sa) * alignment(sa);
	return own + room - ADIT_ESP_TRAILER_LEN;
}
