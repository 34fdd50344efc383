/* Holds a UDP socket of each IP version on a port, as an IKE daemon does, so that the kernel takes
 * ESP in UDP there: encap PORT. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ENCAP_ESPINUDP = 2 }; /* linux/udp.h */

static int
hold(int family, uint16_t port)
{
	int fd = socket(family, SOCK_DGRAM, 0), type = ENCAP_ESPINUDP, on = 1;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	memset(&v4, 0, sizeof v4);
	v4.sin_family = AF_INET;
	v4.sin_port = htons(port);
	memset(&v6, 0, sizeof v6);
	v6.sin6_family = AF_INET6;
	v6.sin6_port = htons(port);
	if (fd < 0 ||
	    (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0))
		return -1;
	if (setsockopt(fd, IPPROTO_UDP, UDP_ENCAP, &type, sizeof type) < 0)
		return -1;
	return family == AF_INET ? bind(fd, (struct sockaddr *)&v4, sizeof v4)
				 : bind(fd, (struct sockaddr *)&v6, sizeof v6);
}

int
main(int argc, char **argv)
{
	uint16_t port = (uint16_t)(argc > 1 ? atoi(argv[1]) : 4500);

	if (hold(AF_INET, port) < 0 || hold(AF_INET6, port) < 0) {
		perror("encap");
		return 1;
	}
	for (;;)
		pause();
}
