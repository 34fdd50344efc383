/* The doors of the engine: configurations that can't work, commands for SAs that are not there or
 * not so far. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/edit.h"
#include "wire/ike_payload.h"

static struct pair pair;

static struct adit_ike_mem
mem_of(struct pair_side *side)
{
	return (struct adit_ike_mem){side->sas,  PAIR_SLOTS,       side->children,
				     PAIR_SLOTS, side->handshakes, PAIR_SLOTS};
}

static void
connect(uint64_t seed)
{
	pair_defaults(&pair, seed);
	assert_true(pair_connect(&pair));
}

/* --- Configurations. */

static struct adit_crypto crypto;
static struct adit_ts ts[ADIT_TS_MAX + 1];
static struct adit_transform transforms[400];
static struct adit_proposal proposal;

static void
no_crypto(struct pair_side *s)
{
	s->cfg.crypto = NULL;
}

static void
no_sha1(struct pair_side *s)
{
	crypto.sha1 = NULL;
	s->cfg.crypto = &crypto;
}

static void
no_prf(struct pair_side *s)
{
	static const struct adit_prf *const none[] = {NULL};

	crypto.prf = none;
	s->cfg.crypto = &crypto;
}

static void
no_random(struct pair_side *s)
{
	s->cfg.rng.fill = NULL;
}

static void
long_own_identity(struct pair_side *s)
{
	static const uint8_t text[ADIT_ID_MAX + 1] = "x";

	s->peer.local_id = (struct adit_id){ADIT_ID_KEY_ID, {text, sizeof text}};
}

static void
long_identity(struct pair_side *s)
{
	static const uint8_t text[ADIT_ID_MAX + 1] = "x";

	s->peer.remote_id = (struct adit_id){ADIT_ID_KEY_ID, {text, sizeof text}};
}

static void
empty_identity(struct pair_side *s)
{
	s->peer.remote_id.type = ADIT_ID_FQDN;
}

static void
many_local_selectors(struct pair_side *s)
{
	s->child.local_ts = ts;
	s->child.local_ts_count = ADIT_TS_MAX + 1;
}

static void
many_remote_selectors(struct pair_side *s)
{
	s->child.remote_ts = ts;
	s->child.remote_ts_count = ADIT_TS_MAX + 1;
}

static void
small_window(struct pair_side *s)
{
	s->child.replay_window = ADIT_REPLAY_MIN - 1;
}

static void
large_window(struct pair_side *s)
{
	s->child.replay_window = ADIT_REPLAY_MAX + 1;
}

static void
set_proposal(struct pair_side *s, bool esp)
{
	if (esp) {
		s->child.proposals = &proposal;
		s->child.proposal_count = 1;
	} else {
		s->peer.proposals = &proposal;
		s->peer.proposal_count = 1;
	}
}

/* Numbers in a proposal that it can't have: a key length where there is none, types of the other
 * protocol, nothing at all. */
static const struct wrong {
	bool esp;
	struct adit_transform t;
} wrong[] = {
	{false, {ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_256, 128}},
	{false, {ADIT_TRANSFORM_PRF, 999, 0}},
	{false, {ADIT_TRANSFORM_KE, ADIT_KE_CURVE25519, 128}},
	{false, {ADIT_TRANSFORM_KE, 999, 0}},
	{false, {ADIT_TRANSFORM_SN, 0, 0}},
	{false, {ADIT_TRANSFORM_INTEG, ADIT_AUTH_HMAC_SHA2_256_128, 128}},
	{false, {0, 1, 0}},
	{false, {6, 1, 0}},
	{true, {ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_256, 0}},
	{true, {ADIT_TRANSFORM_SN, 0, 128}},
	{true, {ADIT_TRANSFORM_SN, 2, 0}},
};

static void
test_configurations_that_can_not_work_are_refused(void **state)
{
	void (*const spoil[])(struct pair_side *) = {no_crypto,
						     no_sha1,
						     no_prf,
						     no_random,
						     long_identity,
						     empty_identity,
						     many_local_selectors,
						     many_remote_selectors,
						     small_window,
						     large_window,
						     long_own_identity};

	(void)state;
	for (size_t i = 0; i < sizeof spoil / sizeof spoil[0]; i++) {
		struct adit_ike_mem mem = mem_of(&pair.a);

		pair_defaults(&pair, 1);
		crypto = adit_mbedtls_modern;
		assert_int_equal(adit_ike_init(&pair.a.ike, &pair.a.cfg, &mem), ADIT_OK);
		spoil[i](&pair.a);
		assert_int_equal(adit_ike_init(&pair.a.ike, &pair.a.cfg, &mem), ADIT_ERR_CONFIG);
	}
}

static void
test_transforms_that_a_proposal_can_not_have_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct adit_ike_mem mem = mem_of(&pair.a);

		pair_defaults(&pair, 1);
		transforms[0] =
			(struct adit_transform){ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 128};
		transforms[1] =
			(struct adit_transform){ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_256, 0};
		transforms[2] = (struct adit_transform){ADIT_TRANSFORM_KE, ADIT_KE_CURVE25519, 0};
		transforms[wrong[i].esp ? 1 : 3] = wrong[i].t;
		proposal = (struct adit_proposal){transforms, wrong[i].esp ? 1 : 3};
		set_proposal(&pair.a, wrong[i].esp);
		assert_int_equal(adit_ike_init(&pair.a.ike, &pair.a.cfg, &mem), ADIT_OK);
		proposal.count++;
		assert_int_equal(adit_ike_init(&pair.a.ike, &pair.a.cfg, &mem), ADIT_ERR_CONFIG);
		proposal.count = 0;
		assert_int_equal(adit_ike_init(&pair.a.ike, &pair.a.cfg, &mem), ADIT_ERR_CONFIG);
	}
}

static void
test_storage_that_is_missing_is_refused(void **state)
{
	(void)state;
	pair_defaults(&pair, 2);
	for (unsigned i = 0; i < 6; i++) {
		struct adit_ike_mem mem = mem_of(&pair.a);

		switch (i) {
		case 0:
			mem.sas = NULL;
			break;
		case 1:
			mem.sa_count = 0;
			break;
		case 2:
			mem.children = NULL;
			break;
		case 3:
			mem.child_count = 0;
			break;
		case 4:
			mem.handshakes = NULL;
			break;
		default:
			mem.handshake_count = 0;
			break;
		}
		assert_int_equal(adit_ike_init(&pair.a.ike, &pair.a.cfg, &mem), ADIT_ERR_ARG);
	}
}

static void
test_structs_of_another_size_are_refused(void **state)
{
	const size_t right[] = {sizeof(struct adit_ike), sizeof(struct adit_ike_sa),
				sizeof(struct adit_ike_child), sizeof(struct adit_ike_handshake)};
	struct adit_ike_mem mem = mem_of(&pair.a);

	(void)state;
	pair_defaults(&pair, 3);
	for (unsigned i = 0; i < 4; i++) {
		size_t n[4];

		memcpy(n, right, sizeof n);
		n[i] += 8;
		assert_int_equal(
			adit_ike_init_(&pair.a.ike, n[0], n[1], n[2], n[3], &pair.a.cfg, &mem),
			ADIT_ERR_CONFIG);
	}
}

/* The widest window that can be had goes all the way to the SA. */
static void
test_the_replay_window_is_the_configured_one(void **state)
{
	(void)state;
	pair_defaults(&pair, 4);
	pair.a.child.replay_window = ADIT_REPLAY_MAX;
	pair.b.child.replay_window = ADIT_REPLAY_MIN;
	assert_true(pair_connect(&pair));
	assert_int_equal(pair.a.in.replay_window, ADIT_REPLAY_MAX);
	assert_int_equal(pair.b.in.replay_window, ADIT_REPLAY_MIN);
}

/* An offer that fits into no message: of IKE's, then of the child's. Nothing goes out. */
static void
test_an_offer_too_long_for_a_message_ends_the_attempt(void **state)
{
	static struct adit_proposal many[32];
	struct pair_datagram d;
	struct adit_ike_id id;

	(void)state;
	for (unsigned esp = 0; esp < 2; esp++) {
		pair_defaults(&pair, 5 + esp);
		for (unsigned i = 0; i < 200; i++)
			transforms[i] = (struct adit_transform){ADIT_TRANSFORM_ENCR,
								ADIT_ENCR_AES_GCM_16, 128};
		transforms[198] =
			(struct adit_transform){ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_256, 0};
		transforms[199] = (struct adit_transform){ADIT_TRANSFORM_KE, ADIT_KE_CURVE25519, 0};
		for (unsigned i = 0; i < 32; i++)
			many[i] = (struct adit_proposal){transforms, esp ? 198 : 200};
		if (esp) {
			pair.a.child.proposals = many;
			pair.a.child.proposal_count = 32;
		} else {
			pair.a.peer.proposals = many;
			pair.a.peer.proposal_count = 32;
		}
		pair_open(&pair);
		assert_int_equal(adit_ike_start(&pair.a.ike, pair.now, 0, 0, &pair.a.end, &id),
				 esp ? ADIT_OK : ADIT_ERR_ROOM);
		pair_run(&pair);
		assert_false(pair_take(&pair, &pair.a, &d));
		assert_int_equal(pair_in_use(&pair.a), 0);
		if (esp)
			assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->reason,
					 ADIT_ERR_ROOM);
	}
}

/* --- Commands. */

static void
test_start_wants_a_peer_with_an_address_and_one_of_its_children(void **state)
{
	struct adit_endpoint v6 = {{6, {0xfd}}, 500};
	struct adit_ike_id id;

	(void)state;
	pair_defaults(&pair, 10);
	pair_open(&pair);
	assert_int_equal(adit_ike_start(&pair.a.ike, 0, 1, 0, &pair.a.end, &id), ADIT_ERR_ARG);
	assert_int_equal(adit_ike_start(&pair.a.ike, 0, 0, 1, &pair.a.end, &id), ADIT_ERR_ARG);
	assert_int_equal(adit_ike_start(&pair.a.ike, 0, 0, 0, &v6, &id), ADIT_ERR_CONFIG);
	pair.a.peer.remote.version = 0;
	assert_int_equal(adit_ike_start(&pair.a.ike, 0, 0, 0, &pair.a.end, &id), ADIT_ERR_CONFIG);
	assert_int_equal(pair_in_use(&pair.a), 0);
}

static void
test_stale_handles_are_refused(void **state)
{
	const struct adit_ike_id wrong_sa[] = {{0, 2}, {1, 1}, {PAIR_SLOTS, 1}, {0, 0}};
	const struct adit_child_id wrong_child[] = {{0, 2}, {1, 1}, {PAIR_SLOTS, 1}, {0, 0}};
	adit_ms heard;

	(void)state;
	connect(11);
	heard = pair.a.sas[0].heard_at;
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(adit_ike_delete(&pair.a.ike, pair.now, wrong_sa[i]),
				 ADIT_ERR_STALE);
		assert_int_equal(adit_ike_probe(&pair.a.ike, pair.now, wrong_sa[i]),
				 ADIT_ERR_STALE);
		assert_int_equal(adit_ike_delete_child(&pair.a.ike, pair.now, wrong_child[i]),
				 ADIT_ERR_STALE);
		adit_ike_heard(&pair.a.ike, pair.now + 5, wrong_child[i]);
		assert_int_equal(pair.a.sas[0].heard_at, heard);
	}
	adit_ike_heard(&pair.a.ike, pair.now + 5, (struct adit_child_id){0, 1});
	assert_int_equal(pair.a.sas[0].heard_at, pair.now + 5);
	assert_true(pair_is_up(&pair));
}

static void
test_an_attempt_is_deleted_without_a_word(void **state)
{
	struct pair_datagram d;
	struct adit_ike_id id;

	(void)state;
	pair_defaults(&pair, 12);
	pair_open(&pair);
	id = pair_start(&pair);
	assert_int_equal(adit_ike_probe(&pair.a.ike, pair.now, id), ADIT_ERR_STATE);
	assert_int_equal(adit_ike_delete(&pair.a.ike, pair.now, id), ADIT_OK);
	assert_int_equal(adit_ike_delete(&pair.a.ike, pair.now, id), ADIT_ERR_STALE); /* DEAD */
	assert_false(pair_take(&pair, &pair.a, &d));
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->reason, ADIT_OK);
	assert_int_equal(pair_in_use(&pair.a), 0);
}

static void
test_what_is_being_deleted_is_not_deleted_twice(void **state)
{
	const struct adit_child_id child = {0, 1};
	const struct adit_ike_id id = {0, 1};

	(void)state;
	connect(13);
	assert_int_equal(adit_ike_delete_child(&pair.a.ike, pair.now, child), ADIT_OK);
	assert_int_equal(adit_ike_delete_child(&pair.a.ike, pair.now, child), ADIT_ERR_STATE);
	pair_run(&pair);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_CHILD_DOWN), 1);
	assert_int_equal(adit_ike_delete_child(&pair.a.ike, pair.now, child), ADIT_ERR_STALE);
	connect(14);
	assert_int_equal(adit_ike_delete(&pair.a.ike, pair.now, id), ADIT_OK);
	assert_int_equal(adit_ike_delete_child(&pair.a.ike, pair.now, child), ADIT_ERR_STATE);
	assert_int_equal(adit_ike_delete(&pair.a.ike, pair.now, id), ADIT_OK);
	pair_run(&pair);
	assert_int_equal(pair_in_use(&pair.a), 0);
	assert_int_equal(pair_in_use(&pair.b), 0);
}

/* A child that is gone, but not told of yet, is stale already. */
static void
test_a_dead_child_is_stale_before_its_event(void **state)
{
	struct pair_datagram d;

	(void)state;
	connect(15);
	assert_int_equal(adit_ike_delete_child(&pair.b.ike, pair.now, (struct adit_child_id){0, 1}),
			 ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &d));
	{
		struct adit_path seen = {d.path.remote, d.path.local};

		assert_int_equal(adit_ike_input(&pair.a.ike, pair.now, &seen, d.bytes, d.len),
				 ADIT_OK);
	}
	assert_int_equal(adit_ike_delete_child(&pair.a.ike, pair.now, (struct adit_child_id){0, 1}),
			 ADIT_ERR_STALE);
	pair_events(&pair.a);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_CHILD_DOWN), 1);
}

static void
test_event_names_are_for_kinds_alone(void **state)
{
	(void)state;
	assert_string_equal(adit_event_name(ADIT_EVENT_IKE_UP), "IKE_UP");
	assert_string_equal(adit_event_name(ADIT_EVENT_CHILD_DOWN), "CHILD_DOWN");
	assert_string_equal(adit_event_name((enum adit_ike_event_kind)5), "?");
}

/* --- A life in which nothing goes wrong. */

static bool
give_and_see(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	assert_int_equal(pair_give(p, from == &p->a ? &p->b : &p->a, d), ADIT_OK);
	return false;
}

/* Up, a liveness check, the child down, all down, by either side: no message of it is refused. */
static void
test_all_messages_of_a_good_life_are_taken(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct pair_side *who = i ? &pair.b : &pair.a;

		pair_defaults(&pair, 60 + i);
		pair.wire = give_and_see;
		pair_open(&pair);
		pair_start(&pair);
		pair_run(&pair);
		assert_true(pair_is_up(&pair));
		assert_int_equal(
			adit_ike_probe(&who->ike, pair.now, pair_last(who, ADIT_EVENT_IKE_UP)->ike),
			ADIT_OK);
		pair_run(&pair);
		assert_int_equal(adit_ike_delete_child(&who->ike, pair.now,
						       pair_last(who, ADIT_EVENT_CHILD_UP)->child),
				 ADIT_OK);
		pair_run(&pair);
		assert_int_equal(adit_ike_delete(&who->ike, pair.now,
						 pair_last(who, ADIT_EVENT_IKE_UP)->ike),
				 ADIT_OK);
		pair_run(&pair);
		assert_int_equal(pair_in_use(&pair.a) + pair_in_use(&pair.b), 0);
		for (unsigned st = 1; st < ADIT_STATUS_COUNT; st++) {
			assert_int_equal(adit_ike_counters(&pair.a.ike)[st], 0);
			assert_int_equal(adit_ike_counters(&pair.b.ike)[st], 0);
		}
	}
}

static uint32_t known_spi;

/* The peer's one SPI behind two that nobody has. */
static bool
delete_three(void *ctx, uint8_t type, uint8_t *body, size_t *n)
{
	(void)ctx;
	if (type != ADIT_PAYLOAD_DELETE)
		return true;
	assert_int_equal(*n, 8);
	known_spi = (uint32_t)body[4] << 24 | (uint32_t)body[5] << 16 | (uint32_t)body[6] << 8 |
		    body[7];
	body[3] = 3;
	memcpy(body + 12, body + 4, 4);
	memset(body + 4, 0x11, 8);
	*n = 16;
	return true;
}

static void
test_a_delete_of_many_spis_is_read_to_its_end(void **state)
{
	struct pair_datagram d;

	(void)state;
	connect(70);
	assert_int_equal(adit_ike_delete_child(&pair.a.ike, pair.now,
					       pair_last(&pair.a, ADIT_EVENT_CHILD_UP)->child),
			 ADIT_OK);
	assert_true(pair_take(&pair, &pair.a, &d));
	assert_true(edit_message(&pair.a, &d, delete_three, NULL));
	assert_int_equal(known_spi, pair.a.in.spi);
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_CHILD_DOWN), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_configurations_that_can_not_work_are_refused),
		cmocka_unit_test(test_transforms_that_a_proposal_can_not_have_are_refused),
		cmocka_unit_test(test_storage_that_is_missing_is_refused),
		cmocka_unit_test(test_structs_of_another_size_are_refused),
		cmocka_unit_test(test_the_replay_window_is_the_configured_one),
		cmocka_unit_test(test_an_offer_too_long_for_a_message_ends_the_attempt),
		cmocka_unit_test(test_start_wants_a_peer_with_an_address_and_one_of_its_children),
		cmocka_unit_test(test_stale_handles_are_refused),
		cmocka_unit_test(test_an_attempt_is_deleted_without_a_word),
		cmocka_unit_test(test_what_is_being_deleted_is_not_deleted_twice),
		cmocka_unit_test(test_a_dead_child_is_stale_before_its_event),
		cmocka_unit_test(test_event_names_are_for_kinds_alone),
		cmocka_unit_test(test_all_messages_of_a_good_life_are_taken),
		cmocka_unit_test(test_a_delete_of_many_spis_is_read_to_its_end),
	};

	return cmocka_run_group_tests_name("ike_front", tests, NULL, NULL);
}
