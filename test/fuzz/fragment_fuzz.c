/* Any packet cut at any MTU: the fragments fit, and put together in some order they are the packet
 * again. Input: MTU (2 bytes), flags, order, then the packet. */
#include <stdlib.h>
#include <string.h>

#include "adit/fragment.h"
#include "base/endian.h"
#include "wire/fragment.h"
#include "wire/ip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { LONGEST = 4096, COUNT = 512, SETTINGS = 4, IGNORE_DF = 1 };

struct cuts {
	size_t n;
	struct adit_pkt pkts[COUNT];
	uint8_t bytes[COUNT * 256];
};

static struct cuts cuts;

static void
expect(int right)
{
	if (!right)
		abort();
}

/* An IPv6 packet with as many extension headers as may be: with one more for the fragments it is
 * none. */
static int
is_full(struct adit_span packet)
{
	uint8_t longer[LONGEST + ADIT_IPV6_FRAGMENT_LEN] = {0};
	struct adit_ip_view ip;

	if (adit_ip_get(packet.p, packet.n, &ip) != ADIT_OK || ip.version == 4)
		return 0;
	/* One more in front, of any kind. */
	memcpy(longer, packet.p, ADIT_IPV6_LEN);
	longer[ADIT_IPV6_NEXT] = 0;
	longer[ADIT_IPV6_LEN] = packet.p[ADIT_IPV6_NEXT];
	memcpy(longer + ADIT_IPV6_LEN + 8, packet.p + ADIT_IPV6_LEN, ip.total - ADIT_IPV6_LEN);
	adit_store16(longer + ADIT_IPV6_PAYLOAD, (uint16_t)(ip.total + 8 - ADIT_IPV6_LEN));
	return adit_ip_get(longer, ip.total + 8, &ip) != ADIT_OK;
}

/* Each fragment fits, and begins where the one before ended. */
static int
cut(struct adit_span packet, const struct adit_fragment_params *params)
{
	struct adit_fragmenter f;
	struct adit_fragment_view v, whole;
	size_t used = 0, at, left, end;

	cuts.n = 0;
	if (adit_fragment_begin(&f, packet, params) != ADIT_OK) {
		expect(adit_fragment_left(&f) == 0);
		return 0;
	}
	expect(adit_fragment_get(packet.p, packet.n, &whole) == ADIT_OK);
	at = whole.offset;
	left = adit_fragment_left(&f);
	expect(left > 0);
	while (adit_fragment_left(&f)) {
		struct adit_pkt *out = &cuts.pkts[cuts.n];

		*out = (struct adit_pkt){cuts.bytes + used, sizeof cuts.bytes - used, 0, 0};
		if (cuts.n == COUNT || adit_fragment_next(&f, out) != ADIT_OK)
			return 0;
		cuts.n++;
		used += out->len;
		out->cap = out->len;
		expect(out->len <= params->mtu && adit_fragment_left(&f) == --left);
		expect(adit_fragment_get(out->buf, out->len, &v) == ADIT_OK);
		expect(v.offset == at && v.data + v.len == out->len);
		at += v.len;
	}
	/* IPv6 is cut before the last headers, where it had no Fragment header. */
	end = whole.offset + whole.len + (v.version == 6 ? whole.head - v.head : 0);
	expect(at == end && v.more == whole.more);
	return !whole.fragment && cuts.n > 1;
}

/* What cutting changes in the headers, undone: DF, an identification without meaning, a checksum
 * that was wrong. */
static void
mend(uint8_t *p, const uint8_t *original)
{
	if (p[0] >> 4 != 4)
		return;
	memcpy(p + ADIT_IPV4_ID, original + ADIT_IPV4_ID, 4);
	memcpy(p + ADIT_IPV4_CHECKSUM, original + ADIT_IPV4_CHECKSUM, 2);
}

/* An IPv6 packet that was whole behind a Fragment header has none when it is put together. */
static size_t
drop_header(uint8_t *to, const uint8_t *p, size_t n)
{
	struct adit_fragment_view v;

	expect(adit_fragment_get(p, n, &v) == ADIT_OK);
	n = v.data + v.len;
	memcpy(to, p, n);
	if (!v.header)
		return n;
	to[v.next_at] = v.protocol;
	memmove(to + v.head, to + v.data, v.len);
	adit_store16(to + ADIT_IPV6_PAYLOAD, (uint16_t)(v.head + v.len - ADIT_IPV6_LEN));
	return v.head + v.len;
}

static void
join(const uint8_t *p, size_t n, unsigned order)
{
	static uint8_t bytes[LONGEST + 64], original[LONGEST];
	static struct adit_reasm_range ranges[COUNT];
	struct adit_reasm_slot slot;
	struct adit_reasm r;
	struct adit_reasm_mem mem = {.slots = &slot, .slot_count = 1, .ranges = ranges};
	struct adit_pkt pkt = {0};
	enum adit_status st = ADIT_ERR_PENDING;

	mem.fragments = COUNT;
	mem.bytes = bytes;
	mem.slot_size = sizeof bytes;
	expect(adit_reasm_init(&r, &mem) == ADIT_OK);
	/* Backwards, or from any place on. */
	for (size_t i = 0; i < cuts.n; i++) {
		expect(st == ADIT_ERR_PENDING);
		pkt = cuts.pkts[order & 1 ? cuts.n - 1 - i : (i + order) % cuts.n];
		st = adit_reasm_add(&r, i, &pkt);
	}
	expect(st == ADIT_OK);
	n = drop_header(original, p, n);
	mend(adit_pkt_data(&pkt), original);
	expect(pkt.len == n && memcmp(adit_pkt_data(&pkt), original, n) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct adit_fragment_params params = {0};
	struct adit_span packet;

	if (n < SETTINGS || n > LONGEST)
		return 0;
	params.mtu = adit_load16(data);
	params.ignore_df = data[2] & IGNORE_DF;
	params.id = 0x01020304;
	packet.p = data + SETTINGS;
	packet.n = n - SETTINGS;
	if (!is_full(packet) && cut(packet, &params))
		join(packet.p, packet.n, data[3]);
	return 0;
}
