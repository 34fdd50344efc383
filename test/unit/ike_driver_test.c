/* The engine towards its sockets and its clock: room for output, ports and timers other than the
 * usual, a driver whose callbacks fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/pair.h"

static struct pair pair;

/* --- Output. */

static void
test_output_that_finds_no_room_stays_due(void **state)
{
	static uint8_t bytes[ADIT_IKE_MESSAGE_MAX + 4];
	struct pair_datagram d;
	struct adit_path path;
	size_t n = 7;

	(void)state;
	pair_defaults(&pair, 20);
	pair_open(&pair);
	pair_start(&pair);
	assert_int_equal(adit_ike_output(&pair.a.ike, pair.now, &path,
					 (struct adit_buf){bytes, sizeof bytes - 1}, &n),
			 ADIT_ERR_ROOM);
	assert_int_equal(n, 0);
	assert_true(pair_take(&pair, &pair.a, &d));
}

/* Due for being sent again, and answered before it was taken. */
static void
test_what_was_answered_meanwhile_is_not_sent_again(void **state)
{
	struct pair_datagram d;

	(void)state;
	pair_defaults(&pair, 21);
	pair_connect(&pair);
	assert_int_equal(adit_ike_probe(&pair.a.ike, pair.now, (struct adit_ike_id){0, 1}),
			 ADIT_OK);
	assert_true(pair_take(&pair, &pair.a, &d));
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &d));
	pair.now = adit_ike_deadline(&pair.a.ike);
	adit_ike_tick(&pair.a.ike, pair.now);
	assert_int_equal(pair_give(&pair, &pair.a, &d), ADIT_OK);
	assert_false(pair_take(&pair, &pair.a, &d));
}

/* An engine that waits for nothing: however late it is. */
static void
test_no_time_is_late_for_an_idle_engine(void **state)
{
	(void)state;
	pair_defaults(&pair, 22);
	pair_open(&pair);
	assert_true(adit_ike_deadline(&pair.a.ike) == ADIT_NEVER);
	adit_ike_tick(&pair.a.ike, ADIT_NEVER);
	assert_int_equal(pair_in_use(&pair.a), 0);
}

/* --- Ports. */

static uint16_t seen_from[8], seen_to[8];
static unsigned seen;

static bool
note_ports(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	(void)p;
	(void)from;
	if (seen < 8) {
		seen_from[seen] = d->path.local.port;
		seen_to[seen++] = d->path.remote.port;
	}
	return true;
}

static void
test_other_ports_than_the_usual_are_used_where_configured(void **state)
{
	(void)state;
	pair_defaults(&pair, 30);
	seen = 0;
	pair.wire = note_ports;
	pair.a.end.port = 5000;
	pair.a.peer.remote_port = 5001;
	pair.a.peer.remote_natt_port = 4601;
	pair.a.peer.encap = true;
	pair.a.cfg.natt_port = 4600;
	pair.b.cfg.natt_port = 4601;
	assert_true(pair_connect(&pair));
	assert_int_equal(seen, 4);
	assert_int_equal(seen_from[0], 5000);
	assert_int_equal(seen_to[0], 5001);
	assert_int_equal(seen_from[2], 4600);
	assert_int_equal(seen_to[2], 4601);
	assert_true(pair.a.in.udp_encap);
	assert_int_equal(pair.a.out.local_port, 4600);
	assert_int_equal(pair.a.out.remote_port, 4601);
}

/* Who begins on the NAT-T port stays there. */
static void
test_an_attempt_from_the_natt_port_stays_on_it(void **state)
{
	(void)state;
	pair_defaults(&pair, 31);
	seen = 0;
	pair.wire = note_ports;
	pair.a.end.port = ADIT_IKE_NATT_PORT;
	pair.a.peer.remote_port = ADIT_IKE_NATT_PORT;
	pair.a.peer.encap = true;
	assert_true(pair_connect(&pair));
	for (unsigned i = 0; i < seen; i++) {
		assert_int_equal(seen_from[i], ADIT_IKE_NATT_PORT);
		assert_int_equal(seen_to[i], ADIT_IKE_NATT_PORT);
	}
	assert_true(pair.a.in.udp_encap);
}

/* Timers as configured: sent again after 100 ms and after 100 more, and then given up. */
static bool
lose_all(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	(void)p;
	(void)from;
	(void)d;
	return false;
}

static void
test_retransmission_is_as_configured(void **state)
{
	(void)state;
	pair_defaults(&pair, 32);
	pair.a.cfg.retransmit_timeout_ms = 100;
	pair.a.cfg.retransmit_base_percent = 100;
	pair.a.cfg.retransmit_tries = 2;
	pair.wire = lose_all;
	pair_open(&pair);
	pair_start(&pair);
	pair_pass(&pair, 290);
	assert_int_equal(pair.sent, 3);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_IKE_DOWN), 0);
	pair_pass(&pair, 100);
	assert_int_equal(pair.sent, 3);
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->reason, ADIT_ERR_TIMEOUT);
}

static void
test_half_open_ones_are_kept_as_long_as_configured(void **state)
{
	struct pair_datagram d;

	(void)state;
	pair_defaults(&pair, 33);
	pair.b.cfg.half_open_timeout_ms = 1000;
	pair_open(&pair);
	pair_start(&pair);
	assert_true(pair_take(&pair, &pair.a, &d));
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &d)); /* lost */
	assert_int_equal(adit_ike_deadline(&pair.b.ike), pair.now + 1000);
	adit_ike_tick(&pair.b.ike, pair.now + 999);
	assert_int_equal(pair.b.ike.half_open, 1);
	adit_ike_tick(&pair.b.ike, pair.now + 1000);
	assert_int_equal(pair_in_use(&pair.b), 0);
}

/* --- The driver. */

struct io_state {
	enum adit_status in, out;
	unsigned sent, taken;
	size_t n;
};

static adit_ms
io_now(void *ctx)
{
	(void)ctx;
	return pair.now;
}

static enum adit_status
io_recv(void *ctx, struct adit_path *path, struct adit_buf b, size_t *n)
{
	struct io_state *s = ctx;

	s->taken++;
	memset(path, 0, sizeof *path);
	memset(b.p, 0, s->n);
	*n = s->n;
	return s->in;
}

static enum adit_status
io_send(void *ctx, const struct adit_path *path, struct adit_span d)
{
	struct io_state *s = ctx;

	(void)path;
	(void)d;
	s->sent++;
	return s->out;
}

static void
io_event(void *ctx, const struct adit_ike_event *ev)
{
	(void)ctx;
	(void)ev;
}

static void
test_a_driver_that_can_not_receive_still_sends(void **state)
{
	static uint8_t bytes[ADIT_IKE_MESSAGE_MAX + 4];
	struct io_state s = {ADIT_ERR_IO, ADIT_OK, 0, 0, 0};
	const struct adit_io io = {&s, io_now, io_recv, io_send, io_event};
	adit_ms next;

	(void)state;
	pair_defaults(&pair, 40);
	pair_open(&pair);
	pair_start(&pair);
	assert_int_equal(
		adit_ike_run(&pair.a.ike, &io, (struct adit_buf){bytes, sizeof bytes}, 4, &next),
		ADIT_ERR_IO);
	assert_int_equal(s.taken, 1);
	assert_int_equal(s.sent, 1);
}

/* A peer that never stops sending costs no more than the budget. */
static void
test_a_round_takes_no_more_than_its_budget(void **state)
{
	static uint8_t bytes[ADIT_IKE_MESSAGE_MAX + 4];
	struct io_state s = {ADIT_OK, ADIT_OK, 0, 0, 40};
	const struct adit_io io = {&s, io_now, io_recv, io_send, io_event};
	adit_ms next;

	(void)state;
	pair_defaults(&pair, 41);
	pair_open(&pair);
	assert_int_equal(
		adit_ike_run(&pair.a.ike, &io, (struct adit_buf){bytes, sizeof bytes}, 5, &next),
		ADIT_OK);
	assert_int_equal(s.taken, 5);
	assert_int_equal(adit_ike_run(&pair.a.ike, &io, (struct adit_buf){bytes, 10}, 0, &next),
			 ADIT_OK);
	pair_start(&pair);
	assert_int_equal(adit_ike_run(&pair.a.ike, &io, (struct adit_buf){bytes, 10}, 0, &next),
			 ADIT_ERR_ROOM);
	assert_int_equal(s.sent, 0);
}

/* A request of a later version, from another port each time. */
static enum adit_status
io_recv_later_version(void *ctx, struct adit_path *path, struct adit_buf b, size_t *n)
{
	enum adit_status st = io_recv(ctx, path, b, n);

	*path = (struct adit_path){pair.a.end, pair.b.end};
	path->remote.port = (uint16_t)(1000 + ((struct io_state *)ctx)->taken);
	memcpy(b.p, (const uint8_t[]){1, 2, 3, 4, 5, 6, 7, 8}, 8);
	b.p[17] = 0x30;
	b.p[18] = 34;
	b.p[19] = 0x08;
	b.p[27] = (uint8_t)*n;
	return st;
}

/* What is said to strangers has one place, which the next of them would take. */
static void
test_a_round_answers_each_stranger(void **state)
{
	static uint8_t bytes[ADIT_IKE_MESSAGE_MAX + 4];
	struct io_state s = {ADIT_OK, ADIT_OK, 0, 0, 40};
	const struct adit_io io = {&s, io_now, io_recv_later_version, io_send, io_event};
	struct adit_buf buf = {bytes, sizeof bytes};
	adit_ms next;

	(void)state;
	pair_defaults(&pair, 42);
	pair_open(&pair);
	assert_int_equal(adit_ike_run(&pair.a.ike, &io, buf, 5, &next), ADIT_OK);
	assert_int_equal(s.sent, 5);
	s.out = ADIT_ERR_IO;
	assert_int_equal(adit_ike_run(&pair.a.ike, &io, buf, 5, &next), ADIT_ERR_IO);
	assert_int_equal(s.sent, 6);
	assert_int_equal(s.taken, 6);
}

/* --- The driver does what the five calls do. */

struct driven {
	struct pair *pair;
	struct pair_side *side;
	struct pair_datagram inbox;
	bool full;
	uint8_t log[65536];
	size_t logged;
};

static adit_ms
drive_now(void *ctx)
{
	return ((struct driven *)ctx)->pair->now;
}

static enum adit_status
drive_recv(void *ctx, struct adit_path *path, struct adit_buf b, size_t *n)
{
	struct driven *d = ctx;

	*n = 0;
	if (!d->full)
		return ADIT_OK;
	d->full = false;
	path->local = d->inbox.path.remote;
	path->remote = d->inbox.path.local;
	memcpy(b.p, d->inbox.bytes, d->inbox.len);
	*n = d->inbox.len;
	return ADIT_OK;
}

static struct driven driven[2];

static enum adit_status
drive_send(void *ctx, const struct adit_path *path, struct adit_span s)
{
	struct driven *from = ctx, *to = from == &driven[0] ? &driven[1] : &driven[0];

	to->inbox.path = *path;
	to->inbox.len = s.n;
	memcpy(to->inbox.bytes, s.p, s.n);
	to->full = true;
	memcpy(from->log + from->logged, s.p, s.n);
	from->logged += s.n;
	return ADIT_OK;
}

static void
drive_event(void *ctx, const struct adit_ike_event *ev)
{
	struct driven *d = ctx;

	d->side->events[d->side->event_count++] = *ev;
}

static uint8_t plain_log[2][65536];
static size_t plain_logged[2];

static bool
wire_log(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	int i = from == &p->b;

	memcpy(plain_log[i] + plain_logged[i], d->bytes, d->len);
	plain_logged[i] += d->len;
	return true;
}

static void
test_driver_and_five_calls_say_the_same_bytes(void **state)
{
	static uint8_t buf[ADIT_IKE_MESSAGE_MAX + 4];
	adit_ms next;

	(void)state;
	pair_defaults(&pair, 30);
	plain_logged[0] = plain_logged[1] = 0;
	pair.wire = wire_log;
	assert_true(pair_connect(&pair));

	pair_defaults(&pair, 30);
	pair_open(&pair);
	pair_start(&pair);
	memset(driven, 0, sizeof driven);
	driven[0].side = &pair.a;
	driven[1].side = &pair.b;
	for (int round = 0; round < 10; round++)
		for (int i = 0; i < 2; i++) {
			struct adit_io io = {&driven[i], drive_now, drive_recv, drive_send,
					     drive_event};

			driven[i].pair = &pair;
			assert_int_equal(adit_ike_run(&driven[i].side->ike, &io,
						      (struct adit_buf){buf, sizeof buf}, 4, &next),
					 ADIT_OK);
		}
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_CHILD_UP), 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(driven[i].logged, plain_logged[i]);
		assert_memory_equal(driven[i].log, plain_log[i], plain_logged[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_that_finds_no_room_stays_due),
		cmocka_unit_test(test_what_was_answered_meanwhile_is_not_sent_again),
		cmocka_unit_test(test_no_time_is_late_for_an_idle_engine),
		cmocka_unit_test(test_other_ports_than_the_usual_are_used_where_configured),
		cmocka_unit_test(test_an_attempt_from_the_natt_port_stays_on_it),
		cmocka_unit_test(test_retransmission_is_as_configured),
		cmocka_unit_test(test_half_open_ones_are_kept_as_long_as_configured),
		cmocka_unit_test(test_a_driver_that_can_not_receive_still_sends),
		cmocka_unit_test(test_a_round_takes_no_more_than_its_budget),
		cmocka_unit_test(test_a_round_answers_each_stranger),
		cmocka_unit_test(test_driver_and_five_calls_say_the_same_bytes),
	};

	return cmocka_run_group_tests_name("ike_driver", tests, NULL, NULL);
}
