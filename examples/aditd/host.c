/* A small host inside the process, where there is no TUN device: answers pings, and sends some. */
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "log.h"

enum {
	ICMP_ECHO_REPLY = 0,
	ICMP_ECHO = 8,
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
	PING_DATA = 56,
	IDENTIFIER = 0xad17,
	TTL = 64
};
#define INTERVAL_MS 200
#define PATIENCE_MS 2000

static struct {
	struct adit_ip source, target;
	unsigned count, sent, received;
	adit_ms next, last_sent, sent_at[65536];
	bool told;
} ping;

static uint32_t
sum(uint32_t s, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		s += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return s;
}

static void
put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t
get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t
fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return ~s & 0xffff;
}

static void
set_icmp_checksum(uint8_t *p, size_t header, size_t n)
{
	uint8_t *icmp = p + header;
	uint32_t s = 0;

	put16(icmp + 2, 0);
	if (p[0] >> 4 == 6)
		s = sum(ADIT_PROTO_ICMPV6 + (uint32_t)n, p + 8, 32);
	put16(icmp + 2, fold(sum(s, icmp, n)));
}

static void
set_ip_checksum(uint8_t *p)
{
	put16(p + 10, 0);
	put16(p + 10, fold(sum(0, p, 20)));
}

void
host_ping(const struct adit_ip *source, const struct adit_ip *target, unsigned count)
{
	ping.source = *source;
	ping.target = *target;
	ping.count = count > UINT16_MAX ? UINT16_MAX : count;
	printf("PING %s: %d data bytes\n", text_ip(target), PING_DATA);
}

/* Headers without options or extensions are all that this host knows. */
static bool
is_icmp(const struct adit_pkt *pkt, size_t *header)
{
	const uint8_t *p = adit_pkt_data(pkt);

	*header = pkt->len && p[0] >> 4 == 4 ? 20 : 40;
	if (pkt->len < *header + 8)
		return false;
	return *header == 20 ? p[0] == 0x45 && p[9] == ADIT_PROTO_ICMP
			     : p[0] >> 4 == 6 && p[6] == ADIT_PROTO_ICMPV6;
}

static void
got_reply(const uint8_t *p, size_t header, adit_ms now, size_t len)
{
	uint32_t seq = get16(p + header + 6);

	if (get16(p + header + 4) != IDENTIFIER || seq >= ping.sent || !ping.sent_at[seq])
		return;
	printf("%zu bytes from %s: seq=%u time=%llu ms\n", len - header, text_ip(&ping.target), seq,
	       (unsigned long long)(now - ping.sent_at[seq]));
	ping.sent_at[seq] = 0;
	ping.received++;
}

static void
swap(uint8_t *a, uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t t = a[i];

		a[i] = b[i];
		b[i] = t;
	}
}

bool
host_input(struct adit_pkt *pkt, adit_ms now)
{
	uint8_t *p = adit_pkt_data(pkt);
	bool v4;
	size_t header;

	if (!is_icmp(pkt, &header))
		return false;
	v4 = header == 20;
	if (p[header] == (v4 ? ICMP_ECHO_REPLY : ICMP6_ECHO_REPLY)) {
		got_reply(p, header, now, pkt->len);
		return false;
	}
	if (p[header] != (v4 ? ICMP_ECHO : ICMP6_ECHO))
		return false;
	p[header] = v4 ? ICMP_ECHO_REPLY : ICMP6_ECHO_REPLY;
	swap(p + (v4 ? 12 : 8), p + (v4 ? 16 : 24), v4 ? 4 : 16);
	if (v4)
		set_ip_checksum(p);
	set_icmp_checksum(p, header, pkt->len - header);
	return true;
}

static void
put_header(uint8_t *p, size_t header)
{
	size_t total = header + 8 + PING_DATA;

	memset(p, 0, total);
	if (header == 20) {
		p[0] = 0x45;
		put16(p + 2, (uint32_t)total);
		p[8] = TTL;
		p[9] = ADIT_PROTO_ICMP;
		memcpy(p + 12, ping.source.b, 4);
		memcpy(p + 16, ping.target.b, 4);
		set_ip_checksum(p);
	} else {
		p[0] = 0x60;
		put16(p + 4, 8 + PING_DATA);
		p[6] = ADIT_PROTO_ICMPV6;
		p[7] = TTL;
		memcpy(p + 8, ping.source.b, 16);
		memcpy(p + 24, ping.target.b, 16);
	}
}

bool
host_output(struct adit_pkt *pkt, adit_ms now)
{
	size_t header = ping.target.version == 4 ? 20 : 40;
	uint8_t *p = adit_pkt_data(pkt);

	if (ping.sent == ping.count || now < ping.next)
		return false;
	put_header(p, header);
	p[header] = header == 20 ? ICMP_ECHO : ICMP6_ECHO;
	put16(p + header + 4, IDENTIFIER);
	put16(p + header + 6, ping.sent);
	for (size_t i = 0; i < PING_DATA; i++)
		p[header + 8 + i] = (uint8_t)i;
	pkt->len = header + 8 + PING_DATA;
	set_icmp_checksum(p, header, 8 + PING_DATA);
	ping.sent_at[ping.sent++] = now ? now : 1;
	ping.last_sent = now;
	ping.next = now + INTERVAL_MS;
	return true;
}

adit_ms
host_deadline(void)
{
	if (ping.count == 0 || ping.told)
		return ADIT_NEVER;
	return ping.sent < ping.count ? ping.next : ping.last_sent + PATIENCE_MS;
}

bool
host_finished(adit_ms now, unsigned *lost)
{
	if (ping.count == 0 || ping.sent < ping.count ||
	    (ping.received < ping.count && now < ping.last_sent + PATIENCE_MS))
		return false;
	*lost = ping.count - ping.received;
	if (!ping.told)
		printf("--- %s ping statistics ---\n"
		       "%u packets transmitted, %u received, %u%% packet loss\n",
		       text_ip(&ping.target), ping.sent, ping.received, *lost * 100 / ping.count);
	ping.told = true;
	fflush(stdout);
	return true;
}
