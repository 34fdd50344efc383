/* IKE_SA_INIT that is not as it should be, in both directions. Nothing proves where these messages
 * come from: what is odd is refused, leaves nothing behind, and does not keep the true one out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ike/slots.h"
#include "ikev2/turn.h"
#include "support/edit.h"

enum { INIT = ADIT_EXCHANGE_SA_INIT };

static struct pair pair;

static void
begin(uint64_t seed)
{
	pair_defaults(&pair, seed);
	pair_open(&pair);
}

/* a's request and b's answer, taken off the wire. */
static struct pair_datagram
answer_to_a(void)
{
	struct pair_datagram d;

	assert_int_not_equal(pair_start(&pair).generation, 0);
	assert_true(pair_take(&pair, &pair.a, &d));
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &d));
	assert_true(edit_is(&d, INIT, true));
	return d;
}

static struct pair_datagram
request_of_a(void)
{
	struct pair_datagram d;

	assert_int_not_equal(pair_start(&pair).generation, 0);
	assert_true(pair_take(&pair, &pair.a, &d));
	return d;
}

/* Each side keeps its private value as long as the other's public one is not there, and no longer.
 */
static void
test_private_values_are_wiped_once_the_keys_are_made(void **state)
{
	static const uint8_t nothing[sizeof pair.a.handshakes[0].priv];
	const uint8_t *ours = pair.a.handshakes[0].priv, *theirs = pair.b.handshakes[0].priv;
	struct pair_datagram d;

	(void)state;
	begin(1);
	d = answer_to_a();
	assert_memory_not_equal(ours, nothing, sizeof nothing);
	assert_memory_equal(theirs, nothing, sizeof nothing);
	assert_int_equal(pair_give(&pair, &pair.a, &d), ADIT_OK);
	assert_memory_equal(ours, nothing, sizeof nothing);
}

/* --- What a thinks of answers. Afterwards the true one is still taken. */

static void
expect_refusal(const struct pair_datagram *good, const struct pair_datagram *bad,
	       enum adit_status st)
{
	assert_int_equal(pair_give(&pair, &pair.a, bad), st);
	assert_int_equal(pair.a.sas[0].state, ADIT_IKE_INIT_SENT);
	assert_int_equal(pair.a.event_count, 0);
	assert_int_equal(pair_give(&pair, &pair.a, good), ADIT_OK);
	pair_run(&pair);
	assert_true(pair_is_up(&pair));
}

static void
test_answers_with_notifies_that_say_nothing_are_refused(void **state)
{
	static const uint8_t data[65] = {0, ADIT_KE_CURVE25519};
	static const struct {
		uint16_t type;
		size_t n;
		enum adit_status st;
	} rows[] = {{ADIT_N_COOKIE, 0, ADIT_ERR_MALFORMED},
		    {ADIT_N_COOKIE, 65, ADIT_ERR_MALFORMED},
		    {ADIT_N_INVALID_KE_PAYLOAD, 0, ADIT_ERR_MALFORMED},
		    {ADIT_N_INVALID_KE_PAYLOAD, 1, ADIT_ERR_MALFORMED},
		    {ADIT_N_INVALID_KE_PAYLOAD, 3, ADIT_ERR_MALFORMED},
		    /* The group that was sent; one in which nothing was offered. */
		    {ADIT_N_INVALID_KE_PAYLOAD, 2, ADIT_ERR_KE},
		    {ADIT_N_SET_WINDOW_SIZE, 4, ADIT_ERR_UNEXPECTED}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pair_datagram good, bad;

		begin(i);
		good = bad = answer_to_a();
		edit_to_notify(&bad, rows[i].type, data, rows[i].n);
		expect_refusal(&good, &bad, rows[i].st);
	}
}

static void
test_an_answer_with_another_message_id_or_protected_is_refused(void **state)
{
	struct pair_datagram good, bad;

	(void)state;
	begin(20);
	good = bad = answer_to_a();
	bad.bytes[23] = 1;
	expect_refusal(&good, &bad, ADIT_ERR_MESSAGE_ID);
	begin(21);
	good = bad = answer_to_a();
	edit_to_notify(&bad, ADIT_N_COOKIE, (const uint8_t[]){1}, 1);
	bad.bytes[16] = ADIT_PAYLOAD_SK;
	expect_refusal(&good, &bad, ADIT_ERR_MALFORMED);
}

/* What of the answer is changed. */
struct change {
	uint8_t type;
	size_t cut_to; /* 0: as long as it was */
	size_t at;
	const uint8_t *by;
	size_t n;
};

static bool
change(void *ctx, uint8_t type, uint8_t *body, size_t *n)
{
	const struct change *c = ctx;

	if (type != c->type)
		return true;
	if (c->cut_to)
		*n = c->cut_to;
	if (c->n)
		memcpy(body + c->at, c->by, c->n);
	return true;
}

static void
expect_changed_is_refused(struct change c, enum adit_status st)
{
	struct pair_datagram good, bad;

	good = bad = answer_to_a();
	assert_true(edit_message(&pair.b, &bad, change, &c));
	expect_refusal(&good, &bad, st);
}

static void
test_an_answer_with_an_unfit_ke_or_nonce_is_refused(void **state)
{
	static const uint8_t other[2] = {0, ADIT_KE_ECP_256}, nothing[32];

	(void)state;
	begin(30);
	expect_changed_is_refused((struct change){ADIT_PAYLOAD_KE, 3, 0, NULL, 0}, ADIT_ERR_SHORT);
	begin(31);
	expect_changed_is_refused((struct change){ADIT_PAYLOAD_NONCE, 15, 0, NULL, 0},
				  ADIT_ERR_MALFORMED);
	begin(32);
	expect_changed_is_refused((struct change){ADIT_PAYLOAD_KE, 0, 0, other, 2}, ADIT_ERR_KE);
	begin(33);
	expect_changed_is_refused((struct change){ADIT_PAYLOAD_KE, 0, 4, nothing, 32}, ADIT_ERR_KE);
	begin(34);
	expect_changed_is_refused((struct change){ADIT_PAYLOAD_KE, 20, 0, NULL, 0}, ADIT_ERR_KE);
	/* A nonce of another length is none of ours come back, and as good as any. */
	begin(35);
	{
		struct change c = {ADIT_PAYLOAD_NONCE, 16, 0, NULL, 0};
		struct pair_datagram d = answer_to_a();

		assert_true(edit_message(&pair.b, &d, change, &c));
		assert_int_equal(pair_give(&pair, &pair.a, &d), ADIT_OK);
		assert_int_equal(pair.a.sas[0].state, ADIT_IKE_AUTH_SENT);
	}
}

/* A mirror gives back what it was sent. */
static void
test_an_answer_with_our_own_public_value_or_nonce_is_refused(void **state)
{
	(void)state;
	begin(40);
	expect_changed_is_refused(
		(struct change){ADIT_PAYLOAD_KE, 0, 4, pair.a.handshakes[0].pub, 32}, ADIT_ERR_KE);
	begin(41);
	expect_changed_is_refused(
		(struct change){ADIT_PAYLOAD_NONCE, 0, 0, pair.a.handshakes[0].nonce, 32},
		ADIT_ERR_KE);
}

static void
test_an_answer_that_chose_what_was_not_offered_is_refused(void **state)
{
	static const uint8_t number[1] = {200};

	(void)state;
	begin(50);
	expect_changed_is_refused((struct change){ADIT_PAYLOAD_SA, 0, 4, number, 1},
				  ADIT_ERR_NO_PROPOSAL);
	begin(51);
	expect_changed_is_refused((struct change){ADIT_PAYLOAD_SA, 7, 0, NULL, 0},
				  ADIT_ERR_MALFORMED);
}

static void
test_an_answer_without_a_responder_s_spi_is_refused(void **state)
{
	struct pair_datagram good, bad;

	(void)state;
	begin(52);
	good = bad = answer_to_a();
	memset(bad.bytes + 8, 0, 8);
	expect_refusal(&good, &bad, ADIT_ERR_MALFORMED);
}

/* One half of NAT detection says nothing (RFC 7296 2.23). */
static bool
without_destination(void *ctx, uint8_t type, uint8_t *body, size_t *n)
{
	(void)ctx;
	(void)n;
	return type != ADIT_PAYLOAD_NOTIFY ||
	       adit_load16(body + 2) != ADIT_N_NAT_DETECTION_DESTINATION_IP;
}

static bool
with_broken_detection(void *ctx, uint8_t type, uint8_t *body, size_t *n)
{
	(void)ctx;
	if (type == ADIT_PAYLOAD_NOTIFY && adit_load16(body + 2) == *(uint16_t *)ctx)
		*n = 3; /* no notify at all */
	return true;
}

static void
test_half_a_nat_detection_detects_no_nat(void **state)
{
	uint16_t type = ADIT_N_NAT_DETECTION_SOURCE_IP;
	struct pair_datagram d;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		begin(53 + i);
		pair.a.peer.encap = true;
		d = answer_to_a();
		assert_true(edit_message(&pair.b, &d,
					 i ? with_broken_detection : without_destination, &type));
		assert_int_equal(pair_give(&pair, &pair.a, &d), ADIT_OK);
		assert_int_equal(pair.a.sas[0].state, ADIT_IKE_AUTH_SENT);
		assert_false(pair.a.sas[0].udp_encap);
		assert_int_equal(pair.a.sas[0].path.local.port, 500);
	}
}

/* --- Rounds. */

static bool
always_cookies(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	static uint8_t cookie[64];

	if (from != &p->b || !edit_is(d, INIT, true))
		return true;
	cookie[0]++;
	edit_to_notify(d, ADIT_N_COOKIE, cookie, sizeof cookie);
	return true;
}

static void
test_four_rounds_are_followed_and_no_fifth(void **state)
{
	(void)state;
	begin(60);
	pair.wire = always_cookies;
	pair_start(&pair);
	for (unsigned i = 0; i < 8; i++) {
		pair_run(&pair);
		adit_ike_due(&pair.b.ike, &pair.b.sas[0], ADIT_DUE_RESPONSE);
	}
	assert_int_equal(pair.a.handshakes[0].rounds, 4);
	assert_true(adit_ike_counters(&pair.a.ike)[ADIT_ERR_COOKIE] > 0);
	assert_int_equal(pair.a.sas[0].state, ADIT_IKE_INIT_SENT);
}

static bool
alternate_groups(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	static const uint8_t x25519[2] = {0, ADIT_KE_CURVE25519}, ecp[2] = {0, ADIT_KE_ECP_256};

	if (from == &p->b && edit_is(d, INIT, true))
		edit_to_notify(d, ADIT_N_INVALID_KE_PAYLOAD,
			       p->a.handshakes[0].ke->id == ADIT_KE_ECP_256 ? x25519 : ecp, 2);
	return true;
}

static void
test_an_answer_that_changes_its_mind_about_groups_is_given_up(void **state)
{
	(void)state;
	begin(61);
	pair.wire = alternate_groups;
	pair_start(&pair);
	for (unsigned i = 0; i < 8; i++) {
		pair_run(&pair);
		adit_ike_due(&pair.b.ike, &pair.b.sas[0], ADIT_DUE_RESPONSE);
	}
	assert_int_equal(pair.a.handshakes[0].rounds, 4);
	assert_true(adit_ike_counters(&pair.a.ike)[ADIT_ERR_KE] > 0);
}

/* Without randomness a new round can't begin, and the SA ends with that reason. */
static void
test_another_group_without_randomness_ends_the_attempt(void **state)
{
	static const uint8_t ecp[2] = {0, ADIT_KE_ECP_256};
	struct pair_datagram d;

	(void)state;
	begin(62);
	d = answer_to_a();
	edit_to_notify(&d, ADIT_N_INVALID_KE_PAYLOAD, ecp, 2);
	pair.a.rng.fails = true;
	assert_int_equal(pair_give(&pair, &pair.a, &d), ADIT_ERR_RANDOM);
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->reason, ADIT_ERR_RANDOM);
	assert_int_equal(pair_in_use(&pair.a), 0);
}

/* --- What b thinks of requests. */

static void
expect_unanswered(const struct pair_datagram *d, enum adit_status st)
{
	struct pair_datagram out;

	assert_int_equal(pair_give(&pair, &pair.b, d), st);
	assert_false(pair_take(&pair, &pair.b, &out));
	assert_int_equal(pair_in_use(&pair.b), 0);
}

static void
expect_answer(const struct pair_datagram *d, enum adit_status st, uint16_t notify)
{
	struct pair_datagram out;

	assert_int_equal(pair_give(&pair, &pair.b, d), st);
	assert_true(pair_take(&pair, &pair.b, &out));
	assert_true(edit_is(&out, INIT, true));
	assert_int_equal(out.bytes[16], ADIT_PAYLOAD_NOTIFY);
	assert_int_equal(adit_load16(out.bytes + 34), notify);
	assert_int_equal(pair_in_use(&pair.b), 0);
}

static void
test_requests_with_unfit_payloads_get_no_answer(void **state)
{
	static struct change changes[] = {{ADIT_PAYLOAD_KE, 3, 0, NULL, 0},
					  {ADIT_PAYLOAD_NONCE, 15, 0, NULL, 0},
					  {ADIT_PAYLOAD_SA, 7, 0, NULL, 0}};
	static const enum adit_status sts[] = {ADIT_ERR_SHORT, ADIT_ERR_MALFORMED,
					       ADIT_ERR_MALFORMED};
	struct pair_datagram d;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		begin(70 + i);
		d = request_of_a();
		assert_true(edit_message(&pair.a, &d, change, &changes[i]));
		expect_unanswered(&d, sts[i]);
	}
}

static void
test_a_first_request_that_is_protected_is_refused(void **state)
{
	struct pair_datagram d;

	(void)state;
	begin(73);
	d = request_of_a();
	edit_to_notify(&d, ADIT_N_COOKIE, (const uint8_t[]){1}, 1);
	d.bytes[16] = ADIT_PAYLOAD_SK;
	expect_unanswered(&d, ADIT_ERR_MALFORMED);
}

static void
test_a_first_request_for_an_exchange_of_its_own_is_refused(void **state)
{
	struct pair_datagram d;

	(void)state;
	begin(74);
	d = request_of_a();
	d.bytes[18] = ADIT_EXCHANGE_INFORMATIONAL;
	expect_unanswered(&d, ADIT_ERR_NO_SA);
	d.bytes[18] = INIT;
	d.bytes[23] = 1;
	expect_unanswered(&d, ADIT_ERR_NO_SA);
	d.bytes[23] = 0;
	d.bytes[19] = ADIT_IKE_FLAG_INITIATOR | ADIT_IKE_FLAG_RESPONSE;
	expect_unanswered(&d, ADIT_ERR_NO_SA);
	d.bytes[19] = 0;
	expect_unanswered(&d, ADIT_ERR_NO_SA);
}

static void
test_a_request_from_or_to_addresses_of_nobody_is_no_proposal_chosen(void **state)
{
	struct pair_datagram d;

	(void)state;
	begin(75);
	d = request_of_a();
	pair.b.peer.remote.b[3]++;
	expect_answer(&d, ADIT_ERR_PEER, ADIT_N_NO_PROPOSAL_CHOSEN);
	pair.b.peer.remote.b[3]--;
	pair.b.peer.local.b[3]++;
	expect_answer(&d, ADIT_ERR_PEER, ADIT_N_NO_PROPOSAL_CHOSEN);
	/* A peer at any address of any of ours. */
	pair.b.peer.local.version = pair.b.peer.remote.version = 0;
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_OK);
	pair_run(&pair);
	assert_true(pair_is_up(&pair));
}

static bool
other_groups_only(void *ctx, uint8_t type, uint8_t *body, size_t *n)
{
	(void)ctx;
	(void)n;
	if (type == ADIT_PAYLOAD_KE)
		body[1] = 2; /* MODP 1024 */
	return true;
}

/* INVALID_KE_PAYLOAD names the group that b would take. */
static void
test_a_request_with_an_unknown_group_is_told_the_wanted_one(void **state)
{
	struct pair_datagram d, out;

	(void)state;
	begin(76);
	d = request_of_a();
	assert_true(edit_message(&pair.a, &d, other_groups_only, NULL));
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_ERR_KE);
	assert_true(pair_take(&pair, &pair.b, &out));
	assert_int_equal(adit_load16(out.bytes + 34), ADIT_N_INVALID_KE_PAYLOAD);
	assert_int_equal(adit_load16(out.bytes + 36), ADIT_KE_CURVE25519);
	assert_int_equal(pair_in_use(&pair.b), 0);
}

/* The public value is no point: the peer's fault, and no group would help. */
static void
test_a_request_with_a_bad_public_value_gets_no_answer(void **state)
{
	static const uint8_t nothing[32];
	struct change zero = {ADIT_PAYLOAD_KE, 0, 4, nothing, 32};
	struct pair_datagram d;

	(void)state;
	begin(77);
	d = request_of_a();
	assert_true(edit_message(&pair.a, &d, change, &zero));
	expect_unanswered(&d, ADIT_ERR_KE);
}

static void
test_another_request_under_the_same_spi_is_refused(void **state)
{
	static const uint8_t byte[1] = {9};
	struct change nonce = {ADIT_PAYLOAD_NONCE, 0, 0, byte, 1};
	struct change shorter = {ADIT_PAYLOAD_NONCE, 31, 0, NULL, 0};
	struct pair_datagram first, d, out;

	(void)state;
	begin(78);
	first = request_of_a();
	assert_int_equal(pair_give(&pair, &pair.b, &first), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &out));
	d = first;
	assert_true(edit_message(&pair.a, &d, change, &nonce));
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_ERR_UNEXPECTED);
	d = first;
	assert_true(edit_message(&pair.a, &d, change, &shorter));
	assert_int_equal(pair_give(&pair, &pair.b, &d), ADIT_ERR_UNEXPECTED);
	assert_false(pair_take(&pair, &pair.b, &d));
	/* The very same one is answered with the very same bytes. */
	assert_int_equal(pair_give(&pair, &pair.b, &first), ADIT_OK);
	assert_true(pair_take(&pair, &pair.b, &d));
	assert_int_equal(d.len, out.len);
	assert_memory_equal(d.bytes, out.bytes, out.len);
	/* From another address it is another one's. */
	first.path.local.ip.b[3] = 77;
	pair.b.peer.remote.version = 0;
	assert_int_equal(pair_give(&pair, &pair.b, &first), ADIT_OK);
	assert_int_equal(pair.b.ike.half_open, 2);
}

static void
test_messages_longer_than_any_are_refused(void **state)
{
	static uint8_t bytes[ADIT_IKE_MESSAGE_MAX + 1];
	struct pair_datagram d;
	struct adit_path path;

	(void)state;
	begin(79);
	d = request_of_a();
	memcpy(bytes, d.bytes, d.len);
	adit_store32(bytes + 24, sizeof bytes);
	path = (struct adit_path){d.path.remote, d.path.local};
	assert_int_equal(adit_ike_input(&pair.b.ike, pair.now, &path, bytes, sizeof bytes),
			 ADIT_ERR_TOO_LONG);
	assert_int_equal(pair_in_use(&pair.b), 0);
}

static bool
lose_all(struct pair *p, struct pair_side *from, struct pair_datagram *d)
{
	(void)p;
	(void)from;
	(void)d;
	return false;
}

/* Anybody can say no; who has heard the true answer after that does not hold it against the peer.
 */
static void
test_an_error_before_the_true_answer_is_forgotten(void **state)
{
	struct pair_datagram d, lie;

	(void)state;
	begin(63);
	d = lie = answer_to_a();
	edit_to_notify(&lie, ADIT_N_NO_PROPOSAL_CHOSEN, NULL, 0);
	(void)!pair_give(&pair, &pair.a, &lie);
	assert_int_equal(pair.a.sas[0].notify, ADIT_N_NO_PROPOSAL_CHOSEN);
	assert_int_equal(pair_give(&pair, &pair.a, &d), ADIT_OK);
	pair.wire = lose_all;
	pair_pass(&pair, 600000);
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->reason, ADIT_ERR_TIMEOUT);
	assert_int_equal(pair_last(&pair.a, ADIT_EVENT_IKE_DOWN)->notify, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_private_values_are_wiped_once_the_keys_are_made),
		cmocka_unit_test(test_answers_with_notifies_that_say_nothing_are_refused),
		cmocka_unit_test(test_an_answer_with_another_message_id_or_protected_is_refused),
		cmocka_unit_test(test_an_answer_with_an_unfit_ke_or_nonce_is_refused),
		cmocka_unit_test(test_an_answer_with_our_own_public_value_or_nonce_is_refused),
		cmocka_unit_test(test_an_answer_that_chose_what_was_not_offered_is_refused),
		cmocka_unit_test(test_an_answer_without_a_responder_s_spi_is_refused),
		cmocka_unit_test(test_half_a_nat_detection_detects_no_nat),
		cmocka_unit_test(test_four_rounds_are_followed_and_no_fifth),
		cmocka_unit_test(test_an_answer_that_changes_its_mind_about_groups_is_given_up),
		cmocka_unit_test(test_another_group_without_randomness_ends_the_attempt),
		cmocka_unit_test(test_requests_with_unfit_payloads_get_no_answer),
		cmocka_unit_test(test_a_first_request_that_is_protected_is_refused),
		cmocka_unit_test(test_a_first_request_for_an_exchange_of_its_own_is_refused),
		cmocka_unit_test(
			test_a_request_from_or_to_addresses_of_nobody_is_no_proposal_chosen),
		cmocka_unit_test(test_a_request_with_an_unknown_group_is_told_the_wanted_one),
		cmocka_unit_test(test_a_request_with_a_bad_public_value_gets_no_answer),
		cmocka_unit_test(test_another_request_under_the_same_spi_is_refused),
		cmocka_unit_test(test_messages_longer_than_any_are_refused),
		cmocka_unit_test(test_an_error_before_the_true_answer_is_forgotten),
	};

	return cmocka_run_group_tests_name("ike_init", tests, NULL, NULL);
}
