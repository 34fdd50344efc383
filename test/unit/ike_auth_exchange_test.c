/* IKE_AUTH: who is who, and messages of a peer that holds the keys and says what it should not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ike/slots.h"
#include "ikev2/turn.h"
#include "support/edit.h"

enum { AUTH = ADIT_EXCHANGE_AUTH };

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

/* a ends with that; nobody keeps anything. */
static void
expect_down(enum adit_status reason, uint16_t notify)
{
	const struct adit_ike_event *ev;

	pair.wire = NULL;
	pair_pass(&pair, 600000);
	ev = pair_last(&pair.a, ADIT_EVENT_IKE_DOWN);
	assert_non_null(ev);
	assert_int_equal(ev->reason, reason);
	assert_int_equal(ev->notify, notify);
	assert_int_equal(pair_count(&pair.a, ADIT_EVENT_CHILD_UP), 0);
	assert_int_equal(pair_in_use(&pair.a), 0);
	assert_int_equal(pair_in_use(&pair.b), 0);
}

static struct adit_id
id_of(enum adit_id_type type, const char *text)
{
	return (struct adit_id){type, {(const uint8_t *)text, strlen(text)}};
}

/* --- Messages changed by those who hold the keys. */

struct change {
	bool response;
	uint8_t drop, type; /* left out; changed */
	size_t len;         /* 0: as it was */
	size_t at;
	uint8_t by[8];
	size_t n;
};

static const struct change *now;

static bool
apply(void *ctx, uint8_t type, uint8_t *body, size_t *n)
{
	const struct change *c = ctx;

	if (type == c->drop)
		return false;
	if (type != c->type)
		return true;
	if (c->len > *n)
		memset(body + *n, 'x', c->len - *n);
	if (c->len)
		*n = c->len;
	memcpy(body + c->at, c->by, c->n);
	return true;
}

static bool
wire(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	static struct change copy;

	copy = *now;
	if (edit_is(d, AUTH, now->response) && from == (now->response ? &p->b : &p->a))
		assert_true(edit_message(from, d, apply, &copy));
	return true;
}

/* --- Identities. */

struct names {
	enum adit_id_type type;
	const char *shown, *wanted;
	bool fit;
};

/* RFC 4301 4.4.3.1: names without regard to case; all else byte by byte. */
static void
test_identities_compare_as_their_type_asks(void **state)
{
	static const struct names rows[] = {
		{ADIT_ID_FQDN, "Gate-A.example", "gate-a.EXAMPLE", true},
		{ADIT_ID_FQDN, "gate-a.example", "gate-b.example", false},
		{ADIT_ID_FQDN, "gate-a.example", "gate-a.exampl", false},
		{ADIT_ID_FQDN, "[gate", "{gate", false}, /* differ by the bit of case alone */
		{ADIT_ID_FQDN, "@gate", "`gate", false},
		{ADIT_ID_RFC822_ADDR, "A@gate.example", "a@GATE.example", true},
		{ADIT_ID_RFC822_ADDR, "a@gate.example", "b@gate.example", false},
		{ADIT_ID_KEY_ID, "Key", "Key", true},
		{ADIT_ID_KEY_ID, "Key", "key", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		begin(i);
		pair.a.peer.local_id = id_of(rows[i].type, rows[i].shown);
		pair.b.peer.remote_id = id_of(rows[i].type, rows[i].wanted);
		connect();
		assert_int_equal(pair_is_up(&pair), rows[i].fit);
		if (!rows[i].fit)
			expect_down(ADIT_ERR_AUTH, ADIT_N_AUTHENTICATION_FAILED);
	}
}

static void
test_a_responder_that_is_asked_for_another_identity_refuses(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		begin(20 + i);
		pair.b.peer.local_id = id_of(ADIT_ID_FQDN, "gate-b.example");
		pair.a.peer.remote_id =
			id_of(ADIT_ID_FQDN, i ? "GATE-B.example" : "gate-c.example");
		connect();
		assert_int_equal(pair_is_up(&pair), i);
	}
}

static const struct change without_idr = {false, ADIT_PAYLOAD_IDR, 0, 0, 0, {0}, 0};

static void
test_an_initiator_refuses_a_responder_of_another_name(void **state)
{
	(void)state;
	begin(22);
	pair.b.peer.local_id = id_of(ADIT_ID_KEY_ID, "b");
	pair.a.peer.remote_id = id_of(ADIT_ID_KEY_ID, "c");
	now = &without_idr; /* so that b does not hear what it is asked for */
	pair.wire = wire;
	connect();
	expect_down(ADIT_ERR_AUTH, ADIT_N_AUTHENTICATION_FAILED);
}

/* --- Several peers behind the same addresses. */

static struct adit_peer_config peers[2];

static void
two_peers(struct pair_side *side)
{
	peers[0] = peers[1] = side->peer;
	side->cfg.peers = peers;
	side->cfg.peer_count = 2;
}

static void
test_the_peer_is_found_by_identity_and_by_secret(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		begin(30 + i);
		two_peers(&pair.b);
		pair.a.peer.local_id = id_of(ADIT_ID_FQDN, "two");
		if (i == 0)
			peers[0].remote_id = id_of(ADIT_ID_FQDN, "one");
		else
			peers[0].psk.n--;
		peers[1].remote_id = id_of(ADIT_ID_FQDN, "two");
		connect();
		assert_true(pair_is_up(&pair));
		assert_int_equal(pair_last(&pair.b, ADIT_EVENT_IKE_UP)->peer, 1);
	}
}

static void
test_a_peer_of_other_addresses_is_not_taken_for_this_one(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		begin(32 + i);
		two_peers(&pair.b);
		if (i == 0)
			peers[0].remote.b[3] = 99;
		else
			peers[0].local.b[3] = 99;
		connect();
		assert_true(pair_is_up(&pair));
		assert_int_equal(pair_last(&pair.b, ADIT_EVENT_IKE_UP)->peer, 1);
	}
}

/* The first peer takes anything, the second one only what is strong: its identity can't be reached
 * by what the first one agreed to. */
static void
test_an_identity_is_not_reached_with_algorithms_it_does_not_admit(void **state)
{
	static const struct adit_transform cbc[] = {
		{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_CBC, 128},
		{ADIT_TRANSFORM_INTEG, ADIT_AUTH_HMAC_SHA2_256_128, 0},
		{ADIT_TRANSFORM_PRF, ADIT_PRF_HMAC_SHA2_256, 0},
		{ADIT_TRANSFORM_KE, ADIT_KE_CURVE25519, 0}};
	static const struct adit_proposal offered = {cbc, 4};
	enum { ROWS = 6 };

	(void)state;
	for (unsigned i = 0; i <= ROWS; i++) {
		struct adit_transform strict[4];
		struct adit_proposal only = {strict, 4};

		memcpy(strict, cbc, sizeof strict);
		if (i == 1)
			strict[0].key_bits = 256;
		if (i == 2)
			strict[0] = (struct adit_transform){ADIT_TRANSFORM_ENCR,
							    ADIT_ENCR_CAMELLIA_CBC, 128};
		if (i == 3)
			strict[1].id = ADIT_AUTH_HMAC_SHA2_512_256;
		if (i == 4)
			strict[2].id = ADIT_PRF_HMAC_SHA2_512;
		if (i == 5)
			strict[3].id = ADIT_KE_ECP_521;
		begin(40 + i);
		pair.a.peer.proposals = &offered;
		pair.a.peer.proposal_count = 1;
		pair.a.peer.local_id = id_of(ADIT_ID_FQDN, "strict");
		two_peers(&pair.b);
		peers[0].remote_id = id_of(ADIT_ID_FQDN, "lenient");
		peers[1].remote_id = id_of(ADIT_ID_FQDN, "strict");
		if (i < ROWS) {
			peers[1].proposals = &only;
			peers[1].proposal_count = 1;
		}
		if (i == 2)
			continue; /* not of IKE's list: init would refuse it */
		connect();
		assert_int_equal(pair_is_up(&pair), i == 0 || i == ROWS);
	}
}

/* INITIAL_CONTACT is about one identity of one peer. */
static void
test_initial_contact_leaves_other_identities_alone(void **state)
{
	(void)state;
	begin(50);
	pair.a.peer.local_id = id_of(ADIT_ID_FQDN, "one");
	connect();
	assert_true(pair_is_up(&pair));
	for (unsigned i = 0; i < 2; i++) {
		const struct adit_ike_mem mem = {pair.a.sas, PAIR_SLOTS,        pair.a.children,
						 PAIR_SLOTS, pair.a.handshakes, PAIR_SLOTS};

		pair.a.peer.local_id = id_of(ADIT_ID_FQDN, i ? "one" : "two");
		assert_int_equal(adit_ike_init(&pair.a.ike, &pair.a.cfg, &mem), ADIT_OK);
		pair_start(&pair);
		pair_run(&pair);
		assert_int_equal(pair_count(&pair.b, ADIT_EVENT_CHILD_UP), 2 + i);
		assert_int_equal(pair_count(&pair.b, ADIT_EVENT_IKE_DOWN), i);
	}
}

/* A second SA with a peer is no first contact; one with another peer says nothing of it. */
static void
test_initial_contact_is_not_said_to_a_peer_that_is_up(void **state)
{
	(void)state;
	begin(51);
	connect();
	pair_start(&pair);
	pair_run(&pair);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_CHILD_UP), 2);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_IKE_DOWN), 0);
	begin(52);
	two_peers(&pair.a);
	pair_open(&pair);
	for (uint16_t i = 0; i < 2; i++) {
		struct adit_ike_id id;

		assert_int_equal(adit_ike_start(&pair.a.ike, pair.now, i, 0, &pair.a.end, &id),
				 ADIT_OK);
		pair_run(&pair);
	}
	/* For b both are the one peer that it knows, and the second took the place of the first. */
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_IKE_DOWN), 1);
}

static void
connect_changed(uint64_t seed, const struct change *c)
{
	now = c;
	begin(seed);
	pair.wire = wire;
	connect();
}

static void
test_answers_that_are_not_what_was_asked_for_end_both_sides(void **state)
{
	static const struct {
		struct change change;
		enum adit_status reason;
		uint16_t notify;
	} rows[] = {
		{{true, ADIT_PAYLOAD_SA, 0, 0, 0, {0}, 0}, ADIT_ERR_UNEXPECTED, 0},
		{{true, ADIT_PAYLOAD_TSI, 0, 0, 0, {0}, 0}, ADIT_ERR_UNEXPECTED, 0},
		{{true, ADIT_PAYLOAD_TSR, 0, 0, 0, {0}, 0}, ADIT_ERR_UNEXPECTED, 0},
		/* An SPI that no packet may have; another protocol. */
		{{true, 0, ADIT_PAYLOAD_SA, 0, 8, {0, 0, 0, 255}, 4}, ADIT_ERR_NO_PROPOSAL, 0},
		{{true, 0, ADIT_PAYLOAD_SA, 0, 5, {2}, 1}, ADIT_ERR_NO_PROPOSAL, 0},
		{{true, 0, ADIT_PAYLOAD_SA, 6, 0, {0}, 0}, ADIT_ERR_MALFORMED, 0},
		/* Selectors that are none, and one that was not offered. */
		{{true, 0, ADIT_PAYLOAD_TSI, 3, 0, {0}, 0}, ADIT_ERR_MALFORMED, 0},
		{{true, 0, ADIT_PAYLOAD_TSR, 0, 12, {0}, 4}, ADIT_ERR_TS, 0},
		/* Who it is, and by what proof. */
		{{true, 0, ADIT_PAYLOAD_AUTH, 0, 0, {1}, 1},
		 ADIT_ERR_AUTH,
		 ADIT_N_AUTHENTICATION_FAILED},
		{{true, 0, ADIT_PAYLOAD_AUTH, 3, 0, {0}, 0},
		 ADIT_ERR_AUTH,
		 ADIT_N_AUTHENTICATION_FAILED},
		{{true, 0, ADIT_PAYLOAD_AUTH, 20, 0, {0}, 0},
		 ADIT_ERR_AUTH,
		 ADIT_N_AUTHENTICATION_FAILED},
		{{true, 0, ADIT_PAYLOAD_IDR, 7, 0, {0}, 0},
		 ADIT_ERR_AUTH,
		 ADIT_N_AUTHENTICATION_FAILED},
		{{true, 0, ADIT_PAYLOAD_IDR, 300, 0, {ADIT_ID_KEY_ID}, 1},
		 ADIT_ERR_AUTH,
		 ADIT_N_AUTHENTICATION_FAILED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		connect_changed(60 + i, &rows[i].change);
		expect_down(rows[i].reason, rows[i].notify);
	}
}

static void
test_requests_that_prove_nothing_are_authentication_failed(void **state)
{
	static const struct change rows[] = {
		{false, 0, ADIT_PAYLOAD_AUTH, 0, 0, {1}, 1},
		{false, 0, ADIT_PAYLOAD_AUTH, 3, 0, {0}, 0},
		{false, 0, ADIT_PAYLOAD_AUTH, 0, 9, {1, 2, 3}, 3},
		{false, 0, ADIT_PAYLOAD_IDI, 7, 0, {0}, 0},
		{false, 0, ADIT_PAYLOAD_IDI, 300, 0, {ADIT_ID_KEY_ID}, 1},
		{false, ADIT_PAYLOAD_AUTH, 0, 0, 0, {0}, 0}, /* EAP */
		{false, ADIT_PAYLOAD_TSI, 0, 0, 0, {0}, 0},  /* no child */
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		connect_changed(80 + i, &rows[i]);
		expect_down(ADIT_ERR_AUTH, ADIT_N_AUTHENTICATION_FAILED);
	}
}

static void
test_a_request_for_an_identity_that_is_none_is_refused(void **state)
{
	static const struct change c = {false, 0, ADIT_PAYLOAD_IDR, 5, 0, {0}, 0};

	(void)state;
	now = &c;
	begin(90);
	pair.a.peer.remote_id = (struct adit_id){ADIT_ID_IPV4_ADDR, {pair.b.end.ip.b, 4}};
	pair.wire = wire;
	connect();
	expect_down(ADIT_ERR_AUTH, ADIT_N_AUTHENTICATION_FAILED);
}

static const struct adit_transform gcm[] = {{ADIT_TRANSFORM_ENCR, ADIT_ENCR_AES_GCM_16, 128}};
static const struct adit_proposal offered = {gcm, 1};

/* The IKE SA is up at b, without a child; a, which has no use for that, ends it. */
static void
test_a_child_that_can_not_be_made_is_told_why(void **state)
{
	static const struct {
		struct change change;
		uint16_t notify;
	} rows[] = {
		{{false, 0, ADIT_PAYLOAD_SA, 0, 8, {0, 0, 0, 1}, 4}, ADIT_N_NO_PROPOSAL_CHOSEN},
		{{false, 0, ADIT_PAYLOAD_SA, 6, 0, {0}, 0}, ADIT_N_INVALID_SYNTAX},
		{{false, 0, ADIT_PAYLOAD_TSI, 3, 0, {0}, 0}, ADIT_N_INVALID_SYNTAX},
		{{false, 0, ADIT_PAYLOAD_TSR, 0, 12, {1, 2, 3, 4, 1, 2, 3, 4}, 8},
		 ADIT_N_TS_UNACCEPTABLE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		now = &rows[i].change;
		begin(100 + i);
		pair.a.child.proposals = &offered;
		pair.a.child.proposal_count = 1;
		pair.wire = wire;
		connect();
		assert_int_equal(pair_count(&pair.b, ADIT_EVENT_IKE_UP), 1);
		expect_down(ADIT_ERR_REFUSED, rows[i].notify);
	}
}

/* A side with room for one child. */
static void
open_with_one_child(struct pair_side *side)
{
	const struct adit_ike_mem mem = {side->sas, PAIR_SLOTS,       side->children,
					 1,         side->handshakes, PAIR_SLOTS};

	assert_int_equal(adit_ike_init(&side->ike, &side->cfg, &mem), ADIT_OK);
}

static void
test_no_room_for_a_child_is_no_additional_sas(void **state)
{
	const struct adit_ike_event *ev;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		begin(110 + i);
		pair_open(&pair);
		open_with_one_child(i ? &pair.a : &pair.b);
		pair_start(&pair);
		pair_run(&pair);
		assert_true(pair_is_up(&pair));
		pair_start(&pair);
		pair_run(&pair);
		/* b is up without a child; a can't even ask for one. */
		assert_int_equal(pair_count(&pair.b, ADIT_EVENT_IKE_UP), i ? 1 : 2);
		ev = pair_last(&pair.a, ADIT_EVENT_IKE_DOWN);
		assert_non_null(ev);
		assert_int_equal(ev->reason, i ? ADIT_ERR_FULL : ADIT_ERR_REFUSED);
		assert_int_equal(ev->notify, i ? 0 : ADIT_N_NO_ADDITIONAL_SAS);
		assert_true(pair_is_up(&pair)); /* the first tunnel is as it was */
	}
}

/* Of two children, the one that came nearest is told of. */
static void
test_of_several_refusals_the_nearest_is_told(void **state)
{
	static const struct adit_transform chacha[] = {
		{ADIT_TRANSFORM_ENCR, ADIT_ENCR_CHACHA20_POLY1305, 0}};
	static const struct adit_proposal wanted = {chacha, 1};
	static const struct adit_ip elsewhere = {4, {172, 16, 0, 0}};
	struct adit_child_config children[2];
	struct adit_ts ts = adit_ts_prefix(&elsewhere, 12);

	(void)state;
	begin(120);
	children[0] = children[1] = pair.b.child;
	children[0].proposals = &wanted;
	children[0].proposal_count = 1;
	children[1].local_ts = &ts;
	children[1].local_ts_count = 1;
	pair.b.peer.children = children;
	pair.b.peer.child_count = 2;
	pair.a.child.proposals = &offered;
	pair.a.child.proposal_count = 1;
	connect();
	expect_down(ADIT_ERR_REFUSED, ADIT_N_NO_PROPOSAL_CHOSEN);
}

static void
test_a_transport_child_is_not_made_of_a_tunnel_s_offer(void **state)
{
	(void)state;
	begin(121);
	pair.b.child.mode = ADIT_TRANSPORT;
	connect();
	expect_down(ADIT_ERR_REFUSED, ADIT_N_TS_UNACCEPTABLE);
}

/* A refusal without an error in it. */
static bool
status_only(void *ctx, uint8_t type, uint8_t *body, size_t *n)
{
	(void)ctx;
	(void)type;
	memcpy(body,
	       (const uint8_t[]){0, 0, ADIT_N_SET_WINDOW_SIZE >> 8, ADIT_N_SET_WINDOW_SIZE & 255},
	       4);
	*n = 4;
	return type == ADIT_PAYLOAD_NOTIFY;
}

static bool
wire_status_only(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	struct adit_ike_sa was = p->b.sas[0];

	if (from != &p->b || !edit_is(d, AUTH, true))
		return true;
	/* b has forgotten the SA with its last word; a has the same keys. */
	p->b.sas[0] = p->a.sas[0];
	p->b.sas[0].initiator = false;
	assert_true(edit_message(from, d, status_only, NULL));
	p->b.sas[0] = was;
	assert_int_equal(pair_give(p, &p->a, d), ADIT_ERR_UNEXPECTED);
	return false;
}

static void
test_a_refusal_that_names_no_error_is_a_refusal(void **state)
{
	(void)state;
	begin(122);
	pair.b.peer.psk.n--;
	pair.wire = wire_status_only;
	connect();
	expect_down(ADIT_ERR_UNEXPECTED, 0);
}

/* IKE_AUTH through a NAT, whose addresses may change: its first copy is somebody else's. b answers
 * that, and then the true one. */
static void
answer_the_true_one(unsigned mode, struct pair_datagram *lie, struct pair_datagram *answer)
{
	const struct adit_ip net = {4, {10}};
	static struct adit_ts ts;
	struct pair_datagram d;

	pair_defaults(&pair, 30);
	pair.b.peer.remote.version = 0;
	pair.a.child.mode = pair.b.child.mode = mode;
	if (mode == ADIT_TUNNEL) {
		ts = adit_ts_prefix(&net, 8);
		pair.a.child.local_ts = pair.a.child.remote_ts = &ts;
		pair.b.child.local_ts = pair.b.child.remote_ts = &ts;
		pair.a.child.local_ts_count = pair.a.child.remote_ts_count = 1;
		pair.b.child.local_ts_count = pair.b.child.remote_ts_count = 1;
	}
	pair_open(&pair);
	pair_start(&pair);
	assert_true(pair_take(&pair, &pair.a, &d));
	d.path.local.port++;
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &d));
	d.path.remote.port--;
	assert_int_equal(pair_give(&pair, &pair.a, &d), ADIT_OK);
	assert_true(pair_take(&pair, &pair.a, &d));
	*lie = d;
	lie->path.local.ip.b[3] ^= 1;
	assert_int_equal(pair_give(&pair, &pair.b, lie), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, answer));
	assert_true(adit_ip_equal(&answer->path.remote.ip, &lie->path.local.ip));
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, answer));
}

/* What IKE_AUTH agrees on in transport mode holds for the address that its first copy came from
 * (2.23.1). Who sent another one must not take it for his. */
static void
test_a_repeated_ike_auth_is_answered_at_the_address_of_the_first(void **state)
{
	struct pair_datagram lie, answer;

	(void)state;
	answer_the_true_one(ADIT_TRANSPORT, &lie, &answer);
	assert_int_equal(pair_count(&pair.b, ADIT_EVENT_IKE_DOWN), 0);
	assert_true(adit_ip_equal(&answer.path.remote.ip, &lie.path.local.ip));
	/* Another port of his is only a NAT's doing. */
	lie.path.local.port++;
	assert_int_equal(pair_give(&pair, &pair.b, &lie), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &answer));
	assert_int_equal(answer.path.remote.port, lie.path.local.port);
}

/* In tunnel mode it holds for any, and who overtakes IKE_AUTH keeps nobody out: what the peer says
 * next tells where it is. */
static void
test_who_overtakes_ike_auth_keeps_no_tunnel_from_coming_up(void **state)
{
	struct pair_datagram lie, answer, probe;

	(void)state;
	answer_the_true_one(ADIT_TUNNEL, &lie, &answer);
	assert_true(adit_ip_equal(&answer.path.remote.ip, &pair.a.end.ip));
	assert_int_equal(pair_give(&pair, &pair.a, &answer), ADIT_OK);
	assert_int_equal(pair.a.sas[0].state, ADIT_IKE_UP);
	assert_true(adit_ip_equal(&pair.b.sas[0].path.remote.ip, &lie.path.local.ip));
	assert_int_equal(
		adit_ike_delete(&pair.a.ike, pair.now, adit_ike_id_of(&pair.a.ike, &pair.a.sas[0])),
		ADIT_OK);
	assert_true(pair_take(&pair, &pair.a, &probe));
	assert_int_equal(pair_give(&pair, &pair.b, &probe), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &answer));
	assert_true(adit_ip_equal(&answer.path.remote.ip, &pair.a.end.ip));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identities_compare_as_their_type_asks),
		cmocka_unit_test(test_a_responder_that_is_asked_for_another_identity_refuses),
		cmocka_unit_test(test_an_initiator_refuses_a_responder_of_another_name),
		cmocka_unit_test(test_the_peer_is_found_by_identity_and_by_secret),
		cmocka_unit_test(test_a_peer_of_other_addresses_is_not_taken_for_this_one),
		cmocka_unit_test(test_an_identity_is_not_reached_with_algorithms_it_does_not_admit),
		cmocka_unit_test(test_initial_contact_leaves_other_identities_alone),
		cmocka_unit_test(test_initial_contact_is_not_said_to_a_peer_that_is_up),
		cmocka_unit_test(test_answers_that_are_not_what_was_asked_for_end_both_sides),
		cmocka_unit_test(test_requests_that_prove_nothing_are_authentication_failed),
		cmocka_unit_test(test_a_request_for_an_identity_that_is_none_is_refused),
		cmocka_unit_test(test_a_child_that_can_not_be_made_is_told_why),
		cmocka_unit_test(test_no_room_for_a_child_is_no_additional_sas),
		cmocka_unit_test(test_of_several_refusals_the_nearest_is_told),
		cmocka_unit_test(test_a_transport_child_is_not_made_of_a_tunnel_s_offer),
		cmocka_unit_test(test_a_refusal_that_names_no_error_is_a_refusal),
		cmocka_unit_test(test_a_repeated_ike_auth_is_answered_at_the_address_of_the_first),
		cmocka_unit_test(test_who_overtakes_ike_auth_keeps_no_tunnel_from_coming_up),
	};

	return cmocka_run_group_tests_name("ike_auth_exchange", tests, NULL, NULL);
}
