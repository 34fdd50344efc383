/* A full mesh: one peer of any address and one child in transport mode on each node; traffic makes
 * an SA for each address that it goes to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/mesh.h"

/* What a tunnel takes of each of its two nodes: an IKE SA, a Child SA, two SAs of the database. */
enum { TUNNEL = 4, MEMBERS = 4 };

static struct mesh mesh;
static struct mesh_node *const a = &mesh.nodes[0], *const b = &mesh.nodes[1],
			       *const c = &mesh.nodes[2];

static int
begin(void **state)
{
	(void)state;
	mesh_defaults(&mesh, MEMBERS);
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

static void
test_one_policy_carries_an_sa_for_each_member(void **state)
{
	(void)state;
	mesh_open(&mesh);
	for (unsigned i = 1; i < MEMBERS; i++)
		assert_int_equal(mesh_send(&mesh, 0, i), ADIT_VERDICT_NEED_SA);
	mesh_run(&mesh);
	for (unsigned i = 1; i < MEMBERS; i++) {
		assert_int_equal(mesh_send(&mesh, 0, i), ADIT_VERDICT_DELIVER);
		assert_int_equal(mesh_send(&mesh, i, 0), ADIT_VERDICT_DELIVER);
		assert_int_equal(mesh.nodes[i].up, 1);
	}
	assert_int_equal(a->up, MEMBERS - 1);
	assert_int_equal(a->node.spd.mem.count, 1);
	assert_int_equal(mesh_in_use(a), TUNNEL * (MEMBERS - 1));
}

/* Each is found by a hash: none hangs in the policy's list, which would be walked. */
static void
test_members_are_found_by_the_hash(void **state)
{
	(void)state;
	if (!ADIT_EXTRAS)
		skip();
	mesh_open(&mesh);
	for (unsigned i = 1; i < MEMBERS; i++)
		assert_true(mesh_talk(&mesh, 0, i));
	assert_int_equal(a->node.sad.pinned, MEMBERS - 1);
	assert_int_equal(a->heads[0], 0);
}

static void
test_a_database_without_a_hash_does_too(void **state)
{
	(void)state;
	a->hash_count = 0;
	mesh_open(&mesh);
	for (unsigned i = 1; i < MEMBERS; i++)
		assert_true(mesh_talk(&mesh, 0, i));
	for (unsigned i = 1; i < MEMBERS; i++)
		assert_int_equal(mesh_send(&mesh, 0, i), ADIT_VERDICT_DELIVER);
	assert_int_equal(a->node.sad.pinned, 0);
}

/* All of a mesh, each to each; whoever was first, there is one tunnel between two. */
static void
test_every_member_talks_to_every_other(void **state)
{
	(void)state;
	mesh_open(&mesh);
	for (unsigned i = 0; i < MEMBERS; i++)
		for (unsigned k = 0; k < MEMBERS; k++)
			assert_true(i == k || mesh_talk(&mesh, i, k));
	for (unsigned i = 0; i < MEMBERS; i++)
		assert_int_equal(mesh_in_use(&mesh.nodes[i]), TUNNEL * (MEMBERS - 1));
}

static void
test_each_address_has_one_attempt_at_a_time(void **state)
{
	(void)state;
	mesh_open(&mesh);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(mesh_send(&mesh, 0, 1), ADIT_VERDICT_NEED_SA);
		assert_int_equal(mesh_send(&mesh, 0, 2), ADIT_VERDICT_NEED_SA);
	}
	assert_int_equal(mesh_in_use(a), 2 * 2); /* an IKE SA and a handshake each */
}

/* A node that takes whatever address it has: its SAs are its packets' source's. */
static void
test_a_node_of_any_address_of_its_own(void **state)
{
	(void)state;
	memset(&a->peer.local, 0, sizeof a->peer.local);
	mesh_open(&mesh);
	assert_true(mesh_talk(&mesh, 0, 1));
	assert_true(mesh_talk(&mesh, 2, 0));
	assert_true(mesh_send(&mesh, 0, 2) == ADIT_VERDICT_DELIVER);
	assert_int_equal(a->policies[0].pfp, ADIT_PFP_LOCAL | ADIT_PFP_REMOTE);
	assert_int_equal(a->node.sad.pinned, ADIT_EXTRAS ? 2 : 0);
	assert_int_equal(b->policies[0].pfp, ADIT_PFP_REMOTE);
}

static void
test_a_group_in_udp(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MEMBERS; i++)
		mesh.nodes[i].peer.encap = true;
	mesh_open(&mesh);
	assert_true(mesh_talk(&mesh, 0, 1));
	assert_true(mesh_talk(&mesh, 2, 0));
	assert_int_equal(a->sas[0].path.remote.port, ADIT_IKE_NATT_PORT);
}

static void
test_both_sides_may_begin_at_once(void **state)
{
	(void)state;
	mesh_open(&mesh);
	assert_int_equal(mesh_send(&mesh, 0, 1), ADIT_VERDICT_NEED_SA);
	assert_int_equal(mesh_send(&mesh, 1, 0), ADIT_VERDICT_NEED_SA);
	mesh_run(&mesh);
	assert_int_equal(a->up, 2);
	assert_int_equal(b->up, 2);
	assert_int_equal(a->down + b->down, 0);
	assert_int_equal(mesh_send(&mesh, 0, 1), ADIT_VERDICT_DELIVER);
	assert_int_equal(mesh_send(&mesh, 1, 0), ADIT_VERDICT_DELIVER);
}

/* INITIAL_CONTACT is one member's word about itself (RFC 7296 2.4). */
static void
test_a_restart_takes_its_own_former_sas_alone(void **state)
{
	(void)state;
	mesh_open(&mesh);
	assert_true(mesh_talk(&mesh, 0, 1));
	assert_true(mesh_talk(&mesh, 0, 2));
	mesh_restart(&mesh, 1);
	assert_true(mesh_talk(&mesh, 1, 0));
	assert_int_equal(a->down, 1);
	assert_int_equal(a->up, 3);
	assert_int_equal(mesh_in_use(a), 2 * TUNNEL);
	assert_int_equal(c->down, 0);
	assert_int_equal(mesh_send(&mesh, 0, 1), ADIT_VERDICT_DELIVER);
	assert_int_equal(mesh_send(&mesh, 0, 2), ADIT_VERDICT_DELIVER);
	assert_int_equal(mesh_send(&mesh, 2, 0), ADIT_VERDICT_DELIVER);
}

/* Each member is met for the first time, however many others have been before. */
static void
test_first_contact_is_with_each_member(void **state)
{
	(void)state;
	mesh_open(&mesh);
	assert_true(mesh_talk(&mesh, 0, 1));
	assert_true(mesh_talk(&mesh, 2, 1));
	mesh_restart(&mesh, 1);
	assert_true(mesh_talk(&mesh, 1, 0));
	assert_true(mesh_talk(&mesh, 1, 2));
	assert_int_equal(a->down, 1);
	assert_int_equal(c->down, 1);
	assert_int_equal(mesh_in_use(a), TUNNEL);
	assert_int_equal(mesh_in_use(c), TUNNEL);
}

/* Such an IKE SA can't make another child, so traffic makes a whole new one. */
static void
test_an_ike_sa_without_child_is_in_nobodys_way(void **state)
{
	(void)state;
	mesh_open(&mesh);
	assert_true(mesh_talk(&mesh, 0, 1));
	assert_int_equal(
		adit_ike_delete_child(&a->node.ike, mesh.now, (struct adit_child_id){0, 1}),
		ADIT_OK);
	mesh_run(&mesh);
	assert_int_equal(a->down, 1);
	assert_int_equal(a->ike_down, 0);
	assert_int_equal(mesh_send(&mesh, 0, 1), ADIT_VERDICT_NEED_SA);
	mesh_run(&mesh);
	assert_int_equal(mesh_send(&mesh, 0, 1), ADIT_VERDICT_DELIVER);
}

/* Where all handshakes are under way, the rest waits for its next packet. */
static void
test_a_full_handshake_pool_is_a_pause(void **state)
{
	(void)state;
	a->handshake_count = 2;
	mesh_open(&mesh);
	for (unsigned i = 1; i < MEMBERS; i++)
		assert_int_equal(mesh_send(&mesh, 0, i), ADIT_VERDICT_NEED_SA);
	mesh_run(&mesh);
	assert_int_equal(a->up, 2);
	assert_int_equal(mesh_send(&mesh, 0, 3), ADIT_VERDICT_NEED_SA);
	mesh_run(&mesh);
	for (unsigned i = 1; i < MEMBERS; i++)
		assert_int_equal(mesh_send(&mesh, 0, i), ADIT_VERDICT_DELIVER);
}

/* Who is not there costs its own attempt, and the next packet makes another. */
static void
test_a_silent_address_harms_no_other(void **state)
{
	(void)state;
	mesh.deaf[1] = true;
	mesh_open(&mesh);
	assert_int_equal(mesh_send(&mesh, 0, 1), ADIT_VERDICT_NEED_SA);
	assert_true(mesh_talk(&mesh, 0, 2));
	mesh_pass(&mesh, 300000);
	assert_int_equal(a->ike_down, 1);
	assert_int_equal(a->why, ADIT_ERR_TIMEOUT);
	assert_int_equal(mesh_in_use(a), TUNNEL);
	mesh.deaf[1] = false;
	assert_true(mesh_talk(&mesh, 0, 1));
}

static enum adit_status
start_to(struct adit_ip local, struct adit_ip remote)
{
	struct adit_path path = {{local, 500}, {remote, 0}};
	struct adit_ike_id id;

	return adit_ike_start_to(&a->node.ike, mesh.now, 0, 0, &path, &id);
}

static void
test_only_another_hosts_address_can_be_begun_with(void **state)
{
	const struct adit_ip own = a->end.ip, own6 = {6, {0x20, 1, [15] = 1}};

	(void)state;
	mesh_open(&mesh);
	assert_int_equal(start_to(own, own), ADIT_ERR_ARG);
	assert_int_equal(start_to(own, (struct adit_ip){4, {0}}), ADIT_ERR_ARG);
	assert_int_equal(start_to(own, (struct adit_ip){4, {224, 0, 0, 1}}), ADIT_ERR_ARG);
	assert_int_equal(start_to(own, (struct adit_ip){4, {255, 255, 255, 255}}), ADIT_ERR_ARG);
	assert_int_equal(start_to(own6, (struct adit_ip){6, {0}}), ADIT_ERR_ARG);
	assert_int_equal(start_to(own6, (struct adit_ip){6, {0xff, 2, [15] = 1}}), ADIT_ERR_ARG);
	assert_int_equal(start_to(own, own6), ADIT_ERR_CONFIG);
	assert_int_equal(start_to(own, (struct adit_ip){0, {0}}), ADIT_ERR_CONFIG);
	assert_int_equal(mesh_in_use(a), 0);
	assert_int_equal(start_to(own, b->end.ip), ADIT_OK);
}

/* A peer of one address stays one. */
static void
test_a_peer_of_one_address_is_no_group(void **state)
{
	(void)state;
	a->peer.remote = b->end.ip;
	mesh_open(&mesh);
	assert_int_equal(start_to(a->end.ip, c->end.ip), ADIT_ERR_CONFIG);
	assert_int_equal(mesh_send(&mesh, 0, 2), ADIT_VERDICT_DISCARD);
	assert_true(mesh_talk(&mesh, 0, 1));
	assert_int_equal(a->policies[0].pfp, 0);
}

/* In tunnel mode nobody can tell from a packet who its gateway is. */
static void
test_a_tunnel_to_any_address_waits_for_the_peer(void **state)
{
	(void)state;
	a->child.mode = ADIT_TUNNEL;
	b->child.mode = ADIT_TUNNEL;
	b->peer.remote = a->end.ip;
	mesh_open(&mesh);
	assert_int_equal(mesh_send(&mesh, 0, 1), ADIT_VERDICT_NEED_SA);
	assert_int_equal(mesh_in_use(a), 0);
	assert_true(mesh_talk(&mesh, 1, 0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

static struct adit_sa *
outbound_of(struct mesh_node *n)
{
	struct adit_sa_id id;
	struct adit_sa *sa;
	size_t cursor = 0;

	while ((sa = adit_sad_next(&n->node.sad, &cursor, &id)) != NULL)
		if (sa->dir == ADIT_OUT)
			return sa;
	return NULL;
}

/* Rekeying is not built: who has no numbers left ends the SA, and traffic makes another. */
static void
test_an_sa_without_numbers_makes_place_for_another(void **state)
{
	struct adit_sa *out;

	(void)state;
	mesh_open(&mesh);
	assert_true(mesh_talk(&mesh, 0, 1));
	out = outbound_of(a);
	assert_non_null(out);
	out->seq = out->esn ? UINT64_MAX : UINT32_MAX;
	assert_int_equal(mesh_send(&mesh, 0, 1), ADIT_VERDICT_DISCARD);
	mesh_run(&mesh);
	mesh_pass(&mesh, 1000);
	assert_int_equal(mesh_in_use(a), 0);
	assert_int_equal(mesh_in_use(b), 0);
	assert_true(mesh_talk(&mesh, 0, 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_policy_carries_an_sa_for_each_member),
		TEST(test_members_are_found_by_the_hash),
		TEST(test_a_database_without_a_hash_does_too),
		TEST(test_every_member_talks_to_every_other),
		TEST(test_each_address_has_one_attempt_at_a_time),
		TEST(test_a_node_of_any_address_of_its_own),
		TEST(test_a_group_in_udp),
		TEST(test_both_sides_may_begin_at_once),
		TEST(test_a_restart_takes_its_own_former_sas_alone),
		TEST(test_first_contact_is_with_each_member),
		TEST(test_an_ike_sa_without_child_is_in_nobodys_way),
		TEST(test_a_full_handshake_pool_is_a_pause),
		TEST(test_a_silent_address_harms_no_other),
		TEST(test_only_another_hosts_address_can_be_begun_with),
		TEST(test_a_peer_of_one_address_is_no_group),
		TEST(test_a_tunnel_to_any_address_waits_for_the_peer),
		TEST(test_an_sa_without_numbers_makes_place_for_another),
	};

	return cmocka_run_group_tests_name("group", tests, NULL, NULL);
}
