/* A TCP transfer: tcp take ADDRESS PORT waits for one and prints how many bytes came and their sum;
 * tcp give ADDRESS PORT BYTES makes it and prints the same. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 65536, PATIENCE = 20 };

static unsigned char chunk[CHUNK];
static unsigned long bytes, sum;

static void
count(size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum = sum * 31 + chunk[i];
	bytes += n;
}

static int
open_socket(const char *address, const char *port, struct sockaddr_in6 *a, socklen_t *n)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	int fd;

	memset(a, 0, sizeof *a);
	v4.sin_port = htons((unsigned short)atoi(port));
	if (inet_pton(AF_INET, address, &v4.sin_addr) == 1) {
		memcpy(a, &v4, sizeof v4);
		*n = sizeof v4;
		return socket(AF_INET, SOCK_STREAM, 0);
	}
	a->sin6_family = AF_INET6;
	a->sin6_port = v4.sin_port;
	*n = sizeof *a;
	fd = inet_pton(AF_INET6, address, &a->sin6_addr) == 1 ? socket(AF_INET6, SOCK_STREAM, 0)
							      : -1;
	return fd;
}

static int
take(int fd)
{
	int s = listen(fd, 1) == 0 ? accept(fd, NULL, NULL) : -1;
	ssize_t n;

	while (s >= 0 && (n = read(s, chunk, sizeof chunk)) > 0)
		count((size_t)n);
	return s >= 0;
}

static int
give(int fd, unsigned long total)
{
	while (bytes < total) {
		size_t want = total - bytes < CHUNK ? total - bytes : CHUNK;

		for (size_t i = 0; i < want; i++)
			chunk[i] = (unsigned char)((bytes + i) * 2654435761u >> 13);
		for (size_t done = 0; done < want;) {
			ssize_t n = write(fd, chunk + done, want - done);

			if (n <= 0)
				return 0;
			done += (size_t)n;
		}
		count(want);
	}
	return shutdown(fd, SHUT_WR) == 0 && read(fd, chunk, 1) == 0;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in6 a;
	socklen_t n;
	int fd, on = 1, ok;

	if (argc < 4)
		return 2;
	fd = open_socket(argv[2], argv[3], &a, &n);
	alarm(PATIENCE);
	if (strcmp(argv[1], "take") == 0) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
		ok = bind(fd, (void *)&a, n) == 0 && take(fd);
	} else {
		ok = argc == 5 && connect(fd, (void *)&a, n) == 0 &&
		     give(fd, strtoul(argv[4], NULL, 10));
	}
	printf("%lu bytes, sum %lx\n", bytes, sum);
	return ok ? 0 : 1;
}
