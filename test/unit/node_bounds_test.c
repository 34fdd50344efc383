/* A node at its bounds: storage that does not fit, datagrams that are nothing, policies of the
 * caller's own, other ports, several peers and children. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/pair.h"

enum { SAS = 4, POLICIES = 6, ROOM = 2304 };

ADIT_NODE_STORAGE(memory_a, SAS, POLICIES);
ADIT_NODE_STORAGE(memory_b, SAS, POLICIES);

struct side {
	struct adit_node node;
	struct adit_node_config cfg;
	struct adit_node_mem mem;
	struct adit_peer_config peers[2];
	struct adit_child_config children[2];
	struct adit_endpoint end;
	struct pair_rng rng;
	unsigned up;
};

static struct side a, b;
static uint8_t room[ROOM];
static struct adit_pkt pkt;
static struct adit_verdict v;
static adit_ms now;

/* Two hosts with a child for each other's address, over IPv4 or IPv6. */
static void
side_defaults(struct side *s, uint8_t version, uint8_t own, uint8_t other)
{
	struct adit_ip remote;

	memset(s, 0, sizeof *s);
	s->rng.state = own;
	s->end.port = 500;
	s->end.ip.version = remote.version = version;
	memcpy(s->end.ip.b,
	       version == 4 ? (const uint8_t[]){192, 0, 2, 0} : (const uint8_t[]){0xfd, 0, 0, 0},
	       4);
	remote = s->end.ip;
	s->end.ip.b[version == 4 ? 3 : 15] = own;
	remote.b[version == 4 ? 3 : 15] = other;
	s->peers[0].local = s->end.ip;
	s->peers[0].remote = remote;
	s->peers[0].psk = (struct adit_span){(const uint8_t *)"key", 3};
	s->peers[0].children = s->children;
	s->peers[0].child_count = 1;
	s->peers[1] = s->peers[0];
	s->cfg.ike.crypto = &adit_mbedtls_modern;
	s->cfg.ike.rng = (struct adit_rng){&s->rng, pair_rng_fill};
	s->cfg.ike.peers = s->peers;
	s->cfg.ike.peer_count = 1;
}

static void
begin(uint8_t version)
{
	now = 1000;
	side_defaults(&a, version, 1, 2);
	side_defaults(&b, version, 2, 1);
	a.mem = memory_a;
	b.mem = memory_b;
}

static void
open_both(void)
{
	assert_int_equal(adit_node_init(&a.node, &a.cfg, &a.mem), ADIT_OK);
	assert_int_equal(adit_node_init(&b.node, &b.cfg, &b.mem), ADIT_OK);
}

static int
end(void **state)
{
	(void)state;
	adit_node_wipe(&a.node);
	adit_node_wipe(&b.node);
	return 0;
}

static void
put_bytes(const void *p, size_t n)
{
	memset(room, 0, sizeof room);
	pkt = (struct adit_pkt){room, sizeof room, ADIT_PKT_HEADROOM, n};
	if (n)
		memcpy(adit_pkt_data(&pkt), p, n);
}

/* UDP from one address to another, port 7 to port `port`. */
static void
put_udp(const struct adit_ip *from, const struct adit_ip *to, uint8_t port)
{
	bool v4 = from->version == 4;
	size_t n = v4 ? 4 : 16, header = v4 ? 20 : 40;
	uint8_t p[60] = {0};

	p[0] = v4 ? 0x45 : 0x60;
	p[v4 ? 3 : 5] = v4 ? 40 : 20;
	p[v4 ? 8 : 7] = 64;
	p[v4 ? 9 : 6] = ADIT_PROTO_UDP;
	memcpy(p + (v4 ? 12 : 8), from->b, n);
	memcpy(p + (v4 ? 12 : 8) + n, to->b, n);
	p[header + 1] = 7;
	p[header + 3] = port;
	p[header + 5] = 20;
	put_bytes(p, header + 20);
}

static enum adit_verdict_kind
send_out(struct side *s, const struct side *to)
{
	put_udp(&s->end.ip, &to->end.ip, 9);
	adit_node_out(&s->node, now, &s->end, &pkt, &v, 1);
	return v.kind;
}

static void
take_events(struct side *s)
{
	struct adit_ike_event ev;
	struct adit_sa_id in, out;

	while (adit_node_event(&s->node, now, &ev, &in, &out))
		s->up += ev.kind == ADIT_EVENT_CHILD_UP;
}

static struct adit_path last_path;

static void
exchange(void)
{
	for (int i = 0; i < 20; i++) {
		struct side *from = i % 2 ? &b : &a, *to = i % 2 ? &a : &b;
		struct adit_path path, seen;
		size_t n;

		take_events(from);
		while (adit_node_output(&from->node, now, &path,
					(struct adit_buf){room + ADIT_PKT_HEADROOM, 2048},
					&n) == ADIT_OK &&
		       n) {
			pkt = (struct adit_pkt){room, sizeof room, ADIT_PKT_HEADROOM, n};
			last_path = path;
			seen = (struct adit_path){path.remote, path.local};
			adit_node_datagram(&to->node, now, &seen, &pkt, &v);
			take_events(to);
		}
	}
}

static void
expect_delivery(struct side *from, struct side *to)
{
	struct adit_path path;
	uint8_t protocol;

	assert_int_equal(send_out(from, to), ADIT_VERDICT_SEND);
	if (v.kind == ADIT_VERDICT_SEND && adit_pkt_data(&pkt)[9] == ADIT_PROTO_UDP &&
	    from->end.ip.version == 4) {
		assert_int_equal(adit_pkt_pull_outer(&pkt, &path, &protocol), ADIT_OK);
		path = (struct adit_path){path.remote, path.local};
		adit_node_datagram(&to->node, now, &path, &pkt, &v);
	} else {
		adit_node_in(&to->node, now, &pkt, &v, 1);
	}
	assert_int_equal(v.kind, ADIT_VERDICT_DELIVER);
}

/* --- Storage. */

static void
test_storage_that_does_not_fit_is_refused(void **state)
{
	static struct adit_policy own[POLICIES + 1];

	(void)state;
	begin(4);
	a.cfg.first = own;
	a.cfg.first_count = POLICIES + 1;
	assert_int_equal(adit_node_init(&a.node, &a.cfg, &a.mem), ADIT_ERR_FULL);
	a.cfg.first_count = POLICIES;
	assert_int_equal(adit_node_init(&a.node, &a.cfg, &a.mem), ADIT_ERR_FULL);
	begin(4);
	a.mem.sad.count = 3;
	assert_int_equal(adit_node_init(&a.node, &a.cfg, &a.mem), ADIT_ERR_ARG);
	begin(4);
	a.mem.heads = NULL;
	assert_int_equal(adit_node_init(&a.node, &a.cfg, &a.mem), ADIT_ERR_ARG);
	begin(4);
	a.cfg.ike.crypto = NULL;
	assert_int_equal(adit_node_init(&a.node, &a.cfg, &a.mem), ADIT_ERR_CONFIG);
}

/* --- Tunnels. */

static void
test_hosts_protect_each_other_s_addresses(void **state)
{
	(void)state;
	for (uint8_t version = 4; version <= 6; version += 2) {
		begin(version);
		open_both();
		assert_int_equal(send_out(&a, &b), ADIT_VERDICT_NEED_SA);
		exchange();
		assert_int_equal(a.up, 1);
		assert_int_equal(b.up, 1);
		expect_delivery(&a, &b);
		expect_delivery(&b, &a);
		if (version == 4)
			(void)end(NULL);
	}
}

static void
test_other_ports_are_those_configured(void **state)
{
	(void)state;
	begin(4);
	a.cfg.ike.natt_port = b.cfg.ike.natt_port = 4600;
	a.peers[0].remote_natt_port = b.peers[0].remote_natt_port = 4600;
	a.peers[0].encap = true;
	open_both();
	assert_int_equal(send_out(&a, &b), ADIT_VERDICT_NEED_SA);
	exchange();
	assert_int_equal(last_path.local.port, 4600);
	expect_delivery(&a, &b);
	expect_delivery(&b, &a);
}

/* Each policy has its own child, and each child its own attempt. */
static void
test_each_child_of_each_peer_gets_its_own_sa(void **state)
{
	static struct adit_ts udp9, udp10;

	(void)state;
	begin(4);
	udp9 = adit_ts_prefix(&b.end.ip, 32);
	udp9.protocol = ADIT_PROTO_UDP;
	udp9.port_first = udp9.port_last = 9;
	udp10 = udp9;
	udp10.port_first = udp10.port_last = 10;
	a.children[0].remote_ts = &udp9;
	a.children[1].remote_ts = &udp10;
	a.children[0].remote_ts_count = a.children[1].remote_ts_count = 1;
	a.peers[0].child_count = 2;
	/* A first peer that is somewhere else. */
	a.peers[1] = a.peers[0];
	a.peers[0].remote.b[3] = 77;
	a.peers[0].child_count = 1;
	a.children[0].remote_ts = &udp9;
	a.cfg.ike.peer_count = 2;
	a.peers[1].children = a.children;
	open_both();
	/* The first policy that fits is that of the peer elsewhere. */
	put_udp(&a.end.ip, &b.end.ip, 9);
	adit_node_out(&a.node, now, &a.end, &pkt, &v, 1);
	assert_int_equal(v.kind, ADIT_VERDICT_NEED_SA);
	assert_int_equal(v.policy, 0);
	for (unsigned i = 0; i < 2; i++) {
		put_udp(&a.end.ip, &b.end.ip, 10);
		adit_node_out(&a.node, now, &a.end, &pkt, &v, 1);
		assert_int_equal(v.kind, ADIT_VERDICT_NEED_SA);
		assert_int_equal(v.policy, 2);
	}
	assert_int_equal(a.node.ike.mem.sas[0].child_config, 0);
	assert_int_equal(a.node.ike.mem.sas[1].child_config, 1);
	assert_int_equal(a.node.ike.mem.sas[2].state, ADIT_IKE_FREE);
	/* The one under way to the peer elsewhere goes nowhere; the other one comes up. */
	b.peers[0].remote.version = 0;
	exchange();
	put_udp(&a.end.ip, &b.end.ip, 10);
	adit_node_out(&a.node, now, &a.end, &pkt, &v, 1);
	assert_int_equal(v.kind, ADIT_VERDICT_SEND);
	assert_int_equal(v.policy, 2);
}

static void
test_a_policy_of_the_caller_s_own_makes_no_attempt(void **state)
{
	static struct adit_policy own;

	(void)state;
	begin(4);
	memset(&own, 0, sizeof own);
	own.action = ADIT_PROTECT;
	own.selectors.local[0] = adit_ts_prefix(&a.end.ip, 32);
	own.selectors.remote[0] = adit_ts_prefix(&b.end.ip, 32);
	own.selectors.local_n = own.selectors.remote_n = 1;
	a.cfg.first = &own;
	a.cfg.first_count = 1;
	open_both();
	assert_int_equal(send_out(&a, &b), ADIT_VERDICT_NEED_SA);
	assert_int_equal(v.policy, 0);
	assert_int_equal(adit_node_deadline(&a.node), ADIT_NEVER);
}

/* --- Datagrams that are nothing. */

static void
connect(void)
{
	begin(4);
	a.peers[0].encap = b.peers[0].encap = true;
	open_both();
	assert_int_equal(send_out(&a, &b), ADIT_VERDICT_NEED_SA);
	exchange();
	expect_delivery(&a, &b);
}

static struct adit_path
natt_path(void)
{
	struct adit_path path = {b.end, a.end};

	path.local.port = path.remote.port = 4500;
	return path;
}

static enum adit_status
give(const void *p, size_t n)
{
	struct adit_path path = natt_path();

	put_bytes(p, n);
	adit_node_datagram(&b.node, now, &path, &pkt, &v);
	assert_int_equal(v.kind, ADIT_VERDICT_DISCARD);
	return v.status;
}

static void
test_datagrams_that_are_nothing_are_refused(void **state)
{
	static const uint8_t zeros[40], keepalive[1] = {0xff};
	struct adit_path path;

	(void)state;
	connect();
	for (size_t n = 0; n < 4; n++)
		assert_int_equal(give(zeros, n), ADIT_ERR_SHORT);
	assert_int_equal(give(keepalive, 1), ADIT_OK);
	for (size_t n = 4; n < 32; n++)
		assert_int_equal(give(zeros, n), ADIT_ERR_SHORT);
	path = natt_path();
	pkt = (struct adit_pkt){room, 10, 5, 6};
	adit_node_datagram(&b.node, now, &path, &pkt, &v);
	assert_int_equal(v.kind, ADIT_VERDICT_DISCARD);
	assert_int_equal(v.status, ADIT_ERR_ARG);
	expect_delivery(&a, &b);
}

/* An ESP packet that is for us, and forged, or has no room in front. */
static void
test_esp_that_can_not_be_opened_is_refused(void **state)
{
	struct adit_path path, seen = natt_path();
	adit_ms heard;
	uint8_t protocol;

	(void)state;
	connect();
	heard = b.node.ike.mem.sas[0].heard_at;
	now += 1000;
	assert_int_equal(send_out(&a, &b), ADIT_VERDICT_SEND);
	assert_int_equal(adit_pkt_pull_outer(&pkt, &path, &protocol), ADIT_OK);
	adit_pkt_data(&pkt)[pkt.len - 1] ^= 1;
	adit_node_datagram(&b.node, now, &seen, &pkt, &v);
	assert_int_equal(v.kind, ADIT_VERDICT_DISCARD);
	assert_int_equal(v.status, ADIT_ERR_ICV);
	assert_int_equal(b.node.ike.mem.sas[0].heard_at, heard); /* no proof of life */

	assert_int_equal(send_out(&a, &b), ADIT_VERDICT_SEND);
	assert_int_equal(adit_pkt_pull_outer(&pkt, &path, &protocol), ADIT_OK);
	memmove(room, adit_pkt_data(&pkt), pkt.len);
	pkt.off = 0;
	adit_node_datagram(&b.node, now, &seen, &pkt, &v);
	assert_int_equal(v.kind, ADIT_VERDICT_DISCARD);
	assert_int_equal(v.status, ADIT_ERR_ROOM);
	expect_delivery(&a, &b);
	assert_int_equal(b.node.ike.mem.sas[0].heard_at, now);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_storage_that_does_not_fit_is_refused),
		cmocka_unit_test_teardown(test_hosts_protect_each_other_s_addresses, end),
		cmocka_unit_test_teardown(test_other_ports_are_those_configured, end),
		cmocka_unit_test_teardown(test_each_child_of_each_peer_gets_its_own_sa, end),
		cmocka_unit_test_teardown(test_a_policy_of_the_caller_s_own_makes_no_attempt, end),
		cmocka_unit_test_teardown(test_datagrams_that_are_nothing_are_refused, end),
		cmocka_unit_test_teardown(test_esp_that_can_not_be_opened_is_refused, end),
	};

	return cmocka_run_group_tests_name("node_bounds", tests, NULL, NULL);
}
