/* Super-packets: each packet is whole and right, and together they carry the payload, byte by byte.
 * The first two bytes are the size. */
#include <stdlib.h>
#include <string.h>

#include "adit/segment.h"
#include "base/endian.h"
#include "wire/tcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check(bool good)
{
	if (!good)
		abort();
}

/* A packet with `at` bytes of payload before it. */
static size_t
check_packet(const uint8_t *super, const struct adit_ip_view *whole, const struct adit_pkt *out,
	     size_t at)
{
	const uint8_t *p = adit_pkt_data(out);
	struct adit_ip_view v;
	size_t head;
	uint16_t sum;

	check(adit_ip_get(p, out->len, &v) == ADIT_OK && v.total == out->len);
	check(v.upper_at == whole->upper_at && v.upper == whole->upper);
	head = v.upper_at +
	       (v.upper == ADIT_PROTO_TCP ? (size_t)(p[v.upper_at + ADIT_TCP_OFFSET] >> 4) * 4 : 8);
	check(head <= out->len);
	check(memcmp(p + head, super + head + at, out->len - head) == 0);
	sum = adit_upper_checksum(p, v.version, v.upper, p + v.upper_at, v.total - v.upper_at);
	check(sum == 0);
	return out->len - head;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct adit_segmenter s;
	struct adit_ip_view v;
	struct adit_pkt out;
	size_t at = 0, head;

	if (n < 3)
		return 0;
	if (adit_segment_begin(&s, data + 2, n - 2, adit_load16(data)) != ADIT_OK) {
		check(adit_segment_left(&s) == 0);
		return 0;
	}
	check(adit_ip_get(data + 2, n - 2, &v) == ADIT_OK);
	head = s.head;
	out.cap = adit_segment_longest(&s);
	out.off = 0;
	out.buf = malloc(out.cap);
	check(out.buf != NULL);
	for (size_t left = adit_segment_left(&s); left > 0; left--) {
		check(adit_segment_left(&s) == left);
		check(adit_segment_next(&s, &out) == ADIT_OK);
		at += check_packet(data + 2, &v, &out, at);
	}
	check(adit_segment_next(&s, &out) == ADIT_ERR_STATE);
	check(head + at == v.total);
	free(out.buf);
	return 0;
}
