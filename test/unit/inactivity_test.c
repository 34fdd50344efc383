/* Child SAs that nothing goes through are closed, and with the last of them their IKE SA. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/mesh.h"

/* The longest that a tunnel stays: it is looked at four times in that time. */
enum { IDLE_MS = 10000, SEEN_MS = IDLE_MS + IDLE_MS / 4 + 1, TUNNEL = 4, MEMBERS = 4 };

static struct mesh mesh;
static struct mesh_node *const a = &mesh.nodes[0], *const b = &mesh.nodes[1];
static struct pair pair;

static int
begin(void **state)
{
	(void)state;
	mesh_defaults(&mesh, MEMBERS);
	pair_defaults(&pair, 1);
	return 0;
}

/* Cipher contexts of mbedTLS 2.28 have memory behind them. */
static int
end(void **state)
{
	(void)state;
	mesh_close(&mesh);
	return 0;
}

/* Tunnel of a and b with this inactivity; 0: none. */
static void
open_with(adit_ms of_a, adit_ms of_b)
{
	a->child.inactivity_ms = of_a;
	b->child.inactivity_ms = of_b;
	mesh_open(&mesh);
	assert_true(mesh_talk(&mesh, 0, 1));
}

static void
expect_nothing_left(void)
{
	assert_int_equal(mesh_in_use(a), 0);
	assert_int_equal(mesh_in_use(b), 0);
	assert_int_equal(a->down, 1);
	assert_int_equal(b->down, 1);
	assert_int_equal(a->ike_down, 1);
	assert_int_equal(b->ike_down, 1);
	assert_int_equal(a->why, ADIT_OK);
	assert_int_equal(b->why, ADIT_OK);
	assert_int_equal(adit_node_deadline(&a->node), ADIT_NEVER);
	assert_int_equal(adit_node_deadline(&b->node), ADIT_NEVER);
}

static void
test_one_side_closes_what_is_idle(void **state)
{
	(void)state;
	open_with(IDLE_MS, 0);
	mesh_pass(&mesh, IDLE_MS - 1);
	assert_int_equal(mesh_in_use(a), TUNNEL);
	mesh_pass(&mesh, SEEN_MS - IDLE_MS + 1);
	expect_nothing_left();
}

static void
test_the_responder_closes_what_is_idle(void **state)
{
	(void)state;
	open_with(0, IDLE_MS);
	mesh_pass(&mesh, IDLE_MS - 1);
	assert_int_equal(mesh_in_use(b), TUNNEL);
	mesh_pass(&mesh, SEEN_MS - IDLE_MS + 1);
	expect_nothing_left();
}

static void
test_both_sides_close_what_is_idle(void **state)
{
	(void)state;
	open_with(IDLE_MS, IDLE_MS);
	mesh_pass(&mesh, SEEN_MS);
	expect_nothing_left();
}

static void
test_without_inactivity_nothing_is_closed(void **state)
{
	(void)state;
	open_with(0, 0);
	mesh_pass(&mesh, 1000 * IDLE_MS);
	assert_int_equal(mesh_in_use(a), TUNNEL);
	assert_int_equal(mesh_send(&mesh, 1, 0), ADIT_VERDICT_DELIVER);
}

/* Traffic of one direction for six times as long as may be idle; each time just before it is over.
 */
static void
expect_traffic_to_keep(unsigned from, unsigned to)
{
	for (unsigned i = 0; i < 6; i++) {
		mesh_pass(&mesh, IDLE_MS - 1);
		assert_int_equal(mesh_send(&mesh, from, to), ADIT_VERDICT_DELIVER);
	}
	assert_int_equal(a->down, 0);
	mesh_pass(&mesh, IDLE_MS - 1);
	assert_int_equal(a->down, 0);
	mesh_pass(&mesh, SEEN_MS - IDLE_MS + 1);
	expect_nothing_left();
}

static void
test_outbound_traffic_alone_keeps_it(void **state)
{
	(void)state;
	open_with(IDLE_MS, 0);
	expect_traffic_to_keep(0, 1);
}

static void
test_inbound_traffic_alone_keeps_it(void **state)
{
	(void)state;
	open_with(IDLE_MS, 0);
	expect_traffic_to_keep(1, 0);
}

/* What is refused is no use: an attacker's packets keep nothing open. */
static void
test_what_is_not_authentic_keeps_nothing(void **state)
{
	(void)state;
	open_with(IDLE_MS, 0);
	for (unsigned i = 0; i < 2; i++) {
		uint8_t room[MESH_ROOM] = {0};
		struct adit_pkt pkt = {room, MESH_ROOM, ADIT_PKT_HEADROOM, 60};
		uint32_t spi = a->children[0].spi_in;
		struct adit_verdict v;

		mesh_pass(&mesh, IDLE_MS / 2);
		memcpy(adit_pkt_data(&pkt),
		       (const uint8_t[]){0x45,
					 0,
					 0,
					 60,
					 0,
					 0,
					 0,
					 0,
					 64,
					 ADIT_PROTO_ESP,
					 0,
					 0,
					 10,
					 0,
					 0,
					 2,
					 10,
					 0,
					 0,
					 1,
					 (uint8_t)(spi >> 24),
					 (uint8_t)(spi >> 16),
					 (uint8_t)(spi >> 8),
					 (uint8_t)spi,
					 0,
					 0,
					 0,
					 99},
		       28);
		adit_node_in(&a->node, mesh.now, &pkt, &v, 1);
		assert_int_equal(v.status, i ? ADIT_ERR_NO_SA : ADIT_ERR_ICV);
		mesh_pass(&mesh, SEEN_MS - IDLE_MS / 2);
	}
	expect_nothing_left();
}

/* Only what is idle goes, and traffic brings it back. */
static void
test_a_mesh_keeps_what_it_uses(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MEMBERS; i++)
		mesh.nodes[i].child.inactivity_ms = IDLE_MS;
	mesh_open(&mesh);
	for (unsigned i = 1; i < MEMBERS; i++)
		assert_true(mesh_talk(&mesh, 0, i));
	for (unsigned t = 0; t < 3 * IDLE_MS; t += IDLE_MS / 2) {
		mesh_pass(&mesh, IDLE_MS / 2);
		assert_int_equal(mesh_send(&mesh, 0, 2), ADIT_VERDICT_DELIVER);
	}
	assert_int_equal(mesh_in_use(a), TUNNEL);
	assert_int_equal(a->down, MEMBERS - 2);
	assert_int_equal(mesh_in_use(b), 0);
	assert_true(mesh_talk(&mesh, 1, 0));
	assert_int_equal(mesh_in_use(a), 2 * TUNNEL);
}

/* A peer that is gone doesn't answer the delete; meanwhile traffic makes a new tunnel at once. */
static void
test_nothing_goes_into_a_tunnel_that_is_being_closed(void **state)
{
	(void)state;
	open_with(IDLE_MS, 0);
	mesh.deaf[1] = true;
	mesh_pass(&mesh, SEEN_MS);
	assert_int_equal(a->down, 1);
	assert_int_equal(a->ike_down, 0);
	mesh_restart(&mesh, 1);
	mesh.deaf[1] = false;
	assert_int_equal(mesh_send(&mesh, 0, 1), ADIT_VERDICT_NEED_SA);
	mesh_run(&mesh);
	assert_int_equal(mesh_send(&mesh, 0, 1), ADIT_VERDICT_DELIVER);
	mesh_pass(&mesh, 300000);
	assert_int_equal(mesh_in_use(a), 0);
}

/* Whoever ends the last child alone ends the IKE SA: nothing could make it another, and liveness
 * checks would keep it for ever. With inactivity and without. */
static void
test_an_ike_sa_without_child_is_closed_too(void **state)
{
	static const adit_ms idle[] = {IDLE_MS, 0};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		open_with(idle[i], 0);
		assert_int_equal(
			adit_ike_delete_child(&b->node.ike, mesh.now, (struct adit_child_id){0, 1}),
			ADIT_OK);
		mesh_pass(&mesh, 2);
		expect_nothing_left();
	}
}

/* The node sleeps for a quarter of the time that it has. */
static void
test_counters_are_looked_at_seldom(void **state)
{
	unsigned looks = 0;

	(void)state;
	open_with(IDLE_MS, 0);
	mesh_pass(&mesh, 1);
	for (; adit_node_deadline(&a->node) < mesh.now + IDLE_MS && looks < 100; looks++) {
		assert_int_equal(mesh_send(&mesh, 0, 1), ADIT_VERDICT_DELIVER);
		if (mesh.now >= 4 * IDLE_MS)
			break;
		mesh_pass(&mesh, adit_node_deadline(&a->node) - mesh.now);
	}
	assert_true(looks >= 12 && looks <= 17);
}

/* --- Engines by themselves, told of use by their callers. */

static void
open_pair(adit_ms of_a, adit_ms of_b)
{
	pair.a.child.inactivity_ms = of_a;
	pair.b.child.inactivity_ms = of_b;
	pair_open(&pair);
	(void)pair_start(&pair);
	pair_run(&pair);
	assert_true(pair_is_up(&pair));
}

static void
test_an_engine_by_itself_is_told_of_use(void **state)
{
	const struct adit_child_id child = {0, 1};
	adit_ms up;

	(void)state;
	open_pair(IDLE_MS, 0);
	up = pair.now;
	pair_pass(&pair, IDLE_MS / 2);
	adit_ike_used(&pair.a.ike, pair.now, child);
	adit_ike_used(&pair.a.ike, up, child); /* what is older says nothing new */
	pair_pass(&pair, IDLE_MS - 1);
	assert_true(pair_is_up(&pair));
	adit_ike_heard(&pair.a.ike, pair.now, child);
	pair_pass(&pair, IDLE_MS - 1);
	assert_true(pair_is_up(&pair));
	pair_pass(&pair, 1);
	assert_int_equal(pair_in_use(&pair.a) + pair_in_use(&pair.b), 0);
	adit_ike_used(&pair.a.ike, pair.now, child); /* of nobody */
}

/* The deletes of both cross on the way; each answers the other's and is done. */
static void
test_both_sides_may_close_at_the_same_moment(void **state)
{
	struct pair_datagram of_a, of_b, more;

	(void)state;
	open_pair(IDLE_MS, IDLE_MS);
	pair_pass(&pair, IDLE_MS - 1);
	pair.now++;
	adit_ike_tick(&pair.a.ike, pair.now);
	adit_ike_tick(&pair.b.ike, pair.now);
	assert_true(pair_take(&pair, &pair.a, &of_a));
	assert_true(pair_take(&pair, &pair.b, &of_b));
	assert_int_equal(pair_give(&pair, &pair.b, &of_a), ADIT_OK);
	assert_int_equal(pair_give(&pair, &pair.a, &of_b), ADIT_OK);
	assert_true(pair_take(&pair, &pair.a, &of_a)); /* the answers */
	assert_true(pair_take(&pair, &pair.b, &of_b));
	(void)pair_give(&pair, &pair.b, &of_a);
	(void)pair_give(&pair, &pair.a, &of_b);
	assert_false(pair_take(&pair, &pair.a, &more));
	assert_false(pair_take(&pair, &pair.b, &more));
	assert_int_equal(pair_in_use(&pair.a) + pair_in_use(&pair.b), 0);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_CHILD_DOWN), 1);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_CHILD_DOWN), 1);
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->reason, ADIT_OK);
	assert_int_equal(pair_last(&pair.b, ADIT_EVENT_IKE_DOWN)->reason, ADIT_OK);
	assert_int_equal(adit_ike_deadline(&pair.a.ike), ADIT_NEVER);
	assert_int_equal(adit_ike_deadline(&pair.b.ike), ADIT_NEVER);
}

static bool
lose_all(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	(void)p;
	(void)from;
	(void)d;
	return false;
}

/* Both, and neither hears the other. */
static void
test_both_sides_alone_end_too(void **state)
{
	(void)state;
	open_pair(IDLE_MS, IDLE_MS);
	pair.wire = lose_all;
	pair_pass(&pair, IDLE_MS + 300000);
	assert_int_equal(pair_in_use(&pair.a) + pair_in_use(&pair.b), 0);
}

/* Liveness checks are no use of the tunnel. */
static void
test_liveness_checks_keep_nothing(void **state)
{
	(void)state;
	pair.a.peer.dpd_delay_ms = IDLE_MS / 5;
	open_pair(IDLE_MS, 0);
	pair_pass(&pair, IDLE_MS);
	assert_int_equal(pair_in_use(&pair.a) + pair_in_use(&pair.b), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_side_closes_what_is_idle),
		TEST(test_the_responder_closes_what_is_idle),
		TEST(test_both_sides_close_what_is_idle),
		TEST(test_without_inactivity_nothing_is_closed),
		TEST(test_outbound_traffic_alone_keeps_it),
		TEST(test_inbound_traffic_alone_keeps_it),
		TEST(test_what_is_not_authentic_keeps_nothing),
		TEST(test_a_mesh_keeps_what_it_uses),
		TEST(test_nothing_goes_into_a_tunnel_that_is_being_closed),
		TEST(test_an_ike_sa_without_child_is_closed_too),
		TEST(test_counters_are_looked_at_seldom),
		TEST(test_an_engine_by_itself_is_told_of_use),
		TEST(test_both_sides_may_close_at_the_same_moment),
		TEST(test_both_sides_alone_end_too),
		TEST(test_liveness_checks_keep_nothing),
	};

	return cmocka_run_group_tests_name("inactivity", tests, NULL, NULL);
}
