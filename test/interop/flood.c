/* flood ADDRESS PORT PORT COUNT SECONDS: sends COUNT datagrams of random bytes to the two ports in
 * turn, within SECONDS. A part of them begins as ESP or IKE messages do, so that they pass the
 * first looks; the numbers are fixed, so that a run can be repeated. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 32, LEN_MAX = 512, IKE_HEADER = 28 };

struct flood {
	int fd;
	struct sockaddr_in to[2];
	unsigned long count;
	double seconds;
	uint64_t random;
};

static uint8_t room[BATCH][LEN_MAX];

/* xorshift64* (Vigna, 2014). */
static uint64_t
draw(struct flood *f)
{
	f->random ^= f->random >> 12;
	f->random ^= f->random << 25;
	f->random ^= f->random >> 27;
	return f->random * 0x2545f4914f6cdd1dULL;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* An IKEv2 header that is in order: responder's SPI none, next payload SA, version, exchange,
 * flags of a request, message ID 0, the length of the datagram. */
static void
dress_as_ike(uint8_t *p, size_t n, uint8_t exchange)
{
	static const uint8_t middle[] = {0, 0, 0, 0, 0, 0, 0, 0, 33, 0x20};

	memcpy(p + 8, middle, sizeof middle);
	p[18] = exchange;
	p[19] = 0x08;
	memset(p + 20, 0, 6);
	p[26] = (uint8_t)(n >> 8);
	p[27] = (uint8_t)n;
}

static size_t
make(struct flood *f, uint8_t *p, bool natt)
{
	uint64_t kind = draw(f);
	size_t n = 1 + (size_t)(kind >> 32) % LEN_MAX, at = natt ? 4 : 0;

	for (size_t i = 0; i < n; i += 8) {
		uint64_t r = draw(f);

		memcpy(p + i, &r, n - i < 8 ? n - i : 8);
	}
	if (natt && kind & 1 && n > 4)
		memset(p, 0, 4);
	if (kind & 2 && n >= at + IKE_HEADER)
		dress_as_ike(p + at, n - at, (uint8_t)(34 + (kind >> 8) % 4));
	return n;
}

/* One batch; how many were sent. */
static int
send_batch(struct flood *f, unsigned n)
{
	struct mmsghdr m[BATCH];
	struct iovec v[BATCH];

	memset(m, 0, sizeof m);
	for (unsigned i = 0; i < n; i++) {
		v[i].iov_base = room[i];
		v[i].iov_len = make(f, room[i], i & 1);
		m[i].msg_hdr.msg_name = &f->to[i & 1];
		m[i].msg_hdr.msg_namelen = sizeof f->to[0];
		m[i].msg_hdr.msg_iov = &v[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	return sendmmsg(f->fd, m, n, 0);
}

/* Keeps to the pace that COUNT in SECONDS asks for, or goes as fast as it can. */
static void
keep_pace(const struct flood *f, double start, unsigned long sent)
{
	double ahead = start + f->seconds * (double)sent / (double)f->count - now();
	struct timespec t = {0, (long)(ahead * 1e9)};

	if (ahead > 0.001 && ahead < 1)
		nanosleep(&t, NULL);
}

static int
run(struct flood *f)
{
	double start = now(), took;
	unsigned long sent = 0;

	while (sent < f->count && now() - start < 2 * f->seconds) {
		unsigned long left = f->count - sent;
		int n = send_batch(f, left < BATCH ? (unsigned)left : BATCH);

		if (n < 0 && errno != ENOBUFS && errno != ECONNREFUSED && errno != EAGAIN) {
			perror("sendmmsg");
			return 1;
		}
		sent += n > 0 ? (unsigned long)n : 0;
		keep_pace(f, start, sent);
	}
	took = now() - start;
	printf("%lu datagrams in %.1f s, %.0f a second\n", sent, took, (double)sent / took);
	return sent == f->count ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct flood f = {.random = 4303};

	if (argc != 6) {
		fputs("usage: flood ADDRESS PORT PORT COUNT SECONDS\n", stderr);
		return 2;
	}
	for (int i = 0; i < 2; i++) {
		f.to[i].sin_family = AF_INET;
		f.to[i].sin_port = htons((uint16_t)atoi(argv[2 + i]));
		if (inet_pton(AF_INET, argv[1], &f.to[i].sin_addr) != 1)
			return 2;
	}
	f.count = strtoul(argv[4], NULL, 10);
	f.seconds = atof(argv[5]);
	f.fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (f.fd < 0 || f.count == 0 || f.seconds <= 0) {
		perror("flood");
		return 2;
	}
	return run(&f);
}
