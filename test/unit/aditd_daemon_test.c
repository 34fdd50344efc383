/* What waits in aditd for its SA, and for how long; the end of an SA that can't be routed, and of a
 * daemon whose device is gone. */
#define _DEFAULT_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../examples/aditd/capture.h"
#include "../../examples/aditd/conf.h"
#include "../../examples/aditd/daemon.h"
#include "../../examples/aditd/inside.h"
#include "../../examples/aditd/log.h"
#include "../../examples/aditd/values.h"
#include "support/said.h"

/* None of the outside is looked at, and libpcap is not needed for that. */
void
capture_datagram(const struct adit_path *path, bool sent, const uint8_t *p, size_t n)
{
	(void)path;
	(void)sent;
	(void)p;
	(void)n;
}

void
capture_packet(const uint8_t *p, size_t n)
{
	(void)p;
	(void)n;
}

/* One connection of one child. */
struct config {
	const char *local, *remote;
	unsigned port; /* of the peer; the other is the next */
	const char *local_ts, *remote_ts, *action;
};

/* Of the only child of the only peer. */
enum { TAG = 0 };

static struct daemon d;

static bool
load(const struct config *c)
{
	char text[1024];
	struct conf *root;

	snprintf(text, sizeof text,
		 "connections { t { local_addrs = %s\n remote_addrs = %s\n encap = yes\n"
		 "remote_port = %u\n remote_natt_port = %u\n"
		 "local { auth = psk }\n remote { auth = psk }\n"
		 "children { c { local_ts = %s\n remote_ts = %s\n start_action = %s\n"
		 "} } } }\nsecrets { ike-1 { secret = s\n } }\n",
		 c->local, c->remote, c->port, c->port + 1, c->local_ts, c->remote_ts, c->action);
	root = conf_read_memory("text", text, strlen(text), stderr);
	d.swanctl = root ? swanctl_load(root, stderr) : NULL;
	conf_free(root);
	return d.swanctl != NULL;
}

/* A daemon without a network. */
static int
make(void **state)
{
	static const struct config c = {"192.0.2.1",   "192.0.2.9",   ADIT_IKE_PORT,
					"10.1.0.0/16", "10.2.0.0/16", "trap"};

	(void)state;
	log_level = LOG_ERROR;
	memset(&d, 0, sizeof d);
	d.ike_port = ADIT_IKE_PORT;
	d.natt_port = ADIT_IKE_NATT_PORT;
	d.tun = -1;
	d.tun_name = "nonesuch";
	for (int i = 0; i < NET_SOCKETS; i++)
		d.net.sockets[i].fd = -1;
	d.net.clear[0] = d.net.clear[1] = -1;
	return load(&c) ? 0 : -1;
}

static int
forget(void **state)
{
	(void)state;
	adit_node_wipe(&d.node);
	keep_nothing();
	return 0;
}

static void
send_to(uint8_t host)
{
	static const uint8_t packet[28] = {0x45, 0, 0,  28, 0, 1, 0, 0, 64, 1, 0, 0, 10, 1,
					   0,    1, 10, 2,  0, 0, 8, 0, 0,  0, 0, 1, 0,  1};
	static struct net_packet room;
	struct adit_pkt pkt = {room.room, sizeof room.room, ADIT_PKT_HEADROOM, sizeof packet};

	memcpy(adit_pkt_data(&pkt), packet, sizeof packet);
	adit_pkt_data(&pkt)[19] = host;
	inside_send(&d, &pkt, 1);
}

static unsigned
held(void)
{
	unsigned n = 0;

	for (int i = 0; i < HELD_MAX; i++)
		n += d.held[i].len != 0;
	return n;
}

static bool
is_held(uint8_t host)
{
	for (int i = 0; i < HELD_MAX; i++)
		if (d.held[i].len && d.held[i].packet[19] == host)
			return true;
	return false;
}

static void
let_wait_until(adit_ms t)
{
	for (int i = 0; i < HELD_MAX; i++)
		d.held[i].until = t;
}

static void
test_packets_that_waited_too_long_make_room(void **state)
{
	(void)state;
	assert_true(daemon_begin(&d));
	for (uint8_t i = 1; i <= HELD_MAX + 1; i++)
		send_to(i);
	assert_int_equal(held(), HELD_MAX);
	assert_false(is_held(HELD_MAX + 1));
	for (int i = 0; i < HELD_MAX; i++)
		assert_in_range(d.held[i].until, daemon_now() + 1, daemon_now() + 60000);
	let_wait_until(daemon_now());
	send_to(100);
	assert_true(is_held(100));
}

/* Nothing of an attempt that failed, or of a group's member that never answers, is sent when there
 * is an SA an hour later. */
static void
test_packets_that_waited_too_long_are_not_sent(void **state)
{
	(void)state;
	assert_true(daemon_begin(&d));
	for (uint8_t i = 1; i <= HELD_MAX; i++)
		send_to(i);
	let_wait_until(daemon_now());
	inside_release(&d, TAG);
	assert_int_equal(held(), 0);
}

/* A group has an SA for each member, and one tag for all. */
static void
test_a_packet_waits_no_longer_for_the_sa_of_another(void **state)
{
	const adit_ms until = daemon_now() + 5000;

	(void)state;
	assert_true(daemon_begin(&d));
	send_to(1);
	let_wait_until(until);
	inside_release(&d, TAG);
	assert_int_equal(held(), 1);
	assert_true(is_held(1));
	assert_int_equal(d.held[0].until, until);
}

static void
test_routes_that_can_not_be_made_are_no_start(void **state)
{
	bool began;

	(void)state;
	d.tun = STDIN_FILENO; /* not looked at */
	said_begin();
	began = daemon_begin(&d);
	assert_non_null(strstr(said_end(), "10.2.0.0/16 can't be led into nonesuch"));
	assert_false(began);
}

/* The first of four ports that nobody has: two of each end. */
static unsigned
open_ports(struct net *a, struct net *b)
{
	unsigned port = 20000 + (unsigned)getpid() % 10000 * 4, tries = 100;

	while (!net_open(a, (uint16_t)port, (uint16_t)(port + 1), false) ||
	       !net_open(b, (uint16_t)(port + 2), (uint16_t)(port + 3), false)) {
		assert_int_not_equal(--tries, 0);
		port += 4;
	}
	return port;
}

/* In a process of its own: makes an SA with the daemon here, pings through it, and ends. */
static pid_t
start_initiator(const struct net *net, unsigned port)
{
	const struct config c = {"127.0.0.1",   "127.0.0.2",   port + 2,
				 "10.1.0.0/16", "10.2.0.0/16", "start"};
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	alarm(30); /* that of the other process is not inherited */
	d.net = *net;
	d.ike_port = (uint16_t)port;
	d.natt_port = (uint16_t)(port + 1);
	d.ping = "10.2.0.1,1";
	if (load(&c) && daemon_begin(&d))
		(void)daemon_run(&d, -1);
	kill(getppid(), SIGTERM);
	_exit(0);
}

/* The end of the daemon in the other process is that of the one here. */
static int
open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* What comes through it would be answered in clear. */
static void
test_an_sa_that_can_not_be_routed_is_deleted(void **state)
{
	int ends[2], signals = open_signals(), code = -1;
	struct net initiator;
	const unsigned port = open_ports(&initiator, &d.net);
	const struct config c = {"127.0.0.2",   "127.0.0.1",   port,
				 "10.2.0.0/16", "10.1.0.0/16", "none"};
	const char *said;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	said_begin();
	pid = start_initiator(&initiator, port);
	net_close(&initiator);
	d.ike_port = (uint16_t)(port + 2);
	d.natt_port = (uint16_t)(port + 3);
	d.tun = ends[0];
	log_level = LOG_INFO;
	alarm(30);
	if (load(&c) && daemon_begin(&d))
		code = daemon_run(&d, signals);
	alarm(0);
	said = said_end();
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(code, 0);
	assert_non_null(strstr(said, "CHILD_SA t{c} ends: "));
	assert_non_null(strstr(said, "sending INFORMATIONAL request 0 [ D ]"));
	net_close(&d.net);
	close(ends[0]);
	close(ends[1]);
	close(signals);
}

static void
expect_end(void)
{
	int code;

	said_begin();
	alarm(20);
	code = daemon_run(&d, -1);
	alarm(0);
	assert_non_null(strstr(said_end(), "the device nonesuch is gone"));
	assert_int_equal(code, 1);
}

/* A device that is deleted looks so to poll(). */
static void
test_a_device_that_hangs_up_ends_the_daemon(void **state)
{
	int ends[2];

	(void)state;
	assert_true(daemon_begin(&d));
	assert_int_equal(pipe(ends), 0);
	close(ends[1]);
	d.tun = ends[0];
	expect_end();
	close(ends[0]);
}

static void
test_a_device_that_can_not_be_read_ends_the_daemon(void **state)
{
	(void)state;
	assert_true(daemon_begin(&d));
	d.tun = open("/", O_RDONLY | O_CLOEXEC);
	assert_true(d.tun >= 0);
	expect_end();
	close(d.tun);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_packets_that_waited_too_long_make_room, make,
						forget),
		cmocka_unit_test_setup_teardown(test_packets_that_waited_too_long_are_not_sent,
						make, forget),
		cmocka_unit_test_setup_teardown(test_a_packet_waits_no_longer_for_the_sa_of_another,
						make, forget),
		cmocka_unit_test_setup_teardown(test_routes_that_can_not_be_made_are_no_start, make,
						forget),
		cmocka_unit_test_setup_teardown(test_an_sa_that_can_not_be_routed_is_deleted, make,
						forget),
		cmocka_unit_test_setup_teardown(test_a_device_that_hangs_up_ends_the_daemon, make,
						forget),
		cmocka_unit_test_setup_teardown(test_a_device_that_can_not_be_read_ends_the_daemon,
						make, forget),
	};

	return cmocka_run_group_tests_name("aditd_daemon", tests, NULL, NULL);
}
