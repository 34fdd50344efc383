/* Which raw sockets aditd counts as had, where the kernel lacks an IP version or the privilege. */
#define _DEFAULT_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../examples/aditd/net.h"

/* What socket() gives, by IP version: errno, or 0. */
static int error_any[7], error_raw[7];

/* A socket of UDP stands for a raw one, which needs a privilege; IPv4 for IPv6, which may be
 * absent here. */
int
socket(int family, int type, int protocol)
{
	int version = family == AF_INET ? 4 : 6;
	int error = error_any[version];

	(void)protocol;
	if (!error && (type & 0xf) == SOCK_RAW)
		error = error_raw[version];
	if (!error)
		return (int)syscall(SYS_socket, AF_INET, (type & ~0xf) | SOCK_DGRAM, 0);
	errno = error;
	return -1;
}

/* Ports are the kernel's choice, and any address of the right version is good. */
int
bind(int fd, const struct sockaddr *a, socklen_t n)
{
	(void)fd;
	(void)a;
	(void)n;
	return 0;
}

static struct net net;

static void
open_with(int any6, int raw4, int raw6)
{
	error_any[6] = any6;
	error_raw[4] = raw4;
	error_raw[6] = raw6;
	assert_true(net_open(&net, 500, 4500, true));
}

static void
test_raw_sockets_are_had_where_all_can_be_opened(void **state)
{
	(void)state;
	open_with(0, 0, 0);
	assert_true(net_has_raw(&net, 0));
	assert_true(net_has_raw(&net, 4));
	assert_true(net_has_raw(&net, 6));
	net_close(&net);
}

static void
test_a_kernel_without_ipv6_has_raw_sockets_of_ipv4(void **state)
{
	(void)state;
	open_with(EAFNOSUPPORT, 0, 0);
	assert_true(net_has_raw(&net, 0));
	assert_true(net_has_raw(&net, 4));
	assert_false(net_has_raw(&net, 6));
	net_close(&net);
}

static void
test_raw_sockets_that_are_refused_are_lacking(void **state)
{
	(void)state;
	open_with(0, 0, EPERM);
	assert_false(net_has_raw(&net, 0));
	assert_true(net_has_raw(&net, 4));
	assert_false(net_has_raw(&net, 6));
	net_close(&net);
	open_with(EAFNOSUPPORT, EPERM, EPERM);
	assert_false(net_has_raw(&net, 0));
	assert_false(net_has_raw(&net, 4));
	net_close(&net);
}

static void
test_none_is_had_where_none_was_asked_for(void **state)
{
	(void)state;
	error_any[6] = error_raw[4] = error_raw[6] = 0;
	assert_true(net_open(&net, 500, 4500, false));
	assert_false(net_has_raw(&net, 0));
	assert_false(net_has_raw(&net, 4));
	net_close(&net);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_raw_sockets_are_had_where_all_can_be_opened),
		cmocka_unit_test(test_a_kernel_without_ipv6_has_raw_sockets_of_ipv4),
		cmocka_unit_test(test_raw_sockets_that_are_refused_are_lacking),
		cmocka_unit_test(test_none_is_had_where_none_was_asked_for),
	};

	return cmocka_run_group_tests_name("aditd_net", tests, NULL, NULL);
}
