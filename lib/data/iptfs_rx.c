/* IP-TFS, receiving (RFC 9347 2.2, 6.1): payloads in the order of their numbers, packets out of
 * them. A number that is missing tears the packet that went over it, and nothing else. */
#include <string.h>

#include "adit/iptfs.h"
#include "base/endian.h"
#include "wire/ip.h"

enum { SUBTYPE_PLAIN = 0, SUBTYPE_CC = 1, CC_HEADER_LEN = 24, BLOCK_OFFSET_AT = 2 };
enum { BLOCK_PAD = 0, BLOCK_IPV4 = 4, BLOCK_IPV6 = 6 };
/* Where the lengths of both versions are known. */
#define LENGTH_MIN 6

enum adit_status
adit_iptfs_rx_init(struct adit_iptfs_rx *rx, const struct adit_iptfs_rx_mem *mem)
{
	memset(rx, 0, sizeof *rx);
	if (!mem->partial.p || mem->partial.cap < ADIT_IPV6_LEN ||
	    (mem->slot_count && (!mem->slots || !mem->bytes)))
		return ADIT_ERR_ARG;
	rx->mem = *mem;
	for (size_t i = 0; i < mem->slot_count; i++)
		mem->slots[i].seq = 0;
	return ADIT_OK;
}

/* --- The packet that goes over several payloads. */

static void
tear(struct adit_iptfs_rx *rx)
{
	if (rx->have)
		rx->n.torn++;
	rx->have = 0;
}

/* The length of the packet that begins at p, of which n bytes are known: 0 if too few; SIZE_MAX if
 * there is no such packet. */
static size_t
packet_len(const uint8_t *p, size_t n)
{
	size_t len;

	if (n < LENGTH_MIN)
		return 0;
	if (p[0] >> 4 == BLOCK_IPV4)
		len = adit_load16(p + ADIT_IPV4_TOTAL);
	else
		len = (size_t)ADIT_IPV6_LEN + adit_load16(p + ADIT_IPV6_PAYLOAD);
	return len < adit_ip_base_len(p[0] >> 4) ? SIZE_MAX : len;
}

/* Adds n bytes; false: the packet can't be, or is too long for the caller's memory. */
static bool
add(struct adit_iptfs_rx *rx, const uint8_t *p, size_t n)
{
	uint8_t *partial = rx->mem.partial.p;

	if (n > rx->mem.partial.cap - rx->have)
		return false;
	memcpy(partial + rx->have, p, n);
	rx->have += n;
	rx->want = packet_len(partial, rx->have);
	return rx->want <= rx->mem.partial.cap;
}

/* --- Payloads. */

static size_t
left(const struct adit_iptfs_rx *rx)
{
	return rx->now.len - rx->at;
}

static const uint8_t *
here(const struct adit_iptfs_rx *rx)
{
	return adit_pkt_data(&rx->now) + rx->at;
}

static void
end_payload(struct adit_iptfs_rx *rx)
{
	rx->is_reading = false;
	rx->next++;
}

static void
spoil(struct adit_iptfs_rx *rx)
{
	rx->n.malformed++;
	rx->at = rx->now.len;
	tear(rx);
}

/* Loss event rate, RTT (22 bits), echo delay (21), transmit delay (21), TVal, TEcho. */
static void
read_cc(struct adit_iptfs_cc *cc, const uint8_t *p)
{
	uint64_t times = adit_load64(p + 8);

	cc->present = true;
	cc->p = (p[1] & 2) != 0;
	cc->e = (p[1] & 1) != 0;
	cc->loss_event_rate = adit_load32(p + 4);
	cc->rtt = (uint32_t)(times >> 42);
	cc->echo_delay = (uint32_t)(times >> 21) & 0x1fffff;
	cc->transmit_delay = (uint32_t)times & 0x1fffff;
	cc->tval = adit_load32(p + 16);
	cc->techo = adit_load32(p + 20);
}

/* Whether a partial packet's own length is another than that by which n bytes, of `offset` that
 * were still to come, end it or don't. */
static bool
contradicts(const struct adit_iptfs_rx *rx, size_t n, size_t offset)
{
	if (!rx->have)
		return false;
	if (n == offset)
		return rx->have != rx->want;
	return rx->want != 0 && rx->want - rx->have != offset - n;
}

/* The header; what is left of the packet before is added to its part, or passed over if that is
 * gone. A payload of padding alone may stand between the parts (RFC 9347 2.2.3). */
static void
continue_packet(struct adit_iptfs_rx *rx, size_t offset)
{
	size_t n = offset < left(rx) ? offset : left(rx);

	if (offset == 0 && rx->have && left(rx) && *here(rx) >> 4 == BLOCK_PAD) {
		rx->n.pads++;
		rx->at = rx->now.len;
		return;
	}
	if (offset == 0)
		tear(rx);
	if (rx->have && !add(rx, here(rx), n))
		tear(rx);
	if (contradicts(rx, n, offset))
		spoil(rx);
	else
		rx->at += n;
}

static void
begin_payload(struct adit_iptfs_rx *rx, const struct adit_pkt *payload)
{
	const uint8_t *p = adit_pkt_data(payload);
	size_t header = ADIT_IPTFS_HEADER_LEN;

	rx->now = *payload;
	rx->at = 0;
	rx->is_reading = true;
	rx->n.payloads++;
	memset(&rx->cc, 0, sizeof rx->cc);
	if (payload->len >= CC_HEADER_LEN && p[0] == SUBTYPE_CC) {
		read_cc(&rx->cc, p);
		header = CC_HEADER_LEN;
	} else if (payload->len < header || p[0] != SUBTYPE_PLAIN) {
		spoil(rx);
		return;
	}
	rx->at = header;
	continue_packet(rx, adit_load16(p + BLOCK_OFFSET_AT));
}

/* --- Order. */

static struct adit_iptfs_slot *
slot_of(const struct adit_iptfs_rx *rx, uint64_t seq)
{
	return rx->mem.slot_count ? &rx->mem.slots[seq % rx->mem.slot_count] : NULL;
}

/* The first payload that waits; NULL: none does. */
static const struct adit_iptfs_slot *
earliest(const struct adit_iptfs_rx *rx)
{
	const struct adit_iptfs_slot *best = NULL;

	for (size_t i = 0; i < rx->mem.slot_count; i++) {
		const struct adit_iptfs_slot *s = &rx->mem.slots[i];

		if (s->seq && (!best || s->seq < best->seq))
			best = s;
	}
	return best;
}

static void
skip_to(struct adit_iptfs_rx *rx, uint64_t seq)
{
	tear(rx);
	rx->n.lost += seq - rx->next;
	rx->next = seq;
}

void
adit_iptfs_give_up(struct adit_iptfs_rx *rx)
{
	const struct adit_iptfs_slot *s = earliest(rx);

	if (s && !rx->is_reading && s->seq > rx->next)
		skip_to(rx, s->seq);
}

static bool
keep(struct adit_iptfs_rx *rx, uint64_t seq, const struct adit_pkt *payload)
{
	struct adit_iptfs_slot *s = slot_of(rx, seq);

	if (!s || seq - rx->next >= rx->mem.slot_count || payload->len > rx->mem.slot_size ||
	    payload->len > UINT16_MAX)
		return false;
	s->seq = seq;
	s->len = (uint16_t)payload->len;
	memcpy(rx->mem.bytes + (size_t)(s - rx->mem.slots) * rx->mem.slot_size,
	       adit_pkt_data(payload), payload->len);
	return true;
}

/* The kept payload of that number; NULL: there is none. */
static struct adit_iptfs_slot *
kept(const struct adit_iptfs_rx *rx, uint64_t seq)
{
	struct adit_iptfs_slot *s = slot_of(rx, seq);

	return s && seq != 0 && s->seq == seq ? s : NULL;
}

/* The payload whose turn it is, if it came early. */
static bool
begin_kept(struct adit_iptfs_rx *rx)
{
	struct adit_iptfs_slot *s = kept(rx, rx->next);
	struct adit_pkt payload;

	if (!s)
		return false;
	payload.buf = rx->mem.bytes + (size_t)(s - rx->mem.slots) * rx->mem.slot_size;
	payload.cap = rx->mem.slot_size;
	payload.off = 0;
	payload.len = s->len;
	s->seq = 0;
	begin_payload(rx, &payload);
	return true;
}

enum adit_status
adit_iptfs_input(struct adit_iptfs_rx *rx, uint64_t seq, const struct adit_pkt *payload)
{
	if (rx->is_reading || kept(rx, rx->next))
		return ADIT_ERR_STATE;
	if (rx->next == 0)
		rx->next = seq;
	if (seq < rx->next) {
		rx->n.late++;
		return ADIT_ERR_OLD;
	}
	if (seq > rx->next) {
		if (keep(rx, seq, payload))
			return ADIT_OK;
		if (earliest(rx))
			return ADIT_ERR_FULL;
		skip_to(rx, seq);
	}
	begin_payload(rx, payload);
	return ADIT_OK;
}

/* --- Packets. */

static void
give(struct adit_iptfs_rx *rx, struct adit_pkt *out, uint8_t *buf, size_t cap, size_t off, size_t n)
{
	out->buf = buf;
	out->cap = cap;
	out->off = off;
	out->len = n;
	rx->n.packets++;
}

/* The block at the present place. true: it is a packet, in *out. */
static bool
read_block(struct adit_iptfs_rx *rx, struct adit_pkt *out)
{
	const uint8_t *p = here(rx);
	uint8_t type = *p >> 4;
	size_t n = left(rx), len;

	if (type == BLOCK_PAD) {
		rx->n.pads +=
			rx->at == (rx->cc.present ? (size_t)CC_HEADER_LEN : ADIT_IPTFS_HEADER_LEN);
		rx->at = rx->now.len;
		return false;
	}
	len = packet_len(p, n);
	if ((type != BLOCK_IPV4 && type != BLOCK_IPV6) || len == SIZE_MAX) {
		spoil(rx);
		return false;
	}
	if (len != 0 && len <= n) {
		give(rx, out, rx->now.buf, rx->now.cap, rx->now.off + rx->at, len);
		rx->at += len;
		return true;
	}
	if (!add(rx, p, n)) {
		rx->have = n;
		tear(rx);
	}
	rx->at = rx->now.len;
	return false;
}

enum adit_status
adit_iptfs_get(struct adit_iptfs_rx *rx, struct adit_pkt *out)
{
	for (;;) {
		if (!rx->is_reading && !begin_kept(rx))
			return ADIT_ERR_PENDING;
		if (rx->have && rx->have == rx->want) {
			give(rx, out, rx->mem.partial.p, rx->mem.partial.cap, 0, rx->want);
			rx->have = 0;
			return ADIT_OK;
		}
		if (left(rx) == 0)
			end_payload(rx);
		else if (read_block(rx, out))
			return ADIT_OK;
	}
}
