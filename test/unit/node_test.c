/* Two whole nodes and the wire between their sockets: traffic makes the tunnel, and goes through
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/endian.h"
#include "support/pair.h"

enum { SAS = 4, POLICIES = 4, ROOM = 512 };

struct side {
	struct adit_node node;
	struct adit_ike_sa sas[SAS];
	struct adit_ike_child children[SAS];
	struct adit_ike_handshake handshakes[SAS];
	struct adit_sad_word words[2 * SAS];
	struct adit_sa sad_sas[2 * SAS];
	struct adit_sad_entry entries[2 * SAS];
	union adit_keyctx keyctx[2 * SAS];
	uint32_t bits[2 * SAS][ADIT_REPLAY_WORDS(64)];
	struct adit_policy policies[POLICIES];
	uint32_t heads[POLICIES];
	struct adit_spd_cache_entry cache[16];
	struct pair_rng rng;
	struct adit_peer_config peer;
	struct adit_child_config child;
	struct adit_ts local_ts, remote_ts;
	struct adit_endpoint end;
	size_t sad_count;
	unsigned up, down;
};

static struct side a, b;
static adit_ms now;
/* a's address as b sees it, and what the NAT adds to its ports. version 0: no NAT. */
static struct adit_endpoint natted;

static void
side_defaults(struct side *s, uint8_t own, uint8_t other)
{
	const struct adit_ip inner = {4, {10, own, 0, 0}}, remote = {4, {10, other, 0, 0}};

	memset(s, 0, sizeof *s);
	s->rng.state = own;
	s->sad_count = 2 * SAS;
	s->end = (struct adit_endpoint){{4, {192, 0, 2, own}}, 500};
	s->local_ts = adit_ts_prefix(&inner, 16);
	s->remote_ts = adit_ts_prefix(&remote, 16);
	s->child.local_ts = &s->local_ts;
	s->child.remote_ts = &s->remote_ts;
	s->child.local_ts_count = s->child.remote_ts_count = 1;
	s->peer.local = s->end.ip;
	s->peer.remote = s->end.ip;
	s->peer.remote.b[3] = other;
	s->peer.psk = (struct adit_span){(const uint8_t *)"key", 3};
	s->peer.children = &s->child;
	s->peer.child_count = 1;
}

static void
side_open(struct side *s)
{
	struct adit_node_config cfg = {.ike = {.crypto = &adit_mbedtls_modern,
					       .rng = {&s->rng, pair_rng_fill},
					       .peers = &s->peer,
					       .peer_count = 1}};
	struct adit_node_mem mem = {{s->sas, SAS, s->children, SAS, s->handshakes, SAS},
				    {s->words, s->sad_sas, s->entries, s->sad_count,
				     s->keyctx[0].mem, sizeof s->keyctx[0], s->bits[0],
				     ADIT_REPLAY_WORDS(64), NULL, 0},
				    s->policies,
				    s->heads,
				    POLICIES,
				    s->cache,
				    16};

	assert_int_equal(adit_node_init(&s->node, &cfg, &mem), ADIT_OK);
}

static void
begin(void)
{
	now = 1000;
	memset(&natted, 0, sizeof natted);
	side_defaults(&a, 1, 2);
	side_defaults(&b, 2, 1);
}

/* Cipher contexts of mbedTLS 2.28 have memory behind them. */
static int
end(void **state)
{
	(void)state;
	adit_node_wipe(&a.node);
	adit_node_wipe(&b.node);
	return 0;
}

static void
open_both(void)
{
	side_open(&a);
	side_open(&b);
}

static void
take_events(struct side *s)
{
	struct adit_ike_event ev;
	struct adit_sa_id in, out;

	while (adit_node_event(&s->node, now, &ev, &in, &out)) {
		s->up += ev.kind == ADIT_EVENT_CHILD_UP;
		s->down += ev.kind == ADIT_EVENT_CHILD_DOWN;
	}
}

/* A datagram from one socket arrives at the other, by way of the NAT if there is one. */
static struct adit_verdict
arrive(struct side *to, struct adit_path path, struct adit_pkt *pkt)
{
	struct adit_path seen = {path.remote, path.local};
	struct adit_verdict v;

	if (natted.ip.version && to == &b) {
		seen.remote.ip = natted.ip;
		seen.remote.port = (uint16_t)(seen.remote.port + natted.port);
	}
	if (natted.ip.version && to == &a) {
		seen.local.ip = a.end.ip;
		seen.local.port = (uint16_t)(seen.local.port - natted.port);
	}
	adit_node_datagram(&to->node, now, &seen, pkt, &v);
	take_events(to);
	return v;
}

static void
exchange(void)
{
	for (int i = 0; i < 20; i++) {
		struct side *from = i % 2 ? &b : &a;
		struct adit_path path;
		uint8_t room[ADIT_PKT_HEADROOM + 2048];
		size_t n;

		take_events(from);
		while (adit_node_output(&from->node, now, &path,
					(struct adit_buf){room + ADIT_PKT_HEADROOM, 2048},
					&n) == ADIT_OK &&
		       n) {
			struct adit_pkt pkt = {room, sizeof room, ADIT_PKT_HEADROOM, n};

			(void)arrive(from == &a ? &b : &a, path, &pkt);
		}
	}
}

/* UDP from 10.x.0.1 to 10.y.0.1. */
static struct adit_pkt
packet(uint8_t *room, uint8_t from, uint8_t to)
{
	struct adit_pkt pkt = {room, ROOM, ADIT_PKT_HEADROOM, 40};
	uint8_t *p = adit_pkt_data(&pkt);

	memset(room, 0, ROOM);
	p[0] = 0x45;
	p[3] = 40;
	p[8] = 64;
	p[9] = 17;
	memcpy(p + 12, (const uint8_t[]){10, from, 0, 1, 10, to, 0, 1}, 8);
	for (int i = 20; i < 40; i++)
		p[i] = (uint8_t)i;
	return pkt;
}

static struct adit_verdict
send_out(struct side *s, struct adit_pkt *pkt)
{
	struct adit_verdict v;

	adit_node_out(&s->node, now, &s->end, pkt, &v, 1);
	return v;
}

/* One packet all the way; as whole IP packets, or as UDP datagrams where that is what it is. */
static struct adit_verdict
carry(struct side *from, struct side *to, uint8_t *room, struct adit_pkt *pkt)
{
	struct adit_verdict v;
	struct adit_path path;
	uint8_t protocol;

	*pkt = packet(room, from->end.ip.b[3], to->end.ip.b[3]);
	v = send_out(from, pkt);
	if (v.kind != ADIT_VERDICT_SEND)
		return v;
	if (adit_pkt_data(pkt)[9] == ADIT_PROTO_ESP) {
		adit_node_in(&to->node, now, pkt, &v, 1);
		return v;
	}
	assert_int_equal(adit_pkt_pull_outer(pkt, &path, &protocol), ADIT_OK);
	return arrive(to, path, pkt);
}

static void
expect_delivery(struct side *from, struct side *to)
{
	uint8_t room[ROOM], again[ROOM];
	struct adit_pkt pkt, want = packet(again, from->end.ip.b[3], to->end.ip.b[3]);

	assert_int_equal(carry(from, to, room, &pkt).kind, ADIT_VERDICT_DELIVER);
	assert_int_equal(pkt.len, want.len);
	assert_memory_equal(adit_pkt_data(&pkt), adit_pkt_data(&want), want.len);
}

static void
test_traffic_makes_the_tunnel_and_goes_through_it(void **state)
{
	uint8_t room[ROOM];
	struct adit_pkt pkt = packet(room, 1, 2);

	(void)state;
	begin();
	open_both();
	assert_int_equal(send_out(&a, &pkt).kind, ADIT_VERDICT_NEED_SA);
	assert_int_equal(send_out(&a, &pkt).kind, ADIT_VERDICT_NEED_SA);
	exchange();
	assert_int_equal(a.up, 1); /* one tunnel for both packets */
	assert_int_equal(b.up, 1);
	expect_delivery(&a, &b);
	expect_delivery(&b, &a);
}

static void
test_nothing_protected_passes_in_clear(void **state)
{
	uint8_t room[ROOM];
	struct adit_pkt pkt = packet(room, 1, 2), elsewhere = packet(room, 1, 9);
	struct adit_verdict v;

	(void)state;
	begin();
	open_both();
	adit_node_in(&b.node, now, &pkt, &v, 1);
	assert_int_equal(v.kind, ADIT_VERDICT_DISCARD);
	assert_int_equal(v.status, ADIT_ERR_POLICY);
	elsewhere = packet(room, 1, 9);
	assert_int_equal(send_out(&a, &elsewhere).status, ADIT_ERR_POLICY);
}

static void
test_no_local_end_begins_nothing(void **state)
{
	uint8_t room[ROOM];
	struct adit_pkt pkt = packet(room, 1, 2);
	struct adit_verdict v;

	(void)state;
	begin();
	open_both();
	adit_node_out(&a.node, now, NULL, &pkt, &v, 1);
	assert_int_equal(v.kind, ADIT_VERDICT_NEED_SA);
	assert_int_equal(adit_node_deadline(&a.node), ADIT_NEVER);
}

static void
test_after_delete_traffic_is_held_back(void **state)
{
	uint8_t room[ROOM];
	struct adit_pkt pkt = packet(room, 1, 2);

	(void)state;
	begin();
	open_both();
	(void)send_out(&a, &pkt);
	exchange();
	expect_delivery(&a, &b);
	assert_int_equal(adit_ike_delete(&b.node.ike, now, (struct adit_ike_id){0, 1}), ADIT_OK);
	exchange();
	assert_int_equal(a.down, 1);
	assert_int_equal(b.down, 1);
	assert_int_equal(a.node.sad.used, 0);
	assert_int_equal(b.node.sad.used, 0);
	pkt = packet(room, 2, 1);
	assert_int_equal(send_out(&b, &pkt).kind, ADIT_VERDICT_NEED_SA);
}

/* The peer behind a NAT is followed by its authentic packets (RFC 7296 2.23). */
static void
test_a_moving_nat_mapping_is_followed(void **state)
{
	uint8_t room[ROOM];
	struct adit_pkt pkt = packet(room, 1, 2);

	(void)state;
	begin();
	b.peer.remote.version = 0;
	open_both();
	natted = (struct adit_endpoint){{4, {198, 51, 100, 7}}, 20000};
	(void)send_out(&a, &pkt);
	exchange();
	expect_delivery(&a, &b);
	expect_delivery(&b, &a);
	natted.port = 30000;
	expect_delivery(&a, &b);
	pkt = packet(room, 2, 1);
	assert_int_equal(send_out(&b, &pkt).kind, ADIT_VERDICT_SEND);
	assert_int_equal(adit_load16(adit_pkt_data(&pkt) + 22), 34500);
}

/* a behind a NAT whose mapping changes, and the two sides know nothing else of each other than what
 * passes here. */
static void
open_behind_nat(void)
{
	uint8_t room[ROOM];
	struct adit_pkt pkt = packet(room, 1, 2);

	begin();
	b.peer.remote.version = 0;
	open_both();
	natted = (struct adit_endpoint){{4, {198, 51, 100, 7}}, 20000};
	(void)send_out(&a, &pkt);
	exchange();
	expect_delivery(&a, &b);
}

static void
test_esp_from_a_new_mapping_moves_ike_too(void **state)
{
	(void)state;
	open_behind_nat();
	natted.port = 30000;
	expect_delivery(&a, &b);
	assert_int_equal(b.sas[0].path.remote.port, 34500);
}

/* What was held back on the way, or by somebody, is authentic still, and no news. */
static void
test_a_late_packet_from_elsewhere_moves_nothing(void **state)
{
	uint8_t room[2][ROOM];
	struct adit_pkt held, pkt;
	struct adit_verdict v;
	struct adit_path path;
	uint8_t protocol;

	(void)state;
	open_behind_nat();
	held = packet(room[0], 1, 2);
	v = send_out(&a, &held);
	assert_int_equal(v.kind, ADIT_VERDICT_SEND);
	assert_int_equal(adit_pkt_pull_outer(&held, &path, &protocol), ADIT_OK);
	natted.port = 30000;
	expect_delivery(&a, &b);
	assert_int_equal(b.sas[0].path.remote.port, 34500);
	natted.port = 10000;
	v = arrive(&b, path, &held);
	assert_int_equal(v.kind, ADIT_VERDICT_DELIVER);
	assert_int_equal(b.sas[0].path.remote.port, 34500);
	pkt = packet(room[1], 2, 1);
	assert_int_equal(send_out(&b, &pkt).kind, ADIT_VERDICT_SEND);
	assert_int_equal(adit_load16(adit_pkt_data(&pkt) + 22), 34500);
}

static void
test_ike_from_a_new_mapping_moves_esp_too(void **state)
{
	uint8_t room[ROOM];
	struct adit_pkt pkt = packet(room, 2, 1);

	(void)state;
	open_behind_nat();
	natted.port = 30000;
	assert_int_equal(adit_ike_probe(&a.node.ike, now, (struct adit_ike_id){0, 1}), ADIT_OK);
	exchange();
	assert_int_equal(b.sas[0].path.remote.port, 34500);
	assert_int_equal(send_out(&b, &pkt).kind, ADIT_VERDICT_SEND);
	assert_int_equal(adit_load16(adit_pkt_data(&pkt) + 22), 34500);
}

/* The marker of the NAT-T port is not authentic: a message that somebody has brought to port 500
 * moves nothing. */
static void
test_only_the_natt_port_moves_a_peer(void **state)
{
	struct adit_path path;
	uint8_t room[ADIT_PKT_HEADROOM + 2048];
	struct adit_verdict v;
	struct adit_pkt pkt;
	size_t n;

	(void)state;
	open_behind_nat();
	assert_int_equal(adit_ike_probe(&a.node.ike, now, (struct adit_ike_id){0, 1}), ADIT_OK);
	assert_int_equal(adit_node_output(&a.node, now, &path,
					  (struct adit_buf){room + ADIT_PKT_HEADROOM, 2048}, &n),
			 ADIT_OK);
	pkt = (struct adit_pkt){room, sizeof room, ADIT_PKT_HEADROOM + 4, n - 4};
	path = (struct adit_path){{b.end.ip, 500}, {natted.ip, 30000}};
	adit_node_datagram(&b.node, now, &path, &pkt, &v);
	assert_int_equal(v.status, ADIT_OK);
	assert_int_equal(b.sas[0].path.remote.port, 24500);
}

/* Whoever is behind a NAT itself would follow whatever that makes of the peer (RFC 7296 2.23). */
static void
test_a_node_behind_a_nat_follows_nobody(void **state)
{
	uint8_t room[ROOM];
	struct adit_pkt pkt = packet(room, 2, 1);

	(void)state;
	open_behind_nat();
	b.sas[0].nat_local = true;
	natted.port = 30000;
	expect_delivery(&a, &b);
	assert_int_equal(b.sas[0].path.remote.port, 24500);
	assert_int_equal(send_out(&b, &pkt).kind, ADIT_VERDICT_SEND);
	assert_int_equal(adit_load16(adit_pkt_data(&pkt) + 22), 24500);
}

/* No room in the SAD: the child ends, nothing of it stays. */
static void
test_a_full_sad_ends_the_child(void **state)
{
	uint8_t room[ROOM];
	struct adit_pkt pkt = packet(room, 1, 2);

	(void)state;
	begin();
	b.sad_count = 1;
	open_both();
	(void)send_out(&a, &pkt);
	exchange();
	exchange();
	assert_int_equal(b.up, 0);
	assert_int_equal(a.down, 1);
	assert_int_equal(a.node.sad.used, 0);
	assert_int_equal(b.node.sad.used, 0);
}

static void
test_policies_must_fit_into_their_storage(void **state)
{
	(void)state;
	begin();
	a.peer.child_count = POLICIES + 1;
	{
		static struct adit_child_config many[POLICIES + 1];
		struct adit_node_config cfg = {.ike = {.crypto = &adit_mbedtls_modern,
						       .rng = {&a.rng, pair_rng_fill},
						       .peers = &a.peer,
						       .peer_count = 1}};
		struct adit_node_mem mem = {{a.sas, SAS, a.children, SAS, a.handshakes, SAS},
					    {a.words, a.sad_sas, a.entries, 2, a.keyctx[0].mem,
					     sizeof a.keyctx[0], a.bits[0], ADIT_REPLAY_WORDS(64),
					     NULL, 0},
					    a.policies,
					    a.heads,
					    POLICIES,
					    NULL,
					    0};

		a.peer.children = many;
		assert_int_equal(adit_node_init(&a.node, &cfg, &mem), ADIT_ERR_FULL);
	}
}

/* A program built with other numbers than the library: each struct alone gives it away. */
static void
test_structs_of_another_size_are_refused(void **state)
{
	static const size_t at[] = {offsetof(struct adit_node_sizes, node),
				    offsetof(struct adit_node_sizes, ike),
				    offsetof(struct adit_node_sizes, child),
				    offsetof(struct adit_node_sizes, handshake),
				    offsetof(struct adit_node_sizes, sad_slot),
				    offsetof(struct adit_node_sizes, policy)};
	static const struct adit_node_config cfg;
	static const struct adit_node_mem mem;

	(void)state;
	for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
		struct adit_node_sizes sizes = {sizeof(struct adit_node),
						sizeof(struct adit_ike_sa),
						sizeof(struct adit_ike_child),
						sizeof(struct adit_ike_handshake),
						ADIT_SAD_SLOT_SIZE,
						sizeof(struct adit_policy)};

		*(size_t *)(void *)((uint8_t *)&sizes + at[i]) -= 8;
		assert_int_equal(adit_node_init_(&a.node, &sizes, &cfg, &mem), ADIT_ERR_CONFIG);
	}
}

/* Wrong SPI on the NAT-T port: a status and a count of its own. */
static void
test_esp_of_nobody_is_counted_as_such(void **state)
{
	uint8_t room[ROOM] = {0};
	struct adit_pkt pkt = {room, ROOM, ADIT_PKT_HEADROOM, 64};
	struct adit_path path = {a.end, b.end};
	struct adit_verdict v;

	(void)state;
	begin();
	open_both();
	path.local.port = 4500;
	room[ADIT_PKT_HEADROOM] = 0x77;
	adit_node_datagram(&b.node, now, &path, &pkt, &v);
	assert_int_equal(v.kind, ADIT_VERDICT_DISCARD);
	assert_int_equal(v.status, ADIT_ERR_NO_SA);
	assert_int_equal(b.node.ipsec.in[ADIT_ERR_NO_SA], 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_traffic_makes_the_tunnel_and_goes_through_it, end),
		cmocka_unit_test_teardown(test_nothing_protected_passes_in_clear, end),
		cmocka_unit_test_teardown(test_no_local_end_begins_nothing, end),
		cmocka_unit_test_teardown(test_after_delete_traffic_is_held_back, end),
		cmocka_unit_test_teardown(test_a_moving_nat_mapping_is_followed, end),
		cmocka_unit_test_teardown(test_esp_from_a_new_mapping_moves_ike_too, end),
		cmocka_unit_test_teardown(test_a_late_packet_from_elsewhere_moves_nothing, end),
		cmocka_unit_test_teardown(test_ike_from_a_new_mapping_moves_esp_too, end),
		cmocka_unit_test_teardown(test_only_the_natt_port_moves_a_peer, end),
		cmocka_unit_test_teardown(test_a_node_behind_a_nat_follows_nobody, end),
		cmocka_unit_test_teardown(test_a_full_sad_ends_the_child, end),
		cmocka_unit_test_teardown(test_esp_of_nobody_is_counted_as_such, end),
		cmocka_unit_test_teardown(test_policies_must_fit_into_their_storage, end),
		cmocka_unit_test(test_structs_of_another_size_are_refused),
	};

	return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
