/* A packet, and the ICMP error made about it: for tests of both ways. */
#ifndef TEST_SUPPORT_ICMP_BENCH_H
#define TEST_SUPPORT_ICMP_BENCH_H

#include "adit/icmp.h"

enum { BENCH_PACKET = 1500, BENCH_OUT = 2048, BENCH_OFF = 64, BENCH_FILL = 0xa5 };

/* No address: the packet's destination speaks. */
extern const struct adit_ip bench_destination, bench_router4, bench_router6;
/* The first headers of the packets. */
extern const uint8_t bench_head4[28], bench_head6[48];

struct icmp_bench {
	uint8_t packet[BENCH_PACKET];
	uint8_t mem[BENCH_OUT]; /* BENCH_FILL where nothing was written */
	struct adit_pkt out;    /* in mem, at BENCH_OFF */
	struct adit_icmp_error e;
};

/* Fills mem and empties out. */
void bench_reset(struct icmp_bench *b);
/* Makes the packet of an IP version, and resets. */
void bench_set_up(struct icmp_bench *b, uint8_t version);
/* Makes the packet say that it has n bytes. */
void bench_shorten(struct icmp_bench *b, size_t n);
/* What was made. */
uint8_t *bench_made(struct icmp_bench *b);
/* Resets, then makes an error about the packet. */
enum adit_status bench_too_big(struct icmp_bench *b, uint32_t mtu);
enum adit_status bench_prohibited(struct icmp_bench *b);

#endif
