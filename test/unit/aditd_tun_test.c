/* aditd's TUN device with its rule and routes, held against this machine's kernel and `ip`. In a
 * network namespace of its own; skipped where there can be none. */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../examples/aditd/log.h"
#include "../../examples/aditd/tun.h"
#include "../../examples/aditd/values.h"
#include "support/said.h"

#define NAME "aditt0"

/* An `ip` before the true one, which counts how often it is run and refuses lines with a word. */
static const char script[] = "#!/bin/sh\n"
			     "lines=$(cat)\n"
			     "echo run >>\"$ADIT_IP_RUNS\"\n"
			     "case $lines in *\"$ADIT_IP_REFUSES\"*) exit 2 ;; esac\n"
			     "PATH=$ADIT_IP_PATH\n"
			     "printf '%s\\n' \"$lines\" | ip \"$@\"\n";

static char folder[] = "/tmp/adit-tun-XXXXXX";
static char runs[64], script_file[64];
static bool made;

static bool
shell(const char *command)
{
	return system(command) == 0;
}

static void
write_script(void)
{
	FILE *f = fopen(script_file, "w");

	assert_non_null(f);
	fputs(script, f);
	fclose(f);
	assert_int_equal(chmod(script_file, 0755), 0);
}

static int
make_namespace(void **state)
{
	char path[512];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(runs, sizeof runs, "%s/runs", folder);
	snprintf(script_file, sizeof script_file, "%s/ip", folder);
	write_script();
	log_level = LOG_ERROR;
	if (unshare(CLONE_NEWNET) != 0)
		return 0;
	snprintf(path, sizeof path, "%s:/usr/sbin:/sbin", getenv("PATH"));
	setenv("PATH", path, 1);
	made = shell("(ip link set lo up && ip tuntap add dev out0 mode tap && "
		     "ip addr add 198.51.100.1/24 dev out0 && "
		     "ip addr add fe80::1/64 dev out0 nodad && "
		     "ip addr add 2001:db8::1/64 dev out0 nodad && ip link set out0 up) "
		     ">/dev/null 2>&1");
	setenv("ADIT_IP_PATH", path, 1);
	setenv("ADIT_IP_RUNS", runs, 1);
	snprintf(path, sizeof path, "%s:%s", folder, getenv("ADIT_IP_PATH"));
	setenv("PATH", path, 1);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	(void)unlink(runs);
	(void)unlink(script_file);
	return rmdir(folder);
}

static void
expect(const char *command, const char *what)
{
	char text[4096];
	FILE *f = popen(command, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = 0;
	pclose(f);
	if (!strstr(text, what))
		print_message("%s: no \"%s\" in\n%s", command, what, text);
	assert_non_null(strstr(text, what));
}

static int device = -1;

static int
begin(void **state)
{
	(void)state;
	setenv("ADIT_IP_REFUSES", "nothing", 1);
	device = made ? tun_open(NAME, 1400) : -1;
	return made && device < 0 ? -1 : 0;
}

static int
end(void **state)
{
	(void)state;
	if (device >= 0)
		tun_close(device);
	return 0;
}

static void
need_device(void)
{
	if (made)
		return;
	print_message("skipped: no network namespace or no TUN device here\n");
	skip();
}

static bool
route(const char *remote, const char *local)
{
	const struct adit_ts *r, *l;
	uint8_t r_n, l_n;
	bool ok;

	assert_null(value_selectors(remote, &r, &r_n));
	assert_null(value_selectors(local, &l, &l_n));
	ok = tun_route(NAME, r, r_n, l, l_n);
	keep_nothing();
	return ok;
}

static void
test_packets_leave_with_an_address_that_can_be_answered(void **state)
{
	(void)state;
	need_device();
	assert_true(route("10.2.0.0/16, fd00::/8", "0.0.0.0/0, ::/0"));
	expect("ip -4 route get 10.2.0.1", "dev " NAME);
	expect("ip -4 route get 10.2.0.1", "src 198.51.100.1");
	expect("ip -6 route get fd00::1", "dev " NAME);
	expect("ip -6 route get fd00::1", "src 2001:db8::1");
}

static void
test_an_address_that_the_kernel_refuses_is_left_out(void **state)
{
	(void)state;
	need_device();
	setenv("ADIT_IP_REFUSES", " src ", 1);
	assert_true(route("10.2.0.0/16, fd00::/8", "0.0.0.0/0, ::/0"));
	expect("ip -4 route get 10.2.0.1", "dev " NAME);
	expect("ip -6 route get fd00::1", "dev " NAME);
}

static void
test_a_route_that_can_not_be_made_is_told(void **state)
{
	bool ok;

	(void)state;
	need_device();
	setenv("ADIT_IP_REFUSES", "route replace fd", 1);
	said_begin();
	ok = route("10.2.0.0/16, fd00::/8", "0.0.0.0/0, ::/0");
	assert_non_null(strstr(said_end(), "fd00::/8 can't be led into " NAME));
	assert_false(ok);
	expect("ip -4 route get 10.2.0.1", "dev " NAME);
}

static void
test_without_its_rule_there_is_no_device(void **state)
{
	(void)state;
	need_device();
	tun_close(device);
	device = -1;
	setenv("ADIT_IP_REFUSES", "rule add", 1);
	said_begin();
	assert_int_equal(tun_open(NAME, 1400), -1);
	assert_non_null(
		strstr(said_end(), "the rule that leads packets to table 220 can't be made"));
	assert_false(shell("ip rule | grep -q 220 || ip -6 rule | grep -q 220"));
	assert_false(shell("ip link show dev " NAME " >/dev/null 2>&1"));
}

/* Its start and its end would take the first one's rule. */
static void
test_a_second_one_may_not_have_the_table(void **state)
{
	(void)state;
	need_device();
	assert_true(route("10.2.0.0/16", "0.0.0.0/0"));
	said_begin();
	assert_int_equal(tun_open("aditt1", 1400), -1);
	assert_non_null(strstr(said_end(), "another aditd"));
	expect("ip -4 route get 10.2.0.1", "dev " NAME);
	tun_close(device);
	device = tun_open("aditt1", 1400);
	assert_true(device >= 0);
}

static void
test_a_wide_range_takes_one_command(void **state)
{
	struct stat st;

	(void)state;
	need_device();
	(void)unlink(runs);
	assert_true(route("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "2001:db8::/64"));
	assert_int_equal(stat(runs, &st), 0);
	assert_int_equal(st.st_size, sizeof "run\n" - 1);
	assert_true(shell("test $(ip -6 route show table 220 | wc -l) = 254"));
}

/* What the daemon's end is made of (aditd_daemon_test). */
static void
test_a_device_that_is_deleted_is_an_error_to_poll(void **state)
{
	struct pollfd p = {device, POLLIN, 0};

	(void)state;
	need_device();
	assert_true(shell("ip link del " NAME));
	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_true(p.revents & POLLERR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_packets_leave_with_an_address_that_can_be_answered, begin, end),
		cmocka_unit_test_setup_teardown(test_an_address_that_the_kernel_refuses_is_left_out,
						begin, end),
		cmocka_unit_test_setup_teardown(test_a_route_that_can_not_be_made_is_told, begin,
						end),
		cmocka_unit_test_setup_teardown(test_without_its_rule_there_is_no_device, begin,
						end),
		cmocka_unit_test_setup_teardown(test_a_second_one_may_not_have_the_table, begin,
						end),
		cmocka_unit_test_setup_teardown(test_a_wide_range_takes_one_command, begin, end),
		cmocka_unit_test_setup_teardown(test_a_device_that_is_deleted_is_an_error_to_poll,
						begin, end),
	};

	return cmocka_run_group_tests_name("aditd_tun", tests, make_namespace, remove_folder);
}
