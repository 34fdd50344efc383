/* A pcap file of the outside (the classic format, LINKTYPE_RAW), with outer headers made anew from
 * what the sockets told. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "keylog.h"
#include "log.h"

#define MAGIC_NANOSECONDS 0xa1b23c4du
#define SNAPLEN 65535
#define LINKTYPE_RAW 101
#define TTL 64
#define IPV4_LEN 20
#define IPV6_LEN 40
#define UDP_LEN 8

struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, snaplen, linktype;
};

struct record_header {
	uint32_t seconds, nanoseconds, stored, length;
};

static FILE *file;

bool
capture_open(const char *name)
{
	static const struct file_header header = {MAGIC_NANOSECONDS, 2,           4, 0, 0,
						  SNAPLEN,           LINKTYPE_RAW};

	file = fopen(name, "wbe");
	if (file && fwrite(&header, sizeof header, 1, file) == 1 && fflush(file) == 0)
		return true;
	perror(name);
	return false;
}

void
capture_close(void)
{
	if (file)
		fclose(file);
	file = NULL;
}

static void
put16(uint8_t *p, size_t n)
{
	p[0] = (uint8_t)(n >> 8);
	p[1] = (uint8_t)n;
}

/* The Internet checksum's sum (RFC 1071), not yet folded. */
static uint32_t
sum(uint32_t so_far, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		so_far += (uint32_t)(p[i] << 8 | p[i + 1]);
	return n % 2 ? so_far + (uint32_t)(p[n - 1] << 8) : so_far;
}

static uint16_t
fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

static size_t
put_ip(uint8_t *p, const struct adit_path *way, size_t len)
{
	static uint16_t ip_id;

	memset(p, 0, IPV6_LEN);
	if (way->local.ip.version == 4) {
		p[0] = 0x45;
		put16(p + 2, IPV4_LEN + len);
		put16(p + 4, ip_id++);
		p[8] = TTL;
		p[9] = ADIT_PROTO_UDP;
		memcpy(p + 12, way->local.ip.b, 4);
		memcpy(p + 16, way->remote.ip.b, 4);
		put16(p + 10, fold(sum(0, p, IPV4_LEN)));
		return IPV4_LEN;
	}
	p[0] = 0x60;
	put16(p + 4, len);
	p[6] = ADIT_PROTO_UDP;
	p[7] = TTL;
	memcpy(p + 8, way->local.ip.b, 16);
	memcpy(p + 24, way->remote.ip.b, 16);
	return IPV6_LEN;
}

static size_t
put_udp(uint8_t *p, const struct adit_path *way, struct adit_span payload)
{
	size_t ip_bytes = way->local.ip.version == 4 ? 4 : 16;
	uint32_t s;
	uint16_t checksum;

	put16(p, way->local.port);
	put16(p + 2, way->remote.port);
	put16(p + 4, UDP_LEN + payload.n);
	put16(p + 6, 0);
	s = sum(ADIT_PROTO_UDP + (uint32_t)(UDP_LEN + payload.n), way->local.ip.b, ip_bytes);
	s = sum(sum(s, way->remote.ip.b, ip_bytes), p, UDP_LEN);
	checksum = fold(sum(s, payload.p, payload.n));
	put16(p + 6, checksum ? checksum : 0xffff);
	return UDP_LEN;
}

static void
put_record(struct adit_span head, struct adit_span rest)
{
	struct record_header record;
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	record.seconds = (uint32_t)t.tv_sec;
	record.nanoseconds = (uint32_t)t.tv_nsec;
	record.stored = record.length = (uint32_t)(head.n + rest.n);
	fwrite(&record, sizeof record, 1, file);
	fwrite(head.p, 1, head.n, file);
	fwrite(rest.p, 1, rest.n, file);
	if (!ferror(file))
		return;
	log_line(LOG_ERROR, "capture: %s; it ends here", strerror(errno));
	capture_close();
}

void
capture_packet(const uint8_t *p, size_t n)
{
	if (file && n <= SNAPLEN)
		put_record((struct adit_span){p, n}, (struct adit_span){NULL, 0});
}

void
capture_datagram(const struct adit_path *path, bool sent, const uint8_t *p, size_t n)
{
	struct adit_path way = {sent ? path->local : path->remote,
				sent ? path->remote : path->local};
	uint8_t head[IPV6_LEN + UDP_LEN];
	size_t head_len;

	if (!file || n > SNAPLEN - sizeof head)
		return;
	head_len = put_ip(head, &way, UDP_LEN + n);
	head_len += put_udp(head + head_len, &way, (struct adit_span){p, n});
	put_record((struct adit_span){head, head_len}, (struct adit_span){p, n});
}
