/* An engine with many SAs: its lists and timers after whatever may happen, against naive models of
 * them; and that all SAs have their turn. ADIT_SEED repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ike/lists.h"
#include "ike/requests.h"
#include "ike/timers.h"
#include "support/ike_check.h"
#include "support/mesh.h"

enum { MANY = 300, HANDSHAKES = 8, TIMES = 1000, MEMBERS = 4 };

static uint64_t seed;

static uint32_t
rnd(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

static int
begin(void **state)
{
	const char *text = getenv("ADIT_SEED");

	(void)state;
	seed = text ? strtoull(text, NULL, 10) : 1;
	return 0;
}

/* --- The parts by themselves. */

static struct adit_ike_sa slots[MANY];
static struct adit_ike bare;

static void
begin_bare(void)
{
	memset(&bare, 0, sizeof bare);
	memset(slots, 0, sizeof slots);
	bare.mem.sas = slots;
	bare.mem.sa_count = MANY;
}

/* The model's soonest time. */
static adit_ms
soonest(const adit_ms *at)
{
	adit_ms t = ADIT_NEVER;

	for (unsigned i = 0; i < MANY; i++)
		t = at[i] < t ? at[i] : t;
	return t;
}

static void
test_timers_are_those_of_a_naive_list(void **state)
{
	adit_ms at[MANY], t;
	struct adit_ike_sa *sa;

	(void)state;
	begin_bare();
	for (unsigned i = 0; i < MANY; i++)
		at[i] = ADIT_NEVER;
	for (unsigned n = 0; n < 100 * MANY; n++) {
		unsigned i = rnd(MANY), what = rnd(8);

		if (what < 5) {
			t = rnd(30) ? rnd(TIMES) : ADIT_NEVER;
			adit_timer_wake(&bare, &slots[i], t);
			at[i] = t < at[i] ? t : at[i];
		} else if (what < 6) {
			adit_timer_stop(&bare, &slots[i]);
			at[i] = ADIT_NEVER;
		} else if ((sa = adit_timer_take(&bare, t = rnd(TIMES))) != NULL) {
			assert_true(at[sa - slots] <= t);
			assert_int_equal(at[sa - slots], soonest(at));
			at[sa - slots] = ADIT_NEVER;
		} else {
			assert_true(soonest(at) > t);
		}
		assert_int_equal(adit_timer_first(&bare), soonest(at));
	}
}

/* The model: slot + 1 in order. */
struct model {
	uint16_t order[MANY];
	unsigned n;
};

static void
model_put(struct model *m, unsigned where, uint16_t slot)
{
	memmove(m->order + where + 1, m->order + where, (m->n - where) * sizeof m->order[0]);
	m->order[where] = slot;
	m->n++;
}

static bool
model_take(struct model *m, uint16_t slot)
{
	for (unsigned i = 0; i < m->n; i++) {
		if (m->order[i] != slot)
			continue;
		m->n--;
		memmove(m->order + i, m->order + i + 1, (m->n - i) * sizeof m->order[0]);
		return true;
	}
	return false;
}

static void
test_lists_are_those_of_a_naive_array(void **state)
{
	static struct model m;
	struct adit_ike_list list = {0, 0};

	(void)state;
	begin_bare();
	m.n = 0;
	for (unsigned n = 0; n < 20 * MANY; n++) {
		uint16_t slot = (uint16_t)rnd(MANY), k;
		bool had = adit_list_has(&bare, adit_link_of_telling, &list, slot);

		adit_list_remove(&bare, adit_link_of_telling, &list, slot);
		assert_int_equal(model_take(&m, slot), had);
		if (!had && rnd(2)) {
			adit_list_append(&bare, adit_link_of_telling, &list, slot);
			model_put(&m, m.n, slot);
		} else if (!had) {
			adit_list_prepend(&bare, adit_link_of_telling, &list, slot);
			model_put(&m, 0, slot);
		}
		k = list.first;
		for (unsigned i = 0; i < m.n; i++, k = slots[k - 1].telling.next)
			assert_int_equal(k, m.order[i] + 1);
		assert_int_equal(k, 0);
	}
}

/* --- Whole nodes, and everything that happens to them. */

static struct mesh mesh;

static int
end(void **state)
{
	(void)state;
	mesh_close(&mesh);
	return 0;
}

static void
check_all(unsigned step)
{
	for (unsigned i = 0; i < mesh.count; i++) {
		const char *why = ike_check(&mesh.nodes[i].node.ike);

		if (why)
			fail_msg("step %u, node %u: %s", step, i, why);
	}
}

/* A handle of some SA of a node; false: it has none. */
static bool
some_sa(const struct mesh_node *n, struct adit_ike_id *id)
{
	struct adit_ike_info info;
	unsigned skip_n = rnd(MESH_SAS);
	uint16_t cursor = 0;

	id->generation = 0;
	while (adit_ike_next(&n->node.ike, &cursor, &info)) {
		*id = info.id;
		if (skip_n-- == 0)
			break;
	}
	return id->generation != 0;
}

static void
do_something(void)
{
	unsigned i = rnd(mesh.count), k = rnd(mesh.count);
	struct mesh_node *n = &mesh.nodes[i];
	struct adit_ike_id id;

	switch (rnd(12)) {
	case 0:
		if (some_sa(n, &id))
			(void)adit_ike_delete(&n->node.ike, mesh.now, id);
		break;
	case 1:
		if (some_sa(n, &id))
			(void)adit_ike_probe(&n->node.ike, mesh.now, id);
		break;
	case 2:
		for (uint16_t c = 0; c < MESH_SAS; c++)
			(void)adit_ike_delete_child(
				&n->node.ike, mesh.now,
				(struct adit_child_id){c, n->children[c].generation});
		break;
	case 3:
		mesh.deaf[i] = !mesh.deaf[i];
		break;
	case 4:
		if (rnd(4) == 0)
			mesh_restart(&mesh, i);
		break;
	case 5:
		n->rng.fails = rnd(4) == 0;
		break;
	case 6:
		mesh_pass(&mesh, rnd(30000));
		break;
	case 7:
		mesh.now += rnd(20000); /* nobody looked for a while */
		break;
	case 8:
		mesh_run(&mesh);
		break;
	default:
		if (i != k)
			(void)mesh_send(&mesh, i, k);
		break;
	}
}

static void
test_lists_and_timers_hold_whatever_happens(void **state)
{
	(void)state;
	mesh_defaults(&mesh, MEMBERS);
	for (unsigned i = 0; i < MEMBERS; i++) {
		mesh.nodes[i].handshake_count = 3;
		mesh.nodes[i].child.inactivity_ms = i % 2 ? 20000 : 0;
		mesh.nodes[i].peer.dpd_delay_ms = i < 2 ? 15000 : 0;
	}
	mesh_open(&mesh);
	for (unsigned step = 0; step < 1500; step++) {
		do_something();
		check_all(step);
	}
	assert_true(mesh.sent > 500); /* a good deal has happened */
	/* In the end all is given back. */
	for (unsigned i = 0; i < MEMBERS; i++) {
		struct adit_ike *ike = &mesh.nodes[i].node.ike;
		struct adit_ike_info info;
		uint16_t cursor = 0;

		mesh.deaf[i] = false;
		mesh.nodes[i].rng.fails = false;
		while (adit_ike_next(ike, &cursor, &info))
			(void)adit_ike_delete(ike, mesh.now, info.id);
	}
	mesh_pass(&mesh, 600000);
	check_all(UINT32_MAX);
	for (unsigned i = 0; i < MEMBERS; i++) {
		assert_int_equal(mesh_in_use(&mesh.nodes[i]), 0);
		assert_int_equal(adit_node_deadline(&mesh.nodes[i].node), ADIT_NEVER);
	}
}

/* --- One engine with many peers. A key exchange that costs nothing, and is worth nothing. */

static enum adit_status
generate(const struct adit_rng *rng, uint8_t *priv, uint8_t *pub)
{
	memset(priv, 0, 4);
	return rng->fill(rng->ctx, pub, 32);
}

static enum adit_status
shared(const struct adit_rng *rng, const uint8_t *priv, struct adit_span peer, uint8_t *secret)
{
	(void)rng;
	(void)priv;
	(void)peer;
	memset(secret, 7, 32);
	return ADIT_OK;
}

static const struct adit_ke nothing = {"NOTHING", 31, 32, 32, 4, generate, shared};

struct end {
	struct adit_ike ike;
	struct adit_ike_sa sas[MANY];
	struct adit_ike_child children[MANY];
	struct adit_ike_handshake handshakes[HANDSHAKES];
	struct adit_ike_config cfg;
	struct adit_peer_config peer;
	struct adit_child_config child;
	struct pair_rng rng;
	struct adit_ip ip;
	unsigned up, down;
};

static struct end left, right;
static struct adit_crypto crypto;
static const struct adit_ke *const kes[] = {&nothing, NULL};

static void
open_end(struct end *e, uint8_t own)
{
	const struct adit_ike_mem mem = {e->sas, MANY,          e->children,
					 MANY,   e->handshakes, HANDSHAKES};

	memset(e, 0, sizeof *e);
	crypto = adit_mbedtls_modern;
	crypto.ke = kes;
	e->ip = (struct adit_ip){4, {10, 0, 0, own}};
	e->rng.state = own;
	e->child.mode = ADIT_TRANSPORT;
	e->peer.local = e->ip;
	e->peer.psk = (struct adit_span){(const uint8_t *)"key", 3};
	e->peer.children = &e->child;
	e->peer.child_count = 1;
	e->cfg.crypto = &crypto;
	e->cfg.rng = (struct adit_rng){&e->rng, pair_rng_fill};
	e->cfg.peers = &e->peer;
	e->cfg.peer_count = 1;
	e->cfg.cookie_threshold = e->cfg.half_open_per_prefix = HANDSHAKES;
	assert_int_equal(adit_ike_init(&e->ike, &e->cfg, &mem), ADIT_OK);
}

static void
take_events(struct end *e)
{
	struct adit_ike_event ev;

	while (adit_ike_event(&e->ike, &ev)) {
		e->up += ev.kind == ADIT_EVENT_CHILD_UP;
		e->down += ev.kind == ADIT_EVENT_CHILD_DOWN;
	}
}

/* Whether anything was sent. Addresses are whatever the sender said. */
static bool
carry(struct end *from, struct end *to, adit_ms now)
{
	uint8_t bytes[ADIT_IKE_MESSAGE_MAX + 4];
	struct adit_path path, seen;
	size_t n;

	take_events(from);
	assert_int_equal(
		adit_ike_output(&from->ike, now, &path, (struct adit_buf){bytes, sizeof bytes}, &n),
		ADIT_OK);
	if (n == 0)
		return false;
	seen.local = path.remote;
	seen.remote = path.local;
	(void)adit_ike_input(&to->ike, now, &seen, bytes, n);
	take_events(to);
	return true;
}

static void
carry_all(adit_ms now)
{
	bool more = true;

	for (unsigned i = 0; more && i < 100 * MANY; i++) {
		more = carry(&left, &right, now);
		more = carry(&right, &left, now) || more;
	}
}

/* MANY tunnels between two engines, as many at a time as there are handshakes. */
static void
make_all(adit_ms now)
{
	const struct adit_path path = {{left.ip, 500}, {right.ip, 500}};
	struct adit_ike_id id;

	for (unsigned i = 0; i < MANY; i++) {
		if (adit_ike_start_to(&left.ike, now, 0, 0, &path, &id) == ADIT_OK)
			continue;
		carry_all(now);
		assert_int_equal(adit_ike_start_to(&left.ike, now, 0, 0, &path, &id), ADIT_OK);
	}
	carry_all(now);
}

static void
test_all_slots_can_be_used_and_used_again(void **state)
{
	struct adit_ike_id id;
	const struct adit_path path = {{{4, {10, 0, 0, 1}}, 500}, {{4, {10, 0, 0, 2}}, 500}};

	(void)state;
	open_end(&left, 1);
	open_end(&right, 2);
	for (unsigned round = 1; round <= 2; round++) {
		make_all(1000);
		assert_int_equal(left.up, round * MANY);
		assert_int_equal(right.up, round * MANY);
		assert_int_equal(adit_ike_start_to(&left.ike, 1000, 0, 0, &path, &id),
				 ADIT_ERR_FULL);
		assert_null(ike_check(&left.ike));
		assert_null(ike_check(&right.ike));
		for (uint16_t i = 0; i < MANY; i++)
			assert_int_equal(adit_ike_delete(&left.ike, 1000,
							 adit_ike_id_of(&left.ike, &left.sas[i])),
					 ADIT_OK);
		carry_all(1000);
		assert_int_equal(left.down, round * MANY);
		assert_int_equal(right.down, round * MANY);
		assert_null(ike_check(&left.ike));
		assert_null(ike_check(&right.ike));
		assert_int_equal(adit_ike_deadline(&left.ike), ADIT_NEVER);
		assert_int_equal(adit_ike_deadline(&right.ike), ADIT_NEVER);
	}
}

/* An SA that always has something due doesn't keep the others from sending. */
static void
test_every_sa_has_its_turn(void **state)
{
	uint8_t bytes[ADIT_IKE_MESSAGE_MAX + 4];
	struct adit_path path;
	bool sent[MANY] = {false};
	size_t n;

	(void)state;
	open_end(&left, 1);
	open_end(&right, 2);
	make_all(1000);
	for (uint16_t i = 0; i < MANY; i++)
		assert_int_equal(
			adit_ike_probe(&left.ike, 1000, adit_ike_id_of(&left.ike, &left.sas[i])),
			ADIT_OK);
	for (unsigned i = 0; i < 2 * MANY; i++) {
		assert_int_equal(adit_ike_output(&left.ike, 1000, &path,
						 (struct adit_buf){bytes, sizeof bytes}, &n),
				 ADIT_OK);
		assert_true(n > 8);
		sent[(bytes[6] << 8 | bytes[7]) % MANY] = true; /* the slot, in our SPI */
		adit_ike_due(&left.ike, &left.sas[0], ADIT_DUE_REQUEST);
	}
	for (unsigned i = 0; i < MANY; i++)
		assert_true(sent[i]);
}

/* Each SA is ticked when it wants it, and no other is. */
static void
test_only_what_is_due_is_ticked(void **state)
{
	(void)state;
	open_end(&left, 1);
	open_end(&right, 2);
	left.peer.dpd_delay_ms = 60000;
	make_all(1000);
	for (unsigned i = 0; i < MANY; i++)
		left.sas[i].heard_at = 1000 + i;
	adit_ike_tick(&left.ike, 2000);
	for (unsigned i = 0; i < MANY; i++) {
		adit_ms t = adit_ike_deadline(&left.ike);

		assert_int_equal(t, 61000 + i);
		adit_ike_tick(&left.ike, t);
		assert_int_equal(left.ike.sending.first, left.ike.sending.last);
		assert_true(carry(&left, &right, t));
		assert_true(carry(&right, &left, t));
		assert_false(carry(&left, &right, t));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_timers_are_those_of_a_naive_list, begin),
		cmocka_unit_test_setup(test_lists_are_those_of_a_naive_array, begin),
		cmocka_unit_test_setup_teardown(test_lists_and_timers_hold_whatever_happens, begin,
						end),
		cmocka_unit_test_setup(test_all_slots_can_be_used_and_used_again, begin),
		cmocka_unit_test_setup(test_every_sa_has_its_turn, begin),
		cmocka_unit_test_setup(test_only_what_is_due_is_ticked, begin),
	};

	return cmocka_run_group_tests_name("ike_scale", tests, NULL, NULL);
}
