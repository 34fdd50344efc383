/* What waits in aditd for its SA, and for how long; the end of a daemon whose device is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../examples/aditd/capture.h"
#include "../../examples/aditd/conf.h"
#include "../../examples/aditd/daemon.h"
#include "../../examples/aditd/inside.h"
#include "../../examples/aditd/log.h"
#include "../../examples/aditd/values.h"

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

static const char text[] = "connections {\n"
			   "  t {\n"
			   "    local_addrs = 192.0.2.1\n"
			   "    remote_addrs = 192.0.2.9\n"
			   "    local { auth = psk }\n"
			   "    remote { auth = psk }\n"
			   "    children {\n"
			   "      c {\n"
			   "        local_ts = 10.1.0.0/16\n"
			   "        remote_ts = 10.2.0.0/16\n"
			   "        start_action = trap\n"
			   "      }\n"
			   "    }\n"
			   "  }\n"
			   "}\n"
			   "secrets {\n"
			   "  ike-1 {\n"
			   "    secret = s\n"
			   "  }\n"
			   "}\n";

/* Of the only child of the only peer. */
enum { TAG = 0 };

static struct daemon d;

/* A daemon without a network. */
static int
make(void **state)
{
	struct conf *root = conf_read_memory("text", text, sizeof text - 1, stderr);

	(void)state;
	log_level = LOG_ERROR;
	memset(&d, 0, sizeof d);
	d.swanctl = root ? swanctl_load(root, stderr) : NULL;
	conf_free(root);
	d.ike_port = ADIT_IKE_PORT;
	d.natt_port = ADIT_IKE_NATT_PORT;
	d.tun = -1;
	d.tun_name = "nonesuch";
	for (int i = 0; i < NET_SOCKETS; i++)
		d.net.sockets[i].fd = -1;
	d.net.clear[0] = d.net.clear[1] = -1;
	return d.swanctl ? 0 : -1;
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
	(void)state;
	d.tun = STDIN_FILENO; /* not looked at */
	assert_false(daemon_begin(&d));
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
	alarm(20);
	assert_int_equal(daemon_run(&d, -1), 1);
	alarm(0);
	close(ends[0]);
}

static void
test_a_device_that_can_not_be_read_ends_the_daemon(void **state)
{
	(void)state;
	assert_true(daemon_begin(&d));
	d.tun = open("/", O_RDONLY | O_CLOEXEC);
	assert_true(d.tun >= 0);
	alarm(20);
	assert_int_equal(daemon_run(&d, -1), 1);
	alarm(0);
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
		cmocka_unit_test_setup_teardown(test_a_device_that_hangs_up_ends_the_daemon, make,
						forget),
		cmocka_unit_test_setup_teardown(test_a_device_that_can_not_be_read_ends_the_daemon,
						make, forget),
	};

	return cmocka_run_group_tests_name("aditd_daemon", tests, NULL, NULL);
}
