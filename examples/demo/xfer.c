/* One TCP transfer: xfer receive ADDRESS PORT, xfer send ADDRESS PORT MEGABYTES. The receiver
 * checks every byte and answers with how many came; the sender prints the rate up to that answer.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 65536, MEGABYTE = 1000000, PATTERN = 251 };

static uint8_t chunk[CHUNK + PATTERN];

/* A prime period, so that a lost or doubled segment is seen. */
static void
fill(void)
{
	for (size_t i = 0; i < sizeof chunk; i++)
		chunk[i] = (uint8_t)(i % PATTERN);
}

static bool
address(struct sockaddr_in *a, const char *ip, const char *port)
{
	memset(a, 0, sizeof *a);
	a->sin_family = AF_INET;
	a->sin_port = htons((uint16_t)atoi(port));
	return inet_pton(AF_INET, ip, &a->sin_addr) == 1;
}

static int
trouble(const char *what)
{
	perror(what);
	return 1;
}

/* How many bytes of the pattern came; UINT64_MAX: others did. */
static uint64_t
drain(int fd)
{
	static uint8_t got[CHUNK];
	uint64_t total = 0;
	ssize_t n;

	while ((n = read(fd, got, sizeof got)) > 0) {
		if (memcmp(got, chunk + total % PATTERN, (size_t)n) != 0)
			return UINT64_MAX;
		total += (uint64_t)n;
	}
	return total;
}

static int
do_receive(const struct sockaddr_in *at)
{
	int one = 1, fd, from = socket(AF_INET, SOCK_STREAM, 0);
	char answer[24];
	int n;

	if (setsockopt(from, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
	    bind(from, (const struct sockaddr *)at, sizeof *at) < 0 || listen(from, 1) < 0)
		return trouble("listen");
	fd = accept(from, NULL, NULL);
	if (fd < 0)
		return trouble("accept");
	n = snprintf(answer, sizeof answer, "%" PRIu64, drain(fd));
	if (write(fd, answer, (size_t)n) != n)
		return trouble("answer");
	close(fd);
	return 0;
}

static bool
send_all(int fd, uint64_t total)
{
	for (uint64_t done = 0; done < total;) {
		size_t want = total - done < CHUNK ? (size_t)(total - done) : CHUNK;
		ssize_t n = write(fd, chunk + done % PATTERN, want);

		if (n <= 0)
			return false;
		done += (uint64_t)n;
	}
	return shutdown(fd, SHUT_WR) == 0;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The receiver may come up a moment later. */
static int
dial(const struct sockaddr_in *to)
{
	const struct timespec pause = {0, 100 * 1000 * 1000};

	for (int i = 0; i < 20; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (connect(fd, (const struct sockaddr *)to, sizeof *to) == 0)
			return fd;
		close(fd);
		nanosleep(&pause, NULL);
	}
	return -1;
}

static int
do_send(const struct sockaddr_in *to, uint64_t total)
{
	char answer[24] = "";
	int fd = dial(to);
	double start = now(), took;

	if (fd < 0 || !send_all(fd, total) || read(fd, answer, sizeof answer - 1) <= 0)
		return trouble("transfer");
	took = now() - start;
	if (strtoull(answer, NULL, 10) != total) {
		fprintf(stderr, "%" PRIu64 " bytes went out, and %s came\n", total, answer);
		return 1;
	}
	printf("%" PRIu64 " MB in %.2f s: %.0f Mbit/s, every byte checked\n", total / MEGABYTE,
	       took, (double)total * 8 / took / 1e6);
	return 0;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in a;

	fill();
	if (argc == 4 && strcmp(argv[1], "receive") == 0 && address(&a, argv[2], argv[3]))
		return do_receive(&a);
	if (argc == 5 && strcmp(argv[1], "send") == 0 && address(&a, argv[2], argv[3]))
		return do_send(&a, strtoull(argv[4], NULL, 10) * MEGABYTE);
	fputs("usage: xfer receive ADDRESS PORT | xfer send ADDRESS PORT MEGABYTES\n", stderr);
	return 2;
}
