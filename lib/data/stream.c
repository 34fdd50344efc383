/* IKE and ESP over TCP (RFC 9329): a prefix, then messages with their length in front. */
#include <string.h>

#include "adit/stream.h"
#include "base/endian.h"

#define LENGTH_LEN 2 /* counts itself */

const uint8_t adit_stream_prefix[ADIT_STREAM_PREFIX_LEN] = {'I', 'K', 'E', 'T', 'C', 'P'};

static struct adit_span
span_of(const struct adit_pkt *pkt)
{
	struct adit_span s = {adit_pkt_data(pkt), pkt->len};

	return s;
}

enum adit_status
adit_stream_frame(enum adit_natt_kind kind, struct adit_pkt *pkt)
{
	size_t marker = kind == ADIT_NATT_IKE ? ADIT_NATT_MARKER_LEN : 0;
	size_t head = LENGTH_LEN + marker;

	if (kind != ADIT_NATT_IKE &&
	    (kind != ADIT_NATT_ESP || adit_natt_kind(span_of(pkt)) != ADIT_NATT_ESP))
		return ADIT_ERR_ARG;
	if (pkt->off < head)
		return ADIT_ERR_ROOM;
	if (pkt->len > UINT16_MAX - head)
		return ADIT_ERR_TOO_LONG;
	pkt->off -= head;
	pkt->len += head;
	adit_store16(adit_pkt_data(pkt), (uint16_t)pkt->len);
	memset(adit_pkt_data(pkt) + LENGTH_LEN, 0, marker);
	return ADIT_OK;
}

enum adit_status
adit_stream_rx_init(struct adit_stream_rx *rx, struct adit_buf buf, bool prefix)
{
	memset(rx, 0, sizeof *rx);
	if (!buf.p || buf.cap <= LENGTH_LEN + ADIT_NATT_MARKER_LEN)
		return ADIT_ERR_ARG;
	rx->buf = buf;
	rx->prefix = prefix ? ADIT_STREAM_PREFIX_LEN : 0;
	return ADIT_OK;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Takes up to `want` bytes behind those that came. */
static size_t
take(struct adit_stream_rx *rx, struct adit_span s, size_t want)
{
	size_t n = least(want - rx->have, s.n);

	memcpy(rx->buf.p + rx->have, s.p, n);
	rx->have += n;
	return n;
}

static size_t
take_prefix(struct adit_stream_rx *rx, struct adit_span s)
{
	size_t n = least(rx->prefix, s.n);

	if (memcmp(s.p, adit_stream_prefix + ADIT_STREAM_PREFIX_LEN - rx->prefix, n) != 0)
		rx->dead = true;
	rx->prefix -= n;
	return n;
}

static size_t
take_skipped(struct adit_stream_rx *rx, struct adit_span s)
{
	size_t n = least(rx->skip, s.n);

	rx->skip -= n;
	return n;
}

/* Length first; then, if it can be, the rest. */
static size_t
take_message(struct adit_stream_rx *rx, struct adit_span s)
{
	size_t len;

	if (rx->have < LENGTH_LEN)
		return take(rx, s, LENGTH_LEN);
	len = adit_load16(rx->buf.p);
	if (len < LENGTH_LEN) {
		rx->dead = true;
		return 0;
	}
	if (len > rx->buf.cap) {
		rx->too_long++;
		rx->skip = len - LENGTH_LEN;
		rx->have = 0;
		return 0;
	}
	return take(rx, s, len);
}

static size_t
take_some(struct adit_stream_rx *rx, struct adit_span s)
{
	if (rx->prefix)
		return take_prefix(rx, s);
	if (rx->skip)
		return take_skipped(rx, s);
	return take_message(rx, s);
}

/* true: a message that is one is complete. */
static bool
is_complete(struct adit_stream_rx *rx, struct adit_stream_message *m)
{
	struct adit_span body = {rx->buf.p + LENGTH_LEN, rx->have - LENGTH_LEN};

	if (rx->have < LENGTH_LEN || adit_load16(rx->buf.p) != rx->have)
		return false;
	rx->have = 0;
	m->kind = adit_natt_kind(body);
	m->bytes = body;
	if (m->kind == ADIT_NATT_IKE) {
		m->bytes.p += ADIT_NATT_MARKER_LEN;
		m->bytes.n -= ADIT_NATT_MARKER_LEN;
	}
	if (m->kind == ADIT_NATT_IKE || m->kind == ADIT_NATT_ESP)
		return true;
	rx->nothing++;
	return false;
}

enum adit_status
adit_stream_input(struct adit_stream_rx *rx, struct adit_span bytes, size_t *used,
		  struct adit_stream_message *message)
{
	memset(message, 0, sizeof *message);
	*used = 0;
	while (!rx->dead && *used < bytes.n) {
		struct adit_span rest = {bytes.p + *used, bytes.n - *used};

		*used += take_some(rx, rest);
		if (!rx->dead && !rx->skip && is_complete(rx, message))
			return ADIT_OK;
	}
	/* A length alone may tell that the stream is dead. */
	if (rx->have == LENGTH_LEN && adit_load16(rx->buf.p) < LENGTH_LEN)
		rx->dead = true;
	return rx->dead ? ADIT_ERR_MALFORMED : ADIT_ERR_PENDING;
}
