/* A packet, and the ICMP error made about it. */
#include <string.h>

#include "support/icmp_bench.h"
#include "wire/ip.h"

const struct adit_ip bench_destination = {0, {0}};
const struct adit_ip bench_router4 = {4, {192, 0, 2, 1}};
const struct adit_ip bench_router6 = {6, {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

/* Of scapy: IP(src="10.1.0.9", dst="10.2.0.7", flags="DF", id=0x1234, ttl=63) /
 * UDP(sport=1000, dport=2000) / 1472 bytes. */
const uint8_t bench_head4[28] = {0x45, 0x00, 0x05, 0xdc, 0x12, 0x34, 0x40, 0x00, 0x3f, 0x11,
				 0x0f, 0xcb, 0x0a, 0x01, 0x00, 0x09, 0x0a, 0x02, 0x00, 0x07,
				 0x03, 0xe8, 0x07, 0xd0, 0x05, 0xc8, 0x4f, 0x31};
/* IPv6(src="fd00:1::9", dst="fd00:2::7", hlim=63) likewise with 1452. */
const uint8_t bench_head6[48] = {0x60, 0x00, 0x00, 0x00, 0x05, 0xb4, 0x11, 0x3f, 0xfd, 0x00,
				 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
				 0x00, 0x00, 0x00, 0x09, 0xfd, 0x00, 0x00, 0x02, 0x00, 0x00,
				 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07,
				 0x03, 0xe8, 0x07, 0xd0, 0x05, 0xb4, 0x82, 0x7a};

void
bench_reset(struct icmp_bench *b)
{
	memset(b->mem, BENCH_FILL, sizeof b->mem);
	b->out = (struct adit_pkt){b->mem, sizeof b->mem, BENCH_OFF, 0};
}

void
bench_set_up(struct icmp_bench *b, uint8_t version)
{
	const uint8_t *head = version == 4 ? bench_head4 : bench_head6;
	size_t n = version == 4 ? sizeof bench_head4 : sizeof bench_head6;

	memcpy(b->packet, head, n);
	for (size_t i = n; i < BENCH_PACKET; i++)
		b->packet[i] = (uint8_t)(i - n);
	bench_reset(b);
}

void
bench_shorten(struct icmp_bench *b, size_t n)
{
	struct adit_ip_view v;

	v.version = b->packet[0] >> 4;
	adit_ip_set_length(b->packet, &v, n);
}

uint8_t *
bench_made(struct icmp_bench *b)
{
	return adit_pkt_data(&b->out);
}

enum adit_status
bench_too_big(struct icmp_bench *b, uint32_t mtu)
{
	bench_reset(b);
	return adit_icmp_too_big(b->packet, BENCH_PACKET, mtu, &bench_destination, &b->out);
}

enum adit_status
bench_prohibited(struct icmp_bench *b)
{
	bench_reset(b);
	return adit_icmp_prohibited(b->packet, BENCH_PACKET, &bench_destination, &b->out);
}
