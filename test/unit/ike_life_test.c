/* The IKE engine after its handshake, or without one: deletes, liveness, time-outs, NATs, peers
 * that begin anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/pair.h"

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

/* --- Afterwards. */

static void
test_delete_ends_both_sides(void **state)
{
	struct adit_ike_id id;

	(void)state;
	for (int by_a = 0; by_a < 2; by_a++) {
		begin(17);
		connect();
		assert_true(pair_is_up(&pair));
		id = pair_last(by_a ? &pair.a : &pair.b, ADIT_EVENT_IKE_UP)->ike;
		assert_int_equal(adit_ike_delete(by_a ? &pair.a.ike : &pair.b.ike, pair.now, id),
				 ADIT_OK);
		pair_run(&pair);
		assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->reason, ADIT_OK);
		assert_int_equal(pair_last(&pair.b, ADIT_EVENT_IKE_DOWN)->reason, ADIT_OK);
		assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->notify, 0);
		assert_int_equal(pair_last(&pair.b, ADIT_EVENT_IKE_DOWN)->notify, 0);
		assert_int_equal(pair_in_use(&pair.a), 0);
		assert_int_equal(pair_in_use(&pair.b), 0);
		assert_int_equal(adit_ike_delete(&pair.a.ike, pair.now, id), ADIT_ERR_STALE);
	}
}

static void
test_both_sides_delete_at_once(void **state)
{
	(void)state;
	begin(18);
	connect();
	assert_int_equal(
		adit_ike_delete(&pair.a.ike, pair.now, pair_last(&pair.a, ADIT_EVENT_IKE_UP)->ike),
		ADIT_OK);
	assert_int_equal(
		adit_ike_delete(&pair.b.ike, pair.now, pair_last(&pair.b, ADIT_EVENT_IKE_UP)->ike),
		ADIT_OK);
	pair_pass(&pair, 600000);
	assert_int_equal(pair_in_use(&pair.a), 0);
	assert_int_equal(pair_in_use(&pair.b), 0);
}

static void
test_child_delete_leaves_the_ike_sa(void **state)
{
	(void)state;
	begin(19);
	connect();
	assert_int_equal(adit_ike_delete_child(&pair.a.ike, pair.now,
					       pair_last(&pair.a, ADIT_EVENT_CHILD_UP)->child),
			 ADIT_OK);
	pair_run(&pair);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_CHILD_DOWN), 1);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_CHILD_DOWN), 1);
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_CHILD_DOWN)->reason, ADIT_OK);
	assert_int_equal(pair_last(&pair.b, ADIT_EVENT_CHILD_DOWN)->reason, ADIT_OK);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_IKE_DOWN), 0);
	assert_int_equal(pair_in_use(&pair.a), 1);
}

static bool
wire_dead(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	(void)p;
	(void)from;
	(void)d;
	return false;
}

/* The peer is gone already: what was asked for has happened all the same. */
static void
test_an_unanswered_delete_ends_as_asked_for(void **state)
{
	struct adit_ike_id id;

	(void)state;
	begin(17);
	connect();
	id = pair_last(&pair.a, ADIT_EVENT_IKE_UP)->ike;
	assert_int_equal(adit_ike_delete(&pair.a.ike, pair.now, id), ADIT_OK);
	pair.wire = wire_dead;
	pair_pass(&pair, 600000);
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_CHILD_DOWN)->reason, ADIT_OK);
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->reason, ADIT_OK);
	assert_int_equal(pair_in_use(&pair.a), 0);
}

static void
test_liveness_check_keeps_a_silent_peer(void **state)
{
	(void)state;
	begin(20);
	pair.a.peer.dpd_delay_ms = 10000;
	connect();
	pair.sent = 0;
	pair_pass(&pair, 65000);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_IKE_DOWN), 0);
	assert_in_range(pair.sent, 10, 14); /* one exchange each 10 s */
	assert_true(adit_ike_deadline(&pair.a.ike) > pair.now);
}

static void
test_liveness_check_notices_a_dead_peer(void **state)
{
	(void)state;
	begin(21);
	pair.a.peer.dpd_delay_ms = 10000;
	connect();
	pair.wire = wire_dead;
	pair_pass(&pair, 400000);
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->reason, ADIT_ERR_TIMEOUT);
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_CHILD_DOWN)->reason, ADIT_ERR_TIMEOUT);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_CHILD_DOWN), 1);
	assert_int_equal(pair_in_use(&pair.a), 0);
	assert_int_equal(adit_ike_deadline(&pair.a.ike), ADIT_NEVER);
}

static void
test_nobody_there_is_a_time_out(void **state)
{
	(void)state;
	begin(22);
	pair.wire = wire_dead;
	connect();
	pair_pass(&pair, 60000);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_IKE_DOWN), 0);
	pair_pass(&pair, 200000);
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->reason, ADIT_ERR_TIMEOUT);
	assert_int_equal(pair.sent, 6); /* the first and five more */
	assert_int_equal(pair_in_use(&pair.a), 0);
}

static void
test_half_open_attempts_expire(void **state)
{
	struct pair_datagram d;

	(void)state;
	begin(23);
	pair_open(&pair);
	pair_start(&pair);
	assert_true(pair_take(&pair, &pair.a, &d));
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_int_equal(pair_in_use(&pair.b), 2);
	pair.wire = wire_dead;
	pair_pass(&pair, 31000);
	assert_int_equal(pair_in_use(&pair.b), 0);
	assert_int_equal(pair.b.event_count, 0);
}

/* --- Requests that are sent again. */

/* At most 20 % later than due, never before, and not all at the same time. */
static void
test_requests_are_repeated_a_little_later_than_due(void **state)
{
	adit_ms least = ADIT_NEVER, most = 0;

	(void)state;
	for (uint64_t seed = 100; seed < 140; seed++) {
		adit_ms wait;

		begin(seed);
		pair.a.cfg.retransmit_timeout_ms = 1000;
		pair_open(&pair);
		(void)pair_start(&pair);
		wait = pair.a.sas[0].retransmit_at - pair.now;
		least = wait < least ? wait : least;
		most = wait > most ? wait : most;
	}
	assert_in_range(least, 1000, 1050);
	assert_in_range(most, 1150, 1200);
}

/* The answer comes when the repetition is due, and before it has gone out. */
static void
test_what_is_answered_is_not_sent_again(void **state)
{
	struct pair_datagram d;

	(void)state;
	begin(26);
	assert_true(pair_connect(&pair));
	assert_int_equal(adit_ike_probe(&pair.a.ike, pair.now, (struct adit_ike_id){0, 1}),
			 ADIT_OK);
	assert_true(pair_take(&pair, &pair.a, &d));
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &d));
	pair.now += 5000;
	adit_ike_tick(&pair.a.ike, pair.now);
	assert_int_equal(pair_give(&pair, &pair.a, &d), ADIT_OK);
	assert_false(pair_take(&pair, &pair.a, &d));
}

/* The IKE SA lives on until its Delete is answered; its child, SPI and handshake are free before.
 */
static void
test_a_handshake_given_up_gives_back_all_but_its_ike_sa(void **state)
{
	static const uint8_t other[] = "other";
	struct pair_datagram d;

	(void)state;
	begin(27);
	pair.a.peer.remote_id = (struct adit_id){ADIT_ID_KEY_ID, {other, 5}};
	assert_true(pair_first_exchange(&pair));
	assert_true(pair_take(&pair, &pair.a, &d));
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_int_equal(pair_in_use(&pair.a), 4);
	assert_true(pair_take(&pair, &pair.b, &d));
	assert_int_equal(pair_give(&pair, &pair.a, &d), ADIT_ERR_AUTH);
	assert_int_equal(pair_in_use(&pair.a), 1);
	assert_true(pair_take(&pair, &pair.a, &d));
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
}

/* --- NAT. */

static bool
wire_nat(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	struct pair_datagram seen = *d;

	/* 10.0.0.1:x is seen as 192.0.2.9:x+20000. */
	if (from == &p->a) {
		memcpy(seen.path.local.ip.b, (const uint8_t[]){192, 0, 2, 9}, 4);
		seen.path.local.port = (uint16_t)(d->path.local.port + 20000);
		(void)!pair_give(p, &p->b, &seen);
	} else {
		memcpy(seen.path.remote.ip.b, (const uint8_t[]){10, 0, 0, 1}, 4);
		seen.path.remote.port = (uint16_t)(d->path.remote.port - 20000);
		(void)!pair_give(p, &p->a, &seen);
	}
	return false;
}

static void
test_a_nat_is_seen_and_ports_move(void **state)
{
	const struct adit_ip ip = {4, {10, 0, 0, 0}};
	struct adit_ts ts = adit_ts_prefix(&ip, 8);
	struct adit_ike_info info;
	uint16_t at = 0;

	(void)state;
	begin(24);
	pair.a.child.local_ts = pair.b.child.remote_ts = &ts;
	pair.a.child.local_ts_count = pair.b.child.remote_ts_count = 1;
	pair.b.peer.remote.version = 0;
	pair.wire = wire_nat;
	connect();
	assert_true(pair_is_up(&pair));
	assert_true(pair.a.in.udp_encap);
	assert_true(adit_ike_next(&pair.a.ike, &at, &info));
	assert_true(info.nat_local);
	assert_false(info.nat_remote);
	assert_int_equal(info.path.local.port, 4500);
	assert_int_equal(pair.b.out.remote_port, 24500);
	at = 0;
	assert_true(adit_ike_next(&pair.b.ike, &at, &info));
	assert_true(info.nat_remote);
	/* Behind a NAT, a keep-alive each 20 s. */
	pair.sent = 0;
	pair_pass(&pair, 61000);
	assert_int_equal(pair.sent, 3);
}

static adit_ms last_sent, longest_silence;

static bool
wire_of_silences(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	(void)d;
	if (from == &p->a && p->now - last_sent > longest_silence)
		longest_silence = p->now - last_sent;
	if (from == &p->a)
		last_sent = p->now;
	return false;
}

/* The waits of a request that nobody answers become longer than a NAT remembers. */
static void
test_keepalives_go_on_while_a_request_waits(void **state)
{
	const struct adit_ip ip = {4, {10, 0, 0, 0}};
	struct adit_ts ts = adit_ts_prefix(&ip, 8);

	(void)state;
	begin(27);
	pair.a.child.local_ts = pair.b.child.remote_ts = &ts;
	pair.a.child.local_ts_count = pair.b.child.remote_ts_count = 1;
	pair.b.peer.remote.version = 0;
	pair.wire = wire_nat;
	connect();
	assert_true(pair.a.sas[0].nat_local);
	last_sent = pair.now;
	longest_silence = 0;
	pair.wire = wire_of_silences;
	assert_int_equal(adit_ike_probe(&pair.a.ike, pair.now, (struct adit_ike_id){0, 1}),
			 ADIT_OK);
	pair_pass(&pair, 120000);
	assert_in_range(longest_silence, 1, 20000);
}

static void
test_encap_is_asked_for_without_a_nat(void **state)
{
	(void)state;
	begin(25);
	pair.a.peer.encap = true;
	connect();
	assert_true(pair_is_up(&pair));
	assert_true(pair.a.in.udp_encap);
	assert_int_equal(pair.b.out.remote_port, 4500);
}

/* INITIAL_CONTACT: after a restart the peer's new SA takes the place of the old one. */
static void
test_a_restarted_peer_replaces_its_old_sa(void **state)
{
	(void)state;
	begin(29);
	connect();
	assert_true(pair_is_up(&pair));
	{
		const struct adit_ike_mem mem = {pair.a.sas, PAIR_SLOTS,        pair.a.children,
						 PAIR_SLOTS, pair.a.handshakes, PAIR_SLOTS};

		assert_int_equal(adit_ike_init(&pair.a.ike, &pair.a.cfg, &mem), ADIT_OK);
	}
	pair_start(&pair);
	pair_run(&pair);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_CHILD_UP), 2);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_IKE_DOWN), 1);
	assert_int_equal(pair_last(&pair.b, ADIT_EVENT_IKE_DOWN)->reason, ADIT_OK);
	assert_int_equal(pair_last(&pair.b, ADIT_EVENT_IKE_DOWN)->notify, 0);
	assert_int_equal(pair_in_use(&pair.b), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delete_ends_both_sides),
		cmocka_unit_test(test_both_sides_delete_at_once),
		cmocka_unit_test(test_child_delete_leaves_the_ike_sa),
		cmocka_unit_test(test_an_unanswered_delete_ends_as_asked_for),
		cmocka_unit_test(test_liveness_check_keeps_a_silent_peer),
		cmocka_unit_test(test_liveness_check_notices_a_dead_peer),
		cmocka_unit_test(test_nobody_there_is_a_time_out),
		cmocka_unit_test(test_half_open_attempts_expire),
		cmocka_unit_test(test_requests_are_repeated_a_little_later_than_due),
		cmocka_unit_test(test_what_is_answered_is_not_sent_again),
		cmocka_unit_test(test_a_handshake_given_up_gives_back_all_but_its_ike_sa),
		cmocka_unit_test(test_a_nat_is_seen_and_ports_move),
		cmocka_unit_test(test_keepalives_go_on_while_a_request_waits),
		cmocka_unit_test(test_encap_is_asked_for_without_a_nat),
		cmocka_unit_test(test_a_restarted_peer_replaces_its_old_sa),
	};

	return cmocka_run_group_tests_name("ike_life", tests, NULL, NULL);
}
