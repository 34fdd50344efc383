/* The IKE engine, two of them against each other in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/pair.h"

enum { N_NO_PROPOSAL = 14, N_AUTH_FAILED = 24, N_TS_UNACCEPTABLE = 38 };

static struct pair pair;

static void
begin(uint64_t seed)
{
	pair_defaults(&pair, seed);
}

static void
connect(void)
{
	pair_open(&pair);
	assert_int_not_equal(pair_start(&pair).generation, 0);
	pair_run(&pair);
}

static void
test_handshake_makes_fitting_sas(void **state)
{
	(void)state;
	begin(1);
	connect();
	assert_true(pair_is_up(&pair));
	assert_int_equal(pair.sent, 4);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_IKE_UP), 1);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_IKE_UP), 1);
	assert_false(pair.a.in.udp_encap);
	assert_int_equal(pair.a.out.flags, 0);
}

/* Every AEAD of the list, each with another KE and PRF, for the IKE SA and the Child SA. */
static void
test_every_transform_is_negotiated(void **state)
{
	const struct adit_crypto *c = &adit_mbedtls_compat;
	unsigned kes = 0, prfs = 0, run = 0;

	(void)state;
	while (c->ke[kes])
		kes++;
	while (c->prf[prfs])
		prfs++;
	for (unsigned i = 0; c->aead[i]; i++) {
		const struct adit_aead *aead = c->aead[i];
		struct adit_transform t[5] = {{ADIT_TRANSFORM_ENCR, aead->encr, aead->key_bits},
					      {ADIT_TRANSFORM_PRF, c->prf[i % prfs]->id, 0},
					      {ADIT_TRANSFORM_KE, c->ke[i % kes]->id, 0},
					      {ADIT_TRANSFORM_INTEG, aead->integ, 0}};
		struct adit_transform e[3] = {t[0], {ADIT_TRANSFORM_SN, i & 1, 0}, t[3]};
		uint8_t integ = aead->integ ? 1 : 0;
		struct adit_proposal ike = {t, (uint8_t)(3 + integ)};
		struct adit_proposal esp = {e, (uint8_t)(2 + integ)};

		begin(i);
		pair.a.peer.proposals = pair.b.peer.proposals = &ike;
		pair.a.peer.proposal_count = pair.b.peer.proposal_count = 1;
		pair.a.child.proposals = pair.b.child.proposals = &esp;
		pair.a.child.proposal_count = pair.b.child.proposal_count = 1;
		connect();
		assert_true(pair_is_up(&pair));
		assert_ptr_equal(pair.a.in.aead, aead);
		assert_int_equal(pair.a.in.esn, i & 1);
		run++;
	}
	assert_true(run >= 16);
}

/* IPv6 outside, selectors of both families inside, narrowed by the responder. */
static void
test_ipv6_and_narrowing(void **state)
{
	struct adit_ip v4 = {4, {10, 1, 0, 0}}, v6 = {6, {0xfd, 1}};
	struct adit_ts wide[2], narrow[1];

	(void)state;
	begin(2);
	wide[0] = adit_ts_prefix(&v4, 8);
	wide[1] = adit_ts_prefix(&v6, 16);
	narrow[0] = adit_ts_prefix(&v4, 24);
	pair.a.end.ip = (struct adit_ip){6, {0xfe, 0x80, [15] = 1}};
	pair.b.end.ip = (struct adit_ip){6, {0xfe, 0x80, [15] = 2}};
	pair.a.peer.local = pair.b.peer.remote = pair.a.end.ip;
	pair.a.peer.remote = pair.b.peer.local = pair.b.end.ip;
	pair.a.child.local_ts = pair.a.child.remote_ts = wide;
	pair.a.child.local_ts_count = pair.a.child.remote_ts_count = 2;
	pair.b.child.local_ts = pair.b.child.remote_ts = narrow;
	pair.b.child.local_ts_count = pair.b.child.remote_ts_count = 1;
	connect();
	assert_true(pair_is_up(&pair));
	assert_int_equal(pair.a.selectors.local_n, 1);
	assert_memory_equal(pair.a.selectors.remote[0].last, narrow[0].last, 16);
	assert_int_equal(pair.a.in.local.version, 6);
}

static void
test_transport_mode_is_agreed_upon(void **state)
{
	(void)state;
	begin(3);
	pair.a.child.mode = pair.b.child.mode = ADIT_TRANSPORT;
	connect();
	assert_true(pair_is_up(&pair));
	assert_int_equal(pair.a.in.mode, ADIT_TRANSPORT);
	assert_int_equal(pair.a.out.flags, ADIT_SA_CUT_AFTER);
}

static void
test_transport_mode_declined_is_no_tunnel(void **state)
{
	(void)state;
	begin(4);
	pair.a.child.mode = ADIT_TRANSPORT;
	connect();
	pair_pass(&pair, 1000);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_CHILD_UP), 0);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_IKE_DOWN), 1);
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->reason, ADIT_ERR_UNEXPECTED);
	assert_int_equal(pair_in_use(&pair.a), 0);
	assert_int_equal(pair_in_use(&pair.b), 0);
}

/* --- COOKIE and INVALID_KE_PAYLOAD. */

static void
test_cookie_is_asked_for_and_given(void **state)
{
	struct pair_datagram d;

	(void)state;
	begin(5);
	pair.b.cfg.cookie_threshold = 1;
	pair_open(&pair);
	/* One half-open attempt reaches the threshold. */
	pair_start(&pair);
	assert_true(pair_take(&pair, &pair.a, &d));
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &d)); /* lost */
	pair_start(&pair);
	assert_true(pair_take(&pair, &pair.a, &d));
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_ERR_COOKIE);
	pair_run(&pair);
	assert_true(pair_is_up(&pair));
}

static void
test_other_key_exchange_is_followed(void **state)
{
	struct adit_transform ta[] = {{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 128},
				      {ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_256, 0},
				      {ADIT_TRANSFORM_KE, ADIT_KE_CURVE25519, 0},
				      {ADIT_TRANSFORM_KE, ADIT_KE_ECP_256, 0}};
	struct adit_transform tb[] = {ta[0], ta[1], ta[3]};
	struct adit_proposal a = {ta, 4}, b = {tb, 3};
	struct adit_ike_info info;
	uint16_t at = 0;

	(void)state;
	begin(6);
	pair.a.peer.proposals = &a;
	pair.b.peer.proposals = &b;
	pair.a.peer.proposal_count = pair.b.peer.proposal_count = 1;
	connect();
	assert_true(pair_is_up(&pair));
	assert_int_equal(pair.sent, 6);
	assert_true(adit_ike_next(&pair.a.ike, &at, &info));
	assert_int_equal(info.ke->id, ADIT_KE_ECP_256);
}

/* KE-06: a group that was not offered is no answer. */
static bool
wire_other_group(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	static const uint8_t notify[] = {0, 0, 0, 10, 0, 0, 0, 17, 0, 16};

	if (from != &p->b || d->bytes[18] != 34)
		return true;
	d->bytes[16] = 41;
	memcpy(d->bytes + 28, notify, sizeof notify);
	d->len = 28 + sizeof notify;
	memset(d->bytes + 24, 0, 3);
	d->bytes[27] = (uint8_t)d->len;
	return true;
}

static void
test_a_group_never_offered_is_not_taken(void **state)
{
	struct adit_transform t[] = {{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 128},
				     {ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_256, 0},
				     {ADIT_TRANSFORM_KE, ADIT_KE_CURVE25519, 0}};
	struct adit_proposal p = {t, 3};

	(void)state;
	begin(7);
	pair.a.peer.proposals = &p;
	pair.a.peer.proposal_count = 1;
	pair.wire = wire_other_group;
	connect();
	assert_int_equal(pair.sent, 2);
	assert_int_equal(adit_ike_counters(&pair.a.ike)[ADIT_ERR_KE], 1);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_IKE_DOWN), 0);
}

/* --- Refusals. */

static void
expect_down(enum adit_status reason, uint16_t notify)
{
	const struct adit_ike_event *ev;

	pair_pass(&pair, 600000);
	ev = pair_last(&pair.a, ADIT_EVENT_IKE_DOWN);
	assert_non_null(ev);
	assert_int_equal(ev->reason, reason);
	assert_int_equal(ev->notify, notify);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_CHILD_UP), 0);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_CHILD_UP), 0);
	assert_int_equal(pair_in_use(&pair.a), 0);
	assert_int_equal(pair_in_use(&pair.b), 0);
}

static void
test_wrong_secret_is_refused(void **state)
{
	(void)state;
	begin(8);
	pair.b.peer.psk.n--;
	connect();
	expect_down(ADIT_ERR_AUTH, N_AUTH_FAILED);
}

static void
test_wrong_identity_is_refused(void **state)
{
	(void)state;
	begin(9);
	pair.b.peer.remote_id = (struct adit_id){ADIT_ID_FQDN, {(const uint8_t *)"carol", 5}};
	connect();
	expect_down(ADIT_ERR_AUTH, N_AUTH_FAILED);
}

static void
test_initiator_refuses_wrong_responder_identity(void **state)
{
	(void)state;
	begin(10);
	pair.a.peer.remote_id = (struct adit_id){ADIT_ID_FQDN, {(const uint8_t *)"bob", 3}};
	connect();
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_CHILD_UP), 0);
	assert_int_equal(pair_in_use(&pair.a), 0);
	/* The other end is told why. */
	assert_int_equal(pair_last(&pair.b, ADIT_EVENT_IKE_DOWN)->notify, N_AUTH_FAILED);
}

/* Of all that the library has, one end wants the last, and the other has nothing configured. */
static void
test_the_last_of_all_transforms_is_offered(void **state)
{
	const struct adit_crypto *c = &adit_mbedtls_compat;
	const struct adit_aead *aead = c->aead[0];
	struct adit_transform t[3] = {{ADIT_TRANSFORM_ENCR, aead->encr, aead->key_bits}};
	struct adit_proposal proposal = {t, 3};
	unsigned kes = 0, prfs = 0;

	(void)state;
	while (c->ke[kes + 1])
		kes++;
	while (c->prf[prfs + 1])
		prfs++;
	t[1] = (struct adit_transform){ADIT_TRANSFORM_PRF, c->prf[prfs]->id, 0};
	t[2] = (struct adit_transform){ADIT_TRANSFORM_KE, c->ke[kes]->id, 0};
	begin(43);
	pair.a.cfg.crypto = pair.b.cfg.crypto = c;
	pair.b.peer.proposals = &proposal;
	pair.b.peer.proposal_count = 1;
	assert_true(pair_connect(&pair));
	assert_ptr_equal(pair.a.sas[0].suite.prf, c->prf[prfs]);
	assert_ptr_equal(pair.a.sas[0].suite.ke, c->ke[kes]);
}

static void
test_no_common_proposal_is_told_after_the_last_try(void **state)
{
	struct adit_transform t[] = {{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 256},
				     {ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_512, 0},
				     {ADIT_TRANSFORM_KE, ADIT_KE_ECP_521, 0}};
	struct adit_transform u[] = {{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 128}, t[1], t[2]};
	struct adit_proposal a = {t, 3}, b = {u, 3};

	(void)state;
	begin(11);
	pair.a.peer.proposals = &a;
	pair.b.peer.proposals = &b;
	pair.a.peer.proposal_count = pair.b.peer.proposal_count = 1;
	connect();
	/* RFC 7296 2.21.1: anybody could have sent it. */
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_IKE_DOWN), 0);
	expect_down(ADIT_ERR_REFUSED, N_NO_PROPOSAL);
}

static void
test_selectors_that_do_not_meet_leave_no_child(void **state)
{
	struct adit_ip ip = {4, {10, 9, 0, 0}}, other = {4, {10, 8, 0, 0}};
	struct adit_ts ts = adit_ts_prefix(&ip, 16), us = adit_ts_prefix(&other, 16);

	(void)state;
	begin(12);
	pair.a.child.local_ts = &ts;
	pair.b.child.remote_ts = &us;
	pair.a.child.local_ts_count = pair.b.child.remote_ts_count = 1;
	connect();
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->notify, N_TS_UNACCEPTABLE);
	expect_down(ADIT_ERR_REFUSED, N_TS_UNACCEPTABLE);
}

/* --- A bad wire. */

static bool
wire_loses_every_third(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	(void)from;
	(void)d;
	return p->sent % 3 != 1;
}

static void
test_lost_datagrams_are_sent_again(void **state)
{
	(void)state;
	begin(13);
	pair.wire = wire_loses_every_third;
	connect();
	pair_pass(&pair, 100000);
	assert_true(pair_is_up(&pair));
}

static bool
wire_twice(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	(void)!pair_give(p, from == &p->a ? &p->b : &p->a, d);
	return p->sent < 100;
}

static void
test_duplicates_change_nothing(void **state)
{
	(void)state;
	begin(14);
	pair.wire = wire_twice;
	connect();
	assert_true(pair_is_up(&pair));
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_IKE_UP), 1);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_IKE_UP), 1);
	assert_true(pair.sent < 20);
}

/* Before each datagram come all of its truncations and one flip of every byte: nothing gets in, and
 * the true one still does its work. (IKE_SA_INIT is not authenticated, so of its first message only
 * what can't be read is tried.) */
static bool
wire_mangled(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	struct pair_side *to = from == &p->a ? &p->b : &p->a;
	bool init = d->bytes[18] == 34;
	struct pair_datagram bad;

	for (size_t n = 0; n < d->len; n++) {
		bad = *d;
		bad.len = n;
		assert_int_not_equal(pair_give(p, to, &bad), ADIT_OK);
		if (init && n >= 28)
			continue;
		bad = *d;
		bad.bytes[n] ^= 0x10;
		if (init && (n < 16 || n == 17 || n == 19))
			continue;
		assert_int_not_equal(pair_give(p, to, &bad), ADIT_OK);
	}
	return true;
}

static void
test_mangled_datagrams_change_nothing(void **state)
{
	(void)state;
	begin(15);
	pair.wire = wire_mangled;
	connect();
	assert_true(pair_is_up(&pair));
	assert_int_equal(pair_in_use(&pair.b), 3); /* SA, child, SPI: no leftovers */
}

/* HDR-07: our own datagrams come back to us. */
static bool
wire_mirror(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	struct pair_datagram back = *d;

	back.path.local = d->path.remote;
	back.path.remote = d->path.local;
	assert_int_not_equal(pair_give(p, from, &back), ADIT_OK);
	return true;
}

static void
test_reflected_datagrams_are_refused(void **state)
{
	(void)state;
	begin(16);
	/* A first request is anybody's, so that ours would be taken up: not with our own address.
	 */
	pair.a.peer.remote = pair.b.end.ip;
	pair.wire = wire_mirror;
	connect();
	assert_true(pair_is_up(&pair));
}

/* --- Pools, faults, configuration. */

static void
test_full_pools_are_a_status_and_harm_nobody(void **state)
{
	struct adit_ike_id id;

	(void)state;
	begin(26);
	connect();
	for (int i = 1; i < PAIR_SLOTS; i++)
		assert_int_equal(adit_ike_start(&pair.a.ike, pair.now, 0, 0, &pair.a.end, &id),
				 ADIT_OK);
	assert_int_equal(adit_ike_start(&pair.a.ike, pair.now, 0, 0, &pair.a.end, &id),
			 ADIT_ERR_FULL);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_IKE_DOWN), 0);
}

/* NONCE-03: without randomness nothing is begun and nothing is sent. */
static void
test_failing_random_source_fails_closed(void **state)
{
	struct pair_datagram d;
	struct adit_ike_id id;

	(void)state;
	begin(27);
	pair_open(&pair);
	pair.a.rng.fails = true;
	assert_int_equal(adit_ike_start(&pair.a.ike, pair.now, 0, 0, &pair.a.end, &id),
			 ADIT_ERR_RANDOM);
	assert_false(pair_take(&pair, &pair.a, &d));
	assert_int_equal(pair_in_use(&pair.a), 0);
	pair.a.rng.fails = false;
	pair.b.rng.fails = true;
	pair_start(&pair);
	pair_run(&pair);
	assert_int_equal(pair_in_use(&pair.b), 0);
	pair.b.rng.fails = false;
	pair_pass(&pair, 20000);
	assert_true(pair_is_up(&pair));
}

static void
test_bad_configurations_are_refused(void **state)
{
	struct adit_ike_mem mem = {pair.a.sas, PAIR_SLOTS,        pair.a.children,
				   PAIR_SLOTS, pair.a.handshakes, PAIR_SLOTS};
	struct adit_transform none = {ADIT_TRANSFORM_ENCR, 11 /* NULL */, 0};
	struct adit_proposal proposal = {&none, 1};

	(void)state;
	begin(28);
	assert_int_equal(adit_ike_init_(&pair.a.ike, sizeof pair.a.ike - 8,
					sizeof(struct adit_ike_sa), sizeof(struct adit_ike_child),
					sizeof(struct adit_ike_handshake), &pair.a.cfg, &mem),
			 ADIT_ERR_CONFIG);
	assert_int_equal(adit_ike_init_(&pair.a.ike, sizeof pair.a.ike, sizeof(struct adit_ike_sa),
					sizeof(struct adit_ike_child),
					sizeof(struct adit_ike_handshake) - 8, &pair.a.cfg, &mem),
			 ADIT_ERR_CONFIG);
	pair.a.peer.psk.n = 0;
	assert_int_equal(adit_ike_init(&pair.a.ike, &pair.a.cfg, &mem), ADIT_ERR_CONFIG);
	begin(28);
	pair.a.peer.child_count = 0;
	assert_int_equal(adit_ike_init(&pair.a.ike, &pair.a.cfg, &mem), ADIT_ERR_CONFIG);
	begin(28);
	pair.a.child.proposals = &proposal;
	pair.a.child.proposal_count = 1;
	assert_int_equal(adit_ike_init(&pair.a.ike, &pair.a.cfg, &mem), ADIT_ERR_CONFIG);
	begin(28);
	mem.sas = NULL;
	assert_int_equal(adit_ike_init(&pair.a.ike, &pair.a.cfg, &mem), ADIT_ERR_ARG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshake_makes_fitting_sas),
		cmocka_unit_test(test_every_transform_is_negotiated),
		cmocka_unit_test(test_ipv6_and_narrowing),
		cmocka_unit_test(test_transport_mode_is_agreed_upon),
		cmocka_unit_test(test_transport_mode_declined_is_no_tunnel),
		cmocka_unit_test(test_cookie_is_asked_for_and_given),
		cmocka_unit_test(test_other_key_exchange_is_followed),
		cmocka_unit_test(test_a_group_never_offered_is_not_taken),
		cmocka_unit_test(test_wrong_secret_is_refused),
		cmocka_unit_test(test_wrong_identity_is_refused),
		cmocka_unit_test(test_initiator_refuses_wrong_responder_identity),
		cmocka_unit_test(test_the_last_of_all_transforms_is_offered),
		cmocka_unit_test(test_no_common_proposal_is_told_after_the_last_try),
		cmocka_unit_test(test_selectors_that_do_not_meet_leave_no_child),
		cmocka_unit_test(test_lost_datagrams_are_sent_again),
		cmocka_unit_test(test_duplicates_change_nothing),
		cmocka_unit_test(test_mangled_datagrams_change_nothing),
		cmocka_unit_test(test_reflected_datagrams_are_refused),
		cmocka_unit_test(test_full_pools_are_a_status_and_harm_nobody),
		cmocka_unit_test(test_failing_random_source_fails_closed),
		cmocka_unit_test(test_bad_configurations_are_refused),
	};

	return cmocka_run_group_tests_name("ike_engine", tests, NULL, NULL);
}
