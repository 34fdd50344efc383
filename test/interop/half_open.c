/* half_open ADDRESS COUNT: sends the IKE message on the standard input (hex) to port 500, COUNT
 * times with another initiator's SPI each, and never answers what comes back: COUNT half-open SAs.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { MESSAGE_MAX = 2048, SPI_LEN = 8, IKE_PORT = 500, PAUSE_NS = 1000000 };

static size_t
read_hex(uint8_t *out)
{
	size_t n = 0;
	unsigned byte;

	while (n < MESSAGE_MAX && scanf("%2x", &byte) == 1)
		out[n++] = (uint8_t)byte;
	return n;
}

int
main(int argc, char **argv)
{
	static uint8_t message[MESSAGE_MAX];
	const struct timespec pause = {0, PAUSE_NS};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(IKE_PORT)};
	size_t n = read_hex(message);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (argc != 3 || n < SPI_LEN || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fputs("usage: half_open ADDRESS COUNT <HEX\n", stderr);
		return 2;
	}
	for (int i = atoi(argv[2]); i > 0; i--) {
		message[SPI_LEN - 2] = (uint8_t)(i >> 8);
		message[SPI_LEN - 1] = (uint8_t)i;
		if (sendto(fd, message, n, 0, (const struct sockaddr *)&to, sizeof to) < 0) {
			perror(argv[1]);
			return 1;
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}
