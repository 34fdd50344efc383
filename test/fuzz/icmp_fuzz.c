/* ICMP errors, made and read: what is made is read back, and never answered; what is read teaches
 * an SA nothing but a smaller MTU within its bounds. The first byte chooses the room and the MTU.
 */
#include <stdlib.h>
#include <string.h>

#include "adit/icmp.h"
#include "base/endian.h"
#include "wire/icmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { OFF = 8, MTU_STEP = 12, ROOM_STEP = 6, NOW = 1 };

static void
check(bool good)
{
	if (!good)
		abort();
}

/* An SA that sent exactly what the error quotes. */
static void
teach(const struct adit_icmp_error *e)
{
	struct adit_sa_more more;
	struct adit_sa sa;
	uint16_t floor = e->sent.local.version == 4 ? ADIT_PMTU_MIN_V4 : ADIT_PMTU_MIN_V6;
	enum adit_status st;

	memset(&sa, 0, sizeof sa);
	memset(&more, 0, sizeof more);
	sa.dir = ADIT_OUT;
	sa.spi = e->spi;
	sa.seq = e->seq;
	sa.protocol = e->sent.protocol;
	sa.udp_encap = e->sent.protocol == ADIT_PROTO_UDP;
	sa.more = &more;
	adit_sa_set_mtu(&sa, 0);
	sa.outer[0] = (uint8_t)(e->sent.local.version << 4);
	adit_ip_set_addresses(sa.outer, &e->sent.local, &e->sent.remote);
	sa.outer_len = (uint8_t)adit_ip_base_len(e->sent.local.version);
	adit_store16(sa.outer + sa.outer_len, e->sent.local_port);
	adit_store16(sa.outer + sa.outer_len + 2, e->sent.remote_port);
	st = adit_icmp_apply_sa(&sa, e, NOW);
	check(e->has_spi || st == ADIT_ERR_MISMATCH);
	check((st == ADIT_OK) == (sa.mtu != UINT16_MAX));
	check(sa.mtu >= floor);
	check(st != ADIT_OK || (e->too_big && e->has_seq && e->quoted_len > e->mtu));
	adit_sa_age_mtu(&sa, NOW + ADIT_PMTU_AGE_MS);
	check(sa.mtu == UINT16_MAX);
}

static void
read(const uint8_t *p, size_t n)
{
	struct adit_selectors any;
	struct adit_icmp_error e;

	if (adit_icmp_error_read(&e, p, n) != ADIT_OK)
		return;
	check(e.from.version == e.sent.local.version && e.from.version == e.sent.remote.version);
	check(!e.has_seq || e.has_spi);
	check(e.too_big || e.mtu == 0);
	memset(&any, 0, sizeof any);
	any.local_n = any.remote_n = 1;
	any.local[0] = adit_ts_prefix(&e.sent.local, 0);
	any.remote[0] = any.local[0];
	check(adit_icmp_matches(&e, ADIT_IN, &any) && adit_icmp_matches(&e, ADIT_OUT, &any));
	teach(&e);
}

/* The same with a checksum that holds, where there is one to hold. */
static void
read_mended(const uint8_t *data, size_t n)
{
	struct adit_ip_view v;
	uint8_t *p, *icmp;

	if (adit_ip_get(data, n, &v) != ADIT_OK || v.total - v.upper_at < ADIT_ICMP_HEADER_LEN)
		return;
	p = malloc(v.total);
	check(p != NULL);
	memcpy(p, data, v.total);
	icmp = p + v.upper_at;
	adit_store16(icmp + ADIT_ICMP_CHECKSUM, 0);
	adit_store16(icmp + ADIT_ICMP_CHECKSUM,
		     v.version == 4 ? adit_checksum(icmp, v.total - v.upper_at)
				    : adit_upper_checksum(p, 6, ADIT_PROTO_ICMPV6, icmp,
							  v.total - v.upper_at));
	read(p, v.total);
	free(p);
}

/* Of what was made. told: the MTU that it must tell; zero: none. */
static void
check_made(const struct adit_pkt *out, uint32_t told)
{
	const struct adit_ip from = {0, {0}};
	uint8_t mem[ADIT_ICMP_MAX_V6];
	struct adit_pkt again = {mem, sizeof mem, 0, 0};
	struct adit_icmp_error e;
	const uint8_t *p = adit_pkt_data(out);
	enum adit_status st = adit_icmp_error_read(&e, p, out->len);

	/* A quote may end within IPv6's extension headers. */
	check(st == ADIT_OK ||
	      (p[0] >> 4 == 6 && (st == ADIT_ERR_SHORT || st == ADIT_ERR_MALFORMED)));
	if (st == ADIT_OK && told)
		check(e.too_big && e.mtu >= told && e.quoted_len > e.mtu);
	check(adit_icmp_prohibited(p, out->len, &from, &again) == ADIT_ERR_UNEXPECTED);
	check(adit_icmp_too_big(p, out->len, 0, &from, &again) == ADIT_ERR_UNEXPECTED);
}

static void
make(const uint8_t *data, size_t n, uint8_t choice)
{
	struct adit_ip from = {0, {0}};
	size_t room = (size_t)choice * ROOM_STEP;
	uint32_t mtu = (uint32_t)choice * MTU_STEP;
	struct adit_pkt out = {NULL, OFF + room, OFF, 0};

	/* Where from stands for itself, multicast destinations too. */
	if (choice & 1 && n > 0) {
		from.version = data[0] >> 4;
		from.b[0] = 9;
	}
	out.buf = malloc(out.cap);
	check(out.buf != NULL);
	if (adit_icmp_too_big(data, n, mtu, &from, &out) == ADIT_OK)
		check_made(&out, mtu ? mtu : 1);
	check(out.len <= room);
	if (adit_icmp_prohibited(data, n, &from, &out) == ADIT_OK)
		check_made(&out, 0);
	check(out.len <= room);
	free(out.buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0)
		return 0;
	read(data + 1, n - 1);
	read_mended(data + 1, n - 1);
	make(data + 1, n - 1, data[0]);
	return 0;
}
