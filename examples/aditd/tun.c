/* The inside: a TUN device, and the routes that lead into it, by iproute2's `ip`. They stand in
 * table 220 behind a rule for packets without our mark, as strongSwan has it. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "net.h"
#include "tun.h"

#define TABLE "220"

extern char **environ;

/* --- Commands for one `ip`, in a file without a name: a range may be a thousand routes. */

struct commands {
	FILE *file; /* NULL: it could not be had */
	unsigned version;
};

static struct commands
begin(unsigned version)
{
	int fd = memfd_create("commands", MFD_CLOEXEC);
	struct commands c = {fd < 0 ? NULL : fdopen(fd, "w+"), version};

	if (fd >= 0 && !c.file)
		close(fd);
	return c;
}

static void __attribute__((format(printf, 2, 3)))
add(const struct commands *c, const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	if (c->file)
		fprintf(c->file, "%s\n", line);
	log_line(LOG_DEBUG, "ip -%u %s", c->version, line);
}

static bool
spawn(char *const *argv, int input, bool quiet)
{
	posix_spawn_file_actions_t files;
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	if (quiet)
		posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &files, NULL, argv, environ) == 0)
		(void)waitpid(pid, &status, 0);
	posix_spawn_file_actions_destroy(&files);
	return status == 0;
}

/* Runs them up to the first that fails. quiet: what `ip` says of that is not shown. */
static bool
run(struct commands *c, bool quiet)
{
	char ip[] = "ip", version[] = "-4", batch[] = "-batch", input[] = "-";
	char *const argv[] = {ip, version, batch, input, NULL};
	bool ok;

	if (!c->file)
		return false;
	version[1] = (char)('0' + c->version);
	ok = fflush(c->file) == 0 && lseek(fileno(c->file), 0, SEEK_SET) == 0 &&
	     spawn(argv, fileno(c->file), quiet);
	if (!ok)
		log_line(LOG_DEBUG, "ip -%u: failed", c->version);
	fclose(c->file);
	return ok;
}

/* --- The device. */

static bool
rule(const char *verb, unsigned version, bool quiet)
{
	struct commands c = begin(version);

	add(&c, "rule %s priority 220 not fwmark 0x%x lookup " TABLE, verb, NET_MARK);
	return run(&c, quiet);
}

static void
remove_rules(void)
{
	(void)rule("del", 4, true);
	(void)rule("del", 6, true);
}

/* Where there is no IPv6, none of it can leave in clear. */
static bool
has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != EAFNOSUPPORT;
}

/* Rule and table are of a whole network namespace, and so is a name like this one, which goes when
 * its holder ends. */
static int claim = -1;

/* false: told on stderr. */
static bool
claim_table(void)
{
	static const char name[] = "aditd: table " TABLE;
	const socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un at;

	memset(&at, 0, sizeof at);
	at.sun_family = AF_UNIX;
	memcpy(at.sun_path + 1, name, sizeof name - 1); /* behind a zero: no file */
	if (fd >= 0 && bind(fd, (const void *)&at, n) == 0) {
		claim = fd;
		return true;
	}
	fprintf(stderr, "aditd: table " TABLE ": %s\n",
		errno == EADDRINUSE ? "another aditd of this network namespace has it"
				    : strerror(errno));
	if (fd >= 0)
		close(fd);
	return false;
}

static void
give_up_table(void)
{
	close(claim);
	claim = -1;
}

/* false: told on stderr. */
static bool
set_up(const char *name, unsigned mtu)
{
	struct commands c = begin(4);

	add(&c, "link set dev %s up mtu %u", name, mtu);
	if (!run(&c, false)) {
		fprintf(stderr,
			"aditd: %s can't be brought up with an MTU of %u (is iproute2 installed, "
			"the MTU possible?)\n",
			name, mtu);
		return false;
	}
	remove_rules(); /* of a run that was killed */
	if (rule("add", 4, false) && (!has_ipv6() || rule("add", 6, false)))
		return true;
	fprintf(stderr, "aditd: the rule that leads packets to table " TABLE " can't be made\n");
	remove_rules();
	return false;
}

int
tun_open(const char *name, unsigned mtu)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
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
	if (claim_table()) {
		if (set_up(name, mtu))
			return fd;
		give_up_table();
	}
	close(fd);
	return -1;
}

void
tun_close(int fd)
{
	remove_rules();
	give_up_table();
	close(fd);
}

/* --- Routes. */

/* Packets can leave with it: it is up, no loopback address, and not of its link alone. */
static bool
get_usable(const struct ifaddrs *a, struct adit_ip *out)
{
	const struct sockaddr_in *v4 = (const void *)a->ifa_addr;
	const struct sockaddr_in6 *v6 = (const void *)a->ifa_addr;

	memset(out, 0, sizeof *out);
	if (!a->ifa_addr || !(a->ifa_flags & IFF_UP))
		return false;
	if (a->ifa_addr->sa_family == AF_INET) {
		out->version = 4;
		memcpy(out->b, &v4->sin_addr, 4);
		return out->b[0] != 127 && !(out->b[0] == 169 && out->b[1] == 254);
	}
	if (a->ifa_addr->sa_family != AF_INET6)
		return false;
	out->version = 6;
	memcpy(out->b, &v6->sin6_addr, 16);
	return !IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) && !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr);
}

/* An address of this machine in one of the selectors, of that version. */
static bool
own_address(const struct adit_ts *local, uint8_t n, unsigned version, struct adit_ip *out)
{
	struct ifaddrs *list, *a;
	bool found = false;

	if (getifaddrs(&list) < 0)
		return false;
	for (a = list; a && !found; a = a->ifa_next) {
		if (!get_usable(a, out) || out->version != version)
			continue;
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

struct routes {
	const char *name; /* of the device */
	const struct adit_ts *remote;
	uint8_t n;
};

/* A range is routed as the prefixes that make it up. */
static void
add_range(const struct commands *c, const struct routes *r, uint8_t i, const struct adit_ip *source)
{
	struct adit_ip at;
	bool more = true;

	memset(&at, 0, sizeof at);
	at.version = r->remote[i].version;
	memcpy(at.b, r->remote[i].first, 16);
	while (more && memcmp(at.b, r->remote[i].last, 16) <= 0) {
		unsigned bits = largest_prefix(&at, r->remote[i].last);
		struct adit_ts ts = adit_ts_prefix(&at, bits);

		add(c, "route replace %s/%u dev %s table " TABLE "%s%s", text_ip(&at), bits,
		    r->name, source ? " src " : "", source ? text_ip(source) : "");
		memcpy(at.b, ts.last, 16);
		more = step(&at);
	}
}

/* Those of one IP version. */
static bool
set_routes(const struct routes *r, unsigned version, const struct adit_ip *source)
{
	struct commands c = begin(version);

	for (uint8_t i = 0; i < r->n; i++)
		if (r->remote[i].version == version)
			add_range(&c, r, i, source);
	return run(&c, source != NULL);
}

bool
tun_route(const char *name, const struct adit_ts *remote, uint8_t remote_n,
	  const struct adit_ts *local, uint8_t local_n)
{
	const struct routes r = {name, remote, remote_n};
	bool wanted[7] = {false}, ok = true;
	struct adit_ip source;

	for (uint8_t i = 0; i < remote_n; i++)
		wanted[remote[i].version] = true;
	for (unsigned version = 4; version <= 6; version += 2) {
		if (!wanted[version])
			continue;
		/* The kernel may refuse the address, which may be too new: its own choice is
		 * better than none. */
		ok = ((own_address(local, local_n, version, &source) &&
		       set_routes(&r, version, &source)) ||
		      set_routes(&r, version, NULL)) &&
		     ok;
	}
	if (!ok)
		log_line(LOG_ERROR, "%s can't be led into %s: it would leave in clear",
			 text_selectors(remote, remote_n), name);
	return ok;
}
