/* Where IKE messages go: answers to where they were asked for (RFC 7296 2.11), the rest to where
 * the peer is known to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ike/slots.h"
#include "support/edit.h"
#include "wire/ike_payload.h"

enum { MARKER = 4, NATT_PORT = 4500, KEEPALIVE_MS = 20000 };

static const struct adit_ip elsewhere = {4, {203, 0, 113, 7}};
static const struct adit_ip elsewhere6 = {6, {0xfd, 7}}, ours6 = {6, {0xfd, 8}};

static struct pair pair;

/* 10.0.0.1:x is seen as 192.0.2.9:x+20000. */
static void
translate(const struct pair_side *from, struct pair_datagram *d)
{
	if (from == &pair.a) {
		memcpy(d->path.local.ip.b, (const uint8_t[]){192, 0, 2, 9}, 4);
		d->path.local.port = (uint16_t)(d->path.local.port + 20000);
	} else {
		memcpy(d->path.remote.ip.b, (const uint8_t[]){10, 0, 0, 1}, 4);
		d->path.remote.port = (uint16_t)(d->path.remote.port - 20000);
	}
}

static bool
wire_nat(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	translate(from, d);
	(void)!pair_give(p, from == &p->a ? &p->b : &p->a, d);
	return false;
}

static void
begin(uint64_t seed)
{
	pair_defaults(&pair, seed);
	pair_open(&pair);
}

static void
connect(uint64_t seed)
{
	pair_defaults(&pair, seed);
	assert_true(pair_connect(&pair));
}

/* a is behind a NAT. */
static void
connect_through_nat(uint64_t seed)
{
	static const struct adit_ip ip = {4, {10, 0, 0, 0}};
	static struct adit_ts ts;

	ts = adit_ts_prefix(&ip, 8);
	pair_defaults(&pair, seed);
	pair.a.child.local_ts = pair.b.child.remote_ts = &ts;
	pair.a.child.local_ts_count = pair.b.child.remote_ts_count = 1;
	pair.b.peer.remote.version = 0;
	pair.wire = wire_nat;
	assert_true(pair_connect(&pair));
	assert_true(pair.a.sas[0].nat_local && pair.b.sas[0].nat_remote);
}

/* b still takes a to be where it was. */
static void
assert_stayed(const struct adit_path *path)
{
	assert_true(adit_endpoint_equal(&pair.b.sas[0].path.local, &path->local));
	assert_true(adit_endpoint_equal(&pair.b.sas[0].path.remote, &path->remote));
}

/* The side's next request, a liveness check. */
static void
ask(struct pair_side *from, struct pair_datagram *d)
{
	assert_int_equal(adit_ike_probe(&from->ike, pair.now, (struct adit_ike_id){0, 1}), ADIT_OK);
	assert_true(pair_take(&pair, from, d));
}

/* The next datagram of a side is the answer to d, as it came, with its marker or without. */
static void
assert_answer(struct pair_side *from, const struct pair_datagram *d)
{
	size_t marker = d->path.remote.port == NATT_PORT ? MARKER : 0;
	struct pair_datagram answer;

	assert_true(pair_take(&pair, from, &answer));
	assert_true(adit_endpoint_equal(&answer.path.remote, &d->path.local));
	assert_true(adit_endpoint_equal(&answer.path.local, &d->path.remote));
	assert_memory_equal(answer.bytes, (const uint8_t[MARKER]){0}, marker);
	assert_memory_equal(answer.bytes + marker, from->sas[0].response.bytes,
			    answer.len - marker);
	assert_int_equal(answer.len - marker, from->sas[0].response.len);
}

/* With a marker, to our port for NAT traversal. */
static void
mark(struct pair_datagram *d)
{
	memmove(d->bytes + MARKER, d->bytes, d->len);
	memset(d->bytes, 0, MARKER);
	d->len += MARKER;
	d->path.remote.port = NATT_PORT;
}

static void
test_a_first_request_is_answered_from_where_it_came_to(void **state)
{
	struct pair_datagram d;

	(void)state;
	begin(1);
	pair_start(&pair);
	assert_true(pair_take(&pair, &pair.a, &d));
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_answer(&pair.b, &d);
	d.path.remote.ip.b[3] = 77; /* another address of b */
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_answer(&pair.b, &d);
	mark(&d);
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_answer(&pair.b, &d);
	assert_int_equal(pair_in_use(&pair.b), 2);
}

static void
test_a_repeat_is_answered_on_either_port_and_ip_version(void **state)
{
	struct pair_datagram d, answer;
	struct adit_path path;

	(void)state;
	connect(2);
	path = pair.b.sas[0].path;
	ask(&pair.a, &d);
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_answer(&pair.b, &d);
	d.path.local.ip = elsewhere6;
	d.path.remote.ip = ours6;
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_answer(&pair.b, &d);
	mark(&d);
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_answer(&pair.b, &d);
	assert_stayed(&path);
	/* b's own requests go on to where a is. */
	ask(&pair.b, &answer);
	assert_true(adit_endpoint_equal(&answer.path.remote, &path.remote));
	assert_int_equal(pair_give(&pair, &pair.a, &answer), ADIT_OK);
}

/* Who copies each request at once, from elsewhere, would else get all answers, and a none. */
static void
test_a_repeat_from_elsewhere_takes_no_waiting_answer_away(void **state)
{
	struct pair_datagram d, copy, more;

	(void)state;
	connect(3);
	ask(&pair.a, &d);
	copy = d;
	copy.path.local.ip = elsewhere;
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_int_equal(pair_give(&pair, &pair.b, &copy), ADIT_OK);
	assert_answer(&pair.b, &d);
	assert_false(pair_take(&pair, &pair.b, &more));
	/* Nor if it comes first. */
	assert_int_equal(pair_give(&pair, &pair.b, &copy), ADIT_OK);
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_answer(&pair.b, &d);
}

/* The answer to a Delete is the last that an SA says: a copy finds nobody, and the slot's next SA
 * knows nothing of where the last one was asked from. */
static void
test_a_deleted_sa_answers_once(void **state)
{
	struct pair_datagram d, more;

	(void)state;
	connect(4);
	assert_int_equal(adit_ike_delete(&pair.a.ike, pair.now, (struct adit_ike_id){0, 1}),
			 ADIT_OK);
	assert_true(pair_take(&pair, &pair.a, &d));
	d.path.local.port = 501;
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	more = d;
	more.path.local.ip = elsewhere;
	assert_int_equal(pair_give(&pair, &pair.b, &more), ADIT_ERR_NO_SA);
	assert_true(pair_take(&pair, &pair.b, &more));
	assert_true(adit_endpoint_equal(&more.path.remote, &d.path.local));
	assert_false(pair_take(&pair, &pair.b, &more));
	assert_int_equal(pair_in_use(&pair.b), 0);
	assert_int_equal(adit_ike_start(&pair.b.ike, pair.now, 0, 0, &pair.b.end,
					&(struct adit_ike_id){0, 0}),
			 ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &more));
	assert_int_equal(more.path.remote.port, 500);
}

/* b is behind a NAT that has two addresses of it; the copy's answer goes where the copy came from.
 */
static void
test_a_copy_of_the_first_request_asks_for_no_keep_alive(void **state)
{
	static struct adit_ts any;
	struct pair_datagram d, copy;

	(void)state;
	any = adit_ts_prefix(&(const struct adit_ip){4, {0}}, 0);
	pair_defaults(&pair, 40);
	pair.now = 1000000;
	pair.b.peer.local.version = pair.b.peer.remote.version = 0;
	pair.a.child.local_ts = pair.a.child.remote_ts = &any;
	pair.b.child.local_ts = pair.b.child.remote_ts = &any;
	pair.a.child.local_ts_count = pair.a.child.remote_ts_count = 1;
	pair.b.child.local_ts_count = pair.b.child.remote_ts_count = 1;
	pair.a.peer.remote.b[0] = 193;
	pair_open(&pair);
	pair_start(&pair);
	assert_true(pair_take(&pair, &pair.a, &d));
	d.path.remote.ip = pair.b.end.ip;
	copy = d;
	copy.path.remote.ip.b[3] = 99;
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_int_equal(pair_give(&pair, &pair.b, &copy), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &d));
	assert_int_equal(d.path.local.ip.b[3], 99);
	d.path.local.ip = pair.a.peer.remote;
	assert_int_equal(pair_give(&pair, &pair.a, &d), ADIT_OK);
	assert_true(pair_take(&pair, &pair.a, &d));
	d.path.remote.ip = pair.b.end.ip;
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_true(pair.b.sas[0].nat_local);
	adit_ike_tick(&pair.b.ike, pair.now);
	assert_true(pair_take(&pair, &pair.b, &d));
	assert_true(d.len > 1);
	assert_false(pair_take(&pair, &pair.b, &d));
}

/* A NAT remembers what goes through it, and an answer that goes elsewhere does not. */
static void
test_an_answer_elsewhere_is_no_keep_alive(void **state)
{
	struct pair_datagram d, copy;
	unsigned kept = 0;

	(void)state;
	connect_through_nat(5);
	ask(&pair.b, &d);
	translate(&pair.b, &d);
	copy = d;
	copy.path.local.ip = elsewhere;
	assert_int_equal(pair_give(&pair, &pair.a, &d), ADIT_OK);
	assert_answer(&pair.a, &d);
	for (unsigned i = 0; i < 8; i++) {
		pair.now += KEEPALIVE_MS / 4;
		adit_ike_tick(&pair.a.ike, pair.now);
		assert_int_equal(pair_give(&pair, &pair.a, &copy), ADIT_OK);
		assert_answer(&pair.a, &copy);
		if (!pair_take(&pair, &pair.a, &d))
			continue;
		kept++;
		assert_int_equal(d.len, 1);
		assert_int_equal(d.bytes[0], 0xff);
		assert_true(adit_endpoint_equal(&d.path.remote, &pair.a.sas[0].path.remote));
	}
	assert_int_equal(kept, 2);
}

/* ESP does not go to another IP version or another address of ours, so IKE does not go there
 * without it (RFC 7296 2.23 has a NAT's mapping change, and no more). */
static void
test_a_peer_is_not_followed_to_where_its_esp_can_not_go(void **state)
{
	struct pair_datagram d;
	struct adit_path path;

	(void)state;
	connect_through_nat(6);
	path = pair.b.sas[0].path;
	ask(&pair.a, &d);
	d.path.local.ip = elsewhere6;
	d.path.remote.ip = ours6;
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_stayed(&path);
	assert_answer(&pair.b, &d);
	pair_pass(&pair, 10000); /* once more, on its way, with its answer */
	ask(&pair.a, &d);
	translate(&pair.a, &d);
	d.path.remote.ip.b[3] = 77;
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_stayed(&path);
	assert_answer(&pair.b, &d);
}

/* Without a NAT nothing changes a peer's address: an IKE_AUTH from elsewhere is a copy that has
 * come first, and the true one finds all as it was. Another port is the peer's own affair. */
static void
test_without_a_nat_ike_auth_is_from_where_the_first_request_was(void **state)
{
	struct pair_datagram d, copy, answer;

	(void)state;
	pair_defaults(&pair, 7);
	pair.b.peer.remote.version = 0;
	assert_true(pair_first_exchange(&pair));
	assert_true(pair_take(&pair, &pair.a, &d));
	copy = d;
	copy.path.local.ip = elsewhere;
	assert_int_equal(pair_give(&pair, &pair.b, &copy), ADIT_ERR_MISMATCH);
	assert_false(pair_take(&pair, &pair.b, &answer));
	d.path.local.port++;
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &answer));
	assert_true(adit_endpoint_equal(&answer.path.remote, &d.path.local));
	assert_int_equal(pair_give(&pair, &pair.a, &answer), ADIT_OK);
	assert_true(pair_is_up(&pair));
	assert_true(adit_ip_equal(&pair.b.out.remote, &pair.a.end.ip));
}

/* Until IKE_AUTH says who it is, a stranger is the first of our peers that it can be. */
static void
test_a_request_belongs_to_the_first_peer_that_fits(void **state)
{
	static struct adit_peer_config peers[3];
	struct pair_datagram d;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		pair_defaults(&pair, 64 + i);
		for (unsigned k = 0; k < 3; k++) {
			peers[k] = pair.b.peer;
			if (k < i)
				peers[k].remote.b[3] = 99;
		}
		pair.b.cfg.peers = peers;
		pair.b.cfg.peer_count = 3;
		pair_open(&pair);
		(void)pair_start(&pair);
		assert_true(pair_take(&pair, &pair.a, &d));
		assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
		assert_int_equal(pair.b.sas[0].peer, i);
	}
}

static bool
shorten_nonce(void *ctx, uint8_t type, uint8_t *body, size_t *n)
{
	(void)body;
	if (type == ADIT_PAYLOAD_NONCE)
		*n -= *(size_t *)ctx;
	return true;
}

/* A question with one choice of each is as long as its answer; one byte less, and who asks has to
 * show that he is there. */
static void
test_an_answer_is_as_long_as_its_question_or_wants_a_cookie(void **state)
{
	static const struct adit_transform gcm[] = {
		{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 128},
		{ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_256, 0},
		{ADIT_TRANSFORM_KE, ADIT_KE_CURVE25519, 0}};
	static const struct adit_transform cbc[] = {
		{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_CBC, 128},
		{ADIT_TRANSFORM_INTEG, ADIT_AUTH_HMAC_SHA2_256_128, 0},
		{ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_256, 0},
		{ADIT_TRANSFORM_KE, ADIT_KE_CURVE25519, 0}};
	static const struct adit_transform chacha[] = {
		{ADIT_TRANSFORM_ENCR, ADIT_ENCR_CHACHA20_POLY1305, 0},
		{ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_256, 0},
		{ADIT_TRANSFORM_KE, ADIT_KE_CURVE25519, 0}};
	static const struct adit_proposal proposals[] = {{gcm, 3}, {cbc, 4}, {chacha, 3}};

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		for (size_t less = 0; less < 2; less++) {
			struct pair_datagram d, answer;

			pair_defaults(&pair, 70 + i);
			pair.a.peer.proposals = pair.b.peer.proposals = &proposals[i];
			pair.a.peer.proposal_count = pair.b.peer.proposal_count = 1;
			pair_open(&pair);
			pair_start(&pair);
			assert_true(pair_take(&pair, &pair.a, &d));
			assert_true(edit_message(&pair.a, &d, shorten_nonce, &less));
			assert_int_equal(pair_give(&pair, &pair.b, &d),
					 less ? ADIT_ERR_COOKIE : ADIT_OK);
			assert_true(pair_take(&pair, &pair.b, &answer));
			assert_true(less ? answer.len < d.len : answer.len == d.len);
		}
}

/* What a names for itself is what it believes to be; b takes what it sees in its place (RFC 7296
 * 2.23.1). */
static void
test_transport_mode_through_a_nat_is_for_the_address_that_is_seen(void **state)
{
	const struct adit_ip seen = {4, {192, 0, 2, 9}};
	struct adit_ts want = adit_ts_prefix(&seen, 32);

	(void)state;
	pair_defaults(&pair, 75);
	pair.a.child.mode = pair.b.child.mode = ADIT_TRANSPORT;
	pair.b.peer.remote.version = 0;
	pair.wire = wire_nat;
	pair_connect(&pair);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_CHILD_UP), 1);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_CHILD_UP), 1);
	assert_true(pair.b.sas[0].nat_remote && !pair.b.sas[0].nat_local);
	assert_int_equal(pair.b.in.mode, ADIT_TRANSPORT);
	assert_int_equal(pair.b.selectors.remote_n, 1);
	assert_memory_equal(pair.b.selectors.remote[0].first, want.first, 4);
	assert_memory_equal(pair.b.selectors.remote[0].last, want.last, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_first_request_is_answered_from_where_it_came_to),
		cmocka_unit_test(test_a_repeat_is_answered_on_either_port_and_ip_version),
		cmocka_unit_test(test_a_repeat_from_elsewhere_takes_no_waiting_answer_away),
		cmocka_unit_test(test_a_deleted_sa_answers_once),
		cmocka_unit_test(test_a_copy_of_the_first_request_asks_for_no_keep_alive),
		cmocka_unit_test(test_an_answer_elsewhere_is_no_keep_alive),
		cmocka_unit_test(test_a_peer_is_not_followed_to_where_its_esp_can_not_go),
		cmocka_unit_test(test_without_a_nat_ike_auth_is_from_where_the_first_request_was),
		cmocka_unit_test(test_a_request_belongs_to_the_first_peer_that_fits),
		cmocka_unit_test(test_an_answer_is_as_long_as_its_question_or_wants_a_cookie),
		cmocka_unit_test(test_transport_mode_through_a_nat_is_for_the_address_that_is_seen),
	};

	return cmocka_run_group_tests_name("ike_path", tests, NULL, NULL);
}
