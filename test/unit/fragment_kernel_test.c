/* Fragments, held against the kernel of this machine: it puts together what is cut here, and what
 * it cuts is cut here byte for byte the same. In a network namespace of its own; skipped where
 * there can be none. */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adit/fragment.h"
#include "support/cuts.h"

enum { PORT = 4711, LINK_MTU = 1300, PACKETS = 64, FRAME = 14, LONGEST = 65535 };
enum { ETHERTYPE_V4 = 0x0800, ETHERTYPE_V6 = 0x86dd };

static struct {
	int wire; /* all frames of the loopback interface */
	int index;
	int sockets[2]; /* IPv4, IPv6 */
	int made;
} net = {.wire = -1};

static uint8_t packet[LONGEST], got[LONGEST];

/* The kernel takes packets of 10.0.0.1, whom it doesn't know, as 10.0.0.2. */
static int
set_up_loopback(void)
{
	struct ifreq r;
	struct sockaddr_in self = {.sin_family = AF_INET};
	int s = socket(AF_INET, SOCK_DGRAM, 0), ok;

	memset(&r, 0, sizeof r);
	strcpy(r.ifr_name, "lo");
	self.sin_addr.s_addr = inet_addr("10.0.0.2");
	memcpy(&r.ifr_addr, &self, sizeof self);
	ok = s >= 0 && ioctl(s, SIOCSIFADDR, &r) == 0;
	self.sin_addr.s_addr = inet_addr("255.255.255.255");
	memcpy(&r.ifr_netmask, &self, sizeof self);
	ok = ok && ioctl(s, SIOCSIFNETMASK, &r) == 0;
	r.ifr_flags = IFF_UP | IFF_RUNNING;
	ok = ok && ioctl(s, SIOCSIFFLAGS, &r) == 0;
	r.ifr_mtu = LINK_MTU;
	ok = ok && ioctl(s, SIOCSIFMTU, &r) == 0 && ioctl(s, SIOCGIFINDEX, &r) == 0;
	net.index = r.ifr_ifindex;
	close(s);
	return ok;
}

static int
listen_on(int family)
{
	const struct timeval wait = {.tv_sec = 5};
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in a4 = {.sin_family = AF_INET};
	int s = socket(family, SOCK_DGRAM, 0), off = IP_PMTUDISC_DONT, size = 1 << 20;

	a4.sin_port = htons(PORT);
	a4.sin_addr.s_addr = inet_addr("10.0.0.2");
	a6.sin6_port = htons(PORT);
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	setsockopt(s, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	setsockopt(s, IPPROTO_IP, IP_MTU_DISCOVER, &off, sizeof off);
	if (bind(s, family == AF_INET ? (void *)&a4 : (void *)&a6,
		 family == AF_INET ? sizeof a4 : sizeof a6) != 0)
		return -1;
	return s;
}

static int
make_net(void **state)
{
	const struct timeval wait = {.tv_sec = 5};
	struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_protocol = htons(3)};
	int size = 1 << 22;

	(void)state;
	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return 0;
	net.wire = socket(AF_PACKET, SOCK_RAW, htons(3));
	if (net.wire < 0 || !set_up_loopback())
		return 0;
	a.sll_ifindex = net.index;
	setsockopt(net.wire, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	setsockopt(net.wire, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	net.sockets[0] = listen_on(AF_INET);
	net.sockets[1] = listen_on(AF_INET6);
	net.made = bind(net.wire, (void *)&a, sizeof a) == 0 && net.sockets[0] >= 0 &&
		   net.sockets[1] >= 0;
	return 0;
}

static void
need_net(void)
{
	if (net.made)
		return;
	print_message("skipped: no network namespace here\n");
	skip();
}

static int
socket_of(enum cuts_kind kind)
{
	return net.sockets[kind >= CUTS_V6];
}

static uint32_t
sum(uint32_t s, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	return s;
}

static void
put_sum(uint8_t *p, uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	p[0] = (uint8_t)(~s >> 8);
	p[1] = (uint8_t)~s;
}

/* To the socket above, with checksums. Options that the kernel would refuse are replaced: no source
 * routes over the loopback. */
static void
address(enum cuts_kind kind, size_t total)
{
	static const uint8_t options[24] = {7, 7, 4, 0, 0, 0, 0, 130, 11, 1, 2, 3,
					    4, 5, 6, 7, 8, 9, 1, 68,  4,  5, 0, 0};
	size_t head = cuts_head(kind), n = total - head;
	uint8_t *udp = packet + head;

	if (kind == CUTS_V6) {
		memset(packet + 8, 0, 32);
		packet[23] = packet[39] = 1;
	} else if (kind == CUTS_V4_OPTIONS) {
		memcpy(packet + 20, options, sizeof options);
	}
	udp[2] = PORT >> 8;
	udp[3] = PORT & 255;
	udp[6] = udp[7] = 0;
	put_sum(udp + 6, sum(kind == CUTS_V6 ? sum(17 + (uint32_t)n, packet + 8, 32)
					     : sum(17 + (uint32_t)n, packet + 12, 8),
			     udp, n));
	if (kind == CUTS_V6)
		return;
	packet[10] = packet[11] = 0;
	put_sum(packet + 10, sum(0, packet, head));
}

static void
send_frame(const uint8_t *p, size_t n)
{
	static uint8_t frame[FRAME + LONGEST];
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = 6};
	uint16_t type = p[0] >> 4 == 4 ? ETHERTYPE_V4 : ETHERTYPE_V6;

	memset(frame, 0, FRAME);
	frame[12] = (uint8_t)(type >> 8);
	frame[13] = (uint8_t)type;
	memcpy(frame + FRAME, p, n);
	to.sll_ifindex = net.index;
	to.sll_protocol = htons(type);
	assert_int_equal(sendto(net.wire, frame, FRAME + n, 0, (void *)&to, sizeof to), FRAME + n);
}

/* Backwards, or in order. */
static void
assert_kernel_joins(enum cuts_kind kind, size_t total, size_t mtu, bool backwards)
{
	static uint8_t pieces[PACKETS][LINK_MTU];
	static uint32_t id;
	struct adit_fragment_params params = {mtu, ++id, false};
	struct adit_fragmenter f;
	size_t len[PACKETS], n = 0, head = cuts_head(kind) + 8;

	cuts_packet(packet, kind, total, id);
	address(kind, total);
	assert_int_equal(adit_fragment_begin(&f, (struct adit_span){packet, total}, &params),
			 ADIT_OK);
	for (; adit_fragment_left(&f); n++) {
		struct adit_pkt out = {pieces[n], LINK_MTU, 0, 0};

		assert_true(n < PACKETS);
		assert_int_equal(adit_fragment_next(&f, &out), ADIT_OK);
		len[n] = out.len;
	}
	for (size_t i = 0; i < n; i++) {
		size_t k = backwards ? n - 1 - i : i;

		send_frame(pieces[k], len[k]);
	}
	assert_int_equal(recv(socket_of(kind), got, sizeof got, 0), total - head);
	assert_memory_equal(got, packet + head, total - head);
}

static void
test_the_kernel_joins_what_is_cut_here(void **state)
{
	static const enum cuts_kind kinds[] = {CUTS_V4, CUTS_V4_OPTIONS, CUTS_V6};

	(void)state;
	need_net();
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		for (size_t total = 300; total < 9000; total += 997)
			for (size_t mtu = 200; mtu <= LINK_MTU; mtu += 157)
				if (total / mtu < PACKETS / 2) {
					assert_kernel_joins(kinds[i], total, mtu, false);
					assert_kernel_joins(kinds[i], total, mtu, true);
				}
}

/* The next fragment that the kernel sent on the wire. */
static size_t
take_fragment(uint8_t *p, size_t cap)
{
	for (;;) {
		uint8_t frame[FRAME + LINK_MTU];
		struct sockaddr_ll from;
		socklen_t from_len = sizeof from;
		ssize_t n = recvfrom(net.wire, frame, sizeof frame, 0, (void *)&from, &from_len);
		struct cuts_view v;

		assert_true(n > FRAME);
		if (from.sll_pkttype != PACKET_HOST)
			continue;
		cuts_read(frame + FRAME, &v);
		if (!v.more && !v.offset)
			continue;
		assert_true((size_t)n - FRAME <= cap);
		memcpy(p, frame + FRAME, (size_t)n - FRAME);
		return (size_t)n - FRAME;
	}
}

static void
drain(void)
{
	while (recv(net.wire, got, sizeof got, MSG_DONTWAIT) > 0)
		;
	for (int i = 0; i < 2; i++)
		while (recv(net.sockets[i], got, sizeof got, MSG_DONTWAIT) > 0)
			;
}

static ssize_t
send_to_itself(enum cuts_kind kind, size_t n)
{
	struct sockaddr_in6 to;
	socklen_t len = sizeof to;

	assert_int_equal(getsockname(socket_of(kind), (void *)&to, &len), 0);
	return sendto(socket_of(kind), packet, n, 0, (void *)&to, len);
}

struct joiner {
	struct adit_reasm r;
	struct adit_reasm_slot slot;
	struct adit_reasm_range ranges[PACKETS];
	uint8_t bytes[LONGEST];
};

static void
open_joiner(struct joiner *j)
{
	struct adit_reasm_mem mem = {.slots = &j->slot, .slot_count = 1, .ranges = j->ranges};

	mem.fragments = PACKETS;
	mem.bytes = j->bytes;
	mem.slot_size = sizeof j->bytes;
	assert_int_equal(adit_reasm_init(&j->r, &mem), ADIT_OK);
}

/* Puts the kernel's fragments together, then cuts the packet again. */
static void
assert_like_kernel(enum cuts_kind kind, size_t n)
{
	static struct joiner j;
	static uint8_t pieces[PACKETS][LINK_MTU];
	struct adit_fragment_params params = {.mtu = LINK_MTU};
	struct adit_fragmenter f;
	struct adit_pkt pkt, out;
	struct cuts_view v;
	size_t len[PACKETS], count = 0, head = cuts_head(kind) + 8;
	enum adit_status st = ADIT_ERR_PENDING;
	uint8_t again[LINK_MTU];

	drain();
	for (size_t i = 0; i < n; i++)
		packet[i] = cuts_byte(7, i);
	assert_int_equal(send_to_itself(kind, n), n);
	open_joiner(&j);
	while (st == ADIT_ERR_PENDING) {
		len[count] = take_fragment(pieces[count], LINK_MTU);
		pkt = (struct adit_pkt){pieces[count], LINK_MTU, 0, len[count]};
		st = adit_reasm_add(&j.r, 0, &pkt);
		count++;
	}
	assert_int_equal(st, ADIT_OK);
	assert_int_equal(pkt.len, head + n);
	assert_memory_equal(adit_pkt_data(&pkt) + head, packet, n);
	cuts_read(pieces[0], &v);
	params.id = v.id;
	assert_int_equal(
		adit_fragment_begin(&f, (struct adit_span){adit_pkt_data(&pkt), pkt.len}, &params),
		ADIT_OK);
	assert_int_equal(adit_fragment_left(&f), count);
	for (size_t i = 0; i < count; i++) {
		out = (struct adit_pkt){again, sizeof again, 0, 0};
		assert_int_equal(adit_fragment_next(&f, &out), ADIT_OK);
		assert_int_equal(out.len, len[i]);
		assert_memory_equal(again, pieces[i], len[i]);
	}
}

static void
test_what_the_kernel_cuts_is_cut_here_the_same(void **state)
{
	(void)state;
	need_net();
	for (size_t n = LINK_MTU; n < 20000; n += 701) {
		assert_like_kernel(CUTS_V4, n);
		assert_like_kernel(CUTS_V6, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_kernel_joins_what_is_cut_here),
		cmocka_unit_test(test_what_the_kernel_cuts_is_cut_here_the_same),
	};

	return cmocka_run_group_tests_name("fragment_kernel", tests, make_net, NULL);
}
