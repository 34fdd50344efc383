/* IP-TFS, sending (RFC 9347 2.2): packets wait as one stream of bytes, of which each payload takes
 * the next. */
#include <string.h>

#include "adit/iptfs.h"
#include "base/endian.h"
#include "wire/ip.h"

/* A packet is begun only where its length fits in, so that no receiver needs to guess. */
#define BEGIN_MIN 6
#define MS_PER_SECOND 1000

enum adit_status
adit_iptfs_tx_init(struct adit_iptfs_tx *tx, struct adit_buf ring, bool whole)
{
	memset(tx, 0, sizeof *tx);
	if (!ring.p || ring.cap == 0)
		return ADIT_ERR_ARG;
	tx->ring = ring;
	tx->whole = whole;
	return ADIT_OK;
}

static void
ring_put(struct adit_iptfs_tx *tx, const uint8_t *p, size_t n)
{
	size_t at = (tx->head + tx->n) % tx->ring.cap;
	size_t first = tx->ring.cap - at < n ? tx->ring.cap - at : n;

	memcpy(tx->ring.p + at, p, first);
	memcpy(tx->ring.p, p + first, n - first);
	tx->n += n;
}

static void
ring_peek(const struct adit_iptfs_tx *tx, uint8_t *p, size_t n)
{
	size_t first = tx->ring.cap - tx->head < n ? tx->ring.cap - tx->head : n;

	memcpy(p, tx->ring.p + tx->head, first);
	memcpy(p + first, tx->ring.p, n - first);
}

static void
ring_take(struct adit_iptfs_tx *tx, uint8_t *p, size_t n)
{
	ring_peek(tx, p, n);
	tx->head = (tx->head + n) % tx->ring.cap;
	tx->n -= n;
}

enum adit_status
adit_iptfs_put(struct adit_iptfs_tx *tx, struct adit_span packet)
{
	struct adit_ip_view v;
	enum adit_status st = adit_ip_get(packet.p, packet.n, &v);

	if (st != ADIT_OK)
		return st;
	if (v.total > tx->ring.cap - tx->n)
		return ADIT_ERR_FULL;
	ring_put(tx, packet.p, v.total);
	return ADIT_OK;
}

size_t
adit_iptfs_waiting(const struct adit_iptfs_tx *tx)
{
	return tx->n;
}

/* The length of the packet that the stream begins with; only whole ones are put there. */
static size_t
first_len(const struct adit_iptfs_tx *tx)
{
	uint8_t head[BEGIN_MIN];

	ring_peek(tx, head, sizeof head);
	if (head[0] >> 4 == 4)
		return adit_load16(head + ADIT_IPV4_TOTAL);
	return (size_t)ADIT_IPV6_LEN + adit_load16(head + ADIT_IPV6_PAYLOAD);
}

/* Packets, and parts of them, into n bytes at p; gives how many bytes. */
static size_t
fill(struct adit_iptfs_tx *tx, uint8_t *p, size_t n)
{
	size_t done = 0;

	while (tx->n > 0) {
		size_t room = n - done, take;

		if (tx->rest == 0) {
			size_t len = first_len(tx);

			if (room < BEGIN_MIN || (tx->whole && len > room))
				break;
			tx->rest = len;
		}
		take = tx->rest < room ? tx->rest : room;
		if (take == 0)
			break;
		ring_take(tx, p + done, take);
		tx->rest -= take;
		done += take;
	}
	return done;
}

enum adit_status
adit_iptfs_next(struct adit_iptfs_tx *tx, size_t size, struct adit_pkt *out)
{
	size_t n = size - ADIT_IPTFS_HEADER_LEN, done;
	uint8_t *p;

	if (size <= ADIT_IPTFS_HEADER_LEN || size > UINT16_MAX)
		return ADIT_ERR_ARG;
	if (out->off > out->cap || size > out->cap - out->off)
		return ADIT_ERR_ROOM;
	if (tx->whole && tx->n > 0 && first_len(tx) > n)
		return ADIT_ERR_ARG;
	p = adit_pkt_data(out);
	/* Sub-type 0, reserved; where the first new packet begins, which may be behind the end. */
	adit_store16(p, 0);
	adit_store16(p + 2, (uint16_t)tx->rest);
	done = fill(tx, p + ADIT_IPTFS_HEADER_LEN, n);
	/* A pad block begins with a zero nibble and goes to the end. */
	memset(p + ADIT_IPTFS_HEADER_LEN + done, 0, n - done);
	out->len = size;
	return ADIT_OK;
}

uint64_t
adit_iptfs_due(uint32_t per_second, adit_ms since, adit_ms now, uint64_t sent, uint64_t most)
{
	uint64_t ms = now - since;
	uint64_t all =
		ms / MS_PER_SECOND * per_second + ms % MS_PER_SECOND * per_second / MS_PER_SECOND;
	uint64_t due = all > sent ? all - sent : 0;

	return due < most ? due : most;
}
