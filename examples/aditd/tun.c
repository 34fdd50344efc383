/* The inside: a TUN device, and the routes that lead into it, by iproute2's `ip`. They stand in
 * table 220 behind a rule for packets without our mark, as strongSwan has it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "net.h"
#include "tun.h"

#define TABLE "220"
#define ARGS_MAX 24

extern char **environ;

/* Runs a command without a shell; its words are separated by blanks. */
static bool
run(const char *command)
{
	char words[512], *argv[ARGS_MAX + 1], *rest = words;
	posix_spawn_file_actions_t quiet;
	int n = 0, status = -1;
	pid_t pid;

	snprintf(words, sizeof words, "%s", command);
	while (n < ARGS_MAX && (argv[n] = strsep(&rest, " ")) != NULL)
		n++;
	argv[n] = NULL;
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &quiet, NULL, argv, environ) == 0)
		(void)waitpid(pid, &status, 0);
	posix_spawn_file_actions_destroy(&quiet);
	log_line(LOG_DEBUG, "%s: %s", command, status == 0 ? "done" : "failed");
	return status == 0;
}

static void
rules(const char *verb)
{
	char command[128];

	for (int version = 4; version <= 6; version += 2) {
		snprintf(command, sizeof command,
			 "ip -%d rule %s priority 220 not fwmark 0x%x lookup " TABLE, version, verb,
			 NET_MARK);
		(void)run(command);
	}
}

int
tun_open(const char *name, unsigned mtu)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	char command[128];
	struct ifreq r;

	if (fd < 0) {
		perror("/dev/net/tun");
		return -1;
	}
	if (strlen(name) >= sizeof r.ifr_name) {
		fprintf(stderr, "%s: the name of a device has at most %zu characters\n", name,
			sizeof r.ifr_name - 1);
		close(fd);
		return -1;
	}
	memset(&r, 0, sizeof r);
	r.ifr_flags = IFF_TUN | IFF_NO_PI;
	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
	if (ioctl(fd, TUNSETIFF, &r) < 0) {
		perror(name);
		close(fd);
		return -1;
	}
	snprintf(command, sizeof command, "ip link set dev %s up mtu %u", name, mtu);
	if (!run(command)) {
		fprintf(stderr, "aditd: failed: %s (is iproute2 installed, the MTU possible?)\n",
			command);
		close(fd);
		return -1;
	}
	rules("del"); /* of a run that was killed */
	rules("add");
	return fd;
}

void
tun_close(int fd)
{
	rules("del");
	close(fd);
}

/* An address of this machine in one of the selectors, of that version. */
static bool
own_address(const struct adit_ts *local, uint8_t n, uint8_t version, struct adit_ip *out)
{
	struct ifaddrs *list, *a;
	bool found = false;

	if (getifaddrs(&list) < 0)
		return false;
	for (a = list; a && !found; a = a->ifa_next) {
		memset(out, 0, sizeof *out);
		out->version = version;
		if (!a->ifa_addr || a->ifa_addr->sa_family != (version == 4 ? AF_INET : AF_INET6))
			continue;
		if (version == 4)
			memcpy(out->b, &((struct sockaddr_in *)(void *)a->ifa_addr)->sin_addr, 4);
		else
			memcpy(out->b, &((struct sockaddr_in6 *)(void *)a->ifa_addr)->sin6_addr,
			       16);
		for (uint8_t i = 0; i < n && !found; i++)
			found = adit_ts_match(&local[i], out, local[i].protocol, true,
					      local[i].port_first);
	}
	freeifaddrs(list);
	return found;
}

/* The largest prefix that begins at `ip` and ends at `last` or before. */
static unsigned
largest_prefix(const struct adit_ip *ip, const uint8_t *last)
{
	unsigned bits = 0;

	for (;; bits++) {
		struct adit_ts ts = adit_ts_prefix(ip, bits);

		if (memcmp(ts.first, ip->b, 16) == 0 && memcmp(ts.last, last, 16) <= 0)
			return bits;
	}
}

/* The address behind `ip`; false: there is none. */
static bool
step(struct adit_ip *ip)
{
	for (int i = ip->version == 4 ? 3 : 15; i >= 0; i--)
		if (++ip->b[i])
			return true;
	return false;
}

static void
route_prefix(const char *name, const struct adit_ip *ip, unsigned bits,
	     const struct adit_ip *source)
{
	char command[256];
	int n = snprintf(command, sizeof command, "ip -%u route replace %s/%u dev %s table " TABLE,
			 ip->version, text_ip(ip), bits, name);

	if (source)
		snprintf(command + n, sizeof command - (size_t)n, " src %s", text_ip(source));
	(void)run(command);
}

void
tun_route(const char *name, const struct adit_ts *remote, uint8_t remote_n,
	  const struct adit_ts *local, uint8_t local_n)
{
	for (uint8_t i = 0; i < remote_n; i++) {
		struct adit_ip at, source;
		bool has = own_address(local, local_n, remote[i].version, &source), more = true;

		memset(&at, 0, sizeof at);
		at.version = remote[i].version;
		memcpy(at.b, remote[i].first, 16);
		/* A range is routed as the prefixes that make it up. */
		while (more && memcmp(at.b, remote[i].last, 16) <= 0) {
			unsigned bits = largest_prefix(&at, remote[i].last);
			struct adit_ts ts = adit_ts_prefix(&at, bits);

			route_prefix(name, &at, bits, has ? &source : NULL);
			memcpy(at.b, ts.last, 16);
			more = step(&at);
		}
	}
}
